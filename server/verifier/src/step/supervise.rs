//! What an administrator does, and what a person does on their own page.

use countersign_protocol::hash::Thumbprint;
use countersign_protocol::message::{OtpLink, RemovedWhy};
use countersign_protocol::time::Timestamp;

use super::{Input, StepError, Turn};
use crate::event::Fact;
use crate::kept::Kept;
use crate::person::{LabelError, check_label};

/// There is no such device, or it does not have what this needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is nothing that this could change")]
pub struct NotThere;

/// Removes a device. Done twice it is the same.
#[derive(Clone, Copy, Debug)]
pub struct RemoveDevice {
    /// The device.
    pub device: Thumbprint,
}

impl Input for RemoveDevice {
    type Reply = Result<(), NotThere>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        if turn.person.device(&self.device).is_none() {
            return Ok(Err(NotThere));
        }
        turn.remove(&self.device, RemovedWhy::Administrator).map(Ok)
    }
}

/// Suspends approvals: what is open is withdrawn, and nothing is asked.
#[derive(Clone, Copy, Debug)]
pub struct SuspendApprovals {
    /// Until when; none where somebody has to end it.
    pub until: Option<Timestamp>,
}

impl Input for SuspendApprovals {
    type Reply = ();

    fn take(&self, turn: &mut Turn<'_>) -> Result<(), StepError> {
        turn.person.calm.suspend(self.until);
        turn.tell(Fact::Suspended { until: self.until })?;
        turn.end_move()?;
        turn.withdraw_all()
    }
}

/// Ends a suspension, whoever began it.
#[derive(Clone, Copy, Debug)]
pub struct ResumeApprovals;

impl Input for ResumeApprovals {
    type Reply = ();

    fn take(&self, turn: &mut Turn<'_>) -> Result<(), StepError> {
        turn.person.calm.resume();
        Ok(())
    }
}

/// Names the person's account anew; devices get a new version of its document.
#[derive(Clone)]
pub struct Rename {
    /// The new label: 1 to 96 bytes, also with what JSON escapes in it.
    pub label: String,
}

impl std::fmt::Debug for Rename {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Rename([redacted])")
    }
}

impl Input for Rename {
    type Reply = Result<(), LabelError>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        if let Err(error) = check_label(&self.label) {
            return Ok(Err(error));
        }
        turn.person.label.clone_from(&self.label);
        Ok(Ok(()))
    }
}

/// Gives an active device the key of a one-time code, or takes it away. The device hears of it by a newer version of its account
/// document, for which it asks for its secrets again.
#[derive(Debug)]
pub struct GiveCode {
    /// The device.
    pub device: Thumbprint,
    /// The link with the key (`otpauth`); none takes it away.
    pub link: Option<OtpLink>,
}

impl Input for GiveCode {
    type Reply = Result<(), NotThere>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        let now = turn.now();
        let device = turn.person.device_mut(&self.device);
        let Some(device) = device.filter(|device| device.is_active()) else {
            return Ok(Err(NotThere));
        };
        let Some(enrolled) = device.enrolled.as_mut() else {
            return Ok(Err(NotThere));
        };
        // EXPOSE: to be compared with the one that the device has, and kept with it.
        let [given, known] = [
            self.link.as_ref(),
            enrolled.otp.as_ref().map(|kept| &kept.0),
        ]
        .map(|link| link.map(OtpLink::expose));
        if given == known {
            return Ok(Ok(()));
        }
        let link = given.and_then(|link| OtpLink::new(link.to_owned()));
        enrolled.otp = link.map(Kept);
        device.documents.renew(now);
        Ok(Ok(()))
    }
}
