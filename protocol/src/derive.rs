//! What both ends compute from what they share: proof, commitment, check number, offline response, attestation challenge.
//!
//! The input of each is its label in ASCII, one zero byte, then fields of fixed length, so that no two inputs are one.

use std::fmt;

use ring::hkdf::{self, HKDF_SHA256, KeyType, Salt};
use ring::hmac::{self, HMAC_SHA256};

use crate::base64url::{self, NotBase64url};
use crate::digits::{CheckNumber, OfflineResponse};
use crate::hash::{Commitment, MessageHash, Thumbprint, sha256};
use crate::secret::{DeviceNonce, InvitationSecret, OfflineKey};

/// The commitment to a device's nonce: its SHA-256.
#[must_use]
pub fn commitment(nonce: &DeviceNonce) -> Commitment {
    // EXPOSE: the hash is what is sent.
    Commitment::from_bytes(sha256(nonce.expose()))
}

/// What shows that whoever enrols knows the invitation's secret. A stranger who sees one of a typed code can search the
/// code by it, so it is shown to nobody.
pub struct Proof([u8; 32]);

/// What a proof binds: the device's two keys and its commitment.
#[derive(Clone, Copy, Debug)]
pub struct Proven<'a> {
    /// The device key.
    pub device: &'a Thumbprint,
    /// The approval key.
    pub approval: &'a Thumbprint,
    /// The commitment to the device's nonce.
    pub commitment: &'a Commitment,
}

impl Proven<'_> {
    fn input(&self) -> Vec<u8> {
        let (device, approval) = (self.device.bytes(), self.approval.bytes());
        labelled(b"cs-proof/1", &[device, approval, self.commitment.bytes()])
    }
}

impl Proof {
    /// HMAC-SHA256 with the invitation's secret over "cs-proof/1" 0 ‖ device thumbprint ‖ approval thumbprint ‖ commitment.
    #[must_use]
    pub fn new(secret: &InvitationSecret, proven: &Proven<'_>) -> Self {
        Self(mac(secret.key(), &proven.input()))
    }

    /// Whether it is the one of this secret, without an early end.
    #[must_use]
    pub fn is_of(&self, secret: &InvitationSecret, proven: &Proven<'_>) -> bool {
        let key = hmac::Key::new(HMAC_SHA256, secret.key());
        hmac::verify(&key, &proven.input(), &self.0).is_ok()
    }

    /// Reads 43 base64url characters.
    ///
    /// # Errors
    ///
    /// [`NotBase64url`].
    pub fn parse(text: &str) -> Result<Self, NotBase64url> {
        base64url::parse_exact(text).map(Self)
    }

    /// The text for the message.
    #[must_use]
    pub fn format(&self) -> String {
        base64url::format(&self.0)
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// What the platform attests a key against: SHA-256 over "cs-attest/1" 0 ‖ SHA-256(aud) ‖ commitment.
#[must_use]
pub fn attestation_challenge(audience: &str, commitment: &Commitment) -> [u8; 32] {
    let audience = sha256(audience.as_bytes());
    sha256(&labelled(b"cs-attest/1", &[&audience, commitment.bytes()]))
}

/// The check number: the first 8 bytes, big-endian, of HKDF-SHA256 (RFC 5869) with the device's nonce as key, the hash of the
/// `cs-enrol` as salt and "cs-check/1" 0 ‖ hash of the first `cs-account` as info, modulo 10^6.
///
/// # Panics
///
/// Never: HKDF-SHA256 gives up to 8,160 bytes (RFC 5869 §2.3).
#[must_use]
pub fn check_number(
    nonce: &DeviceNonce,
    enrol: &MessageHash,
    account: &MessageHash,
) -> CheckNumber {
    let info = labelled(b"cs-check/1", &[account.bytes()]);
    let mut number = [0; 8];
    // EXPOSE: the number is derived from it.
    Salt::new(HKDF_SHA256, enrol.bytes())
        .extract(nonce.expose())
        .expand(&[&info], EightBytes)
        .and_then(|bytes| bytes.fill(&mut number))
        .expect("HKDF-SHA256 gives eight bytes");
    CheckNumber::of(u64::from_be_bytes(number))
}

/// The offline response: the truncation of RFC 4226 §5.3, modulo 10^8, of HMAC-SHA256 with the device's offline key over
/// "cs-offline/1" 0 ‖ hash of the statement.
#[must_use]
pub fn offline_response(key: &OfflineKey, statement: &MessageHash) -> OfflineResponse {
    let input = labelled(b"cs-offline/1", &[statement.bytes()]);
    // EXPOSE: the response is its MAC.
    let tag = mac(key.expose(), &input);
    OfflineResponse::of(truncate(&tag).into())
}

/// 31 bits at the place that the last four bits name (RFC 4226 §5.3).
fn truncate(tag: &[u8; 32]) -> u32 {
    let [.., last] = tag;
    let word = tag.iter().skip(usize::from(last & 0xf)).take(4);
    word.fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) & 0x7fff_ffff
}

fn labelled(label: &[u8], fields: &[&[u8; 32]]) -> Vec<u8> {
    let fields = fields.iter().copied().flatten();
    label.iter().chain(&[0]).chain(fields).copied().collect()
}

fn mac(key: &[u8], input: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, key), input);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

