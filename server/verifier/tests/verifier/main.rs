//! The server's half, asked by phones that sign and verify as the protocol says.

mod answers;
mod at_once;
mod calm;
mod confirming;
mod enrolment;
mod flips;
mod http;
mod moves;
mod phone;
mod requests;
mod rotation;
mod schedules;
mod world;
