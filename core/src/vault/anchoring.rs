//! When the anchor is read and stored: before the database is read, and after it is written.

use super::anchor::{Anchor, AnchorStore, Flush, NO_CLAIM, Stored};
use super::error::VaultError;
use super::findings::Findings;
use super::format::VaultId;
use super::write::{Next, Written, following};
use crate::entropy::{Entropy, generate_bytes};
use crate::time::UnixSeconds;

/// So often is looked again when others change what is looked at.
const LOOKS_MAX: u32 = 16;
/// One anchor in so many is flushed: fewer than the tokens that a file keeps.
const FLUSHED_EVERY: u64 = 4;

/// The stored anchor of a vault, when there is a whole one.
pub(super) fn read_anchor(anchors: &dyn AnchorStore, vault: VaultId) -> Option<Anchor> {
    anchors
        .read(vault)
        .and_then(|bytes| Anchor::decode(&bytes, vault))
}

/// Reads the anchor and then the file, and both again where the file does not fit an anchor that has changed since: many
/// changes of others in between are no fork.
pub(super) fn judged<T>(
    anchor: impl Fn() -> Option<Anchor>,
    load: impl Fn(Option<&Anchor>) -> Result<T, VaultError>,
    findings: impl Fn(&T) -> &Findings,
) -> Result<(T, Option<Anchor>), VaultError> {
    let mut known = anchor();
    let mut loaded = load(known.as_ref())?;
    for _ in 0..LOOKS_MAX {
        let now = anchor();
        if findings(&loaded).lineage.is_none() || now == known {
            break;
        }
        known = now;
        loaded = load(known.as_ref())?;
    }
    Ok((loaded, known))
}

/// What the next change comes after.
pub(super) struct Following<'a> {
    pub(super) anchors: &'a dyn AnchorStore,
    pub(super) vault: VaultId,
    pub(super) entropy: &'a dyn Entropy,
    /// The anchor that this handle knows.
    pub(super) known: Option<Anchor>,
}

impl Following<'_> {
    /// The next change of a file with this generation.
    pub(super) fn next(&self, generation: u64, now: UnixSeconds) -> Result<Next, VaultError> {
        let seen = self.known.map_or(0, |anchor| anchor.generation);
        let branch = match self.known {
            Some(anchor) => anchor.branch,
            None => choose_branch(self.anchors, self.vault, self.entropy)?,
        };
        let stored = read_anchor(self.anchors, self.vault);
        Ok(Next {
            generation: following(seen).max(following(generation)),
            branch,
            stored: stored.map(|anchor| anchor.token_hash),
            now,
        })
    }
}

/// The branch of an installation that has none yet. Where no anchor can be kept, all changes go to one branch that
/// makes no claim: otherwise every session would push an installation with an anchor out of the lineage.
pub(super) fn choose_branch(
    anchors: &dyn AnchorStore,
    vault: VaultId,
    entropy: &dyn Entropy,
) -> Result<[u8; 8], VaultError> {
    // No bytes are no anchor and make no claim either: they only show whether one could be kept.
    let stored = anchors.read(vault);
    match anchors.replace(vault, stored.as_deref(), &[], Flush::Late) {
        Stored::Failed => Ok(NO_CLAIM),
        Stored::Done | Stored::Changed => Ok(generate_bytes(entropy)?),
    }
}

/// Keeps the anchor of a committed change; none on the branch without a claim.
pub(super) fn store_anchor(
    anchors: &dyn AnchorStore,
    vault: VaultId,
    written: &Written,
) -> Option<Anchor> {
    let anchor = written.anchor;
    if anchor.branch == NO_CLAIM {
        return None;
    }
    for _ in 0..LOOKS_MAX {
        let bytes = anchors.read(vault);
        let stored = bytes
            .as_deref()
            .and_then(|bytes| Anchor::decode(bytes, vault));
        // Another process of this installation may have gone on in the meantime.
        let is_late = stored.is_some_and(|stored| {
            stored.branch == anchor.branch && stored.generation > anchor.generation
        });
        if is_late {
            break;
        }
        let flush = match stored {
            Some(_) if !anchor.generation.is_multiple_of(FLUSHED_EVERY) => Flush::Late,
            _ => Flush::Now,
        };
        let encoded = anchor.encode(vault);
        match anchors.replace(vault, bytes.as_deref(), &encoded, flush) {
            Stored::Changed => {}
            Stored::Done | Stored::Failed => break,
        }
    }
    Some(anchor)
}
