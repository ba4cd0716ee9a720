//! How many tests passed and failed, by the reports that test runners write for each other (JUnit's XML).

use std::fmt;
use std::path::Path;

use crate::process::Failure;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    failed: u64,
}

impl Counts {
    /// What the reports in a folder say together; none at all where there are none.
    pub(super) fn of_reports(folder: &Path) -> Self {
        let mut counts = Self::default();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if let Ok(report) = std::fs::read_to_string(entry.path()) {
                counts.add(&report);
            }
        }
        counts
    }

    /// Adds one report; another text says nothing.
    fn add(&mut self, report: &str) {
        let Some((_, head)) = report.split_once("<testsuite ") else {
            return;
        };
        let head = head.split('>').next().unwrap_or_default();
        let counted = |name: &str| {
            head.split_once(&format!(" {name}=\""))
                .and_then(|(_, value)| value.split('"').next())
                .and_then(|value| value.parse::<u64>().ok())
                .unwrap_or(0)
        };
        let failed = counted("errors") + counted("failures");
        self.failed += failed;
        self.passed += counted("tests").saturating_sub(failed + counted("skipped"));
    }

    /// # Errors
    ///
    /// Tests that failed, or that there are none.
    pub(super) fn all_passed(self, language: &str) -> Result<(), Failure> {
        if self.passed == 0 || self.failed > 0 {
            return Err(Failure::new(format!(
                "The {language} package's tests: {self}."
            )));
        }
        Ok(())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_added_up() {
        let mut counts = Counts::default();
        for report in [
            "<?xml version=\"1.0\"?>\n<testsuite xmlns:x=\"y\" name=\"A\" time=\"1.2\" tests=\"7\" errors=\"1\" skipped=\"1\" failures=\"2\">\n<testcase name=\"tests=\"/>",
            "<testsuite name=\"B\" tests=\"2\" errors=\"0\" skipped=\"0\" failures=\"0\"/>",
            "no report",
        ] {
            counts.add(report);
        }
        assert_eq!(counts.to_string(), "5 passed, 3 failed");
        assert!(counts.all_passed("Kotlin").is_err());
    }

    #[test]
    fn no_reports_are_no_tests() {
        let none = Counts::of_reports(Path::new("no-such-folder"));
        assert_eq!(none, Counts::default());
        assert!(none.all_passed("Kotlin").is_err());
    }

    #[test]
    fn only_tests_that_passed_are_well() {
        let mut counts = Counts::default();
        counts.add("<testsuite tests=\"2\" a=\"\" tests=\"2\" errors=\"0\" failures=\"0\"/>");
        assert_eq!(counts.all_passed("Kotlin").map_err(|_| ()), Ok(()));
    }
}
