//! `cs-state`: how a device stands, what is open for it and what has ended, as the person is after everything else was decided.

use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    CHECK_TRIES, Moving, OtpLink, STATEMENTS_MAX, Secrets, Standing, State,
};
use countersign_protocol::secret::OfflineKey;

use super::invite::link;
use super::{StepError, Turn};
use crate::person::{Asked, Device, Stage};

/// What a state answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Question {
    pub(super) device: Thumbprint,
    pub(super) request_hash: MessageHash,
    /// The version of the account document that the device has; none where it did not say.
    pub(super) have: Option<u64>,
    pub(super) open: Vec<Id>,
    pub(super) wants_secrets: bool,
}

impl Question {
    /// That of a message which asks for nothing but what became of it.
    pub(super) const fn after(device: Thumbprint, request_hash: MessageHash) -> Self {
        Self {
            device,
            request_hash,
            have: None,
            open: vec![],
            wants_secrets: false,
        }
    }
}

impl Turn<'_> {
    /// The state, signed with a key that the device knows. Nothing is changed after it.
    pub(super) fn state(&mut self, question: &Question) -> Result<Compact, StepError> {
        let mut closed = vec![];
        for id in &question.open {
            let is_its = self
                .person
                .statement(id)
                .is_some_and(|asked| asked.is_for(&question.device));
            if is_its {
                closed.extend(self.receipt_of_end(id, &question.device)?);
            }
        }
        let told = self.standing_hash(&question.device);
        let device = self.person.device_mut(&question.device);
        if let Some(enrolled) = device.and_then(|device| device.enrolled.as_mut()) {
            enrolled.told = told;
        }
        let sequence = self.sequence();
        let Some(device) = self.person.device(&question.device) else {
            return Err(StepError::Inconsistent);
        };
        let has_newer = question
            .have
            .is_some_and(|have| device.documents.has_newer(have));
        let account = match has_newer && !device.is_ended() {
            true => Some(self.newest_document(device)?),
            false => None,
        };
        let listed = self.listed_for(device, &question.open);
        let statements = listed.iter().filter_map(|asked| asked.message.as_ref());
        let statements = statements.map(|message| {
            Compact::from_stored(Kind::Statement, &message.0).map_err(|_| StepError::Inconsistent)
        });
        let state = State {
            audience: question.device,
            request_hash: question.request_hash,
            sequence,
            now: self.now(),
            standing: self.standing(device),
            statements: statements.collect::<Result<_, _>>()?,
            closed,
            account,
            secrets: (question.wants_secrets && self.gets_secrets(device))
                .then(|| secrets_of(device, self.desk.rules.policy.offline)),
            moving: self.moving_for(device),
            is_stale: false,
        };
        self.sign_state(device, &state)
    }

    /// A state that says the time and how the device stands, and nothing else: the request was made at another time.
    pub(super) fn stale_state(
        &self,
        device: &Device,
        request_hash: MessageHash,
    ) -> Result<Compact, StepError> {
        let state = State {
            audience: device.id,
            request_hash,
            sequence: self.version_of(&self.person.encode()),
            now: self.now(),
            standing: self.standing(device),
            statements: vec![],
            closed: vec![],
            account: None,
            secrets: None,
            moving: None,
            is_stale: true,
        };
        self.sign_state(device, &state)
    }

    fn sign_state(&self, device: &Device, state: &State) -> Result<Compact, StepError> {
        let key = self
            .desk
            .keys
            .for_reader(device.documents.known_keys(), self.now());
        Self::sign(key, Kind::State, &state.to_claims())
    }

    /// Whether the device has something to learn that it does not wait for.
    pub(super) fn has_news(&self, question: &Question) -> bool {
        let Some(device) = self.person.device(&question.device) else {
            return true;
        };
        let listed = self.listed_for(device, &question.open);
        let is_new = |asked: &&Asked| !question.open.contains(&asked.id);
        let told = device.enrolled.as_ref().and_then(|enrolled| enrolled.told);
        // One that is not kept any more has ended too.
        let has_ended = |id: &Id| {
            self.person
                .statement(id)
                .is_none_or(|asked| !asked.is_open())
        };
        device.is_ended()
            || listed.iter().any(is_new)
            || question.open.iter().any(has_ended)
            || question
                .have
                .is_some_and(|have| device.documents.has_newer(have))
            || (question.wants_secrets && self.gets_secrets(device))
            || told != self.standing_hash(&question.device)
    }

    /// What is listed for a device, oldest first: what rings, its own test, and what it scanned and asks after.
    fn listed_for(&self, device: &Device, open: &[Id]) -> Vec<&Asked> {
        let id = device.id;
        let test = match &device.stage {
            Stage::Confirmed { test, .. } => Some(*test),
            _ => None,
        };
        let is_its = |asked: &&Asked| {
            asked.is_open() && asked.is_for(&id) && (device.is_active() || test == Some(asked.id))
        };
        let its = || self.person.statements.iter().filter(is_its);
        let mut listed: Vec<&Asked> = its().filter(|asked| asked.is_listed).collect();
        let scanned = its().filter(|asked| !asked.is_listed && open.contains(&asked.id));
        // All of them: one that a device asks after and does not find has ended for it.
        listed.extend(scanned);
        listed.sort_by_key(|asked| asked.made_at);
        listed.truncate(STATEMENTS_MAX);
        listed
    }

    fn standing(&self, device: &Device) -> Standing {
        match &device.stage {
            Stage::Unconfirmed { .. } => Standing::Unconfirmed,
            Stage::Confirmed { .. } => Standing::Confirmed,
            Stage::Moved { to, .. } => Standing::Moved { to: to.clone() },
            Stage::Removed { why, .. } => Standing::Removed { why: *why },
            Stage::Active { .. } => match self.person.calm.suspended() {
                Some(suspended) => Standing::Suspended {
                    until: suspended.until,
                    why: suspended.why,
                },
                None => Standing::Active,
            },
        }
    }

    /// What the device is told of its standing and its move, as a hash.
    fn standing_hash(&self, id: &Thumbprint) -> Option<MessageHash> {
        let device = self.person.device(id)?;
        let until = match self.standing(device) {
            Standing::Suspended { until, .. } => until,
            _ => None,
        };
        let moving = match self.moving_for(device) {
            None => "none".to_owned(),
            Some(Moving::Invited {
                id, device, left, ..
            }) => format!("invited {id:?} {device:?} {left}"),
            Some(Moving::Testing { id, .. }) => format!("testing {id:?}"),
        };
        let told = format!("{} {until:?} {moving}", self.standing(device).word());
        Some(MessageHash::of(&told))
    }

    fn gets_secrets(&self, device: &Device) -> bool {
        matches!(self.standing(device), Standing::Active)
    }

    /// The move that the device began.
    fn moving_for(&self, device: &Device) -> Option<Moving> {
        let moving = self.person.moving.as_ref()?;
        if moving.from != device.id || !device.is_active() {
            return None;
        }
        let invitation = self.person.invitation(&moving.invitation)?;
        let secret = invitation.secret.as_ref()?;
        let newcomer = self.person.newcomer();
        let name = newcomer.map(|device| device.name.clone());
        let wrong = newcomer.map_or(0, |device| match device.stage {
            Stage::Unconfirmed { wrong, .. } => wrong,
            _ => 0,
        });
        let test = newcomer.and_then(|device| match &device.stage {
            Stage::Confirmed { test, .. } => self.person.statement(test),
            _ => None,
        });
        Some(match (test, name) {
            (Some(test), Some(device)) => Moving::Testing {
                id: moving.invitation,
                number: test.number.0.clone(),
                device,
                until: moving.until,
            },
            (_, device) => Moving::Invited {
                id: moving.invitation,
                invitation: link(self.desk.rules, &self.person.label, invitation, &secret.0),
                device,
                // With none left the move has ended.
                left: CHECK_TRIES.saturating_sub(wrong),
                until: moving.until,
            },
        })
    }
}

fn secrets_of(device: &Device, may_be_offline: bool) -> Secrets {
    let otp = device.enrolled.as_ref();
    let otp = otp.and_then(|enrolled| enrolled.otp.as_ref());
    // EXPOSE: they are brought to the device that they are for.
    let otp = otp.and_then(|link| OtpLink::new(link.0.expose().to_owned()));
    let offline_key = device.offline_key().filter(|_| may_be_offline);
    // EXPOSE: the same.
    let offline_key = offline_key.map(|key| OfflineKey::copy_of(key.expose()));
    Secrets { otp, offline_key }
}
