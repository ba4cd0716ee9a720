//! `cargo xtask bench`: runs every bench, then sets our medians beside the others'.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::estimates::median_ns;
use crate::options::Options;
use crate::process::{self, Failure, cargo};
use crate::{machine, python};

/// What must hold of a measured value.
#[derive(Clone, Copy, Debug)]
enum Goal {
    /// Ours takes at most so many times the peer's time.
    AtMostTimes(f64),
    /// Ours is at least so many times as fast as the peer.
    AtLeastAsFast(f64),
    /// Ours takes at most so many milliseconds, whatever others take.
    WithinMs(f64),
}

/// Who does the same work.
#[derive(Clone, Copy, Debug)]
enum Peer {
    /// Measured by criterion in the same run.
    Criterion {
        name: &'static str,
        id: &'static str,
    },
    /// Measured by `tests/peers/pyotp_speed.py`.
    Pyotp,
    /// Nobody: the goal is a time.
    Nobody,
}

/// One row of the table.
struct Measure {
    /// What was done.
    work: &'static str,
    /// Criterion's id of our side.
    ours: &'static str,
    peer: Peer,
    goal: Goal,
}

const MEASURES: [Measure; 8] = [
    Measure {
        work: "one code as a value",
        ours: "code_value/countersign",
        peer: Peer::Criterion {
            name: "totp-rs 6, prepared `generate`",
            id: "code_value/totp-rs",
        },
        goal: Goal::AtMostTimes(1.15),
    },
    Measure {
        work: "one code as text",
        ours: "code_text/countersign",
        peer: Peer::Criterion {
            name: "totp-rs 6, `generate().to_string()`",
            id: "code_text/totp-rs",
        },
        goal: Goal::AtMostTimes(1.15),
    },
    Measure {
        work: "one code as text",
        ours: "code_text/countersign",
        peer: Peer::Pyotp,
        goal: Goal::AtLeastAsFast(25.0),
    },
    Measure {
        work: "list of 1,000: names, current and next code",
        ours: "list_1000/countersign",
        peer: Peer::Criterion {
            name: "1,000 × totp-rs 6 `generate`",
            id: "list_1000/totp-rs",
        },
        goal: Goal::AtMostTimes(3.5),
    },
    Measure {
        work: "reading a typical link",
        ours: "read_link/countersign",
        peer: Peer::Criterion {
            name: "totp-rs 6 `from_url`",
            id: "read_link/totp-rs",
        },
        goal: Goal::AtLeastAsFast(1.5),
    },
    Measure {
        work: "search over 500 accounts",
        ours: "search_500/countersign",
        peer: Peer::Nobody,
        goal: Goal::WithinMs(10.0),
    },
    Measure {
        work: "1280 × 720 frame with a code",
        ours: "frame_with_code/countersign",
        peer: Peer::Criterion {
            name: "rqrr 0.11",
            id: "frame_with_code/rqrr",
        },
        goal: Goal::AtMostTimes(0.6),
    },
    Measure {
        work: "1280 × 720 frame without a code",
        ours: "frame_without_code/countersign",
        peer: Peer::Criterion {
            name: "rqrr 0.11",
            id: "frame_without_code/rqrr",
        },
        goal: Goal::AtMostTimes(0.6),
    },
];

impl Goal {
    /// Whether the goal is met, and the ratio in the goal's own sense; without a peer there is none.
    fn judge(self, ours_ns: f64, peer_ns: Option<f64>) -> Option<(Option<f64>, bool)> {
        match self {
            Self::AtMostTimes(limit) => {
                let ratio = ours_ns / peer_ns?;
                Some((Some(ratio), ratio <= limit))
            }
            Self::AtLeastAsFast(least) => {
                let ratio = peer_ns? / ours_ns;
                Some((Some(ratio), ratio >= least))
            }
            Self::WithinMs(limit) => Some((None, ours_ns <= limit * 1e6)),
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtMostTimes(limit) => format!("takes ≤ {limit} ×"),
            Self::AtLeastAsFast(least) => format!("≥ {least} × as fast"),
            Self::WithinMs(limit) => format!("≤ {limit} ms"),
        }
    }
}

impl Peer {
    const fn name(self) -> &'static str {
        match self {
            Self::Criterion { name, .. } => name,
            Self::Pyotp => "pyotp, prepared `at`",
            Self::Nobody => "",
        }
    }

    /// Nanoseconds of as much work as one of ours; none when it was not measured.
    fn time_ns(self, target: &Path, pyotp_ns: f64) -> Option<f64> {
        match self {
            Self::Criterion { id, .. } => median_ns(target, id),
            Self::Pyotp => Some(pyotp_ns),
            Self::Nobody => None,
        }
    }
}

