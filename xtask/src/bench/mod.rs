//! `cargo xtask bench`: runs every bench, then sets our medians beside the others'.

mod estimates;
mod goal;
mod machine;
mod measures;
mod programs;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings;
use crate::options::Options;
use crate::process::{self, Failure, cargo};
use crate::python;
use estimates::Turns;
use measures::{MEASURES, PYOTP};

/// Packages that have benches, and where these are.
const BENCHED: [(&str, &str); 2] = [
    ("countersign-core", "core/benches"),
    ("countersign-verifier", "server/verifier/benches"),
];

/// `cargo xtask bench`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if arguments == ["--packages"] {
        return run_packages();
    }
    Options::parse(arguments, &[])?;
    let target = target_folder();
    forget_earlier(&target)?;
    for (package, folder) in BENCHED {
        let mut command = cargo();
        command.args(["bench", "--package", package, "--locked"]);
        for name in benches(folder)? {
            command.args(["--bench", &name]);
        }
        process::run(&mut command)?;
    }
    let mut others: Vec<(String, Turns)> = programs::measure(&target)?
        .into_iter()
        .map(|(id, turns)| (id.to_owned(), turns))
        .collect();
    others.push((PYOTP.to_owned(), Turns::single(time_pyotp()?)));
    let (table, misses) = compare(&target, &others, |id| !is_of_a_package(id));
    println!("\n{table}");
    let beginning = format!(
        "# Performance\n\nWritten by `cargo xtask bench`: medians of one run, peers in the same run, so only the \
         ratios mean anything elsewhere. A ratio, and a difference, is the middle of those of eleven turns or more.\n\n\
         Machine: {}.\n\n{table}",
        machine::described(&target)
    );
    let of_packages = measure_packages(&beginning)?;
    missed(misses + of_packages)
}

/// Begins the part of the page that is of the packages for other languages.
const OF_PACKAGES: &str = "\n## The packages\n";

/// The part of the packages alone; the other stays as it was measured last.
fn run_packages() -> Result<(), Failure> {
    let page = std::fs::read_to_string(page())
        .map_err(|error| Failure::new(format!("cannot read docs/performance.md: {error}")))?;
    let (beginning, _) = page.split_once(OF_PACKAGES).unwrap_or((&page, ""));
    missed(measure_packages(beginning)?)
}

/// Measures the packages and writes the page with what it begins with; gives how many goals were missed.
fn measure_packages(beginning: &str) -> Result<usize, Failure> {
    let measured = bindings::bench::measure()?.into_iter();
    let measured: Vec<_> = measured
        .map(|(id, turns)| (id, Turns::new(turns)))
        .collect();
    let (table, misses) = compare(&target_folder(), &measured, is_of_a_package);
    println!("\n{table}");
    let text = format!(
        "{beginning}{OF_PACKAGES}\nOf a run of their own (`cargo xtask bench --packages`), as they are shipped; in lists and ticks \
         every code changes at each call.\n\n{table}"
    );
    std::fs::write(page(), text)
        .map_err(|error| Failure::new(format!("cannot write docs/performance.md: {error}")))?;
    Ok(misses)
}

fn page() -> PathBuf {
    process::root().join("docs/performance.md")
}

/// Whether a measurement is of the packages for other languages.
fn is_of_a_package(id: &str) -> bool {
    ["kotlin/", "swift/", "python/", "library/"]
        .iter()
        .any(|of| id.starts_with(of))
}

/// A failure where goals were not met.
fn missed(goals: usize) -> Result<(), Failure> {
    match goals {
        0 => Ok(()),
        count => Err(Failure::new(format!("{count} goals were not met"))),
    }
}

/// What an earlier run measured must not be taken for this one's.
fn forget_earlier(target: &Path) -> Result<(), Failure> {
    let folder = target.join("criterion");
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .map_err(|error| Failure::new(format!("cannot clear target/criterion: {error}")))?;
    }
    Ok(())
}

/// Names of the files in a folder of benches, sorted.
fn benches(folder: &str) -> Result<Vec<String>, Failure> {
    let entries = std::fs::read_dir(process::root().join(folder))
        .map_err(|error| Failure::new(format!("cannot list {folder}: {error}")))?;
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
    process::output(Command::new(python::PEERS.prepare()?).arg(script))
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| Failure::new("tests/peers/pyotp_speed.py gave no number"))
}

/// The table in Markdown, of the rows that it shows, and how many goals were missed or not measured. What criterion did not measure is in `others`.
fn compare(
    target: &Path,
    others: &[(String, Turns)],
    shows: impl Fn(&str) -> bool,
) -> (String, usize) {
    let mut table = String::from(
        "| work | ours | peer | peer's | ratio | goal | |\n|---|---:|---|---:|---:|---|---|\n",
    );
    let turns = |id: &str| {
        let other = others.iter().find(|(known, _)| known == id);
        other.map_or_else(|| Turns::read(target, id), |(_, turns)| Some(turns.clone()))
    };
    let mut misses = 0;
    for measure in MEASURES.iter().filter(|measure| shows(measure.ours)) {
        let ours = turns(measure.ours);
        let peer = measure.peer.as_ref().and_then(|peer| turns(peer.id));
        let judged = ours
            .as_ref()
            .and_then(|ours| measure.goal.judge(ours, peer.as_ref()));
        let verdict = match &judged {
            Some(judged) if judged.is_met => "met",
            Some(_) => "**missed**",
            None => "not measured",
        };
        misses += usize::from(verdict != "met");
        let shown = |turns: Option<Turns>| {
            let text = turns.map(|turns| measure.goal.shown(&turns));
            text.unwrap_or_default()
        };
        let cells = [
            measure.work.to_owned(),
            shown(ours),
            measure
                .peer
                .as_ref()
                .map_or("", |peer| peer.name)
                .to_owned(),
            shown(peer),
            judged.map(|judged| judged.comparison).unwrap_or_default(),
            measure.goal.words(),
            verdict.to_owned(),
        ];
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    (table, misses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_a_miss() {
        let pyotp = [(PYOTP.to_owned(), Turns::single(1.0))];
        let (table, misses) = compare(Path::new("no-such-folder"), &pyotp, |_| true);
        assert_eq!(misses, MEASURES.len());
        assert_eq!(table.matches("not measured").count(), misses);
    }

    #[test]
    fn what_was_measured_elsewhere_has_its_row() {
        let others = [
            (measures::START.to_owned(), Turns::new(vec![9e6, 8e6, 7e6])),
            (
                measures::START_KDF.to_owned(),
                Turns::new(vec![3e6, 1e6, 2e6]),
            ),
        ];
        let (table, misses) = compare(Path::new("no-such-folder"), &others, |_| true);
        assert_eq!(misses, MEASURES.len() - 1);
        assert!(
            table.contains("| +6.0 ms | takes ≤ 30 ms more | met |"),
            "{table}"
        );
    }
}
