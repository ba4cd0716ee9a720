//! Work accounts, as a shell shows them.

use countersign_core::account::Name;
use countersign_core::approval::{
    self, CheckView, EnrolmentFailure, MovingView, Removed, Standing, Strength, WorkView,
};
use countersign_core::secret::SecretText;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

type ServerHint = approval::Hint;

/// How a work account stands.
#[uniffi::remote(Enum)]
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

/// Why a server removed a device.
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Enum)]
pub enum ServerHint {
    /// This device is not active there.
    NotActive,
    /// It knows no such device.
    UnknownDevice,
    /// It knows no such request.
    UnknownStatement,
    /// It calls the message wrong: a defect or an attack.
    Defect,
}

/// What an approval proves, strongest last.
#[uniffi::remote(Enum)]
pub enum Strength {
    /// Somebody tapped: the weakest, and only in protocols that know no better.
    Tap,
    /// Somebody picked one number of a few.
    Picked,
    /// Somebody typed what only the sign-in screen shows.
    Typed,
}

/// A work account as a shell shows it.
#[uniffi::remote(Record)]
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
    /// The person's devices that leave no room for this one, where the server said so. Not signed: a hint, and no more.
    pub full_with: Vec<Name>,
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
    pub hint: Option<ServerHint>,
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
#[uniffi::remote(Record)]
pub struct CheckView {
    /// Six digits.
    pub number: SecretText,
    /// Whether the person types it into the page; otherwise they compare it there.
    pub type_it: bool,
}

/// A move to another device.
#[uniffi::remote(Enum)]
pub enum MovingView {
    /// It was asked for, and the server has not answered.
    Asked,
    /// The new device scans this; then its check number is typed here.
    Invited {
        /// A link, to be shown as a QR code.
        invitation: SecretText,
        /// What the new device is called, once it has scanned it.
        device: Option<Name>,
        /// How often its check number may still be typed: with the last wrong one the move ends.
        tries_left: u8,
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
