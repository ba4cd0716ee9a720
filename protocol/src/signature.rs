//! ES256 signatures: 64 bytes r ‖ s (RFC 7518 §3.4), s in the lower half of the group's order, so that nobody can make a
//! second signature, and so a second message, out of a first one.

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use crate::key::PublicKey;

/// The order n of P-256 (SEC 2 §2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// (n - 1) / 2, the greatest low s.
const HALF: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// Why a signature was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureError {
    /// It is not 64 bytes, or not the DER form of two numbers (RFC 3279 §2.2.3).
    #[error("not an ES256 signature")]
    Form,
    /// r or s is 0, or not below the group's order.
    #[error("a signature's number is out of range")]
    Range,
    /// s is in the upper half: the same signature has another form.
    #[error("a signature's s is not the lower one")]
    HighS,
}

/// A signature in its one form. It has not been checked with a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes what the other end sent.
    ///
    /// # Errors
    ///
    /// [`SignatureError`], [`SignatureError::HighS`] included.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        let signature = Self::lowered(bytes)?;
        if signature.0 == bytes {
            Ok(signature)
        } else {
            Err(SignatureError::HighS)
        }
    }

    /// Takes r ‖ s as a key of ours made it, and lowers s.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Form`], [`SignatureError::Range`].
    pub fn lowered(bytes: &[u8]) -> Result<Self, SignatureError> {
        let mut signature: [u8; 64] = bytes.try_into().map_err(|_| SignatureError::Form)?;
        let (r, s) = signature.split_at_mut(32);
        let is_in_range = |number: &[u8]| number != [0; 32] && *number < ORDER[..];
        if !is_in_range(r) || !is_in_range(s) {
            return Err(SignatureError::Range);
        }
        if *s > HALF[..] {
            negate(s);
        }
        Ok(Self(signature))
    }

    /// Takes the DER form in which key stores sign (RFC 3279 §2.2.3), and lowers s. Only the one encoding that DER has for
    /// two numbers is taken (X.690 §8.3, §10.1).
    ///
    /// # Errors
    ///
    /// [`SignatureError::Form`], [`SignatureError::Range`].
    pub fn from_der(der: &[u8]) -> Result<Self, SignatureError> {
        const SEQUENCE: u8 = 0x30;
        let (numbers, rest) = tagged(der, SEQUENCE)?;
        let (r, rest_of_numbers) = integer(numbers)?;
        let (s, rest_of_s) = integer(rest_of_numbers)?;
        if !rest.is_empty() || !rest_of_s.is_empty() {
            return Err(SignatureError::Form);
        }
        Self::lowered(&[r, s].concat())
    }

    /// r ‖ s.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Whether `key` signed `message`.
    #[must_use]
    pub fn is_of(&self, key: &PublicKey, message: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.point())
            .verify(message, &self.0)
            .is_ok()
    }
}

/// n - s for an s below n.
fn negate(s: &mut [u8]) {
    let mut borrow = false;
    for (digit, order) in s.iter_mut().zip(ORDER).rev() {
        let (less, first) = order.overflowing_sub(*digit);
        let (less, second) = less.overflowing_sub(u8::from(borrow));
        (*digit, borrow) = (less, first || second);
    }
}

/// The content of a DER value with this tag, and what follows it. Lengths up to 127 suffice: two numbers have 72 bytes at most.
fn tagged(der: &[u8], tag: u8) -> Result<(&[u8], &[u8]), SignatureError> {
    match der {
        [found, length @ 0..=0x7f, rest @ ..] if *found == tag => rest
            .split_at_checked(usize::from(*length))
            .ok_or(SignatureError::Form),
        _ => Err(SignatureError::Form),
    }
}

