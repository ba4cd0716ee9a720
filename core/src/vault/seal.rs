//! AES-256-GCM over a row's body, with a fresh nonce for every sealing.

use ring::aead::{AES_256_GCM, Aad as RingAad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::format::{Aad, NONCE_BYTES, TAG_BYTES};
use crate::entropy::{Entropy, EntropyError, generate_bytes};

/// A sealed body and the nonce it was sealed with.
pub(super) struct Sealed {
    pub(super) nonce: [u8; NONCE_BYTES],
    /// Ciphertext and tag.
    pub(super) body: Vec<u8>,
}

impl Sealed {
    pub(super) fn tag(&self) -> [u8; TAG_BYTES] {
        tag_of(&self.body).expect("sealing appends the tag")
    }
}

/// The last 16 bytes of a sealed body.
pub(super) fn tag_of(body: &[u8]) -> Option<[u8; TAG_BYTES]> {
    body.last_chunk::<TAG_BYTES>().copied()
}

/// An expanded AES key, boxed so that a zeroizing allocator wipes it: ring itself does not.
pub(super) struct SealingKey(Box<LessSafeKey>);

impl SealingKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes every 32 bytes");
        Self(Box::new(LessSafeKey::new(unbound)))
    }

    /// Seals `plain` in place and takes it over.
    pub(super) fn seal(
        &self,
        aad: &Aad,
        mut plain: Zeroizing<Vec<u8>>,
        entropy: &dyn Entropy,
    ) -> Result<Sealed, EntropyError> {
        let nonce: [u8; NONCE_BYTES] = generate_bytes(entropy)?;
        self.seal_with(nonce, aad.bytes(), &mut plain);
        Ok(Sealed {
            nonce,
            body: std::mem::take(&mut *plain),
        })
    }

    pub(super) fn seal_with(&self, nonce: [u8; NONCE_BYTES], aad: &[u8], plain: &mut Vec<u8>) {
        // One reallocation at most, before anything is encrypted.
        plain.reserve_exact(TAG_BYTES);
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                RingAad::from(aad),
                plain,
            )
            .expect("bodies are far below the 64 GiB that GCM can seal");
    }

    /// Opens in place; `None` when the key, nonce, associated data or body are not what was sealed.
    pub(super) fn open<'a>(
        &self,
        nonce: &[u8],
        aad: &[u8],
        body: &'a mut [u8],
    ) -> Option<&'a mut [u8]> {
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        self.0.open_in_place(nonce, RingAad::from(aad), body).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;
    use crate::vault::format::{Realm, VaultId};

    fn realm(id: [u8; 16]) -> Realm {
        Realm::current(VaultId(id))
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let key = SealingKey::new(&[7; 32]);
        let aad = Aad::bucket(realm([1; 16]), 3, 1, 1);
        let plain = Zeroizing::new(b"twelve bytes".to_vec());
        let sealed = key.seal(&aad, plain, &SystemEntropy::new()).unwrap();
        for place in 0..sealed.body.len() * 8 {
            let mut body = sealed.body.clone();
            body[place / 8] ^= 1 << (place % 8);
            assert!(key.open(&sealed.nonce, aad.bytes(), &mut body).is_none());
        }
        let mut body = sealed.body.clone();
        assert_eq!(
            key.open(&sealed.nonce, aad.bytes(), &mut body).unwrap(),
            b"twelve bytes"
        );
    }

    #[test]
    fn another_place_is_refused() {
        let key = SealingKey::new(&[7; 32]);
        let aad = Aad::bucket(realm([1; 16]), 3, 1, 1);
        let sealed = key
            .seal(&aad, Zeroizing::new(vec![1; 40]), &SystemEntropy::new())
            .unwrap();
        for other in [
            Aad::bucket(realm([2; 16]), 3, 1, 1),
            Aad::bucket(realm([1; 16]), 4, 1, 1),
            Aad::bucket(realm([1; 16]), 3, 2, 1),
            Aad::bucket(realm([1; 16]), 3, 1, 2),
            Aad::manifest(realm([1; 16]), 1, 1),
        ] {
            let mut body = sealed.body.clone();
            assert!(key.open(&sealed.nonce, other.bytes(), &mut body).is_none());
        }
        let mut body = sealed.body.clone();
        assert!(key.open(&[0; 12], aad.bytes(), &mut body).is_none());
        assert!(key.open(&[0; 11], aad.bytes(), &mut body).is_none());
        assert!(
            SealingKey::new(&[8; 32])
                .open(&sealed.nonce, aad.bytes(), &mut body)
                .is_none()
        );
    }

    #[test]
    fn a_body_shorter_than_its_tag_is_refused() {
        let key = SealingKey::new(&[7; 32]);
        for length in 0..TAG_BYTES {
            assert!(key.open(&[0; 12], b"", &mut vec![0; length]).is_none());
        }
    }
}
