//! The C library's own functions, behind ours of the same names.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::transmute_copy;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use libc::{c_char, c_int, c_void, iovec, mode_t, off_t, size_t, ssize_t};

/// A function of the form `F`, looked up when it is first asked for.
pub(crate) struct Real<F> {
    name: &'static CStr,
    address: AtomicPtr<c_void>,
    form: PhantomData<F>,
}

impl<F: Copy> Real<F> {
    /// # Safety
    ///
    /// `F` is the form of the C library's function `name`, as a function pointer.
    const unsafe fn new(name: &'static CStr) -> Self {
        Self {
            name,
            address: AtomicPtr::new(null_mut()),
            form: PhantomData,
        }
    }

    /// The function. Ends the process when there is none.
    pub(crate) fn get(&self) -> F {
        let mut address = self.address.load(Ordering::Relaxed);
        if address.is_null() {
            // SAFETY: the name is a C string that lives forever.
            address = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
            if address.is_null() {
                // SAFETY: ending the process needs nothing.
                unsafe { libc::abort() };
            }
            self.address.store(address, Ordering::Relaxed);
        }
        // SAFETY: `new` was told that `F` is a function pointer of the right form, and those are as wide as data pointers.
        unsafe { transmute_copy(&address) }
    }
}

macro_rules! real {
    ($($constant:ident $name:literal $form:ty;)*) => {
        $(
            // SAFETY: the form is the one of the manual page.
            pub(crate) static $constant: Real<$form> = unsafe { Real::new($name) };
        )*
    };
}

real! {
    OPEN c"open64" unsafe extern "C" fn(*const c_char, c_int, mode_t) -> c_int;
    OPENAT c"openat64" unsafe extern "C" fn(c_int, *const c_char, c_int, mode_t) -> c_int;
    READ c"read" unsafe extern "C" fn(c_int, *mut c_void, size_t) -> ssize_t;
    PREAD c"pread64" unsafe extern "C" fn(c_int, *mut c_void, size_t, off_t) -> ssize_t;
    READV c"readv" unsafe extern "C" fn(c_int, *const iovec, c_int) -> ssize_t;
    WRITE c"write" unsafe extern "C" fn(c_int, *const c_void, size_t) -> ssize_t;
    WRITEV c"writev" unsafe extern "C" fn(c_int, *const iovec, c_int) -> ssize_t;
    PWRITE c"pwrite64" unsafe extern "C" fn(c_int, *const c_void, size_t, off_t) -> ssize_t;
    FTRUNCATE c"ftruncate64" unsafe extern "C" fn(c_int, off_t) -> c_int;
    FSYNC c"fsync" unsafe extern "C" fn(c_int) -> c_int;
    FDATASYNC c"fdatasync" unsafe extern "C" fn(c_int) -> c_int;
    RENAMEAT c"renameat" unsafe extern "C" fn(c_int, *const c_char, c_int, *const c_char) -> c_int;
    LINKAT c"linkat" unsafe extern "C" fn(c_int, *const c_char, c_int, *const c_char, c_int) -> c_int;
    UNLINKAT c"unlinkat" unsafe extern "C" fn(c_int, *const c_char, c_int) -> c_int;
    MKDIRAT c"mkdirat" unsafe extern "C" fn(c_int, *const c_char, mode_t) -> c_int;
    COPY_FILE_RANGE c"copy_file_range" unsafe extern "C" fn(c_int, *mut off_t, c_int, *mut off_t, size_t, libc::c_uint) -> ssize_t;
    SENDFILE c"sendfile64" unsafe extern "C" fn(c_int, c_int, *mut off_t, size_t) -> ssize_t;
    FALLOCATE c"fallocate64" unsafe extern "C" fn(c_int, c_int, off_t, off_t) -> c_int;
    POSIX_FALLOCATE c"posix_fallocate64" unsafe extern "C" fn(c_int, off_t, off_t) -> c_int;
}

/// The calling thread's error number.
pub(crate) fn errno() -> c_int {
    // SAFETY: the C library gives every thread a place of its own.
    unsafe { *libc::__errno_location() }
}

/// Sets the calling thread's error number.
pub(crate) fn set_errno(number: c_int) {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = number };
}
