//! Hosts, and addresses that have one. What is taken has one reading in every browser and library.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest name of a host in bytes (RFC 1035 §2.3.4).
const NAME_BYTES_MAX: usize = 253;
/// Longest label of a name in bytes.
const LABEL_BYTES_MAX: usize = 63;

/// Whether a text is an https address: a host, perhaps a port, and then printable ASCII. There is no user info and no backslash,
/// which browsers take for a slash and others do not.
pub(crate) fn is_https(text: &str) -> bool {
    text.strip_prefix("https://").is_some_and(is_rest)
}

/// Whether a text is an address to post to: of https, or of http on the server's own machine. It has no fragment, which is never
/// sent.
pub(crate) fn is_push(text: &str) -> bool {
    let is_own = |rest: &str| {
        let host = ["127.0.0.1", "[::1]"].iter();
        let after = host.filter_map(|host| rest.strip_prefix(host)).next();
        after.is_some_and(|after| after.starts_with([':', '/'])) && is_rest(rest)
    };
    let is_address = is_https(text) || text.strip_prefix("http://").is_some_and(is_own);
    is_address && !text.contains('#')
}

/// What follows the scheme.
fn is_rest(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = rest
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let (host, port) = split_port(authority);
    is_plain && is_host(host) && port.is_none_or(|port| port_of(port).is_some())
}

/// The labels of a name, as far as a name of any kind has them: letters, digits and hyphens inside, joined by single points.
pub(crate) fn has_labels(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_edge = label.starts_with('-') || label.ends_with('-');
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !is_edge
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.len() <= NAME_BYTES_MAX && name.split('.').all(is_label)
}

/// A port in its one form: 1 to 65535.
pub(crate) fn port_of(text: &str) -> Option<u16> {
    let port = text.parse::<u16>().ok();
    port.filter(|port| *port > 0 && port.to_string() == text)
}

/// A host and what stands behind its colon. The colons of an IPv6 address are its own.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let end = authority.rfind(']').map_or(0, |at| at + 1);
    let colon = authority.get(end..).and_then(|rest| rest.find(':'));
    match colon.and_then(|at| authority.split_at_checked(end + at)) {
        Some((host, rest)) => (host, rest.get(1..)),
        None => (authority, None),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']');
        return inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    }
    // A last label that begins with a digit makes some read a number, as in `0x7f.1`.
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_name = has_labels(host) && last.starts_with(|letter: char| letter.is_ascii_alphabetic());
    is_name || host.parse::<Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_that_everybody_reads_alike() {
        let label = "l".repeat(LABEL_BYTES_MAX);
        // 253 bytes.
        let longest = format!("https://{label}.{label}.{label}.{}", "l".repeat(61));
        for good in [
            "https://a.example",
            "https://A.Example/",
            "https://localhost",
            "https://xn--bcher-kva.example?a",
            "https://a.example:1/b@c?d=e@f#g",
            "https://a.example:65535",
            "https://192.0.2.1:8443/",
            "https://[2001:db8::1]",
            "https://[2001:DB8::1]:8443/a",
            "https://7.a.example/a..b//:0",
            &longest,
        ] {
            assert!(is_https(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "https:///a.example",
            "https://?a",
            "https://#a",
            "https://:443/a",
            "https://@a.example",
            "https://a.example@b.example",
            "https://a.example\\@b.example",
            "https://a.example/\\b",
            "http://a.example",
            "HTTPS://a.example",
            "https://a.example/b c",
            "https://a.example/\u{fc}",
            "https://a..example/",
            "https://.a.example/",
            "https://a.example./",
            "https://-a.example/",
            "https://a-.example/",
            "https://a_b.example/",
            "https://a%2eexample/",
            "https://a.example:/",
            "https://a.example:0/",
            "https://a.example:080/",
            "https://a.example:65536/",
            "https://a.example:+1/",
            "https://a.example:80:80/",
            "https://2130706433/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://0x7f000001/",
            "https://192.0.2.01/",
            "https://192.0.2.256/",
            "https://2001:db8::1/",
            "https://[2001:db8::1/",
            "https://2001:db8::1]/",
            "https://[2001:db8::1%25eth0]/",
            "https://[192.0.2.1]/",
            "https://[2001:db8::1]8443/",
            "https://a[2001:db8::1]/",
            &format!("https://a{label}.example"),
            &format!("https://{label}.{label}.{label}.{}", "l".repeat(62)),
        ] {
            assert!(!is_https(bad), "{bad}");
        }
    }
}
