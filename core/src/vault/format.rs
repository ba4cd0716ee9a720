//! Constants, identifiers and associated data of format 1. `docs/vault-format.md` is their description.

use std::fmt;
use std::str::FromStr;

use crate::entropy::{Entropy, EntropyError, generate_bytes};

/// The version of the file format, also SQLite's `user_version`.
pub const FORMAT: u32 = 1;
/// SQLite's `application_id`: "CSVT" in ASCII.
pub const APPLICATION_ID: u32 = 0x4353_5654;

/// Bytes of a GCM nonce.
pub(super) const NONCE_BYTES: usize = 12;
/// Bytes of a GCM tag.
pub(super) const TAG_BYTES: usize = 16;
/// Most records a vault holds.
pub const RECORDS_MAX: usize = 20_000;

/// Record kinds. Another kind is kept byte for byte.
pub(super) mod kind {
    pub(in crate::vault) const ACCOUNT: u8 = 1;
    pub(in crate::vault) const TAG: u8 = 2;
    pub(in crate::vault) const SETTINGS: u8 = 3;
    pub(in crate::vault) const SLOT_KEY: u8 = 4;
    pub(in crate::vault) const WORK_ACCOUNT: u8 = 5;
    pub(in crate::vault) const IN_FLIGHT: u8 = 6;

    /// Whether a record of this kind is what a person calls an account.
    pub(in crate::vault) const fn is_account(kind: u8) -> bool {
        matches!(kind, ACCOUNT | WORK_ACCOUNT)
    }
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub(super) [u8; 16]);

        impl $name {
            /// A fresh random identifier.
            ///
            /// # Errors
            ///
            /// [`EntropyError`] when there is no randomness.
            pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
                generate_bytes(entropy).map(Self)
            }

            /// Takes an identifier back from where it was stored.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes.
            #[must_use]
            pub const fn bytes(&self) -> &[u8; 16] {
                &self.0
            }

            pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(std::str::from_utf8(&hexadecimal(&self.0)).map_err(|_| fmt::Error)?)
            }
        }
    };
}

identifier! {
    /// Which vault a file is. Random, made once, no secret.
    VaultId
}
identifier! {
    /// Which record: an account's id is its record's. Random; 32 lower-case hexadecimal digits as text.
    RecordId
}

/// The lower-case digits of an identifier, eight at once: a list of a thousand accounts writes a thousand identifiers.
fn hexadecimal(bytes: &[u8; 16]) -> [u8; 32] {
    let mut digits = [0; 32];
    let eights = digits.as_chunks_mut().0.iter_mut();
    for (eight, bytes) in eights.zip(bytes.as_chunks().0) {
        // Halves are drawn apart until each byte of the word is one digit's value.
        let mut values = u64::from(u32::from_be_bytes(*bytes));
        for (shift, kept) in [
            (16, 0x0000_ffff_0000_ffff),
            (8, 0x00ff_00ff_00ff_00ff),
            (4, 0x0f0f_0f0f_0f0f_0f0f),
        ] {
            values = (values << shift | values) & kept;
        }
        // Six more carry a value above nine, and no other, into the upper half of its byte.
        let letters = (values + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
        let texts = values + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'9' - 1);
        *eight = texts.to_be_bytes();
    }
    digits
}

/// The text is not 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an id is 32 lower-case hexadecimal digits")]
pub struct NotAnId;

impl FromStr for RecordId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let digits: &[u8; 32] = text.as_bytes().try_into().map_err(|_| NotAnId)?;
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            for &digit in pair {
                let value = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return Err(NotAnId),
                };
                *byte = *byte << 4 | value;
            }
        }
        Ok(Self(bytes))
    }
}

/// Which vault, in which format: what every sealing is bound to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Realm {
    pub(super) vault: VaultId,
    pub(super) format: u32,
}

