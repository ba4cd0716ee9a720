//! The check number: the page, or the old phone of a move, says that nobody stands between device and server.

use countersign_protocol::digits::CheckNumber;
use countersign_protocol::hash::Thumbprint;
use countersign_protocol::message::{CHECK_TRIES, Confirm, RemovedWhy};

use super::{Input, StepError, Turn};
use crate::person::{NUMBER_TRIES, Stage};

/// Why a device was not confirmed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotConfirmed {
    /// There is no such device, or it waits for no confirmation here.
    #[error("no device that waits for a confirmation here")]
    NotWaiting,
    /// The device has not shown its number yet.
    #[error("the device has not shown its number yet")]
    NotShown,
    /// The number has to be typed: the server's key was not pinned, or the rules ask for it.
    #[error("the number has to be typed")]
    MustType,
    /// It is another number. With none left the device is removed: begin again with a new invitation.
    #[error("another number; {left} tries left")]
    Wrong {
        /// Tries left.
        left: u8,
    },
}

/// The person typed the phone's number into the page.
#[derive(Clone, Debug)]
pub struct TypeNumber {
    /// The device.
    pub device: Thumbprint,
    /// What was typed.
    pub number: CheckNumber,
}

/// The person compared the number on the page with the phone's.
#[derive(Clone, Copy, Debug)]
pub struct CompareNumber {
    /// The device.
    pub device: Thumbprint,
    /// "This is my phone"; otherwise the device is removed.
    pub is_mine: bool,
}

impl Input for TypeNumber {
    type Reply = Result<(), NotConfirmed>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        if turn.is_newcomer(&self.device) {
            return Ok(Err(NotConfirmed::NotWaiting));
        }
        turn.type_number(&self.device, &self.number)
    }
}

impl Input for CompareNumber {
    type Reply = Result<(), NotConfirmed>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        let Some(device) = turn.person.device(&self.device) else {
            return Ok(Err(NotConfirmed::NotWaiting));
        };
        let Stage::Unconfirmed { number, .. } = &device.stage else {
            return Ok(Err(NotConfirmed::NotWaiting));
        };
        if !self.is_mine {
            turn.remove(&self.device, RemovedWhy::WrongCheck)?;
            return Ok(Err(NotConfirmed::Wrong { left: 0 }));
        }
        let enrolled = device.enrolled.as_ref();
        if enrolled.is_none_or(|enrolled| enrolled.confirm == Confirm::Type) {
            return Ok(Err(NotConfirmed::MustType));
        }
        if number.is_none() {
            return Ok(Err(NotConfirmed::NotShown));
        }
        turn.confirm(&self.device).map(Ok)
    }
}

impl Turn<'_> {
    /// Whether it is the new phone of a move: its number is typed into the old phone and nowhere else.
    pub(super) fn is_newcomer(&self, id: &Thumbprint) -> bool {
        self.person
            .newcomer()
            .is_some_and(|device| device.id == *id)
    }

    pub(super) fn type_number(
        &mut self,
        id: &Thumbprint,
        typed: &CheckNumber,
    ) -> Result<Result<(), NotConfirmed>, StepError> {
        let stage = self.person.device_mut(id).map(|device| &mut device.stage);
        let Some(Stage::Unconfirmed { number, wrong, .. }) = stage else {
            return Ok(Err(NotConfirmed::NotWaiting));
        };
        let Some(number) = number else {
            return Ok(Err(NotConfirmed::NotShown));
        };
        if number.0 == *typed {
            return self.confirm(id).map(Ok);
        }
        *wrong += 1;
        let left = CHECK_TRIES.saturating_sub(*wrong);
        if left == 0 {
            self.remove(id, RemovedWhy::WrongCheck)?;
        }
        Ok(Err(NotConfirmed::Wrong { left }))
    }

    /// The device gets its test.
    fn confirm(&mut self, id: &Thumbprint) -> Result<(), StepError> {
        let Some(device) = self.person.device(id) else {
            return Ok(());
        };
        let (Some(deadline), replaces) = (device.deadline(), device.replaces()) else {
            return Ok(());
        };
        let test = self.ask_test(id, deadline, NUMBER_TRIES)?;
        if let Some(device) = self.person.device_mut(id) {
            device.stage = Stage::Confirmed {
                deadline,
                replaces,
                test,
            };
        }
        Ok(())
    }
}
