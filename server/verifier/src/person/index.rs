//! By what a person is found: each of these is one person's alone.

use std::collections::BTreeSet;

use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::time::Timestamp;

use super::Person;

/// What a store finds a person by. No two persons have the same.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Index {
    /// An invitation, as long as it is remembered.
    Invitation(Id),
    /// The three digits of a typed code, 0 to 999, as long as it is taken.
    Choice(u16),
    /// A device's key, either of its two, tombstones included.
    Key(Thumbprint),
    /// A statement, as long as it is kept.
    Statement(Id),
}

impl Person {
    /// All that this person is found by.
    #[must_use]
    pub fn indexes(&self) -> BTreeSet<Index> {
        let invitations = self.invitations.iter();
        let codes = invitations
            .clone()
            .filter_map(|one| one.code.as_ref())
            .map(|code| Index::Choice(code.choice));
        let keys = self
            .devices
            .iter()
            .flat_map(|device| device.keys().map(|(_, key)| Index::Key(key.thumbprint())));
        let statements = self.statements.iter();
        invitations
            .map(|one| Index::Invitation(one.id))
            .chain(codes)
            .chain(keys)
            .chain(statements.map(|asked| Index::Statement(asked.id)))
            .collect()
    }

    /// When something here ends by itself that somebody may be waiting for.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let open = self.statements.iter().filter(|asked| asked.is_open());
        let statements = open.map(|asked| asked.expires_at);
        let devices = self.devices.iter().filter_map(|device| device.deadline());
        let moving = self.moving.iter().map(|moving| moving.until);
        let codes = self.invitations.iter().filter(|one| one.code.is_some());
        statements
            .chain(devices)
            .chain(moving)
            .chain(codes.map(|one| one.expires_at))
            .chain(self.calm.next_end())
            .min()
    }
}
