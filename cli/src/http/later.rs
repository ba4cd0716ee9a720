//! `Retry-After`: in seconds, or as a date (RFC 9110 §10.2.3).

use std::time::UNIX_EPOCH;

use countersign_core::time::UnixSeconds;

/// Seconds from now until a request may be sent again; none for what has not the form.
pub(super) fn retry_after_s(value: &str, now: UnixSeconds) -> Option<u64> {
    let value = value.trim();
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        // More digits than fit are as long as can be.
        return Some(value.parse().unwrap_or(u64::MAX));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let at_s = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(UnixSeconds(at_s).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1994-11-06 08:49:30 UTC, seven seconds before the examples of RFC 9110 §5.6.7.
    const NOW: UnixSeconds = UnixSeconds(784_111_770);

    #[test]
    fn both_forms_are_read() {
        for (value, expected) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(7)),
            ("Sun Nov  6 08:49:37 1994", Some(7)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
        ] {
            assert_eq!(retry_after_s(value, NOW), expected, "{value}");
        }
    }

    #[test]
    fn another_form_says_nothing() {
        for value in [
            "",
            " ",
            "-1",
            "+1",
            "1.5",
            "soon",
            "1994-11-06",
            "Sun, 32 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(retry_after_s(value, NOW), None, "{value}");
        }
    }
}
