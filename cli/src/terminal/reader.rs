//! Whether somebody reads standard output: what is said only once must not be said to nobody.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionread;

/// Where words go that nobody shall read. The runtime also opens it where standard output was closed.
const NOWHERE: &str = "/dev/null";
/// How long, and how often, a pipe's reader is given to take what was written. A reader that takes it
/// later still finds it in the pipe.
const PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};
const PAUSES: u32 = 50;

/// Refuses an output that keeps nothing.
///
/// # Errors
///
/// `BrokenPipe` when standard output is closed or leads nowhere.
pub(super) fn expect_somebody() -> io::Result<()> {
    let about = File::from(io::stdout().as_fd().try_clone_to_owned()?).metadata()?;
    let is_nowhere = about.file_type().is_char_device()
        && fs::metadata(NOWHERE).is_ok_and(|nowhere| nowhere.rdev() == about.rdev());
    if is_nowhere || has_left(io::stdout().as_fd(), false)? {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    Ok(())
}

/// Waits a little until a pipe's reader has taken what was written.
///
/// # Errors
///
/// `BrokenPipe` when the reader went away without it.
pub(super) fn expect_taken() -> io::Result<()> {
    let stdout = io::stdout();
    let file = File::from(stdout.as_fd().try_clone_to_owned()?);
    if !file.metadata()?.file_type().is_fifo() {
        return Ok(());
    }
    for _ in 0..PAUSES {
        // Where the system does not say what is left in the pipe, nothing is waited for.
        if ioctl_fionread(&file).map_or(true, |left_bytes| left_bytes == 0) {
            return Ok(());
        }
        if has_left(file.as_fd(), true)? {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
    }
    Ok(())
}

/// Whether the other end is closed; with `waits`, after a pause in which it may close.
fn has_left(output: BorrowedFd<'_>, waits: bool) -> io::Result<bool> {
    let pause = if waits {
        PAUSE
    } else {
        Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        }
    };
    // No event is asked for: an error or a hang-up of the other end is always reported.
    let mut polled = [PollFd::from_borrowed_fd(output, PollFlags::empty())];
    match poll(&mut polled, Some(&pause)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(polled
        .iter()
        .any(|entry| entry.revents().intersects(PollFlags::ERR | PollFlags::HUP)))
}
