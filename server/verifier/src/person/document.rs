//! Which version of the account document a device has, and whose signatures it can check.

use countersign_protocol::hash::{MessageHash, Thumbprint};
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A device that claims to have a version from here on, and above the server's, is not believed: nobody counts so far, and
/// the next version has to be one that a message can say.
const HAVE_MAX: u64 = 1 << 40;

/// The documents of one device.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Documents {
    /// The newest version.
    pub(crate) version: u64,
    /// What it says, without what only names the device and the version.
    print: MessageHash,
    /// The server keys in it.
    keys: Vec<Thumbprint>,
    /// The highest version that the device said it has; none after it named one that is not known here, because the server was
    /// restored from a copy.
    told: Option<u64>,
    /// Versions from that one on that were superseded.
    earlier: Vec<Earlier>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Earlier {
    version: u64,
    keys: Vec<Thumbprint>,
}

impl Documents {
    /// The first one, which the device has.
    pub(crate) fn first(print: MessageHash, keys: Vec<Thumbprint>) -> Self {
        Self {
            version: 1,
            print,
            keys,
            told: Some(1),
            earlier: vec![],
        }
    }

    /// Notes what a document would say now; another text is another version.
    ///
    /// It is taken from the clock, which no copy turns back: a restored server gives no version a second time, for another text.
    pub(crate) fn refresh(&mut self, print: MessageHash, keys: Vec<Thumbprint>, now: Timestamp) {
        if print != self.print {
            self.renew(now);
            (self.print, self.keys) = (print, keys);
        }
    }

    /// Gives what it says another version: something that comes with a document has changed.
    pub(crate) fn renew(&mut self, now: Timestamp) {
        self.supersede(now.unix_s().max(self.version + 1));
    }

    /// Notes the version that the device has. One above the server's means that the server was restored from a copy: its
    /// document comes again, as the next one. Of a version that is not known here nobody knows the keys either.
    ///
    /// False, and nothing noted, for a version that nobody counts to.
    pub(crate) fn note_have(&mut self, have: u64) -> bool {
        // A late message takes nothing back.
        if self.told.is_some_and(|told| have < told) {
            return true;
        }
        if have > self.version {
            if have >= HAVE_MAX {
                return false;
            }
            self.told = None;
            // However often it says so, no more than one is remembered.
            self.earlier.clear();
            self.supersede(have + 1);
            return true;
        }
        self.told = (have == self.version || self.earlier_one(have).is_some()).then_some(have);
        if let Some(told) = self.told {
            self.earlier.retain(|earlier| earlier.version >= told);
        }
        true
    }

    /// Whether there is a version that the device has not.
    pub(crate) const fn has_newer(&self, have: u64) -> bool {
        have < self.version
    }

    /// The server keys that the device knows; none where nobody knows that.
    pub(crate) fn known_keys(&self) -> &[Thumbprint] {
        match self.told {
            None => &[],
            Some(told) => self.earlier_one(told).unwrap_or(&self.keys),
        }
    }

    /// Whether the device can check what this key signed, whichever it has of the version that it named and the newest.
    pub(crate) fn can_check(&self, key: &Thumbprint) -> bool {
        self.keys.contains(key) && self.known_keys().contains(key)
    }

    fn earlier_one(&self, version: u64) -> Option<&[Thumbprint]> {
        let mut earlier = self.earlier.iter();
        let one = earlier.find(|earlier| earlier.version == version);
        one.map(|earlier| earlier.keys.as_slice())
    }

