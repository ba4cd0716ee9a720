//! What was read out of a snapshot or a damaged vault, put in the vault's place under a new key.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::anchor::{AnchorStore, Flush, Lineage, PorchMark};
use super::anchoring::{Following, read_anchor, store_anchor};
use super::aside::free_place;
use super::build::{build_at, remove_database, remove_journals, sync_folder};
use super::chain::{ChainHead, ChainRow};
use super::entries::Entries;
use super::error::VaultError;
use super::file::{checkpoint, configure};
use super::format::{Realm, RecordId, VaultId};
use super::keys::VaultKey;
use super::location::VaultLocation;
use super::lock::VaultLock;
use super::log::{LogEnd, put_all};
use super::manifest::Stamps;
use super::meta::{meta_digest, store_meta};
use super::record::{Content, SlotKeyRecord};
use super::schema::create_tables;
use super::slot::{NewSlot, SlotRow, load_slots};
use super::slots::{SlotSecret, key_of_kind, make_slot, put_slot};
use super::snapshots::verify_copy;
use super::state::{ManifestState, load_version};
use super::write::{Covered, Draft, Next, Sealer, Written, begin, finish, following, put_record};
use crate::entropy::Entropy;
use crate::time::UnixSeconds;

/// A record with its content in the clear.
pub(super) struct PlainRecord {
    pub(super) id: RecordId,
    pub(super) kind: u8,
    pub(super) rev: u64,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// An entry of the history in the clear, with its place.
pub(super) type PlainEntry = (u64, Zeroizing<Vec<u8>>);

/// A slot with the record beside it.
pub(super) struct KnownSlot {
    pub(super) row: SlotRow,
    pub(super) record: SlotKeyRecord,
}

/// Everything that is to be in the vault afterwards.
pub(super) struct Rescue {
    pub(super) vault: VaultId,
    /// Records of every kind but the slots' own.
    pub(super) records: Vec<PlainRecord>,
    pub(super) slots: Vec<KnownSlot>,
    pub(super) opened_by: SlotSecret,
    /// The history's entries in their order.
    pub(super) log: Vec<PlainEntry>,
    pub(super) log_head: [u8; 32],
    /// Places that the history ever had.
    pub(super) log_count: u64,
    /// Up to where it had taken the porch's chain over.
    pub(super) porch: PorchMark,
    pub(super) lineage: Lineage,
    /// Greatest change and greatest key that were seen in what was read.
    pub(super) generation: u64,
    pub(super) epoch: u32,
}

/// The person's place for a vault, held alone, and what writing there needs.
pub(super) struct Workshop<'a> {
    pub(super) location: &'a VaultLocation,
    pub(super) anchors: &'a dyn AnchorStore,
    pub(super) entropy: &'a dyn Entropy,
    /// Held for as long as anything is done.
    _lock: VaultLock,
}

impl<'a> Workshop<'a> {
    /// Waits until nobody else has the vault open.
    ///
    /// # Errors
    ///
    /// [`VaultError::Busy`] after five seconds; [`VaultError::ReadOnly`], [`VaultError::NoAccess`].
    pub(super) fn enter(
        location: &'a VaultLocation,
        anchors: &'a dyn AnchorStore,
        entropy: &'a dyn Entropy,
    ) -> Result<Self, VaultError> {
        let lock = VaultLock::of(location)?;
        lock.hold_alone()?;
        if lock.is_read_only {
            return Err(VaultError::ReadOnly);
        }
        Ok(Self {
            location,
            anchors,
            entropy,
            _lock: lock,
        })
    }

    /// Copies the vault's files as they are to `NAME.damaged-<time>`, durably; none when there is no file to copy.
    ///
    /// # Errors
    ///
    /// [`VaultError::DiskFull`] and the others of writing: no half copy is left.
    pub(super) fn set_aside(&self, now: UnixSeconds) -> Result<Option<PathBuf>, VaultError> {
        let target = free_place(self.location, now)?;
        let copied = self.copy_all(&target);
        if copied.is_err() {
            let _ = remove_database(&target);
        }
        let count = copied?;
        sync_folder(self.location.folder())?;
        Ok((count > 0).then_some(target))
    }

