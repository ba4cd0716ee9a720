//! The anchor outside the file and the lineage inside it: together they show a file that is older than this
//! device's last change (rolled back) or that went another way (forked).

use ring::digest;

use super::chain::ChainHead;
use super::format::VaultId;
use super::slot::finish32;
use super::tlv::Malformed;
use crate::entropy::{Entropy, EntropyError, generate_bytes};

/// The branch of changes by installations that can keep no anchor.
pub(super) const NO_CLAIM: [u8; 8] = [0; 8];
/// Most installations that a lineage remembers.
const BRANCHES_MAX: usize = 16;
/// Tokens of each: so many anchors may be written late.
const TOKENS_KEPT: usize = 8;
const TOKEN_BYTES: usize = 32;
/// Version, vault, branch, generation, hash.
const CLAIM_BYTES: usize = 1 + 16 + 8 + 8 + 32;
const CHECK_BYTES: usize = 8;
/// The porch's count and head, in an anchor that has them.
const PORCH_BYTES: usize = 8 + 32;
/// The version of an anchor that says nothing of the porch.
const WITHOUT_PORCH: u8 = 1;
const WITH_PORCH: u8 = 2;

/// Where an installation keeps its anchor: outside the vault's file, so that a copy of the file does not carry it.
pub trait AnchorStore: Send {
    /// The stored bytes; `None` when there are none or they cannot be read now.
    fn read(&self, vault: VaultId) -> Option<Vec<u8>>;

    /// Stores `anchor` if what is stored is still `expected`, comparing and storing under one lock: several processes of
    /// an installation may store at once.
    fn replace(
        &self,
        vault: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        flush: Flush,
    ) -> Stored;
}

/// So many generations below a late anchor a flushed one is still good: fewer than the tokens that a file keeps of a branch.
pub const LATE_GENERATIONS: u64 = 4;

/// Whether an anchor has to be on the disk before the next change.
///
/// However late anchors are, a whole one that is on the disk must stay there beside them: of the same branch, and
/// less than [`LATE_GENERATIONS`] below. Then it names a token that the file still keeps, and a power cut makes no false claim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flush {
    /// It may be late, as above.
    Late,
    /// It may not: the file that it belongs to does not follow the one before.
    Now,
}

/// What became of an anchor that was to be stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stored {
    /// It is stored.
    Done,
    /// Somebody else has stored another one: look again.
    Changed,
    /// Nothing can be stored here, which is harmless: no claim is made then.
    Failed,
}

/// An anchor store for tests and throw-away vaults: no claim is ever made.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAnchor;

impl AnchorStore for NoAnchor {
    fn read(&self, _vault: VaultId) -> Option<Vec<u8>> {
        None
    }

    fn replace(&self, _: VaultId, _: Option<&[u8]>, _: &[u8], _: Flush) -> Stored {
        Stored::Failed
    }
}

/// This installation's last change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Anchor {
    pub(super) branch: [u8; 8],
    pub(super) generation: u64,
    pub(super) token_hash: [u8; 32],
    /// How far the porch's chain had come.
    pub(super) porch: Option<PorchMark>,
}

/// How far the porch's chain has come: entries ever left for the history, and the head after them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct PorchMark {
    pub(super) count: u64,
    pub(super) head: ChainHead,
}

impl PorchMark {
    /// None before the first entry.
    pub(super) const fn noted(self) -> Option<Self> {
        match self.count {
            0 => None,
            _ => Some(self),
        }
    }

    /// The one of both that has come further; this one where they have come as far.
    pub(super) const fn later(self, other: Self) -> Self {
        if other.count > self.count {
            other
        } else {
            self
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        [&self.count.to_be_bytes(), self.head.bytes().as_slice()].concat()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (count, head) = bytes.split_first_chunk::<8>()?;
        Some(Self {
            count: u64::from_be_bytes(*count),
            head: ChainHead::from_bytes(head.try_into().ok()?),
        })
    }
}

impl Anchor {
    pub(super) fn encode(&self, vault: VaultId) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CLAIM_BYTES + PORCH_BYTES + CHECK_BYTES);
        bytes.push(match self.porch {
            Some(_) => WITH_PORCH,
            None => WITHOUT_PORCH,
        });
        bytes.extend_from_slice(vault.bytes());
        bytes.extend_from_slice(&self.branch);
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(&self.token_hash);
        bytes.extend(self.porch.iter().flat_map(PorchMark::encode));
        let check = sha256(&bytes);
        bytes.extend(check.iter().take(CHECK_BYTES));
        bytes
    }

    /// Whether it follows `other` on the same branch.
    pub(super) fn is_later_than(&self, other: &Self) -> bool {
        let reached = |anchor: &Self| {
            let porch = anchor.porch.unwrap_or_default();
            (anchor.generation, porch.count)
        };
        self.branch == other.branch && reached(self) > reached(other)
    }

    /// The same, with what `stored` knows of the porch where that has come further.
    pub(super) fn with_porch_of(self, stored: Option<&Self>) -> Self {
        let known = [self.porch, stored.and_then(|stored| stored.porch)];
        Self {
            porch: known.into_iter().flatten().reduce(PorchMark::later),
            ..self
        }
    }

    /// `None` for anything but a whole anchor of this vault: a torn one makes no claim.
    pub(super) fn decode(bytes: &[u8], vault: VaultId) -> Option<Self> {
        let (content, check) = bytes.split_last_chunk::<CHECK_BYTES>()?;
        if sha256(content).get(..CHECK_BYTES)? != check {
            return None;
        }
        let (claim, porch) = content.split_at_checked(CLAIM_BYTES)?;
        let (version, rest) = claim.split_first()?;
        let porch = match (*version, porch) {
            (WITHOUT_PORCH, []) => None,
            (WITH_PORCH, porch) => Some(PorchMark::decode(porch)?),
            _ => return None,
        };
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (branch, rest) = rest.split_first_chunk::<8>()?;
        let (generation, token_hash) = rest.split_first_chunk::<8>()?;
        (id == vault.bytes()).then_some(Self {
            branch: *branch,
            generation: u64::from_be_bytes(*generation),
            token_hash: token_hash.try_into().ok()?,
            porch,
        })
    }
}

