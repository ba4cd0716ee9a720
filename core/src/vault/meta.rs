//! The plain table `meta`: which vault the file is, and its epoch.

use ring::digest;
use rusqlite::{Connection, OptionalExtension};

use super::error::VaultError;
use super::format::{Realm, VaultId};
use super::slot::finish32;

/// SHA-256 over the entries of `meta` that are not named as plain, each framed by its length.
pub(super) fn meta_digest(db: &Connection) -> Result<[u8; 32], VaultError> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"countersign-meta/1\0");
    let mut statement =
        db.prepare_cached("SELECT k, v FROM meta WHERE substr(k, 1, 6) <> 'plain/' ORDER BY k")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_bytes().unwrap_or_default();
        let value = row.get_ref(1)?.as_bytes().unwrap_or_default();
        for part in [key, value] {
            let length = u32::try_from(part.len()).map_err(|_| VaultError::DamagedData)?;
            context.update(&length.to_be_bytes());
            context.update(part);
        }
    }
    Ok(finish32(context))
}

/// Which vault the file is.
///
/// # Errors
///
/// [`VaultError::DamagedData`] when the entry is missing or has another length.
pub(super) fn load_vault_id(db: &Connection) -> Result<VaultId, VaultError> {
    let value: Option<Vec<u8>> = db
        .query_row("SELECT v FROM meta WHERE k = 'vault_id'", [], |row| {
            row.get(0)
        })
        .optional()?;
    value
        .as_deref()
        .and_then(VaultId::from_slice)
        .ok_or(VaultError::DamagedData)
}

/// Writes the entries of `meta` that the manifest covers.
pub(super) fn store_meta(db: &Connection, realm: Realm, epoch: u32) -> Result<(), VaultError> {
    let mut statement = db.prepare_cached(
        "INSERT INTO meta(k, v) VALUES (?1, ?2) ON CONFLICT(k) DO UPDATE SET v = excluded.v",
    )?;
    statement.execute(("epoch", epoch.to_be_bytes()))?;
    statement.execute(("format", realm.format.to_be_bytes()))?;
    statement.execute(("vault_id", realm.vault.bytes()))?;
    Ok(())
}
