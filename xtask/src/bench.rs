//! `cargo xtask bench`: runs every bench, then sets our medians beside the others'.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::estimates::median_ns;
use crate::options::Options;
use crate::process::{self, Failure, cargo};
use crate::{machine, python};

/// What must hold between two measured values of one run.
#[derive(Clone, Copy, Debug)]
enum Goal {
    /// Ours takes at most so many times the peer's time.
    AtMostTimes(f64),
    /// Ours is at least so many times as fast as the peer.
    AtLeastAsFast(f64),
}

/// One row of the table.
struct Measure {
    /// What was done.
    work: &'static str,
    /// Criterion's id of our side.
    ours: &'static str,
    /// What the peer is called.
    peer_name: &'static str,
    /// Criterion's id of the peer's side, or [`PYOTP`].
    peer: &'static str,
    /// How often the peer's work is in ours.
    peer_rounds: f64,
    goal: Goal,
}

/// Stands for the time that `tests/peers/pyotp_speed.py` measures, outside criterion.
const PYOTP: &str = "pyotp";

const MEASURES: [Measure; 7] = [
    Measure {
        work: "one code as a value",
        ours: "code_value/countersign",
        peer_name: "totp-rs 6, prepared `generate`",
        peer: "code_value/totp-rs",
        peer_rounds: 1.0,
        goal: Goal::AtMostTimes(1.15),
    },
    Measure {
        work: "one code as text",
        ours: "code_text/countersign",
        peer_name: "totp-rs 6, `generate().to_string()`",
        peer: "code_text/totp-rs",
        peer_rounds: 1.0,
        goal: Goal::AtMostTimes(1.15),
    },
    Measure {
        work: "one code as text",
        ours: "code_text/countersign",
        peer_name: "pyotp, prepared `at`",
        peer: PYOTP,
        peer_rounds: 1.0,
        goal: Goal::AtLeastAsFast(25.0),
    },
    Measure {
        work: "list of 1,000: names, current and next code",
        ours: "list_1000/countersign",
        peer_name: "1,000 × totp-rs 6 `generate`",
        peer: "code_value/totp-rs",
        peer_rounds: 1_000.0,
        goal: Goal::AtMostTimes(3.5),
    },
    Measure {
        work: "reading a typical link",
        ours: "read_link/countersign",
        peer_name: "totp-rs 6 `from_url`",
        peer: "read_link/totp-rs",
        peer_rounds: 1.0,
        goal: Goal::AtLeastAsFast(1.5),
    },
    Measure {
        work: "1280 × 720 frame with a code",
        ours: "frame_with_code/countersign",
        peer_name: "rqrr 0.11",
        peer: "frame_with_code/rqrr",
        peer_rounds: 1.0,
        goal: Goal::AtMostTimes(0.6),
    },
    Measure {
        work: "1280 × 720 frame without a code",
        ours: "frame_without_code/countersign",
        peer_name: "rqrr 0.11",
        peer: "frame_without_code/rqrr",
        peer_rounds: 1.0,
        goal: Goal::AtMostTimes(0.6),
    },
];

impl Goal {
    /// The ratio in the goal's own sense, and whether it is met.
    fn judge(self, ours_ns: f64, peer_ns: f64) -> (f64, bool) {
        match self {
            Self::AtMostTimes(limit) => (ours_ns / peer_ns, ours_ns / peer_ns <= limit),
            Self::AtLeastAsFast(least) => (peer_ns / ours_ns, peer_ns / ours_ns >= least),
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtMostTimes(limit) => format!("takes ≤ {limit} ×"),
            Self::AtLeastAsFast(least) => format!("≥ {least} × as fast"),
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
        let ours = median_ns(target, measure.ours);
        let peer = match measure.peer {
            PYOTP => Some(pyotp_ns),
            id => median_ns(target, id),
        };
        let (
            Measure {
                work, peer_name, ..
            },
            goal,
        ) = (measure, measure.goal.words());
        let (Some(ours), Some(peer)) = (ours, peer) else {
            misses += 1;
            table.push_str(&format!(
                "| {work} | | {peer_name} | | | {goal} | not measured |\n"
            ));
            continue;
        };
        let peer = peer * measure.peer_rounds;
        let (ratio, is_met) = measure.goal.judge(ours, peer);
        misses += usize::from(!is_met);
        table.push_str(&format!(
            "| {work} | {} | {peer_name} | {} | {ratio:.2} | {goal} | {} |\n",
            duration(ours),
            duration(peer),
            if is_met { "met" } else { "**missed**" }
        ));
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
    fn both_kinds_of_goal_are_judged_at_their_edge() {
        assert!(Goal::AtMostTimes(1.15).judge(115.0, 100.0).1);
        assert!(!Goal::AtMostTimes(1.15).judge(116.0, 100.0).1);
        assert!(Goal::AtLeastAsFast(1.5).judge(100.0, 150.0).1);
        assert!(!Goal::AtLeastAsFast(1.5).judge(100.0, 149.0).1);
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
