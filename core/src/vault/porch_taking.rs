//! What the history takes over from the porch when the vault is unlocked, and what it finds to be missing there.

use super::anchor::PorchMark;
use super::anchoring::read_anchor;
use super::chain::Link;
use super::error::VaultError;
use super::format::RecordId;
use super::open::Vault;
use super::porch_entry::PorchEntry;
use super::porch_rows::{self, Chain};
use super::write::Change;
use crate::time::UnixSeconds;

/// What goes from the porch into the history.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Taken {
    pub(super) links: Vec<Link>,
    /// What the porch's chain has come to.
    pub(super) mark: PorchMark,
}

/// Goes along the porch's chain from where the history took it over last. Whatever opens and is newer is taken, in its order.
/// What is missing, stands there again, or is not what the anchor knows, is said at the end.
pub(super) fn taken(
    chain: Chain,
    known: PorchMark,
    anchored: Option<PorchMark>,
    now: UnixSeconds,
) -> Taken {
    let mut mark = known;
    let mut links = vec![];
    let mut missing = 0_u64;
    let (mut is_based, mut is_broken) = (known.count == 0, chain.has_unreadable);
    let contradicts = |mark: PorchMark| {
        anchored.is_some_and(|anchored| anchored.count == mark.count && anchored.head != mark.head)
    };
    is_broken |= contradicts(mark);
    for (seq, row) in chain.rows {
        if seq <= known.count {
            let is_base = seq == known.count
                && matches!(row.link, Link::Cut { start, .. } if start == known.head);
            is_based |= is_base;
            // Something that was taken over long since.
            is_broken |= !is_base;
            continue;
        }
        missing = missing.saturating_add(seq - mark.count - 1);
        is_broken |= row.previous != mark.head || !matches!(row.link, Link::Entry(_));
        mark = PorchMark {
            count: seq,
            head: row.previous.after(seq, &row.link),
        };
        is_broken |= contradicts(mark);
        if matches!(row.link, Link::Entry(_)) {
            links.push(row.link);
        }
    }
    if let Some(anchored) = anchored.filter(|anchored| anchored.count > mark.count) {
        missing = missing.saturating_add(anchored.count - mark.count);
        mark = anchored;
    }
    if is_broken || !is_based || missing > 0 {
        links.push(Link::PorchLost {
            at: now,
            count: missing,
        });
    }
    Taken { links, mark }
}

impl Vault {
    /// The porch's entries that can be read, by the ids of their work accounts.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn porch_entries(&self) -> Result<Vec<(RecordId, PorchEntry)>, VaultError> {
        if self.unmigrated().is_some() {
            return Ok(vec![]);
        }
        porch_rows::entries(&self.parts.file.db, self.sealer().into())
    }

    /// The porch's entry of one work account, where it is there and can be read.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn porch_entry(&self, id: RecordId) -> Result<Option<PorchEntry>, VaultError> {
        if self.unmigrated().is_some() {
            return Ok(None);
        }
        porch_rows::entry(&self.parts.file.db, self.sealer().into(), id)
    }

    /// How many links the history would take over from the porch now, one that says that some are missing included.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn porch_news(&self) -> Result<usize, VaultError> {
        if self.unmigrated().is_some() {
            return Ok(0);
        }
        Ok(self.taken(UnixSeconds(0))?.links.len())
    }

    /// Takes over into the history what the porch has collected, in its order, and makes the porch anew, in one transaction.
    /// `rebuild` gets the porch's entries as they stand, may change records by them, and puts what is to lie there from now
    /// on. What it appends to the history comes after what the porch had.
    ///
    /// # Errors
    ///
    /// What `rebuild` returns and the errors of [`Self::change`]: nothing was changed.
    pub fn take_over_porch<R>(
        &mut self,
        now: UnixSeconds,
        rebuild: impl FnOnce(&Self, Vec<(RecordId, PorchEntry)>, &mut Change) -> Result<R, VaultError>,
    ) -> Result<R, VaultError> {
        self.change(now, |vault, change| {
            change.renews_porch = true;
            let entries = vault.porch_entries()?;
            rebuild(vault, entries, change)
        })
    }

    pub(super) fn taken(&self, now: UnixSeconds) -> Result<Taken, VaultError> {
        let chain = porch_rows::chain(&self.parts.file.db, self.sealer().into())?;
        let anchor = read_anchor(self.parts.anchors.as_ref(), self.parts.realm.vault);
        let anchored = anchor.and_then(|anchor| anchor.porch);
        Ok(taken(chain, self.state.manifest.porch, anchored, now))
    }
}
