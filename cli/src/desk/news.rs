//! What was told of accounts, so that nothing is told twice.

use std::collections::BTreeMap;

use countersign_core::approval::{Standing, Unreachable, WorkView};
use countersign_core::vault::RecordId;

/// What was told of one account.
#[derive(Debug, Eq, PartialEq)]
struct Told {
    standing: Standing,
    has_check: bool,
    /// That its server gives no answer, and why where that is known.
    silent: Option<Option<Unreachable>>,
}

/// What is new about an account.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct New {
    /// It stands differently, or has to be finished.
    pub(super) stands: bool,
    /// Its server has stopped answering, or does not for another reason.
    pub(super) is_gone: bool,
}

/// What was told so far.
#[derive(Default)]
pub(super) struct News(BTreeMap<RecordId, Told>);

impl News {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Compares an account with what was told of it, and takes it as told. `is_silent` says that its server gave no answer to this
    /// process, and `why` for which reason.
    pub(super) fn of(&mut self, view: &WorkView, is_silent: bool, why: Option<Unreachable>) -> New {
        let now = Told {
            standing: view.standing.clone(),
            has_check: view.check.is_some(),
            silent: (is_silent && view.unreachable_since.is_some()).then_some(why),
        };
        let before = self.0.get(&view.id);
        let new = New {
            // What stands as it always stood is no news, but for what the person has to finish.
            stands: match before {
                None => view.standing.is_unfinished(),
                Some(before) => {
                    before.standing != now.standing || before.has_check != now.has_check
                }
            },
            is_gone: now.silent.is_some()
                && before.is_none_or(|before| before.silent != now.silent),
        };
        self.0.insert(view.id, now);
        new
    }
}
