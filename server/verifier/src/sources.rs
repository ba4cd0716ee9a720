//! Wrong proofs by where they come from. Kept in memory alone: who loses them lets a stranger try a little more.

use std::collections::HashMap;
use std::net::IpAddr;

use countersign_protocol::time::Timestamp;

/// Wrong proofs from one source within [`WINDOW_S`] after which it has to wait.
pub(crate) const WRONG_PROOFS_MAX: usize = 10;
/// How long a wrong proof counts, in seconds.
pub(crate) const WINDOW_S: u64 = 600;
/// Most sources that are remembered. Beyond them the longest quiet ones are forgotten.
const SOURCES_MAX: usize = 10_000;

/// What was proven wrongly. Who guesses codes at an address keeps nobody there from scanning a link.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Proven {
    /// The secret of a link.
    Link,
    /// A typed code.
    Code,
}

/// When each source was wrong.
#[derive(Debug, Default)]
pub(crate) struct Sources(HashMap<(IpAddr, Proven), Vec<Timestamp>>);

impl Sources {
    /// How long this source has to wait before it proves another one, in seconds; none when it may try.
    pub(crate) fn wait_s(&self, source: IpAddr, proven: Proven, now: Timestamp) -> Option<u64> {
        let wrong = self.0.get(&(network(source), proven))?;
        let recent = wrong.iter().filter(|at| now < at.plus_s(WINDOW_S));
        let oldest = recent.clone().min()?;
        let is_over = recent.count() >= WRONG_PROOFS_MAX;
        is_over.then(|| {
            oldest
                .plus_s(WINDOW_S)
                .unix_s()
                .saturating_sub(now.unix_s())
        })
    }

    /// It was wrong.
    pub(crate) fn note(&mut self, source: IpAddr, proven: Proven, now: Timestamp) {
        let is_recent = |at: &Timestamp| now < at.plus_s(WINDOW_S);
        if self.0.len() >= SOURCES_MAX {
            self.0.retain(|_, wrong| wrong.iter().any(is_recent));
        }
        if self.0.len() >= SOURCES_MAX {
            let quiet = self.0.iter().min_by_key(|(_, wrong)| wrong.last().copied());
            if let Some(quiet) = quiet.map(|(source, _)| *source) {
                self.0.remove(&quiet);
            }
        }
        let wrong = self.0.entry((network(source), proven)).or_default();
        wrong.retain(is_recent);
        if wrong.len() < WRONG_PROOFS_MAX {
            wrong.push(now);
        }
    }
}

/// One source: an IPv4 address, or the network of 64 bits that one subscriber has at least (RFC 6177).
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) >> 64 << 64;
            IpAddr::V6(bits.into())
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix_s: u64) -> Timestamp {
        Timestamp::new(1_800_000_000 + unix_s).unwrap()
    }

    #[test]
    fn ten_wrong_proofs_within_ten_minutes_make_a_source_wait() {
        let mut sources = Sources::default();
        let source: IpAddr = "192.0.2.7".parse().unwrap();
        for second in 0..10 {
            assert_eq!(sources.wait_s(source, Proven::Code, at(second)), None);
            sources.note(source, Proven::Code, at(second));
        }
        assert_eq!(sources.wait_s(source, Proven::Code, at(10)), Some(590));
        let other = "192.0.2.8".parse().unwrap();
        assert_eq!(sources.wait_s(other, Proven::Code, at(10)), None);
        // Links are another matter.
        assert_eq!(sources.wait_s(source, Proven::Link, at(10)), None);
        assert_eq!(sources.wait_s(source, Proven::Code, at(599)), Some(1));
        assert_eq!(sources.wait_s(source, Proven::Code, at(600)), None);
    }

    #[test]
    fn neighbours_in_one_network_are_one_source() {
        let mut sources = Sources::default();
        for host in 0..10 {
            let source = format!("2001:db8:0:1::{host}").parse().unwrap();
            sources.note(source, Proven::Link, at(0));
        }
        let wait = |source: &str| sources.wait_s(source.parse().unwrap(), Proven::Link, at(0));
        assert_eq!(wait("2001:db8:0:1:ffff::1"), Some(600));
        assert_eq!(wait("2001:db8:0:2::1"), None);
        let mut sources = Sources::default();
        for _ in 0..10 {
            sources.note("::ffff:192.0.2.7".parse().unwrap(), Proven::Code, at(0));
        }
        let source = "192.0.2.7".parse().unwrap();
        assert_eq!(sources.wait_s(source, Proven::Code, at(0)), Some(600));
    }

    #[test]
    fn a_flood_of_sources_takes_no_more_room_than_there_is() {
        let mut sources = Sources::default();
        for source in 0..u32::try_from(SOURCES_MAX).unwrap() + 10 {
            let (address, second) = (IpAddr::V4(source.into()), u64::from(source) % 500);
            sources.note(address, Proven::Code, at(second));
        }
        assert!(sources.0.len() <= SOURCES_MAX);
    }
}
