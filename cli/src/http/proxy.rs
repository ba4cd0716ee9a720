//! Which proxy the environment wants, as other programs of the terminal read it: `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`,
//! each also in small letters, which win. A proxy is an address like `http://proxy.example:3128`; it sees hosts, no content.

use ureq::Proxy;

use crate::failure::Failure;

/// The proxy of this process, and the hosts that are reached without it.
#[derive(Default)]
pub(super) struct Proxies {
    proxy: Option<Proxy>,
    exceptions: Exceptions,
}

impl Proxies {
    /// Reads the variables through `read`, which gives a variable's value.
    ///
    /// # Errors
    ///
    /// `usage` for what is no address of a proxy: going past it in silence would tell the network what it shall not see.
    pub(super) fn from_variables(read: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let of = |names: [&str; 2]| {
            names
                .into_iter()
                .find_map(&read)
                .filter(|text| !text.is_empty())
        };
        let address = of(["https_proxy", "HTTPS_PROXY"]).or_else(|| of(["all_proxy", "ALL_PROXY"]));
        let proxy = address
            .map(|address| Proxy::new(address.trim()))
            .transpose()
            .map_err(|_| {
                Failure::usage(
                    "HTTPS_PROXY or ALL_PROXY is not the address of a proxy, as http://proxy.example:3128 is.",
                )
            })?;
        let exceptions = of(["no_proxy", "NO_PROXY"]).unwrap_or_default();
        Ok(Self {
            proxy,
            exceptions: Exceptions::parse(&exceptions),
        })
    }

    /// The proxy to a host; none where there is none, or not for this host.
    pub(super) fn to(&self, host: &str) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|_| !self.exceptions.cover(host))
    }
}

/// What `NO_PROXY` lists.
#[derive(Default)]
struct Exceptions(Vec<String>);

impl Exceptions {
    fn parse(text: &str) -> Self {
        Self(
            text.split([',', ' '])
                .map(|entry| entry.trim().to_ascii_lowercase())
                .filter(|entry| !entry.is_empty())
                .collect(),
        )
    }

    /// An entry is a host with everything below it, with or without a dot before it; `*` is every host.
    fn cover(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.0.iter().any(|entry| {
            let domain = entry
                .strip_prefix("*.")
                .or_else(|| entry.strip_prefix('.'))
                .unwrap_or(entry);
            let above = host.strip_suffix(domain);
            entry == "*" || above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, Failure> {
        Proxies::from_variables(|name| {
            let found = variables.iter().find(|(listed, _)| *listed == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[track_caller]
    fn host(variables: &[(&str, &str)], to: &str) -> Option<String> {
        let proxies = proxies(variables).unwrap();
        proxies.to(to).map(|proxy| proxy.host().to_owned())
    }

    #[test]
    fn the_variables_have_an_order() {
        let all = [
            ("https_proxy", "http://one.example:1"),
            ("HTTPS_PROXY", "http://two.example:2"),
            ("ALL_PROXY", "http://three.example:3"),
            ("HTTP_PROXY", "http://four.example:4"),
        ];
        for (skipped, expected) in [
            (0, Some("one.example")),
            (1, Some("two.example")),
            (2, Some("three.example")),
            (3, None),
        ] {
            assert_eq!(host(&all[skipped..], "mfa.example").as_deref(), expected);
        }
        assert_eq!(host(&[("HTTPS_PROXY", "")], "mfa.example"), None);
    }

    #[test]
    fn exceptions_cover_hosts_and_what_is_below_them() {
        for (list, covered) in [
            ("*", true),
            ("mfa.example", true),
            ("MFA.Example", true),
            (".mfa.example", true),
            ("example", true),
            ("*.example", true),
            ("other.example, mfa.example", true),
            ("fa.example", false),
            ("a.mfa.example", false),
            ("", false),
            (" , ", false),
        ] {
            let variables = [
                ("HTTPS_PROXY", "http://proxy.example:1"),
                ("NO_PROXY", list),
            ];
            assert_eq!(host(&variables, "mfa.example").is_none(), covered, "{list}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_and_not_gone_past() {
        for text in ["MARKED://x", "http://", ":::", "http://a b"] {
            let failure = proxies(&[("HTTPS_PROXY", text)]).err().unwrap();
            assert_eq!(failure.name(), "usage", "{text}");
            assert!(!failure.message().contains("MARKED"));
        }
    }
}
