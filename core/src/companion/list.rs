//! What a list shows.

use super::Companion;
use crate::account::Name;
use crate::otp::{CodeWindow, OtpKind};
use crate::time::UnixSeconds;
use crate::vault::{RecordId, StoredAccount, VaultError};

/// One account as a list shows it. It holds codes, never the key.
///
/// # Privacy
///
/// Names and tags say where somebody has an account: they are as private as the codes.
#[derive(Debug, Eq, PartialEq)]
pub struct AccountRow {
    /// The account's id.
    pub id: RecordId,
    /// How its codes are made.
    pub kind: OtpKind,
    /// Who issued it; may be empty.
    pub issuer: Name,
    /// The label's prefix where it differs from the issuer.
    pub label_issuer: Option<Name>,
    /// Whose account it is; may be empty.
    pub account: Name,
    /// Its tags, in the order in which they were given.
    pub tags: Vec<Name>,
    /// Whether it has a note.
    pub has_note: bool,
    /// Whether it stands above the others.
    pub pinned: bool,
    /// Current code, next code and the second of the change; none for HOTP and in the trash.
    pub window: Option<CodeWindow>,
    /// When it was added.
    pub created_at: UnixSeconds,
    /// When it was put into the trash; none when it is not there.
    pub trashed_at: Option<UnixSeconds>,
}

impl Companion {
    /// All accounts that are not in the trash, pinned ones first, each with its codes at `now` (C2).
    #[must_use]
    pub fn list(&self, now: UnixSeconds) -> Vec<AccountRow> {
        let mut rows = self.sorted(|stored| stored.trashed_at.is_none());
        rows.drain(..)
            .map(|(id, stored)| self.make_row(id, stored, Some(now)))
            .collect()
    }

    /// The accounts in the trash, without codes.
    #[must_use]
    pub fn trash(&self) -> Vec<AccountRow> {
        let mut rows = self.sorted(|stored| stored.trashed_at.is_some());
        rows.drain(..)
            .map(|(id, stored)| self.make_row(id, stored, None))
            .collect()
    }

    /// One account, wherever it is.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`], [`VaultError::UnreadableRecord`].
    pub fn row(&self, id: RecordId, now: UnixSeconds) -> Result<AccountRow, VaultError> {
        let stored = self.vault.account(id)?;
        Ok(self.make_row(id, stored, stored.trashed_at.is_none().then_some(now)))
    }

    /// The codes alone, in the order of the list: what a tick needs.
    #[must_use]
    pub fn codes(&self, now: UnixSeconds) -> Vec<(RecordId, CodeWindow)> {
        let rows = self.sorted(|stored| stored.trashed_at.is_none());
        rows.into_iter()
            .filter_map(|(id, stored)| Some((id, self.window(id, stored, now)?)))
            .collect()
    }

    /// The earliest second at which a code of the list changes; none when no code changes by itself.
    #[must_use]
    pub fn next_change(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        let listed = self
            .vault
            .accounts()
            .filter(|(_, stored)| stored.trashed_at.is_none());
        listed
            .filter_map(|(_, stored)| stored.account.otp.kind().next_change(now))
            .min()
    }

    pub(super) fn sorted(
        &self,
        is_wanted: impl Fn(&StoredAccount) -> bool,
    ) -> Vec<(RecordId, &StoredAccount)> {
        let mut rows: Vec<_> = self
            .vault
            .accounts()
            .filter(|(_, stored)| is_wanted(stored))
            .collect();
        rows.sort_by_key(|(id, stored)| (!stored.pinned, stored.order, stored.created_at, *id));
        rows
    }

    pub(super) fn make_row(
        &self,
        id: RecordId,
        stored: &StoredAccount,
        codes_at: Option<UnixSeconds>,
    ) -> AccountRow {
        let window = codes_at.and_then(|now| self.window(id, stored, now));
        AccountRow {
            id,
            kind: stored.account.otp.kind(),
            issuer: stored.account.issuer.clone(),
            label_issuer: stored.account.label_issuer.clone(),
            account: stored.account.account.clone(),
            tags: self.tag_names(stored),
            // EXPOSE: whether there is one, not what it says.
            has_note: !stored.note.expose().is_empty(),
            pinned: stored.pinned,
            window,
            created_at: stored.created_at,
            trashed_at: stored.trashed_at,
        }
    }

    /// An account that another process added is not prepared before the next refresh.
    fn window(&self, id: RecordId, stored: &StoredAccount, now: UnixSeconds) -> Option<CodeWindow> {
        match self.generators.get(&id) {
            Some(generator) => generator.window(now),
            None => stored.account.otp.generator().window(now),
        }
    }

    pub(super) fn tag_names(&self, stored: &StoredAccount) -> Vec<Name> {
        if stored.tags.is_empty() {
            return vec![];
        }
        stored
            .tags
            .iter()
            .filter_map(|id| self.vault.tag(*id))
            .cloned()
            .collect()
    }
}
