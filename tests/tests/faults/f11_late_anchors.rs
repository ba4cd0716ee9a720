//! F11: what happens between reading an anchor and reading the file, or between writing the file and storing the anchor.

use std::sync::{Arc, Mutex};

use countersign_core::companion::{Companion, DoubtfulCounter};
use countersign_core::vault::{
    AnchorFolder, AnchorStore, Credential, Flush, StoredAnchor, VaultId,
};
use countersign_tests::vault_driver::{NOW, SeededEntropy};

use crate::f11_together::{bob, with_counter};
use crate::scene::{SEED, Scene, code};

/// One more than the tokens that a file keeps of each installation.
const CHANGES: u32 = 9;

#[derive(Clone, Copy, Eq, PartialEq)]
enum Pause {
    AfterReading,
    BeforeWriting,
}

type Meanwhile = Box<dyn FnOnce() + Send>;

/// Anchors with something that happens once, in the middle.
struct Interrupted {
    anchors: AnchorFolder,
    pause: Pause,
    meanwhile: Arc<Mutex<Option<Meanwhile>>>,
}

impl Interrupted {
    fn pause(&self, pause: Pause) {
        if self.pause == pause {
            let meanwhile = self.meanwhile.lock().unwrap().take();
            if let Some(meanwhile) = meanwhile {
                meanwhile();
            }
        }
    }
}

impl AnchorStore for Interrupted {
    fn read(&self, vault: VaultId) -> Option<Vec<u8>> {
        let anchor = self.anchors.read(vault);
        self.pause(Pause::AfterReading);
        anchor
    }

    fn replace(
        &self,
        vault: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        flush: Flush,
    ) -> StoredAnchor {
        self.pause(Pause::BeforeWriting);
        self.anchors.replace(vault, expected, anchor, flush)
    }
}

/// A handle that is interrupted once at `pause`, by changes of another handle of the same installation.
fn interrupted(scene: &Scene, pause: Pause) -> (Companion, impl FnOnce() + use<>) {
    let meanwhile: Arc<Mutex<Option<Meanwhile>>> = Arc::default();
    let anchors = Interrupted {
        anchors: scene.place().anchors(),
        pause,
        meanwhile: Arc::clone(&meanwhile),
    };
    let entropy = Box::new(SeededEntropy::new(SEED * 4));
    let locked = Companion::open(&scene.place().vault(), Box::new(anchors), entropy).unwrap();
    let here = locked.unlock(&Credential::Recovery(&code()), NOW).unwrap();
    let mut other = scene.open().unwrap();
    let bob = bob(&other);
    let arm = move || {
        let changes = move || {
            for _ in 0..CHANGES {
                other.next_hotp(bob, DoubtfulCounter::Refuse, NOW).unwrap();
            }
        };
        *meanwhile.lock().unwrap() = Some(Box::new(changes));
    };
    (here, arm)
}

#[test]
fn f11_changes_between_reading_anchor_and_file_are_no_fork() {
    let scene = with_counter(&[]);
    let (mut here, arm) = interrupted(&scene, Pause::AfterReading);
    let bob = bob(&here);
    scene
        .open()
        .unwrap()
        .next_hotp(bob, DoubtfulCounter::Refuse, NOW)
        .unwrap();
    arm();
    assert_eq!(here.refresh(), Ok(true));
    assert_eq!(here.findings().lineage, None);
}

#[test]
fn f11_an_anchor_that_is_stored_late_does_not_replace_later_ones() {
    let scene = with_counter(&[]);
    let (mut here, arm) = interrupted(&scene, Pause::BeforeWriting);
    let bob = bob(&here);
    arm();
    here.next_hotp(bob, DoubtfulCounter::Refuse, NOW).unwrap();
    assert_eq!(scene.open().unwrap().findings().lineage, None);
}
