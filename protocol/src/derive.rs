//! What both ends compute from what they share: proof, commitment, check number, offline response, attestation challenge.
//!
//! The input of each is its label in ASCII, one zero byte, then fields of fixed length, so that no two inputs are one.

use ring::hkdf::{self, HKDF_SHA256, KeyType, Salt};
use ring::hmac::{self, HMAC_SHA256};

use crate::key::Hash;

/// A number of `N` decimal digits as it is shown and typed, leading zeros kept.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Digits<const N: usize>([u8; N]);

/// Six digits that the person compares, or types into the page: nobody stands between device and server.
pub type CheckNumber = Digits<6>;

/// Eight digits that the person types into the page when the device has no network.
pub type OfflineResponse = Digits<8>;

/// The text is not so many decimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not the right number of digits")]
pub struct NotDigits;

impl<const N: usize> Digits<N> {
    /// The last `N` digits of a number.
    fn of(number: u64) -> Self {
        let mut digits = [b'0'; N];
        let mut left = number;
        for digit in digits.iter_mut().rev() {
            let last = u8::try_from(left % 10).unwrap_or(0);
            (*digit, left) = (b'0' + last, left / 10);
        }
        Self(digits)
    }

    /// Reads exactly `N` digits.
    ///
    /// # Errors
    ///
    /// [`NotDigits`].
    pub fn parse(text: &str) -> Result<Self, NotDigits> {
        let digits: [u8; N] = text.as_bytes().try_into().map_err(|_| NotDigits)?;
        if digits.iter().all(u8::is_ascii_digit) {
            Ok(Self(digits))
        } else {
            Err(NotDigits)
        }
    }

    /// The digits.
    ///
    /// # Panics
    ///
    /// Never: they are ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("only ASCII digits are ever stored")
    }

    /// Whether both are the same, without an early end.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let differences = self.0.iter().zip(&other.0).map(|(a, b)| a ^ b);
        differences.fold(0, |seen, one| seen | one) == 0
    }
}

impl<const N: usize> std::fmt::Debug for Digits<N> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// The commitment to a device's nonce: its SHA-256.
#[must_use]
pub fn commitment(device_nonce: &[u8; 16]) -> Hash {
    Hash::of(device_nonce)
}

/// The proof of an invitation: HMAC-SHA256 with the invitation's secret over "cs-proof/1" 0 ‖ device thumbprint ‖ approval
/// thumbprint ‖ commit. The secret is 16 bytes from a QR code, or 13 typed ASCII digits.
#[must_use]
pub fn proof(secret: &[u8], device: &Hash, approval: &Hash, commit: &Hash) -> Hash {
    hmac(secret, b"cs-proof/1", &[device, approval, commit])
}

/// Whether a proof is the one of these keys and this secret, without an early end.
#[must_use]
pub fn is_proof(
    proven: &Hash,
    secret: &[u8],
    (device, approval, commit): (&Hash, &Hash, &Hash),
) -> bool {
    let key = hmac::Key::new(HMAC_SHA256, secret);
    let input = labelled(b"cs-proof/1", &[device, approval, commit]);
    hmac::verify(&key, &input, proven.bytes()).is_ok()
}

/// What the platform attests a key against: SHA-256 over "cs-attest/1" 0 ‖ SHA-256(aud) ‖ commit.
#[must_use]
pub fn attestation_challenge(audience: &str, commit: &Hash) -> Hash {
    let audience = Hash::of(audience.as_bytes());
    Hash::of(&labelled(b"cs-attest/1", &[&audience, commit]))
}

/// The check number: the first 8 bytes, big-endian, of HKDF-SHA256 (RFC 5869) with the device's nonce as key, the hash of the
/// `cs-enrol` as salt and "cs-check/1" 0 ‖ hash of the first `cs-account` as info, modulo 10^6.
///
/// # Panics
///
/// Never: HKDF-SHA256 gives up to 8,160 bytes (RFC 5869 §2.3).
#[must_use]
pub fn check_number(device_nonce: &[u8; 16], enrol: &Hash, account: &Hash) -> CheckNumber {
    let info = labelled(b"cs-check/1", &[account]);
    let mut number = [0; 8];
    Salt::new(HKDF_SHA256, enrol.bytes())
        .extract(device_nonce)
        .expand(&[&info], EightBytes)
        .and_then(|bytes| bytes.fill(&mut number))
        .expect("HKDF-SHA256 gives eight bytes");
    CheckNumber::of(u64::from_be_bytes(number))
}

