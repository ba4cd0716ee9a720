//! From an earlier format to the present one: copied, verified, sealed anew in one transaction, and the copy kept until
//! a later unlock has shown that all is well.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::anchor::Flush;
use super::anchoring::{Following, store_anchor};
use super::aside::Damaged;
use super::build::{private_file, remove_database, sync_folder};
use super::error::VaultError;
use super::file::{self, open_copy};
use super::format::{FORMAT, Realm};
use super::formats::earlier;
use super::keys::{SealingKeys, VaultKey};
use super::location::VaultLocation;
use super::open::Parts;
use super::rotate::{SlotPlan, rotate};
use super::state::{State, Version, load_version};
use super::unlock::Content;
use super::ways::LastWay;
use super::write::{Sealer, Written, begin};
use crate::time::UnixSeconds;

/// Pages that are copied at once; nobody else has the vault open.
const PAGES_A_STEP: std::ffi::c_int = 1024;

/// Migrates an unlocked vault of an earlier format. With an error it is as it was and can be read: [`VaultError::Busy`]
/// while another process has it open, [`VaultError::DiskFull`] and the others of writing.
pub(super) fn migrate(
    parts: &mut Parts,
    content: Content,
    now: UnixSeconds,
) -> (Content, Option<VaultError>) {
    if let Err(error) = parts.file.hold_alone() {
        let _ = parts.file.share();
        return (content, Some(error));
    }
    let done = copy_and_seal(parts, &content, now);
    let shared = parts.file.share();
    match (done, shared) {
        (Ok(migrated), Ok(())) => {
            parts.realm.format = FORMAT;
            (migrated, None)
        }
        (Err(error), _) | (_, Err(error)) => (content, Some(error)),
    }
}

/// Whether a migration was on its way from the change that the vault holds last: the copy that is made before it has that
/// change too, and goes when the migration fails. What the log has after it is then the migration itself, which loses nothing
/// when it is done again.
pub(super) fn was_begun(parts: &Parts, version: &Version) -> bool {
    if parts.realm.format >= FORMAT {
        return false;
    }
    let copy = copy_name(&parts.location, parts.realm.format);
    let copied = open_copy(&copy, parts.realm.format).and_then(|copy| load_version(&copy));
    copied == Ok(Some(*version))
}

fn copy_name(location: &VaultLocation, format: u32) -> PathBuf {
    location.beside(&format!(".pre-{format}"))
}

/// Copies the vault, brings it to the present format, and reads it again.
fn copy_and_seal(
    parts: &Parts,
    content: &Content,
    now: UnixSeconds,
) -> Result<Content, VaultError> {
    let db = &parts.file.db;
    let step = earlier(parts.realm.format).ok_or(VaultError::VaultTooOld {
        found: parts.realm.format,
    })?;
    if load_version(db)? != Some(content.state.version) {
        return Err(VaultError::Busy);
    }
    let epoch = content.key.epoch.checked_add(1);
    let epoch = epoch.ok_or(VaultError::DamagedData)?;
    let key = VaultKey::generate(parts.entropy.as_ref(), epoch)?;
    keep_copy(db, &parts.location, parts.realm, content)?;
    // Where nothing will be committed: a copy says that a migration is on its way, and this one is not.
    let take_back = |_: &VaultError| {
        let _ = remove_database(&copy_name(&parts.location, parts.realm.format));
    };
    let tx = begin(db).inspect_err(take_back)?;
    let sealed = (step.lift)(&tx).and_then(|()| seal(&tx, parts, content, &key, now));
    let written = sealed.inspect_err(take_back)?;
    tx.commit()?;
    let vault = parts.realm.vault;
    let anchor = store_anchor(parts.anchors.as_ref(), vault, &written, Flush::Late);
    let _ = file::checkpoint(db);
    let keys = key.sealing_keys(vault);
    let state = State::load(db, Realm::current(vault), &keys, anchor.as_ref())?;
    Ok(Content {
        opened_by: content.opened_by.duplicate(),
        key,
        keys,
        state,
        anchor,
    })
}

/// Seals everything in the present format, under a new key. Commits nothing.
fn seal(
    tx: &Connection,
    parts: &Parts,
    content: &Content,
    key: &VaultKey,
    now: UnixSeconds,
) -> Result<Written, VaultError> {
    let realm = Realm::current(parts.realm.vault);
    let keys = key.sealing_keys(realm.vault);
    let old = Sealer {
        realm: parts.realm,
        keys: &content.keys,
        epoch: content.key.epoch,
        entropy: parts.entropy.as_ref(),
    };
    let new = Sealer {
        realm,
        keys: &keys,
        epoch: key.epoch,
        ..old
    };
    let next = Following {
        anchors: parts.anchors.as_ref(),
        vault: realm.vault,
        entropy: parts.entropy.as_ref(),
        known: content.anchor,
    }
    .next(content.state.version.generation, now)?;
    // Nobody can be asked here, and a row that is set aside keeps every byte.
    let plan = SlotPlan::new(
        &content.state,
        vec![&content.opened_by],
        vec![],
        Damaged::SetAside,
        LastWay::Keep,
    )?;
    let (written, aside) = rotate(tx, old, new, key, &content.state, &plan, next)?;
    if aside.len() > 0 {
        aside.write(&parts.location, now)?;
    }
    tx.pragma_update(None, "user_version", FORMAT)?;
    Ok(written)
}

/// Copies the vault to `NAME.pre-<format>`, page by page, and reads the copy back before it gets that name. A copy
/// that an earlier attempt left is replaced: the vault has not changed its format since.
fn keep_copy(
    db: &Connection,
    location: &VaultLocation,
    realm: Realm,
    content: &Content,
) -> Result<(), VaultError> {
    let target = copy_name(location, realm.format);
    let new = location.beside(&format!(".pre-{}.new", realm.format));
    remove_database(&new)?;
    let copied = copy_pages(db, &new)
        .and_then(|()| Ok(fs::File::open(&new)?.sync_all()?))
        .and_then(|()| verify(&new, realm, &content.keys, &content.state))
        .and_then(|()| Ok(fs::rename(&new, &target)?))
        .and_then(|()| sync_folder(location.folder()));
    if copied.is_err() {
        let _ = remove_database(&new);
    }
    copied
}

/// Copies a database by SQLite's own means to a new file that only its owner can read.
pub(super) fn copy_pages(from: &Connection, to: &Path) -> Result<(), VaultError> {
    drop(private_file().create_new(true).open(to)?);
    let mut copy = Connection::open(to)?;
    Backup::new(from, &mut copy)?.run_to_completion(
        PAGES_A_STEP,
        std::time::Duration::ZERO,
        None,
    )?;
    copy.close().map_err(|(_, error)| VaultError::from(error))
}

/// Whether the copy holds what was read from the vault, what could not be read there included.
fn verify(
    copy: &Path,
    realm: Realm,
    keys: &SealingKeys,
    original: &State,
) -> Result<(), VaultError> {
    let db = open_copy(copy, realm.format)?;
    let state = State::load(&db, realm, keys, None)?;
    let is_same = state.version == original.version
        && state.entries == original.entries
        && state.findings.unreadable == original.findings.unreadable
        && !state.findings.is_tampered();
    if is_same {
        Ok(())
    } else {
        Err(VaultError::DamagedData)
    }
}
