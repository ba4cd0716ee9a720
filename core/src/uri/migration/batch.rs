//! The parts of one export, collected in any order.

use std::collections::BTreeMap;

use super::{MigrationPart, Place};

/// More parts than any export has: ten accounts each.
const PARTS_MAX: u32 = 1_000;

/// What became of a part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Added {
    /// It was not there yet.
    New,
    /// The very same part is there already; nothing changed.
    Known,
}

/// Why a part was not taken; the collection is unchanged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BatchError {
    /// It belongs to another export, as its id says or its accounts do.
    #[error("this code belongs to another export")]
    OtherExport,
    /// It names another number of parts.
    #[error("this code names {got} parts, the others {expected}")]
    SizeDiffers {
        /// The parts the others name.
        expected: u32,
        /// The parts this one names.
        got: u32,
    },
    /// Its index is not below the number of parts, or there are more parts than any export has.
    #[error("this code says that it is part {index} (from 0) of {size}")]
    Index {
        /// The index, from 0.
        index: u32,
        /// The parts it names.
        size: u32,
    },
}

/// Parts are missing, and nobody said that this is fine.
#[derive(Debug, thiserror::Error)]
#[error("{} of {} parts are missing", .missing.len(), .batch.size())]
pub struct Incomplete {
    /// Indices of the missing parts, from 0, in order.
    pub missing: Vec<u32>,
    /// The collection, so that more parts can be added or the rest be given up.
    pub batch: Batch,
}

/// The parts of one export so far. Nothing is handed out before it is complete or the person
/// accepts what is there (A3).
#[derive(Debug)]
pub struct Batch {
    id: i32,
    size: u32,
    parts: BTreeMap<u32, MigrationPart>,
}

impl Batch {
    /// Begins with any part of the export.
    ///
    /// # Errors
    ///
    /// [`BatchError::Index`].
    pub fn new(first: MigrationPart) -> Result<Self, BatchError> {
        let Place {
            size, index, id, ..
        } = first.place;
        if index >= size || size > PARTS_MAX {
            return Err(BatchError::Index { index, size });
        }
        Ok(Self {
            id,
            size,
            parts: BTreeMap::from([(index, first)]),
        })
    }

    /// Adds another part; the same one again is fine.
    ///
    /// # Errors
    ///
    /// All of [`BatchError`].
    pub fn add(&mut self, part: MigrationPart) -> Result<Added, BatchError> {
        let Place {
            size, index, id, ..
        } = part.place;
        if id != self.id {
            return Err(BatchError::OtherExport);
        }
        if size != self.size {
            return Err(BatchError::SizeDiffers {
                expected: self.size,
                got: size,
            });
        }
        if index >= size {
            return Err(BatchError::Index { index, size });
        }
        match self.parts.get(&index) {
            Some(known) if *known == part => Ok(Added::Known),
            // Some writers give every export the same id: a part with other accounts is not this one again.
            Some(_) => Err(BatchError::OtherExport),
            None => {
                self.parts.insert(index, part);
                Ok(Added::New)
            }
        }
    }

    /// How many parts the export has.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// Indices of the parts that are not there yet, from 0, in order.
    #[must_use]
    pub fn missing(&self) -> Vec<u32> {
        (0..self.size)
            .filter(|index| !self.parts.contains_key(index))
            .collect()
    }

    /// The parts in the export's order, once all are there.
    ///
    /// # Errors
    ///
    /// [`Incomplete`], with the collection unchanged inside.
    pub fn complete(self) -> Result<Vec<MigrationPart>, Box<Incomplete>> {
        let missing = self.missing();
        if missing.is_empty() {
            Ok(self.accept_partial())
        } else {
            Err(Box::new(Incomplete {
                missing,
                batch: self,
            }))
        }
    }

    /// The parts that are there, in the export's order: the person said that this is enough.
    #[must_use]
    pub fn accept_partial(self) -> Vec<MigrationPart> {
        self.parts.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri::UriError;
    use crate::uri::migration::EntryFailure;

    fn part(index: u32, size: u32, id: i32) -> MigrationPart {
        MigrationPart {
            place: Place {
                version: 1,
                size,
                index,
                id,
            },
            entries: Vec::new(),
            failures: Vec::new(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn parts_come_in_any_order_and_twice() {
        let mut batch = Batch::new(part(2, 3, -7)).unwrap();
        assert_eq!(batch.add(part(0, 3, -7)), Ok(Added::New));
        assert_eq!(batch.add(part(2, 3, -7)), Ok(Added::Known));
        let incomplete = batch.complete().unwrap_err();
        assert_eq!(incomplete.missing, [1]);
        assert_eq!(incomplete.to_string(), "1 of 3 parts are missing");
        let mut batch = incomplete.batch;
        assert_eq!(batch.add(part(1, 3, -7)), Ok(Added::New));
        let parts = batch.complete().unwrap();
        let order: Vec<_> = parts.iter().map(|part| part.place.index).collect();
        assert_eq!(order, [0, 1, 2]);
    }

    #[test]
    fn parts_of_two_exports_do_not_mix() {
        let mut batch = Batch::new(part(0, 2, 1)).unwrap();
        assert_eq!(batch.add(part(1, 2, 2)), Err(BatchError::OtherExport));
        assert_eq!(
            batch.add(part(1, 3, 1)),
            Err(BatchError::SizeDiffers {
                expected: 2,
                got: 3
            })
        );
        assert_eq!(
            batch.add(part(2, 2, 1)),
            Err(BatchError::Index { index: 2, size: 2 })
        );
        assert_eq!(batch.missing(), [1]);
    }

    #[test]
    fn another_part_with_the_same_place_is_not_lost_silently() {
        let mut batch = Batch::new(part(0, 1, 0)).unwrap();
        let other = MigrationPart {
            failures: vec![EntryFailure {
                index: 0,
                error: UriError::EmptySecret,
            }],
            ..part(0, 1, 0)
        };
        assert_eq!(batch.add(other), Err(BatchError::OtherExport));
        assert_eq!(batch.accept_partial(), [part(0, 1, 0)]);
    }

    #[test]
    fn an_impossible_place_is_refused() {
        assert!(Batch::new(part(1, 1, 0)).is_err());
        assert!(Batch::new(part(0, u32::MAX, 0)).is_err());
    }
}
