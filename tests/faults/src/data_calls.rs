//! The C library's functions that read, write and flush, in its place.

use std::slice::from_raw_parts;

use libc::{c_int, c_void, iovec, off_t, size_t, ssize_t};

use crate::gate::{Extent, Watch, watch};
use crate::place::{Place, of_descriptor};
use crate::plan::Class;
use crate::real;
use crate::record::{Kind, Record};

const STANDARD_OUTPUT: c_int = 1;

/// The watch and the file, where the descriptor's file counts.
pub(crate) fn watched(descriptor: c_int) -> Option<(&'static Watch, Place)> {
    let watch = watch()?;
    Some((watch, of_descriptor(&watch.root, descriptor)?))
}

fn narrow(result: isize) -> c_int {
    c_int::try_from(result).unwrap_or(-1)
}

fn half_of(bytes: &[u8], extent: Extent) -> &[u8] {
    match extent {
        Extent::Whole => bytes,
        Extent::Half => bytes.get(..bytes.len() / 2).unwrap_or_default(),
    }
}

/// `act` writes bytes at an offset that the descriptor or the caller knows.
fn pass_write(
    watch: &Watch,
    place: &Place,
    at: u64,
    bytes: &[u8],
    act: impl Fn(&[u8]) -> isize,
) -> isize {
    watch.pass(
        Class::Write,
        |extent| act(half_of(bytes, extent)),
        |result| Record {
            at,
            // Before it is done, all of it is meant.
            data: bytes
                .get(..usize::try_from(result).unwrap_or(bytes.len()))
                .unwrap_or(bytes),
            ..Record::new(Kind::Write, place.inode, &place.path)
        },
    )
}

/// Where the next `write` goes.
fn position(descriptor: c_int, place: &Place) -> u64 {
    // SAFETY: asking a descriptor for its flags and position changes nothing.
    let (flags, position) = unsafe {
        (
            libc::fcntl(descriptor, libc::F_GETFL),
            libc::lseek(descriptor, 0, libc::SEEK_CUR),
        )
    };
    if flags & libc::O_APPEND != 0 {
        place.length
    } else {
        u64::try_from(position).unwrap_or(0)
    }
}

/// # Safety
///
/// As the C library's `write`.
#[unsafe(no_mangle)]
unsafe extern "C" fn write(descriptor: c_int, buffer: *const c_void, count: size_t) -> ssize_t {
    // SAFETY: the caller's buffer holds at least what it says, here and below.
    let real =
        |bytes: &[u8]| unsafe { real::WRITE.get()(descriptor, bytes.as_ptr().cast(), bytes.len()) };
    if count == 0 {
        // SAFETY: nothing is read from the buffer.
        return unsafe { real::WRITE.get()(descriptor, buffer, 0) };
    }
    // SAFETY: the caller promises `count` bytes.
    let bytes = unsafe { from_raw_parts(buffer.cast::<u8>(), count) };
    if let (STANDARD_OUTPUT, Some(watch)) = (descriptor, watch()) {
        return watch.say(bytes, || real(bytes));
    }
    match watched(descriptor) {
        None => real(bytes),
        Some((watch, place)) => {
            let at = position(descriptor, &place);
            pass_write(watch, &place, at, bytes, real)
        }
    }
}

/// # Safety
///
/// As the C library's `writev`.
#[unsafe(no_mangle)]
unsafe extern "C" fn writev(descriptor: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    let Some((watch, place)) = watched(descriptor) else {
        // SAFETY: the caller's arguments.
        return unsafe { real::WRITEV.get()(descriptor, parts, count) };
    };
    let mut bytes = Vec::new();
    if count > 0 {
        // SAFETY: the caller promises `count` parts, and each the bytes it names.
        for part in unsafe { from_raw_parts(parts, usize::try_from(count).unwrap_or(0)) } {
            if part.iov_len > 0 {
                // SAFETY: as above.
                bytes.extend_from_slice(unsafe {
                    from_raw_parts(part.iov_base.cast::<u8>(), part.iov_len)
                });
            }
        }
    }
    let at = position(descriptor, &place);
    pass_write(watch, &place, at, &bytes, |bytes| {
        // SAFETY: the bytes are there while they are written.
        unsafe { real::WRITE.get()(descriptor, bytes.as_ptr().cast(), bytes.len()) }
    })
}

