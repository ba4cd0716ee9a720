//! Statements shown as a QR code: `countersign://approve?s=<compact JWS>` (protocol §4, §5). Only the
//! form is checked here; the signature and what it says belong to approvals.

use serde::Deserialize;

use super::invitation::{SCHEME, malformed, strict};
use super::link::Link;
use super::{Field, ServerUrl, TestMode, UriError};
use crate::account::Name;
use crate::encoding::base64url;
use crate::secret::SecretText;

/// The longest statement, in bytes: it has to fit a QR code.
const STATEMENT_BYTES_MAX: usize = 1_600;

/// A statement of the right form. Nothing in it is verified.
#[derive(Debug, Eq, PartialEq)]
pub struct Statement {
    /// The signed bytes as they came.
    pub compact: SecretText,
    /// The server that it says it is from.
    pub url: ServerUrl,
    /// The site that asks; empty when it does not say.
    pub origin: Name,
    /// Who signs in; empty when it does not say.
    pub user: Name,
}

/// Exactly these members; another one, or one twice, is refused (RFC 8725 §3.1).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// The members that say whose statement it is.
#[derive(Deserialize)]
struct Payload {
    iss: String,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    user: String,
}

/// Reads a statement's link and checks its form.
///
/// # Errors
///
/// [`UriError::NotOtpauth`] for another scheme, [`UriError::MissingData`],
/// [`UriError::TooLong`] above 1,600 bytes, the errors of
/// [`ServerUrl::parse`], and [`UriError::Malformed`] for everything that is not a compact JWS with
/// the header of a statement.
pub fn parse_statement(text: &str, test_mode: TestMode) -> Result<Statement, UriError> {
    let link = Link::split(text)?;
    if !link.has_scheme(SCHEME) {
        return Err(UriError::NotOtpauth);
    }
    if !link.has_host("approve") || link.path.is_some() {
        return Err(UriError::Malformed { field: None });
    }
    let compact = strict(&link, "s", Field::Data)?.ok_or(UriError::MissingData)?;
    if compact.len() > STATEMENT_BYTES_MAX {
        return Err(UriError::TooLong);
    }
    let mut parts = compact.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed(Field::Data));
    };
    let header: Header = json(header)?;
    let is_statement = header.alg == "ES256"
        && header.typ == "cs-statement+jws"
        && base64url::decode_array::<32>(&header.kid).is_ok();
    if !is_statement || base64url::decode_array::<64>(signature).is_err() {
        return Err(malformed(Field::Data));
    }
    let payload: Payload = json(payload)?;
    Ok(Statement {
        url: ServerUrl::parse(&payload.iss, test_mode)?,
        origin: Name::new(&payload.origin),
        user: Name::new(&payload.user),
        compact: SecretText::new(compact.as_str().to_owned()),
    })
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, UriError> {
    let bytes = base64url::decode(part).map_err(|_| malformed(Field::Data))?;
    // EXPOSE: the statement is signed, not secret; its names go into redacted types.
    serde_json::from_slice(bytes.expose()).map_err(|_| malformed(Field::Data))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"alg":"ES256","typ":"cs-statement+jws","kid":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    const PAYLOAD: &str =
        r#"{"iss":"https://mfa.example","user":"ann","origin":"vpn.example","x":[1]}"#;

    fn link(header: &str, payload: &str, signature: &[u8]) -> String {
        let encode = |bytes: &[u8]| base64url::encode(bytes);
        format!(
            "countersign://approve?s={}.{}.{}",
            encode(header.as_bytes()),
            encode(payload.as_bytes()),
            encode(signature)
        )
    }

    #[test]
    fn a_statement_says_where_it_is_from() {
        let text = link(HEADER, PAYLOAD, &[1; 64]);
        let statement = parse_statement(&text, TestMode::Off).unwrap();
        assert_eq!(statement.url.host(), "mfa.example");
        assert_eq!(statement.user.as_str(), "ann");
        assert!(text.ends_with(statement.compact.expose()));
    }

    #[test]
    fn another_form_is_refused() {
        let error = |text: &str| parse_statement(text, TestMode::Off).unwrap_err().name();
        for header in [
            "{}",
            "[]",
            "nonsense",
            &HEADER.replace("ES256", "none"),
            &HEADER.replace("statement", "account"),
            &HEADER.replace("}", r#","crit":[]}"#),
            &HEADER.replace("}", r#","alg":"ES256"}"#),
            &HEADER.replace("AAA\"", "\""),
        ] {
            assert_eq!(
                error(&link(header, PAYLOAD, &[1; 64])),
                "malformed_uri",
                "{header}"
            );
        }
        for (payload, name) in [
            ("{}", "malformed_uri"),
            (r#"{"iss":"http://mfa.example"}"#, "insecure_url"),
            (r#"{"iss":"https://mfa.example/"}"#, "malformed_uri"),
            (r#"{"iss":"https://a","iss":"https://b"}"#, "malformed_uri"),
        ] {
            assert_eq!(error(&link(HEADER, payload, &[1; 64])), name, "{payload}");
        }
        let good = link(HEADER, PAYLOAD, &[1; 64]);
        for text in [
            &link(HEADER, PAYLOAD, &[1; 63]),
            &good.replace("s=", "s=x."),
            &format!("{good}="),
            &format!("{good}%2"),
            &good.replace("approve?", "approve/?"),
            "countersign://approve?s=a.b",
        ] {
            assert_eq!(error(text), "malformed_uri", "{text}");
        }
        assert_eq!(error("countersign://approve"), "missing_data");
        assert_eq!(error("countersign://approve?s="), "missing_data");
        assert_eq!(error(&format!("{good}&s=x")), "malformed_uri");
        let long = PAYLOAD.replace("[1]", &format!("\"{}\"", "y".repeat(1_600)));
        assert_eq!(error(&link(HEADER, &long, &[1; 64])), "too_long");
    }
}
