//! How a work account stands, in words and in the names that scripts know.

use countersign_core::approval::{Cause, EnrolmentFailure, Removed, Standing, WorkView};

use countersign_core::account::Name;

use crate::dates;
use crate::rows::named;
use crate::terminal::shown;

/// An account in one line: `issuer:account`.
pub(crate) fn title(view: &WorkView) -> String {
    named(&view.issuer, None, &view.label)
}

/// The name of a standing.
pub(crate) const fn standing_name(standing: &Standing) -> &'static str {
    match standing {
        Standing::Planned => "planned",
        Standing::Enrolling => "enrolling",
        Standing::Unconfirmed => "unconfirmed",
        Standing::Confirmed => "confirmed",
        Standing::Active => "active",
        Standing::Suspended { .. } => "suspended",
        Standing::Moved { .. } => "moved",
        Standing::Removed { .. } => "removed",
        Standing::Failed { .. } => "failed",
        Standing::NeedsReactivation => "needs_reactivation",
    }
}

/// The name of why it stands so, where there is one.
pub(crate) const fn why_name(standing: &Standing) -> Option<&'static str> {
    match standing {
        Standing::Removed { why } => Some(removed_name(*why)),
        Standing::Failed { why } => Some(failed_name(*why)),
        _ => None,
    }
}

const fn removed_name(why: Removed) -> &'static str {
    match why {
        Removed::WrongCheck => "wrong_check",
        Removed::WrongReveal => "wrong_reveal",
        Removed::TimedOut => "timed_out",
        Removed::Left => "left",
        Removed::Replaced => "replaced",
        Removed::TooMany => "too_many",
        Removed::MoveEnded => "move_ended",
        Removed::Administrator => "administrator",
    }
}

const fn failed_name(why: EnrolmentFailure) -> &'static str {
    match why {
        EnrolmentFailure::UnknownInvitation => "unknown_invitation",
        EnrolmentFailure::ExpiredInvitation => "expired_invitation",
        EnrolmentFailure::UsedInvitation => "used_invitation",
        EnrolmentFailure::WrongCode { .. } => "wrong_code",
        EnrolmentFailure::NeedsPresence => "needs_presence",
        EnrolmentFailure::NeedsHardware => "needs_hardware",
        EnrolmentFailure::NeedsAttestation => "needs_attestation",
        EnrolmentFailure::DeviceLimit => "device_limit",
        EnrolmentFailure::ServerOlder => "server_older",
        EnrolmentFailure::DeviceOlder => "device_older",
        EnrolmentFailure::PeerMisbehaved => "peer_misbehaved",
        EnrolmentFailure::Refused => "refused",
        EnrolmentFailure::Key => "key",
    }
}

/// How it stands, as a line's last words.
pub(crate) fn standing_words(standing: &Standing) -> String {
    match standing {
        Standing::Planned | Standing::Enrolling => {
            "unfinished: the server has not taken it yet".into()
        }
        Standing::Unconfirmed => "unfinished: its check number is to be confirmed".into(),
        Standing::Confirmed => "unfinished: its test is to be approved".into(),
        Standing::Active => "active".into(),
        Standing::Suspended {
            until: Some(until),
            by_administrator: false,
        } => format!(
            "suspended until {} UTC after wrong numbers",
            dates::minute(*until)
        ),
        Standing::Suspended {
            by_administrator: false,
            ..
        } => "suspended after wrong numbers".into(),
        Standing::Suspended {
            until: Some(until), ..
        } => format!(
            "suspended by the administrator until {} UTC",
            dates::minute(*until)
        ),
        Standing::Suspended { .. } => "suspended by the administrator".into(),
        Standing::Moved { to } => format!("moved to {}", shown(to.as_str())),
        Standing::Removed { why } => format!("removed: {}", removed_words(*why)),
        Standing::Failed { why } => format!("never added: {}", failed_words(*why, &[])),
        Standing::NeedsReactivation => {
            "sign in once to re-activate: its keys are not on this device. Ask the setup page for a new invitation".into()
        }
    }
}

const fn removed_words(why: Removed) -> &'static str {
    match why {
        Removed::WrongCheck => "its check number was typed wrongly too often",
        Removed::WrongReveal => "what it revealed did not fit",
        Removed::TimedOut => "it was not finished in time",
        Removed::Left => "you left",
        Removed::Replaced => "another device took its place",
        Removed::TooMany => "you have as many devices as you may have",
        Removed::MoveEnded => "the move was ended",
        Removed::Administrator => "it was taken away on the server",
    }
}

