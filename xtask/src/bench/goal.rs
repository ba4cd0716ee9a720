//! What must hold of a measured value beside another.

use super::estimates::Turns;

/// What must hold of a measured value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Goal {
    /// Ours takes at most so many times the peer's time.
    AtMostTimes(f64),
    /// Ours is at least so many times as fast as the peer.
    AtLeastAsFast(f64),
    /// Ours takes at most so many milliseconds, whatever others take.
    WithinMs(f64),
    /// Ours has at most so many times the peer's bytes. Turns are in bytes.
    AtMostTimesTheBytes(f64),
    /// Ours has at most so many million bytes. Turns are in bytes.
    WithinMegabytes(f64),
    /// Ours takes at most so many milliseconds more than the peer.
    AtMostMoreMs(f64),
    /// Ours has at most so many MiB of memory more than the peer. Turns are in bytes.
    AtMostMoreMib(f64),
}

/// How a measured value stands to its goal.
#[derive(Debug, PartialEq)]
pub(super) struct Judged {
    /// Ratio or difference, in the goal's own sense; nothing where there is no peer.
    pub(super) comparison: String,
    pub(super) is_met: bool,
}

const MS: f64 = 1e6;
const MEGABYTE: f64 = 1e6;
const KIB: f64 = 1024.0;
const MIB: f64 = 1_048_576.0;

impl Goal {
    /// How ours stands to the goal; none when its peer was not measured.
    pub(super) fn judge(self, ours: &Turns, peer: Option<&Turns>) -> Option<Judged> {
        Some(match self {
            Self::AtMostTimes(limit) | Self::AtMostTimesTheBytes(limit) => {
                let ratio = ours.ratio_to(peer?);
                judged(format!("{ratio:.2}"), ratio <= limit)
            }
            Self::AtLeastAsFast(least) => {
                let ratio = ours.ratio_to(peer?).recip();
                judged(format!("{ratio:.2}"), ratio >= least)
            }
            Self::WithinMs(limit) => {
                // Beside whom it is measured says how far it is from nothing.
                let ratio = peer.map(|peer| format!("{:.0}", ours.ratio_to(peer)));
                judged(ratio.unwrap_or_default(), ours.median() <= limit * MS)
            }
            Self::WithinMegabytes(limit) => {
                judged(String::new(), ours.median() <= limit * MEGABYTE)
            }
            Self::AtMostMoreMs(limit) => {
                let more = ours.more_than(peer?) / MS;
                judged(format!("{more:+.1} ms"), more <= limit)
            }
            Self::AtMostMoreMib(limit) => {
                let more = ours.more_than(peer?) / MIB;
                judged(format!("{more:+.1} MiB"), more <= limit)
            }
        })
    }

    pub(super) fn words(self) -> String {
        match self {
            Self::AtMostTimes(limit) => format!("takes ≤ {limit} ×"),
            Self::AtMostTimesTheBytes(limit) => format!("has ≤ {limit} ×"),
            Self::AtLeastAsFast(least) => format!("≥ {least} × as fast"),
            Self::WithinMs(limit) => format!("≤ {limit} ms"),
            Self::WithinMegabytes(limit) => format!("≤ {limit} MB"),
            Self::AtMostMoreMs(limit) => format!("takes ≤ {limit} ms more"),
            Self::AtMostMoreMib(limit) => format!("has ≤ {limit} MiB more"),
        }
    }

    /// The middle turn in a unit that is easy to read.
    pub(super) fn shown(self, turns: &Turns) -> String {
        match self {
            Self::AtMostMoreMib(_) => format!("{:.1} MiB", turns.median() / MIB),
            Self::AtMostTimesTheBytes(_) => format!("{:.1} KiB", turns.median() / KIB),
            Self::WithinMegabytes(_) => format!("{:.2} MB", turns.median() / MEGABYTE),
            _ => duration(turns.median()),
        }
    }
}

fn judged(comparison: String, is_met: bool) -> Judged {
    Judged { comparison, is_met }
}

/// Nanoseconds in a unit that is easy to read.
fn duration(ns: f64) -> String {
    match ns {
        ns if ns < 10_000.0 => format!("{ns:.0} ns"),
        ns if ns < 10_000_000.0 => format!("{:.1} µs", ns / 1e3),
        ns => format!("{:.1} ms", ns / MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_met(goal: Goal, ours: f64, peer: Option<f64>) -> Option<bool> {
        let peer = peer.map(Turns::single);
        let judged = goal.judge(&Turns::single(ours), peer.as_ref());
        judged.map(|judged| judged.is_met)
    }

    #[test]
    fn every_kind_of_goal_is_judged_at_its_edge() {
        for (goal, peer, last_met, first_missed) in [
            (Goal::AtMostTimes(1.15), Some(100.0), 115.0, 116.0),
            (Goal::AtLeastAsFast(1.5), Some(150.0), 100.0, 101.0),
            (Goal::WithinMs(10.0), None, 1e7, 1e7 + 1.0),
            (Goal::WithinMs(10.0), Some(1.0), 1e7, 1e7 + 1.0),
            (Goal::WithinMegabytes(3.0), None, 3e6, 3e6 + 1.0),
            (Goal::AtMostTimesTheBytes(1.5), Some(100.0), 150.0, 151.0),
            (Goal::AtMostMoreMs(5.0), Some(1e6), 6e6, 6e6 + 1.0),
            (
                Goal::AtMostMoreMib(2.0),
                Some(MIB),
                3.0 * MIB,
                3.0 * MIB + 1.0,
            ),
        ] {
            assert_eq!(is_met(goal, last_met, peer), Some(true), "{goal:?}");
            assert_eq!(is_met(goal, first_missed, peer), Some(false), "{goal:?}");
        }
    }

    #[test]
    fn without_its_peer_nothing_is_judged() {
        for goal in [
            Goal::AtMostTimes(1.0),
            Goal::AtMostTimesTheBytes(1.0),
            Goal::AtLeastAsFast(1.0),
            Goal::AtMostMoreMs(1.0),
            Goal::AtMostMoreMib(1.0),
        ] {
            assert_eq!(is_met(goal, 1.0, None), None, "{goal:?}");
        }
    }

    #[test]
    fn what_is_measured_has_a_unit() {
        assert_eq!(duration(151.4), "151 ns");
        assert_eq!(duration(34_600.0), "34.6 µs");
        assert_eq!(duration(12_300_000.0), "12.3 ms");
        let (goal, turns) = (Goal::AtMostMoreMib(12.0), Turns::single(1.5 * MIB));
        assert_eq!(goal.shown(&turns), "1.5 MiB");
        let judged = goal.judge(&turns, Some(&Turns::single(MIB))).unwrap();
        assert_eq!(judged.comparison, "+0.5 MiB");
        assert_eq!(
            Goal::WithinMegabytes(3.0).shown(&Turns::single(3.25e6)),
            "3.25 MB"
        );
    }
}
