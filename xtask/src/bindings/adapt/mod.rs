//! What the generator's sources are changed in, so that they keep what the packages promise.
//!
//! A change that no longer finds its place fails the build: the generator has become another.

pub(super) mod kotlin;
pub(super) mod swift;

use crate::process::Failure;

/// What is changed in one language's source.
pub(super) struct Changes {
    language: &'static str,
    /// Texts that are replaced wherever they stand, and how often that is.
    everywhere: &'static [(&'static str, usize, &'static str)],
    /// Texts that are replaced once behind a place: the place, the text, and what takes its place.
    behind: &'static [(&'static str, &'static str, &'static str)],
}

impl Changes {
    /// The source with these changes.
    ///
    /// # Errors
    ///
    /// A change whose place is not there, or not as often as it should be.
    pub(super) fn made_in(&self, source: &str) -> Result<String, Failure> {
        let mut adapted = source.to_owned();
        for (from, count, to) in self.everywhere {
            if adapted.matches(from).count() != *count {
                return Err(self.lost(from));
            }
            adapted = adapted.replace(from, to);
        }
        for (place, from, to) in self.behind {
            let mut parts = adapted.splitn(3, place);
            let (Some(before), Some(after), None) = (parts.next(), parts.next(), parts.next())
            else {
                return Err(self.lost(place));
            };
            if !after.contains(from) {
                return Err(self.lost(from));
            }
            adapted = format!("{before}{place}{}", after.replacen(from, to, 1));
        }
        Ok(adapted)
    }

    fn lost(&self, place: &str) -> Failure {
        Failure::new(format!(
            "the generator's {} is not what it was: {place:?} is not there, or elsewhere too",
            self.language
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Changes; 2] = [kotlin::KOTLIN, swift::SWIFT];

    /// What each change finds its place in.
    fn source(changes: &Changes) -> String {
        let mut lines: Vec<String> = Vec::new();
        for (from, count, _) in changes.everywhere {
            lines.extend(std::iter::repeat_n((*from).to_owned(), *count));
        }
        for (place, from, _) in changes.behind {
            lines.push(format!("{place} {{ {from} }} {from}"));
        }
        lines.join("\n")
    }

    #[test]
    fn every_change_is_made_and_only_once_behind_its_place() {
        for changes in BOTH {
            let adapted = changes.made_in(&source(&changes)).unwrap();
            for (from, count, to) in changes.everywhere {
                if to.is_empty() {
                    assert!(!adapted.contains(from), "{from}");
                } else {
                    assert_eq!(adapted.matches(to).count(), *count, "{to}");
                }
            }
            for (place, _, to) in changes.behind {
                assert!(adapted.contains(&format!("{place} {{ {to} }}")), "{place}");
            }
        }
    }

    #[test]
    fn a_generator_that_writes_otherwise_is_refused() {
        for changes in BOTH {
            let source = source(&changes);
            let is_refused = |source: &str| changes.made_in(source).is_err();
            for (from, _, _) in changes.everywhere {
                assert!(is_refused(&source.replacen(from, "", 1)), "{from}");
                assert!(is_refused(&format!("{from}{source}")), "{from}");
            }
            for (place, _, _) in changes.behind {
                assert!(is_refused(&source.replace(place, "")), "{place}");
                assert!(is_refused(&format!("{place}{source}")), "{place}");
            }
        }
    }
}
