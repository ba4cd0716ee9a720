//! Addresses: the server's own, and those that it may post bells to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use countersign_protocol::message::URL_BYTES_MAX;
use url::{Host, Url};

/// Whether servers and push services on this machine are taken: `http` and addresses of the loopback.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TestMode {
    /// Only `https` with a host name.
    #[default]
    Off,
    /// Loopback too, for tests.
    On,
}

/// A base address in its one form.
pub(crate) fn is_base(text: &str, test_mode: TestMode) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.port() != Some(0);
    let is_canonical = url.as_str().trim_end_matches('/') == text && text.len() <= URL_BYTES_MAX;
    let is_safe = match url.host() {
        Some(Host::Domain(name)) => url.scheme() == "https" && !name.ends_with('.'),
        _ => false,
    };
    is_plain && is_canonical && (is_safe || test_mode == TestMode::On && is_local(&url))
}

/// Whether an address for bells is one that a server posts to: public, or of this machine in test mode. What a name means is
/// only known when it is looked up: whoever posts asks [`is_public`] of each address that it connects to.
pub(crate) fn may_be_rung(address: &str, test_mode: TestMode) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    let is_public = url.scheme() == "https"
        && match url.host() {
            // A name without a dot, or of a kind that no public name has, is one of a private network.
            Some(Host::Domain(name)) => {
                let last = name.rsplit('.').next().unwrap_or("");
                name.contains('.')
                    && ![
                        "local",
                        "localhost",
                        "internal",
                        "lan",
                        "home",
                        "corp",
                        "test",
                        "",
                    ]
                    .contains(&last)
                    && !name.ends_with(".home.arpa")
            }
            Some(Host::Ipv4(address)) => is_public_v4(address),
            Some(Host::Ipv6(address)) => is_public_v6(address),
            None => false,
        };
    !has_user && (is_public || test_mode == TestMode::On && is_local(&url))
}

/// Whether an address that a name was looked up as is reachable by everybody: a server posts bells to no other.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_special = first == 0 || first >= 224 || (first, second, third) == (192, 0, 0);
    let is_for_benches = first == 198 && (18..20).contains(&second);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared
        || is_special
        || is_for_benches)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // An IPv4 address in another dress is judged as what it is.
    let [first, second, ..] = address.segments();
    match address.to_ipv4_mapped() {
        Some(inner) => is_public_v4(inner),
        // Global unicast is 2000::/3; of it documentation, Teredo and 6to4 are left out (RFC 6890).
        None => {
            (first & 0xe000) == 0x2000
                && (first, second) != (0x2001, 0x0db8)
                && (first, second) != (0x2001, 0)
                && first != 0x2002
                && first != 0x3fff
        }
    }
}

fn is_local(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    is_loopback && matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_address_has_one_form() {
        for good in ["https://a.example", "https://a.example:8443/base/path"] {
            assert!(is_base(good, TestMode::Off), "{good}");
        }
        for bad in [
            "http://a.example",
            "https://A.example",
            "https://a.example/",
            "https://a.example:443",
            "https://a.example./x",
            "https://u@a.example",
            "https://a.example?q",
            "https://a.example#f",
            "https://192.0.2.1",
            "https://[2001:db8::1]",
            "https://a.example:0",
            "a.example",
            "http://127.0.0.1:8080",
        ] {
            assert!(!is_base(bad, TestMode::Off), "{bad}");
        }
        assert!(!is_base(
            &format!("https://a.example/{}", "a".repeat(111)),
            TestMode::Off
        ));
        assert!(is_base("http://127.0.0.1:8080", TestMode::On));
        assert!(!is_base("http://a.example", TestMode::On));
    }

    #[test]
    fn bells_go_to_public_addresses_alone() {
        for good in [
            "https://push.example.org/a?b",
            "https://8.8.8.8/",
            "https://[2606:4700::1]/",
        ] {
            assert!(may_be_rung(good, TestMode::Off), "{good}");
        }
        for bad in [
            "http://push.example.org/",
            "https://localhost/",
            "https://printer/",
            "https://printer.local/",
            "https://a.internal/",
            "https://a.home.arpa/",
            "https://u:p@push.example.org/",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://192.168.0.1/",
            "https://172.16.0.1/",
            "https://169.254.169.254/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://224.0.0.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[2002:a00:1::]/",
            "https://[::]/",
        ] {
            assert!(!may_be_rung(bad, TestMode::Off), "{bad}");
        }
        assert!(may_be_rung("http://127.0.0.1:9/a", TestMode::On));
        assert!(!may_be_rung("http://10.0.0.1:9/a", TestMode::On));
    }
}