/// A DER integer of at most 32 bytes, not negative, as 32 bytes, and what follows it.
fn integer(der: &[u8]) -> Result<([u8; 32], &[u8]), SignatureError> {
    const INTEGER: u8 = 2;
    let (content, rest) = tagged(der, INTEGER)?;
    let digits = match content {
        [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => return Err(SignatureError::Form),
        [0, digits @ ..] if !digits.is_empty() => digits,
        digits => digits,
    };
    let mut number = [0; 32];
    let begin = number
        .len()
        .checked_sub(digits.len())
        .ok_or(SignatureError::Range)?;
    number.split_at_mut(begin).1.copy_from_slice(digits);
    Ok((number, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    };

    use super::*;
    use crate::base64url;
    use crate::json::Object;

    /// 32 bytes with one last byte.
    fn small(last: u8) -> [u8; 32] {
        let mut number = [0; 32];
        number[31] = last;
        number
    }

    fn raw(r: [u8; 32], s: [u8; 32]) -> Vec<u8> {
        [r, s].concat()
    }

    #[test]
    fn the_half_is_half_of_the_order() {
        let mut half = HALF;
        negate(&mut half);
        // n - (n-1)/2 = (n+1)/2, the least high s.
        let mut least_high = HALF;
        least_high[31] += 1;
        assert_eq!(half, least_high);
    }

    #[test]
    fn a_high_s_is_refused_from_outside_and_lowered_from_inside() {
        let mut high = ORDER;
        high[31] -= 1;
        let low = Signature::parse(&raw(small(7), small(1))).unwrap();
        assert_eq!(Signature::lowered(&raw(small(7), high)), Ok(low));
        assert_eq!(
            Signature::parse(&raw(small(7), high)),
            Err(SignatureError::HighS)
        );
        assert!(Signature::parse(&raw(small(7), HALF)).is_ok());
        let mut least_high = HALF;
        least_high[31] += 1;
        assert_eq!(
            Signature::parse(&raw(small(7), least_high)),
            Err(SignatureError::HighS)
        );
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for (r, s) in [
            (small(0), small(1)),
            (small(1), small(0)),
            (ORDER, small(1)),
            (small(1), ORDER),
            ([0xff; 32], small(1)),
            (small(1), [0xff; 32]),
        ] {
            assert_eq!(Signature::parse(&raw(r, s)), Err(SignatureError::Range));
        }
        for length in [0, 63, 65, 72] {
            assert_eq!(
                Signature::parse(&vec![1; length]),
                Err(SignatureError::Form)
            );
        }
    }

    #[test]
    fn what_a_key_store_signs_is_checked_with_its_key() {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let der =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random)
                .unwrap();
        let fixed =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
                .unwrap();
        let key = PublicKey::from_point(der.public_key().as_ref()).unwrap();
        let mut was_high = false;
        for n in 0..64_u8 {
            let message = [n; 9];
            let signed = fixed.sign(&random, &message).unwrap();
            was_high |= Signature::parse(signed.as_ref()) == Err(SignatureError::HighS);
            let of_der = der.sign(&random, &message).unwrap();
            for signature in [
                Signature::lowered(signed.as_ref()).unwrap(),
                Signature::from_der(of_der.as_ref()).unwrap(),
            ] {
                assert!(signature.is_of(&key, &message));
                assert!(!signature.is_of(&key, &[n; 10]));
                assert_eq!(Signature::parse(signature.bytes()), Ok(signature));
            }
        }
        // Half of all are: that none of 64 was is one chance in 2^64.
        assert!(was_high);
    }

    #[test]
    fn a_signature_of_rfc_7515_is_lowered_and_fits() {
        // Appendix A.3.1: its s is the high one.
        let jwk = br#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        let key = PublicKey::from_jwk(&Object::parse(jwk).unwrap()).unwrap();
        let input = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let signature = base64url::parse(signature).unwrap();
        assert_eq!(Signature::parse(&signature), Err(SignatureError::HighS));
        let lowered = Signature::lowered(&signature).unwrap();
        assert!(lowered.is_of(&key, input));
        assert!(!lowered.is_of(&key, &input[1..]));
    }

    #[test]
    fn der_has_one_form_for_two_numbers() {
        let one_and_two = [0x30, 6, 2, 1, 1, 2, 1, 2];
        let expected = Signature::parse(&raw(small(1), small(2)));
        assert_eq!(Signature::from_der(&one_and_two), expected);
        // 128 needs a zero before it, so that it is not negative.
        let of_128 = [0x30, 7, 2, 2, 0, 0x80, 2, 1, 2];
        assert_eq!(
            Signature::from_der(&of_128),
            Signature::parse(&raw(small(0x80), small(2)))
        );
        let refused: [&[u8]; 14] = [
            &[],
            &[0x30],
            &[0x30, 0],
            &[0x31, 6, 2, 1, 1, 2, 1, 2],
            &[0x30, 7, 2, 1, 1, 2, 1, 2],
            &[0x30, 5, 2, 1, 1, 2, 1, 2],
            &[0x30, 6, 2, 1, 1, 2, 1, 2, 0],
            &[0x30, 7, 2, 1, 1, 2, 1, 2, 0],
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 2],
            &[0x30, 6, 3, 1, 1, 2, 1, 2],
            // Negative, empty, and with a zero that is not needed.
            &[0x30, 6, 2, 1, 0x80, 2, 1, 2],
            &[0x30, 5, 2, 0, 2, 1, 2],
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 2],
            &[0x30, 3, 2, 1, 1],
        ];
        for der in refused {
            assert_eq!(
                Signature::from_der(der),
                Err(SignatureError::Form),
                "{der:?}"
            );
        }
        let mut long = vec![0x30, 38, 2, 33];
        long.extend([1; 33]);
        long.extend([2, 1, 2]);
        assert_eq!(Signature::from_der(&long), Err(SignatureError::Range));
        let zero = [0x30, 6, 2, 1, 0, 2, 1, 2];
        assert_eq!(Signature::from_der(&zero), Err(SignatureError::Range));
    }

    /// The DER of two numbers of 32 bytes.
    fn written(r: &[u8], s: &[u8]) -> Vec<u8> {
        let integer = |number: &[u8]| {
            let zeros = number.iter().take_while(|digit| **digit == 0).count();
            let mut digits = number[zeros.min(31)..].to_vec();
            if digits[0] >= 0x80 {
                digits.insert(0, 0);
            }
            [vec![2, u8::try_from(digits.len()).unwrap()], digits].concat()
        };
        let numbers = [integer(r), integer(s)].concat();
        [vec![0x30, u8::try_from(numbers.len()).unwrap()], numbers].concat()
    }

    proptest! {
        #[test]
        fn der_that_is_read_is_the_der_that_is_written(
            r in proptest::collection::vec(any::<u8>(), 32),
            s in proptest::collection::vec(any::<u8>(), 32),
            at in 0_usize..72,
            bent in any::<u8>(),
        ) {
            let mut der = written(&r, &s);
            if let Ok(signature) = Signature::from_der(&der) {
                prop_assert_eq!(Ok(signature), Signature::lowered(&[&r[..], &s].concat()));
            }
            let at = at % der.len();
            der[at] ^= bent;
            if let Ok(signature) = Signature::from_der(&der) {
                let (r, s) = signature.bytes().split_at(32);
                let mut high = s.to_vec();
                negate(&mut high);
                prop_assert!(der == written(r, s) || der == written(r, &high));
            }
        }

        #[test]
        fn lowering_twice_changes_nothing(bytes in proptest::collection::vec(any::<u8>(), 64)) {
            if let Ok(low) = Signature::lowered(&bytes) {
                prop_assert_eq!(Signature::parse(low.bytes()), Ok(low));
            }
        }
    }
}
