//! What a child did to the watched folder, in order, as `tests/faults/src/record.rs` writes it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use super::plan::Class;

/// Kind, error, inode, offset and three lengths.
const HEAD_BYTES: usize = 1 + 4 + 8 + 8 + 3 * 4;

/// What was done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Deed {
    /// An empty file was made.
    Create,
    /// The file's length was set.
    Resize {
        /// The new length in bytes.
        bytes: u64,
    },
    /// Bytes were written.
    Write {
        /// Where, in bytes from the start.
        at: u64,
        /// The bytes.
        data: Vec<u8>,
    },
    /// The file or folder was flushed.
    Sync,
    /// The name was moved.
    Rename {
        /// Its new path.
        to: PathBuf,
    },
    /// The file got a second name.
    Link {
        /// The new path.
        to: PathBuf,
    },
    /// The name was removed.
    Remove,
    /// A folder was made.
    MakeFolder,
    /// An empty folder was removed.
    RemoveFolder,
    /// Bytes were read.
    Read,
    /// The child wrote this to its standard output.
    Said(String),
}

/// One operation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    /// What was done.
    pub deed: Deed,
    /// The path below the watched folder, as it was then.
    pub path: PathBuf,
    /// Which file it was, whatever it is called; 0 for folders that are made.
    pub inode: u64,
    /// The error number when it failed and did nothing; otherwise 0.
    pub error: i32,
}

impl Operation {
    /// The class that it is counted in; `None` for what was said.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        match self.deed {
            Deed::Write { .. } | Deed::Resize { .. } => Some(Class::Write),
            Deed::Sync => Some(Class::Sync),
            Deed::Read => Some(Class::Read),
            Deed::Said(_) => None,
            Deed::Create
            | Deed::Rename { .. }
            | Deed::Link { .. }
            | Deed::Remove
            | Deed::MakeFolder
            | Deed::RemoveFolder => Some(Class::Name),
        }
    }

    /// Whether it belongs to a class.
    #[must_use]
    pub fn is_in(&self, class: Class) -> bool {
        match (self.class(), class) {
            (None, _) => false,
            (Some(_), Class::Any) => true,
            (Some(own), Class::Change) => own != Class::Read,
            (Some(own), class) => own == class,
        }
    }
}

/// How many operations of a class there are.
#[must_use]
pub fn count(trace: &[Operation], class: Class) -> u64 {
    let counted = trace.iter().filter(|operation| operation.is_in(class));
    u64::try_from(counted.count()).unwrap_or(u64::MAX)
}

/// Reads a trace. A record that the child's end cut off is left out.
///
/// # Panics
///
/// When it is no trace.
#[must_use]
pub fn read(mut bytes: &[u8]) -> Vec<Operation> {
    let mut operations = Vec::new();
    while let Some((operation, rest)) = next(bytes) {
        operations.push(operation);
        bytes = rest;
    }
    operations
}

fn next(bytes: &[u8]) -> Option<(Operation, &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
    let (&kind, head) = head.split_first()?;
    let (error, head) = head.split_first_chunk::<4>()?;
    let (inode, head) = head.split_first_chunk::<8>()?;
    let (at, head) = head.split_first_chunk::<8>()?;
    let at = u64::from_le_bytes(*at);
    let mut lengths = head.as_chunks::<4>().0.iter().map(|length| {
        usize::try_from(u32::from_le_bytes(*length)).expect("a length fits into memory")
    });
    let (path, rest) = rest.split_at_checked(lengths.next()?)?;
    let (second, rest) = rest.split_at_checked(lengths.next()?)?;
    let (data, rest) = rest.split_at_checked(lengths.next()?)?;
    let to = path_of(second);
    let deed = match kind {
        1 => Deed::Create,
        2 => Deed::Resize { bytes: at },
        3 => Deed::Write {
            at,
            data: data.to_vec(),
        },
        4 => Deed::Sync,
        5 => Deed::Rename { to },
        6 => Deed::Link { to },
        7 => Deed::Remove,
        8 => Deed::MakeFolder,
        9 => Deed::RemoveFolder,
        10 => Deed::Read,
        11 => Deed::Said(String::from_utf8_lossy(data).into_owned()),
        other => panic!("a trace has no operation of kind {other}"),
    };
    let operation = Operation {
        deed,
        path: path_of(path),
        inode: u64::from_le_bytes(*inode),
        error: i32::from_le_bytes(*error),
    };
    Some((operation, rest))
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}
