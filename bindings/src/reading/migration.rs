//! An export in parts: scanned in any order, and handed out whole, or in part when the person says so.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::doctor::{self, Content, Finding};
use countersign_core::uri::UriError;
use countersign_core::uri::migration::{self, Added, Batch, BatchError};

use super::Reading;

/// Why a part was not taken; the collection is unchanged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error, uniffi::Error)]
pub enum PartError {
    /// It is no part of an export.
    #[error("{fault}")]
    Refused {
        /// What is wrong with it.
        fault: UriError,
    },
    /// It does not belong to the others.
    #[error("{fault}")]
    Apart {
        /// Why.
        fault: BatchError,
    },
    /// Parts are missing, and nobody said that this is fine.
    #[error("parts are missing")]
    Incomplete {
        /// How many.
        missing: u32,
    },
}

/// The parts of one export so far.
#[derive(uniffi::Object)]
pub struct MigrationBatch(Mutex<Option<Batch>>);

#[uniffi::export]
impl MigrationBatch {
    /// A collection without parts.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(None)))
    }

    /// Adds a part; the same one again is fine.
    ///
    /// # Errors
    ///
    /// `Refused`, `Apart`.
    pub fn add(&self, link: &str) -> Result<Added, PartError> {
        let part =
            migration::parse_migration(link).map_err(|fault| PartError::Refused { fault })?;
        let mut batch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let added = match &mut *batch {
            Some(batch) => batch.add(part),
            None => Batch::new(part).map(|first| {
                *batch = Some(first);
                Added::New
            }),
        };
        added.map_err(|fault| PartError::Apart { fault })
    }

    /// How many parts the export has; 0 before the first one.
    #[must_use]
    pub fn size(&self) -> u32 {
        let batch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        batch.as_ref().map_or(0, Batch::size)
    }

    /// Indices of the missing parts, from 0.
    #[must_use]
    pub fn missing(&self) -> Vec<u32> {
        let batch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        batch.as_ref().map(Batch::missing).unwrap_or_default()
    }

    /// What was read, once it is complete; the collection is empty then.
    ///
    /// # Errors
    ///
    /// `Incomplete`: the collection is as it was.
    pub fn complete(&self) -> Result<Arc<Reading>, PartError> {
        let missing = self.missing().len();
        if missing > 0 {
            let missing = u32::try_from(missing).unwrap_or(u32::MAX);
            return Err(PartError::Incomplete { missing });
        }
        Ok(self.accept_partial())
    }

    /// What was read so far, on the person's word; the collection is empty then.
    #[must_use]
    pub fn accept_partial(&self) -> Arc<Reading> {
        let mut batch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = batch.take().map(Batch::accept_partial).unwrap_or_default();
        let warnings = parts
            .iter()
            .flat_map(|part| part.entries.iter().flat_map(|entry| &entry.warnings))
            .copied()
            .collect();
        Arc::new(Reading::of(Finding {
            kind: doctor::Kind::Migration,
            error: parts.is_empty().then_some(UriError::EmptyPayload),
            content: Content::Migration(parts),
            warnings,
            field: None,
            hint: None,
            vendor: None,
        }))
    }
}
