//! Faults below a program, for anything that keeps files: full disks, failing disks, `kill -9` and power cuts.
//!
//! A child process runs with a library under it ([`child`], `tests/faults/`) that watches one folder, carries out one
//! [`plan::Plan`] and leaves a [`trace`]: every operation in order, with what the child said on its standard output
//! between them. The child therefore tells what it promised, and the trace tells when.
//!
//! `kill -9` leaves a folder as it is: the parent looks at it. A power cut leaves less, and is computed: [`disk::Disk`]
//! repeats a trace up to a cut and [`crash`](disk::Disk::crash) draws what may be on the disk then.
//!
//! # What may be lost
//!
//! The model is POSIX, taken at its word where file systems differ, with the one promise that all of them with a journal
//! keep: changes of names in one folder stay in order.
//!
//! * Bytes of a file are safe once that file was flushed (`fsync`, `fdatasync`) after they were written. Of later writes any
//!   may be there or not, in any order, and each may be torn at sectors of 512 bytes. A lost write that made the file longer
//!   may leave zeros or nothing.
//! * A changed length is kept or lost in order; with it go all later writes to the file, because their blocks belong to the
//!   new length.
//! * A name (made, linked, moved, removed) is safe once its folder was flushed; flushing the file alone is not enough,
//!   although most file systems would do. Of later changes of names in one folder the first few are kept. A moved name takes
//!   the place of another at once: there is no moment without either.
//! * A file whose name is there and whose bytes were not flushed may be empty.
//! * Memory maps are not seen. SQLite maps its `-shm` alone and makes it anew when nobody has the database open; here it is
//!   absent, as it was, zeros or noise.

pub mod child;
pub mod disk;
mod draw;
pub mod plan;
pub mod trace;
pub mod tree;
