//! Plain words for what reading a code found. None of them holds text from the code.

use countersign_core::doctor::{Finding, Kind};
use countersign_core::uri::{Hint, UriError, Warning};

use crate::failure::{Failure, sentence};

/// What is odd, said calmly.
pub(crate) const fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::NonstandardDigits => "Its codes have an unusual number of digits.",
        Warning::NonstandardPeriod => "Its codes change at an unusual pace.",
        Warning::WeakSecret => "Its key is short (below 80 bits), which is the website's choice.",
        Warning::NoncanonicalSecret => {
            "Its key has an unusual length: one character may be missing or too many. Compare a code before you rely on it."
        }
        Warning::IssuerMismatch => {
            "Its label names another issuer than the code itself; both are kept."
        }
        Warning::MissingLabel => "It has no name. Give it one with `countersign edit`.",
        Warning::MissingAccount => "It does not say whose account it is.",
        Warning::MissingCounter => "It does not say where its counter begins; it begins at 0.",
        Warning::SameSecret => "Another account has the same key.",
        Warning::PeriodDropped => {
            "Google's export does not say how fast codes change; 30 seconds are assumed. Compare a code of each."
        }
    }
}

/// What a text looks like instead.
pub(crate) const fn hint(hint: Hint) -> &'static str {
    match hint {
        Hint::GoogleExport => {
            "It looks like an export of Google Authenticator: add it as a link or by --qr."
        }
        Hint::PushActivation => {
            "It activates approvals of another app; ask the website for codes instead."
        }
        Hint::LooksLikeBase64 => {
            "It looks like a key in Base64, as Steam stores it; keys here are in Base32."
        }
        Hint::LooksLikeCode => {
            "It looks like a one-time code; what is needed is the key that makes the codes."
        }
        Hint::LooksLikeHex => {
            "It looks like a key in hexadecimal, as hardware tokens have; keys here are in Base32."
        }
        Hint::WebLink => "It is a web link, not a key.",
        Hint::Passkey => "It is a passkey code, not a key.",
    }
}

/// What is wrong, as a sentence, with the place and the letter that was most likely meant.
pub(crate) fn error(error: UriError) -> String {
    let mut text = sentence(&error.to_string());
    // Positions count from 0; people count from 1, so the sentence for a place is our own.
    if let Some(at) = error.at() {
        let field = error.field().map_or("text", |field| field.name());
        let place = at.saturating_add(1);
        text = format!("Character {place} of the {field} cannot be there.");
    }
    if let Some(replacement) = error.replacement() {
        text.push_str(&format!(" Perhaps it is {replacement}."));
    }
    text
}

/// Why a code was refused, with what it is and what to do next.
pub(crate) fn refusal(finding: &Finding) -> Option<Failure> {
    let error = finding.error?;
    let mut message = self::error(error);
    // For text that is something else altogether its own words say more than the error.
    if error == UriError::NotOtpauth {
        message.clear();
    }
    for sentence in [
        (!makes_codes(finding.kind)).then(|| finding.kind.explanation()),
        told_hint(finding),
        (!makes_codes(finding.kind)).then(|| next_step(finding)),
    ]
    .into_iter()
    .flatten()
    {
        if !message.is_empty() {
            message.push(' ');
        }
        message.push_str(sentence);
    }
    let mut failure = Failure::new(error.name(), message).with("kind", finding.kind.name());
    if let Some(field) = finding.field {
        failure = failure.with("field", field.name());
    }
    if let Some(at) = error.at() {
        failure = failure.with("position", at);
    }
    if let Some(replacement) = error.replacement() {
        failure = failure.with("replacement", replacement.to_string());
    }
    if let Some(hint) = finding.hint {
        failure = failure.with("hint", hint.name());
    }
    if let Some(vendor) = finding.vendor {
        failure = failure.with("vendor", vendor.name());
    }
    Some(failure)
}

/// What to do next. A broken invitation cannot be accepted, whatever the server's name is.
pub(crate) const fn next_step(finding: &Finding) -> &'static str {
    match (finding.kind, finding.error) {
        (Kind::Invitation, Some(_)) => "Ask for a new invitation.",
        (Kind::Statement, Some(_)) => "Start the sign-in again.",
        (kind, _) => kind.next_step(),
    }
}

/// Whether something was meant as a code account: what it is needs no explanation, what is wrong does.
pub(crate) const fn makes_codes(kind: Kind) -> bool {
    matches!(kind, Kind::Totp | Kind::Hotp | Kind::Steam)
}

/// The hint in words, where the kind's explanation does not say the same.
pub(crate) fn told_hint(finding: &Finding) -> Option<&'static str> {
    let is_typed = makes_codes(finding.kind) || matches!(finding.kind, Kind::Digits | Kind::Text);
    finding.hint.filter(|_| is_typed).map(hint)
}

#[cfg(test)]
mod tests {
    use countersign_core::doctor::examine;
    use countersign_core::uri::TestMode;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_is_counted_from_one_for_people() {
        let words = error(UriError::InvalidSecret {
            at: 15,
            replacement: Some('B'),
        });
        assert_eq!(
            words,
            "Character 16 of the secret cannot be there. Perhaps it is B."
        );
    }

    /// Texts that look like something, with a marked word wherever somebody could write one.
    fn marked() -> impl Strategy<Value = String> {
        let begin = prop::sample::select(vec![
            "",
            "otpauth://",
            "otpauth-migration://",
            "phonefactor://",
            "countersign://",
            "steam://",
            "FIDO:/",
            "WIFI:",
            "https://",
            "motp://",
            "otpauth:",
        ]);
        let part = prop::sample::select(vec![
            "MARKED",
            "totp/",
            "hotp/",
            "pipush/",
            "offline",
            "enrol",
            "approve",
            "activate_account",
            "?",
            "&",
            "secret=",
            "digits=",
            "period=",
            "data=",
            "code=",
            "url=",
            "issuer=",
            "v=1",
            ":",
            "%",
            "=",
            "1",
            "\n",
            "\u{202e}",
        ]);
        (begin, prop::collection::vec(part, 0..12))
            .prop_map(|(begin, parts)| format!("{begin}{}MARKED", parts.concat()))
    }

    proptest! {
        #[test]
        fn o4_no_refusal_repeats_any_of_the_text(text in marked()) {
            let found = examine(&text, TestMode::Off);
            if let Some(failure) = refusal(&found) {
                let said = format!("{} {failure:?}", failure.to_json());
                prop_assert!(!said.contains("MARKED"), "{said}");
            }
        }
    }

    #[test]
    fn a_refusal_says_what_to_do_and_nothing_of_the_text() {
        for text in [
            "MARKED words",
            "otpauth://totp/MARKED:MARKED?secret=MARKED1",
            "FIDO:/MARKED",
            "WIFI:S:MARKED;P:MARKED;;",
            "https://MARKED.example/",
            "otpauth://pipush/MARKED?secret=MARKED",
        ] {
            let failure = refusal(&examine(text, TestMode::Off)).unwrap();
            assert!(failure.message().len() > 20, "{}", failure.message());
            assert!(!failure.to_json().to_string().contains("MARKED"), "{text}");
        }
    }
}
