//! How what happens is told: in words, or as one JSON line each.

use countersign_core::approval::{StatementId, StatementView, WorkView};
use countersign_core::vault::RecordId;
use serde_json::{Map, Value, json};

use crate::driver::{Tidings, Trouble};
use crate::failure::Failure;
use crate::terminal::Console;
use crate::work::{
    account, account_to_json, hex, request, request_to_json, tidings_name, tidings_to_json,
    tidings_words,
};

/// In which language.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Language {
    Words,
    Lines,
    Silence,
}

/// A voice.
pub(crate) struct Teller {
    console: Console,
    language: Language,
}

impl Teller {
    /// Words for a person, or JSON lines where a document is wanted.
    pub(crate) fn new(console: &Console) -> Self {
        let language = if console.is_json() {
            console.interrupts().streams_documents();
            Language::Lines
        } else {
            Language::Words
        };
        Self {
            console: console.clone(),
            language,
        }
    }

    /// Words for a person, or nothing where one document comes at the end.
    pub(crate) fn with_one_document(console: &Console) -> Self {
        let language = if console.is_json() {
            Language::Silence
        } else {
            Language::Words
        };
        Self {
            console: console.clone(),
            language,
        }
    }

    fn tell(
        &self,
        words: impl FnOnce() -> String,
        event: &'static str,
        members: impl FnOnce() -> Map<String, Value>,
    ) -> Result<(), Failure> {
        match self.language {
            Language::Words => {
                let words = words();
                if words.is_empty() {
                    return Ok(());
                }
                self.console.say_sentences(&format!("{words}\n"))
            }
            Language::Lines => {
                let mut line = Map::new();
                line.insert("event".into(), event.into());
                line.extend(members());
                self.console.document(&Value::Object(line))
            }
            Language::Silence => Ok(()),
        }
    }

    /// A request is there. A person sees it when its turn comes.
    pub(super) fn came(&self, view: &StatementView) -> Result<(), Failure> {
        self.tell(String::new, "request", || request_to_json(view))
    }

    /// A request's turn has come.
    pub(super) fn card(&self, view: &StatementView, others: usize) -> Result<(), Failure> {
        match self.language {
            Language::Words => self.console.say_sentences(&request::card(view, others)),
            Language::Lines | Language::Silence => Ok(()),
        }
    }

    /// A number was wrong.
    pub(super) fn tries(&self, view: &StatementView) -> Result<(), Failure> {
        let words = || {
            view.tries_left
                .map_or_else(String::new, request::tries_words)
        };
        self.tell(words, "tries", || request_to_json(view))
    }

    /// A request has ended.
    pub(crate) fn ended(
        &self,
        id: StatementId,
        view: Option<&StatementView>,
    ) -> Result<(), Failure> {
        let words = || match view.and_then(|view| Some((view, view.outcome.as_ref()?))) {
            Some((view, outcome)) => format!(
                "{}, {}: {}",
                request::title(view),
                request::summary(view),
                request::outcome_words(outcome, &view.next)
            ),
            None => "The request has ended.".into(),
        };
        self.tell(words, "ended", || match view {
            Some(view) => request_to_json(view),
            None => members(json!({"id": hex(id.bytes())})),
        })
    }

    /// A decision was signed and stored.
    pub(super) fn sent(&self, id: StatementId) -> Result<(), Failure> {
        let words = || "Your answer is on its way.".into();
        self.tell(words, "decided", || members(json!({"id": hex(id.bytes())})))
    }

    /// A decision was not taken.
    pub(super) fn not_decided(&self, id: StatementId, failure: &Failure) -> Result<(), Failure> {
        let words = || format!("{} Nothing was sent.", failure.message());
        self.tell(words, "not_decided", || {
            members(json!({"id": hex(id.bytes()), "error": failure.to_json()}))
        })
    }

    /// What was said is no decision.
    pub(super) fn nothing(
        &self,
        id: Option<StatementId>,
        why: &'static str,
    ) -> Result<(), Failure> {
        self.tell(
            || why.into(),
            "not_decided",
            || {
                let error = Failure::usage(why).to_json();
                members(json!({"id": id.map(|id| hex(id.bytes())), "error": error}))
            },
        )
    }

    /// An account stands differently, or has to be finished.
    pub(super) fn account(&self, view: &WorkView) -> Result<(), Failure> {
        self.tell(|| account::news(view), "account", || account_to_json(view))
    }

    /// What a server answers cannot be taken, or can be taken again.
    pub(super) fn server(&self, view: &WorkView, tidings: Tidings) -> Result<(), Failure> {
        let words = || tidings_words(view, tidings);
        self.tell(words, tidings_name(tidings), || {
            let mut members = match tidings {
                Tidings::Begun(Trouble::Silent(_)) => account_to_json(view),
                _ => members(json!({"account": view.id.to_string()})),
            };
            members.extend(tidings_to_json(tidings));
            members
        })
    }

    /// An account has taken the place of an earlier one.
    pub(super) fn replaced(
        &self,
        view: Option<&WorkView>,
        id: RecordId,
        earlier: RecordId,
    ) -> Result<(), Failure> {
        let words = || {
            view.map_or_else(String::new, |view| {
                format!(
                    "{} has taken the place of the earlier entry, with its history.",
                    account::title(view)
                )
            })
        };
        self.tell(words, "replaced", || {
            members(json!({"account": id.to_string(), "earlier": earlier.to_string()}))
        })
    }
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
