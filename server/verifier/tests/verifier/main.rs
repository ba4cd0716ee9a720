//! The server's half, asked by phones that sign and verify as the protocol says.

mod answers;
mod asked_after;
mod confirming;
mod enrolment;
mod http;
mod phone;
mod world;
