//! When the anchor is read and stored: before the database is read, and after it is written.

use super::anchor::{Anchor, AnchorStore, Flush, NO_CLAIM, PorchMark, Stored};
use super::error::VaultError;
use super::findings::Findings;
use super::format::VaultId;
use super::write::{Next, Written, following};
use crate::entropy::{Entropy, generate_bytes};
use crate::time::UnixSeconds;

/// So often is looked again when others change what is looked at.
const LOOKS_MAX: u32 = 16;

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
    let stored = anchors.read(vault);
    // Another process of this installation has just stored the first one.
    if let Some(anchor) = stored
        .as_deref()
        .and_then(|bytes| Anchor::decode(bytes, vault))
    {
        return Ok(anchor.branch);
    }
    // No bytes are no anchor and make no claim either: they only show whether one could be kept.
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
    flush: Flush,
) -> Option<Anchor> {
    let anchor = written.anchor;
    if anchor.branch == NO_CLAIM {
        return None;
    }
    let mut anchor = anchor;
    for _ in 0..LOOKS_MAX {
        let bytes = anchors.read(vault);
        let stored = bytes
            .as_deref()
            .and_then(|bytes| Anchor::decode(bytes, vault));
        // What somebody left on the porch meanwhile is no change of the vault.
        anchor = anchor.with_porch_of(stored.as_ref());
        // Another process of this installation may have gone on in the meantime.
        let is_late = stored.is_some_and(|stored| stored.is_later_than(&anchor));
        if is_late {
            break;
        }
        let encoded = anchor.encode(vault);
        match anchors.replace(vault, bytes.as_deref(), &encoded, flush) {
            Stored::Changed => {}
            Stored::Done | Stored::Failed => break,
        }
    }
    Some(anchor)
}

/// What is to be stored where a store that is kept in memory, as in front of one that cannot be asked within a change, meets
/// `stored`: none where that is later than `ours`, or is the same.
#[must_use]
pub fn settled_anchor(vault: VaultId, stored: Option<&[u8]>, ours: &[u8]) -> Option<Vec<u8>> {
    if stored == Some(ours) {
        return None;
    }
    let theirs = stored.and_then(|bytes| Anchor::decode(bytes, vault));
    match (Anchor::decode(ours, vault), theirs) {
        (Some(ours), Some(theirs)) if theirs.is_later_than(&ours) => None,
        (Some(ours), theirs) => Some(ours.with_porch_of(theirs.as_ref()).encode(vault)),
        // No bytes are no anchor, and take the place of none.
        (None, Some(_)) => None,
        (None, None) => Some(ours.to_vec()),
    }
}

