//! Snapshots: whole copies beside the vault, made and verified after changes, and what becomes of them when they
//! hold more than they should.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::anchor::Flush;
use super::build::{private_file, remove_database, remove_journals, sync_folder, use_log};
use super::error::VaultError;
use super::file::{self, open_copy};
use super::format::Realm;
use super::keys::SealingKeys;
use super::location::VaultLocation;
use super::lock::VaultLock;
use super::open::Vault;
use super::state::{ManifestState, State, load_version};
use super::write::{Change, Covered, apply, begin, finish, take_over};
use crate::time::UnixSeconds;

const DAY_S: u64 = 24 * 60 * 60;

/// A copy of the vault beside it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Snapshot {
    /// When it was made, by the clock of then.
    pub taken_at: UnixSeconds,
    /// The change that it holds last: more is newer.
    pub generation: u64,
    /// Its size in bytes.
    pub bytes: u64,
    pub(super) path: PathBuf,
}

impl Snapshot {
    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn age_s(&self, now: UnixSeconds) -> u64 {
        now.since(self.taken_at)
    }
}

impl VaultLocation {
    /// The snapshots beside the vault, the newest first. Nothing is opened.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoAccess`], [`VaultError::Io`].
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, VaultError> {
        let mut found = vec![];
        for (ending, path) in self.siblings(".snap-")? {
            let mut numbers = ending.split('-').map(str::parse::<u64>);
            if let (Some(Ok(taken_at)), Some(Ok(generation)), None) =
                (numbers.next(), numbers.next(), numbers.next())
            {
                let bytes = match fs::metadata(&path) {
                    Ok(file) => file.len(),
                    // Somebody else has thinned them out since the folder was read.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Err(error.into()),
                };
                found.push(Snapshot {
                    taken_at: UnixSeconds(taken_at),
                    generation,
                    bytes,
                    path,
                });
            }
        }
        found.sort_by_key(|snapshot| (snapshot.generation, snapshot.taken_at));
        found.reverse();
        Ok(found)
    }

    /// What was set aside because it was damaged, by name; SQLite's own files beside them are not named apart.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoAccess`], [`VaultError::Io`].
    pub fn damaged_copies(&self) -> Result<Vec<PathBuf>, VaultError> {
        let found = self.siblings(".damaged-")?.into_iter();
        let is_log = |ending: &str| ending.ends_with("-wal") || ending.ends_with("-shm");
        let mut paths: Vec<PathBuf> = found
            .filter(|(ending, _)| !is_log(ending))
            .map(|(_, path)| path)
            .collect();
        paths.sort();
        Ok(paths)
    }

    /// Copies from before a migration.
    pub(super) fn earlier_formats(&self) -> Result<Vec<PathBuf>, VaultError> {
        let found = self.siblings(".pre-")?.into_iter();
        Ok(found.map(|(_, path)| path).collect())
    }

    /// Files whose name is the vault's with `ending` and more appended: what comes after it, and the path.
    fn siblings(&self, ending: &str) -> Result<Vec<(String, PathBuf)>, VaultError> {
        let Some(name) = self.path().file_name().map(OsStr::as_encoded_bytes) else {
            return Ok(vec![]);
        };
        let entries = match fs::read_dir(self.folder()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(error.into()),
        };
        let mut found = vec![];
        for entry in entries {
            let entry = entry?;
            let file_name = entry.file_name();
            let rest = file_name
                .as_encoded_bytes()
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(ending.as_bytes()));
            if let Some(rest) = rest.and_then(|rest| str::from_utf8(rest).ok()) {
                found.push((rest.to_owned(), entry.path()));
            }
        }
        Ok(found)
    }
}

impl Vault {
    /// Makes a snapshot when something changed since the last one, everything is readable and nobody else is making one; true when
    /// it did. Earlier ones are then thinned out: the newest stays, one that is a day old or more, one that is a week old or more,
    /// and one that will be a day old next. What a rotation or a deletion left due is done too.
    ///
    /// # Errors
    ///
    /// [`VaultError::DiskFull`] and the others of writing a file; earlier snapshots are as they were.
    pub fn snapshot(&mut self, now: UnixSeconds) -> Result<bool, VaultError> {
        if self.check_writable().is_err() || !self.state.findings.is_whole() {
            return Ok(false);
        }
        if self.clean_up(now)? {
            return Ok(true);
        }
        if self.earlier_than_now()?.is_none() {
            return Ok(false);
        }
        let making = self.making()?;
        if !making.take_alone()? {
            return Ok(false);
        }
        // Again, now that nobody else can be making one.
        let Some(known) = self.earlier_than_now()? else {
            return Ok(false);
        };
        let new = self.make_snapshot(now)?;
        for surplus in surplus(&known, &new, now) {
            remove_database(surplus)?;
        }
        Ok(true)
    }

