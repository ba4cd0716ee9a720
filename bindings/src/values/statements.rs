//! Requests to approve, and what is decided over them.

use countersign_core::account::Name;
use countersign_core::approval::{
    AfterReport, CannotApprove, Decision, Match, Outcome, ShownLine, StatementId, StatementView,
    Strength, Typed,
};
use countersign_core::companion::PorchStatement;
use countersign_core::secret::SecretText;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

/// How a statement is tied to the sign-in that the person sees.
#[uniffi::remote(Enum)]
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

/// Why a statement cannot be approved. It may still be denied or reported unless it has ended.
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Enum)]
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

/// What comes after a report.
#[uniffi::remote(Enum)]
pub enum AfterReport {
    /// The account is locked.
    Locked,
    /// The password has to be changed.
    PasswordChange,
    /// An administrator was told.
    AdminTold,
}

/// How a statement ended, or stands after an answer.
#[uniffi::remote(Enum)]
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

/// What may be shown of a statement on a locked screen: who asks and whose account it is (R4). There is no way to approve from
/// here without opening it.
#[uniffi::remote(Record)]
pub struct PorchStatement {
    /// Which it is.
    pub id: StatementId,
    /// Who asks.
    pub issuer: Name,
    /// Whose account it is.
    pub label: Name,
    /// Whether it waits quietly.
    pub is_quiet: bool,
}

/// One line of what is to be approved, as both ends hash it.
///
/// # Privacy
///
/// It says who signs in where. Text from servers is escaped and cut already.
#[derive(uniffi::Record)]
pub struct StatementLine {
    /// The field: `server`, `act`, `app`, `origin`, `user`, `place`, `ip`, `browser`, `os`, `amount`, `payee`, `time`.
    pub field: String,
    /// The text as it is to be shown.
    pub text: SecretText,
}

/// A request to approve, as a shell shows it.
#[derive(uniffi::Record)]
pub struct Statement {
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
    pub lines: Vec<StatementLine>,
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

impl From<StatementView> for Statement {
    fn from(view: StatementView) -> Self {
        let StatementView {
            id,
            reference,
            account,
            issuer,
            label,
            received_at,
            nth,
            expires_at,
            left_s,
            origin,
            lines,
            matching,
            strength,
            is_test,
            cannot_approve,
            tries_left,
            is_quiet,
            outcome,
            next,
        } = view;
        let lines = lines.into_iter().map(|line| {
            let ShownLine { field, text } = line;
            StatementLine {
                field: field.to_owned(),
                text: SecretText::new(text),
            }
        });
        Self {
            id,
            reference,
            account,
            issuer,
            label,
            received_at,
            nth,
            expires_at,
            left_s,
            origin,
            lines: lines.collect(),
            matching,
            strength,
            is_test,
            cannot_approve,
            tries_left,
            is_quiet,
            outcome,
            next,
        }
    }
}
