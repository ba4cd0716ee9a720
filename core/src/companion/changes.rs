//! Changing accounts: the next HOTP code, names, notes, tags and order.

use super::Companion;
use super::add::ORDER_GAP;
use crate::account::Name;
use crate::otp::{Code, Counter, OtpError, OtpKind};
use crate::secret::SecretText;
use crate::time::UnixSeconds;
use crate::uri::label::is_same_issuer;
use crate::vault::{Change, RecordId, Stored, StoredAccount, StoredTag, Vault, VaultError};

/// What to change of an account; what is `None` stays.
#[derive(Debug, Default)]
pub struct Edit {
    /// The issuer's name.
    pub issuer: Option<Name>,
    /// The account's name.
    pub account: Option<Name>,
    /// The note; empty text removes it.
    pub note: Option<SecretText>,
    /// All tags; an empty list removes them. Repeated and empty names are dropped.
    pub tags: Option<Vec<Name>>,
    /// Whether it stands above the others.
    pub pinned: Option<bool>,
    /// Its place among the accounts of the list that are pinned alike, from 0; beyond the end means the end.
    pub position: Option<u32>,
}

/// What to do with a counter that came with an older file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DoubtfulCounter {
    /// Refuse, so that the person can be asked.
    Refuse,
    /// The person was told that the code may have been used already, and wants to go on.
    GoOn,
}

/// A code of a counter account, passed for good.
#[derive(Debug, Eq, PartialEq)]
pub struct PassedCode {
    /// The code.
    pub code: Code,
    /// The counter that it is for.
    pub counter: Counter,
}

impl Companion {
    /// The next code of an HOTP account. The new counter is committed before the code is returned: a crash may
    /// skip a code but never shows one twice (RFC 4226 §7.2).
    ///
    /// A counter that came with an older file ([`VaultError::CounterDoubtful`]) moves on only when the person wants it.
    ///
    /// # Errors
    ///
    /// [`VaultError::CounterDoubtful`], [`VaultError::NoCounter`] for accounts whose codes change with the time, [`VaultError::CounterExhausted`],
    /// [`VaultError::NoSuchAccount`] also for accounts in the trash, and those of every write; the counter stays then.
    pub fn next_hotp(
        &mut self,
        id: RecordId,
        doubtful: DoubtfulCounter,
        now: UnixSeconds,
    ) -> Result<PassedCode, VaultError> {
        self.vault.change(now, |vault, change| {
            let stored = listed(vault, id)?;
            let OtpKind::Hotp {
                algorithm,
                digits,
                counter,
            } = stored.account.otp.kind()
            else {
                return Err(VaultError::NoCounter);
            };
            if stored.counter_doubtful && doubtful == DoubtfulCounter::Refuse {
                return Err(VaultError::CounterDoubtful);
            }
            let next = counter
                .next()
                .map_err(|_: OtpError| VaultError::CounterExhausted)?;
            let code = stored.account.otp.generator().code(now);
            let mut moved = stored.duplicate();
            moved.counter_doubtful = false;
            let kind = OtpKind::Hotp {
                algorithm,
                digits,
                counter: next,
            };
            moved.account.otp = moved.account.otp.with_kind(kind);
            change.put(id, Stored::Account(Box::new(moved)));
            Ok(PassedCode { code, counter })
        })
    }

