//! A wrapped secret, which is a slot's `params`, and the key that opens it, which is in the keyring.
//!
//! ```text
//! version 1 ‖ collection (16) ‖ nonce (12) ‖ AES-256-GCM(key, nonce, secret), its AAD = all before the nonce ‖ context
//! ```
//!
//! `collection` is the beginning of SHA-256 over the path of the collection that the key was put in. It tells "the key is
//! not where it was put" from "this is another keyring", and says no more than that.

use countersign_core::entropy::{Entropy, EntropyError, generate_bytes};
use countersign_core::secret::Secret;
use countersign_core::vault::PlatformContext;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::service::Collection;

const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const MARK_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + MARK_BYTES;

/// Which collection a key was put in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Mark([u8; MARK_BYTES]);

impl Mark {
    pub(crate) fn of(collection: &Collection) -> Self {
        let hash = digest(&SHA256, collection.0.as_bytes());
        let mark = hash.as_ref().first_chunk();
        Self(*mark.expect("SHA-256 has 32 bytes"))
    }
}

/// Why bytes are no wrapped secret of this version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotWrapped {
    /// Another version of the program made them and may open them.
    OtherVersion,
    /// Nothing opens them.
    TooShort,
}

/// A wrapped secret, taken apart and not opened.
pub(crate) struct Wrapped<'a> {
    head: &'a [u8; HEAD_BYTES],
    nonce: &'a [u8; NONCE_LEN],
    sealed: &'a [u8],
}

impl<'a> Wrapped<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, NotWrapped> {
        match bytes.first() {
            Some(&VERSION) => {}
            Some(_) => return Err(NotWrapped::OtherVersion),
            None => return Err(NotWrapped::TooShort),
        }
        let (head, rest) = bytes.split_first_chunk().ok_or(NotWrapped::TooShort)?;
        let (nonce, sealed) = rest.split_first_chunk().ok_or(NotWrapped::TooShort)?;
        if sealed.len() < TAG_BYTES {
            return Err(NotWrapped::TooShort);
        }
        Ok(Self {
            head,
            nonce,
            sealed,
        })
    }

    /// Which collection has the key.
    pub(crate) fn mark(&self) -> Mark {
        let [_, mark @ ..] = *self.head;
        Mark(mark)
    }

    /// The secret; none when key, context or a byte is not what it was sealed with.
    pub(crate) fn open(&self, key: &WrappingKey, context: &PlatformContext) -> Option<Secret> {
        let mut text = Zeroizing::new(self.sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*self.nonce);
        let plain = key
            .expanded()
            .open_in_place(nonce, Aad::from(bound(self.head, context)), &mut text)
            .ok()?;
        Some(Secret::copy_of(plain))
    }
}

/// The key that a keyring keeps for one slot. In the keyring it is 64 lower-case hexadecimal digits: every keyring takes
/// text, and not every one takes bytes.
pub(crate) struct WrappingKey(Zeroizing<[u8; KEY_BYTES]>);

impl WrappingKey {
    pub(crate) fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(&mut *key)?;
        Ok(Self(key))
    }

    /// Reads what a keyring holds; none when it is no such text.
    pub(crate) fn parse(text: &Secret) -> Option<Self> {
        // EXPOSE: the digits become the key.
        let digits: &[u8; KEY_BYTES * 2] = text.expose().try_into().ok()?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            for &digit in pair {
                let value = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return None,
                };
                *byte = *byte << 4 | value;
            }
        }
        Some(Self(key))
    }

    /// What a keyring is given.
    pub(crate) fn format(&self) -> Secret {
        let digit = |value: u8| match value {
            0..=9 => b'0' + value,
            _ => b'a' + value - 10,
        };
        let mut text = Vec::with_capacity(KEY_BYTES * 2);
        for byte in self.0.iter() {
            text.extend([digit(byte >> 4), digit(byte & 0xf)]);
        }
        Secret::new(text)
    }

    /// Wraps a slot's secret.
    pub(crate) fn seal(
        &self,
        mark: Mark,
        context: &PlatformContext,
        secret: &Secret,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, EntropyError> {
        let nonce: [u8; NONCE_LEN] = generate_bytes(entropy)?;
        let mut head = [0; HEAD_BYTES];
        let [version, rest @ ..] = &mut head;
        (*version, *rest) = (VERSION, mark.0);
        // One allocation, so that no copy of the secret is left behind by growth.
        let mut text = Zeroizing::new(Vec::with_capacity(secret.len() + TAG_BYTES));
        // EXPOSE: encrypted in place in the next statement.
        text.extend_from_slice(secret.expose());
        self.expanded()
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound(&head, context)),
                &mut *text,
            )
            .expect("a slot's secret is far below the 64 GiB that GCM can seal");
        Ok([&head[..], &nonce, &text].concat())
    }

    /// Boxed so that a zeroizing allocator wipes it: ring itself does not.
    fn expanded(&self) -> Box<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, &*self.0);
        Box::new(LessSafeKey::new(key.expect("AES-256 takes every 32 bytes")))
    }
}

