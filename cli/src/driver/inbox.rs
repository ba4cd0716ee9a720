//! Waiting on several things at once: what threads bring, what a person types, and the time.

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Bells that are taken at once; one is enough.
const BELLS: usize = 64;

/// What ended a wait.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Woken<T> {
    /// A thread brought this.
    Mail(T),
    /// There is something to read, or nothing will come any more.
    Input,
    /// The time is over, or a signal came.
    Time,
}

/// Where threads put what they bring.
pub(super) struct Inbox<T> {
    mail: Receiver<T>,
    sender: Sender<T>,
    bell: PipeReader,
    ringer: Arc<PipeWriter>,
}

/// An inbox's address, for a thread.
pub(super) struct Address<T> {
    sender: Sender<T>,
    ringer: Arc<PipeWriter>,
}

impl<T> Address<T> {
    /// Brings something.
    pub(super) fn bring(&self, mail: T) {
        // Where the inbox is gone nobody waits, and a full pipe rings already.
        let _ = self.sender.send(mail);
        let _ = (&*self.ringer).write_all(&[0]);
    }
}

impl<T> Inbox<T> {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// When the system has no descriptor for it.
    pub(super) fn new() -> io::Result<Self> {
        let (bell, ringer) = io::pipe()?;
        let (sender, mail) = channel();
        Ok(Self {
            mail,
            sender,
            bell,
            ringer: Arc::new(ringer),
        })
    }

    /// Its address.
    pub(super) fn address(&self) -> Address<T> {
        Address {
            sender: self.sender.clone(),
            ringer: Arc::clone(&self.ringer),
        }
    }

    /// Waits for mail, for something to read from `input`, or until `pause` is over. Mail comes first.
    ///
    /// # Errors
    ///
    /// When the system cannot wait.
    pub(super) fn wait(
        &mut self,
        input: Option<BorrowedFd<'_>>,
        pause: Duration,
    ) -> io::Result<Woken<T>> {
        if let Ok(mail) = self.mail.try_recv() {
            return Ok(Woken::Mail(mail));
        }
        let pause = Timespec {
            tv_sec: i64::try_from(pause.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: pause.subsec_nanos().into(),
        };
        let bell = PollFd::from_borrowed_fd(self.bell.as_fd(), PollFlags::IN);
        let input = input.map(|input| PollFd::from_borrowed_fd(input, PollFlags::IN));
        let mut polled: Vec<PollFd<'_>> = std::iter::once(bell).chain(input).collect();
        match poll(&mut polled, Some(&pause)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Woken::Time),
            Err(error) => return Err(error.into()),
        }
        let is_up = |at: usize| {
            polled
                .get(at)
                .is_some_and(|entry| !entry.revents().is_empty())
        };
        let (has_rung, has_input) = (is_up(0), is_up(1));
        drop(polled);
        if has_rung {
            let _ = self.bell.read(&mut [0; BELLS])?;
            if let Ok(mail) = self.mail.try_recv() {
                return Ok(Woken::Mail(mail));
            }
        }
        Ok(if has_input { Woken::Input } else { Woken::Time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_thread_wakes_who_waits() {
        let mut inbox = Inbox::new().unwrap();
        let address = inbox.address();
        let thread = std::thread::spawn(move || address.bring(7));
        assert_eq!(inbox.wait(None, PATIENCE).unwrap(), Woken::Mail(7));
        thread.join().unwrap();
    }

    #[test]
    fn everything_that_was_brought_is_found_once() {
        let mut inbox = Inbox::new().unwrap();
        for mail in 0..3 {
            inbox.address().bring(mail);
        }
        for mail in 0..3 {
            assert_eq!(inbox.wait(None, PATIENCE).unwrap(), Woken::Mail(mail));
        }
        // A bell that is left over is no mail.
        for _ in 0..2 {
            assert_eq!(inbox.wait(None, Duration::ZERO).unwrap(), Woken::Time);
        }
    }

    #[test]
    fn what_is_typed_wakes_too_and_waits_for_mail() {
        let (input, mut keyboard) = io::pipe().unwrap();
        let mut inbox = Inbox::new().unwrap();
        let mut wait = |pause| inbox.wait(Some(input.as_fd()), pause).unwrap();
        assert_eq!(wait(Duration::ZERO), Woken::Time);
        keyboard.write_all(b"1").unwrap();
        assert_eq!(wait(PATIENCE), Woken::Input);
        drop(keyboard);
        assert_eq!(wait(PATIENCE), Woken::Input, "the end is input too");
        inbox.address().bring(1);
        assert_eq!(
            inbox.wait(Some(input.as_fd()), PATIENCE).unwrap(),
            Woken::Mail(1)
        );
    }
}
