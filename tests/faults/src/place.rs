//! Which files count: those below the watched folder.

use std::ffi::CStr;
use std::mem::MaybeUninit;

use libc::{AT_FDCWD, AT_SYMLINK_NOFOLLOW, c_char, c_int};

const PATH_BYTES_MAX: usize = 4096;

/// A file or folder that counts, by its path below the watched folder.
pub(crate) struct Place {
    pub(crate) path: Vec<u8>,
    pub(crate) inode: u64,
    pub(crate) length: u64,
    pub(crate) exists: bool,
}

/// What an open descriptor stands for; `None` when it does not count. A removed file still does.
pub(crate) fn of_descriptor(root: &[u8], descriptor: c_int) -> Option<Place> {
    let path = below(root, &path_of(descriptor)?)?;
    let (inode, length) = status(descriptor, c"", libc::AT_EMPTY_PATH)?;
    Some(Place {
        path,
        inode,
        length,
        exists: true,
    })
}

/// What a path stands for; `None` when it does not count.
///
/// # Safety
///
/// `path` is null or a C string.
pub(crate) unsafe fn of_path(root: &[u8], folder: c_int, path: *const c_char) -> Option<Place> {
    if path.is_null() {
        return None;
    }
    // SAFETY: the caller says so.
    let path = unsafe { CStr::from_ptr(path) };
    let mut whole = Vec::new();
    if !path.to_bytes().starts_with(b"/") {
        whole = if folder == AT_FDCWD {
            current_folder()?
        } else {
            path_of(folder)?
        };
        whole.push(b'/');
    }
    whole.extend_from_slice(path.to_bytes());
    let below = below(root, &tidy(&whole))?;
    let found = status(folder, path, AT_SYMLINK_NOFOLLOW);
    let (inode, length) = found.unwrap_or((0, 0));
    Some(Place {
        path: below,
        inode,
        length,
        exists: found.is_some(),
    })
}

/// Inode and length.
pub(crate) fn status(folder: c_int, path: &CStr, flags: c_int) -> Option<(u64, u64)> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the path is a C string and the place for the answer is large enough.
    let result = unsafe { libc::fstatat(folder, path.as_ptr(), status.as_mut_ptr(), flags) };
    if result != 0 {
        return None;
    }
    // SAFETY: a result of 0 says that it was filled.
    let status = unsafe { status.assume_init() };
    Some((status.st_ino, u64::try_from(status.st_size).ok()?))
}

fn path_of(descriptor: c_int) -> Option<Vec<u8>> {
    let link = format!("/proc/self/fd/{descriptor}\0");
    let mut path = vec![0_u8; PATH_BYTES_MAX];
    // SAFETY: the link's name ends with a zero, and the buffer has the length that is named.
    let length =
        unsafe { libc::readlink(link.as_ptr().cast(), path.as_mut_ptr().cast(), path.len()) };
    path.truncate(usize::try_from(length).ok()?);
    Some(path)
}

fn current_folder() -> Option<Vec<u8>> {
    let mut path = vec![0_u8; PATH_BYTES_MAX];
    // SAFETY: the buffer has the length that is named.
    let answer = unsafe { libc::getcwd(path.as_mut_ptr().cast(), path.len()) };
    if answer.is_null() {
        return None;
    }
    let length = path.iter().position(|&byte| byte == 0)?;
    path.truncate(length);
    Some(path)
}

/// Without empty parts and single dots.
fn tidy(path: &[u8]) -> Vec<u8> {
    let mut tidied = Vec::with_capacity(path.len());
    for part in path.split(|&byte| byte == b'/') {
        if !part.is_empty() && part != b"." {
            tidied.push(b'/');
            tidied.extend_from_slice(part);
        }
    }
    tidied
}

fn below(root: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    match path.strip_prefix(root)? {
        [] => Some(Vec::new()),
        [b'/', rest @ ..] => Some(rest.to_vec()),
        _ => None,
    }
}
