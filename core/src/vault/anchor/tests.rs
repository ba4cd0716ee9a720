//! What an anchor and a lineage say of each other.

use super::*;
use crate::entropy::SystemEntropy;

const VAULT: VaultId = VaultId([1; 16]);
const MINE: [u8; 8] = [7; 8];
const OTHER: [u8; 8] = [8; 8];

#[test]
fn an_anchor_reads_only_what_it_writes() {
    for porch in [None, Some(mark(7))] {
        let anchor = Anchor {
            branch: MINE,
            generation: 5,
            token_hash: [3; 32],
            porch,
        };
        let bytes = anchor.encode(VAULT);
        assert_eq!(bytes.len(), if porch.is_some() { 113 } else { 73 });
        assert_eq!(Anchor::decode(&bytes, VAULT), Some(anchor));
        assert_eq!(Anchor::decode(&bytes, VaultId([2; 16])), None);
        for length in 0..bytes.len() {
            assert_eq!(Anchor::decode(&bytes[..length], VAULT), None);
        }
        for place in 0..bytes.len() {
            let mut torn = bytes.clone();
            torn[place] ^= 1;
            assert_eq!(Anchor::decode(&torn, VAULT), None, "{place}");
        }
    }
}

fn mark(count: u64) -> PorchMark {
    PorchMark {
        count,
        head: ChainHead::from_bytes([9; 32]),
    }
}

#[test]
fn an_anchor_of_another_version_makes_no_claim() {
    let anchor = Anchor {
        branch: MINE,
        generation: 5,
        token_hash: [3; 32],
        porch: Some(mark(7)),
    };
    let whole = |version: u8, bytes: &[u8]| {
        let mut content = bytes.to_vec();
        content[0] = version;
        let check = sha256(&content);
        content.extend(check.iter().take(CHECK_BYTES));
        Anchor::decode(&content, VAULT)
    };
    let bytes = anchor.encode(VAULT);
    let long = &bytes[..bytes.len() - CHECK_BYTES];
    let short = &long[..CLAIM_BYTES];
    assert_eq!(whole(2, long), Some(anchor));
    assert_eq!(whole(1, short).unwrap().porch, None);
    for refused in [
        whole(1, long),
        whole(2, short),
        whole(3, long),
        whole(0, short),
    ] {
        assert_eq!(refused, None);
    }
}

#[test]
fn of_two_anchors_of_one_change_the_one_with_more_from_the_porch_is_later() {
    let anchor = |generation, porch| Anchor {
        branch: MINE,
        generation,
        token_hash: [3; 32],
        porch,
    };
    let order = [
        anchor(5, None),
        anchor(5, Some(mark(1))),
        anchor(5, Some(mark(2))),
        anchor(6, None),
    ];
    for (n, earlier) in order.iter().enumerate() {
        assert!(!earlier.is_later_than(earlier));
        for later in &order[n + 1..] {
            assert!(later.is_later_than(earlier) && !earlier.is_later_than(later));
        }
    }
    let kept = order[3].with_porch_of(Some(&order[2]));
    assert_eq!((kept.generation, kept.porch), (6, Some(mark(2))));
    assert_eq!(order[2].with_porch_of(Some(&order[1])), order[2]);
    assert_eq!(order[0].with_porch_of(None), order[0]);
}

#[test]
fn my_change_is_an_ancestor_whoever_wrote_after_it() {
    let entropy = SystemEntropy::new();
    let mut lineage = Lineage::default();
    let mine = lineage.advance(MINE, 1, None, &entropy).unwrap();
    let before = lineage.clone();
    for generation in 2..30 {
        lineage.advance(OTHER, generation, None, &entropy).unwrap();
        assert_eq!(lineage.judge(&mine, generation), None);
    }
    let later = lineage.advance(MINE, 30, None, &entropy).unwrap();
    assert_eq!(before.judge(&later, 1), Some(LineageFinding::RolledBack));
    let mut forked = before.clone();
    forked.advance(OTHER, 31, None, &entropy).unwrap();
    assert_eq!(forked.judge(&later, 31), Some(LineageFinding::Forked));
}

#[test]
fn a_file_without_my_change_is_older_or_forked() {
    let mut lineage = Lineage::default();
    let entropy = SystemEntropy::new();
    lineage.advance(OTHER, 5, None, &entropy).unwrap();
    let mine = Anchor {
        branch: MINE,
        generation: 5,
        token_hash: [3; 32],
        porch: None,
    };
    assert_eq!(lineage.judge(&mine, 4), Some(LineageFinding::RolledBack));
    for generation in [5, 6] {
        let judged = lineage.judge(&mine, generation);
        assert_eq!(judged, Some(LineageFinding::Forked), "{generation}");
    }
}

#[test]
fn eight_anchors_may_be_late_and_not_nine() {
    let entropy = SystemEntropy::new();
    let mut lineage = Lineage::default();
    let mine = lineage.advance(MINE, 1, None, &entropy).unwrap();
    for generation in 2..=8 {
        lineage.advance(MINE, generation, None, &entropy).unwrap();
    }
    assert_eq!(lineage.judge(&mine, 8), None);
    lineage.advance(MINE, 9, None, &entropy).unwrap();
    assert_eq!(lineage.judge(&mine, 9), Some(LineageFinding::Forked));
}

#[test]
fn the_token_of_the_stored_anchor_is_kept_however_many_changes_come_after_it() {
    let entropy = SystemEntropy::new();
    let mut lineage = Lineage::default();
    let mine = lineage.advance(MINE, 1, None, &entropy).unwrap();
    for generation in 2..40 {
        lineage
            .advance(MINE, generation, Some(mine.token_hash), &entropy)
            .unwrap();
        assert_eq!(lineage.judge(&mine, generation), None);
        assert!(lineage.branches()[0].tokens.len() <= TOKENS_KEPT);
    }
}

#[test]
fn the_seventeenth_branch_replaces_the_oldest() {
    let entropy = SystemEntropy::new();
    let mut lineage = Lineage::default();
    let first = lineage.advance([0; 8], 1, None, &entropy).unwrap();
    for n in 1..=16_u8 {
        lineage
            .advance([n; 8], u64::from(n) + 1, None, &entropy)
            .unwrap();
    }
    assert_eq!(lineage.branches().len(), 16);
    assert_eq!(lineage.judge(&first, 17), Some(LineageFinding::Forked));
}

#[test]
fn malformed_branches_are_refused() {
    let mut lineage = Lineage::default();
    assert_eq!(lineage.push_encoded(&[0; 15]), Err(Malformed));
    assert_eq!(lineage.push_encoded(&[0; 16]), Err(Malformed));
    assert_eq!(lineage.push_encoded(&[0; 47]), Err(Malformed));
    assert_eq!(lineage.push_encoded(&[0; 16 + 32 * 9]), Err(Malformed));
    assert_eq!(lineage.push_encoded(&[0; 48]), Ok(()));
    assert_eq!(lineage.push_encoded(&[0; 48]), Err(Malformed));
}
