//! The names that vectors have for kinds and errors: the same in every language.

use countersign_protocol::claims::ClaimError;
use countersign_protocol::envelope::EnvelopeError;
use countersign_protocol::json::JsonError;
use countersign_protocol::key::KeyError;
use countersign_protocol::kind::Kind;
use countersign_protocol::signature::SignatureError;

/// Names of everything that an envelope is refused for; each has its file.
pub const ENVELOPE_ERRORS: [&str; 15] = [
    "too_large",
    "parts",
    "base64url",
    "header_json",
    "header_members",
    "algorithm",
    "kind",
    "key_id",
    "key",
    "claims_json",
    "signature_form",
    "unknown_key",
    "role",
    "server_keys",
    "signature",
];

/// Names of everything that claims are refused for; each has its file.
pub const CLAIM_ERRORS: [&str; 7] = [
    "missing",
    "form",
    "audience",
    "reply",
    "issuer",
    "account",
    "claimed_role",
];

/// Why a message was refused, by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// One of [`ENVELOPE_ERRORS`] or [`CLAIM_ERRORS`].
    pub error: &'static str,
    /// What it says beside that: what is wrong with a document, a key, a signature.
    pub why: Option<&'static str>,
    /// The claim that it names.
    pub claim: Option<&'static str>,
}

const fn plain(error: &'static str) -> Refusal {
    because(error, None)
}

const fn because(error: &'static str, why: Option<&'static str>) -> Refusal {
    Refusal {
        error,
        why,
        claim: None,
    }
}

const fn json_word(error: JsonError) -> &'static str {
    match error {
        JsonError::Syntax => "syntax",
        JsonError::DuplicateMember => "duplicate_member",
        JsonError::TooDeep => "too_deep",
        JsonError::Number => "number",
        JsonError::NotAnObject => "not_an_object",
    }
}

const fn key_word(error: KeyError) -> &'static str {
    match error {
        KeyError::Members => "members",
        KeyError::Curve => "curve",
        KeyError::Coordinate => "coordinate",
        KeyError::Point => "point",
    }
}

/// The name of what is wrong with a signature's form.
#[must_use]
pub const fn signature_word(error: SignatureError) -> &'static str {
    match error {
        SignatureError::Form => "form",
        SignatureError::Range => "range",
        SignatureError::HighS => "high_s",
    }
}

/// The name of a refused envelope.
#[must_use]
pub const fn envelope_refusal(error: EnvelopeError) -> Refusal {
    match error {
        EnvelopeError::TooLarge { .. } => plain("too_large"),
        EnvelopeError::Parts => plain("parts"),
        EnvelopeError::Base64url => plain("base64url"),
        EnvelopeError::HeaderJson(why) => because("header_json", Some(json_word(why))),
        EnvelopeError::HeaderMembers => plain("header_members"),
        EnvelopeError::Algorithm => plain("algorithm"),
        EnvelopeError::Kind => plain("kind"),
        EnvelopeError::KeyId => plain("key_id"),
        EnvelopeError::Key(why) => because("key", Some(key_word(why))),
        EnvelopeError::ClaimsJson(why) => because("claims_json", Some(json_word(why))),
        EnvelopeError::SignatureForm(why) => because("signature_form", Some(signature_word(why))),
        EnvelopeError::UnknownKey => plain("unknown_key"),
        EnvelopeError::Role => plain("role"),
        EnvelopeError::ServerKeys => plain("server_keys"),
        EnvelopeError::Signature => plain("signature"),
    }
}

/// The name of refused claims.
#[must_use]
pub fn claim_refusal(error: ClaimError) -> Refusal {
    let of = |error, claim| Refusal {
        error,
        why: None,
        claim: Some(claim),
    };
    match error {
        ClaimError::Missing { name } => of("missing", name),
        ClaimError::Form { name } => of("form", name),
        ClaimError::Audience => plain("audience"),
        ClaimError::Reply => plain("reply"),
        ClaimError::Issuer => plain("issuer"),
        ClaimError::Account => plain("account"),
        ClaimError::Role => plain("claimed_role"),
    }
}

/// The word of a kind: its `typ` without what is the same in all.
#[must_use]
pub fn kind_word(kind: Kind) -> &'static str {
    let word = kind.typ().strip_prefix("cs-");
    word.and_then(|word| word.strip_suffix("+jws"))
        .unwrap_or_default()
}

/// The kind of a word.
#[must_use]
pub fn kind_of(word: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind_word(*kind) == word)
}
