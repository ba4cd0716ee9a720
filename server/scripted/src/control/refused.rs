//! Why a control did nothing, as a document with a name.

use countersign_verifier::VerifierError;
use countersign_verifier::step::{AskError, NotAskedAgain, NotConfirmed, NotInvited, NotTaken};
use serde_json::json;

use crate::server::ServerError;

/// Why a control did nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// There is no control of that name.
    #[error("no such control")]
    NoSuchControl,
    /// Controls are posted as JSON.
    #[error("a control is a POST of application/json")]
    NotJson,
    /// The body is not what this control takes.
    #[error("not what this control takes, at byte {column}")]
    Body {
        /// Where it was noticed.
        column: usize,
    },
    /// A one-time code's link is too long, or has no text.
    #[error("no link of a one-time code")]
    Otp,
    /// The server refused it.
    #[error(transparent)]
    Server(#[from] ServerError),
}

impl Refused {
    /// Status and document.
    pub(super) fn answer(&self) -> (u16, String) {
        let status = match self {
            Self::NoSuchControl => 404,
            Self::NotJson => 415,
            Self::Body { .. } | Self::Otp => 400,
            Self::Server(_) => 409,
        };
        let document = json!({"error": self.name(), "message": self.to_string()});
        (status, document.to_string())
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::NoSuchControl => "no_such_control",
            Self::NotJson => "not_json",
            Self::Body { .. } => "body",
            Self::Otp => "otp",
            Self::Server(error) => name(error),
        }
    }
}

const fn name(error: &ServerError) -> &'static str {
    match error {
        ServerError::Verifier(VerifierError::NoSuchPerson) => "no_such_person",
        ServerError::Verifier(VerifierError::Label(_)) => "label",
        ServerError::Verifier(_) | ServerError::Signing(_) | ServerError::Keys(_) => "server",
        ServerError::Rules(_) => "rules",
        ServerError::NotInvited(NotInvited::DeviceLimit) => "device_limit",
        ServerError::NotInvited(NotInvited::TooMany) => "too_many_invitations",
        ServerError::NotInvited(NotInvited::NoSuchInvitation) => "no_such_invitation",
        ServerError::NotInvited(NotInvited::NoSuchDevice) | ServerError::NotThere(_) => "not_there",
        ServerError::NotConfirmed(NotConfirmed::NotWaiting)
        | ServerError::NotAskedAgain(NotAskedAgain::NotWaiting) => "not_waiting",
        ServerError::NotAskedAgain(NotAskedAgain::Reported) => "reported",
        ServerError::NotAskedAgain(NotAskedAgain::TooOften { .. }) => "too_many_tests",
        ServerError::NotConfirmed(NotConfirmed::NotShown) => "not_shown",
        ServerError::NotConfirmed(NotConfirmed::MustType) => "must_type",
        ServerError::NotConfirmed(NotConfirmed::Wrong { .. }) => "wrong_number",
        ServerError::Ask(AskError::NoDevice) => "no_device",
        ServerError::Ask(AskError::Suspended { .. }) => "suspended",
        ServerError::Ask(AskError::TooManyOpen) => "too_many_open",
        ServerError::Ask(AskError::TooLarge) => "too_large",
        ServerError::Ask(AskError::Form(_)) => "form",
        ServerError::NotTaken(NotTaken::Off) => "offline_off",
        ServerError::NotTaken(NotTaken::Stopped) => "offline_stopped",
        ServerError::NotTaken(NotTaken::NotOpen) => "not_open",
        ServerError::NotTaken(NotTaken::TriesSpent) => "tries_spent",
        ServerError::NotTaken(NotTaken::Wrong { .. }) => "wrong_response",
        ServerError::NoSuchStatement => "no_such_statement",
        ServerError::Digits => "digits",
    }
}
