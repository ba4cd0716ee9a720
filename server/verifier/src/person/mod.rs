//! One person's aggregate: all that a server has of them, loaded and saved whole, by version.

mod asked;
mod calm;
mod device;
mod document;
mod index;
mod invitation;
mod label;
mod view;

use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(crate) use asked::{Asked, By, End, Signed, UNSEEN_MAX};
pub use asked::{NUMBER_TRIES, OPEN_STATEMENTS_MAX, RECEIPT_KEEP_S, RESPONSE_TRIES};
pub(crate) use calm::Calm;
pub use calm::{
    MUTE_S, NO_MOVE_S, RINGING_MAX, TESTS_AGAIN_MAX, TESTS_AGAIN_S, UNANSWERED_MAX,
    WRONG_NUMBERS_MAX, WRONG_RESPONSES_MAX,
};
pub use device::{ACTIVE_MAX, RequestId, SEEN_MAX, TOMBSTONE_KEEP_S, TOMBSTONES_MAX, UNFINISHED_S};
pub(crate) use device::{Device, Enrolled, Seen, Stage};
pub(crate) use document::Documents;
pub use index::Index;
pub use invitation::{INVITATION_S, PROOF_TRIES};
pub(crate) use invitation::{INVITATIONS_MAX, Invitation, Purpose, Taken, TypedCode};
pub use label::LabelError;
pub(crate) use label::check_label;
pub use view::{
    AboutDevice, DeviceView, InvitationView, MoveView, StageView, StatementView, SuspensionView,
};

/// A person cannot be read back from what was stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("what is stored is no person")]
pub struct NotAPerson;

/// A person's account: devices, invitations, statements, counters.
///
/// # Privacy
///
/// It has names, addresses and secrets; `Debug` shows none of them.
#[derive(Deserialize, Serialize)]
pub struct Person {
    pub(crate) account: Id,
    pub(crate) label: String,
    pub(crate) invitations: Vec<Invitation>,
    pub(crate) devices: Vec<Device>,
    pub(crate) statements: Vec<Asked>,
    pub(crate) calm: Calm,
    pub(crate) moving: Option<Moving>,
    #[serde(skip)]
    pub(crate) version: u64,
    /// The stored form that this was read from, until something is done with it.
    #[serde(skip)]
    pub(crate) stored: Option<Zeroizing<Vec<u8>>>,
}

/// A move that has begun.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Moving {
    pub(crate) from: Thumbprint,
    pub(crate) invitation: Id,
    pub(crate) until: Timestamp,
}

/// A signed message in its compact form.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Message(pub(crate) String);

impl std::fmt::Debug for Message {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Person")
            .field("account", &self.account)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Person {
    /// A person who has nothing yet.
    ///
    /// # Errors
    ///
    /// [`LabelError`].
    pub fn new(account: Id, label: &str) -> Result<Self, LabelError> {
        check_label(label)?;
        Ok(Self {
            account,
            label: label.to_owned(),
            invitations: vec![],
            devices: vec![],
            statements: vec![],
            calm: Calm::default(),
            moving: None,
            version: 0,
            stored: None,
        })
    }

    /// The id of the account, the same on all the person's devices.
    #[must_use]
    pub const fn account(&self) -> Id {
        self.account
    }

    /// Whose account it is.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The version under which it is stored; 0 before it ever was.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Its stored form, without the version.
    ///
    /// # Panics
    ///
    /// Never: nothing in it has no form in JSON.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).expect("every part of a person has a form"))
    }

    /// Takes a person back from their stored form.
    ///
    /// # Errors
    ///
    /// [`NotAPerson`].
    pub fn decode(version: u64, stored: &[u8]) -> Result<Self, NotAPerson> {
        let person: Self = serde_json::from_slice(stored).map_err(|_| NotAPerson)?;
        Ok(Self {
            version,
            stored: Some(Zeroizing::new(stored.to_vec())),
            ..person
        })
    }

    pub(crate) fn device(&self, id: &Thumbprint) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == *id)
    }

    pub(crate) fn device_mut(&mut self, id: &Thumbprint) -> Option<&mut Device> {
        self.devices.iter_mut().find(|device| device.id == *id)
    }

    pub(crate) fn active(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(|device| device.is_active())
    }

    pub(crate) fn statement(&self, id: &Id) -> Option<&Asked> {
        self.statements.iter().find(|asked| asked.id == *id)
    }

    pub(crate) fn statement_mut(&mut self, id: &Id) -> Option<&mut Asked> {
        self.statements.iter_mut().find(|asked| asked.id == *id)
    }

    pub(crate) fn invitation(&self, id: &Id) -> Option<&Invitation> {
        self.invitations.iter().find(|one| one.id == *id)
    }

    pub(crate) fn invitation_mut(&mut self, id: &Id) -> Option<&mut Invitation> {
        self.invitations.iter_mut().find(|one| one.id == *id)
    }

    /// What was made of the enrolment of these bytes, when it was accepted.
    pub(crate) fn accepted(&self, enrol: &MessageHash) -> Option<&Taken> {
        let mut taken = self.invitations.iter().filter_map(|one| one.taken.as_ref());
        taken.find(|taken| taken.enrol_hash == *enrol)
    }

    /// The unfinished device of the move that has begun.
    pub(crate) fn newcomer(&self) -> Option<&Device> {
        let moving = self.moving.as_ref()?;
        self.devices
            .iter()
            .find(|device| device.took(&moving.invitation))
    }
}
