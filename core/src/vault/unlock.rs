//! From a secret to the content: which slot it opens, and everything checked in one read transaction.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::anchor::Anchor;
use super::anchoring::{judged, read_anchor};
use super::error::VaultError;
use super::file::{self, OpenFile};
use super::findings::Findings;
use super::format::{Realm, RecordId, VaultId};
use super::keys::{SealingKeys, SlotKeys, VaultKey};
use super::locked::Credential;
use super::migrate;
use super::open::Parts;
use super::slot::{SlotKind, SlotRow, Slots, load_slots};
use super::slots::SlotSecret;
use super::state::State;
use super::tries;
use super::wal::LogState;
use super::ways::note_use;
use crate::time::UnixSeconds;

/// So many slots of a kind are tried: one is ours, and each costs a key derivation.
const CANDIDATES_MAX: usize = 4;

/// What unlocking adds to the open file.
pub(super) struct Content {
    pub(super) key: VaultKey,
    pub(super) keys: SealingKeys,
    pub(super) state: State,
    pub(super) anchor: Option<Anchor>,
    pub(super) opened_by: SlotSecret,
}

pub(super) fn unlocked_content(
    parts: &Parts,
    credential: &Credential<'_>,
    now: UnixSeconds,
) -> Result<Content, VaultError> {
    let OpenFile {
        db,
        log,
        is_read_only,
        ..
    } = &parts.file;
    let slots = candidates(
        load_slots(db)?,
        parts.realm.vault,
        credential.kind(),
        credential.slot(),
    )?;
    // Nothing at all is written while the log is doubtful.
    let may_write = !is_read_only && *log == LogState::Whole;
    // What a platform's key unwrapped is no guess.
    let is_guess = !matches!(credential, Credential::Platform { .. });
    if is_guess && !is_read_only {
        tries::check(db, now)?;
    }
    let mut error = VaultError::WrongPassword;
    for slot in slots {
        match opened_by_slot(parts, credential, &slot) {
            Ok(content) => {
                if may_write {
                    // What cannot be noted does not keep the person out.
                    let _ = note_success(db, content.opened_by.id, now);
                }
                return Ok(content);
            }
            Err(VaultError::WrongPassword) => {}
            Err(other) => error = other,
        }
    }
    if error == VaultError::WrongPassword && !is_guess {
        return Err(VaultError::DamagedSlot);
    }
    if error == VaultError::WrongPassword && may_write {
        // Nor does it hide that the password was wrong.
        let _ = tries::note_wrong(db, now);
    }
    Err(error)
}

/// Forgets wrong tries and notes the use of the slot, without waiting for another writer.
fn note_success(db: &Connection, slot: RecordId, now: UnixSeconds) -> Result<(), VaultError> {
    tries::reset(db)?;
    file::without_waiting(db, || note_use(db, slot, now))
}

/// The vault key and the secret of the slot that `credential` opens, of slots that were read from a copy.
///
/// # Errors
///
/// [`VaultError::NoSuchSlot`], [`VaultError::DamagedSlot`], [`VaultError::WrongPassword`], [`VaultError::KdfOutOfBounds`].
pub(super) fn open_any(
    slots: Slots,
    realm: Realm,
    credential: &Credential<'_>,
) -> Result<(VaultKey, SlotSecret), VaultError> {
    let mut error = VaultError::WrongPassword;
    for slot in candidates(slots, realm.vault, credential.kind(), credential.slot())? {
        let secret = credential.derive(&slot)?;
        match slot.open(realm, &SlotKeys::derive(&secret, &slot.nonce)) {
            Ok(key) => {
                let opened_by = SlotSecret {
                    id: slot.id,
                    kind: slot.kind,
                    params: slot.params,
                    secret,
                };
                return Ok((key, opened_by));
            }
            Err(VaultError::WrongPassword) => {}
            Err(other) => error = other,
        }
    }
    Err(error)
}

