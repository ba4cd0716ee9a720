//! The C library's functions that make, move and remove names, in its place.

use libc::{AT_FDCWD, c_char, c_int, mode_t};

use crate::gate::watch;
use crate::place::{of_path, status};
use crate::plan::Class;
use crate::real;
use crate::record::{Kind, Record};

fn wide(result: c_int) -> isize {
    isize::try_from(result).unwrap_or(-1)
}

fn narrow(result: isize) -> c_int {
    c_int::try_from(result).unwrap_or(-1)
}

/// # Safety
///
/// As the C library's `openat`. Its last argument is optional in C; where it is left out, nobody looks at it.
#[unsafe(no_mangle)]
unsafe extern "C" fn openat64(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the caller's arguments.
    let act = || unsafe { real::OPENAT.get()(folder, path, flags, mode) };
    let Some(watch) = watch().filter(|_| flags & (libc::O_CREAT | libc::O_TRUNC) != 0) else {
        return act();
    };
    // SAFETY: the caller promises a path.
    let Some(place) = (unsafe { of_path(&watch.root, folder, path) }) else {
        return act();
    };
    let makes = flags & libc::O_CREAT != 0 && !place.exists;
    let cuts = flags & libc::O_TRUNC != 0 && place.exists && place.length > 0;
    if makes {
        let opened = watch.pass(
            Class::Name,
            |_| wide(act()),
            |result| {
                let made = status(narrow(result), c"", libc::AT_EMPTY_PATH);
                let inode = made.map_or(0, |(inode, _)| inode);
                Record::new(Kind::Create, inode, &place.path)
            },
        );
        narrow(opened)
    } else if cuts {
        let opened = watch.pass(
            Class::Write,
            |_| wide(act()),
            |_| Record::new(Kind::Resize, place.inode, &place.path),
        );
        narrow(opened)
    } else {
        act()
    }
}

/// # Safety
///
/// As [`openat64`].
#[unsafe(no_mangle)]
unsafe extern "C" fn openat(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the same function where offsets have 64 bits.
    unsafe { openat64(folder, path, flags, mode) }
}

/// # Safety
///
/// As [`openat64`].
#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { openat64(AT_FDCWD, path, flags, mode) }
}

/// # Safety
///
/// As [`openat64`].
#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { openat64(AT_FDCWD, path, flags, mode) }
}

/// # Safety
///
/// `from` and `to` are C strings.
unsafe fn pass_two(
    kind: Kind,
    from: (c_int, *const c_char),
    to: (c_int, *const c_char),
    act: impl Fn() -> c_int,
) -> c_int {
    let Some(watch) = watch() else { return act() };
    // SAFETY: the caller promises paths.
    let places = unsafe {
        (
            of_path(&watch.root, from.0, from.1),
            of_path(&watch.root, to.0, to.1),
        )
    };
    let (Some(from), Some(to)) = places else {
        return act();
    };
    narrow(watch.pass(
        Class::Name,
        |_| wide(act()),
        |_| Record {
            second: &to.path,
            ..Record::new(kind, from.inode, &from.path)
        },
    ))
}

/// # Safety
///
/// As the C library's `renameat`.
#[unsafe(no_mangle)]
unsafe extern "C" fn renameat(
    from_folder: c_int,
    from: *const c_char,
    to_folder: c_int,
    to: *const c_char,
) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe {
        pass_two(Kind::Rename, (from_folder, from), (to_folder, to), || {
            real::RENAMEAT.get()(from_folder, from, to_folder, to)
        })
    }
}

/// # Safety
///
/// As the C library's `rename`.
#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { renameat(AT_FDCWD, from, AT_FDCWD, to) }
}

/// # Safety
///
/// As the C library's `linkat`.
#[unsafe(no_mangle)]
unsafe extern "C" fn linkat(
    from_folder: c_int,
    from: *const c_char,
    to_folder: c_int,
    to: *const c_char,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe {
        pass_two(Kind::Link, (from_folder, from), (to_folder, to), || {
            real::LINKAT.get()(from_folder, from, to_folder, to, flags)
        })
    }
}

/// # Safety
///
/// As the C library's `link`.
#[unsafe(no_mangle)]
unsafe extern "C" fn link(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { linkat(AT_FDCWD, from, AT_FDCWD, to, 0) }
}

/// # Safety
///
/// `path` is a C string.
unsafe fn pass_one(
    kind: Kind,
    folder: c_int,
    path: *const c_char,
    act: impl Fn() -> c_int,
) -> c_int {
    let Some(watch) = watch() else { return act() };
    // SAFETY: the caller promises a path.
    let Some(place) = (unsafe { of_path(&watch.root, folder, path) }) else {
        return act();
    };
    let makes = matches!(kind, Kind::MakeFolder);
    if makes == place.exists {
        // It fails by itself, and nothing is changed.
        return act();
    }
    narrow(watch.pass(
        Class::Name,
        |_| wide(act()),
        |_| Record::new(kind, place.inode, &place.path),
    ))
}

/// # Safety
///
/// As the C library's `unlinkat`.
#[unsafe(no_mangle)]
unsafe extern "C" fn unlinkat(folder: c_int, path: *const c_char, flags: c_int) -> c_int {
    let kind = if flags & libc::AT_REMOVEDIR == 0 {
        Kind::Remove
    } else {
        Kind::RemoveFolder
    };
    // SAFETY: the caller's arguments.
    unsafe {
        pass_one(kind, folder, path, || {
            real::UNLINKAT.get()(folder, path, flags)
        })
    }
}

/// # Safety
///
/// As the C library's `unlink`.
#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { unlinkat(AT_FDCWD, path, 0) }
}

/// # Safety
///
/// As the C library's `rmdir`.
#[unsafe(no_mangle)]
unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { unlinkat(AT_FDCWD, path, libc::AT_REMOVEDIR) }
}

/// # Safety
///
/// As the C library's `mkdirat`.
#[unsafe(no_mangle)]
unsafe extern "C" fn mkdirat(folder: c_int, path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe {
        pass_one(Kind::MakeFolder, folder, path, || {
            real::MKDIRAT.get()(folder, path, mode)
        })
    }
}

/// # Safety
///
/// As the C library's `mkdir`.
#[unsafe(no_mangle)]
unsafe extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { mkdirat(AT_FDCWD, path, mode) }
}
