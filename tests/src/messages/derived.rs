//! Cases of derived values through the protocol's functions.

use countersign_protocol::base64url;
use countersign_protocol::derive::{
    Proof, Proven, attestation_challenge, check_number, commitment, offline_response,
};
use countersign_protocol::hash::{Commitment, MessageHash, Thumbprint};
use countersign_protocol::json::Object;
use countersign_protocol::key::PublicKey;
use countersign_protocol::secret::{
    DeviceNonce, InvitationSecret, OfflineKey, ScannedSecret, TypedSecret,
};
use serde_json::Value;

/// The value that ours is for a case's members, and the name that it has there.
///
/// # Panics
///
/// For a value that is no derived one, and members that have not their form.
#[must_use]
pub fn derive(value: &str, of: &Value) -> (&'static str, String) {
    let commit = || Commitment::parse(word(of, "commit")).expect("a commitment");
    let hash = |name| MessageHash::parse(word(of, name)).expect("a hash");
    match value {
        "commitment" => {
            let nonce = DeviceNonce::copy_of(&bytes(of, "nonce"));
            ("commit", commitment(&nonce).format())
        }
        "proof" => {
            let [device, approval] = ["device", "approval"]
                .map(|name| Thumbprint::parse(word(of, name)).expect("a thumbprint"));
            let proven = Proven {
                device: &device,
                approval: &approval,
                commitment: &commit(),
            };
            (
                "proof",
                Proof::new(&invitation_secret(word(of, "secret")), &proven).format(),
            )
        }
        "attestation_challenge" => {
            let challenge = attestation_challenge(word(of, "aud"), &commit());
            ("challenge", base64url::format(&challenge))
        }
        "check_number" => {
            let nonce = DeviceNonce::copy_of(&bytes(of, "nonce"));
            let number = check_number(&nonce, &hash("enrol"), &hash("account"));
            ("number", number.as_str().to_owned())
        }
        "offline_response" => {
            let key = OfflineKey::copy_of(&bytes(of, "offline_key"));
            let response = offline_response(&key, &hash("statement"));
            ("response", response.as_str().to_owned())
        }
        "thumbprint" => {
            let jwk = Object::parse(of["jwk"].to_string().as_bytes()).expect("an object");
            let key = PublicKey::from_jwk(&jwk).expect("a key");
            ("thumbprint", key.thumbprint().format())
        }
        other => panic!("a case of the value {other}"),
    }
}

/// A secret as an invitation writes it: 13 digits, or 16 bytes in base64url.
///
/// # Panics
///
/// For anything else.
#[must_use]
pub fn invitation_secret(text: &str) -> InvitationSecret {
    match TypedSecret::parse(text.as_bytes()) {
        Some(typed) => InvitationSecret::Typed(typed),
        None => {
            let scanned = base64url::parse_exact(text).expect("16 bytes");
            InvitationSecret::Scanned(ScannedSecret::copy_of(&scanned))
        }
    }
}

fn word<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().expect("a text of the case")
}

fn bytes<const N: usize>(of: &Value, name: &str) -> [u8; N] {
    base64url::parse_exact(word(of, name)).expect("bytes of the case")
}