/// How much HKDF is asked for.
struct EightBytes;

impl KeyType for EightBytes {
    fn len(&self) -> usize {
        8
    }
}

impl From<hkdf::Okm<'_, EightBytes>> for EightBytes {
    fn from(_: hkdf::Okm<'_, EightBytes>) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::TypedSecret;

    fn hash(byte: u8) -> MessageHash {
        MessageHash::from_bytes([byte; 32])
    }

    fn typed(digits: &[u8]) -> InvitationSecret {
        InvitationSecret::Typed(TypedSecret::parse(digits).unwrap())
    }

    /// The values were computed apart, from the protocol's text, by a program in another language.
    #[test]
    fn each_is_what_another_program_computes() {
        let proven = Proven {
            device: &Thumbprint::from_bytes([1; 32]),
            approval: &Thumbprint::from_bytes([2; 32]),
            commitment: &Commitment::from_bytes([3; 32]),
        };
        assert_eq!(
            Proof::new(&typed(b"1234567890123"), &proven).format(),
            "GwfHfHzrGr46bWwGtHGJAuocMdwMoox3-ap7DwYazKM"
        );
        let number = check_number(&DeviceNonce::copy_of(&[1; 16]), &hash(2), &hash(3));
        assert_eq!(number.as_str(), "799773");
        let response = offline_response(&OfflineKey::copy_of(&[1; 32]), &hash(2));
        assert_eq!(response.as_str(), "57888057");
        let commit = Commitment::from_bytes([1; 32]);
        assert_eq!(
            base64url::format(&attestation_challenge("https://a.example", &commit)),
            "UV3akoXCqE-HpcldpGgdyDJ_PM3K8zLnA4NEP5mE-5w"
        );
        assert_eq!(
            commitment(&DeviceNonce::copy_of(&[7; 16])).format(),
            "12HUBq8qSloV9nySQ3jtiNH4XBPxo3_HNm9ZeJs7zWU"
        );
    }

    #[test]
    fn a_proof_is_of_its_secret_and_of_each_of_its_fields() {
        let key = |byte| Thumbprint::from_bytes([byte; 32]);
        let (one, two, nine) = (key(1), key(2), key(9));
        let [three, other] = [3, 9].map(|byte| Commitment::from_bytes([byte; 32]));
        let proven = Proven {
            device: &one,
            approval: &two,
            commitment: &three,
        };
        let secret = typed(b"1234567890123");
        let proof = Proof::new(&secret, &proven);
        assert!(proof.is_of(&secret, &proven));
        let read = Proof::parse(&proof.format()).unwrap();
        assert!(read.is_of(&secret, &proven));
        assert!(!proof.is_of(&typed(b"1234567890124"), &proven));
        let (device, approval) = (&nine, &nine);
        for changed in [
            Proven { device, ..proven },
            Proven { approval, ..proven },
            Proven {
                commitment: &other,
                ..proven
            },
            // Two keys that changed places.
            Proven {
                device: &two,
                approval: &one,
                ..proven
            },
        ] {
            assert!(!proof.is_of(&secret, &changed));
        }
        assert_eq!(format!("{proof:?}"), "[redacted]");
    }

    #[test]
    fn truncation_reads_the_place_that_the_last_bits_name() {
        let mut tag = [0; 32];
        tag[31] = 0x0f;
        tag[15..19].copy_from_slice(&[0xff, 0x01, 0x02, 0x03]);
        assert_eq!(truncate(&tag), 0x7f01_0203);
        tag[31] = 0xf0;
        tag[..4].copy_from_slice(&[0x80, 0, 0, 1]);
        assert_eq!(truncate(&tag), 1);
    }
}
