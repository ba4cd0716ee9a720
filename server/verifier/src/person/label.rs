//! Whose account it is, as documents and the tests of its devices say it.

use countersign_protocol::json::{Json, Object};
use countersign_protocol::message::ACCOUNT_NAME_BYTES_MAX;

/// Why a label cannot be a person's: a document, or the test of a device, could not say it. It is judged where the person is made
/// and renamed, and not when a device is to be confirmed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LabelError {
    /// It is empty, or longer than 96 bytes.
    #[error("a label has 1 to 96 bytes")]
    Length,
    /// What JSON has to escape in it makes it longer than 96 bytes: a statement with it might not fit into a QR code.
    #[error("a label has at most 96 bytes as JSON, which escapes quotation marks and controls")]
    Escaped,
}

/// Whether devices can be told it.
pub(crate) fn check_label(label: &str) -> Result<(), LabelError> {
    if !(1..=ACCOUNT_NAME_BYTES_MAX).contains(&label.len()) {
        return Err(LabelError::Length);
    }
    match escaped_bytes(label) {
        Some(bytes) if bytes <= ACCOUNT_NAME_BYTES_MAX => Ok(()),
        _ => Err(LabelError::Escaped),
    }
}

/// How long a text is in a message; none for one that has no form there.
fn escaped_bytes(text: &str) -> Option<usize> {
    let around = Object::new().with("", Json::Text(String::new()));
    let written = Object::new().with("", Json::Text(text.to_owned()));
    let (around, written) = (around.format().ok()?, written.format().ok()?);
    Some(written.len() - around.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_1_to_96_bytes_after_the_escapes_of_json_too() {
        for label in [
            "a".to_owned(),
            "l".repeat(96),
            "\u{fc}".repeat(48),
            "\"".repeat(48),
            "\u{1}".repeat(16),
            "Ann \"Annie\" Smith".to_owned(),
        ] {
            assert_eq!(check_label(&label), Ok(()), "{label}");
        }
        for label in [String::new(), "l".repeat(97), "\u{fc}".repeat(49)] {
            assert_eq!(check_label(&label), Err(LabelError::Length), "{label}");
        }
        for label in ["\"".repeat(49), "\\".repeat(96), "\u{1}".repeat(17)] {
            assert_eq!(check_label(&label), Err(LabelError::Escaped), "{label}");
        }
    }
}
