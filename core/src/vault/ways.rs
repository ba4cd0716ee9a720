//! The ways to unlock: how many there may be, and the rule against losing the last one that does not depend on a device.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::VaultError;
use super::format::RecordId;
use super::kdf::KdfParams;
use super::slot::{SlotKind, SlotRow, load_slots};
use super::state::State;
use crate::time::UnixSeconds;

/// Most keys of platforms.
const PLATFORM_SLOTS_MAX: u32 = 8;
/// The last use of a slot is written once in this time: a vault that is only read is rarely written.
const USE_RESOLUTION_S: u64 = 60 * 60;

/// A way to unlock, as it is listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SlotInfo {
    /// The slot's id.
    pub id: RecordId,
    /// What opens it; none for a kind that this version does not know.
    pub kind: Option<SlotKind>,
    /// When it was made; none while its record cannot be read.
    pub created_at: Option<UnixSeconds>,
    /// When it last opened the vault, to the hour. Advisory: who can write the file can change it.
    pub last_used_at: Option<UnixSeconds>,
    /// What a password's key derivation costs.
    pub kdf: Option<KdfParams>,
    /// Whether this slot opened the vault now.
    pub is_in_use: bool,
    /// Whether its keys are older than the vault's key: unlocking with it once renews them.
    pub is_stale: bool,
}

/// Whether a vault may be left with keys of the platform alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LastWay {
    /// A password or a recovery code stays: the rule.
    Keep,
    /// The person has accepted in words that this is a managed device: what is lost with it is enrolled anew.
    ManagedDevice,
}

/// The kinds of the slots that a change leaves behind. Only [`WaysIn::check`] makes one, so no slot is dropped without
/// the rule having been asked.
pub(super) struct WaysIn {
    /// Whether the rule held only because the device is managed.
    pub(super) needs_managed: bool,
}

impl WaysIn {
    /// # Errors
    ///
    /// [`VaultError::LastSlot`] when no password and no recovery code is left, and the device is not a managed one with
    /// a key of its platform.
    pub(super) fn check(
        kinds: impl Iterator<Item = u8>,
        is_managed: bool,
    ) -> Result<Self, VaultError> {
        let (mut has_independent, mut has_platform) = (false, false);
        for kind in kinds.filter_map(SlotKind::from_number) {
            match kind {
                SlotKind::Password | SlotKind::Recovery => has_independent = true,
                SlotKind::Platform => has_platform = true,
                SlotKind::Porch => {}
            }
        }
        match (has_independent, has_platform && is_managed) {
            (true, _) => Ok(Self {
                needs_managed: false,
            }),
            (false, true) => Ok(Self {
                needs_managed: true,
            }),
            (false, false) => Err(VaultError::LastSlot),
        }
    }
}

/// Whether there is room for one more slot of this kind.
///
/// # Errors
///
/// [`VaultError::SlotExists`], [`VaultError::TooManySlots`].
pub(super) fn check_room(slots: &[SlotRow], kind: SlotKind) -> Result<(), VaultError> {
    let count = slots
        .iter()
        .filter(|slot| slot.kind == kind.number())
        .count();
    match kind {
        SlotKind::Platform => {
            if u32::try_from(count).is_ok_and(|count| count < PLATFORM_SLOTS_MAX) {
                Ok(())
            } else {
                Err(VaultError::TooManySlots {
                    max: PLATFORM_SLOTS_MAX,
                })
            }
        }
        SlotKind::Password | SlotKind::Recovery | SlotKind::Porch if count == 0 => Ok(()),
        SlotKind::Password | SlotKind::Recovery | SlotKind::Porch => Err(VaultError::SlotExists),
    }
}

/// All slots of an open vault, in the order of their kinds and ids.
pub(super) fn list(
    db: &Connection,
    state: &State,
    epoch: u32,
    opened_by: Option<RecordId>,
) -> Result<Vec<SlotInfo>, VaultError> {
    let mut slots = vec![];
    for row in load_slots(db)?.rows {
        let record = state.slot_key(row.id);
        let kind = SlotKind::from_number(row.kind);
        slots.push(SlotInfo {
            id: row.id,
            kind,
            created_at: record.map(|record| record.created_at),
            last_used_at: last_use(db, row.id)?,
            kdf: (kind == Some(SlotKind::Password))
                .then(|| KdfParams::of_slot(&row.params))
                .flatten(),
            is_in_use: Some(row.id) == opened_by,
            is_stale: record.is_none_or(|record| record.nonce_epoch < epoch),
        });
    }
    slots.sort_by_key(|slot| (slot.kind.map_or(u8::MAX, SlotKind::number), slot.id));
    Ok(slots)
}