    /// The snapshots, where none of them is of the vault's present change.
    fn earlier_than_now(&self) -> Result<Option<Vec<Snapshot>>, VaultError> {
        let known = self.parts.location.snapshots()?;
        let is_earlier = |snapshot: &Snapshot| snapshot.generation < self.state.version.generation;
        Ok(known.first().is_none_or(is_earlier).then_some(known))
    }

    /// The lock of whoever makes a snapshot, not held yet.
    fn making(&self) -> Result<VaultLock, VaultError> {
        let path = self.parts.location.snapshot_lock();
        let file = private_file().create(true).truncate(false).open(path)?;
        Ok(VaultLock::new(file))
    }

    /// What a rotation or a deletion leaves due: a new snapshot, then every older one and every copy from before a
    /// migration goes, since they open with old secrets or hold what was deleted. Nothing goes before the new one is there. False
    /// when nothing is due, or it cannot be done yet.
    ///
    /// # Errors
    ///
    /// [`VaultError::Busy`] when somebody else is making a snapshot for five seconds, and those of writing a file: it stays due.
    pub(super) fn clean_up(&mut self, now: UnixSeconds) -> Result<bool, VaultError> {
        let may_write =
            self.check_writable().is_ok() && self.state.findings.write_error().is_none();
        if !self.state.manifest.cleanup_due || !may_write || !self.may_drop_earlier_formats() {
            return Ok(false);
        }
        // Where SQLite moved rows within a page, what was deleted may still stand in the page's unused room.
        self.parts.file.db.execute("VACUUM", [])?;
        file::checkpoint(&self.parts.file.db)?;
        // What cannot be read here may be readable in an older copy: that one stays.
        if !self.state.findings.is_whole() {
            return Ok(false);
        }
        // Whoever is making one has the old key: it is there before what has to go is looked for.
        let making = self.making()?;
        making.hold_alone()?;
        let new = self.make_snapshot(now)?;
        for snapshot in self.parts.location.snapshots()? {
            if snapshot.path != new.path {
                remove_database(&snapshot.path)?;
            }
        }
        for copy in self.parts.location.earlier_formats()? {
            remove_database(&copy)?;
        }
        sync_folder(self.parts.location.folder())?;
        self.note_cleaned_up(now)?;
        Ok(true)
    }

    fn note_cleaned_up(&mut self, now: UnixSeconds) -> Result<(), VaultError> {
        let tx = begin(&self.parts.file.db)?;
        if load_version(&tx)? != Some(self.state.version) {
            return Err(VaultError::Busy);
        }
        let sealer = self.sealer();
        let nothing = Change::default();
        let draft = apply(&tx, sealer, &self.state, &nothing)?;
        let carried = ManifestState {
            cleanup_due: false,
            ..self.state.manifest.duplicate()
        };
        let covered = Covered {
            slots: &self.state.slots.rows,
            meta: self.state.meta,
        };
        let next = self.next(now)?;
        let written = finish(&tx, sealer, draft, &carried, covered, next)?;
        tx.commit()?;
        self.set_anchor(&written, Flush::Late);
        take_over(&mut self.state, nothing, written);
        Ok(())
    }

    /// Makes one, by whoever holds the lock.
    fn make_snapshot(&self, now: UnixSeconds) -> Result<Snapshot, VaultError> {
        let location = &self.parts.location;
        let new = location.beside(".snap.new");
        // A stale one of an attempt that was ended.
        remove_database(&new)?;
        let made = self.fill_snapshot(&new, now);
        if made.is_err() {
            let _ = remove_database(&new);
        }
        made
    }

