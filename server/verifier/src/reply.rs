//! What a device is answered.

use countersign_protocol::claims::ClaimError;
use countersign_protocol::envelope::{Compact, EnvelopeError};
use countersign_protocol::problem::Problem;
use countersign_protocol::signature::SignatureError;

use crate::step::Parked;

/// The answer to a device's message.
#[derive(Debug)]
pub enum Reply {
    /// The account document: an enrolment was accepted.
    Account(Compact),
    /// How the device stands.
    State(Compact),
    /// What became of a statement.
    Receipt(Compact),
    /// A refusal: unsigned, a hint.
    Refused(Refusal),
    /// There is nothing new yet: ask again with this when the person changes, and at [`Parked::asked_again_at`].
    Parked(Parked),
}

/// A refusal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// Why.
    pub problem: Problem,
    /// When the message may be sent again, in seconds from now.
    pub retry_after_s: Option<u64>,
}

/// How long somebody waits whom a busy or broken server sent away, in seconds.
pub(crate) const UNAVAILABLE_S: u64 = 5;

impl Refusal {
    /// The server cannot answer now.
    #[must_use]
    pub const fn unavailable() -> Self {
        Self {
            problem: Problem::Unavailable,
            retry_after_s: Some(UNAVAILABLE_S),
        }
    }

    /// Too many requests: again in so many seconds.
    #[must_use]
    pub const fn rate_limited(retry_after_s: u64) -> Self {
        Self {
            problem: Problem::RateLimited,
            retry_after_s: Some(retry_after_s),
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            retry_after_s: None,
        }
    }
}

impl From<EnvelopeError> for Refusal {
    fn from(error: EnvelopeError) -> Self {
        let problem = match error {
            EnvelopeError::TooLarge { .. } => Problem::TooLarge,
            EnvelopeError::UnknownKey => Problem::UnknownDevice,
            EnvelopeError::Role
            | EnvelopeError::Signature
            | EnvelopeError::SignatureForm(SignatureError::HighS) => Problem::Signature,
            _ => Problem::Malformed,
        };
        problem.into()
    }
}

impl From<ClaimError> for Refusal {
    fn from(error: ClaimError) -> Self {
        let problem = match error {
            ClaimError::Audience => Problem::Audience,
            ClaimError::Role => Problem::Signature,
            // A key of another account.
            ClaimError::Account => Problem::UnknownDevice,
            _ => Problem::Malformed,
        };
        problem.into()
    }
}
