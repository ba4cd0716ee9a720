//! What a shell shows: statements and work accounts as values. Text from servers is escaped and cut already.

use std::fmt;

use super::model::{
    AfterReport, CannotApprove, Hint, Match, Outcome, Standing, StatementId, Strength,
};
use crate::account::Name;
use crate::secret::SecretText;
use crate::time::UnixSeconds;
use crate::vault::RecordId;

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
    /// What its server calls it, to be compared with the server's own records.
    pub reference: Name,
    /// The account that it belongs to.
    pub account: RecordId,
    /// Who asks, as the account is called.
    pub issuer: Name,
    /// Whose account it is.
    pub label: Name,
    /// When this device got it, by its own clock.
    pub received_at: UnixSeconds,
    /// Which of its account's it is in the order in which they came.
    pub nth: u64,
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

impl StatementView {
    /// By what statements of any accounts are sorted: the oldest first, and those that came together in their server's order.
    pub(crate) const fn order(&self) -> (UnixSeconds, RecordId, u64) {
        (self.received_at, self.account, self.nth)
    }
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
