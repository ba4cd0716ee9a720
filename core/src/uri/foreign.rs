//! Links of other servers' approval protocols: recognised, kept whole, answered by nobody yet.

use url::Url;

use super::UriError;
use super::link::{Link, split_scheme};
use super::server_url::has_user_info;
use crate::account::Name;
use crate::encoding::invisible::is_typesetting;
use crate::encoding::percent::{self, Plus};
use crate::secret::SecretText;

/// Digits of Microsoft's one-time code.
const CODE_DIGITS: std::ops::RangeInclusive<usize> = 6..=12;
/// The longest activation address that is shown, in bytes.
const URL_BYTES_MAX: usize = 1_024;

/// Whose protocol a link belongs to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Vendor {
    /// privacyIDEA, and what shares its links.
    PrivacyIdea,
    /// eduMFA.
    EduMfa,
    /// Microsoft.
    Microsoft,
}

impl Vendor {
    /// The name that scripts rely on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PrivacyIdea => "privacyidea",
            Self::EduMfa => "edumfa",
            Self::Microsoft => "microsoft",
        }
    }

    /// The vendor whose scheme a text begins with; none where a scheme belongs to several.
    pub(crate) fn of_scheme(text: &str) -> Option<Self> {
        let (scheme, _) = split_scheme(text)?;
        match scheme {
            _ if scheme.eq_ignore_ascii_case("phonefactor") => Some(Self::Microsoft),
            _ if scheme.eq_ignore_ascii_case("pia") => Some(Self::PrivacyIdea),
            _ if scheme.eq_ignore_ascii_case("edumfa-push") => Some(Self::EduMfa),
            _ => None,
        }
    }
}

/// What a foreign link enrols.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ForeignKind {
    /// One account that approves sign-ins.
    Push,
    /// A container that is filled with accounts later.
    Container,
}

/// An enrolment link of another server.
#[derive(Debug, Eq, PartialEq)]
pub struct ForeignPush {
    /// Whose protocol it is.
    pub vendor: Vendor,
    /// What it enrols.
    pub kind: ForeignKind,
    /// The label, decoded.
    pub label: Name,
    /// Every parameter in the link's order, decoded once.
    pub parameters: Vec<(Name, SecretText)>,
}

impl ForeignPush {
    /// The first value of a parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&SecretText> {
        self.parameters
            .iter()
            .find(|(found, _)| found.as_str() == name)
            .map(|(_, value)| value)
    }
}

/// Reads an enrolment link of privacyIDEA or eduMFA; none when the link is something else.
///
/// # Errors
///
/// [`UriError::NotOtpauth`] when it is no such link.
pub fn parse_foreign_push(text: &str) -> Result<ForeignPush, UriError> {
    let link = Link::split(text)?;
    let (vendor, kind) = vendor_and_kind(&link).ok_or(UriError::NotOtpauth)?;
    // A form's plus is a space only where Python's quoting wrote it, which writes %20: it is literal.
    let decoded = |raw: &str| percent::decode(raw, Plus::Literal).into_owned();
    Ok(ForeignPush {
        vendor,
        kind,
        label: Name::new(&decoded(link.path.unwrap_or(""))),
        parameters: link
            .parameters()
            .map(|(name, value)| {
                let value = SecretText::new(decoded(value.unwrap_or("")));
                (Name::new(&decoded(name)), value)
            })
            .collect(),
    })
}

pub(crate) fn vendor_and_kind(link: &Link<'_>) -> Option<(Vendor, ForeignKind)> {
    if link.has_scheme("edumfa-push") {
        return Some((Vendor::EduMfa, ForeignKind::Push));
    }
    if !link.has_scheme("otpauth") && !link.has_scheme("pia") {
        return None;
    }
    match link.host {
        host if host.eq_ignore_ascii_case("pipush") || host.eq_ignore_ascii_case("push") => {
            Some((Vendor::PrivacyIdea, ForeignKind::Push))
        }
        host if host.eq_ignore_ascii_case("container") => {
            Some((Vendor::PrivacyIdea, ForeignKind::Container))
        }
        _ => None,
    }
}

/// Microsoft's activation: a one-time code and the address to send it to. The key is not in it.
#[derive(Debug, Eq, PartialEq)]
pub struct PushActivation {
    /// The code's digits.
    pub code: SecretText,
    /// The address, `https` with a host; shown, never called while reading.
    pub url: SecretText,
}

