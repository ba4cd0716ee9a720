//! The one fault of a run, as the library under the child reads it.

use std::fmt;

/// The operations that are counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// Bytes and lengths of files.
    Write,
    /// Names made, linked, moved, removed.
    Name,
    /// Files and folders flushed.
    Sync,
    /// Bytes read.
    Read,
    /// All but reading.
    Change,
    /// All.
    Any,
}

/// What a failing operation says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Errno {
    /// `ENOSPC`: there is no room. What cuts or removes a file is done all the same.
    NoRoom,
    /// `EIO`: the device failed.
    Broken,
}

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lasting {
    /// One operation.
    Once,
    /// That one and every later one of the class.
    Onwards,
}

/// Where in an operation the process is killed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Moment {
    /// Before it.
    Before,
    /// With half of the bytes written; before it where there are none.
    Midway,
    /// After it, before the program hears of it.
    After,
}

/// What happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The operation fails and does nothing.
    Fail(Errno, Lasting),
    /// Half of the bytes are written, which is no error; what follows may be one.
    Half(Errno, Lasting),
    /// `SIGKILL`.
    Kill(Moment),
}

/// One fault at one operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Plan {
    /// Which operations count.
    pub class: Class,
    /// The operation's number in its class, from 1.
    pub number: u64,
    /// What happens at it.
    pub fault: Fault,
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = match self.class {
            Class::Write => "write",
            Class::Name => "name",
            Class::Sync => "sync",
            Class::Read => "read",
            Class::Change => "change",
            Class::Any => "any",
        };
        write!(formatter, "{class} {} {}", self.number, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, errno, lasting) = match self {
            Self::Fail(errno, lasting) => ("fail", errno, lasting),
            Self::Half(errno, lasting) => ("half", errno, lasting),
            Self::Kill(Moment::Before) => return formatter.write_str("kill before"),
            Self::Kill(Moment::Midway) => return formatter.write_str("kill midway"),
            Self::Kill(Moment::After) => return formatter.write_str("kill after"),
        };
        let number = match errno {
            Errno::NoRoom => 28,
            Errno::Broken => 5,
        };
        let lasting = match lasting {
            Lasting::Once => "once",
            Lasting::Onwards => "onwards",
        };
        write!(formatter, "{what} {number} {lasting}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_three_to_five_words() {
        let plan = |class, number, fault| {
            Plan {
                class,
                number,
                fault,
            }
            .to_string()
        };
        let full = Fault::Fail(Errno::NoRoom, Lasting::Onwards);
        assert_eq!(plan(Class::Write, 17, full), "write 17 fail 28 onwards");
        let short = Fault::Half(Errno::Broken, Lasting::Once);
        assert_eq!(plan(Class::Any, 2, short), "any 2 half 5 once");
        let kill = Fault::Kill(Moment::Midway);
        assert_eq!(plan(Class::Change, 1, kill), "change 1 kill midway");
    }
}
