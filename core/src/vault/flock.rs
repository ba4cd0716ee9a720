//! Locks of files that belong to a descriptor and not to the process (`flock`). The standard library has them too, but for
//! Android only from Rust 1.98 on: before that each of its calls fails there, and no vault would open.

use std::fs::File;
use std::io;

use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, retry_on_intr};

/// Takes the lock for this descriptor alone where nobody else has it; whether it was taken.
///
/// # Errors
///
/// What the system says, where files cannot be locked for one.
pub(super) fn try_alone(file: &File) -> io::Result<bool> {
    tried(file, FlockOperation::NonBlockingLockExclusive)
}

/// The same, shared with others that share it.
pub(super) fn try_shared(file: &File) -> io::Result<bool> {
    tried(file, FlockOperation::NonBlockingLockShared)
}

/// Waits until the lock is this descriptor's alone.
pub(super) fn wait_alone(file: &File) -> io::Result<()> {
    Ok(retry_on_intr(|| {
        flock(file, FlockOperation::LockExclusive)
    })?)
}

/// Gives the lock back; closing the last descriptor of the same opening does that too.
pub(super) fn release(file: &File) -> io::Result<()> {
    Ok(flock(file, FlockOperation::Unlock)?)
}

fn tried(file: &File, operation: FlockOperation) -> io::Result<bool> {
    match retry_on_intr(|| flock(file, operation)) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_belongs_to_its_descriptor() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let open = || {
            let mut options = File::options();
            options.create(true).truncate(false).write(true);
            options.open(&path).unwrap()
        };
        let (first, second) = (open(), open());
        assert!(try_alone(&first).unwrap());
        assert!(!try_alone(&second).unwrap() && !try_shared(&second).unwrap());
        release(&first).unwrap();
        assert!(try_shared(&second).unwrap() && try_shared(&first).unwrap());
        assert!(!try_alone(&first).unwrap());
        drop(second);
        wait_alone(&first).unwrap();
        let third = open();
        assert!(!try_shared(&third).unwrap());
        let waiting = std::thread::spawn(move || wait_alone(&third).is_ok());
        drop(first);
        assert!(waiting.join().unwrap());
    }
}
