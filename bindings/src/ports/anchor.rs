//! The anchor: this installation's last change, kept outside the vault's file.
//!
//! The core stores it inside a change, with the vault held. So it stores it here, in memory, and it is brought to the port when
//! the vault is free again, by compare and replace. Core's rule for anchors that are late covers the moment between: a crash
//! there is one between a change and its anchor.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::vault::{AnchorStore, Flush, StoredAnchor, VaultId, settled_anchor};

use super::PortError;

/// So often is tried again when others store too.
const LOOKS_MAX: u32 = 16;

/// What became of an anchor that was to be stored.
#[uniffi::remote(Enum)]
pub enum StoredAnchor {
    /// It is stored.
    Done,
    /// Somebody else has stored another one: look again.
    Changed,
    /// Nothing can be stored here, which is harmless: no claim is made then.
    Failed,
}

/// Where an installation keeps its anchors, so that an older copy of a vault's file shows: not in the file, and in no backup of it.
#[uniffi::export(foreign)]
pub trait Anchor: Send + Sync {
    /// The stored bytes, at most some hundred; none when there are none or they cannot be read now.
    ///
    /// # Errors
    ///
    /// `PortError`, which is as none.
    fn read(&self, vault: VaultId) -> Result<Option<Vec<u8>>, PortError>;

    /// Stores `anchor` if what is stored is still `expected`, comparing and storing under one lock. With `flush` it has to be
    /// on the disk before this returns.
    ///
    /// # Errors
    ///
    /// `PortError`, which is as `Failed`.
    fn replace(
        &self,
        vault: VaultId,
        expected: Option<Vec<u8>>,
        anchor: Vec<u8>,
        flush: bool,
    ) -> Result<StoredAnchor, PortError>;
}

/// The anchor between core and the port.
pub(crate) struct Shelf {
    port: Arc<dyn Anchor>,
    kept: Mutex<KeptAnchor>,
}

#[derive(Clone, Default)]
struct KeptAnchor {
    vault: Option<VaultId>,
    /// What the port had last.
    stored: Option<Vec<u8>>,
    /// What core has stored here.
    ours: Option<Vec<u8>>,
    /// Whether it has to be on the disk.
    flush: bool,
    /// Counts what core has stored.
    revision: u64,
}

/// The port itself, for steps that hold no companion's vault.
pub(crate) struct PortStore(pub(crate) Arc<dyn Anchor>);

impl AnchorStore for PortStore {
    fn read(&self, vault: VaultId) -> Option<Vec<u8>> {
        self.0.read(vault).unwrap_or_default()
    }

    fn replace(
        &self,
        vault: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        flush: Flush,
    ) -> StoredAnchor {
        let expected = expected.map(<[u8]>::to_vec);
        let is_now = flush == Flush::Now;
        let replaced = self.0.replace(vault, expected, anchor.to_vec(), is_now);
        replaced.unwrap_or(StoredAnchor::Failed)
    }
}

/// Core's side of it.
pub(crate) struct ShelfStore(pub(crate) Arc<Shelf>);