/// # Safety
///
/// As the C library's `pwrite`.
#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(
    descriptor: c_int,
    buffer: *const c_void,
    count: size_t,
    offset: off_t,
) -> ssize_t {
    let real = |data: *const c_void, length: usize| {
        // SAFETY: `data` is the caller's buffer, and the length at most its own.
        unsafe { real::PWRITE.get()(descriptor, data, length, offset) }
    };
    match watched(descriptor) {
        Some((watch, place)) if count > 0 => {
            // SAFETY: the caller promises `count` bytes.
            let bytes = unsafe { from_raw_parts(buffer.cast::<u8>(), count) };
            let at = u64::try_from(offset).unwrap_or(0);
            pass_write(watch, &place, at, bytes, |bytes| {
                real(bytes.as_ptr().cast(), bytes.len())
            })
        }
        _ => real(buffer, count),
    }
}

/// # Safety
///
/// As the C library's `pwrite`.
#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(
    descriptor: c_int,
    buffer: *const c_void,
    count: size_t,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the same function where offsets have 64 bits.
    unsafe { pwrite64(descriptor, buffer, count, offset) }
}

fn pass_read(descriptor: c_int, act: impl Fn() -> isize) -> isize {
    match watched(descriptor) {
        None => act(),
        Some((watch, place)) => watch.pass(
            Class::Read,
            |_| act(),
            |_| Record::new(Kind::Read, place.inode, &place.path),
        ),
    }
}

/// # Safety
///
/// As the C library's `read`.
#[unsafe(no_mangle)]
unsafe extern "C" fn read(descriptor: c_int, buffer: *mut c_void, count: size_t) -> ssize_t {
    // SAFETY: the caller's arguments.
    pass_read(descriptor, || unsafe {
        real::READ.get()(descriptor, buffer, count)
    })
}

/// # Safety
///
/// As the C library's `readv`.
#[unsafe(no_mangle)]
unsafe extern "C" fn readv(descriptor: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: the caller's arguments.
    pass_read(descriptor, || unsafe {
        real::READV.get()(descriptor, parts, count)
    })
}

/// # Safety
///
/// As the C library's `pread`.
#[unsafe(no_mangle)]
unsafe extern "C" fn pread64(
    descriptor: c_int,
    buffer: *mut c_void,
    count: size_t,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the caller's arguments.
    pass_read(descriptor, || unsafe {
        real::PREAD.get()(descriptor, buffer, count, offset)
    })
}

/// # Safety
///
/// As the C library's `pread`.
#[unsafe(no_mangle)]
unsafe extern "C" fn pread(
    descriptor: c_int,
    buffer: *mut c_void,
    count: size_t,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the same function where offsets have 64 bits.
    unsafe { pread64(descriptor, buffer, count, offset) }
}

/// # Safety
///
/// As the C library's `ftruncate`.
#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(descriptor: c_int, length: off_t) -> c_int {
    // SAFETY: a descriptor and a number.
    let real = || unsafe { real::FTRUNCATE.get()(descriptor, length) };
    let Some((watch, place)) = watched(descriptor) else {
        return real();
    };
    let note = |_| Record {
        at: u64::try_from(length).unwrap_or(0),
        ..Record::new(Kind::Resize, place.inode, &place.path)
    };
    narrow(watch.pass(
        Class::Write,
        |_| isize::try_from(real()).unwrap_or(-1),
        note,
    ))
}

/// # Safety
///
/// As the C library's `ftruncate`.
#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate(descriptor: c_int, length: off_t) -> c_int {
    // SAFETY: the same function where lengths have 64 bits.
    unsafe { ftruncate64(descriptor, length) }
}

fn pass_sync(descriptor: c_int, real: unsafe extern "C" fn(c_int) -> c_int) -> c_int {
    // SAFETY: flushing a descriptor needs nothing else.
    let act = || unsafe { real(descriptor) };
    let Some((watch, place)) = watched(descriptor) else {
        return act();
    };
    narrow(watch.pass(
        Class::Sync,
        |_| isize::try_from(act()).unwrap_or(-1),
        |_| Record::new(Kind::Sync, place.inode, &place.path),
    ))
}

#[unsafe(no_mangle)]
extern "C" fn fsync(descriptor: c_int) -> c_int {
    pass_sync(descriptor, real::FSYNC.get())
}

#[unsafe(no_mangle)]
extern "C" fn fdatasync(descriptor: c_int) -> c_int {
    pass_sync(descriptor, real::FDATASYNC.get())
}