/// How the file stands to this device's last change, when not as its descendant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LineageFinding {
    /// The file is older than this device's last change.
    RolledBack,
    /// The file is not older, but does not hold this device's last change.
    Forked,
}

/// One installation's last changes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Branch {
    id: [u8; 8],
    generation: u64,
    /// Newest last.
    tokens: Vec<[u8; TOKEN_BYTES]>,
}

impl Branch {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.id.to_vec();
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend(self.tokens.iter().flatten());
        bytes
    }
}

/// The last changes of every installation that wrote to the file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Lineage(Vec<Branch>);

impl Lineage {
    pub(super) fn branches(&self) -> &[Branch] {
        &self.0
    }

    pub(super) fn push_encoded(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let (id, rest) = bytes.split_first_chunk::<8>().ok_or(Malformed)?;
        let (generation, rest) = rest.split_first_chunk::<8>().ok_or(Malformed)?;
        let (tokens, rest) = rest.as_chunks::<TOKEN_BYTES>();
        if !rest.is_empty() || tokens.is_empty() || tokens.len() > TOKENS_KEPT {
            return Err(Malformed);
        }
        if self.0.len() >= BRANCHES_MAX || self.0.iter().any(|branch| branch.id == *id) {
            return Err(Malformed);
        }
        self.0.push(Branch {
            id: *id,
            generation: u64::from_be_bytes(*generation),
            tokens: tokens.to_vec(),
        });
        Ok(())
    }

    /// Whether this device's last change is an ancestor of a file with this lineage and generation.
    pub(super) fn judge(&self, anchor: &Anchor, generation: u64) -> Option<LineageFinding> {
        let is_ancestor = self.0.iter().any(|branch| {
            branch.id == anchor.branch
                && branch
                    .tokens
                    .iter()
                    .any(|token| sha256(token) == anchor.token_hash)
        });
        if is_ancestor {
            None
        } else if generation < anchor.generation {
            Some(LineageFinding::RolledBack)
        } else {
            Some(LineageFinding::Forked)
        }
    }

    /// Notes a change of `branch` and returns the anchor for it. The token that the stored anchor names stays among those
    /// that are kept: where anchors cannot be stored any more, the last one goes on being an ancestor.
    pub(super) fn advance(
        &mut self,
        branch: [u8; 8],
        generation: u64,
        stored: Option<[u8; 32]>,
        entropy: &dyn Entropy,
    ) -> Result<Anchor, EntropyError> {
        let token: [u8; TOKEN_BYTES] = generate_bytes(entropy)?;
        match self.0.iter_mut().find(|known| known.id == branch) {
            Some(known) => {
                known.generation = generation;
                known.tokens.push(token);
                while known.tokens.len() > TOKENS_KEPT {
                    let is_stored = known.tokens.first().map(|first| sha256(first)) == stored;
                    known.tokens.remove(usize::from(is_stored));
                }
            }
            None => self.0.push(Branch {
                id: branch,
                generation,
                tokens: vec![token],
            }),
        }
        if self.0.len() > BRANCHES_MAX {
            let oldest = self
                .0
                .iter()
                .map(|known| known.generation)
                .min()
                .unwrap_or(0);
            if let Some(place) = self.0.iter().position(|known| known.generation == oldest) {
                self.0.remove(place);
            }
        }
        Ok(Anchor {
            branch,
            generation,
            token_hash: sha256(&token),
            porch: None,
        })
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(bytes);
    finish32(context)
}

#[cfg(test)]
mod tests;
