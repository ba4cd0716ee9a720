//! One operation in the trace: kind (1 byte), 0 or its error number (4), inode (8), offset or length (8), lengths of two
//! paths and of the data (4 each), then these. Numbers are little-endian; paths are relative to the watched folder.

use libc::c_int;

/// What was done.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// An empty file with a new name.
    Create,
    /// A file's length set to `at`.
    Resize,
    /// Data written at `at`.
    Write,
    /// A file or folder flushed.
    Sync,
    /// A name moved to the second path.
    Rename,
    /// A second name made for a file.
    Link,
    /// A name of a file removed.
    Remove,
    /// A folder made.
    MakeFolder,
    /// A folder removed.
    RemoveFolder,
    /// Bytes read; they are not kept.
    Read,
    /// What the process wrote to its standard output: it tells the reader what had been said by then.
    Said,
}

impl Kind {
    /// Whether it needs room on the disk.
    pub(crate) const fn takes_room(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Write | Self::Sync | Self::Rename | Self::Link | Self::MakeFolder
        )
    }

    const fn number(self) -> u8 {
        match self {
            Self::Create => 1,
            Self::Resize => 2,
            Self::Write => 3,
            Self::Sync => 4,
            Self::Rename => 5,
            Self::Link => 6,
            Self::Remove => 7,
            Self::MakeFolder => 8,
            Self::RemoveFolder => 9,
            Self::Read => 10,
            Self::Said => 11,
        }
    }
}

/// An operation with everything that repeating it takes.
pub(crate) struct Record<'a> {
    pub(crate) kind: Kind,
    pub(crate) inode: u64,
    pub(crate) at: u64,
    pub(crate) path: &'a [u8],
    pub(crate) second: &'a [u8],
    pub(crate) data: &'a [u8],
}

impl<'a> Record<'a> {
    /// An operation on the file or folder at `path`.
    pub(crate) const fn new(kind: Kind, inode: u64, path: &'a [u8]) -> Self {
        Self {
            kind,
            inode,
            at: 0,
            path,
            second: &[],
            data: &[],
        }
    }

    /// Its bytes in the trace; `error` is 0 when it was done.
    pub(crate) fn encode(&self, error: c_int) -> Vec<u8> {
        let mut bytes = vec![self.kind.number()];
        bytes.extend_from_slice(&error.to_le_bytes());
        bytes.extend_from_slice(&self.inode.to_le_bytes());
        bytes.extend_from_slice(&self.at.to_le_bytes());
        let parts = [self.path, self.second, self.data];
        for part in parts {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
        }
        bytes.extend(parts.concat());
        bytes
    }
}
