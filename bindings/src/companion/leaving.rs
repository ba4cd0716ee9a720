//! Where a work account is rung, its move to another device, and its end.

use countersign_core::approval::{Address, Typed};
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

use super::Companion;
use crate::errors::{ApprovalFault, CountersignError};

/// Where a device can be rung.
#[derive(Clone, uniffi::Enum)]
pub enum RingAddress {
    /// A UnifiedPush endpoint.
    UnifiedPush {
        /// Its https address.
        to: String,
    },
    /// A Web Push subscription (RFC 8030, RFC 8291).
    WebPush {
        /// Its https address.
        to: String,
        /// The device's key for the bell: an uncompressed point on P-256, 65 bytes.
        p256dh: Vec<u8>,
        /// The secret beside it, 16 bytes.
        auth: Vec<u8>,
    },
    /// A relay of the app's vendor.
    Gateway {
        /// Its https address.
        to: String,
    },
}

impl RingAddress {
    fn into_core(self) -> Result<Address, CountersignError> {
        Ok(match self {
            Self::UnifiedPush { to } => Address::UnifiedPush { to },
            Self::Gateway { to } => Address::Gateway { to },
            Self::WebPush { to, p256dh, auth } => Address::WebPush {
                to,
                p256dh,
                auth: auth.try_into().map_err(|_| CountersignError::Approval {
                    fault: ApprovalFault::NotAllowed,
                })?,
            },
        })
    }
}

/// Stops the build when core has an address more.
const fn _mirrored(address: &Address) {
    match address {
        Address::UnifiedPush { to: _ }
        | Address::WebPush {
            to: _,
            p256dh: _,
            auth: _,
        }
        | Address::Gateway { to: _ } => {}
    }
}

#[uniffi::export]
impl Companion {
    /// Tells every server where this device is rung from now on; none where it cannot be.
    ///
    /// # Errors
    ///
    /// `Approval` with `NotAllowed` for an address that is none; `Vault`, `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn ring_at(
        &self,
        address: Option<RingAddress>,
        now: Option<UnixSeconds>,
    ) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        let address = address.map(RingAddress::into_core).transpose()?;
        self.change(|companion| companion.ring_at(address.as_ref(), now))
    }

    /// Begins to move an account to another device.
    ///
    /// # Errors
    ///
    /// `Approval`: `NotAllowed` by the organisation's rules, `NotActive`, `Suspended`, `InTrash`; `Vault`, `NotUnlocked`,
    /// `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn begin_move(
        &self,
        id: RecordId,
        now: Option<UnixSeconds>,
    ) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.begin_move(id, now))
    }

    /// Goes on with the number that the new device shows.
    ///
    /// # Errors
    ///
    /// `Approval`: `NoMove`, `CheckNumber`; as `begin_move`.
    #[uniffi::method(default(now = None))]
    pub fn confirm_move(
        &self,
        id: RecordId,
        check: Typed,
        now: Option<UnixSeconds>,
    ) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.confirm_move(id, &check, now))
    }

    /// Ends a move; this device stays what it was.
    ///
    /// # Errors
    ///
    /// `Approval` with `NoMove`; as `begin_move`.
    #[uniffi::method(default(now = None))]
    pub fn abort_move(
        &self,
        id: RecordId,
        now: Option<UnixSeconds>,
    ) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.abort_move(id, now))
    }

    /// Puts a work account into the trash, where it is mute. The server is not told.
    ///
    /// # Errors
    ///
    /// `Approval`: `NoSuchAccount`, `InTrash`; `Vault`, `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn trash_work(
        &self,
        id: RecordId,
        now: Option<UnixSeconds>,
    ) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.trash_work(id, now))
    }

    /// Takes a work account out of the trash.
    ///
    /// # Errors
    ///
    /// `Approval` with `NoSuchAccount` also when it is not there, or its server is being told that it leaves; `Vault`,
    /// `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn restore_work(
        &self,
        id: RecordId,
        now: Option<UnixSeconds>,
    ) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.restore_work(id, now))
    }

    /// Has the server forget this device, now: the message is stored, and sent until the server has said so. The entry is gone
    /// then; its keys go with it.
    ///
    /// # Errors
    ///
    /// `Approval` with `NoSuchAccount`; `Vault`, `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn leave(&self, id: RecordId, now: Option<UnixSeconds>) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.leave(id, now))
    }
}
