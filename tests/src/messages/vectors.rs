//! The files of `tests/vectors/protocol`, a case a line.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_protocol::base64url;
use countersign_protocol::envelope::{EnvelopeError, Received, Verified};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::json::Object;
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::signing::SigningKey;
use serde_json::Value;

use super::{Reader, Refusal, Said, claim_refusal, envelope_refusal, kind_of, kind_word, read};

/// Where they lie.
pub const PROTOCOL_VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/protocol");

/// The cases of a file.
///
/// # Panics
///
/// When the file is not there or a line is no JSON document.
#[must_use]
pub fn cases(file: &str) -> Vec<Value> {
    let path = Path::new(PROTOCOL_VECTORS).join(file);
    let text = std::fs::read_to_string(path).expect("the vectors are in the repository");
    let documents = text.lines().map(serde_json::from_str);
    documents.map(|case| case.expect("a case a line")).collect()
}

/// Every accepted message with its kind.
#[must_use]
pub fn accepted() -> Vec<(Kind, Value)> {
    let of = |kind| {
        let cases = cases(&format!("{}.jsonl", kind_word(kind)));
        cases.into_iter().map(move |case| (kind, case))
    };
    Kind::ALL.into_iter().flat_map(of).collect()
}

/// An object of the protocol's as any other JSON.
///
/// # Panics
///
/// When it is none that a message could say.
#[must_use]
pub fn to_value(object: &Object) -> Value {
    let document = object.format().expect("a message said it");
    serde_json::from_slice(&document).expect("it was written as JSON")
}

/// The keys that the vectors are signed with, by name.
pub struct Keys(BTreeMap<String, PublicKey>);

impl Keys {
    /// Reads `keys.jsonl`.
    ///
    /// # Panics
    ///
    /// When a key has not its form.
    #[must_use]
    pub fn load() -> Self {
        let key = |case: &Value| {
            let mut jwk = case["private"].clone();
            let private = jwk.as_object_mut().and_then(|jwk| jwk.remove("d"));
            assert!(private.is_some(), "a key of the vectors is whole");
            let jwk = Object::parse(jwk.to_string().as_bytes()).expect("a key is an object");
            (
                text(case, "id").to_owned(),
                PublicKey::from_jwk(&jwk).expect("a key"),
            )
        };
        Self(cases("keys.jsonl").iter().map(key).collect())
    }

    /// The key of this name, with its private half.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn signing(name: &str) -> SigningKey {
        let cases = cases("keys.jsonl");
        let case = cases.iter().find(|case| case["id"] == name);
        let pkcs8 = text(case.expect("a key of the file"), "pkcs8");
        let pkcs8 = base64url::parse(pkcs8).expect("bytes");
        SigningKey::from_pkcs8(&pkcs8).expect("a key in PKCS#8")
    }

    /// The key of this name.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn named(&self, name: &str) -> &PublicKey {
        self.0.get(name).expect("a key of the file")
    }
}

/// A case of a message: with whose keys it is verified, and what its reader knows.
pub struct Case<'a> {
    /// Which message.
    pub kind: Kind,
    verified_with: VerifiedWith<'a>,
    /// Its reader.
    pub reader: Reader,
}

enum VerifiedWith<'a> {
    ItsOwn,
    FirstAccount(Option<Thumbprint>),
    Keys(Vec<(Role, &'a PublicKey)>),
}

impl<'a> Case<'a> {
    /// Takes the case of a message of this kind.
    ///
    /// # Panics
    ///
    /// When it has not the form of one.
    #[must_use]
    pub fn of(kind: Kind, case: &Value, keys: &'a Keys) -> Self {
        let reader = &case["reader"];
        let word = |name: &str| reader[name].as_str();
        let nobody = || Thumbprint::from_bytes([0; 32]);
        Self {
            kind,
            verified_with: VerifiedWith::of(case, keys),
            reader: Reader {
                url: word("url").unwrap_or_default().to_owned(),
                device: word("device").map_or_else(nobody, |text| {
                    Thumbprint::parse(text).expect("a thumbprint")
                }),
                answered: word("re").map_or(MessageHash::from_bytes([0; 32]), |text| {
                    MessageHash::parse(text).expect("a hash")
                }),
                account: word("account").map_or(Id::from_bytes([0; 16]), |text| {
                    Id::parse(text).expect("an id")
                }),
            },
        }
    }

    /// The same for a case that names its kind.
    ///
    /// # Panics
    ///
    /// When it has not the form of one.
    #[must_use]
    pub fn with_kind(case: &Value, keys: &'a Keys) -> Self {
        Self::of(kind_of(text(case, "kind")).expect("a kind"), case, keys)
    }

    /// What its reader gets of these bytes.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn read(&self, compact: &str) -> Result<Said, Refusal> {
        let message = self.verified(compact).map_err(envelope_refusal)?;
        read(&message, &self.reader).map_err(claim_refusal)
    }

    /// The message, once its signature fits.
    ///
    /// # Errors
    ///
    /// Every [`EnvelopeError`].
    pub fn verified(&self, compact: &str) -> Result<Verified, EnvelopeError> {
        let received = Received::parse(self.kind, compact)?;
        match &self.verified_with {
            VerifiedWith::ItsOwn => received.verify_with_own_key(),
            VerifiedWith::FirstAccount(pinned) => received.verify_first_account(pinned.as_ref()),
            VerifiedWith::Keys(keys) => received.verify(keys.iter().copied()),
        }
    }
}

impl<'a> VerifiedWith<'a> {
    fn of(case: &Value, keys: &'a Keys) -> Self {
        match &case["keys"] {
            Value::String(word) if word == "own" => Self::ItsOwn,
            Value::String(word) if word == "first" => {
                let pinned = case["pinned"].as_str();
                Self::FirstAccount(
                    pinned.map(|text| Thumbprint::parse(text).expect("a thumbprint")),
                )
            }
            Value::Array(listed) => Self::Keys(
                listed
                    .iter()
                    .map(|pair| {
                        (
                            role(&pair[0]),
                            keys.named(pair[1].as_str().expect("a name")),
                        )
                    })
                    .collect(),
            ),
            other => panic!("keys of a case: {other}"),
        }
    }
}

fn role(word: &Value) -> Role {
    match word.as_str() {
        Some("device") => Role::Device,
        Some("approval") => Role::Approval,
        Some("server") => Role::Server,
        _ => panic!("a role of a case: {word}"),
    }
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().expect("a text of the case")
}
