//! What the porch may hold of a work account: a closed list.

use std::fmt;

use zeroize::Zeroizing;

use super::error::VaultError;
use super::tlv::{Malformed, Reader, Writer};

/// Longest entry of the porch in bytes.
pub const PORCH_BYTES_MAX: usize = 256 * 1024;

/// What an entry of the porch may hold of a work account.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PorchField {
    /// Who issued the account.
    Issuer,
    /// Whose account it is.
    Label,
    /// The server's base address.
    BaseUrl,
    /// The server's public keys. Repeated.
    ServerKey,
    /// The platform's name of the device key.
    DeviceKeyAlias,
    /// The platform's name of the approval key.
    ApprovalKeyAlias,
    /// The rules in force.
    Policy,
    /// What a bell has to carry.
    BellToken,
    /// What the server's clock is ahead of the device's.
    ClockOffset,
    /// What keeps bombing quiet.
    Shield,
    /// A statement that waits for an answer. Repeated.
    Statement,
    /// An answer on its way. Repeated.
    Answer,
    /// A receipt that the history has not yet. Repeated.
    Receipt,
    /// The server's id of the account.
    AccountId,
    /// Which protocol the account speaks.
    Protocol,
    /// The protocol's own state, in bytes that only it reads.
    State,
}

impl PorchField {
    const ALL: [Self; 16] = [
        Self::Issuer,
        Self::Label,
        Self::BaseUrl,
        Self::ServerKey,
        Self::DeviceKeyAlias,
        Self::ApprovalKeyAlias,
        Self::Policy,
        Self::BellToken,
        Self::ClockOffset,
        Self::Shield,
        Self::Statement,
        Self::Answer,
        Self::Receipt,
        Self::AccountId,
        Self::Protocol,
        Self::State,
    ];

    /// The field's number in the body (docs/vault-format.md §6).
    const fn number(self) -> u8 {
        match self {
            Self::Issuer => 1,
            Self::Label => 2,
            Self::BaseUrl => 3,
            Self::ServerKey => 4,
            Self::DeviceKeyAlias => 5,
            Self::ApprovalKeyAlias => 6,
            Self::Policy => 7,
            Self::BellToken => 8,
            Self::ClockOffset => 9,
            Self::Shield => 10,
            Self::Statement => 11,
            Self::Answer => 12,
            Self::Receipt => 13,
            Self::AccountId => 14,
            Self::Protocol => 15,
            Self::State => 16,
        }
    }
}

/// One work account's entry: fields in their order, repeated ones several times.
///
/// Values are bytes that anybody with the platform's key for the porch may read. A [`Secret`](crate::secret::Secret) does
/// not go in: keys of codes, software keys and offline keys are such, and none of them has a place here.
#[derive(Default, Eq, PartialEq)]
pub struct PorchEntry(Vec<(PorchField, Zeroizing<Vec<u8>>)>);

impl fmt::Debug for PorchEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.0.iter().map(|(field, _)| field);
        formatter.debug_list().entries(fields).finish()
    }
}

impl PorchEntry {
    /// Adds a field.
    pub fn put(&mut self, field: PorchField, value: &[u8]) {
        self.0.push((field, Zeroizing::new(value.to_vec())));
    }

    /// All values of a field, in the order in which they were put.
    pub fn values(&self, field: PorchField) -> impl Iterator<Item = &[u8]> {
        let is_wanted = move |(found, _): &&(PorchField, Zeroizing<Vec<u8>>)| *found == field;
        self.0
            .iter()
            .filter(is_wanted)
            .map(|(_, value)| value.as_slice())
    }

    /// The first value of a field.
    #[must_use]
    pub fn value(&self, field: PorchField) -> Option<&[u8]> {
        self.values(field).next()
    }

    /// # Errors
    ///
    /// [`VaultError::WorkTooLarge`].
    pub(super) fn encode(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let wide = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let mut body = Writer::new();
        for field in PorchField::ALL {
            for value in self.values(field) {
                body.put(field.number(), value);
            }
        }
        let body = body.finish();
        if body.len() > PORCH_BYTES_MAX {
            return Err(VaultError::WorkTooLarge {
                got_bytes: wide(body.len()),
                max_bytes: wide(PORCH_BYTES_MAX),
            });
        }
        Ok(body)
    }

    /// A field that is not in the list is dropped: the porch is made anew from the records.
    pub(super) fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let mut entry = Self::default();
        let mut reader = Reader::new(body);
        while let Some((number, value)) = reader.next()? {
            let known = PorchField::ALL
                .into_iter()
                .find(|field| field.number() == number);
            if let Some(field) = known {
                entry.put(field, value);
            }
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_what_it_writes_and_drops_what_is_not_in_the_list() {
        let mut entry = PorchEntry::default();
        entry.put(PorchField::Issuer, b"ACME");
        entry.put(PorchField::Statement, b"one");
        entry.put(PorchField::Statement, b"two");
        entry.put(PorchField::State, b"");
        assert_eq!(PorchEntry::decode(&entry.encode().unwrap()), Ok(entry));
        let mut body = Writer::new();
        body.put(1, b"ACME");
        body.put(17, b"an offline key of a newer version");
        let read = PorchEntry::decode(&body.finish()).unwrap();
        assert_eq!(read.0.len(), 1);
        assert!(PorchEntry::decode(&[1, 2, 3]).is_err());
        assert!(!format!("{read:?}").contains("ACME"));
    }

    #[test]
    fn an_entry_has_a_longest_size() {
        let mut entry = PorchEntry::default();
        entry.put(PorchField::State, &vec![7; PORCH_BYTES_MAX - 6]);
        assert!(entry.encode().is_ok());
        entry.put(PorchField::Issuer, b"");
        let refused = entry.encode().unwrap_err();
        assert_eq!(refused.name(), "work_too_large");
    }
}