/// Notes in the stored anchor how far the porch's chain has come. Without an anchor no claim is made.
pub(super) fn store_porch_mark(anchors: &dyn AnchorStore, vault: VaultId, mark: PorchMark) {
    for _ in 0..LOOKS_MAX {
        let Some(bytes) = anchors.read(vault) else {
            return;
        };
        let Some(stored) = Anchor::decode(&bytes, vault) else {
            return;
        };
        if stored
            .porch
            .is_some_and(|stored| stored.count >= mark.count)
        {
            return;
        }
        let next = Anchor {
            porch: Some(mark),
            ..stored
        };
        match anchors.replace(vault, Some(&bytes), &next.encode(vault), Flush::Late) {
            Stored::Changed => {}
            Stored::Done | Stored::Failed => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::super::anchor::{Lineage, LineageFinding};
    use super::super::entries::Entries;
    use super::super::manifest::Stamps;
    use super::super::state::{ManifestState, Version};
    use super::*;

    const VAULT: VaultId = VaultId([1; 16]);

    fn anchor(branch: u8, generation: u64) -> Anchor {
        Anchor {
            branch: [branch; 8],
            generation,
            token_hash: [9; 32],
            porch: None,
        }
    }

    /// One place for an anchor.
    #[derive(Default)]
    struct Place(std::sync::Mutex<Option<Vec<u8>>>);

    impl AnchorStore for Place {
        fn read(&self, _: VaultId) -> Option<Vec<u8>> {
            self.0.lock().unwrap().clone()
        }

        fn replace(&self, _: VaultId, expected: Option<&[u8]>, anchor: &[u8], _: Flush) -> Stored {
            let mut place = self.0.lock().unwrap();
            assert_eq!(place.as_deref(), expected);
            *place = Some(anchor.to_vec());
            Stored::Done
        }
    }

    /// What is stored after a change whose anchor meets another one.
    fn stored_after(found: Anchor, change: Anchor) -> Option<Anchor> {
        let place = Place::default();
        *place.0.lock().unwrap() = Some(found.encode(VAULT));
        let written = Written {
            version: Version {
                generation: change.generation,
                epoch: 1,
                tag: [0; 16],
            },
            entries: Entries::new(),
            stamps: Stamps::new(),
            manifest: ManifestState {
                lineage: Lineage::default(),
                ..ManifestState::default()
            },
            anchor: change,
        };
        let stored = store_anchor(&place, VAULT, &written, Flush::Late);
        assert_eq!(stored, Some(change));
        read_anchor(&place, VAULT)
    }

    #[test]
    fn an_anchor_takes_the_place_of_all_but_a_later_one_of_its_branch() {
        let change = anchor(1, 7);
        for found in [anchor(1, 6), anchor(1, 7), anchor(2, 6), anchor(2, 8)] {
            assert_eq!(stored_after(found, change), Some(change));
        }
        assert_eq!(stored_after(anchor(1, 8), change), Some(anchor(1, 8)));
    }

    #[test]
    fn who_has_no_branch_takes_the_one_that_was_stored_in_the_meantime() {
        let entropy = crate::entropy::SystemEntropy::new();
        let place = Place::default();
        let drawn = choose_branch(&place, VAULT, &entropy).unwrap();
        assert_ne!(drawn, NO_CLAIM);
        assert_eq!(place.read(VAULT), Some(vec![]));
        *place.0.lock().unwrap() = Some(anchor(1, 7).encode(VAULT));
        assert_eq!(choose_branch(&place, VAULT, &entropy), Ok([1; 8]));
        assert_eq!(read_anchor(&place, VAULT), Some(anchor(1, 7)));
        let nowhere = super::super::anchor::NoAnchor;
        assert_eq!(choose_branch(&nowhere, VAULT, &entropy), Ok(NO_CLAIM));
    }

    #[test]
    fn an_anchor_from_memory_settles_with_the_stored_one_as_a_change_does() {
        for found in [anchor(1, 6), anchor(2, 6), anchor(2, 8)] {
            let ours = anchor(1, 7).encode(VAULT);
            let stored = found.encode(VAULT);
            assert_eq!(
                settled_anchor(VAULT, Some(&stored), &ours),
                Some(ours.clone())
            );
        }
        let ours = anchor(1, 7).encode(VAULT);
        let later = anchor(1, 8).encode(VAULT);
        assert_eq!(settled_anchor(VAULT, Some(&later), &ours), None);
        assert_eq!(settled_anchor(VAULT, Some(&ours), &ours), None);
        assert_eq!(settled_anchor(VAULT, Some(&ours), &[]), None);
        assert_eq!(settled_anchor(VAULT, None, &ours), Some(ours.clone()));
        assert_eq!(settled_anchor(VAULT, Some(b"torn"), &ours), Some(ours));
        assert_eq!(settled_anchor(VAULT, None, &[]), Some(vec![]));
        let porch = Anchor {
            porch: Some(PorchMark {
                count: 3,
                ..PorchMark::default()
            }),
            ..anchor(1, 6)
        };
        let settled = settled_anchor(
            VAULT,
            Some(&porch.encode(VAULT)),
            &anchor(1, 7).encode(VAULT),
        );
        let settled = Anchor::decode(&settled.unwrap(), VAULT).unwrap();
        assert_eq!((settled.generation, settled.porch), (7, porch.porch));
    }

    /// How often the file is read when it fits the anchor of this generation, and so many reads find so many anchors.
    fn looks(anchors: &[u64], fits: u64) -> (u64, u32) {
        let reads = RefCell::new(anchors.iter());
        let last = Cell::new(0);
        let loads = Cell::new(0);
        let read = || {
            let next = reads.borrow_mut().next().copied();
            last.set(next.unwrap_or(last.get()));
            Some(anchor(1, last.get()))
        };
        let load = |anchor: Option<&Anchor>| {
            loads.set(loads.get() + 1);
            let is_fit = anchor.is_some_and(|anchor| anchor.generation == fits);
            Ok(Findings {
                lineage: (!is_fit).then_some(LineageFinding::Forked),
                ..Findings::default()
            })
        };
        let (_, known) = judged(read, load, |findings| findings).unwrap();
        (known.unwrap().generation, loads.get())
    }

    #[test]
    fn a_file_is_read_again_only_for_an_anchor_that_changed() {
        // It fits at once, whatever the anchor is by now.
        assert_eq!(looks(&[3, 4], 3), (3, 1));
        // It does not fit, and the anchor is the same: a fork.
        assert_eq!(looks(&[3, 3], 9), (3, 1));
        // Others went on in between.
        assert_eq!(looks(&[3, 4, 5], 5), (5, 3));
        // Somebody who never stops does not keep the person out.
        let ever: Vec<u64> = (1..100).collect();
        assert_eq!(looks(&ever, 1_000).1, LOOKS_MAX + 1);
    }
}
