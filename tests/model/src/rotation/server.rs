//! The server's half: its keys, its documents, and one statement.

use super::device::{Reply, Told};
use super::{Fault, Rotation};
use crate::bits::Bits;

/// The place of a document among all that were ever made, and so which one it is.
pub type Number = u8;

/// An account document.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Document {
    /// Its version, as it says itself.
    pub version: u8,
    /// The server's keys.
    pub keys: Bits,
}

impl Document {
    /// The newest of its keys.
    #[must_use]
    pub fn newest_key(&self) -> u8 {
        let newest = (0..8).rev().find(|key| self.keys.has(*key));
        newest.expect("a document lists a key")
    }
}

/// Every document that was ever made, whoever still knows it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Documents {
    made: [Option<Document>; 6],
}

impl Documents {
    /// The document.
    #[must_use]
    pub fn of(&self, number: Number) -> Document {
        let made = self.made.get(usize::from(number)).copied().flatten();
        made.expect("numbers are given to documents that were made")
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u8 {
        self.made.iter().map(|made| u8::from(made.is_some())).sum()
    }

    fn make(&mut self, document: Document) -> Number {
        let number = self.count();
        if let Some(slot) = self.made.get_mut(usize::from(number)) {
            *slot = Some(document);
        }
        number
    }
}

/// What became of the statement.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Fate {
    /// It was not made.
    #[default]
    Unmade,
    /// It is open, signed by this key.
    Open(u8),
    /// It was approved.
    Approved,
    /// Its time is up.
    Expired,
    /// The server was restored, and knows nothing of it any more.
    Unknown,
}

/// What a backup holds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Record {
    /// The document that holds.
    pub current: Number,
    /// The newest document that the device is known to have; none when it named one that is not known here.
    pub told: Option<Number>,
    /// The documents that are known here.
    pub known: Bits,
    /// The version of this record, as states say it.
    pub sequence: u8,
}

/// The server.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Server {
    /// What it knows of the person.
    pub record: Record,
    /// Its backup.
    pub backup: Option<Record>,
    /// Whether it was restored.
    pub is_restored: bool,
    /// Every document.
    pub documents: Documents,
    /// Keys that were made.
    pub keys_made: u8,
    /// The newest key that it has.
    pub newest_key: u8,
    /// The newest key when the backup was made.
    pub backup_key: u8,
    /// The statement.
    pub fate: Fate,
    /// The key under the first receipt.
    pub receipt_key: Option<u8>,
    /// How often it changed, restored or not.
    pub changes: u8,
}

impl Server {
    pub(super) fn new() -> Self {
        let first = Document {
            version: 1,
            keys: Bits::NONE.with(0),
        };
        let mut documents = Documents { made: [None; 6] };
        documents.make(first);
        Self {
            record: Record {
                current: 0,
                told: Some(0),
                known: Bits::NONE.with(0),
                sequence: 1,
            },
            backup: None,
            is_restored: false,
            documents,
            keys_made: 1,
            newest_key: 0,
            backup_key: 0,
            fate: Fate::Unmade,
            receipt_key: None,
            changes: 1,
        }
    }

    pub(super) fn current(&self) -> Document {
        self.documents.of(self.record.current)
    }

    pub(super) fn change(&mut self) {
        self.record.sequence += 1;
        self.changes += 1;
    }

    /// Makes a document; a version is never given twice, by taking it from a clock, which no backup turns back.
    fn publish(&mut self, keys: Bits, above: u8, model: &Rotation) -> Option<()> {
        // One more is kept for the restored server, which has to make it.
        let is_restoring = u8::from(above > 0);
        if self.documents.count() >= model.documents_max + is_restoring {
            return None;
        }
        let version = if model.lacks(Fault::CountsDocuments) {
            self.current().version.max(above) + 1
        } else {
            self.documents.count() + 1
        };
        let number = self.documents.make(Document { version, keys });
        self.record.current = number;
        self.record.known = self.record.known.with(number);
        self.change();
        Some(())
    }

