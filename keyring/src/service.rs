//! What is asked of a Secret Service, apart from the bus, so that what follows from its answers is tested without one.

use countersign_core::secret::Secret;
use countersign_core::vault::{PlatformContext, PlatformKeyError};

/// Names whose item it is, for whoever looks through a keyring.
const APPLICATION: (&str, &str) = ("application", "countersign");

/// A collection's path on the bus; a keyring, in the words of those who use one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Collection(pub(crate) String);

/// An item's path on the bus.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Item(pub(crate) String);

/// What an item is found by: vault and slot, and nothing that names an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Attributes {
    vault: String,
    slot: String,
}

impl Attributes {
    pub(crate) fn new(context: &PlatformContext) -> Self {
        Self {
            vault: context.vault.to_string(),
            slot: context.slot.to_string(),
        }
    }

    pub(crate) fn pairs(&self) -> [(&str, &str); 3] {
        [APPLICATION, ("vault", &self.vault), ("slot", &self.slot)]
    }
}

/// Why a question has no answer. The service's own words are dropped: they are text from outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Denied {
    /// The person was asked and said no.
    Dismissed,
    /// No bus, no service, no answer in time, or a refusal; nothing is known about any key.
    NoAnswer,
}

impl From<Denied> for PlatformKeyError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Dismissed => Self::Cancelled,
            Denied::NoAnswer => Self::NotAvailable,
        }
    }
}

/// A Secret Service. Every call comes back within its time.
pub(crate) trait Service {
    /// Where new items go; none when the service has no such place.
    fn default_collection(&self) -> Result<Option<Collection>, Denied>;

    /// All collections, locked ones too.
    fn collections(&self) -> Result<Vec<Collection>, Denied>;

    fn is_locked(&self, collection: &Collection) -> Result<bool, Denied>;

    /// Asks the person to unlock it; whether it then is unlocked is another question.
    fn unlock(&self, collection: &Collection) -> Result<(), Denied>;

    /// The items with these attributes, and maybe others. A locked collection may show none.
    fn search(&self, collection: &Collection, wanted: &Attributes) -> Result<Vec<Item>, Denied>;

    /// Puts a new item beside whatever is there.
    fn create(
        &self,
        collection: &Collection,
        attributes: &Attributes,
        text: &Secret,
    ) -> Result<Item, Denied>;

    /// What an item holds; the person may be asked for leave.
    fn read(&self, item: &Item) -> Result<Secret, Denied>;

    /// Deletes an item that has these attributes, and refuses any other.
    fn delete(&self, item: &Item, attributes: &Attributes) -> Result<(), Denied>;
}