/// The slots of a kind that hold together, or of one slot alone. There is one, unless somebody planted others to hide it.
///
/// # Errors
///
/// [`VaultError::NoSuchSlot`]; [`VaultError::DamagedSlot`] when none of them holds together.
pub(super) fn candidates(
    slots: Slots,
    vault: VaultId,
    kind: SlotKind,
    only: Option<RecordId>,
) -> Result<Vec<SlotRow>, VaultError> {
    let mut rows = slots.rows;
    rows.retain(|slot| slot.kind == kind.number());
    if let Some(only) = only {
        rows.retain(|row| row.id == only);
    }
    if rows.is_empty() && slots.misshapen.is_empty() {
        return Err(VaultError::NoSuchSlot);
    }
    rows.retain(|slot| slot.check_digest(vault).is_ok());
    rows.truncate(CANDIDATES_MAX);
    if rows.is_empty() {
        Err(VaultError::DamagedSlot)
    } else {
        Ok(rows)
    }
}

fn opened_by_slot(
    parts: &Parts,
    credential: &Credential<'_>,
    slot: &SlotRow,
) -> Result<Content, VaultError> {
    let OpenFile { log, .. } = &parts.file;
    let secret = credential.derive(slot)?;
    let read = |anchor: Option<&Anchor>| read_by_slot(parts, &secret, slot, anchor);
    let stored = || read_anchor(parts.anchors.as_ref(), parts.realm.vault);
    let (opened, anchor) = judged(stored, read, |opened| &opened.state.findings)?;
    let OpenedBySlot {
        row: SlotRow {
            id, kind, params, ..
        },
        key,
        keys,
        mut state,
    } = opened;
    if key.epoch != state.version.epoch && state.contents.is_empty() {
        // A slot's row from before a rotation, put back: its key opens nothing.
        return Err(VaultError::DamagedSlot);
    }
    let is_decided = anchor.is_some() || migrate::was_begun(parts, &state.version);
    settle_log(&state.findings, *log, is_decided)?;
    parts.file.share()?;
    if parts.file.was_unclean {
        state.findings.structure = !file::is_sound(&parts.file.db)?;
    }
    Ok(Content {
        key,
        keys,
        state,
        anchor,
        opened_by: SlotSecret {
            id,
            kind,
            params,
            secret,
        },
    })
}

/// What one read transaction gave.
struct OpenedBySlot {
    row: SlotRow,
    key: VaultKey,
    keys: SealingKeys,
    state: State,
}

fn read_by_slot(
    parts: &Parts,
    secret: &[u8; 32],
    slot: &SlotRow,
    anchor: Option<&Anchor>,
) -> Result<OpenedBySlot, VaultError> {
    let snapshot = Transaction::new_unchecked(&parts.file.db, TransactionBehavior::Deferred)?;
    // The KDF took a while: the slot is looked at again, in the transaction that reads all the rest.
    let mut rows = load_slots(&snapshot)?.rows;
    rows.retain(|current| current.id == slot.id && current.params == slot.params);
    let row = rows.pop().ok_or(VaultError::Locked)?;
    let key = row.open(parts.realm, &SlotKeys::derive(secret, &row.nonce))?;
    let keys = key.sealing_keys(parts.realm.vault);
    let state = State::load(&snapshot, parts.realm, &keys, anchor)?;
    Ok(OpenedBySlot {
        row,
        key,
        keys,
        state,
    })
}

/// A doubtful log's last transaction was either torn, so never promised to anybody, or damaged after it was: then this
/// device's anchor is ahead of the file. Without an anchor nobody can tell, but where it can only have been a migration.
fn settle_log(findings: &Findings, log: LogState, is_decided: bool) -> Result<(), VaultError> {
    let is_lost = match log {
        LogState::Unfinished => findings.lineage.is_some(),
        LogState::Doubtful => !is_decided || findings.lineage.is_some(),
        LogState::Whole | LogState::Damaged => false,
    };
    if is_lost {
        return Err(VaultError::DamagedLog);
    }
    Ok(())
}
