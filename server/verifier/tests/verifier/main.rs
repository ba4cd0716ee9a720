//! The server's half, asked by phones that sign and verify as the protocol says.

mod answers;
mod calm;
mod confirming;
mod enrolment;
mod http;
mod moves;
mod phone;
mod requests;
mod rotation;
mod world;