    fn copy_all(&self, target: &Path) -> Result<u32, VaultError> {
        let copy = VaultLocation::new(target);
        let pairs = [
            (self.location.path().to_owned(), target.to_owned()),
            (self.location.log(), copy.log()),
            (self.location.beside("-shm"), copy.beside("-shm")),
        ];
        let mut count = 0;
        for (from, to) in pairs {
            let bytes = match fs::read(&from) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            let mut file = super::build::private_file().create_new(true).open(to)?;
            std::io::Write::write_all(&mut file, &bytes)?;
            file.sync_all()?;
            count += 1;
        }
        Ok(count)
    }

    /// Puts what was rescued in the vault's place, sealed under a new key with a number above everything seen.
    ///
    /// # Errors
    ///
    /// [`VaultError::DiskFull`] and the others of writing: the vault is as it was.
    pub(super) fn put_in_place(&self, rescue: &Rescue, now: UnixSeconds) -> Result<(), VaultError> {
        let new = self.location.under_construction();
        remove_database(&new)?;
        let built = self.build(rescue, &new, now);
        if built.is_err() {
            let _ = remove_database(&new);
        }
        let written = built?;
        let replaced = replace(self.location, &new);
        let _ = remove_database(&new);
        replaced?;
        store_anchor(self.anchors, rescue.vault, &written, Flush::Now);
        sync_folder(self.location.folder())
    }

    fn build(&self, rescue: &Rescue, new: &Path, now: UnixSeconds) -> Result<Written, VaultError> {
        let seen = self.seen(rescue);
        let epoch = seen.epoch.checked_add(1).ok_or(VaultError::DamagedData)?;
        let realm = Realm::current(rescue.vault);
        let key = VaultKey::generate(self.entropy, epoch)?;
        let keys = key.sealing_keys(rescue.vault);
        let sealer = Sealer {
            realm,
            keys: &keys,
            epoch,
            entropy: self.entropy,
        };
        let next = Following {
            anchors: self.anchors,
            vault: rescue.vault,
            entropy: self.entropy,
            known: read_anchor(self.anchors, rescue.vault),
        }
        .next(seen.generation, now)?;
        let written = build_at(new, |db| fill(db, sealer, &key, rescue, next))?;
        verify_copy(new, realm, &keys)?;
        Ok(written)
    }

    /// The greatest numbers of the vault as it lies there, of what was read, and of the anchor.
    fn seen(&self, rescue: &Rescue) -> Seen {
        let live = live_version(self.location).unwrap_or_default();
        let anchor = read_anchor(self.anchors, rescue.vault);
        Seen {
            generation: live
                .generation
                .max(rescue.generation)
                .max(anchor.map_or(0, |anchor| anchor.generation)),
            epoch: live.epoch.max(rescue.epoch),
        }
    }
}

/// Numbers that a new version has to be above.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) generation: u64,
    pub(super) epoch: u32,
}

/// What the file says of itself, as far as SQLite can read it. Nothing about it is proved, and a number that no vault
/// reaches counts as none.
pub(super) fn live_version(location: &VaultLocation) -> Option<Seen> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(location.path(), flags).ok()?;
    configure(&db).ok()?;
    let version = load_version(&db).ok()??;
    let is_reached = version.generation < 1 << 62 && version.epoch < 1 << 31;
    is_reached.then_some(Seen {
        generation: version.generation,
        epoch: version.epoch,
    })
}

