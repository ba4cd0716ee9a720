//! Whether what the history keeps of an account was really said: each protocol knows its own messages.

use std::fmt::Debug;

use super::countersign::evidence::{Witness, kind_of, told};
use super::history::{Entry, KeyOfAccount, NotGenuine};
use crate::account::Name;

/// What a check of an entry's messages came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Proof {
    /// All are signed by keys that are known.
    Proven,
    /// One names a key that no message before it brought, as where the history was cut.
    UnknownKey,
}

/// Goes along an account's entries in their order.
pub(crate) trait Evidence: Debug {
    /// Checks an entry's messages and takes the keys that they bring.
    fn check(&mut self, entry: &Entry) -> Result<Proof, NotGenuine>;

    /// The keys so far.
    fn keys(&self) -> Vec<KeyOfAccount>;
}

/// What an entry is about in words, where its messages say so. They were verified when they came, and have lain in the chain
/// since; whether that holds is another question.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct About {
    /// Who issued the account.
    pub issuer: Name,
    /// Whose it is.
    pub label: Name,
    /// What was to be approved: the word of the statement.
    pub act: Name,
    /// The application.
    pub app: Name,
    /// The site that asked.
    pub origin: Name,
    /// Who signed in.
    pub user: Name,
}

impl About {
    pub(crate) fn of(entry: &Entry) -> Self {
        told(entry)
    }

    /// The account's names, where it says them.
    #[must_use]
    pub fn account(&self) -> Option<(&Name, &Name)> {
        (self.issuer != Name::EMPTY).then_some((&self.issuer, &self.label))
    }
}

/// For an account whose record is gone: its history begins with what brought its keys, and its messages say their protocol.
pub(crate) fn of_entry(entry: &Entry) -> Option<Box<dyn Evidence>> {
    kind_of(&entry.messages.first()?.label)?;
    Some(Box::new(Witness::default()))
}
