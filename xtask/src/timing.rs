//! Parts of a run, how each ended and how long it took.

use std::time::{Duration, Instant};

use crate::process::Failure;

/// How a part ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Passed,
    Failed,
    NotRun,
}

impl End {
    const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::NotRun => "not run",
        }
    }
}

/// The parts of a run in order. After the first failure the others are not run.
#[derive(Default)]
pub(crate) struct Timing {
    parts: Vec<(&'static str, End, Duration)>,
    failure: Option<Failure>,
}

impl Timing {
    /// Runs one part under its heading, unless an earlier one failed.
    pub(crate) fn part<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Option<T> {
        if self.failure.is_some() {
            self.parts.push((name, End::NotRun, Duration::ZERO));
            return None;
        }
        println!("\n== {name}");
        let began = Instant::now();
        let outcome = work();
        let took = began.elapsed();
        match outcome {
            Ok(value) => {
                self.parts.push((name, End::Passed, took));
                Some(value)
            }
            Err(failure) => {
                self.parts.push((name, End::Failed, took));
                self.failure = Some(failure);
                None
            }
        }
    }

    /// One line a part.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("{:<18}{:>9}  result\n", "part", "seconds");
        let mut total = Duration::ZERO;
        for (name, end, took) in &self.parts {
            total += *took;
            table.push_str(&format!(
                "{name:<18}{:>9.1}  {}\n",
                took.as_secs_f64(),
                end.word()
            ));
        }
        table.push_str(&format!("{:<18}{:>9.1}\n", "together", total.as_secs_f64()));
        table
    }

    /// The first failure, if there was one.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.failure.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_ends_the_run_and_stays_in_the_table() {
        let mut timing = Timing::default();
        assert_eq!(timing.part("one", || Ok(1)), Some(1));
        assert_eq!(
            timing.part::<()>("two", || Err(Failure::new("broken"))),
            None
        );
        assert_eq!(timing.part("three", || Ok(3)), None);
        let table = timing.table();
        for (name, word) in [("one", "passed"), ("two", "FAILED"), ("three", "not run")] {
            assert!(
                table
                    .lines()
                    .any(|line| line.starts_with(name) && line.ends_with(word)),
                "{table}"
            );
        }
        assert_eq!(timing.finish().unwrap_err().to_string(), "broken");
    }
}
