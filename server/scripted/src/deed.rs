//! What is done with a request instead of answering it as a good server on a good network does.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_protocol::kind::Kind;
use countersign_protocol::problem::{self, Problem};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A path of the protocol.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// `/v1/enrolments`.
    Enrolments,
    /// `/v1/fetch`.
    Fetch,
    /// `/v1/answers`.
    Answers,
    /// `/v1/delivery`.
    Delivery,
    /// `/v1/moves`.
    Moves,
    /// `/v1/leave`.
    Leave,
}

impl Path {
    const ALL: [(Self, &str, Kind); 6] = [
        (Self::Enrolments, "enrolments", Kind::Account),
        (Self::Fetch, "fetch", Kind::State),
        (Self::Answers, "answers", Kind::Receipt),
        (Self::Delivery, "delivery", Kind::State),
        (Self::Moves, "moves", Kind::State),
        (Self::Leave, "leave", Kind::State),
    ];

    /// The path of a request; none for one that the protocol does not have.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let word = path.strip_prefix("/v1/")?;
        let mut all = Self::ALL.iter();
        all.find(|(_, known, _)| *known == word)
            .map(|(path, _, _)| *path)
    }

    fn entry(self) -> (&'static str, Kind) {
        let mut all = Self::ALL.iter();
        let entry = all.find(|(path, _, _)| *path == self);
        let (_, word, kind) = entry.expect("every path is in the list");
        (word, *kind)
    }

    /// Its last word.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.entry().0
    }

    /// What an honest reply is.
    pub(crate) fn reply_kind(self) -> Kind {
        self.entry().1
    }
}

/// What is done with a request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Deed {
    /// Nothing is answered: the connection ends.
    Drop {
        /// Whether the server has taken the request all the same; then the reply was lost.
        #[serde(default)]
        processed: bool,
    },
    /// It waits until everything that is held is released.
    Hold {
        /// Whether the server takes the request before; then the reply is held.
        #[serde(default)]
        processed: bool,
    },
    /// It waits for a time.
    Delay {
        /// How long, in milliseconds.
        ms: u64,
        /// Whether the server takes the request before; then the reply is late.
        #[serde(default)]
        processed: bool,
    },
    /// The server gets it twice, and the second reply is given.
    Repeat,
    /// The server cannot answer now.
    Unavailable {
        /// What `Retry-After` says, in seconds or as a date; none leaves it out.
        retry_after: Option<String>,
    },
    /// The server wants it elsewhere.
    Redirect {
        /// Where.
        to: String,
    },
    /// Any HTTP response.
    Answer {
        /// Its status.
        status: u16,
        /// Its headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Its body.
        #[serde(default)]
        body: String,
    },
    /// Bytes in the place of an HTTP response.
    Raw {
        /// Which.
        text: String,
    },
    /// So many bytes as a body of the right type.
    Huge {
        /// How many.
        bytes: usize,
    },
    /// A body of the right type that has no end.
    Endless,
    /// The honest reply, a byte at a time.
    Drip {
        /// How long each byte takes, in milliseconds.
        pause_ms: u64,
    },
    /// An earlier reply of this path.
    Replay {
        /// The how-many-th before this one; 1 is the last.
        #[serde(default = "one")]
        back: usize,
    },
    /// The honest reply, signed by a key that the server has never announced.
    OtherKey,
    /// The honest reply, addressed to another device.
    OtherDevice,
    /// The honest reply, but the account that it speaks of, and each statement in it, is another one's.
    OtherAccount,
    /// The honest reply, as the answer to another request.
    OtherRequest,
    /// The honest reply with other claims in it, signed as it was.
    Claims {
        /// The claims; `null` leaves one out.
        set: Map<String, Value>,
    },
}

impl Deed {
    /// An unsigned refusal, with its status.
    #[must_use]
    pub fn refusal(problem: &Problem) -> Self {
        let (_, status) = problem.name_and_status();
        let document = problem.to_document().format().unwrap_or_default();
        let media_type = ("content-type".to_owned(), problem::MEDIA_TYPE.to_owned());
        Self::Answer {
            status,
            headers: BTreeMap::from([media_type]),
            body: String::from_utf8_lossy(&document).into_owned(),
        }
    }
}

