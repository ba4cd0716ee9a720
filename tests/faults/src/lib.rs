//! Faults below a program: `LD_PRELOAD` puts this library between a child process and the C library. It counts what the
//! child does to the files of one folder, records it, makes it fail or kills the child in it. It stands below SQLite
//! and below `std::fs` alike, so the product needs no seam for it.
//!
//! Three variables say what happens; without the first one nothing does:
//!
//! * `COUNTERSIGN_FAULTS_WATCH`: the folder, as an absolute path without links;
//! * `COUNTERSIGN_FAULTS_TRACE`: a file outside of it that takes every operation, in the form that `record.rs` writes;
//! * `COUNTERSIGN_FAULTS_PLAN`: one fault, in the words that `plan.rs` reads.
//!
//! Seen are the calls that SQLite and the standard library make. What would copy past them (`copy_file_range`,
//! `sendfile`, `fallocate`) is said not to exist, so that its caller falls back to what is seen. Memory maps are not
//! seen: SQLite maps only its `-shm`, which is made anew from the log after every crash.
#![cfg(target_os = "linux")]
#![expect(
    unsafe_code,
    reason = "standing in for functions of the C library takes it"
)]

mod data_calls;
mod gate;
mod name_calls;
mod place;
mod plan;
mod real;
mod record;
mod refused_calls;