/// Why an account was never added, and what to do; with the devices that leave no room for it, where the server named them.
pub(crate) fn failed_words(why: EnrolmentFailure, others: &[Name]) -> String {
    match why {
        EnrolmentFailure::UnknownInvitation => {
            "the server does not know this invitation; choose Back, then Next on the page for a fresh one".into()
        }
        EnrolmentFailure::ExpiredInvitation => {
            "the invitation has expired; choose Back, then Next on the page for a fresh one".into()
        }
        EnrolmentFailure::UsedInvitation => {
            "another device took this invitation; the page names it. If that was not you, tell your administrator".into()
        }
        EnrolmentFailure::WrongCode { left } => {
            format!("the code was mistyped; {left} tries are left. Type it again")
        }
        EnrolmentFailure::NeedsPresence => {
            "the organisation wants each approval to ask for the person, which keys in software cannot; use a phone".into()
        }
        EnrolmentFailure::NeedsHardware => {
            "the organisation wants keys in hardware; use a phone".into()
        }
        EnrolmentFailure::NeedsAttestation => {
            "the organisation wants proof of where the keys are, which this device has not; use a phone".into()
        }
        EnrolmentFailure::DeviceLimit => {
            let names: Vec<String> = others.iter().map(|name| shown(name.as_str())).collect();
            let names = match names.is_empty() {
                true => String::new(),
                false => format!(" ({})", names.join(", ")),
            };
            format!("you have as many devices as you may have{names}; remove one on the page")
        }
        EnrolmentFailure::ServerOlder => {
            "the server is older than this program; the administrator has to update it".into()
        }
        EnrolmentFailure::DeviceOlder => {
            "this program is older than the server; update it".into()
        }
        EnrolmentFailure::PeerMisbehaved => {
            "the server's answer is not what it has to be: a defect, or an attack".into()
        }
        EnrolmentFailure::Refused => "the server did not understand it".into(),
        EnrolmentFailure::Key => "a key could not be made".into(),
    }
}

/// What is said when an account stands differently, or has to be finished.
pub(crate) fn news(view: &WorkView) -> String {
    let title = title(view);
    match (&view.standing, &view.check) {
        (Standing::Unconfirmed, Some(check)) => {
            // EXPOSE: the check number is there to be shown.
            let number = grouped(check.number.expose());
            let what = if check.type_it {
                "type this check number into the page"
            } else {
                "the page shows a check number. Only if it is this one, choose \"This is my phone\""
            };
            format!("{title}: {what}: {number}")
        }
        (Standing::Planned | Standing::Enrolling, _) => {
            format!("{title}: introducing this device to the server.")
        }
        (Standing::Confirmed, _) => {
            format!("{title}: the page has confirmed this device. Its test comes next.")
        }
        (Standing::Active, _) => format!("{title}: it works on this device now."),
        (standing, _) => format!("{title}: {}.", standing_words(standing)),
    }
}

/// A number in groups of the same size: of three digits where that fits, of four otherwise.
pub(crate) fn grouped(number: &str) -> String {
    let size = if number.len().is_multiple_of(3) { 3 } else { 4 };
    let mut grouped = String::new();
    for (at, digit) in number.chars().enumerate() {
        if at > 0 && at % size == 0 {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// The name of why something from a server was refused.
pub(crate) const fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Form => "form",
        Cause::Signature => "signature",
        Cause::Audience => "audience",
        Cause::Reply => "reply",
        Cause::Issuer => "issuer",
        Cause::Account => "account",
        Cause::Reused => "reused",
        Cause::UnknownKey => "unknown_key",
        Cause::NotNewer => "not_newer",
        Cause::Older => "older",
    }
}

/// Everything else that is worth a remark, as short words.
pub(crate) fn remarks(view: &WorkView) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut put = |condition: bool, words: &str| {
        if condition {
            remarks.push(words.to_owned());
        }
    };
    put(view.is_test_mode, "test mode");
    put(view.may_not_ring, "may not ring");
    put(view.is_leaving, "leaving");
    put(view.moving.is_some(), "moving");
    if view.open > 0 {
        remarks.push(match view.open {
            1 => "1 request".to_owned(),
            open => format!("{open} requests"),
        });
    }
    if let Some(until) = view.muted_until {
        remarks.push(format!("quiet until {} UTC", dates::minute(until)));
    }
    if let Some(since) = view.unreachable_since {
        remarks.push(format!("no answer since {} UTC", dates::minute(since)));
    }
    remarks
}

/// What a clock that is not the server's means for the codes of other accounts (C4).
pub(crate) fn clock_words(view: &WorkView) -> Option<String> {
    let ahead_s = view.clock_ahead_s?;
    let side = if ahead_s > 0 { "fast" } else { "behind" };
    Some(format!(
        "This device's clock is {} {side} by the clock of {}. Codes of other accounts may be refused: set the clock.",
        dates::span(ahead_s.unsigned_abs()),
        shown(view.host.as_str())
    ))
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn a_numbers_groups_are_of_one_size() {
        assert_eq!(grouped("123456"), "123 456");
        assert_eq!(grouped("87729604"), "8772 9604");
        assert_eq!(grouped(""), "");
    }
}
