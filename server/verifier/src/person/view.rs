//! What pages show of a person.

use countersign_protocol::digits::{CheckNumber, Digits};
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::message::{Confirm, Outcome, Protection, RemovedWhy, SuspendedWhy, Via};
use countersign_protocol::time::Timestamp;

use super::{Person, Stage};

/// A device as a page shows it.
///
/// # Privacy
///
/// `Debug` shows no name.
#[derive(Clone, Eq, PartialEq)]
pub struct DeviceView {
    /// The thumbprint of its device key: its name in every call.
    pub id: Thumbprint,
    /// What the person calls it.
    pub name: String,
    /// How far it is.
    pub stage: StageView,
    /// What else is known of it; none once it has ended.
    pub about: Option<AboutDevice>,
}

/// What an enrolment said of a device, as a page shows it.
#[derive(Clone, Eq, PartialEq)]
pub struct AboutDevice {
    /// Its platform.
    pub platform: String,
    /// The app and its version.
    pub app: String,
    /// Where its approval key lies.
    pub protection: Protection,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
}

/// How far a device is.
#[derive(Clone, Eq, PartialEq)]
pub enum StageView {
    /// Its check number has still to be confirmed.
    Unconfirmed {
        /// How.
        confirm: Confirm,
        /// The number, where the person compares it and the device has shown its own.
        number: Option<CheckNumber>,
        /// The device whose place it will take.
        replaces: Option<Thumbprint>,
        /// When it ends unless it is active by then.
        deadline: Timestamp,
    },
    /// It has still to approve its test, with this number.
    Confirmed {
        /// The number to be typed on the device.
        number: Option<Digits>,
        /// The test statement.
        test: Id,
        /// When it ends unless it is active by then.
        deadline: Timestamp,
    },
    /// It works.
    Active {
        /// Since when.
        since: Timestamp,
    },
    /// Another device took its place.
    Moved {
        /// What that one is called.
        to: String,
        /// When.
        at: Timestamp,
    },
    /// It is a device no longer.
    Removed {
        /// Why.
        why: RemovedWhy,
        /// When.
        at: Timestamp,
    },
}

/// A statement as a page shows it.
///
/// # Privacy
///
/// `Debug` shows no name.
#[derive(Clone, Eq, PartialEq)]
pub struct StatementView {
    /// Its `jti`.
    pub id: Id,
    /// The number that the sign-in screen shows.
    pub number: Digits,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Whether devices get it by fetching.
    pub is_listed: bool,
    /// How it ended; none while it is open.
    pub outcome: Option<Outcome>,
    /// How the answer came.
    pub via: Option<Via>,
    /// Whether it was reported.
    pub is_reported: bool,
    /// The name of the device that decided.
    pub by: Option<String>,
}

/// An invitation as a page shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvitationView {
    /// Its id.
    pub id: Id,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it has a typed code now. One that was asked for and is gone was tried wrongly too often.
    pub has_code: bool,
    /// The device that took it.
    pub taken_by: Option<Thumbprint>,
}

/// A move that has begun, as a page shows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MoveView {
    /// The device that began it.
    pub from: Thumbprint,
    /// The new one, once it has enrolled.
    pub to: Option<Thumbprint>,
    /// When it ends unless the new one is active by then.
    pub until: Timestamp,
}

/// That nothing can be approved for now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SuspensionView {
    /// Until when; none where somebody has to end it.
    pub until: Option<Timestamp>,
    /// Why.
    pub why: SuspendedWhy,
}

impl std::fmt::Debug for DeviceView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DeviceView")
            .field("id", &self.id)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for AboutDevice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AboutDevice")
            .field("protection", &self.protection)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for StageView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Confirmed { .. } => "confirmed",
            Self::Active { .. } => "active",
            Self::Moved { .. } => "moved",
            Self::Removed { .. } => "removed",
        })
    }
}

impl std::fmt::Debug for StatementView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StatementView")
            .field("id", &self.id)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

impl Person {
    /// The devices, tombstones included, in the order in which they were enrolled.
    #[must_use]
    pub fn devices(&self) -> Vec<DeviceView> {
        let view = |device: &super::Device| DeviceView {
            id: device.id,
            name: device.name.clone(),
            stage: self.stage_view(device),
            about: device.enrolled.as_ref().map(|enrolled| AboutDevice {
                platform: enrolled.platform.clone(),
                app: enrolled.app.clone(),
                protection: enrolled.approval_protection,
                enrolled_at: enrolled.at,
            }),
        };
        self.devices.iter().map(view).collect()
    }

    fn stage_view(&self, device: &super::Device) -> StageView {
        // One that has ended waits for no confirmation.
        let confirm = device.enrolled.as_ref();
        let confirm = confirm.map_or(Confirm::Type, |enrolled| enrolled.confirm);
        match &device.stage {
            Stage::Unconfirmed {
                deadline,
                number,
                replaces,
                ..
            } => StageView::Unconfirmed {
                confirm,
                // Whoever has to type it is not shown it.
                number: number
                    .as_ref()
                    .filter(|_| confirm == Confirm::Compare)
                    .map(|number| number.0.clone()),
                replaces: *replaces,
                deadline: *deadline,
            },
            Stage::Confirmed { deadline, test, .. } => StageView::Confirmed {
                number: self.statement(test).map(|asked| asked.number.0.clone()),
                test: *test,
                deadline: *deadline,
            },
            Stage::Active { since } => StageView::Active { since: *since },
            Stage::Moved { to, at } => StageView::Moved {
                to: to.clone(),
                at: *at,
            },
            Stage::Removed { why, at } => StageView::Removed { why: *why, at: *at },
        }
    }

    /// A statement, as long as it is kept.
    #[must_use]
    pub fn statement_view(&self, id: &Id) -> Option<StatementView> {
        let asked = self.statement(id)?;
        let end = asked.end.as_ref();
        Some(StatementView {
            id: asked.id,
            number: asked.number.0.clone(),
            expires_at: asked.expires_at,
            is_listed: asked.is_listed,
            outcome: end.map(|end| end.outcome),
            via: end.and_then(|end| end.via),
            is_reported: end.is_some_and(|end| end.is_reported),
            by: end
                .and_then(|end| end.by.as_ref())
                .map(|by| by.name.clone()),
        })
    }

    /// An invitation, as long as it is remembered.
    #[must_use]
    pub fn invitation_view(&self, id: &Id) -> Option<InvitationView> {
        let invitation = self.invitation(id)?;
        Some(InvitationView {
            id: invitation.id,
            expires_at: invitation.expires_at,
            has_code: invitation.code.is_some(),
            taken_by: invitation.taken.as_ref().map(|taken| taken.device),
        })
    }

    /// The move that has begun.
    #[must_use]
    pub fn move_view(&self) -> Option<MoveView> {
        let moving = self.moving.as_ref()?;
        Some(MoveView {
            from: moving.from,
            to: self.newcomer().map(|device| device.id),
            until: moving.until,
        })
    }

    /// Whether and until when nothing can be approved.
    #[must_use]
    pub fn suspension(&self) -> Option<SuspensionView> {
        let suspended = self.calm.suspended()?;
        Some(SuspensionView {
            until: suspended.until,
            why: suspended.why,
        })
    }
}