impl Shelf {
    pub(crate) fn new(port: Arc<dyn Anchor>) -> Arc<Self> {
        Arc::new(Self {
            port,
            kept: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, KeptAnchor> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which vault it is, where core has not.
    pub(crate) fn belongs_to(&self, vault: VaultId) {
        self.lock().vault = Some(vault);
    }

    /// Takes over what the port has, unless core has stored something newer. Not called with the vault held.
    pub(crate) fn pull(&self) {
        let before = self.lock().clone();
        let Some(vault) = before.vault else {
            return;
        };
        if before.ours != before.stored {
            return self.push();
        }
        let stored = self.port.read(vault).unwrap_or_default();
        let mut kept = self.lock();
        if kept.revision == before.revision && kept.ours == kept.stored {
            kept.ours.clone_from(&stored);
            kept.stored = stored;
        }
    }

    /// Brings to the port what core has stored. Not called with the vault held.
    pub(crate) fn push(&self) {
        for _ in 0..LOOKS_MAX {
            let before = self.lock().clone();
            let (Some(vault), Some(ours)) = (before.vault, before.ours) else {
                return;
            };
            if before.stored.as_ref() == Some(&ours) {
                return;
            }
            let expected = before.stored.clone();
            let replaced = self
                .port
                .replace(vault, expected, ours.clone(), before.flush);
            match replaced.unwrap_or(StoredAnchor::Failed) {
                StoredAnchor::Done => {
                    let mut kept = self.lock();
                    kept.stored = Some(ours);
                    kept.flush &= kept.revision != before.revision;
                }
                StoredAnchor::Changed => {
                    let stored = self.port.read(vault).unwrap_or_default();
                    let mut kept = self.lock();
                    if kept.revision == before.revision {
                        let settled = settled_anchor(vault, stored.as_deref(), &ours);
                        kept.ours = settled.or_else(|| stored.clone());
                    }
                    kept.stored = stored;
                }
                // The next change tries again.
                StoredAnchor::Failed => return,
            }
        }
    }
}

impl AnchorStore for ShelfStore {
    fn read(&self, vault: VaultId) -> Option<Vec<u8>> {
        let kept = self.0.lock();
        kept.ours.clone().filter(|_| kept.vault == Some(vault))
    }

    fn replace(
        &self,
        vault: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        flush: Flush,
    ) -> StoredAnchor {
        let mut kept = self.0.lock();
        if kept.vault != Some(vault) {
            *kept = KeptAnchor {
                vault: Some(vault),
                ..KeptAnchor::default()
            };
        }
        if kept.ours.as_deref() != expected {
            return StoredAnchor::Changed;
        }
        kept.ours = Some(anchor.to_vec());
        kept.flush |= flush == Flush::Now;
        kept.revision += 1;
        StoredAnchor::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: VaultId = VaultId::from_bytes([1; 16]);

    /// A port in memory. With `races`, somebody else stores these before what is to be stored.
    #[derive(Default)]
    struct Memory {
        stored: Mutex<Option<Vec<u8>>>,
        races: Mutex<Vec<Vec<u8>>>,
        fails: bool,
    }

    impl Anchor for Memory {
        fn read(&self, _: VaultId) -> Result<Option<Vec<u8>>, PortError> {
            match self.fails {
                true => Err(PortError::Unexpected),
                false => Ok(self.stored.lock().unwrap().clone()),
            }
        }

        fn replace(
            &self,
            _: VaultId,
            expected: Option<Vec<u8>>,
            anchor: Vec<u8>,
            _: bool,
        ) -> Result<StoredAnchor, PortError> {
            if self.fails {
                return Err(PortError::Failed);
            }
            let mut stored = self.stored.lock().unwrap();
            if let Some(other) = self.races.lock().unwrap().pop() {
                *stored = Some(other);
            }
            if *stored != expected {
                return Ok(StoredAnchor::Changed);
            }
            *stored = Some(anchor);
            Ok(StoredAnchor::Done)
        }
    }

    fn shelf(port: &Arc<Memory>) -> Arc<Shelf> {
        let port: Arc<Memory> = Arc::clone(port);
        Shelf::new(port)
    }

    fn store(shelf: &Arc<Shelf>, expected: Option<&[u8]>, anchor: &[u8]) -> StoredAnchor {
        ShelfStore(Arc::clone(shelf)).replace(VAULT, expected, anchor, Flush::Late)
    }

    fn read(shelf: &Arc<Shelf>) -> Option<Vec<u8>> {
        ShelfStore(Arc::clone(shelf)).read(VAULT)
    }

    #[test]
    fn what_core_stores_is_in_the_port_after_a_push_and_there_alone_before() {
        let port = Arc::new(Memory::default());
        let shelf = shelf(&port);
        assert_eq!(store(&shelf, None, b"one"), StoredAnchor::Done);
        assert_eq!(store(&shelf, None, b"two"), StoredAnchor::Changed);
        assert_eq!(read(&shelf).as_deref(), Some(&b"one"[..]));
        assert_eq!(*port.stored.lock().unwrap(), None);
        shelf.push();
        assert_eq!(port.stored.lock().unwrap().as_deref(), Some(&b"one"[..]));
    }

    #[test]
    fn what_another_process_stored_is_pulled() {
        let port = Arc::new(Memory::default());
        let shelf = shelf(&port);
        *port.stored.lock().unwrap() = Some(b"theirs".to_vec());
        shelf.pull();
        assert_eq!(read(&shelf), None, "no vault is known yet");
        shelf.belongs_to(VAULT);
        shelf.pull();
        assert_eq!(read(&shelf).as_deref(), Some(&b"theirs"[..]));
        *port.stored.lock().unwrap() = Some(b"newer".to_vec());
        shelf.pull();
        assert_eq!(read(&shelf).as_deref(), Some(&b"newer"[..]));
        let other = ShelfStore(Arc::clone(&shelf)).read(VaultId::from_bytes([2; 16]));
        assert_eq!(other, None);
    }

    #[test]
    fn whoever_races_is_met_by_cores_own_rule() {
        let port = Arc::new(Memory::default());
        let shelf = shelf(&port);
        store(&shelf, None, b"");
        // Bytes that are no anchor make no claim: no bytes settle with them, and stay.
        port.races.lock().unwrap().push(b"torn".to_vec());
        shelf.push();
        assert_eq!(port.stored.lock().unwrap().as_deref(), Some(&b""[..]));
        assert!(port.races.lock().unwrap().is_empty());
    }

    #[test]
    fn a_port_that_fails_holds_up_nothing() {
        let port = Arc::new(Memory {
            fails: true,
            ..Memory::default()
        });
        let shelf = shelf(&port);
        shelf.belongs_to(VAULT);
        shelf.pull();
        assert_eq!(store(&shelf, None, b"one"), StoredAnchor::Done);
        shelf.push();
        shelf.pull();
        assert_eq!(read(&shelf).as_deref(), Some(&b"one"[..]));
    }
}