    fn supersede(&mut self, version: u64) {
        self.earlier.push(Earlier {
            version: self.version,
            keys: self.keys.clone(),
        });
        self.version = version;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTS: [MessageHash; 3] = [
        MessageHash::from_bytes([1; 32]),
        MessageHash::from_bytes([2; 32]),
        MessageHash::from_bytes([3; 32]),
    ];
    const KEYS: [Thumbprint; 3] = [
        Thumbprint::from_bytes([4; 32]),
        Thumbprint::from_bytes([5; 32]),
        Thumbprint::from_bytes([6; 32]),
    ];
    const NOW_UNIX_S: u64 = 1_800_000_000;

    fn at(second: u64) -> Timestamp {
        Timestamp::new(NOW_UNIX_S + second).unwrap()
    }

    fn first() -> Documents {
        Documents::first(PRINTS[0], vec![KEYS[0]])
    }

    #[test]
    fn only_another_text_is_another_version_and_the_clock_names_it() {
        let mut documents = first();
        documents.refresh(PRINTS[0], vec![KEYS[0]], at(0));
        assert_eq!(documents.version, 1);
        documents.refresh(PRINTS[1], vec![KEYS[1]], at(0));
        assert_eq!(documents.version, NOW_UNIX_S);
        assert!(documents.has_newer(1));
        assert!(!documents.has_newer(NOW_UNIX_S));
        // Within a second, and with a clock that was set back, it grows all the same.
        documents.refresh(PRINTS[2], vec![KEYS[1]], at(0));
        assert_eq!(documents.version, NOW_UNIX_S + 1);
        documents.refresh(PRINTS[1], vec![KEYS[1]], Timestamp::new(5).unwrap());
        assert_eq!(documents.version, NOW_UNIX_S + 2);
    }

    #[test]
    fn a_renewed_document_has_the_same_text_and_keys_under_a_higher_version() {
        let mut documents = first();
        documents.renew(at(0));
        documents.renew(at(0));
        assert_eq!(documents.version, NOW_UNIX_S + 1);
        documents.refresh(PRINTS[0], vec![KEYS[0]], at(1));
        assert_eq!(documents.version, NOW_UNIX_S + 1);
        assert_eq!(documents.known_keys(), [KEYS[0]]);
    }

    #[test]
    fn what_a_device_knows_are_the_keys_of_the_version_that_it_has() {
        let mut documents = first();
        documents.refresh(PRINTS[1], vec![KEYS[1]], at(0));
        assert_eq!(documents.known_keys(), [KEYS[0]]);
        assert!(documents.note_have(1));
        assert_eq!(documents.known_keys(), [KEYS[0]]);
        assert!(documents.note_have(NOW_UNIX_S));
        assert_eq!(documents.known_keys(), [KEYS[1]]);
        // A late message with an earlier version takes nothing back.
        assert!(documents.note_have(1));
        assert_eq!(documents.known_keys(), [KEYS[1]]);
    }

    #[test]
    fn a_device_can_check_what_both_its_document_and_the_one_on_its_way_list() {
        let mut documents = first();
        assert!(documents.can_check(&KEYS[0]));
        documents.refresh(PRINTS[1], vec![KEYS[1], KEYS[0]], at(0));
        assert!(documents.can_check(&KEYS[0]));
        assert!(!documents.can_check(&KEYS[1]));
        assert!(documents.note_have(NOW_UNIX_S));
        assert!(documents.can_check(&KEYS[1]));
        documents.refresh(PRINTS[2], vec![KEYS[1]], at(1));
        assert!(!documents.can_check(&KEYS[0]));
    }

    #[test]
    fn a_restored_server_counts_on_from_what_the_device_has_and_knows_none_of_its_keys() {
        let mut documents = first();
        assert!(documents.note_have(7));
        assert_eq!(documents.version, 8);
        assert!(documents.has_newer(7));
        assert!(documents.known_keys().is_empty());
        assert!(documents.note_have(8));
        assert_eq!(documents.known_keys(), [KEYS[0]]);
    }

    #[test]
    fn a_device_that_names_ever_higher_versions_fills_no_memory() {
        let mut documents = first();
        for have in 1..1_000 {
            assert!(documents.note_have(have * 2));
        }
        assert!(documents.earlier.len() <= 1);
        assert!(documents.known_keys().is_empty());
        assert!(documents.note_have(documents.version));
        assert_eq!(documents.known_keys(), [KEYS[0]]);
    }

    #[test]
    fn a_version_that_was_given_before_the_copy_is_not_taken_for_another_one() {
        let mut documents = first();
        // Restored, the server gave a version of its own; the device has one from between.
        documents.refresh(PRINTS[1], vec![KEYS[1]], at(60));
        assert!(documents.note_have(NOW_UNIX_S + 30));
        assert!(documents.known_keys().is_empty());
        assert!(documents.has_newer(NOW_UNIX_S + 30));
        assert!(documents.note_have(NOW_UNIX_S + 60));
        assert_eq!(documents.known_keys(), [KEYS[1]]);
    }

    #[test]
    fn a_version_that_nobody_counts_to_is_not_believed() {
        let mut documents = first();
        for have in [HAVE_MAX, (1 << 53) - 1, u64::MAX] {
            assert!(!documents.note_have(have), "{have}");
            assert_eq!(documents.version, 1);
        }
        assert!(documents.note_have(HAVE_MAX - 1));
        // What the server itself gave out is believed for ever.
        assert!(documents.note_have(HAVE_MAX));
    }
}