/// `cargo xtask bench`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    Options::parse(arguments, &[])?;
    let mut command = cargo();
    command.args(["bench", "--package", "countersign-core", "--locked"]);
    for name in benches()? {
        command.args(["--bench", &name]);
    }
    process::run(&mut command)?;
    let pyotp_ns = time_pyotp()?;
    let (table, misses) = compare(&target_folder(), pyotp_ns);
    println!("\n{table}");
    let page = format!(
        "# Performance\n\nWritten by `cargo xtask bench`: medians of one run, peers in the same run, so only the \
         ratios mean anything elsewhere.\n\nMachine: {}.\n\n{table}",
        machine::described()
    );
    std::fs::write(process::root().join("docs/performance.md"), page)
        .map_err(|error| Failure::new(format!("cannot write docs/performance.md: {error}")))?;
    match misses {
        0 => Ok(()),
        count => Err(Failure::new(format!("{count} goals were not met"))),
    }
}

/// Names of the files in `core/benches`, sorted.
fn benches() -> Result<Vec<String>, Failure> {
    let entries = std::fs::read_dir(process::root().join("core/benches"))
        .map_err(|error| Failure::new(format!("cannot list core/benches: {error}")))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(".rs").map(str::to_owned)
        })
        .collect();
    names.sort();
    Ok(names)
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| process::root().join("target"), PathBuf::from)
}

/// Nanoseconds of one code by pyotp, median of its rounds.
fn time_pyotp() -> Result<f64, Failure> {
    let script = process::root().join("tests/peers/pyotp_speed.py");
    process::output(Command::new(python::prepare()?).arg(script))
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| Failure::new("tests/peers/pyotp_speed.py gave no number"))
}

/// The table in Markdown, and how many goals were missed or not measured.
fn compare(target: &Path, pyotp_ns: f64) -> (String, usize) {
    let mut table = String::from(
        "| work | ours | peer | peer's | ratio | goal | |\n|---|---:|---|---:|---:|---|---|\n",
    );
    let mut misses = 0;
    for measure in &MEASURES {
        let ours_ns = median_ns(target, measure.ours);
        let peer_ns = measure.peer.time_ns(target, pyotp_ns);
        let judged = ours_ns.and_then(|ours_ns| measure.goal.judge(ours_ns, peer_ns));
        let (ratio, verdict) = match judged {
            Some((ratio, true)) => (ratio, "met"),
            Some((ratio, false)) => (ratio, "**missed**"),
            None => (None, "not measured"),
        };
        misses += usize::from(verdict != "met");
        let cells = [
            measure.work.to_owned(),
            ours_ns.map(duration).unwrap_or_default(),
            measure.peer.name().to_owned(),
            peer_ns.map(duration).unwrap_or_default(),
            ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            measure.goal.words(),
            verdict.to_owned(),
        ];
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    (table, misses)
}

/// Nanoseconds in a unit that is easy to read.
fn duration(ns: f64) -> String {
    match ns {
        ns if ns < 10_000.0 => format!("{ns:.0} ns"),
        ns if ns < 10_000_000.0 => format!("{:.1} µs", ns / 1e3),
        ns => format!("{:.1} ms", ns / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_goal_is_judged_at_its_edge() {
        let is_met = |goal: Goal, ours, peer| goal.judge(ours, peer).map(|(_, is_met)| is_met);
        assert_eq!(
            is_met(Goal::AtMostTimes(1.15), 115.0, Some(100.0)),
            Some(true)
        );
        assert_eq!(
            is_met(Goal::AtMostTimes(1.15), 116.0, Some(100.0)),
            Some(false)
        );
        assert_eq!(is_met(Goal::AtMostTimes(1.15), 1.0, None), None);
        assert_eq!(
            is_met(Goal::AtLeastAsFast(1.5), 100.0, Some(150.0)),
            Some(true)
        );
        assert_eq!(
            is_met(Goal::AtLeastAsFast(1.5), 100.0, Some(149.0)),
            Some(false)
        );
        assert_eq!(is_met(Goal::WithinMs(10.0), 1e7, None), Some(true));
        assert_eq!(is_met(Goal::WithinMs(10.0), 1e7 + 1.0, None), Some(false));
    }

    #[test]
    fn what_was_not_measured_is_a_miss() {
        let (table, misses) = compare(Path::new("no-such-folder"), 1.0);
        assert_eq!(misses, MEASURES.len());
        assert_eq!(table.matches("not measured").count(), misses);
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration(151.4), "151 ns");
        assert_eq!(duration(34_600.0), "34.6 µs");
        assert_eq!(duration(12_300_000.0), "12.3 ms");
    }
}
