//! Messages of the approval protocol as their readers take them, and the vectors in `tests/vectors/protocol`.

mod derived;
mod names;
mod reader;
mod vectors;

pub use derived::{derive, invitation_secret};
pub use names::{
    CLAIM_ERRORS, ENVELOPE_ERRORS, Refusal, claim_refusal, envelope_refusal, kind_of, kind_word,
    signature_word,
};
pub use reader::{Reader, Said, read};
pub use vectors::{Case, Keys, PROTOCOL_VECTORS, accepted, cases, to_value};