/// The associated data: all that lies in plain, and the context.
fn bound(head: &[u8; HEAD_BYTES], context: &PlatformContext) -> [u8; HEAD_BYTES + 32] {
    let mut bytes = [0; HEAD_BYTES + 32];
    let (start, end) = bytes.split_at_mut(HEAD_BYTES);
    start.copy_from_slice(head);
    end.copy_from_slice(&context.bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use countersign_core::vault::{RecordId, VaultId};

    use super::*;

    /// Bytes that are never twice the same, and the same in every run.
    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
            buffer.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
            Ok(())
        }
    }

    struct Case {
        key: WrappingKey,
        mark: Mark,
        context: PlatformContext,
        secret: Secret,
        wrapped: Vec<u8>,
    }

    fn case() -> Case {
        let entropy = Counting(AtomicU8::new(1));
        let key = WrappingKey::generate(&entropy).unwrap();
        let mark = Mark::of(&Collection("/one".to_owned()));
        let context = PlatformContext {
            vault: VaultId::generate(&entropy).unwrap(),
            slot: RecordId::generate(&entropy).unwrap(),
        };
        let secret = Secret::copy_of(&[0xa5; 32]);
        let wrapped = key.seal(mark, &context, &secret, &entropy).unwrap();
        Case {
            key,
            mark,
            context,
            secret,
            wrapped,
        }
    }

    fn opened(case: &Case, bytes: &[u8]) -> Option<Secret> {
        Wrapped::parse(bytes).ok()?.open(&case.key, &case.context)
    }

    #[test]
    fn what_was_wrapped_opens_and_says_where_its_key_is() {
        let case = case();
        assert_eq!(case.wrapped.len(), 1 + 16 + 12 + 32 + 16);
        assert_eq!(opened(&case, &case.wrapped).as_ref(), Some(&case.secret));
        assert_eq!(Wrapped::parse(&case.wrapped).unwrap().mark(), case.mark);
        assert_ne!(Mark::of(&Collection("/two".to_owned())), case.mark);
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let case = case();
        for place in 0..case.wrapped.len() * 8 {
            let mut bytes = case.wrapped.clone();
            bytes[place / 8] ^= 1 << (place % 8);
            assert_eq!(opened(&case, &bytes), None, "bit {place}");
        }
    }

    #[test]
    fn every_other_length_is_refused() {
        let case = case();
        for length in 0..case.wrapped.len() {
            assert_eq!(opened(&case, &case.wrapped[..length]), None, "{length}");
        }
        assert_eq!(opened(&case, &[&case.wrapped[..], &[0]].concat()), None);
    }

    #[test]
    fn another_vault_and_another_slot_are_refused() {
        let case = case();
        let entropy = Counting(AtomicU8::new(200));
        let wrapped = Wrapped::parse(&case.wrapped).unwrap();
        let mut other = case.context;
        other.vault = VaultId::generate(&entropy).unwrap();
        assert_eq!(wrapped.open(&case.key, &other), None);
        let mut other = case.context;
        other.slot = RecordId::generate(&entropy).unwrap();
        assert_eq!(wrapped.open(&case.key, &other), None);
    }

    #[test]
    fn another_key_is_refused() {
        let case = case();
        let key = WrappingKey::generate(&Counting(AtomicU8::new(2))).unwrap();
        let wrapped = Wrapped::parse(&case.wrapped).unwrap();
        assert_eq!(wrapped.open(&key, &case.context), None);
    }

    #[test]
    fn another_version_and_too_few_bytes_are_told_apart() {
        let refusal = |bytes: &[u8]| Wrapped::parse(bytes).err();
        let case = case();
        for version in [0, 2, 255] {
            let mut bytes = case.wrapped.clone();
            bytes[0] = version;
            assert_eq!(refusal(&bytes), Some(NotWrapped::OtherVersion));
            assert_eq!(refusal(&[version]), Some(NotWrapped::OtherVersion));
        }
        for length in [0, 1, 17, 28, 44] {
            let cut = &case.wrapped[..length];
            assert_eq!(refusal(cut), Some(NotWrapped::TooShort), "{length}");
        }
        assert_eq!(refusal(&case.wrapped[..45]), None);
    }

    #[test]
    fn a_key_is_64_lower_case_digits_and_nothing_else() {
        let case = case();
        let text = case.key.format();
        assert_eq!(WrappingKey::parse(&text).unwrap().0, case.key.0);
        let digits = std::str::from_utf8(text.expose()).unwrap().to_owned();
        assert!(digits.starts_with("01020304") && digits.ends_with("1f20"));
        for other in [
            String::new(),
            digits.chars().take(62).collect(),
            format!("{digits}00"),
            format!("{digits}\n"),
            digits.to_uppercase(),
            digits.replace('f', "g"),
            digits.replacen('0', "\u{0}", 1),
        ] {
            assert!(WrappingKey::parse(&Secret::new(other.into_bytes())).is_none());
        }
        assert!(WrappingKey::parse(&Secret::copy_of(&*case.key.0)).is_none());
    }
}
