//! A link taken apart: scheme, what follows it, and the parameters of its query. Split first, decode later.

use super::UriError;
use crate::encoding::invisible;

/// The longest link that is read, in bytes.
pub const LINK_BYTES_MAX: usize = 8 * 1024;

/// What people and programs put around a link: the same sign twice, or a pair.
const AROUND: [(char, char); 6] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('<', '>'),
    ('\u{201c}', '\u{201d}'),
    ('\u{ab}', '\u{bb}'),
];

/// The text of a link without what surrounds it: white space, marks, the prefix that `zbarimg` prints, and quotes.
pub(crate) fn trim(text: &str) -> &str {
    let text = invisible::trim(text);
    let text = strip_prefix_ignoring_case(text, "QR-Code:").map_or(text, invisible::trim);
    let unquoted = AROUND.iter().find_map(|(open, close)| {
        let inner = text.strip_prefix(*open)?;
        inner.strip_suffix(*close)
    });
    unquoted.map_or(text, invisible::trim)
}

/// Splits off the scheme: what stands before the first colon, if it may be one (RFC 3986 §3.1).
pub(crate) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    let is_scheme = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'));
    is_scheme.then_some((scheme, rest))
}

/// What follows the prefix, whatever its case; the prefix is ASCII.
pub(crate) fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// `scheme://host/path?query` with each part raw.
#[derive(Clone, Copy)]
pub(crate) struct Link<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    /// What stands between the host's slash and the query; none when there is no slash.
    pub(crate) path: Option<&'a str>,
    /// `#` does not end it: it is data in links that people's servers write.
    pub(crate) query: &'a str,
}

impl<'a> Link<'a> {
    /// # Errors
    ///
    /// [`UriError::NotOtpauth`] without a scheme, [`UriError::TooLong`], and
    /// [`UriError::Malformed`] when `//` does not follow the scheme.
    pub(crate) fn split(text: &'a str) -> Result<Self, UriError> {
        let text = trim(text);
        if text.len() > LINK_BYTES_MAX {
            return Err(UriError::TooLong);
        }
        let (scheme, rest) = split_scheme(text).ok_or(UriError::NotOtpauth)?;
        let rest = rest
            .strip_prefix("//")
            .ok_or(UriError::Malformed { field: None })?;
        let (authority_and_path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = match authority_and_path.split_once('/') {
            Some((host, path)) => (host, Some(path)),
            None => (authority_and_path, None),
        };
        Ok(Self {
            scheme,
            host,
            path,
            query,
        })
    }

    pub(crate) fn has_scheme(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    pub(crate) fn has_host(&self, host: &str) -> bool {
        self.host.eq_ignore_ascii_case(host)
    }

    /// Names and values, raw; a name without `=` has no value. `&amp;` of an HTML page and its
    /// numbers separate too.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        self.query.split('&').filter_map(|pair| {
            let mut pair = pair;
            while let Some(rest) = strip_entity(pair) {
                pair = rest;
            }
            match pair.split_once('=') {
                Some((name, value)) => Some((name, Some(value))),
                None => (!pair.is_empty()).then_some((pair, None)),
            }
        })
    }

    /// The first value of a parameter whose name may have any case.
    pub(crate) fn parameter(&self, wanted: &str) -> Option<&'a str> {
        self.parameters()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.unwrap_or(""))
    }
}

/// What follows the rest of an ampersand that was written for HTML.
fn strip_entity(pair: &str) -> Option<&str> {
    ["amp;", "#38;", "#038;", "#x26;"]
        .iter()
        .find_map(|entity| strip_prefix_ignoring_case(pair, entity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_split_before_it_is_decoded() {
        let link = Link::split(" QR-Code:a+b://h%3F/x/y%3F?p=1%262&&amp;q=a=b&flag#x ").unwrap();
        assert_eq!(
            (link.scheme, link.host, link.path),
            ("a+b", "h%3F", Some("x/y%3F"))
        );
        let parameters: Vec<_> = link.parameters().collect();
        assert_eq!(
            parameters,
            [
                ("p", Some("1%262")),
                ("q", Some("a=b")),
                ("flag#x", None::<&str>)
            ]
        );
    }

    #[test]
    fn an_ampersand_of_html_separates_however_it_is_written() {
        let link = Link::split("a://h?x=1&amp;y=2&#38;z=3&#038;u=4&#X26;v=5&amp;#38;w=6&#39;t=7");
        let names: Vec<_> = link.unwrap().parameters().map(|(name, _)| name).collect();
        assert_eq!(names, ["x", "y", "z", "u", "v", "w", "#39;t"]);
    }

    #[test]
    fn quotes_around_a_link_are_no_part_of_it() {
        for text in [
            "\"a://b\"",
            " 'a://b' ",
            "`a://b`",
            "<a://b>",
            "\u{201c} a://b \u{201d}",
            "\u{ab}a://b\u{bb}",
            "QR-Code:\"a://b\"",
        ] {
            assert_eq!(trim(text), "a://b", "{text}");
        }
        for text in ["\"a://b", "a://b\"", "<a://b\"", "\"", "<"] {
            assert_eq!(trim(text), text);
        }
    }

    #[test]
    fn what_is_no_link_is_refused() {
        for text in ["", "otpauth", "://x", "1a://x", "é://x", "a b://x"] {
            assert!(
                matches!(Link::split(text), Err(UriError::NotOtpauth)),
                "{text:?}"
            );
        }
        for text in ["otpauth:totp/x", "otpauth:/totp/x"] {
            assert!(
                matches!(Link::split(text), Err(UriError::Malformed { .. })),
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_cap_counts_what_is_left_after_trimming() {
        let exact = format!("  a://{}  ", "x".repeat(LINK_BYTES_MAX - 4));
        assert!(Link::split(&exact).is_ok());
        let longer = format!("a://{}", "x".repeat(LINK_BYTES_MAX - 3));
        assert!(matches!(Link::split(&longer), Err(UriError::TooLong)));
    }
}
