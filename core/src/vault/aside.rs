//! Rows that cannot be read, kept byte for byte beside the vault when the key that they were sealed under goes.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use super::build::{private_file, remove_database, sync_folder};
use super::error::VaultError;
use super::format::{APPLICATION_ID, FORMAT, RecordId};
use super::location::VaultLocation;
use super::schema::create_tables;
use super::slot::SlotRow;
use super::write::column;
use crate::time::UnixSeconds;

/// What happens to rows that cannot be read when everything is sealed under a new key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Damaged {
    /// They stand in the way: nothing is changed.
    Refuse,
    /// They are moved to a file of their own, `NAME.damaged-<time>`: the person has consented.
    SetAside,
}

/// A row of `record` as it stands.
pub(super) struct RawRecord {
    pub(super) id: RecordId,
    pub(super) kind: u8,
    pub(super) rev: u64,
    pub(super) epoch: u32,
    pub(super) nonce: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// A row of `log` as it stands.
pub(super) struct RawLog {
    pub(super) seq: u64,
    pub(super) epoch: u32,
    pub(super) nonce: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// Everything that is set aside at once.
#[derive(Default)]
pub(super) struct AsideRows {
    pub(super) records: Vec<RawRecord>,
    pub(super) slots: Vec<SlotRow>,
    pub(super) log: Vec<RawLog>,
}

impl AsideRows {
    pub(super) fn len(&self) -> usize {
        self.records.len() + self.slots.len() + self.log.len()
    }

    /// Writes the rows to a new file beside the vault and waits until it is on the disk. Nothing is replaced.
    ///
    /// # Errors
    ///
    /// [`VaultError::DiskFull`], [`VaultError::ReadOnly`], [`VaultError::NoAccess`], [`VaultError::Io`]: no file is left.
    pub(super) fn write(
        &self,
        location: &VaultLocation,
        now: UnixSeconds,
    ) -> Result<PathBuf, VaultError> {
        let target = free_place(location, now)?;
        let mut new = target.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        remove_database(&new)?;
        let written = self
            .fill(&new)
            .and_then(|()| Ok(fs::File::open(&new)?.sync_all()?))
            .and_then(|()| Ok(fs::rename(&new, &target)?))
            .and_then(|()| sync_folder(location.folder()));
        if written.is_err() {
            let _ = remove_database(&new);
        }
        written.map(|()| target)
    }

    fn fill(&self, path: &Path) -> Result<(), VaultError> {
        drop(private_file().create_new(true).open(path)?);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.pragma_update(None, "page_size", 4096)?;
        db.pragma_update(None, "application_id", APPLICATION_ID)?;
        db.pragma_update(None, "user_version", FORMAT)?;
        create_tables(&db)?;
        let tx = db.unchecked_transaction()?;
        for row in &self.records {
            tx.execute(
                "INSERT INTO record(id, kind, rev, epoch, nonce, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![row.id.bytes(), row.kind, column(row.rev)?, row.epoch, row.nonce, row.body],
            )?;
        }
        for row in &self.slots {
            row.insert(&tx)?;
        }
        for row in &self.log {
            tx.execute(
                "INSERT INTO log(seq, epoch, nonce, body) VALUES (?1, ?2, ?3, ?4)",
                params![column(row.seq)?, row.epoch, row.nonce, row.body],
            )?;
        }
        tx.commit()?;
        db.close().map_err(|(_, error)| VaultError::from(error))
    }
}

/// A name for something damaged that nothing has yet: `NAME.damaged-<time>`, and a number where that second has one.
pub(super) fn free_place(
    location: &VaultLocation,
    now: UnixSeconds,
) -> Result<PathBuf, VaultError> {
    for number in 1_u32..1_000 {
        let place = match number {
            1 => location.beside(&format!(".damaged-{}", now.0)),
            _ => location.beside(&format!(".damaged-{}-{number}", now.0)),
        };
        match fs::symlink_metadata(&place) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(place),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
    }
    Err(VaultError::Io)
}