fn key(slot: RecordId) -> String {
    format!("plain/used/{slot}")
}

fn last_use(db: &Connection, slot: RecordId) -> Result<Option<UnixSeconds>, VaultError> {
    let value: Option<Vec<u8>> = db
        .prepare_cached("SELECT v FROM meta WHERE k = ?1")?
        .query_row([key(slot)], |row| row.get(0))
        .optional()?;
    Ok(value
        .and_then(|value| value.try_into().ok())
        .map(|bytes| UnixSeconds(u64::from_be_bytes(bytes))))
}

/// Notes that a slot opened the vault, unless that was noted within the last hour.
pub(super) fn note_use(
    db: &Connection,
    slot: RecordId,
    now: UnixSeconds,
) -> Result<(), VaultError> {
    if let Some(last) = last_use(db, slot)?
        && last <= now
        && now.since(last) < USE_RESOLUTION_S
    {
        return Ok(());
    }
    db.prepare_cached(
        "INSERT INTO meta(k, v) VALUES (?1, ?2) ON CONFLICT(k) DO UPDATE SET v = excluded.v",
    )?
    .execute(params![key(slot), now.0.to_be_bytes()])?;
    Ok(())
}

/// Forgets the last use of a slot that is no more.
pub(super) fn forget_use(db: &Connection, slot: RecordId) -> Result<(), VaultError> {
    db.prepare_cached("DELETE FROM meta WHERE k = ?1")?
        .execute([key(slot)])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(kinds: &[SlotKind]) -> impl Iterator<Item = u8> {
        kinds.iter().map(|kind| kind.number())
    }

    #[test]
    fn a_password_or_a_recovery_code_has_to_stay_unless_the_device_is_managed() {
        use SlotKind::{Password, Platform, Porch, Recovery};
        for left in [
            &[Password][..],
            &[Recovery],
            &[Recovery, Platform],
            &[Password, Porch],
        ] {
            for is_managed in [false, true] {
                assert!(
                    !WaysIn::check(kinds(left), is_managed)
                        .unwrap()
                        .needs_managed
                );
            }
        }
        assert!(
            WaysIn::check(kinds(&[Platform]), true)
                .unwrap()
                .needs_managed
        );
        for left in [&[Platform][..], &[Platform, Porch], &[Porch], &[]] {
            let refused = WaysIn::check(kinds(left), false).err();
            assert_eq!(refused, Some(VaultError::LastSlot));
        }
        // The porch opens no account.
        for left in [&[Porch][..], &[]] {
            assert!(WaysIn::check(kinds(left), true).is_err());
        }
        // A kind without a meaning is no way in.
        assert!(WaysIn::check([9].into_iter(), true).is_err());
    }

    #[test]
    fn a_use_is_noted_once_an_hour_and_whenever_the_clock_was_set_back() {
        let db = Connection::open_in_memory().unwrap();
        db.execute("CREATE TABLE meta(k TEXT PRIMARY KEY, v BLOB)", [])
            .unwrap();
        let (slot, other) = (RecordId([1; 16]), RecordId([2; 16]));
        assert_eq!(last_use(&db, slot), Ok(None));
        let began = UnixSeconds(1_800_000_000);
        for (now, noted) in [
            (began, began),
            (began.plus(3_599), began),
            (began.plus(3_600), began.plus(3_600)),
            (UnixSeconds(5), UnixSeconds(5)),
        ] {
            note_use(&db, slot, now).unwrap();
            assert_eq!(last_use(&db, slot), Ok(Some(noted)));
        }
        note_use(&db, other, began).unwrap();
        forget_use(&db, slot).unwrap();
        assert_eq!(last_use(&db, slot), Ok(None));
        assert_eq!(last_use(&db, other), Ok(Some(began)));
    }
}