impl Realm {
    /// A vault in the format that this version writes.
    pub(super) const fn current(vault: VaultId) -> Self {
        Self {
            vault,
            format: FORMAT,
        }
    }
}

/// Associated data: a label of three letters, the format, the vault, then fields of fixed width.
pub(super) struct Aad {
    bytes: [u8; 64],
    len: usize,
}

impl Aad {
    fn new(label: [u8; 3], realm: Realm) -> Self {
        let mut aad = Self {
            bytes: [0; 64],
            len: 0,
        };
        aad.push(&label);
        aad.push(&realm.format.to_be_bytes());
        aad.push(&realm.vault.0);
        aad
    }

    fn push(&mut self, field: &[u8]) {
        let place = self
            .bytes
            .get_mut(self.len..self.len + field.len())
            .expect("the widest associated data has 52 of 64 bytes");
        place.copy_from_slice(field);
        self.len += field.len();
    }

    pub(super) fn record(realm: Realm, id: RecordId, kind: u8, rev: u64, epoch: u32) -> Self {
        let mut aad = Self::new(*b"rec", realm);
        aad.push(&id.0);
        aad.push(&[kind]);
        aad.push(&rev.to_be_bytes());
        aad.push(&epoch.to_be_bytes());
        aad
    }

    pub(super) fn bucket(realm: Realm, n: u8, rev: u64, epoch: u32) -> Self {
        let mut aad = Self::new(*b"bkt", realm);
        aad.push(&[n]);
        aad.push(&rev.to_be_bytes());
        aad.push(&epoch.to_be_bytes());
        aad
    }

    pub(super) fn manifest(realm: Realm, generation: u64, epoch: u32) -> Self {
        let mut aad = Self::new(*b"man", realm);
        aad.push(&generation.to_be_bytes());
        aad.push(&epoch.to_be_bytes());
        aad
    }

    pub(super) fn log(realm: Realm, seq: u64, epoch: u32) -> Self {
        let mut aad = Self::new(*b"log", realm);
        aad.push(&seq.to_be_bytes());
        aad.push(&epoch.to_be_bytes());
        aad
    }

    pub(super) fn porch(realm: Realm, id: RecordId, rev: u64, epoch: u32) -> Self {
        let mut aad = Self::new(*b"por", realm);
        aad.push(&id.0);
        aad.push(&rev.to_be_bytes());
        aad.push(&epoch.to_be_bytes());
        aad
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes
            .get(..self.len)
            .expect("push keeps len within the array")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_only_what_it_writes() {
        let id = RecordId([0x0f; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "0f",
            &"0F".repeat(16),
            &"0g".repeat(16),
            &"0f".repeat(17),
        ] {
            assert_eq!(text.parse::<RecordId>(), Err(NotAnId), "{text}");
        }
    }

    #[test]
    fn an_id_of_every_byte_is_written_as_its_digits() {
        for first in 0..=u8::MAX {
            let mut bytes = [0; 16];
            for (place, byte) in (0..).zip(&mut bytes) {
                *byte = first.wrapping_add(17 * place);
            }
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(RecordId(bytes).to_string(), digits);
        }
    }

    #[test]
    fn every_table_has_a_label_of_its_own() {
        let (realm, id) = (Realm::current(VaultId([1; 16])), RecordId([2; 16]));
        let all = [
            Aad::record(realm, id, 1, 1, 1),
            Aad::bucket(realm, 1, 1, 1),
            Aad::manifest(realm, 1, 1),
            Aad::log(realm, 1, 1),
            Aad::porch(realm, id, 1, 1),
        ];
        let widths: Vec<usize> = all.iter().map(|aad| aad.bytes().len()).collect();
        assert_eq!(widths, [52, 36, 35, 35, 51]);
        for (n, aad) in all.iter().enumerate() {
            for other in all.iter().skip(n + 1) {
                assert_ne!(aad.bytes().get(..3), other.bytes().get(..3));
            }
        }
    }
}