    /// Changes names, note, tags, pin and place of an account. The key and its parameters never change.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`], the limits, and those of every write; nothing was changed then.
    pub fn edit(&mut self, id: RecordId, edit: Edit, now: UnixSeconds) -> Result<(), VaultError> {
        self.vault.change(now, |vault, change| {
            let mut edited = listed(vault, id)?.duplicate();
            edited.changed_at = now;
            if let Some(issuer) = edit.issuer {
                edited.account.issuer = issuer;
                // The old prefix belonged to the old name; a prefix equal to the issuer says nothing.
                let issuer = &edited.account.issuer;
                edited
                    .account
                    .label_issuer
                    .take_if(|prefix| is_same_issuer(prefix, issuer));
            }
            if let Some(account) = edit.account {
                edited.account.account = account;
            }
            if let Some(note) = edit.note {
                edited.note = note;
            }
            if let Some(pinned) = edit.pinned {
                edited.pinned = pinned;
            }
            let is_retagged = edit.tags.is_some();
            if let Some(names) = edit.tags {
                edited.tags = tag_ids(vault, change, names)?;
            }
            if let Some(position) = edit.position {
                place(vault, change, id, &mut edited, position);
            }
            change.put(id, Stored::Account(Box::new(edited)));
            // Every tag is looked for in every account: only where one can have lost its last.
            if is_retagged {
                drop_unused_tags(vault, change);
            }
            Ok(())
        })
    }
}

pub(super) fn listed(vault: &Vault, id: RecordId) -> Result<&StoredAccount, VaultError> {
    vault
        .account(id)
        .and_then(|stored| match stored.trashed_at {
            None => Ok(stored),
            Some(_) => Err(VaultError::NoSuchAccount),
        })
}

/// The ids of tags, known or made in the same change.
fn tag_ids(
    vault: &Vault,
    change: &mut Change,
    names: Vec<Name>,
) -> Result<Vec<RecordId>, VaultError> {
    let mut wanted: Vec<Name> = vec![];
    for name in names {
        if !name.is_empty() && !wanted.contains(&name) {
            wanted.push(name);
        }
    }
    let mut ids = Vec::with_capacity(wanted.len());
    for name in wanted {
        let known = vault
            .tags()
            .find(|(_, tag)| tag.name == name)
            .map(|(id, _)| id);
        let id = match known {
            Some(id) => id,
            None => {
                let id = RecordId::generate(vault.entropy())?;
                change.put(id, Stored::Tag(StoredTag::new(name)));
                id
            }
        };
        ids.push(id);
    }
    Ok(ids)
}

/// Deletes tags that no account has after the change.
pub(super) fn drop_unused_tags(vault: &Vault, change: &mut Change) {
    // While a record cannot be read, its tags are not known.
    if !vault.findings().unreadable.is_empty() {
        return;
    }
    let unused: Vec<RecordId> = vault
        .tags()
        .map(|(id, _)| id)
        .filter(|id| {
            !vault
                .accounts()
                .any(|(account, stored)| match change.stored_account(account) {
                    Some(changed) => changed.tags.contains(id),
                    None => !change.deletes(account) && stored.tags.contains(id),
                })
        })
        .collect();
    for id in unused {
        change.delete(id);
    }
}

/// Gives `moved` an order between its new neighbours; where there is no room left, everybody gets a new one.
fn place(
    vault: &Vault,
    change: &mut Change,
    id: RecordId,
    moved: &mut StoredAccount,
    position: u32,
) {
    let mut others: Vec<(RecordId, &StoredAccount)> = vault
        .accounts()
        .filter(|(other, stored)| {
            *other != id && stored.trashed_at.is_none() && stored.pinned == moved.pinned
        })
        .collect();
    others.sort_by_key(|(other, stored)| (stored.order, stored.created_at, *other));
    let at = usize::try_from(position)
        .unwrap_or(usize::MAX)
        .min(others.len());
    let before = at
        .checked_sub(1)
        .and_then(|n| others.get(n))
        .map_or(0, |(_, stored)| stored.order);
    let after = others.get(at).map_or_else(
        || before.saturating_add(2 * ORDER_GAP),
        |(_, stored)| stored.order,
    );
    if after.saturating_sub(before) >= 2 {
        moved.order = before + (after - before) / 2;
        return;
    }
    let mut order = 0_u64;
    for n in 0..=others.len() {
        if n == at {
            order = order.saturating_add(ORDER_GAP);
            moved.order = order;
        }
        if let Some((other, stored)) = others.get(n) {
            order = order.saturating_add(ORDER_GAP);
            let mut spread = stored.duplicate();
            spread.order = order;
            change.put(*other, Stored::Account(Box::new(spread)));
        }
    }
}
