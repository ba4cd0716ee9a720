//! How much of what a server says goes into the history beside the person's decisions: a server that signs junk must not push
//! evidence out, its own account's or another's.

use super::history::Entry;
use crate::encoding::tlv::Malformed;
use crate::time::UnixSeconds;

/// So many entries of an hour without a decision are kept of one account.
const HOURLY_MAX: u32 = 60;
const HOUR_S: u64 = 60 * 60;

/// Entries without a decision that were kept in an hour.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Chatter {
    hour: u64,
    count: u32,
}

impl Chatter {
    /// Those of the entries that are kept, and whether some are not. A decision and its receipt always are.
    pub(super) fn sifted(&mut self, notes: Vec<Entry>, now: UnixSeconds) -> (Vec<Entry>, bool) {
        let hour = now.0 / HOUR_S;
        if self.hour != hour {
            *self = Self { hour, count: 0 };
        }
        let all = notes.len();
        let kept: Vec<Entry> = notes
            .into_iter()
            .filter(|note| {
                if note.decision.is_some() {
                    return true;
                }
                self.count = self.count.saturating_add(1);
                self.count <= HOURLY_MAX
            })
            .collect();
        let is_cut = kept.len() < all;
        (kept, is_cut)
    }

    pub(super) fn encode(self) -> Vec<u8> {
        [&self.hour.to_be_bytes()[..], &self.count.to_be_bytes()].concat()
    }

    pub(super) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let (hour, count) = value.split_first_chunk::<8>().ok_or(Malformed)?;
        Ok(Self {
            hour: u64::from_be_bytes(*hour),
            count: u32::from_be_bytes(count.try_into().map_err(|_| Malformed)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::history::{Decision, Kind};
    use crate::vault::RecordId;

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    fn closed() -> Entry {
        Entry::new(NOW, RecordId::from_bytes([1; 16]), Kind::Closed)
    }

    fn answered() -> Entry {
        Entry {
            decision: Some(Decision::Deny),
            ..Entry::new(NOW, RecordId::from_bytes([1; 16]), Kind::Answered)
        }
    }

    #[test]
    fn sixty_an_hour_are_kept_and_every_decision() {
        let mut chatter = Chatter::default();
        let mut kept = 0;
        for n in 0..100 {
            let (notes, is_cut) = chatter.sifted(vec![closed()], NOW);
            kept += notes.len();
            assert_eq!(is_cut, n >= 60);
        }
        assert_eq!(kept, 60);
        let (notes, is_cut) = chatter.sifted(vec![closed(), answered()], NOW);
        assert_eq!((notes.len(), is_cut), (1, true));
        let (notes, is_cut) = chatter.sifted(vec![closed()], NOW.plus(HOUR_S));
        assert_eq!((notes.len(), is_cut), (1, false));
    }

    #[test]
    fn what_is_stored_is_read() {
        let mut chatter = Chatter::default();
        chatter.sifted(vec![closed()], NOW);
        assert_eq!(Chatter::decode(&chatter.encode()), Ok(chatter));
        assert_eq!(Chatter::decode(&[0; 11]), Err(Malformed));
        assert_eq!(Chatter::decode(&[0; 13]), Err(Malformed));
    }
}
