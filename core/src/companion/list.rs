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
        self.sorted(is_listed)
            .iter()
            .map(|shown| self.make_row(shown, Some(now)))
            .collect()
    }

    /// The accounts in the trash, without codes.
    #[must_use]
    pub fn trash(&self) -> Vec<AccountRow> {
        let is_trashed = |stored: &StoredAccount| stored.trashed_at.is_some();
        self.sorted(is_trashed)
            .iter()
            .map(|shown| self.make_row(shown, None))
            .collect()
    }

    /// One account, wherever it is.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`], [`VaultError::UnreadableRecord`].
    pub fn row(&self, id: RecordId, now: UnixSeconds) -> Result<AccountRow, VaultError> {
        let stored = self.vault.account(id)?;
        let shown = Shown { id, stored };
        Ok(self.make_row(&shown, is_listed(stored).then_some(now)))
    }

    /// The codes alone, in the order of the list: what a tick needs.
    #[must_use]
    pub fn codes(&self, now: UnixSeconds) -> Vec<(RecordId, CodeWindow)> {
        let rows = self.sorted(is_listed);
        rows.iter()
            .filter_map(|shown| Some((shown.id, shown.window(now)?)))
            .collect()
    }

    /// The earliest second at which a code of the list changes; none when no code changes by itself.
    #[must_use]
    pub fn next_change(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        let listed = self
            .vault
            .accounts()
            .filter(|(_, stored)| is_listed(stored));
        listed
            .filter_map(|(_, stored)| stored.account.otp.kind().next_change(now))
            .min()
    }

    /// The wanted accounts in the order of the list; each account's place is read once.
    pub(super) fn sorted(&self, is_wanted: impl Fn(&StoredAccount) -> bool) -> Vec<Shown<'_>> {
        let mut rows: Vec<_> = self
            .vault
            .accounts()
            .filter(|(_, stored)| is_wanted(stored))
            .map(|(id, stored)| {
                let place = (!stored.pinned, stored.order, stored.created_at, id);
                (place, Shown { id, stored })
            })
            .collect();
        rows.sort_unstable_by_key(|(place, _)| *place);
        rows.into_iter().map(|(_, shown)| shown).collect()
    }

    pub(super) fn make_row(&self, shown: &Shown<'_>, codes_at: Option<UnixSeconds>) -> AccountRow {
        let stored = shown.stored;
        AccountRow {
            id: shown.id,
            kind: stored.account.otp.kind(),
            issuer: stored.account.issuer.clone(),
            label_issuer: stored.account.label_issuer.clone(),
            account: stored.account.account.clone(),
            tags: self.tag_names(stored),
            // EXPOSE: whether there is one, not what it says.
            has_note: !stored.note.expose().is_empty(),
            pinned: stored.pinned,
            window: codes_at.and_then(|now| shown.window(now)),
            created_at: stored.created_at,
            trashed_at: stored.trashed_at,
        }
    }

    pub(super) fn tag_names(&self, stored: &StoredAccount) -> Vec<Name> {
        stored
            .tags
            .iter()
            .filter_map(|id| self.vault.tag(*id))
            .cloned()
            .collect()
    }
}

/// An account on its way into a list.
pub(super) struct Shown<'a> {
    pub(super) id: RecordId,
    pub(super) stored: &'a StoredAccount,
}

impl Shown<'_> {
    fn window(&self, now: UnixSeconds) -> Option<CodeWindow> {
        self.stored.account.otp.generator().window(now)
    }
}

pub(super) fn is_listed(stored: &StoredAccount) -> bool {
    stored.trashed_at.is_none()
}
