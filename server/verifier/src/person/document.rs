//! Which version of the account document a device has, and whose signatures it can check.

use countersign_protocol::hash::{MessageHash, Thumbprint};
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
    /// The highest version that the device said it has.
    have: u64,
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
            have: 1,
            earlier: vec![],
        }
    }

    /// Notes what a document would say now; another text is another version.
    pub(crate) fn refresh(&mut self, print: MessageHash, keys: Vec<Thumbprint>) {
        if print != self.print {
            self.supersede(self.version + 1);
            (self.print, self.keys) = (print, keys);
        }
    }

    /// Notes the version that the device has. One above the server's means that the server was restored from a copy: its
    /// document comes again, as the next one.
    ///
    /// False, and nothing noted, for a version that nobody counts to.
    pub(crate) fn note_have(&mut self, have: u64) -> bool {
        if have > self.version {
            if have >= HAVE_MAX {
                return false;
            }
            self.supersede(have + 1);
        }
        self.have = self.have.max(have);
        let have = self.have;
        self.earlier.retain(|earlier| earlier.version >= have);
        true
    }

    /// Whether there is a version that the device has not.
    pub(crate) const fn has_newer(&self, have: u64) -> bool {
        have < self.version
    }

    /// The server keys that the device knows.
    pub(crate) fn known_keys(&self) -> &[Thumbprint] {
        let earlier = self.earlier.iter();
        earlier
            .filter(|earlier| earlier.version <= self.have)
            .max_by_key(|earlier| earlier.version)
            .map_or(&self.keys, |earlier| &earlier.keys)
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

    const PRINTS: [MessageHash; 2] = [
        MessageHash::from_bytes([1; 32]),
        MessageHash::from_bytes([2; 32]),
    ];
    const KEYS: [Thumbprint; 2] = [
        Thumbprint::from_bytes([3; 32]),
        Thumbprint::from_bytes([4; 32]),
    ];

    #[test]
    fn only_another_text_is_another_version() {
        let mut documents = Documents::first(PRINTS[0], vec![KEYS[0]]);
        documents.refresh(PRINTS[0], vec![KEYS[0]]);
        assert_eq!(documents.version, 1);
        documents.refresh(PRINTS[1], vec![KEYS[1]]);
        assert_eq!(documents.version, 2);
        assert!(documents.has_newer(1));
        assert!(!documents.has_newer(2));
    }

    #[test]
    fn what_a_device_knows_are_the_keys_of_the_version_that_it_has() {
        let mut documents = Documents::first(PRINTS[0], vec![KEYS[0]]);
        documents.refresh(PRINTS[1], vec![KEYS[1]]);
        assert_eq!(documents.known_keys(), [KEYS[0]]);
        assert!(documents.note_have(1));
        assert_eq!(documents.known_keys(), [KEYS[0]]);
        assert!(documents.note_have(2));
        assert_eq!(documents.known_keys(), [KEYS[1]]);
        // A late message with an earlier version takes nothing back.
        assert!(documents.note_have(1));
        assert_eq!(documents.known_keys(), [KEYS[1]]);
    }

    #[test]
    fn a_restored_server_counts_on_from_what_the_device_has() {
        let mut documents = Documents::first(PRINTS[0], vec![KEYS[0]]);
        assert!(documents.note_have(7));
        assert_eq!(documents.version, 8);
        assert!(documents.has_newer(7));
        assert_eq!(documents.known_keys(), [KEYS[0]]);
    }

    #[test]
    fn a_version_that_nobody_counts_to_is_not_believed() {
        let mut documents = Documents::first(PRINTS[0], vec![KEYS[0]]);
        for have in [HAVE_MAX, (1 << 53) - 1, u64::MAX] {
            assert!(!documents.note_have(have), "{have}");
            assert_eq!(documents.version, 1);
        }
        assert!(documents.note_have(HAVE_MAX - 1));
        // What the server itself gave out is believed for ever.
        assert!(documents.note_have(HAVE_MAX));
    }
}
