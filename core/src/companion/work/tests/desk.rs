//! A desk in memory: what was stored is bytes, as in the vault, and all else is forgotten after each change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::desk::{Bodies, Desk, Done, bodies, take_flight};
use crate::approval::history::Entry;
use crate::approval::{ApprovalError, Kept, WorkAccount};
use crate::entropy::{Entropy, EntropyError};
use crate::time::UnixSeconds;
use crate::vault::RecordId;

/// Bytes that repeat from run to run (splitmix64); copies go on where the first one stands.
#[derive(Clone, Debug)]
pub(super) struct Seeded(Arc<AtomicU64>);

impl Seeded {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// One that goes its own way from here.
    pub(super) fn fork(&self) -> Self {
        Self::new(self.0.load(Ordering::Relaxed))
    }

    fn draw(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut mixed = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (mixed ^ (mixed >> 31)).to_be_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        self.draw(buffer);
        Ok(())
    }
}

impl countersign_verifier::entropy::Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), countersign_verifier::entropy::EntropyError> {
        self.draw(buffer);
        Ok(())
    }
}

/// Work accounts and what belongs into their history.
#[derive(Clone, Debug)]
pub(super) struct MemoryDesk {
    accounts: BTreeMap<RecordId, Bodies>,
    pub(super) notes: Vec<Entry>,
    pub(super) refused: Vec<Entry>,
    pub(super) entropy: Seeded,
}

impl MemoryDesk {
    pub(super) const fn new(entropy: Seeded) -> Self {
        Self {
            accounts: BTreeMap::new(),
            notes: vec![],
            refused: vec![],
            entropy,
        }
    }

    pub(super) fn put(&mut self, account: &WorkAccount) {
        self.accounts.insert(account.id, bodies(account));
    }

    pub(super) fn remove(&mut self, id: RecordId) {
        self.accounts.remove(&id);
    }

    /// What is stored, to be held against it later.
    pub(super) fn stored(&self, id: RecordId) -> Option<&Bodies> {
        self.accounts.get(&id)
    }
}

fn account_of(id: RecordId, bodies: &Bodies) -> Result<WorkAccount, ApprovalError> {
    let mut account = WorkAccount::decode(id, &bodies[&id])?;
    for (flight, body) in bodies.iter().filter(|(key, _)| **key != id) {
        let (_, body) = WorkAccount::split_flight(body).unwrap();
        take_flight(&mut account, *flight, body);
    }
    Ok(account)
}

impl Desk for MemoryDesk {
    const KEPT: Kept = Kept::InTheVault;

    fn all(&self) -> Result<Vec<WorkAccount>, ApprovalError> {
        let accounts = self.accounts.iter();
        accounts
            .map(|(id, bodies)| account_of(*id, bodies))
            .collect()
    }

    fn load(&self, id: RecordId) -> Result<WorkAccount, ApprovalError> {
        let bodies = self.accounts.get(&id).ok_or(ApprovalError::NoSuchAccount)?;
        account_of(id, bodies)
    }

    fn change<R>(
        &mut self,
        id: RecordId,
        _now: UnixSeconds,
        step: impl FnOnce(&mut WorkAccount) -> Result<Done<R>, ApprovalError>,
    ) -> Result<R, ApprovalError> {
        let mut account = self.load(id)?;
        let done = step(&mut account)?;
        if let Some(superseded) = done.superseded
            && let Ok(mut earlier) = self.load(superseded)
        {
            account.earlier.push(earlier.id);
            account.earlier.extend(earlier.earlier.iter());
            earlier.is_superseded = true;
            self.put(&earlier);
        }
        if done.is_worth_storing {
            self.put(&account);
        }
        self.notes.extend(done.notes);
        self.refused.extend(done.refused);
        Ok(done.result)
    }

    fn entropy(&self) -> &dyn Entropy {
        &self.entropy
    }
}
