//! Steps that ask a platform's keys, in three parts: begun with the vault in hand, run without it, and finished with it, where
//! what may have changed meanwhile is looked at again. A platform can take minutes to ask the person, and a shell holds no lock
//! over its vault for so long.
//!
//! The middle part changes nothing, so it can be run again: the same step with the same answers of the keys, the same
//! randomness and the same time asks the same and comes to the same.

use super::lanes::TakenLane;
use crate::approval::work::{SignedAnswer, WithKeys};
use crate::approval::{
    ApprovalError, Attention, Contact, Decision, Kept, Outgoing, Preparing, StatementId,
    WorkAccount,
};
use crate::device::{DeviceKeys, KeyAlias};
use crate::entropy::Entropy;
use crate::secret::SecretText;
use crate::time::UnixSeconds;
use crate::vault::RecordId;

/// A request that is to be signed.
#[derive(Debug)]
pub struct RequestStep {
    pub(super) account: WorkAccount,
    pub(super) taken: TakenLane,
    pub(super) attention: Attention,
    pub(super) contact: Contact,
    pub(super) kept: Kept,
}

impl RequestStep {
    /// Signs it.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NothingToSend`]; [`ApprovalError::Key`] when the key did not sign.
    pub fn run(
        &self,
        keys: &dyn DeviceKeys,
        entropy: &dyn Entropy,
        now: UnixSeconds,
    ) -> Result<Outgoing, ApprovalError> {
        let preparing = Preparing {
            attention: self.attention,
            contact: &self.contact,
            kept: self.kept,
            keys,
            entropy,
            now,
        };
        let mut outgoing = self.account.work.request(self.taken.lane(), preparing)?;
        outgoing.errand.turn = self.taken.turn();
        Ok(outgoing)
    }

    /// Its lane, which is taken until the step fails, its reply was taken, or it is given up.
    #[must_use]
    pub const fn taken(&self) -> TakenLane {
        self.taken
    }
}

/// A decision that is to be signed.
#[derive(Debug)]
pub struct AnswerStep {
    pub(super) account: WorkAccount,
    pub(super) statement: StatementId,
    pub(super) decision: Decision,
}

/// A decision that was signed, and is still to be stored.
pub struct SignedDecision(pub(super) SignedAnswer);

impl std::fmt::Debug for SignedDecision {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SignedDecision")
    }
}

impl AnswerStep {
    /// Puts the decision into words and signs it.
    ///
    /// # Errors
    ///
    /// Those of [`super::super::Companion::decide`].
    pub fn run(
        &self,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<SignedDecision, ApprovalError> {
        let work = &self.account.work;
        work.answer(self.statement, &self.decision, keys, now)
            .map(SignedDecision)
    }
}

/// Keys that are to be made, and an enrolment that is to be signed with them.
#[derive(Debug)]
pub struct EnrolStep {
    pub(super) account: WorkAccount,
    pub(super) taken: TakenLane,
}

/// Keys that were made, and the enrolment that they signed; still to be stored.
pub struct MadeKeys(pub(super) WithKeys);

impl std::fmt::Debug for MadeKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MadeKeys")
    }
}

impl EnrolStep {
    /// Makes the keys and signs.
    ///
    /// # Errors
    ///
    /// Those of [`super::super::Companion::make_keys`].
    pub fn run(
        &self,
        keys: &dyn DeviceKeys,
        entropy: &dyn Entropy,
        now: UnixSeconds,
    ) -> Result<MadeKeys, ApprovalError> {
        let made = self.account.work.make_keys(keys, entropy, now);
        made.map(MadeKeys)
    }

    /// The account's lane, which is taken until the step is finished or given up.
    #[must_use]
    pub const fn taken(&self) -> TakenLane {
        self.taken
    }
}

/// An enrolment that came to nothing.
#[derive(Debug)]
pub struct FailedEnrolment {
    /// Why.
    pub error: ApprovalError,
    /// Keys of the try that nobody else knows of: they are to be deleted, and one that stays is no harm.
    pub nobodys: Vec<KeyAlias>,
}

/// Keys that are to be deleted with their account.
#[derive(Debug)]
pub struct RemovalStep {
    pub(super) id: RecordId,
    pub(super) aliases: Vec<KeyAlias>,
    pub(super) taken: TakenLane,
}

impl RemovalStep {
    /// Deletes them.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::Key`] when the key store cannot be reached.
    pub fn run(&self, keys: &dyn DeviceKeys) -> Result<(), ApprovalError> {
        for alias in &self.aliases {
            keys.delete(alias)?;
        }
        Ok(())
    }

    /// The account's lane, which is taken until the step is finished or given up.
    #[must_use]
    pub const fn taken(&self) -> TakenLane {
        self.taken
    }
}

/// Accounts one of whose keys is gone, with the names under which they were looked for.
#[derive(Debug)]
pub struct GoneKeys(pub(super) Vec<(RecordId, Vec<KeyAlias>)>);

/// Keys that are to be looked for.
#[derive(Debug)]
pub struct KeyCheck {
    pub(super) accounts: Vec<(RecordId, Vec<KeyAlias>)>,
}

impl KeyCheck {
    /// Looks for them; returns the accounts one of whose keys is gone.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::Key`] when the key store cannot be reached: nothing is known then.
    pub fn run(&self, keys: &dyn DeviceKeys) -> Result<GoneKeys, ApprovalError> {
        let mut gone = vec![];
        for (id, aliases) in &self.accounts {
            for alias in aliases {
                if !keys.exists(alias)? {
                    gone.push((*id, aliases.clone()));
                    break;
                }
            }
        }
        Ok(GoneKeys(gone))
    }
}

/// A response for a page without a network, before the platform has asked for the person.
#[derive(Debug)]
pub struct OfflineStep {
    pub(super) account: WorkAccount,
    pub(super) statement: StatementId,
}

impl OfflineStep {
    /// Has the platform ask for the person, and makes the response.
    ///
    /// # Errors
    ///
    /// Those of [`super::super::Companion::offline_response`].
    pub fn run(
        &self,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<SecretText, ApprovalError> {
        let work = &self.account.work;
        work.offline_response(self.statement, keys, now)
    }
}