/// Reads `phonefactor://activate_account?code=…&url=…`.
///
/// # Errors
///
/// [`UriError::NotOtpauth`] for another scheme, [`UriError::UnsupportedType`] for another action,
/// [`UriError::MissingCode`] unless 6 to 12 digits are there, [`UriError::MissingUrl`], and
/// [`UriError::InsecureUrl`] for an address that is not `https` or names a user.
pub fn parse_activation(text: &str) -> Result<PushActivation, UriError> {
    let link = Link::split(text)?;
    if !link.has_scheme("phonefactor") {
        return Err(UriError::NotOtpauth);
    }
    if !link.has_host("activate_account") {
        return Err(UriError::UnsupportedType);
    }
    let raw = link.parameter("code").unwrap_or("");
    let mut code = percent::decode(raw, Plus::Space).into_owned();
    code.retain(|letter| !is_typesetting(letter));
    let is_code =
        code.bytes().all(|byte| byte.is_ascii_digit()) && CODE_DIGITS.contains(&code.len());
    if !is_code {
        return Err(UriError::MissingCode);
    }
    let raw = link.parameter("url").unwrap_or("");
    let url = percent::decode(raw, Plus::Literal).into_owned();
    let parsed = Url::parse(url.trim()).map_err(|_| UriError::MissingUrl)?;
    if parsed.scheme() != "https" || has_user_info(&parsed, &url) {
        return Err(UriError::InsecureUrl);
    }
    if parsed.host().is_none() || url.len() > URL_BYTES_MAX {
        return Err(UriError::MissingUrl);
    }
    Ok(PushActivation {
        code: SecretText::new(code),
        url: SecretText::new(url),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_kept() {
        let push = parse_foreign_push("pia://pipush/bob%20b?url=https%3A//pi.example/ttype/push&ttl=3&issuer=A%20B&x=a%2Bb&flag&v=1").unwrap();
        assert_eq!(
            (push.vendor, push.kind),
            (Vendor::PrivacyIdea, ForeignKind::Push)
        );
        assert_eq!(push.label.as_str(), "bob b");
        assert_eq!(push.parameters.len(), 6);
        assert_eq!(
            push.parameter("url").unwrap().expose(),
            "https://pi.example/ttype/push"
        );
        assert_eq!(push.parameter("x").unwrap().expose(), "a+b");
        assert_eq!(push.parameter("flag").unwrap().expose(), "");
    }

    #[test]
    fn vendors_are_told_apart() {
        for (text, vendor, kind) in [
            (
                "otpauth://PIPUSH/x?v=1",
                Vendor::PrivacyIdea,
                ForeignKind::Push,
            ),
            (
                "otpauth://container/SMPH1?v=1",
                Vendor::PrivacyIdea,
                ForeignKind::Container,
            ),
            (
                "PIA://container/SMPH1",
                Vendor::PrivacyIdea,
                ForeignKind::Container,
            ),
            (
                "edumfa-push://edumfa/x?v=1",
                Vendor::EduMfa,
                ForeignKind::Push,
            ),
        ] {
            let push = parse_foreign_push(text).unwrap();
            assert_eq!((push.vendor, push.kind), (vendor, kind), "{text}");
        }
        for text in [
            "otpauth://totp/x?secret=AAAA",
            "pia://totp/x",
            "pia:pipush",
            "x",
        ] {
            assert!(parse_foreign_push(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_activation_has_code_and_address() {
        let activation = parse_activation(
            "PhoneFactor://activate_account?code=518%20227-904&url=https%3a%2f%2fx.example%2fa",
        )
        .unwrap();
        assert_eq!(activation.code.expose(), "518227904");
        assert_eq!(activation.url.expose(), "https://x.example/a");
    }

    #[test]
    fn an_activation_without_its_parts_is_refused() {
        for (query, name) in [
            ("url=https://x.example", "missing_code"),
            ("code=&url=https://x.example", "missing_code"),
            ("code=12345&url=https://x.example", "missing_code"),
            ("code=1234567890123&url=https://x.example", "missing_code"),
            ("code=12345a&url=https://x.example", "missing_code"),
            ("code=123456", "missing_url"),
            ("code=123456&url=", "missing_url"),
            ("code=123456&url=x.example", "missing_url"),
            ("code=123456&url=http://x.example", "insecure_url"),
            ("code=123456&url=https://u:p@x.example", "insecure_url"),
            ("code=123456&url=https:///@x.example", "insecure_url"),
            ("code=123456&url=javascript:alert(1)", "insecure_url"),
        ] {
            let error = parse_activation(&format!("phonefactor://activate_account?{query}"));
            assert_eq!(error.unwrap_err().name(), name, "{query}");
        }
        let error = parse_activation("phonefactor://other?code=123456").unwrap_err();
        assert_eq!(error.name(), "unsupported_type");
    }

    #[test]
    fn nothing_of_a_link_is_in_debug() {
        let push = parse_foreign_push("pia://pipush/MARKED?MARKED=MARKED").unwrap();
        assert!(!format!("{push:?}").contains("MARKED"));
    }
}
