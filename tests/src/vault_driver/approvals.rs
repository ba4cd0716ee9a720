//! What approvals do to a vault: records and the history in one change, the porch, and taking it over. Each step can be done
//! again after it failed, wherever that was.

use std::fmt;

use countersign_core::secret::Secret;
use countersign_core::vault::{
    Credential, Link, LockedVault, PorchEntry, PorchField, RecordId, SlotKind, StoredWork, Vault,
    VaultError, WorkKind,
};

use super::NOW;
use super::session::Session;

/// What a vault keeps of approvals.
#[derive(Default)]
pub(super) struct Approvals {
    work: String,
    history: Vec<String>,
    /// What waits on the porch for the history, as the steps left it there.
    pub(super) waiting: Vec<String>,
}

impl Approvals {
    /// What is in the vault, when `left` is what was left on its porch: that is the history's, taken over or not.
    ///
    /// # Errors
    ///
    /// Those of reading the history, which is not in memory.
    pub(super) fn of(vault: &Vault, left: &[String]) -> Result<Self, VaultError> {
        let mut found = Self::default();
        for (_, work) in vault.work() {
            // EXPOSE: made up by the steps.
            let body = String::from_utf8_lossy(work.body.expose());
            found.work.push_str(&format!(" {{{body}}}"));
        }
        vault.newest_history(|_, link| {
            found.history.push(match link {
                // EXPOSE: made up by the steps.
                Link::Entry(entry) => String::from_utf8_lossy(entry.expose()).into_owned(),
                Link::PorchLost { count, .. } => format!("porch-lost-{count}"),
                Link::Lost { count, .. } => format!("lost-{count}"),
                Link::Cut { .. } => "cut".to_owned(),
            });
            true
        })?;
        found.history.reverse();
        found.waiting = match vault.porch_news()? {
            0 => vec![],
            count if count == left.len() => left.to_vec(),
            count => vec![format!("{count}-unknown")],
        };
        Ok(found)
    }
}

impl fmt::Display for Approvals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.work)?;
        let whole = [self.history.as_slice(), &self.waiting].concat();
        match whole.is_empty() {
            true => Ok(()),
            false => write!(formatter, " <{}>", whole.join(" ")),
        }
    }
}

impl Session {
    /// Puts a work record and appends an entry to the history, in one change.
    pub(super) fn work(&mut self, text: &str) -> Result<(), VaultError> {
        let mut vault = self.unlocked()?;
        let is_new = vault.change(NOW, |vault, change| {
            let body = || Secret::copy_of(text.as_bytes());
            change.put_work(work_account(), StoredWork::new(WorkKind::Account, body()));
            let is_new = !is_last(vault, text)?;
            if is_new {
                change.append(body());
            }
            Ok(is_new)
        })?;
        // What is done stays done, whether it can be read now or not.
        self.approvals.work = format!(" {{{text}}}");
        self.approvals
            .history
            .extend(is_new.then(|| text.to_owned()));
        self.look(&vault);
        Ok(())
    }

    /// Makes the porch. Its secret is what a platform's key would unwrap.
    pub(super) fn build_porch(&mut self) -> Result<(), VaultError> {
        let mut vault = self.unlocked()?;
        let slots = vault.slots()?;
        if !slots.iter().any(|slot| slot.kind == Some(SlotKind::Porch)) {
            let new = vault.begin_platform_slot(SlotKind::Porch)?;
            // EXPOSE: nothing wraps it here: the children have no platform.
            let wrapped = new.secret().expose().to_vec();
            vault.add_platform_slot(new, &wrapped, NOW)?;
        }
        self.look(&vault);
        Ok(())
    }

    /// Leaves an entry for the history while the vault is locked.
    pub(super) fn leave(&mut self, text: &str) -> Result<(), VaultError> {
        let locked = self.locked()?;
        let slot = locked.porch_slot()?.ok_or(VaultError::NoSuchSlot)?;
        let porch = locked.open_porch(&Secret::new(slot.wrapped))?;
        porch.change(work_account(), |_, change| {
            let mut entry = PorchEntry::default();
            entry.put(PorchField::State, text.as_bytes());
            change.put(entry);
            let left = porch.left_for_history()?;
            if left.last() != Some(&Secret::copy_of(text.as_bytes())) {
                change.append(Secret::copy_of(text.as_bytes()));
            }
            Ok(())
        })?;
        // Whoever unlocked the vault since has taken over what was left before.
        let left = porch.left_for_history().unwrap_or_default();
        let texts = left.iter().map(|entry| {
            // EXPOSE: made up by the steps.
            String::from_utf8_lossy(entry.expose()).into_owned()
        });
        self.approvals.waiting = texts.collect();
        Ok(())
    }

    /// Takes over what was left, and makes the porch anew.
    pub(super) fn take_over(&mut self) -> Result<(), VaultError> {
        let mut vault = self.unlocked()?;
        vault.take_over_porch(NOW, |_, entries, change| {
            for (id, entry) in entries {
                change.put_on_porch(id, entry);
            }
            Ok(())
        })?;
        self.look(&vault);
        Ok(())
    }

    fn locked(&mut self) -> Result<LockedVault, VaultError> {
        self.close();
        let seed = self.next_seed();
        self.place.open_locked(seed)
    }

    fn unlocked(&mut self) -> Result<Vault, VaultError> {
        let locked = self.locked()?;
        let unlocked = locked.unlock(&Credential::Recovery(self.code()), NOW);
        unlocked.map_err(|refused| refused.error)
    }

    /// Looks at what is there now; where that cannot be read, what was there last is still believed.
    pub(super) fn look(&mut self, vault: &Vault) {
        if let Ok(found) = Approvals::of(vault, &self.approvals.waiting) {
            self.approvals = found;
        }
    }
}

fn is_last(vault: &Vault, text: &str) -> Result<bool, VaultError> {
    let mut is_last = false;
    vault.newest_history(|_, link| {
        is_last = link == Link::Entry(Secret::copy_of(text.as_bytes()));
        false
    })?;
    Ok(is_last)
}

/// The one work account of these vaults.
fn work_account() -> RecordId {
    let id = "3737373737373737".repeat(2);
    id.parse().expect("32 hexadecimal digits")
}
