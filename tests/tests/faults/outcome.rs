//! How a vault is found after its child's end or a power cut, held against what had been promised.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use countersign_core::vault::{Findings, LineageFinding, VaultError};
use countersign_tests::faults::tree::Tree;
use countersign_tests::vault_driver::{NOW, describe, is_expected};

use ring::digest::{SHA256, digest};

use crate::scene::{NOTHING, SEED, Scene};
use crate::script::{CHANGES_PASSWORD, Reference};

/// An anchor's bytes: version, vault, branch, generation, hash, checksum; with the porch's count and head before that.
const ANCHOR_BYTES: [usize; 2] = [73, 113];
const GENERATION_AT: usize = 25;
/// So many of an installation's last changes can be told from a fork.
const TOKENS_KEPT: u64 = 8;

/// What an installation knows of a vault after a crash.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Anchored {
    /// The generation that its anchor names; none without a whole anchor.
    pub(crate) generation: Option<u64>,
    /// How many later anchors were lost.
    pub(crate) late: u64,
}

impl Anchored {
    /// By what is left of the folder that the running system showed.
    pub(crate) fn after(left: &Tree, shown: &Tree) -> Self {
        let (generation, last) = (anchor_generation(left), anchor_generation(shown));
        let late = last.unwrap_or(0) - generation.unwrap_or(0);
        Self { generation, late }
    }

    /// Whether it can tell a torn last change from a damaged one, and a crash from a fork.
    pub(crate) const fn decides(self) -> bool {
        self.generation.is_some() && self.late < TOKENS_KEPT - 1
    }
}

/// What was found, counted.
#[derive(Default)]
pub(crate) struct Outcomes {
    pub(crate) looked_at: u32,
    /// Different folders.
    folders: BTreeSet<u64>,
    /// Different contents of the vault.
    contents: BTreeSet<String>,
    /// Vaults beside which files of their making were left.
    unfinished: u32,
    /// Torn logs that were refused, because without the anchor nobody can tell whether a promise was in them.
    pub(crate) undecided: u32,
    /// Vaults that were taken for forked because their anchors are older than the tokens that they keep.
    pub(crate) forked: u32,
}

impl Outcomes {
    /// Looks at the vault of `scene` when `promised` steps had been promised, and fails unless the promises hold: the
    /// state is the one before the next step or the one after it.
    pub(crate) fn look(
        &mut self,
        reference: &Reference,
        promised: usize,
        scene: &Scene,
        anchored: Anchored,
    ) {
        self.looked_at += 1;
        let tree = scene.tree();
        self.folders.insert(tree.fingerprint());
        let possible = reference.possible(promised);
        let mut companion = match scene.open() {
            Ok(companion) => companion,
            Err(VaultError::NoVault) => {
                assert!(possible.contains(&NOTHING), "the vault is gone");
                self.contents.insert(NOTHING.to_owned());
                let again = scene.run(&["init"], None).said;
                assert_eq!(again, ["done 0 []"], "what was left stands in the way");
                return;
            }
            Err(VaultError::DamagedLog) if !anchored.decides() => {
                self.undecided += 1;
                return;
            }
            Err(error) => panic!("{error:?} after {promised} steps, {anchored:?}"),
        };
        let content = describe(&companion);
        assert!(
            possible.contains(&&*content),
            "found {content}, not one of {possible:?}"
        );
        self.contents.insert(content);
        let mut findings = companion.check().unwrap();
        // A restore goes back behind what the anchor knows, and stores its own last: in between it looks like what it is.
        let is_restore = reference.steps.get(promised) == Some(&"recover-newest");
        if findings.lineage == Some(LineageFinding::Forked) && (!anchored.decides() || is_restore) {
            self.forked += u32::from(!is_restore);
            companion.accept(NOW).unwrap();
            findings = companion.check().unwrap();
        }
        assert!(anchored.generation.is_none() || !findings.anchor_missing);
        let whole = Findings {
            anchor_missing: findings.anchor_missing,
            ..Findings::default()
        };
        assert_eq!(findings, whole, "{anchored:?}");
        drop(companion);
        let is_unfinished = !tree.files().all(is_expected);
        self.unfinished += u32::from(is_unfinished);
        let mut later = scene.driver(SEED + 50, &["add=later"]);
        let said = scene.watch(None).run(&mut later).said;
        assert!(said[0].starts_with("done 0"), "a later change: {said:?}");
    }

    /// The same, and exactly one password opens it: the old one or, once it was promised, the new one.
    pub(crate) fn look_at_passwords(
        &mut self,
        reference: &Reference,
        promised: usize,
        scene: &Scene,
        anchored: Anchored,
    ) {
        let vault = scene.place().vault();
        if vault.path().exists() {
            let possible: &[&[&str]] = match promised {
                // The step that changes it is on its way.
                CHANGES_PASSWORD => &[&["old"], &["new"]],
                0..CHANGES_PASSWORD => &[&["old"]],
                _ => &[&["new"]],
            };
            match scene.opened_by(&["old", "new"]) {
                Ok(opened) => assert!(possible.contains(&&*opened), "{promised}: {opened:?}"),
                Err(VaultError::DamagedLog) if !anchored.decides() => {}
                Err(error) => panic!("{error:?} after {promised} steps, {anchored:?}"),
            }
        }
        self.look(reference, promised, scene, anchored);
    }

    /// Says what was seen.
    pub(crate) fn print(&self, about: &str) {
        let (folders, contents) = (self.folders.len(), self.contents.len());
        println!(
            "{about}: {}; {folders} different folders, {contents} different contents, {} with leftovers of the making",
            self.looked_at, self.unfinished
        );
        println!(
            "    {} logs undecided without an anchor, {} late anchors taken for a fork",
            self.undecided, self.forked
        );
    }
}

/// The generation in the whole anchor of a folder.
fn anchor_generation(tree: &Tree) -> Option<u64> {
    let anchors = tree.entries.iter().filter_map(|(path, bytes)| {
        let ending = path.extension().and_then(OsStr::to_str);
        let is_anchor = path.starts_with("state") && matches!(ending, None | Some("late"));
        bytes.as_ref().filter(|_| is_anchor)
    });
    // The flushed one or a later one.
    anchors.filter_map(|bytes| whole_generation(bytes)).max()
}

fn whole_generation(anchor: &[u8]) -> Option<u64> {
    if !ANCHOR_BYTES.contains(&anchor.len()) {
        return None;
    }
    let (content, check) = anchor.split_last_chunk::<8>()?;
    if digest(&SHA256, content).as_ref()[..8] != *check {
        return None;
    }
    let generation = content[GENERATION_AT..].first_chunk::<8>()?;
    Some(u64::from_be_bytes(*generation))
}