/// Fills a new vault.
fn fill(
    db: &Connection,
    sealer: Sealer<'_>,
    key: &VaultKey,
    rescue: &Rescue,
    next: Next,
) -> Result<Written, VaultError> {
    create_tables(db)?;
    let tx = begin(db)?;
    store_meta(&tx, sealer.realm, key.epoch)?;
    let mut draft = Draft {
        entries: Entries::new(),
        stamps: Stamps::new(),
        touched: BTreeSet::new(),
        sealed: 0,
    };
    for record in &rescue.records {
        let place = (record.id, record.kind, following(record.rev));
        put_record(&tx, sealer, &mut draft, place, doubted(record))?;
    }
    let rows = rescue.log.iter();
    let rows = rows.filter_map(|(seq, plain)| Some((*seq, ChainRow::decode(plain).ok()?)));
    let end = LogEnd {
        head: ChainHead(rescue.log_head),
        count: rescue.log_count,
        sealed: 0,
    };
    let end = put_all(&tx, sealer, rows.collect(), end, next.now)?;
    draft.sealed += end.sealed;
    put_slots(&tx, sealer, key, rescue, next.now, &mut draft)?;
    let slots = load_slots(&tx)?.rows;
    let covered = Covered {
        slots: &slots,
        meta: meta_digest(&tx)?,
    };
    let carried = ManifestState {
        log_head: end.head.0,
        log_count: end.count,
        lineage: rescue.lineage.clone(),
        porch: rescue.porch,
        cleanup_due: true,
        ..ManifestState::default()
    };
    let written = finish(&tx, sealer, draft, &carried, covered, next)?;
    tx.commit()?;
    Ok(written)
}

/// The body of a record; that of a counter account says that its counter is in doubt, and so does one of approvals.
fn doubted(record: &PlainRecord) -> Zeroizing<Vec<u8>> {
    match Content::decode(record.kind, &record.body) {
        Ok(Content::Account(mut account)) if account.account.otp.kind().counter().is_some() => {
            account.counter_doubtful = true;
            account.encode()
        }
        Ok(Content::Work(work)) => work.doubted().encode(),
        _ => Zeroizing::new(record.body.to_vec()),
    }
}

/// The slot that was used gets fresh keys; the others keep theirs, and the new key is sealed to them.
fn put_slots(
    tx: &Connection,
    sealer: Sealer<'_>,
    key: &VaultKey,
    rescue: &Rescue,
    now: UnixSeconds,
    draft: &mut Draft,
) -> Result<(), VaultError> {
    for KnownSlot { row, record } in &rescue.slots {
        if row.id == rescue.opened_by.id {
            continue;
        }
        let new = NewSlot {
            id: row.id,
            kind: row.kind,
            nonce: row.nonce,
            params: row.params.clone(),
            public: record.public,
        };
        let sealed_key = key_of_kind(row.kind, key, rescue.vault)?;
        let sealed = SlotRow::seal(sealer.realm, new, &record.psk, &sealed_key, sealer.entropy)?;
        let record = SlotKeyRecord {
            row_digest: sealed.digest,
            ..record.duplicate()
        };
        put_slot(tx, sealer, draft, &sealed, &record)?;
    }
    let known = rescue
        .slots
        .iter()
        .find(|slot| slot.row.id == rescue.opened_by.id);
    let known = known.map(|slot| &slot.record);
    let (row, record) = make_slot(sealer, key, &rescue.opened_by, known, now)?;
    put_slot(tx, sealer, draft, &row, &record)
}

/// Puts the content of `new` in the vault's place: by one transaction of SQLite where it can open the file, so that
/// whoever comes in between sees the one or the other; otherwise under the vault's name.
fn replace(location: &VaultLocation, new: &Path) -> Result<(), VaultError> {
    match copy_over(location, new) {
        Ok(()) => Ok(()),
        // There is no room, or somebody does not let go: the vault is as it was.
        Err(error @ (VaultError::DiskFull | VaultError::Busy | VaultError::ReadOnly)) => Err(error),
        Err(_) => {
            // SQLite cannot use the file at all. Its log would be taken for the new file's.
            remove_journals(location.path())?;
            Ok(fs::rename(new, location.path())?)
        }
    }
}

fn copy_over(location: &VaultLocation, new: &Path) -> Result<(), VaultError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut live = Connection::open_with_flags(location.path(), flags)?;
    configure(&live)?;
    let _: i64 = live.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
    let source = Connection::open_with_flags(new, flags)?;
    Backup::new(&source, &mut live)?.run_to_completion(
        std::ffi::c_int::MAX,
        Duration::ZERO,
        None,
    )?;
    checkpoint(&live)?;
    drop(source);
    live.close().map_err(|(_, error)| VaultError::from(error))
}
