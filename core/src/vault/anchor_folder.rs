//! Anchors as files in a folder, two a vault and place: the last one that was flushed, and a later one that was not. A power
//! cut may tear the later one, and then the flushed one is still there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use super::anchor::{Anchor, AnchorStore, Flush, LATE_GENERATIONS, Stored};
use super::flock;
use super::format::VaultId;

/// Nobody else reads an anchor.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// The largest anchor that is read; they have less than a hundred bytes.
const ANCHOR_BYTES_MAX: u64 = 4096;
/// Bytes of the path's hash in the file name.
const PATH_HASH_BYTES: usize = 8;

/// The anchors of an installation whose platform has no better place than files: a missing or torn one makes no claim.
#[derive(Clone, Debug)]
pub struct AnchorFolder {
    folder: Option<PathBuf>,
    path_hash: String,
}

impl AnchorFolder {
    /// The anchors in `folder`, which is made when it is needed, for the vault at `vault`. A copy of the vault elsewhere has
    /// other ones. Without a folder there are none.
    #[must_use]
    pub fn new(folder: Option<PathBuf>, vault: &Path) -> Self {
        // The folder's canonical path and the file's name: the same before the vault exists and after.
        let canonical = vault
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .map_or_else(|| Path::new(".").canonicalize(), Path::canonicalize)
            .map(|parent| parent.join(vault.file_name().unwrap_or_default()))
            .and_then(|path| path.canonicalize().or(Ok(path)))
            .unwrap_or_else(|_| vault.to_owned());
        let hash = digest(&SHA256, canonical.as_os_str().as_encoded_bytes());
        Self {
            folder,
            path_hash: hash
                .as_ref()
                .iter()
                .take(PATH_HASH_BYTES)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }

    fn files(&self, vault: VaultId) -> Option<Files> {
        let name = format!("anchor-{vault}-{}", self.path_hash);
        let flushed = self.folder.as_ref()?.join(name);
        Some(Files {
            late: flushed.with_extension("late"),
            new: flushed.with_extension("new"),
            lock: flushed.with_extension("lock"),
            flushed,
        })
    }

    fn store(
        &self,
        vault: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        flush: Flush,
    ) -> io::Result<Stored> {
        let (Some(folder), Some(files)) = (&self.folder, self.files(vault)) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(folder)?;
        let lock = private(&files.lock, false)?;
        flock::wait_alone(&lock)?;
        let found = files.find();
        if found.current(vault) != expected {
            return Ok(Stored::Changed);
        }
        // What cannot be read now is replaced for good: an anchor that stays behind would be taken for a fork.
        let flushed = whole(&found.flushed, vault);
        let stored = Anchor::decode(anchor, vault);
        let may_be_late = flushed.zip(stored).is_some_and(|(flushed, stored)| {
            stored.is_later_than(&flushed)
                && stored.generation - flushed.generation < LATE_GENERATIONS
        });
        let mut new = private(&files.new, true)?;
        new.write_all(anchor)?;
        if flush == Flush::Late && may_be_late {
            fs::rename(&files.new, &files.late)?;
            return Ok(Stored::Done);
        }
        new.sync_all()?;
        let outlives = whole(&found.late, vault)
            .is_some_and(|late| stored.is_none_or(|stored| late.is_later_than(&stored)));
        if outlives || found.late.is_err() {
            // It would be read in preference to the new one.
            fs::remove_file(&files.late)?;
            File::open(folder)?.sync_all()?;
        }
        fs::rename(&files.new, &files.flushed)?;
        File::open(folder)?.sync_all()?;
        Ok(Stored::Done)
    }
}

impl AnchorStore for AnchorFolder {
    fn read(&self, vault: VaultId) -> Option<Vec<u8>> {
        let found = self.files(vault)?.find();
        found.current(vault).map(<[u8]>::to_vec)
    }

