//! Answering: a decision is signed outside of every transaction and stored inside one that looks again, so that of two
//! processes one answers.

use super::super::Companion;
use super::desk::{self, Desk, Done};
use super::driving::{self, account_of};
use super::steps::{AnswerStep, OfflineStep, SignedDecision};
use crate::approval::{ApprovalError, Decision, NotTaken, StatementId, StatementView};
use crate::device::DeviceKeys;
use crate::secret::SecretText;
use crate::time::UnixSeconds;
use crate::uri::TestMode;
use crate::uri::statement::parse_statement;

impl Companion {
    /// One statement, open or not.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchStatement`].
    pub fn statement(
        &self,
        id: StatementId,
        now: UnixSeconds,
    ) -> Result<StatementView, ApprovalError> {
        let statements = account_of(&self.vault, id, now)?.statements(now);
        let mut statements = statements.into_iter();
        statements
            .find(|statement| statement.id == id)
            .ok_or(ApprovalError::NoSuchStatement)
    }

    /// Puts the person's decision into words, signs it and stores it; [`Self::next_action`] says then that it is to be sent.
    /// Nothing but this answers a statement.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::Number`] when no number of the right length was typed, [`ApprovalError::Expired`],
    /// [`ApprovalError::Answered`], also by another process, [`ApprovalError::Ended`], [`ApprovalError::Unknown`],
    /// [`ApprovalError::NotActive`], [`ApprovalError::Suspended`], [`ApprovalError::InTrash`]; [`ApprovalError::Key`] when the
    /// key did not sign, [`ApprovalError::Vault`]: nothing will be sent, and it can be decided again.
    pub fn decide(
        &mut self,
        id: StatementId,
        decision: &Decision,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        let (vault, in_flight) = (&mut self.vault, &mut self.in_flight);
        driving::decide(vault, in_flight, id, decision, keys, now)
    }

    /// The first part of [`Self::decide`].
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchStatement`], [`ApprovalError::InTrash`], [`ApprovalError::Key`] for an account that has to be
    /// activated again.
    pub fn begin_answer(
        &self,
        id: StatementId,
        decision: &Decision,
        now: UnixSeconds,
    ) -> Result<AnswerStep, ApprovalError> {
        driving::begin_answer(&self.vault, id, decision, now)
    }

    /// The last part of [`Self::decide`].
    ///
    /// # Errors
    ///
    /// That of `signed`, and what [`Self::decide`] says of a statement that was answered or ended meanwhile.
    pub fn finish_answer(
        &mut self,
        step: &AnswerStep,
        signed: Result<SignedDecision, ApprovalError>,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        let (vault, in_flight) = (&mut self.vault, &mut self.in_flight);
        driving::finish_answer(vault, in_flight, step, signed, now)
    }

    /// Takes a statement from a sign-in page's QR code: checked as if it had been fetched, shown, and answered like any other.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NotGenuine`] when no account's server signed it for this device, [`ApprovalError::ConnectOnce`] when
    /// its server has a new key, [`ApprovalError::Expired`], [`ApprovalError::InTrash`], [`ApprovalError::Vault`].
    pub fn scan_statement(
        &mut self,
        link: &str,
        test_mode: TestMode,
        now: UnixSeconds,
    ) -> Result<StatementId, ApprovalError> {
        let parsed = parse_statement(link, test_mode).map_err(|_| ApprovalError::NotGenuine)?;
        // EXPOSE: a statement is signed, not secret.
        let compact = parsed.compact.expose();
        let mut accounts = desk::all(&self.vault).into_iter();
        let account = accounts
            .find(|account| account.work.is_addressed(compact))
            .ok_or(ApprovalError::NotGenuine)?;
        Desk::change(&mut self.vault, account.id, now, |account| {
            if let Some(error) = account.asleep() {
                return Err(error);
            }
            match account.work.scan(compact, now) {
                Ok((id, is_new)) => Ok(Done {
                    is_worth_storing: is_new,
                    ..Done::stored(Ok(id))
                }),
                Err(NotTaken { error, cause }) => Ok(Done {
                    is_worth_storing: false,
                    refused: account.refusals(cause, now),
                    ..Done::stored(Err(error))
                }),
            }
        })?
    }

    /// The response to a statement for its page, eight digits, when the server cannot be reached. The platform asks for the
    /// person where it can.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoOffline`], those of [`Self::decide`]: nothing was shown.
    pub fn offline_response(
        &mut self,
        id: StatementId,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<SecretText, ApprovalError> {
        let step = self.begin_offline(id, now)?;
        let response = step.run(keys, now)?;
        self.finish_offline(&step, response, now)
    }

    /// The first part of [`Self::offline_response`].
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchStatement`], [`ApprovalError::InTrash`], [`ApprovalError::Key`] for an account that has to be
    /// activated again.
    pub fn begin_offline(
        &self,
        id: StatementId,
        now: UnixSeconds,
    ) -> Result<OfflineStep, ApprovalError> {
        let account = account_of(&self.vault, id, now)?;
        match account.asleep() {
            Some(error) => Err(error),
            None => Ok(OfflineStep {
                account,
                statement: id,
            }),
        }
    }

    /// The last part of [`Self::offline_response`]: that it was shown is stored before it is.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchAccount`], [`ApprovalError::Vault`]: nothing was shown.
    pub fn finish_offline(
        &mut self,
        step: &OfflineStep,
        response: SecretText,
        now: UnixSeconds,
    ) -> Result<SecretText, ApprovalError> {
        Desk::change(&mut self.vault, step.account.id, now, |account| {
            account.work.shown_offline(step.statement);
            Ok(Done::stored(()))
        })?;
        Ok(response)
    }
}
