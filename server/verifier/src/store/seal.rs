//! What lies in a store's file is sealed, row by row: AES-256-GCM under a key of each row's own, with the row's place and version
//! as associated data. A row that was changed, exchanged for another one, or brought from another store does not open.

use countersign_protocol::hash::Id;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use zeroize::Zeroizing;

use super::StoreError;
use crate::entropy::{Entropy, EntropyError, generate_bytes};

/// What the keys of this form of sealing are derived for.
const LABEL: &[u8] = b"cs-store/1\0";
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// The key under which a store is sealed. The program keeps it apart from the store: in a service of the platform, or in a file that
/// no backup of the store has.
pub struct StoreKey(Box<Zeroizing<[u8; 32]>>);

impl StoreKey {
    /// Takes a copy of the bytes; the caller wipes the original.
    #[must_use]
    pub fn copy_of(bytes: &[u8; 32]) -> Self {
        Self(Box::new(Zeroizing::new(*bytes)))
    }

    /// A fresh one.
    ///
    /// # Errors
    ///
    /// [`EntropyError`].
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let bytes = Zeroizing::new(generate_bytes(entropy)?);
        Ok(Self::copy_of(&bytes))
    }

    /// The bytes themselves, to be kept. Every call says why it needs them, in an `EXPOSE:` comment.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for StoreKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// A place in the store.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// What tells the right key from a wrong one.
    Check,
    /// A person, at a version.
    Person { account: Id, version: u64 },
    /// An event of a person.
    Event { id: Id, account: Id },
}

impl Place {
    /// What its key is derived for. A person has one key for all versions, an event its own: so no key seals as often as two random
    /// nonces would meet.
    fn key_of(self) -> [u8; 17] {
        let (kind, id) = match self {
            Self::Check => (1, [0; 16]),
            Self::Person { account, .. } => (2, *account.bytes()),
            Self::Event { id, .. } => (3, *id.bytes()),
        };
        let mut key_of = [kind; 17];
        if let Some((_, place)) = key_of.split_first_mut() {
            place.copy_from_slice(&id);
        }
        key_of
    }

    /// What else is bound to it.
    fn associated(self) -> [u8; 16] {
        match self {
            Self::Check => [0; 16],
            Self::Person { version, .. } => u128::from(version).to_be_bytes(),
            Self::Event { account, .. } => *account.bytes(),
        }
    }
}

/// Seals and opens the rows of one store.
pub(super) struct Sealer(Prk);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl Sealer {
    /// That of the store with this id: a row of another store does not open, though it has the same key.
    pub(super) fn new(key: &StoreKey, store: &[u8; 16]) -> Self {
        // EXPOSE: all keys of rows are derived from it.
        Self(Salt::new(HKDF_SHA256, store).extract(key.expose()))
    }

    fn key(&self, place: Place) -> LessSafeKey {
        let key_of = place.key_of();
        let info = [LABEL, &key_of];
        let okm = self.0.expand(&info, &AES_256_GCM);
        let okm = okm.expect("HKDF gives up to 255 times 32 bytes, and this is 32");
        LessSafeKey::new(UnboundKey::from(okm))
    }