    fn replace(
        &self,
        vault: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        flush: Flush,
    ) -> Stored {
        let stored = self.store(vault, expected, anchor, flush);
        stored.unwrap_or(Stored::Failed)
    }
}

/// The files of a vault's anchors.
struct Files {
    flushed: PathBuf,
    late: PathBuf,
    new: PathBuf,
    lock: PathBuf,
}

impl Files {
    fn find(&self) -> Found {
        Found {
            flushed: content(&self.flushed),
            late: content(&self.late),
        }
    }
}

/// A file's content, none when there is no file, or why it cannot be read now.
type Content = io::Result<Option<Vec<u8>>>;

/// What both files hold.
struct Found {
    flushed: Content,
    late: Content,
}

impl Found {
    /// The later of both; one that is torn says nothing when the other is whole. None as well where one cannot be read now:
    /// the other alone could be older than it may be.
    fn current(&self, vault: VaultId) -> Option<&[u8]> {
        let (flushed, late) = (self.flushed.as_ref().ok()?, self.late.as_ref().ok()?);
        let is_late = match (whole(&self.flushed, vault), whole(&self.late, vault)) {
            (Some(flushed), Some(late)) => late.is_later_than(&flushed),
            (None, Some(_)) => true,
            (None, None) => flushed.is_none(),
            (Some(_), None) => false,
        };
        if is_late { late } else { flushed }.as_deref()
    }
}

/// The anchor of a file that holds a whole one.
fn whole(content: &Content, vault: VaultId) -> Option<Anchor> {
    let bytes = content.as_ref().ok()?.as_deref()?;
    Anchor::decode(bytes, vault)
}

fn content(path: &Path) -> Content {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(ANCHOR_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Opens a file for writing that only its owner can read.
fn private(path: &Path, truncate: bool) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(truncate)
        .mode(FILE_MODE)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const VAULT: VaultId = VaultId([1; 16]);

    struct Place {
        folder: tempfile::TempDir,
        anchors: AnchorFolder,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let state = folder.path().join("deep/state");
            let anchors = AnchorFolder::new(Some(state), &folder.path().join("vault"));
            Self { folder, anchors }
        }

        fn files(&self) -> Files {
            self.anchors.files(VAULT).unwrap()
        }

        fn read(&self) -> Option<Anchor> {
            let bytes = self.anchors.read(VAULT)?;
            Anchor::decode(&bytes, VAULT)
        }

        fn store(&self, anchor: Anchor, flush: Flush) {
            let expected = self.anchors.read(VAULT);
            let bytes = anchor.encode(VAULT);
            let stored = self
                .anchors
                .replace(VAULT, expected.as_deref(), &bytes, flush);
            assert_eq!(stored, Stored::Done);
            assert_eq!(self.read(), Some(anchor));
        }
    }

    fn anchor(branch: u8, generation: u64) -> Anchor {
        Anchor {
            branch: [branch; 8],
            generation,
            token_hash: [9; 32],
            porch: None,
        }
    }

    #[test]
    fn a_late_anchor_that_is_torn_leaves_the_flushed_one() {
        let place = Place::new();
        place.store(anchor(1, 4), Flush::Now);
        place.store(anchor(1, 5), Flush::Late);
        place.store(anchor(1, 6), Flush::Late);
        for torn in [&b""[..], b"torn", &[0; 73]] {
            fs::write(place.files().late, torn).unwrap();
            assert_eq!(place.read(), Some(anchor(1, 4)));
        }
        place.store(anchor(1, 7), Flush::Late);
        // And the other way round, where a folder lost what was flushed.
        fs::write(place.files().flushed, "").unwrap();
        assert_eq!(place.read(), Some(anchor(1, 7)));
    }

    #[test]
    fn a_flushed_anchor_is_never_far_below_a_late_one() {
        let place = Place::new();
        let flushed = || {
            let bytes = fs::read(place.files().flushed).unwrap();
            Anchor::decode(&bytes, VAULT).unwrap().generation
        };
        // The first one is flushed whatever was asked for.
        for (generation, expected) in [(6, 6), (7, 6), (9, 6), (10, 10), (12, 10), (31, 31)] {
            place.store(anchor(1, generation), Flush::Late);
            assert_eq!(flushed(), expected, "{generation}");
        }
        place.store(anchor(1, 32), Flush::Now);
        assert_eq!(flushed(), 32);
    }

    #[test]
    fn an_anchor_that_cannot_be_read_now_is_no_older_one() {
        let place = Place::new();
        place.store(anchor(1, 4), Flush::Now);
        place.store(anchor(1, 5), Flush::Late);
        fs::remove_file(place.files().late).unwrap();
        // A folder opens and cannot be read, whoever asks.
        fs::create_dir(place.files().late).unwrap();
        assert_eq!(place.read(), None);
        fs::remove_dir(place.files().late).unwrap();
        assert_eq!(place.read(), Some(anchor(1, 4)));
        // A link to itself does not even open.
        let itself = |path: &Path| std::os::unix::fs::symlink(path, path).unwrap();
        itself(&place.files().late);
        assert_eq!(place.read(), None);
        // The next one takes the place of both.
        place.store(anchor(1, 6), Flush::Late);
        fs::remove_file(place.files().flushed).unwrap();
        itself(&place.files().flushed);
        assert_eq!(place.read(), None);
        place.store(anchor(1, 7), Flush::Late);
    }

    #[test]
    fn an_anchor_of_another_branch_takes_the_place_of_both() {
        for flush in [Flush::Late, Flush::Now] {
            let place = Place::new();
            place.store(anchor(1, 4), Flush::Now);
            place.store(anchor(1, 7), Flush::Late);
            place.store(anchor(2, 3), flush);
            place.store(anchor(2, 9), flush);
            place.store(anchor(3, 9), flush);
        }
    }

    #[test]
    fn nothing_is_replaced_that_was_not_read() {
        let place = Place::new();
        let replace = |expected: Option<&[u8]>| {
            let bytes = anchor(1, 9).encode(VAULT);
            place.anchors.replace(VAULT, expected, &bytes, Flush::Late)
        };
        assert_eq!(replace(Some(b"")), Stored::Changed);
        assert_eq!(replace(None), Stored::Done);
        assert_eq!(replace(None), Stored::Changed);
        assert_eq!(replace(Some(&anchor(1, 9).encode(VAULT))), Stored::Done);
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let vault = place.path().join("vault");
        let none = AnchorFolder::new(None, &vault);
        assert_eq!(none.replace(VAULT, None, b"", Flush::Now), Stored::Failed);
        assert_eq!(none.read(VAULT), None);
        fs::write(&vault, "a file is no folder").unwrap();
        let file = AnchorFolder::new(Some(vault.clone()), &vault);
        assert_eq!(file.replace(VAULT, None, b"", Flush::Now), Stored::Failed);
    }

    #[test]
    fn a_copy_elsewhere_has_an_anchor_of_its_own_and_nobody_else_reads_it() {
        let place = Place::new();
        place.store(anchor(1, 4), Flush::Now);
        place.store(anchor(1, 5), Flush::Late);
        let state = place.folder.path().join("deep/state");
        let copy = AnchorFolder::new(Some(state.clone()), &place.folder.path().join("copy"));
        assert_eq!(copy.read(VAULT), None);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&state), FOLDER_MODE);
        for file in fs::read_dir(state).unwrap() {
            assert_eq!(mode(&file.unwrap().path()), FILE_MODE);
        }
    }
}
