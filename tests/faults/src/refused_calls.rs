//! Ways to fill a file past `write`: in the watched folder they do not exist, and their callers do without.

use libc::{c_int, c_uint, off_t, size_t, ssize_t};

use crate::data_calls::watched;
use crate::real::{self, set_errno};

/// # Safety
///
/// As the C library's `copy_file_range`.
#[unsafe(no_mangle)]
unsafe extern "C" fn copy_file_range(
    from: c_int,
    from_at: *mut off_t,
    to: c_int,
    to_at: *mut off_t,
    count: size_t,
    flags: c_uint,
) -> ssize_t {
    if watched(to).is_some() {
        set_errno(libc::ENOSYS);
        return -1;
    }
    // SAFETY: the caller's arguments.
    unsafe { real::COPY_FILE_RANGE.get()(from, from_at, to, to_at, count, flags) }
}

/// # Safety
///
/// As the C library's `sendfile`.
#[unsafe(no_mangle)]
unsafe extern "C" fn sendfile64(to: c_int, from: c_int, at: *mut off_t, count: size_t) -> ssize_t {
    if watched(to).is_some() {
        set_errno(libc::ENOSYS);
        return -1;
    }
    // SAFETY: the caller's arguments.
    unsafe { real::SENDFILE.get()(to, from, at, count) }
}

/// # Safety
///
/// As the C library's `sendfile`.
#[unsafe(no_mangle)]
unsafe extern "C" fn sendfile(to: c_int, from: c_int, at: *mut off_t, count: size_t) -> ssize_t {
    // SAFETY: the same function where offsets have 64 bits.
    unsafe { sendfile64(to, from, at, count) }
}

#[unsafe(no_mangle)]
extern "C" fn fallocate64(descriptor: c_int, mode: c_int, at: off_t, length: off_t) -> c_int {
    if watched(descriptor).is_some() {
        set_errno(libc::EOPNOTSUPP);
        return -1;
    }
    // SAFETY: a descriptor and numbers.
    unsafe { real::FALLOCATE.get()(descriptor, mode, at, length) }
}

#[unsafe(no_mangle)]
extern "C" fn posix_fallocate64(descriptor: c_int, at: off_t, length: off_t) -> c_int {
    if watched(descriptor).is_some() {
        return libc::EINVAL;
    }
    // SAFETY: a descriptor and numbers.
    unsafe { real::POSIX_FALLOCATE.get()(descriptor, at, length) }
}
