//! The one fault that is to happen: `CLASS NUMBER fail ERRNO once|onwards`, `CLASS NUMBER half ERRNO once|onwards` or
//! `CLASS NUMBER kill before|midway|after`, where CLASS is `write`, `name`, `sync`, `read`, `change` or `any`, and NUMBER
//! counts the operations of that class from 1.

use libc::c_int;

/// What an operation is.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Class {
    /// Bytes or length of a file.
    Write,
    /// Names: a file made, linked, renamed, removed; a folder made or removed.
    Name,
    /// A file or folder flushed to the disk.
    Sync,
    /// Bytes read.
    Read,
}

/// What becomes of one operation.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It is done.
    Go,
    /// It is not done and gives this error.
    Fail(c_int),
    /// Half of the bytes are written, and the caller is told so.
    Half,
    /// The process ends before it.
    KillBefore,
    /// The process ends with half of the bytes written.
    KillMidway,
    /// The process ends after it.
    KillAfter,
}

/// A fault and the count of operations that leads to it.
pub(crate) struct Plan {
    classes: &'static [Class],
    number: u64,
    verdict: Verdict,
    /// What later operations of the class meet, after the fault.
    later: Verdict,
    met: u64,
}

impl Plan {
    /// Reads a plan; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        use Class::{Name, Read, Sync, Write};
        let mut words = text.split_ascii_whitespace();
        let classes: &[Class] = match words.next()? {
            "write" => &[Write],
            "name" => &[Name],
            "sync" => &[Sync],
            "read" => &[Read],
            "change" => &[Write, Name, Sync],
            "any" => &[Write, Name, Sync, Read],
            _ => return None,
        };
        let number = words.next()?.parse().ok()?;
        let (verdict, later) = match (words.next()?, words.next()?, words.next()) {
            ("kill", "before", None) => (Verdict::KillBefore, Verdict::Go),
            ("kill", "midway", None) => (Verdict::KillMidway, Verdict::Go),
            ("kill", "after", None) => (Verdict::KillAfter, Verdict::Go),
            (what, errno, Some(extent)) => {
                let fail = Verdict::Fail(errno.parse().ok()?);
                let now = match what {
                    "fail" => fail,
                    "half" => Verdict::Half,
                    _ => return None,
                };
                match extent {
                    "once" => (now, Verdict::Go),
                    "onwards" => (now, fail),
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(Self {
            classes,
            number,
            verdict,
            later,
            met: 0,
        })
    }

    /// Counts an operation and says what becomes of it.
    pub(crate) fn meet(&mut self, class: Class) -> Verdict {
        if !self.classes.contains(&class) {
            return Verdict::Go;
        }
        self.met += 1;
        match self.met.cmp(&self.number) {
            std::cmp::Ordering::Less => Verdict::Go,
            std::cmp::Ordering::Equal => self.verdict,
            std::cmp::Ordering::Greater => self.later,
        }
    }
}
