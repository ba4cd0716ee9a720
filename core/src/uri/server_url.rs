//! The base address of a server that speaks our protocol.

use url::{Host, Url};

use super::{Field, UriError};
use crate::encoding::invisible;

/// The longest base address, in bytes.
const URL_BYTES_MAX: usize = 128;

/// Whether servers on this machine are taken: `http` and addresses of the loopback.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TestMode {
    /// Only `https` with a host name.
    #[default]
    Off,
    /// Loopback too, for tests.
    On,
}

/// A base address in its one form: `https`, host as lower-case A-label, port only if not 443, path
/// without a trailing slash, nothing else, at most 128 bytes (protocol §1).
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct ServerUrl {
    text: String,
    host: String,
}

impl ServerUrl {
    /// Reads an address that has to be in its one form already.
    ///
    /// # Errors
    ///
    /// [`UriError::MissingUrl`], [`UriError::InsecureUrl`] for another scheme, user info or an IP
    /// literal, and [`UriError::Malformed`] for any other difference.
    pub fn parse(text: &str, test_mode: TestMode) -> Result<Self, UriError> {
        let url = Self::canonical(text, test_mode)?;
        if url.text == text {
            Ok(url)
        } else {
            Err(MALFORMED)
        }
    }

    /// Reads an address as people type and copy it: letter case, a trailing slash and the usual
    /// port are put right, because they cannot change which server is meant.
    ///
    /// # Errors
    ///
    /// As [`ServerUrl::parse`].
    pub fn parse_typed(text: &str, test_mode: TestMode) -> Result<Self, UriError> {
        Self::canonical(invisible::trim(text), test_mode)
    }

    /// The address itself.
    ///
    /// # Privacy
    ///
    /// It tells where the person works.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, to show before anything is sent.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    fn canonical(text: &str, test_mode: TestMode) -> Result<Self, UriError> {
        if text.is_empty() {
            return Err(UriError::MissingUrl);
        }
        if text.len() > URL_BYTES_MAX {
            return Err(MALFORMED);
        }
        // The parser drops tabs and line breaks and turns backslashes; neither belongs into an address.
        if text.contains(|letter: char| letter.is_control() || letter == '\\') {
            return Err(MALFORMED);
        }
        let url = Url::parse(text).map_err(|_| MALFORMED)?;
        if has_user_info(&url, text) {
            return Err(UriError::InsecureUrl);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(MALFORMED);
        }
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(UriError::MissingUrl),
        };
        let may_be_local = is_loopback && test_mode == TestMode::On;
        let is_literal = !matches!(url.host(), Some(Host::Domain(_)));
        let is_safe = match url.scheme() {
            "https" => !is_literal || may_be_local,
            "http" => may_be_local,
            _ => false,
        };
        if !is_safe {
            return Err(UriError::InsecureUrl);
        }
        let host = url.host_str().ok_or(UriError::MissingUrl)?.to_owned();
        // A dot at the end is another spelling of the same host, and nobody listens at port 0.
        if host.ends_with('.') || url.port() == Some(0) {
            return Err(MALFORMED);
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        // Escapes and A-labels are longer than what was typed.
        if text.len() > URL_BYTES_MAX {
            return Err(MALFORMED);
        }
        Ok(Self { text, host })
    }
}

impl std::fmt::Debug for ServerUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Also an empty one, which the parser drops without a word. It reads any number of slashes before the host.
pub(super) fn has_user_info(url: &Url, text: &str) -> bool {
    let after_scheme = text.split_once(':').map_or(text, |(_, rest)| rest);
    let authority = after_scheme
        .trim_start_matches('/')
        .split(['/', '?', '#'])
        .next();
    !url.username().is_empty()
        || url.password().is_some()
        || authority.is_some_and(|authority| authority.contains('@'))
}

const MALFORMED: UriError = UriError::Malformed {
    field: Some(Field::Url),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn error(text: &str) -> &'static str {
        ServerUrl::parse(text, TestMode::Off).unwrap_err().name()
    }

    #[test]
    fn the_one_form_is_taken() {
        for text in [
            "https://mfa.example",
            "https://mfa.example:8443",
            "https://mfa.example/a/b%20c",
            "https://xn--bcher-kva.example",
        ] {
            assert_eq!(
                ServerUrl::parse(text, TestMode::Off).unwrap().as_str(),
                text
            );
        }
        let url = ServerUrl::parse("https://mfa.example:8443/a", TestMode::Off).unwrap();
        assert_eq!(url.host(), "mfa.example");
        assert_eq!(format!("{url:?}"), "[redacted]");
    }

    #[test]
    fn every_other_form_is_refused() {
        for text in [
            "https://mfa.example/",
            "https://mfa.example/a/",
            "https://mfa.example:443",
            "https://MFA.example",
            "HTTPS://mfa.example",
            "https://bücher.example",
            "https://mfa.example/a b",
            "https://mfa.example/a/../b",
            "https://mfa.example?x",
            "https://mfa.example/#",
            "https://mfa.example.",
            "https://mfa.example.:8443",
            "https://mfa.example:0",
            "https:mfa.example",
            "https:/mfa.example",
            "https://mfa.ex\tample",
            "https:\\\\mfa.example",
            " https://mfa.example",
            "mfa.example",
            "https://",
        ] {
            assert_eq!(error(text), "malformed_uri", "{text}");
        }
        assert_eq!(
            error(&format!("https://mfa.example/{}", "a".repeat(109))),
            "malformed_uri"
        );
        assert_eq!(error(""), "missing_url");
    }

    #[test]
    fn what_is_not_safe_is_named_so() {
        for text in [
            "http://mfa.example",
            "ftp://mfa.example",
            "https://user@mfa.example",
            "https://a:b@mfa.example",
            "https://@mfa.example",
            "https://192.0.2.1",
            "https://[2001:db8::1]",
            "https://0x7f.1",
            "http://127.0.0.1",
            "http://localhost",
        ] {
            assert_eq!(error(text), "insecure_url", "{text}");
        }
    }

    #[test]
    fn test_mode_takes_the_loopback_and_nothing_else() {
        for text in [
            "http://127.0.0.1:8080",
            "http://localhost:8080/x",
            "http://[::1]:1",
            "https://127.0.0.1",
        ] {
            assert!(ServerUrl::parse(text, TestMode::On).is_ok(), "{text}");
        }
        for text in [
            "http://192.0.2.1",
            "https://192.0.2.1",
            "http://mfa.example",
            "http://localhost.example",
        ] {
            assert!(ServerUrl::parse(text, TestMode::On).is_err(), "{text}");
        }
    }

    #[test]
    fn a_typed_address_is_put_right_where_that_is_harmless() {
        for text in [
            "Https://MFA.example/",
            " https://mfa.example:443 ",
            "https://mfa.example",
        ] {
            let url = ServerUrl::parse_typed(text, TestMode::Off).unwrap();
            assert_eq!(url.as_str(), "https://mfa.example", "{text}");
        }
        for text in [
            "http://mfa.example",
            "https://mfa.example/?a",
            &format!("https://mfa.example/{}", "é".repeat(20)),
            "https://u@mfa.example",
            "https:///u@mfa.example",
            "https:////:p@mfa.example",
            "https:/@mfa.example",
            "https:u@mfa.example",
            "https://mfa.example./",
            "https://mfa.example:0/",
        ] {
            assert!(
                ServerUrl::parse_typed(text, TestMode::Off).is_err(),
                "{text}"
            );
        }
    }
}
