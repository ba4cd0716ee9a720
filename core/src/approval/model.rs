//! What every protocol's approvals are to a person and to a shell. No protocol is named here.

use std::fmt;

use crate::account::Name;
use crate::time::UnixSeconds;

/// A server's request in its account: unique on this device.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StatementId(pub(crate) [u8; 16]);

impl StatementId {
    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Takes an id that a shell was given before.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// How a statement is tied to the sign-in that the person sees.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Match {
    /// The person types so many digits from the sign-in screen: 6 to 8.
    EnterNumber {
        /// How many.
        digits: u8,
    },
    /// The person picks the number that the sign-in screen shows.
    Choose {
        /// Those to pick from.
        numbers: Vec<Name>,
    },
    /// Nothing ties them.
    None,
    /// This device shows a code, and the person types it into the sign-in screen.
    ShowCode,
}

/// What an approval proves, strongest last.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Strength {
    /// Somebody tapped: the weakest, and only in protocols that know no better.
    Tap,
    /// Somebody picked one number of a few.
    Picked,
    /// Somebody typed what only the sign-in screen shows.
    Typed,
}

/// Why a statement cannot be approved. It may still be denied or reported unless it has ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CannotApprove {
    /// It says something that this version does not know: it would be signed unseen. Update the app.
    Unknown,
    /// Its time is over, by the server's clock.
    Expired,
    /// It has an answer already, which is on its way.
    Answered,
    /// It has ended.
    Ended,
    /// The account is not active here.
    NotActive,
    /// The account is suspended.
    Suspended,
    /// The approval key is gone: the account has to be activated again.
    KeyGone,
    /// The account is in the trash.
    InTrash,
}

/// What the person decides over a statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It is me, and this is the number that the sign-in screen shows.
    Approve {
        /// As typed; white space around digits does not count.
        number: Typed,
    },
    /// Not now.
    Deny,
    /// It was not me.
    Report,
    /// It was me: stop.
    Cancel,
}

/// A number as the person typed it; shown to no log.
#[derive(Clone, Eq, PartialEq)]
pub struct Typed(String);

impl Typed {
    /// Takes what was typed. Spaces between and around digits are dropped; the length is the statement's affair.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(
            text.chars()
                .filter(|letter| !letter.is_whitespace())
                .collect(),
        )
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// What comes after a report.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AfterReport {
    /// The account is locked.
    Locked,
    /// The password has to be changed.
    PasswordChange,
    /// An administrator was told.
    AdminTold,
}

/// How a statement ended, or stands after an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It was approved by this device.
    Approved,
    /// It was denied by this device, or its tries were used up.
    Denied,
    /// It was reported by this device.
    Reported,
    /// The person stopped it here.
    Cancelled,
    /// The number was wrong; it is still open.
    WrongNumber {
        /// Tries that are left, 1 or more.
        left: u8,
    },
    /// Nobody answered in time.
    Expired,
    /// The server took it back.
    Withdrawn,
    /// Another of the person's devices answered it.
    Elsewhere {
        /// What the person calls that device.
        by: Name,
        /// Whether it approved.
        approved: bool,
    },
    /// A response was typed into the sign-in screen and it was approved so.
    ApprovedOffline,
    /// It has ended, and the server does not say how any more.
    Unknown,
}

/// How a work account stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Its keys have still to be made.
    Planned,
    /// The server has not taken it yet.
    Enrolling,
    /// The server has taken it, and the check number waits to be confirmed.
    Unconfirmed,
    /// Its first approval, a test, is awaited.
    Confirmed,
    /// It works.
    Active,
    /// It gets nothing for now.
    Suspended {
        /// Until when, by the server's clock; none where somebody has to end it.
        until: Option<UnixSeconds>,
        /// Whether an administrator did it; otherwise numbers were wrong too often.
        by_administrator: bool,
    },
    /// Another device took its place.
    Moved {
        /// What the person calls that device.
        to: Name,
    },
    /// The server removed it.
    Removed {
        /// Why.
        why: Removed,
    },
    /// It was never taken: start again with a new invitation.
    Failed {
        /// Why.
        why: EnrolmentFailure,
    },
    /// Its keys did not come along, as after a restored backup: activate it again.
    NeedsReactivation,
}

impl Standing {
    /// Whether nothing will come of it any more without a new invitation.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Moved { .. }
                | Self::Removed { .. }
                | Self::Failed { .. }
                | Self::NeedsReactivation
        )
    }

    /// Whether it was never active: an unfinished account is never shown as working.
    #[must_use]
    pub const fn is_unfinished(&self) -> bool {
        matches!(
            self,
            Self::Planned | Self::Enrolling | Self::Unconfirmed | Self::Confirmed
        )
    }
}

/// Why a server removed a device.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Removed {
    /// Its check number was typed wrongly too often.
    WrongCheck,
    /// What it revealed did not fit.
    WrongReveal,
    /// It was not finished in time.
    TimedOut,
    /// It was asked for here.
    Left,
    /// Another device was enrolled in its place.
    Replaced,
    /// The person has as many devices as they may have.
    TooMany,
    /// The move that it was invited for was ended.
    MoveEnded,
    /// The person or an administrator did it on the server.
    Administrator,
}

/// Why an enrolment came to nothing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum EnrolmentFailure {
    /// There is no such invitation.
    UnknownInvitation,
    /// The invitation has ended: choose Back, then Next for a fresh one.
    ExpiredInvitation,
    /// Another device took it.
    UsedInvitation,
    /// The code was mistyped.
    WrongCode {
        /// Tries that are left for it.
        left: u8,
    },
    /// The organisation wants each approval to ask for the person, which this device's keys cannot.
    NeedsPresence,
    /// The organisation wants keys in hardware.
    NeedsHardware,
    /// The organisation wants an attestation that it accepts.
    NeedsAttestation,
    /// The person has as many devices as they may have.
    DeviceLimit,
    /// The server is older than this device.
    ServerOlder,
    /// The server is newer than this device.
    DeviceOlder,
    /// What the server answered is not what it has to be: a defect or an attack.
    PeerMisbehaved,
    /// The server calls the request malformed.
    Refused,
    /// A key could not be made.
    Key,
}

/// What a server says when it will not do what it was asked. Not signed, so nothing changes by it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Hint {
    /// This device is not active there.
    NotActive,
    /// It knows no such device.
    UnknownDevice,
    /// It knows no such request.
    UnknownStatement,
    /// It calls the message wrong: a defect or an attack.
    Defect,
}
