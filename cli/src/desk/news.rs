//! What was told of accounts, so that nothing is told twice.

use std::collections::BTreeMap;

use countersign_core::approval::{Standing, WorkView};
use countersign_core::vault::RecordId;

/// What was told of one account.
#[derive(Debug, Eq, PartialEq)]
struct Told {
    standing: Standing,
    has_check: bool,
}

/// What was told so far.
#[derive(Default)]
pub(super) struct News(BTreeMap<RecordId, Told>);

impl News {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Compares an account with what was told of it, and takes it as told. True where it stands differently, or has to be finished.
    pub(super) fn is_new(&mut self, view: &WorkView) -> bool {
        let now = Told {
            standing: view.standing.clone(),
            has_check: view.check.is_some(),
        };
        match self.0.get(&view.id) {
            // What stands as it always stood is no news, but for what the person has to finish.
            None => {
                self.0.insert(view.id, now);
                view.standing.is_unfinished()
            }
            Some(before) if *before == now => false,
            Some(_) => {
                self.0.insert(view.id, now);
                true
            }
        }
    }
}
