//! What every protocol's approvals are to a person and to a shell. No protocol is named here.

use std::fmt;

use crate::account::Name;
use crate::secret::SecretText;
use crate::time::UnixSeconds;
use crate::vault::RecordId;

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

/// One line of what is to be approved, as both ends hash it: a field's name in the specification and its text.
///
/// # Privacy
///
/// It says who signs in where; `Debug` shows nothing of the text. Text from servers is escaped and cut already.
#[derive(Clone, Eq, PartialEq)]
pub struct ShownLine {
    /// The field: `server`, `act`, `app`, `origin`, `user`, `place`, `ip`, `browser`, `os`, `amount`, `payee`, `time`.
    pub field: &'static str,
    /// The text as it is to be shown.
    pub text: String,
}

impl fmt::Debug for ShownLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.field)
    }
}

/// A statement as a shell shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatementView {
    /// Which it is.
    pub id: StatementId,
    /// The account that it belongs to.
    pub account: RecordId,
    /// Who asks, as the account is called.
    pub issuer: Name,
    /// Whose account it is.
    pub label: Name,
    /// When this device got it, by its own clock.
    pub received_at: UnixSeconds,
    /// When it ends, by the server's clock.
    pub expires_at: UnixSeconds,
    /// Seconds until then by the server's clock, as far as it is known; negative when it is over.
    pub left_s: i64,
    /// The site that asks.
    pub origin: Name,
    /// What the person has to see.
    pub lines: Vec<ShownLine>,
    /// How it is tied to the sign-in.
    pub matching: Match,
    /// What an approval proves.
    pub strength: Strength,
    /// Whether it is a new device's test.
    pub is_test: bool,
    /// Why it cannot be approved; none when it can.
    pub cannot_approve: Option<CannotApprove>,
    /// Tries of the number that are left, once one was wrong.
    pub tries_left: Option<u8>,
    /// Whether it came in quietly and waits under one card.
    pub is_quiet: bool,
    /// How it ended; none while it is open.
    pub outcome: Option<Outcome>,
    /// What comes after its report, as the server says.
    pub next: Vec<AfterReport>,
}

/// A work account as a shell shows it.
#[derive(Debug)]
pub struct WorkView {
    /// Which it is.
    pub id: RecordId,
    /// Who issued it; the host until the server has said.
    pub issuer: Name,
    /// Whose it is; empty until the server has said.
    pub label: Name,
    /// The server's host, and its port where it is not the usual one.
    pub host: Name,
    /// How it stands.
    pub standing: Standing,
    /// Whether it is in the trash, where it is mute.
    pub trashed_at: Option<UnixSeconds>,
    /// The number that this device shows until it is confirmed.
    pub check: Option<CheckView>,
    /// Whether its server was reached in test mode: on this machine, without TLS. For ever.
    pub is_test_mode: bool,
    /// Whether its keys are software, sealed in the vault.
    pub has_software_keys: bool,
    /// What its approvals prove at best.
    pub strength: Strength,
    /// Statements that are open.
    pub open: u32,
    /// When the server last answered, by this device's clock.
    pub last_answer_at: Option<UnixSeconds>,
    /// Since when it does not answer.
    pub unreachable_since: Option<UnixSeconds>,
    /// What the server said last instead of answering. It is not signed: a hint, and no more.
    pub hint: Option<Hint>,
    /// Seconds that this device's clock is ahead of the server's (negative: behind), where that is known and matters.
    pub clock_ahead_s: Option<i64>,
    /// Whether the server may not know where to ring this device.
    pub may_not_ring: bool,
    /// Until when it is quiet after a report, by this device's clock.
    pub muted_until: Option<UnixSeconds>,
    /// Whether responses can be shown for a sign-in screen's QR code.
    pub can_offline: bool,
    /// Whether the organisation lets the account move to another device.
    pub may_move: bool,
    /// Whether the organisation lets the account's codes leave the vault.
    pub may_export: bool,
    /// The account whose place it is to take, once active.
    pub replaces: Option<RecordId>,
    /// A move that was begun here.
    pub moving: Option<MovingView>,
    /// Whether it is asked for that the server forgets this device.
    pub is_leaving: bool,
}

/// The number that ties a device to the page that invited it.
#[derive(Debug)]
pub struct CheckView {
    /// Six digits.
    pub number: SecretText,
    /// Whether the person types it into the page; otherwise they compare it there.
    pub type_it: bool,
}

/// A move to another device.
#[derive(Debug)]
pub enum MovingView {
    /// It was asked for, and the server has not answered.
    Asked,
    /// The new device scans this; then its check number is typed here.
    Invited {
        /// A link, to be shown as a QR code.
        invitation: SecretText,
        /// What the new device is called, once it has scanned it.
        device: Option<Name>,
        /// Until when, by the server's clock.
        until: UnixSeconds,
    },
    /// The new device shows a test; this is its number.
    Testing {
        /// The number to type into the new device.
        number: SecretText,
        /// What the new device is called.
        device: Name,
        /// Until when, by the server's clock.
        until: UnixSeconds,
    },
}
