//! What `doctor` answers to a script: one object a code, with names that never change.

use countersign_core::account::Account;
use countersign_core::account::Name;
use countersign_core::doctor::{Content, Finding};
use countersign_core::encoding::base32;
use countersign_core::qr::{QrError, Symbol};
use countersign_core::time::UnixSeconds;
use countersign_core::uri::invitation::Proof;
use countersign_core::uri::{UriError, Warning};
use serde_json::{Map, Value, json};

use crate::words;
use crate::work::host;

/// What an answer may show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Showing {
    /// Whether secrets and codes are in it.
    pub(crate) reveal: bool,
    /// The time that codes are for.
    pub(crate) at: UnixSeconds,
}

/// The answer about a text or a typed entry.
pub(crate) fn about(finding: &Finding, showing: Showing) -> Map<String, Value> {
    let accounts: Vec<Value> = finding
        .accounts()
        .map(|parsed| account(&parsed.account, showing).into())
        .collect();
    let mut answer = Map::new();
    answer.insert("accepted".into(), finding.is_accepted().into());
    answer.insert("kind".into(), finding.kind.name().into());
    answer.insert("accounts".into(), accounts.into());
    answer.insert("failures".into(), failures(finding).into());
    answer.insert("warnings".into(), warnings(&finding.warnings).into());
    if let Some(error) = finding.error {
        answer.insert("error".into(), error_object(error, finding).into());
    }
    if let Some(hint) = finding.hint {
        answer.insert("hint".into(), hint.name().into());
    }
    if let Some(vendor) = finding.vendor {
        answer.insert("vendor".into(), vendor.name().into());
    }
    add_names(&mut answer, &finding.content);
    answer
}

/// The answer about an image: one whole answer a code, in reading order.
pub(crate) fn about_image(
    read: &Result<Vec<Symbol>, QrError>,
    examine: impl Fn(&str) -> Finding,
    showing: Showing,
) -> Map<String, Value> {
    let symbols = match read {
        Ok(symbols) => symbols,
        Err(error) => return refused("image", error.name(), &image_error(*error)),
    };
    let codes: Vec<Map<String, Value>> = symbols
        .iter()
        // EXPOSE: the code's text is what is examined.
        .map(|symbol| about(&examine(symbol.text.expose()), showing))
        .collect();
    let accepted = codes
        .iter()
        .any(|code| code.get("accepted") == Some(&Value::Bool(true)));
    let mut answer = Map::new();
    answer.insert("accepted".into(), accepted.into());
    answer.insert("kind".into(), "image".into());
    answer.insert("warnings".into(), Value::Array(Vec::new()));
    if let (false, Some(error)) = (accepted, codes.first().and_then(|code| code.get("error"))) {
        answer.insert("error".into(), error.clone());
    }
    answer.insert("codes".into(), codes.into());
    answer
}

/// An answer that only says why there is none.
pub(crate) fn refused(kind: &str, name: &str, message: &str) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("accepted".into(), false.into());
    answer.insert("kind".into(), kind.into());
    for list in ["accounts", "failures", "warnings"] {
        answer.insert(list.into(), Value::Array(Vec::new()));
    }
    answer.insert("error".into(), json!({"name": name, "message": message}));
    answer
}

/// Why an image gave nothing, and what to do next.
pub(crate) fn image_error(error: QrError) -> String {
    match error {
        QrError::NoCode => {
            "No QR code was found in the image. Try a larger or sharper picture, or add the account by hand: the website shows its key under \"can't scan?\".".into()
        }
        QrError::NotAnImage => {
            "This is not an image that can be read. PNG, JPEG, WebP, GIF and BMP can.".into()
        }
        QrError::ImageTooLarge => {
            "The image is too large (at most 32 MiB and 64 million pixels). Cut out the part with the code.".into()
        }
        QrError::TooManyCodes => {
            "The image has more than 64 codes. Cut it into parts and add one after the other.".into()
        }
        other => other.to_string(),
    }
}

/// Warnings as scripts see them.
pub(crate) fn warnings(warnings: &[Warning]) -> Vec<Value> {
    warnings
        .iter()
        .map(|warning| json!({"name": warning.name()}))
        .collect()
}

/// Entries of an export that could not be read, each with its place among all entries.
pub(crate) fn failures(finding: &Finding) -> Vec<Value> {
    let Content::Migration(parts) = &finding.content else {
        return Vec::new();
    };
    let mut before = 0_usize;
    let mut failures = Vec::new();
    for part in parts {
        for failure in &part.failures {
            let index = usize::try_from(failure.index).unwrap_or(usize::MAX);
            failures.push(json!({
                "index": before.saturating_add(index),
                "error": failure.error.name(),
            }));
        }
        before += part.entries.len() + part.failures.len();
    }
    failures
}

fn error_object(error: UriError, finding: &Finding) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("name".into(), error.name().into());
    let message = words::refusal(finding).map_or_else(
        || words::error(error),
        |failure| failure.message().to_owned(),
    );
    object.insert("message".into(), message.into());
    if let Some(field) = finding.field {
        object.insert("field".into(), field.name().into());
    }
    if let Some(at) = error.at() {
        object.insert("position".into(), at.into());
    }
    if let Some(replacement) = error.replacement() {
        object.insert("replacement".into(), replacement.to_string().into());
    }
    if let Some(hint) = finding.hint {
        object.insert("hint".into(), hint.name().into());
    }
    object
}

fn account(account: &Account, showing: Showing) -> Map<String, Value> {
    let kind = account.otp.kind();
    let mut object = Map::new();
    object.insert("kind".into(), kind.name().into());
    object.insert("issuer".into(), account.issuer.as_str().into());
    object.insert("account".into(), account.account.as_str().into());
    if let Some(label) = &account.label_issuer {
        object.insert("label_issuer".into(), label.as_str().into());
    }
    object.insert("algorithm".into(), kind.algorithm().name().into());
    object.insert("digits".into(), kind.digits().into());
    if let Some(period) = kind.period() {
        object.insert("period".into(), period.seconds().into());
    }
    if let Some(counter) = kind.counter() {
        object.insert("counter".into(), counter.value().into());
    }
    if showing.reveal {
        // EXPOSE: `--reveal` asks for the key and the code.
        let secret = base32::encode(account.otp.key().expose());
        object.insert("secret".into(), secret.expose().into());
        let code = account.otp.generator().code(showing.at).text();
        object.insert("code".into(), code.expose().into());
    }
    object
}

/// Whose invitation or statement it is: server, issuer and account, for the person to compare.
fn add_names(answer: &mut Map<String, Value>, content: &Content) {
    let mut put = |key: &str, name: &str| answer.insert(key.into(), name.into());
    match content {
        Content::Invitation(invitation) => {
            put("host", host(&invitation.url));
            if let Proof::Scanned(scanned) = &invitation.proof {
                put("issuer", scanned.issuer.as_str());
                put("account", scanned.account.as_str());
            }
        }
        Content::Statement(statement) => {
            put("host", host(&statement.url));
            put("issuer", statement.origin.as_str());
            put("account", statement.user.as_str());
        }
        Content::ForeignPush(push) if push.label != Name::EMPTY => {
            put("account", push.label.as_str());
        }
        _ => {}
    }
}
