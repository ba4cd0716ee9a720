//! The core's errors about approvals, with the names that scripts know.

use countersign_core::approval::ApprovalError;
use countersign_core::device::KeyError;

use crate::failure::{Failure, sentence};

impl From<ApprovalError> for Failure {
    fn from(error: ApprovalError) -> Self {
        let name = match error {
            ApprovalError::Vault(error) => return error.into(),
            ApprovalError::NoSuchAccount => "no_such_account",
            ApprovalError::NoSuchStatement => "no_such_request",
            ApprovalError::Expired { .. } => "request_expired",
            ApprovalError::Answered => "request_answered",
            ApprovalError::Ended => "request_ended",
            ApprovalError::Unknown => "request_unknown",
            ApprovalError::NotActive => "not_active",
            ApprovalError::Suspended => "suspended",
            ApprovalError::InTrash => "in_trash",
            ApprovalError::Number { .. } => "number_needed",
            ApprovalError::Key(error) => key_name(error),
            ApprovalError::NotGenuine => "not_genuine",
            ApprovalError::ConnectOnce => "connect_once",
            ApprovalError::NoOffline => "no_offline",
            ApprovalError::NotAllowed => "not_allowed",
            ApprovalError::NothingToSend => "nothing_to_send",
            ApprovalError::CheckNumber => "check_number_needed",
            ApprovalError::NoMove => "no_move",
            ApprovalError::Unreadable => "unreadable_record",
            ApprovalError::Entropy => "entropy",
            ApprovalError::TooMany => "too_many_records",
        };
        Self::new(name, sentence(&error.to_string()))
    }
}

const fn key_name(error: KeyError) -> &'static str {
    match error {
        KeyError::Cancelled => "key_cancelled",
        KeyError::Failed => "key_failed",
        KeyError::LockedOut => "key_locked_out",
        KeyError::Invalidated => "key_invalidated",
        KeyError::NotAvailable => "key_not_available",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::ERRORS;

    #[test]
    fn every_error_has_its_exit_code() {
        use ApprovalError as E;
        let keys = [
            KeyError::Cancelled,
            KeyError::Failed,
            KeyError::LockedOut,
            KeyError::Invalidated,
            KeyError::NotAvailable,
        ];
        let others = [
            E::NoSuchAccount,
            E::NoSuchStatement,
            E::Expired { ago_s: 1 },
            E::Answered,
            E::Ended,
            E::Unknown,
            E::NotActive,
            E::Suspended,
            E::InTrash,
            E::Number { digits: 6 },
            E::NotGenuine,
            E::ConnectOnce,
            E::NoOffline,
            E::NotAllowed,
            E::NothingToSend,
            E::CheckNumber,
            E::NoMove,
            E::Unreadable,
            E::Entropy,
            E::TooMany,
        ];
        for error in keys.map(E::Key).into_iter().chain(others) {
            let failure = Failure::from(error);
            let is_listed = ERRORS
                .iter()
                .any(|(_, names)| names.contains(&failure.name()));
            assert!(is_listed, "{}", failure.name());
            assert!(failure.message().ends_with('.'), "{}", failure.message());
        }
    }
}