    fn fill_snapshot(&self, new: &Path, now: UnixSeconds) -> Result<Snapshot, VaultError> {
        // SQLite would give a file that it makes the mode of any other file.
        drop(private_file().create_new(true).open(new)?);
        let target = new.to_str().ok_or(VaultError::Io)?;
        self.parts.file.db.execute("VACUUM INTO ?1", [target])?;
        // A vault has a write-ahead log, also one that is put back by hand.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let copy = Connection::open_with_flags(new, flags)?;
        use_log(&copy)?;
        copy.close().map_err(|(_, error)| VaultError::from(error))?;
        fs::File::open(new)?.sync_all()?;
        let generation = verify_copy(new, self.parts.realm, &self.keys)?;
        // On a failing disk SQLite may leave its journal beside a file that it has finished.
        remove_journals(new)?;
        let ending = format!(".snap-{}-{generation}", now.0);
        let path = self.parts.location.beside(&ending);
        fs::rename(new, &path)?;
        sync_folder(self.parts.location.folder())?;
        Ok(Snapshot {
            taken_at: now,
            generation,
            bytes: fs::metadata(&path)?.len(),
            path,
        })
    }
}

/// Reads a copy with every record and its list; its generation when all of it is whole.
///
/// # Errors
///
/// [`VaultError::DamagedData`] when anything is not.
pub(super) fn verify_copy(
    path: &Path,
    realm: Realm,
    keys: &SealingKeys,
) -> Result<u64, VaultError> {
    let copy = open_copy(path, realm.format)?;
    let state = State::load(&copy, realm, keys, None)?;
    if state.findings.is_whole() {
        Ok(state.version.generation)
    } else {
        Err(VaultError::DamagedData)
    }
}

/// Which of the earlier snapshots go once `new` is there. Of those younger than a day the oldest stays, and so of those
/// younger than a week: were the youngest kept, none would ever grow older.
fn surplus<'a>(known: &'a [Snapshot], new: &Snapshot, now: UnixSeconds) -> Vec<&'a Path> {
    let earlier = || known.iter().filter(|snapshot| snapshot.path != new.path);
    let oldest = |ages_s: std::ops::Range<u64>| {
        earlier()
            .filter(|snapshot| ages_s.contains(&snapshot.age_s(now)))
            .max_by_key(|snapshot| snapshot.age_s(now))
    };
    let heir = oldest(1..DAY_S);
    let day = oldest(DAY_S..7 * DAY_S);
    let week = earlier()
        .filter(|snapshot| snapshot.age_s(now) >= 7 * DAY_S)
        .min_by_key(|snapshot| snapshot.age_s(now));
    earlier()
        .filter(|snapshot| ![heir, day, week].contains(&Some(*snapshot)))
        .map(|snapshot| snapshot.path.as_path())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(hours_ago: u64, now: UnixSeconds) -> Snapshot {
        let taken_at = UnixSeconds(now.0 - hours_ago * 60 * 60);
        Snapshot {
            taken_at,
            generation: taken_at.0,
            bytes: 1,
            path: PathBuf::from(format!("v.snap-{}", taken_at.0)),
        }
    }

    #[test]
    fn one_of_each_age_stays_however_often_snapshots_are_made() {
        let mut kept: Vec<Snapshot> = vec![];
        // A change every five hours for ten weeks.
        for step in 0..336 {
            let now = UnixSeconds(1_800_000_000 + step * 5 * 60 * 60);
            let new = taken(0, now);
            let gone: Vec<PathBuf> = surplus(&kept, &new, now)
                .into_iter()
                .map(Path::to_owned)
                .collect();
            kept.retain(|snapshot| !gone.contains(&snapshot.path));
            kept.push(new);
            assert!(kept.len() <= 4, "{step}");
            let oldest_s = kept.iter().map(|one| one.age_s(now)).max().unwrap();
            let week_s = 7 * DAY_S;
            if step > 10 {
                assert!(oldest_s >= DAY_S, "{step}");
            }
            if step > 40 {
                assert!((week_s..2 * week_s + DAY_S).contains(&oldest_s), "{step}");
            }
            // Never much more than a day without one that is younger than a week.
            let is_young = |one: &Snapshot| (1..week_s).contains(&one.age_s(now));
            assert!(step < 2 || kept.iter().any(is_young), "{step}");
        }
    }

    #[test]
    fn a_clock_set_back_makes_nothing_old() {
        let now = UnixSeconds(1_800_000_000);
        let ahead = taken(0, now.plus(1_000_000));
        let new = taken(0, now);
        assert_eq!(
            surplus(std::slice::from_ref(&ahead), &new, now),
            [ahead.path()]
        );
    }
}
