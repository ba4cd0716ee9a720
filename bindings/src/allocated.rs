//! For tests alone: how much of the library's memory is in use.

use std::alloc::System;

use cap::Cap;
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static ALLOCATOR: Cap<ZeroAlloc<System>> = Cap::new(ZeroAlloc(System), usize::MAX);

/// Bytes of the library's memory that are in use.
#[uniffi::export]
#[must_use]
pub fn allocated_bytes() -> u64 {
    u64::try_from(ALLOCATOR.allocated()).unwrap_or(u64::MAX)
}
