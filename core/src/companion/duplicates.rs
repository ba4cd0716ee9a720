//! What adding an account would do beside the ones that are there (A4–A6).

use super::Companion;
use crate::account::Account;
use crate::otp::OtpKind;
use crate::vault::RecordId;

/// How a new account stands to the ones that are there. Nothing is ever replaced.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Prospect {
    /// The very same account (key bytes, type, algorithm, digits, period, issuer, account), and whether it is in the trash (A5).
    pub already_here: Option<(RecordId, bool)>,
    /// Accounts with the same issuer and account and another key or other parameters (A4).
    pub same_names: Vec<RecordId>,
    /// Accounts with the same key and anything else different: worth a warning (A5).
    pub same_secret: Vec<RecordId>,
}

impl Companion {
    /// What adding `account` would do.
    #[must_use]
    pub fn prospect(&self, account: &Account) -> Prospect {
        let mut prospect = Prospect::default();
        for (id, stored) in self.vault.accounts() {
            let known = &stored.account;
            let same_names = has_same_names(known, account);
            let same_key = known.otp.key() == account.otp.key();
            let in_trash = stored.trashed_at.is_some();
            if is_same_account(known, account) {
                // One in the list is meant before one in the trash.
                if prospect
                    .already_here
                    .is_none_or(|(_, earlier_in_trash)| earlier_in_trash)
                {
                    prospect.already_here = Some((id, in_trash));
                }
                continue;
            }
            if same_names && !in_trash {
                prospect.same_names.push(id);
            }
            if same_key {
                prospect.same_secret.push(id);
            }
        }
        prospect
    }
}

/// Whether both are the very same account (A5).
pub(super) fn is_same_account(known: &Account, new: &Account) -> bool {
    known.issuer == new.issuer
        && known.account == new.account
        && known.otp.key() == new.otp.key()
        && is_same_kind(known.otp.kind(), new.otp.kind())
}

/// Whether both have one name (A4); accounts without any have none in common.
pub(super) fn has_same_names(known: &Account, new: &Account) -> bool {
    let is_named = !(known.issuer.is_empty() && known.account.is_empty());
    is_named && known.issuer == new.issuer && known.account == new.account
}

/// The stored counter moves on by itself, so it is no difference.
fn is_same_kind(known: OtpKind, new: OtpKind) -> bool {
    match (known, new) {
        (
            OtpKind::Hotp {
                algorithm, digits, ..
            },
            OtpKind::Hotp {
                algorithm: new_algorithm,
                digits: new_digits,
                ..
            },
        ) => (algorithm, digits) == (new_algorithm, new_digits),
        _ => known == new,
    }
}
