//! The values of the worked example.

use countersign_protocol::base64url;
use countersign_protocol::derive::{
    Proof, Proven, attestation_challenge, check_number, commitment, offline_response,
};
use countersign_protocol::hash::{Commitment, MessageHash, Thumbprint};
use countersign_protocol::secret::{DeviceNonce, InvitationSecret, OfflineKey, TypedSecret};

use crate::PAGE;

/// The value of a row that is said to be derived so.
fn value(name: &str, of: &str) -> &'static str {
    let line = PAGE
        .lines()
        .find(|line| line.starts_with(&format!("| {name} | {of} | `")))
        .unwrap();
    line.split('`').rev().nth(1).unwrap()
}

#[test]
fn the_derived_values_are_what_the_code_derives() {
    let hash = |byte| MessageHash::from_bytes([byte; 32]);
    let (device, approval) = (
        Thumbprint::from_bytes([1; 32]),
        Thumbprint::from_bytes([2; 32]),
    );
    let commit = Commitment::from_bytes([3; 32]);
    let proven = Proven {
        device: &device,
        approval: &approval,
        commitment: &commit,
    };
    let secret = InvitationSecret::Typed(TypedSecret::parse(b"1234567890123").unwrap());
    assert_eq!(
        Proof::new(&secret, &proven).format(),
        value("proof", "secret `1234567890123`, h1, h2, h3")
    );
    assert_eq!(
        commitment(&DeviceNonce::copy_of(&[7; 16])).format(),
        value("commitment", "nonce 16 × `07`")
    );
    let challenge = attestation_challenge("https://a.example", &Commitment::from_bytes([1; 32]));
    assert_eq!(
        base64url::format(&challenge),
        value("attestation challenge", "`https://a.example`, h1")
    );
    assert_eq!(
        check_number(&DeviceNonce::copy_of(&[1; 16]), &hash(2), &hash(3)).as_str(),
        value("check number", "nonce 16 × `01`, h2, h3")
    );
    assert_eq!(
        offline_response(&OfflineKey::copy_of(&[1; 32]), &hash(2)).as_str(),
        value("offline response", "key 32 × `01`, h2")
    );
}