    /// The nonce, and what is sealed with it.
    pub(super) fn seal(
        &self,
        place: Place,
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, EntropyError> {
        let nonce: [u8; NONCE_BYTES] = generate_bytes(entropy)?;
        // Of its whole length from the start: nothing that is not sealed yet is left behind by growing.
        let mut sealed = Vec::with_capacity(NONCE_BYTES + plain.len() + TAG_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let (_, body) = sealed.split_at_mut(NONCE_BYTES);
        let tag = self.key(place).seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place.associated()),
            body,
        );
        let tag = tag.expect("what is stored is far below the 64 GiB that GCM can seal");
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// What was sealed; [`StoreError::Damaged`] where it was not sealed for this place, in this store, under this key.
    pub(super) fn open(
        &self,
        place: Place,
        sealed: Vec<u8>,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let mut sealed = Zeroizing::new(sealed);
        let (nonce, body) = sealed
            .split_first_chunk_mut::<NONCE_BYTES>()
            .ok_or(StoreError::Damaged)?;
        let opened = self.key(place).open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(place.associated()),
            body,
        );
        let length = opened.map_err(|_| StoreError::Damaged)?.len();
        sealed.drain(..NONCE_BYTES);
        sealed.truncate(length);
        Ok(sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const ANN: Id = Id::from_bytes([1; 16]);
    const BEN: Id = Id::from_bytes([2; 16]);
    const PERSON: Place = Place::Person {
        account: ANN,
        version: 7,
    };

    fn sealer(key: u8, store: u8) -> Sealer {
        Sealer::new(&StoreKey::copy_of(&[key; 32]), &[store; 16])
    }

    fn seal(place: Place, plain: &[u8]) -> Vec<u8> {
        let entropy = SystemEntropy::default();
        sealer(1, 1).seal(place, plain, &entropy).unwrap()
    }

    #[test]
    fn what_was_sealed_comes_back_and_is_another_text_each_time() {
        for plain in [&b""[..], b"MARKED", &[7; 5_000]] {
            let sealed = seal(PERSON, plain);
            assert_eq!(sealed.len(), NONCE_BYTES + plain.len() + TAG_BYTES);
            assert_ne!(sealed, seal(PERSON, plain));
            let opened = sealer(1, 1).open(PERSON, sealed).unwrap();
            assert_eq!(&**opened, plain);
        }
    }

    #[test]
    fn a_row_opens_at_its_own_place_and_version_in_its_own_store_under_its_own_key() {
        let (account, version) = (ANN, 7);
        for other in [
            Place::Person {
                account,
                version: 6,
            },
            Place::Person {
                account: BEN,
                version,
            },
            Place::Event { id: ANN, account },
            Place::Check,
        ] {
            let opened = sealer(1, 1).open(other, seal(PERSON, b"a"));
            assert_eq!(opened.err(), Some(StoreError::Damaged), "{other:?}");
        }
        let event = |id, account| Place::Event { id, account };
        let sealed = seal(event(ANN, ANN), b"a");
        for other in [event(ANN, BEN), event(BEN, ANN)] {
            let opened = sealer(1, 1).open(other, sealed.clone());
            assert_eq!(opened.err(), Some(StoreError::Damaged), "{other:?}");
        }
        for (key, store) in [(1, 2), (2, 1)] {
            let opened = sealer(key, store).open(PERSON, seal(PERSON, b"a"));
            assert_eq!(opened.err(), Some(StoreError::Damaged));
        }
    }

    #[test]
    fn each_flipped_bit_and_each_cut_is_refused() {
        let sealed = seal(PERSON, b"twelve bytes");
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            if let Some(byte) = flipped.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
            let opened = sealer(1, 1).open(PERSON, flipped);
            assert_eq!(opened.err(), Some(StoreError::Damaged), "{bit}");
        }
        for length in 0..sealed.len() {
            let cut = sealed.iter().copied().take(length).collect();
            let opened = sealer(1, 1).open(PERSON, cut);
            assert_eq!(opened.err(), Some(StoreError::Damaged), "{length}");
        }
    }

    #[test]
    fn no_key_is_shown() {
        let key = StoreKey::copy_of(&[0xab; 32]);
        let shown = format!("{key:?} {:?}", sealer(1, 1));
        assert_eq!(shown, "[redacted] [redacted]");
    }

    #[test]
    fn without_randomness_nothing_is_sealed() {
        struct Nothing;
        impl Entropy for Nothing {
            fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
                Err(EntropyError)
            }
        }
        assert_eq!(sealer(1, 1).seal(PERSON, b"a", &Nothing), Err(EntropyError));
        assert!(StoreKey::generate(&Nothing).is_err());
    }
}