    /// A key is made, and joins the list.
    pub(super) fn add_key(&mut self, model: &Rotation) -> Option<()> {
        if self.keys_made >= model.keys_max || self.current().keys.count() > 1 {
            return None;
        }
        let key = self.keys_made;
        let keys = if model.lacks(Fault::ReplacesAtOnce) {
            Bits::NONE.with(key)
        } else {
            self.current().keys.with(key)
        };
        self.publish(keys, 0, model)?;
        self.keys_made += 1;
        self.newest_key = key;
        Some(())
    }

    /// All but the newest key leave the list, once no statement is open under another.
    pub(super) fn retire_keys(&mut self, model: &Rotation) -> Option<()> {
        let key = self.listed_key();
        let is_needed = matches!(self.fate, Fate::Open(other) if other != key);
        if self.current().keys.count() < 2 || is_needed {
            return None;
        }
        self.publish(Bits::NONE.with(key), 0, model)
    }

    /// The key that signs for the device: the one that its request names, or the newest of the document that it is known to
    /// have.
    pub(super) fn key_for_device(&self, named: u8, model: &Rotation) -> u8 {
        match self.record.told {
            _ if model.lacks(Fault::SignsWithTheNewest) => self.newest_key,
            _ if model.requests_name_a_key => named.min(self.newest_key),
            Some(told) => self.newest_of(told),
            None => self.newest_key,
        }
    }

    /// The key that signs statements, one message for every device: the newest that the current list has. A restored server
    /// may have a newer one, of which no device that follows the list can know.
    pub(super) fn listed_key(&self) -> u8 {
        self.newest_of(self.record.current)
    }

    fn newest_of(&self, number: Number) -> u8 {
        self.documents.of(number).newest_key()
    }

    /// A fetch arrives that says which document the device has.
    pub(super) fn answer_fetch(&mut self, have: Number, model: &Rotation) -> Option<Reply> {
        let named_key = self.documents.of(have).newest_key();
        let version = self.documents.of(have).version;
        let is_above = version > self.current().version;
        let named = (0..self.documents.count())
            .filter(|number| self.record.known.has(*number))
            .find(|number| self.documents.of(*number).version == version);
        match (named, self.record.told) {
            (None, _) if model.lacks(Fault::SignsForItsOwnDocument) => {}
            (None, _) => self.record.told = None,
            (Some(_), None) => self.record.told = named,
            (Some(_), Some(told)) => {
                if version > self.documents.of(told).version {
                    self.record.told = named;
                }
            }
        }
        if is_above && !model.lacks(Fault::SendsItsOlderDocument) {
            // What it held is not known here: the same rules again, above it, with the newest key beside the others.
            let keys = self.current().keys.with(self.newest_key);
            self.publish(keys, version, model)?;
        }
        Some(Reply {
            key: self.key_for_device(named_key, model),
            sequence: self.record.sequence,
            change: self.changes,
            document: (named != Some(self.record.current)).then_some(self.record.current),
            told: match self.fate {
                Fate::Unmade | Fate::Unknown => Told::Nothing,
                Fate::Open(key) => Told::Open(key),
                Fate::Approved | Fate::Expired => Told::Closed(self.receipt(named_key, model)),
            },
        })
    }

    /// The key under a receipt that is sent now.
    pub(super) fn receipt(&mut self, named: u8, model: &Rotation) -> u8 {
        let now = self.key_for_device(named, model);
        let first = *self.receipt_key.get_or_insert(now);
        if model.lacks(Fault::ReceiptsKeepTheirSignature) {
            first
        } else {
            self.receipt_key = None;
            now
        }
    }

    pub(super) fn restore(&mut self, model: &Rotation) -> Option<()> {
        if self.is_restored {
            return None;
        }
        self.record = self.backup?;
        self.is_restored = true;
        if model.lacks(Fault::LosesKeys) {
            self.newest_key = self.backup_key;
        }
        if self.fate != Fate::Unmade {
            self.fate = Fate::Unknown;
        }
        self.receipt_key = None;
        self.changes += 1;
        Some(())
    }
}
