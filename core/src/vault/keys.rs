//! The vault key, what is derived from it, and what a slot's secret is turned into.

use ring::hkdf;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::format::VaultId;
use super::seal::SealingKey;
use crate::entropy::{Entropy, EntropyError};

/// Bytes of a slot's nonce.
pub(super) const SLOT_NONCE_BYTES: usize = 16;

/// 32 secret bytes with one home: a value that is handed on moves a pointer and leaves no copy on the stack behind it.
pub(super) type Key32 = Box<Zeroizing<[u8; 32]>>;

/// A place for 32 secret bytes, to be filled where it lies.
pub(super) fn empty_key() -> Key32 {
    Box::new(Zeroizing::new([0; 32]))
}

/// A copy of 32 bytes; none of another number.
pub(super) fn key_from(bytes: &[u8]) -> Option<Key32> {
    let mut key = empty_key();
    (bytes.len() == key.len()).then(|| {
        key.copy_from_slice(bytes);
        key
    })
}

/// The vault key: 256 random bits for one epoch.
pub(super) struct VaultKey {
    pub(super) key: Key32,
    pub(super) epoch: u32,
}

impl VaultKey {
    pub(super) fn generate(entropy: &dyn Entropy, epoch: u32) -> Result<Self, EntropyError> {
        let mut key = empty_key();
        entropy.fill(&mut **key)?;
        Ok(Self { key, epoch })
    }

    /// A copy for a slot to be sealed to: keys are not cloned in passing, only here.
    pub(super) fn duplicate(&self) -> Self {
        Self {
            key: self.key.clone(),
            epoch: self.epoch,
        }
    }

    /// HKDF-SHA256(salt = vault id, info = "countersign/v1/" purpose "/" epoch).
    fn derive(&self, vault: VaultId, purpose: &[u8]) -> SealingKey {
        SealingKey::new(&self.derive_bytes(vault, purpose))
    }

    fn derive_bytes(&self, vault: VaultId, purpose: &[u8]) -> Key32 {
        let epoch = self.epoch.to_string();
        let info = [
            b"countersign/v1/".as_slice(),
            purpose,
            b"/",
            epoch.as_bytes(),
        ];
        hkdf32(vault.bytes(), &**self.key, &info)
    }

    /// What the porch's slot is given in place of the vault key.
    pub(super) fn porch_key(&self, vault: VaultId) -> Self {
        Self {
            key: self.derive_bytes(vault, b"porch"),
            epoch: self.epoch,
        }
    }

    pub(super) fn sealing_keys(&self, vault: VaultId) -> SealingKeys {
        SealingKeys {
            records: self.derive(vault, b"rec"),
            meta: self.derive(vault, b"meta"),
            log: self.derive(vault, b"log"),
            porch: self.derive(vault, b"porch"),
        }
    }
}

/// The keys of one epoch.
pub(super) struct SealingKeys {
    pub(super) records: SealingKey,
    /// Buckets and manifest.
    pub(super) meta: SealingKey,
    pub(super) log: SealingKey,
    pub(super) porch: SealingKey,
}

/// What a slot's secret and nonce become: a key pair, and a key that only who has the secret or the open vault knows.
pub(super) struct SlotKeys {
    pub(super) private: StaticSecret,
    pub(super) psk: Key32,
}

impl SlotKeys {
    pub(super) fn derive(secret: &[u8; 32], nonce: &[u8; SLOT_NONCE_BYTES]) -> Self {
        let private = StaticSecret::from(**hkdf32(nonce, secret, &[b"countersign/v1/slot/x25519"]));
        let psk = hkdf32(nonce, secret, &[b"countersign/v1/slot/psk"]);
        Self { private, psk }
    }

    pub(super) fn public(&self) -> [u8; 32] {
        PublicKey::from(&self.private).to_bytes()
    }
}

/// 32 bytes of HKDF-SHA256 (RFC 5869).
pub(super) fn hkdf32(salt: &[u8], ikm: &[u8], info: &[&[u8]]) -> Key32 {
    let mut key = empty_key();
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(ikm)
        .expand(info, hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut **key))
        .expect("32 bytes is one block of HKDF-SHA256");
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hkdf_matches_rfc_5869_case_1() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let okm = hkdf32(&salt, &[0x0b; 22], &[&info]);
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        let got: String = okm.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn another_nonce_gives_other_keys() {
        let one = SlotKeys::derive(&[1; 32], &[1; 16]);
        let other = SlotKeys::derive(&[1; 32], &[2; 16]);
        assert_ne!(one.public(), other.public());
        assert_ne!(*one.psk, *other.psk);
        assert_ne!(one.private.to_bytes(), **one.psk);
    }
}
