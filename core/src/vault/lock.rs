//! `NAME.lock`: who has the vault open holds it shared, who must be alone holds it alone. The lock belongs to the
//! descriptor and not to the process (`flock`), so every handle has one of its own.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::thread::sleep;
use std::time::Duration;

use super::error::VaultError;
use super::flock;
use super::location::VaultLocation;

/// How long somebody else is waited for.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);
/// The unit of the pauses in which whoever had to wait holds nothing.
const STEP: Duration = Duration::from_millis(1);
/// So often whoever had to wait tries to be alone, before it takes another one for the one who has checked the files.
const ALONE_TRIES: u32 = 8;

/// How the lock is held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hold {
    /// Nobody else has the vault open.
    Alone,
    /// Others may have it open: one who was alone has checked its files.
    Shared,
}

/// The lock of one handle; released when dropped.
pub(super) struct VaultLock {
    file: File,
    /// Whether the lock's file lies where nothing can be written.
    pub(super) is_read_only: bool,
}

impl VaultLock {
    /// The lock of an existing vault, not held yet. A vault copied without the file is locked by its folder.
    ///
    /// # Errors
    ///
    /// [`VaultError::ReadOnly`] when the folder cannot be written, [`VaultError::NoAccess`], [`VaultError::Io`].
    pub(super) fn of(location: &VaultLocation) -> Result<Self, VaultError> {
        let path = location.lock();
        let (file, is_read_only) = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => (file, false),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                (File::open(location.folder())?, false)
            }
            Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => {
                (File::open(&path)?, true)
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(VaultError::ReadOnly);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { file, is_read_only })
    }

    /// The lock of a vault that is being made; `file` is its open lock file.
    pub(super) const fn new(file: File) -> Self {
        Self {
            file,
            is_read_only: false,
        }
    }

    /// A second hand on the same lock: it is released when both are dropped.
    ///
    /// # Errors
    ///
    /// [`VaultError::Io`].
    pub(super) fn duplicate(&self) -> Result<Self, VaultError> {
        Ok(Self {
            file: self.file.try_clone()?,
            is_read_only: self.is_read_only,
        })
    }

    /// Holds the lock alone where nobody else has it, otherwise shared with whoever was alone and found the files sound.
    ///
    /// # Errors
    ///
    /// [`VaultError::Busy`] when somebody is alone for five seconds.
    pub(super) fn hold(&self) -> Result<Hold, VaultError> {
        // Who is alone now may refuse the vault, and others who wait for the same one are no proof of a check: each lets
        // go of it again before the next try, so that one of them becomes the one who looks. Where nobody was seen
        // alone, the others have it open for good, but for a moment between two calls: one more try covers that.
        let mut tries_left = 2;
        for attempt in 1.. {
            if self.take_alone()? {
                return Ok(Hold::Alone);
            }
            if !self.try_share()? {
                tries_left = ALONE_TRIES;
                self.share()?;
            }
            if self.take_alone()? {
                return Ok(Hold::Alone);
            }
            tries_left -= 1;
            if tries_left == 0 {
                break;
            }
            flock::release(&self.file)?;
            sleep(STEP * (attempt + self.jitter()));
        }
        self.share()?;
        Ok(Hold::Shared)
    }

    /// Holds the lock alone.
    ///
    /// # Errors
    ///
    /// [`VaultError::Busy`] when somebody has the vault open for five seconds.
    pub(super) fn hold_alone(&self) -> Result<(), VaultError> {
        let mut waited = Duration::ZERO;
        while !self.take_alone()? {
            if waited >= BUSY_TIMEOUT {
                return Err(VaultError::Busy);
            }
            sleep(PAUSE);
            waited += PAUSE;
        }
        Ok(())
    }

    /// Whether nobody else has the lock, and this handle has it alone now. A shared hold may be lost in the attempt.
    pub(super) fn take_alone(&self) -> Result<bool, VaultError> {
        Ok(flock::try_alone(&self.file)?)
    }

    /// Shares the lock; waits like SQLite does for a check, a restore or a migration of somebody else.
    ///
    /// # Errors
    ///
    /// [`VaultError::Busy`] after five seconds.
    pub(super) fn share(&self) -> Result<(), VaultError> {
        let mut waited = Duration::ZERO;
        while !self.try_share()? {
            if waited >= BUSY_TIMEOUT {
                return Err(VaultError::Busy);
            }
            sleep(PAUSE);
            waited += PAUSE;
        }
        Ok(())
    }

    fn try_share(&self) -> Result<bool, VaultError> {
        Ok(flock::try_shared(&self.file)?)
    }

    /// Two that wait for the same moment must not try at the same moments. Every handle has an address of its own.
    fn jitter(&self) -> u32 {
        let address = std::ptr::from_ref(self).addr() / 64 % 7;
        let process = std::process::id() % 5;
        u32::try_from(address).unwrap_or(0) + process
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, VaultLocation) {
        let folder = tempfile::tempdir().unwrap();
        let location = VaultLocation::new(&folder.path().join("vault"));
        std::fs::write(location.lock(), b"").unwrap();
        (folder, location)
    }

    #[test]
    fn the_first_is_alone_and_the_second_waits_for_it_to_share() {
        let (_folder, location) = place();
        let first = VaultLock::of(&location).unwrap();
        assert_eq!(first.hold().unwrap(), Hold::Alone);
        first.share().unwrap();
        let second = VaultLock::of(&location).unwrap();
        assert_eq!(second.hold().unwrap(), Hold::Shared);
        assert!(!first.take_alone().unwrap());
        drop(second);
        assert!(first.take_alone().unwrap());
    }

    #[test]
    fn of_many_who_waited_for_one_that_refused_one_looks_itself() {
        let (_folder, location) = place();
        for _ in 0..5 {
            let refusing = VaultLock::of(&location).unwrap();
            assert_eq!(refusing.hold().unwrap(), Hold::Alone);
            let waiting: Vec<_> = (0..4)
                .map(|_| {
                    let lock = VaultLock::of(&location).unwrap();
                    // It looks, refuses too, and lets go of the lock.
                    std::thread::spawn(move || lock.hold())
                })
                .collect();
            drop(refusing);
            // Nobody may take another one's word.
            for thread in waiting {
                assert_eq!(thread.join().unwrap(), Ok(Hold::Alone));
            }
        }
    }

    #[test]
    fn whoever_must_be_alone_waits_and_is_refused_in_the_end() {
        let (_folder, location) = place();
        let reader = VaultLock::of(&location).unwrap();
        reader.share().unwrap();
        let alone = VaultLock::of(&location).unwrap();
        assert_eq!(alone.hold_alone(), Err(VaultError::Busy));
        drop(reader);
        assert_eq!(alone.hold_alone(), Ok(()));
    }
}