/// Which requests it is done with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Those of this path; none for any.
    pub path: Option<Path>,
    /// How many pass before, untouched by this rule.
    #[serde(default)]
    pub skip: u32,
    /// How many it is done with; none for all.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// What is done.
    #[serde(rename = "do")]
    pub deed: Deed,
}

const fn one() -> usize {
    1
}

const fn once() -> Option<u32> {
    Some(1)
}

impl Rule {
    /// For the next request of a path.
    #[must_use]
    pub const fn next(path: Path, deed: Deed) -> Self {
        Self {
            path: Some(path),
            skip: 0,
            times: Some(1),
            deed,
        }
    }

    /// For every request of a path from now on.
    #[must_use]
    pub const fn always(path: Path, deed: Deed) -> Self {
        Self {
            path: Some(path),
            skip: 0,
            times: None,
            deed,
        }
    }

    /// Whether it is over.
    fn is_spent(&self) -> bool {
        self.times == Some(0)
    }

    /// What it does with this request.
    fn take(&mut self, path: Path) -> Option<Deed> {
        if self.path.is_some_and(|own| own != path) || self.is_spent() {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times = self.times.map(|times| times.saturating_sub(1));
        Some(self.deed.clone())
    }
}

/// The rules that hold now, in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct Script(Mutex<Vec<Rule>>);

impl Script {
    pub(crate) fn add(&self, rule: Rule) {
        self.rules().push(rule);
    }

    pub(crate) fn clear(&self) {
        self.rules().clear();
    }

    /// What is done with this request: what the first rule says that has something to say.
    pub(crate) fn take(&self, path: Path) -> Option<Deed> {
        let mut rules = self.rules();
        let deed = rules.iter_mut().find_map(|rule| rule.take(path));
        rules.retain(|rule| !rule.is_spent());
        deed
    }

    /// How many rules are not spent.
    pub(crate) fn left(&self) -> usize {
        self.rules().len()
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DROP: Deed = Deed::Drop { processed: false };

    #[test]
    fn a_rule_is_for_its_path_lets_some_pass_and_is_spent() {
        let script = Script::default();
        script.add(Rule {
            skip: 1,
            times: Some(2),
            ..Rule::next(Path::Fetch, DROP)
        });
        assert_eq!(script.take(Path::Answers), None);
        assert_eq!(script.take(Path::Fetch), None);
        assert_eq!(script.take(Path::Fetch), Some(DROP));
        assert_eq!(script.take(Path::Fetch), Some(DROP));
        assert_eq!((script.take(Path::Fetch), script.left()), (None, 0));
    }

    #[test]
    fn rules_come_one_after_the_other_and_one_without_an_end_lasts() {
        let script = Script::default();
        script.add(Rule::next(Path::Fetch, DROP));
        script.add(Rule::always(Path::Fetch, Deed::Repeat));
        assert_eq!(script.take(Path::Fetch), Some(DROP));
        for _ in 0..3 {
            assert_eq!(script.take(Path::Fetch), Some(Deed::Repeat));
        }
        script.clear();
        assert_eq!(script.take(Path::Fetch), None);
    }

    #[test]
    fn paths_are_the_protocols_and_no_others() {
        for (path, word, _) in Path::ALL {
            assert_eq!(Path::of(&format!("/v1/{word}")), Some(path));
        }
        for path in ["/v1/", "/v1/fetch/", "/v2/fetch", "fetch", "/control/clock"] {
            assert_eq!(Path::of(path), None, "{path}");
        }
    }

    #[test]
    fn a_rule_is_read_from_json() {
        let rule = |text| serde_json::from_str::<Rule>(text).ok();
        assert_eq!(
            rule(r#"{"path":"fetch","do":{"kind":"drop"}}"#),
            Some(Rule::next(Path::Fetch, DROP))
        );
        assert_eq!(
            rule(r#"{"path":"answers","times":null,"do":{"kind":"drip","pause_ms":5}}"#),
            Some(Rule::always(Path::Answers, Deed::Drip { pause_ms: 5 }))
        );
        for text in [
            r#"{"do":{"kind":"explode"}}"#,
            r#"{"path":"fetch"}"#,
            r#"{"path":"elsewhere","do":{"kind":"drop"}}"#,
            r#"{"path":"fetch","time":1,"do":{"kind":"drop"}}"#,
            r#"{"do":{"kind":"delay"}}"#,
        ] {
            assert_eq!(rule(text), None, "{text}");
        }
    }
}
