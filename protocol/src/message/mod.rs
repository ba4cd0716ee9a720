//! What messages say: each read from verified claims in the order of the specification's checks, and written to claims.

mod account;
mod answer;
mod enrol;
mod history;
mod moving;
mod receipt;
mod request;
mod state;
mod statement;

pub use account::{ACCOUNT_NAME_BYTES_MAX, Account, Confirm, HELP_BYTES_MAX, Policy, PresenceRule};
pub use answer::{Answer, Decision};
pub use enrol::{
    ATTESTATION_BYTES_MAX, Attestation, Capability, DEVICE_WORD_BYTES_MAX, Device, Enrol,
    InvitationChoice, Presence, Protection, ReadEnrol,
};
pub use history::History;
pub use moving::{CHECK_TRIES, INVITATION_BYTES_MAX, Move, MoveStep, Moving};
pub use receipt::{Ended, NextStep, Outcome, Receipt, Via};
pub use request::{
    CLOCK_TOLERANCE_S, DELIVERY_BYTES_MAX, Delivery, Fetch, Leave, OPEN_MAX, Request, Ring,
    WAIT_MAX_S, is_push_address,
};
pub use state::{
    LISTED_MAX, OTP_BYTES_MAX, OtpLink, RemovedWhy, STATEMENTS_MAX, Secrets, Standing, State,
    SuspendedWhy,
};
pub use statement::{Act, Client, Details, Expected, LIFETIME_MAX_S, Place, Statement, Unknown};

/// Longest base URL in bytes.
pub const URL_BYTES_MAX: usize = 128;
/// Most devices that one statement addresses.
pub const AUDIENCE_MAX: usize = 5;
