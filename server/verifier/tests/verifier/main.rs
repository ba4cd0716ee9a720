//! The server's half, asked by phones that sign and verify as the protocol says.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test ends where it is surprised, and says what it has seen"
)]

mod answers;
mod asked_after;
mod at_once;
mod calm;
mod confirming;
mod deletion;
mod deliveries;
mod enrolment;
mod flips;
mod http;
mod invitations;
mod labels;
mod moves;
mod moves_ended;
mod offline;
mod phone;
mod reports;
mod requests;
mod rotation;
mod router;
mod schedules;
mod tests_again;
mod tombstones;
mod waiting;
mod world;