/// The offline response: the truncation of RFC 4226 §5.3, modulo 10^8, of HMAC-SHA256 with the device's offline key over
/// "cs-offline/1" 0 ‖ hash of the statement.
#[must_use]
pub fn offline_response(offline_key: &[u8; 32], statement: &Hash) -> OfflineResponse {
    let tag = hmac(offline_key, b"cs-offline/1", &[statement]);
    OfflineResponse::of(truncate(tag.bytes()).into())
}

/// 31 bits at the place that the last four bits name (RFC 4226 §5.3).
fn truncate(tag: &[u8; 32]) -> u32 {
    let [.., last] = tag;
    let word = tag.iter().skip(usize::from(last & 0xf)).take(4);
    word.fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) & 0x7fff_ffff
}

fn labelled(label: &[u8], fields: &[&Hash]) -> Vec<u8> {
    let fields = fields.iter().flat_map(|field| field.bytes());
    label.iter().chain(&[0]).chain(fields).copied().collect()
}

fn hmac(key: &[u8], label: &[u8], fields: &[&Hash]) -> Hash {
    let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, key), &labelled(label, fields));
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    Hash::from_bytes(bytes)
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

    fn hash(byte: u8) -> Hash {
        Hash::from_bytes([byte; 32])
    }

    #[test]
    fn digits_keep_their_zeros_and_take_nothing_else() {
        assert_eq!(CheckNumber::of(1_000_042).as_str(), "000042");
        assert_eq!(CheckNumber::parse("000042").unwrap().as_str(), "000042");
        for text in ["", "00042", "0000042", "00004a", "+00042", "٠٠٠", "00 042"] {
            assert_eq!(CheckNumber::parse(text), Err(NotDigits), "{text}");
        }
        let number = CheckNumber::of(42);
        assert!(number.is(&CheckNumber::of(42)));
        for other in [142, 43, 100_042] {
            assert!(!number.is(&CheckNumber::of(other)));
        }
        assert_eq!(format!("{number:?}"), "[redacted]");
    }

    #[test]
    fn a_proof_is_of_its_secret_and_of_each_of_its_fields() {
        let secret = b"1234567890123";
        let made = proof(secret, &hash(1), &hash(2), &hash(3));
        assert!(is_proof(&made, secret, (&hash(1), &hash(2), &hash(3))));
        assert!(!is_proof(
            &made,
            b"1234567890124",
            (&hash(1), &hash(2), &hash(3))
        ));
        for fields in [
            (&hash(9), &hash(2), &hash(3)),
            (&hash(1), &hash(9), &hash(3)),
            (&hash(1), &hash(2), &hash(9)),
            // Two keys that changed places.
            (&hash(2), &hash(1), &hash(3)),
        ] {
            assert!(!is_proof(&made, secret, fields));
        }
    }

    #[test]
    fn the_check_number_is_of_the_nonce_and_of_both_messages() {
        let number = check_number(&[1; 16], &hash(2), &hash(3));
        let others = [
            check_number(&[9; 16], &hash(2), &hash(3)),
            check_number(&[1; 16], &hash(9), &hash(3)),
            check_number(&[1; 16], &hash(2), &hash(9)),
            check_number(&[1; 16], &hash(3), &hash(2)),
        ];
        for other in others {
            assert!(!number.is(&other));
        }
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

    #[test]
    fn the_challenge_is_of_the_audience_and_the_commitment() {
        let challenge = attestation_challenge("https://a.example", &hash(1));
        assert_ne!(
            challenge,
            attestation_challenge("https://b.example", &hash(1))
        );
        assert_ne!(
            challenge,
            attestation_challenge("https://a.example", &hash(2))
        );
        assert_eq!(commitment(&[7; 16]), Hash::of(&[7; 16]));
    }
}
