//! The server's signing keys: the ones that are listed in account documents now, and replaced ones, which sign only for a
//! device that has not heard of their successors yet.

use std::sync::Arc;

use countersign_protocol::envelope::SERVER_KEYS_MAX;
use countersign_protocol::hash::Thumbprint;
use countersign_protocol::key::PublicKey;
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;

/// How long a replaced key signs for devices that know no newer one, in seconds: 90 days.
pub const REPLACED_KEEP_S: u64 = 90 * 24 * 60 * 60;

/// There are none, more than four, or one of them twice.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a server has one to four signing keys, each once")]
pub struct KeysError;

/// One to four keys that sign now, the first of them whatever a device knows it, and those that they replaced.
#[derive(Clone, Debug)]
pub struct ServerKeys {
    current: Vec<Arc<SigningKey>>,
    replaced: Vec<Replaced>,
}

/// A key that was replaced.
#[derive(Clone, Debug)]
pub struct Replaced {
    /// The key.
    pub key: Arc<SigningKey>,
    /// When it was replaced.
    pub at: Timestamp,
}

impl ServerKeys {
    /// Keys as they were stored.
    ///
    /// # Errors
    ///
    /// [`KeysError`].
    pub fn new(current: Vec<SigningKey>, replaced: Vec<Replaced>) -> Result<Self, KeysError> {
        let current: Vec<_> = current.into_iter().map(Arc::new).collect();
        let is_twice = |key: &Arc<SigningKey>| {
            let replaced = replaced.iter().map(|replaced| &replaced.key);
            let all = current.iter().chain(replaced);
            all.filter(|one| one.public() == key.public()).count() > 1
        };
        if !(1..=SERVER_KEYS_MAX).contains(&current.len()) || current.iter().any(is_twice) {
            return Err(KeysError);
        }
        Ok(Self { current, replaced })
    }

    /// With a new key in the place of those that signed until now.
    #[must_use]
    pub fn rotated(&self, new: SigningKey, now: Timestamp) -> Self {
        let was_current = self.current.iter().map(|key| Replaced {
            key: Arc::clone(key),
            at: now,
        });
        let is_kept = |replaced: &&Replaced| now < replaced.at.plus_s(REPLACED_KEEP_S);
        let earlier = self.replaced.iter().filter(is_kept).cloned();
        Self {
            current: vec![Arc::new(new)],
            replaced: was_current.chain(earlier).collect(),
        }
    }

    /// The keys that are listed in account documents, the first first.
    #[must_use]
    pub fn current(&self) -> &[Arc<SigningKey>] {
        &self.current
    }

    /// The keys that were replaced.
    #[must_use]
    pub fn replaced(&self) -> &[Replaced] {
        &self.replaced
    }

    /// The key that signs what every device reads after it took the newest account document.
    ///
    /// # Panics
    ///
    /// Never: there is one at least.
    #[must_use]
    pub fn first(&self) -> &SigningKey {
        self.current.first().expect("there is one key at least")
    }

    /// The key for a reader that knows these, and the first one when it knows none that still signs.
    pub(crate) fn for_reader(&self, known: &[Thumbprint], now: Timestamp) -> &SigningKey {
        let is_kept = |replaced: &&Replaced| now < replaced.at.plus_s(REPLACED_KEEP_S);
        let replaced = self.replaced.iter().filter(is_kept);
        let all = self.current.iter().chain(replaced.map(|one| &one.key));
        all.map(|key| &**key)
            .find(|key| known.contains(&key.public().thumbprint()))
            .unwrap_or_else(|| self.first())
    }

    /// The keys for the document of a reader that knows these: those that sign now, and the one that still signs for this reader.
    /// It stays in the list until the reader has a document with its successor: what is signed while that document is on
    /// its way can be checked with the old list and with the new one.
    pub(crate) fn listed_for(&self, known: &[Thumbprint], now: Timestamp) -> Vec<PublicKey> {
        let signs = *self.for_reader(known, now).public();
        let mut listed = self.listed();
        if !listed.contains(&signs) {
            listed.truncate(SERVER_KEYS_MAX - 1);
            listed.push(signs);
        }
        listed
    }

    /// A key that this server has, whether it signs now or was replaced.
    pub(crate) fn public(&self, key: &Thumbprint) -> Option<&PublicKey> {
        let replaced = self.replaced.iter().map(|replaced| &replaced.key);
        let mut all = self.current.iter().chain(replaced).map(|one| one.public());
        all.find(|public| public.thumbprint() == *key)
    }

    /// The public halves of the keys that are listed now.
    pub(crate) fn listed(&self) -> Vec<PublicKey> {
        self.current.iter().map(|key| *key.public()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::generate().unwrap()
    }

    fn at(unix_s: u64) -> Timestamp {
        Timestamp::new(unix_s).unwrap()
    }

    #[test]
    fn there_are_one_to_four_keys_each_once() {
        // EXPOSE: the same key is taken twice.
        let copy = |key: &SigningKey| SigningKey::from_pkcs8(key.expose_pkcs8()).unwrap();
        let of = |keys| ServerKeys::new(keys, vec![]).err();
        assert_eq!(of(vec![key()]), None);
        assert_eq!(of((0..4).map(|_| key()).collect()), None);
        assert_eq!(of(vec![]), Some(KeysError));
        assert_eq!(of((0..5).map(|_| key()).collect()), Some(KeysError));
        let one = key();
        assert_eq!(of(vec![copy(&one), one]), Some(KeysError));
    }

    #[test]
    fn a_replaced_key_signs_for_who_knows_it_alone_and_for_90_days() {
        let old = key();
        let (old_public, other) = (*old.public(), key().public().thumbprint());
        let keys = ServerKeys::new(vec![old], vec![]).unwrap();
        let keys = keys.rotated(key(), at(1_000));
        let signs = |known: &[Thumbprint], now| *keys.for_reader(known, at(now)).public();
        let new = *keys.first().public();
        assert_ne!(new, old_public);
        assert_eq!(keys.listed(), [new]);
        let known = [other, old_public.thumbprint()];
        assert_eq!(signs(&known, 1_000), old_public);
        assert_eq!(signs(&known, 1_000 + REPLACED_KEEP_S - 1), old_public);
        assert_eq!(signs(&known, 1_000 + REPLACED_KEEP_S), new);
        assert_eq!(signs(&[other], 1_000), new);
        // A newer key that the reader knows too comes first.
        assert_eq!(
            signs(&[old_public.thumbprint(), new.thumbprint()], 1_000),
            new
        );
        assert_eq!(keys.listed_for(&known, at(1_000)), [new, old_public]);
        assert_eq!(keys.listed_for(&[new.thumbprint()], at(1_000)), [new]);
        let later = keys.rotated(key(), at(1_000 + REPLACED_KEEP_S));
        assert_eq!(later.replaced().len(), 1);
    }
}
