//! Approvals: work accounts, their servers' statements, and what the person says to them. Without sockets and clocks: a shell
//! sends what it is given and brings back what came.

mod account;
mod chatter;
mod contact;
mod countersign;
mod disclosure;
mod error;
pub(crate) mod evidence;
mod exchange;
pub mod history;
mod model;
mod shield;
mod view;
pub(crate) mod work;

#[cfg(test)]
pub(crate) use countersign::tests::{peer, platform};

pub(crate) use account::{COUNTERSIGN, WorkAccount};
pub(crate) use contact::Contact;
pub use disclosure::{Disclosure, Rule, Sent};
pub use work::Address;
pub(crate) use work::{Freshness, Kept, MoveAsk, NotTaken, Preparing};

use crate::entropy::Entropy;
use crate::uri::invitation::Invitation;
use crate::vault::RecordId;

pub use error::ApprovalError;
pub use exchange::{
    Attention, Cause, Errand, Event, Lane, MESSAGE_TYPE, NextAction, Outgoing, Reply, Unreachable,
};
pub use model::{
    AfterReport, CannotApprove, Decision, EnrolmentFailure, Hint, Match, Outcome, Removed,
    Standing, StatementId, Strength, Typed,
};
pub use view::{CheckView, MovingView, ShownLine, StatementView, WorkView};

/// Where an account's private keys will lie.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum KeyPlace {
    /// In the platform, which the shell lends the core.
    Platform,
    /// In the vault.
    Software,
}

/// A work account that is to be, as a shell describes it.
#[derive(Clone, Copy)]
pub struct NewWork<'a> {
    /// What the person calls this device; at most 64 bytes are sent.
    pub device_name: &'a str,
    /// The platform; at most 32 bytes are sent.
    pub platform: &'a str,
    /// The app and its version; at most 32 bytes are sent.
    pub app: &'a str,
    /// Where its keys will lie.
    pub keys: KeyPlace,
    /// The work account on this device whose place it is to take, once active.
    pub replaces: Option<RecordId>,
}

impl std::fmt::Debug for NewWork<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("NewWork")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// An account that an invitation adds; nothing is made or sent by it.
pub(crate) fn plan(
    id: RecordId,
    invitation: &Invitation,
    new: &NewWork<'_>,
    replaces: Option<&WorkAccount>,
    entropy: &dyn Entropy,
) -> Result<WorkAccount, ApprovalError> {
    let earlier = replaces.map(|account| (account.id, account.work.encode(Kept::InTheVault)));
    let earlier = earlier.as_ref().map(|(id, body)| (*id, body.as_slice()));
    let work = countersign::plan(id, invitation, new, earlier, entropy)?;
    Ok(WorkAccount::new(id, COUNTERSIGN, work))
}
