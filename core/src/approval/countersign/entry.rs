//! A work account as the device keeps it.

use std::collections::BTreeMap;

use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::message::{Account, InvitationChoice, Moving, Ring, Secrets, Standing};
use countersign_protocol::secret::{DeviceNonce, InvitationSecret};
use countersign_protocol::time::Timestamp;
use zeroize::Zeroizing;

use super::flight::Flight;
use super::keys::{Keys, Place};
use crate::account::Name;
use crate::approval::StatementId;
use crate::approval::model::EnrolmentFailure;
use crate::device::KeyAlias;
use crate::time::UnixSeconds;
use crate::uri::{ServerUrl, TestMode};
use crate::vault::RecordId;

/// A work account.
pub(in crate::approval) struct Entry {
    pub(super) id: RecordId,
    pub(super) url: ServerUrl,
    /// How this device describes itself.
    pub(super) device: DeviceWords,
    pub(super) progress: Progress,
    /// Which invitation it came of, until it is active: scanned again, it goes on.
    pub(super) invitation: Option<InvitationTag>,
    /// The earlier device of the account whose place this one takes.
    pub(super) replaces: Option<Replaced>,
    /// What a bell has to bring.
    pub(super) bell: Id,
    pub(super) delivery: Delivery,
    pub(super) clock: Clock,
    pub(super) flights: BTreeMap<StatementId, Flight>,
    /// Whether a bell rang that was not followed yet.
    pub(super) has_bell: bool,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("progress", &self.progress)
            .field("flights", &self.flights)
            .finish_non_exhaustive()
    }
}

/// What an enrolment says of the device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct DeviceWords {
    pub(super) name: Name,
    pub(super) platform: Name,
    pub(super) app: Name,
}

/// Tells one invitation from another: a hash of what it is and of its secret.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct InvitationTag(pub(super) [u8; 32]);

/// How far a work account has come.
#[derive(Debug)]
pub(super) enum Progress {
    /// Where its keys will lie is stored; whether they are there is not known.
    Planned(Plan),
    /// The enrolment is signed and stored, and is sent until it is answered.
    Enrolling(Enrolling),
    /// The first account document is stored; the enrolment is never sent again.
    Enrolled(Box<Enrolled>),
    /// It came to nothing.
    Failed(Failed),
}

/// An enrolment that came to nothing.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) why: EnrolmentFailure,
    /// The platform's keys that were made for it, still to be deleted.
    pub(super) aliases: Vec<KeyAlias>,
    /// The devices that leave no room for this one, as the server called them.
    pub(super) others: Vec<Name>,
}

/// What an enrolment will be made of.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) choice: InvitationChoiceDebug,
    pub(super) secret: InvitationSecret,
    /// The server's key, where the invitation named it.
    pub(super) pinned: Option<Thumbprint>,
    pub(super) nonce: DeviceNonce,
    pub(super) device_key: PlannedKey,
    pub(super) approval_key: PlannedKey,
    /// Names of keys that earlier tries may have made, still to be deleted.
    pub(super) leftover: Vec<KeyAlias>,
    /// What the invitation calls issuer and account: shown until the server says.
    pub(super) names: (Name, Name),
}

impl Plan {
    /// Names of the platform's keys that this try makes.
    pub(super) fn aliases(&self) -> Vec<KeyAlias> {
        let planned = [&self.device_key, &self.approval_key].into_iter();
        planned
            .filter_map(|key| match key {
                PlannedKey::Platform(alias) => Some(alias.clone()),
                PlannedKey::Software => None,
            })
            .collect()
    }

    /// Gives the keys of this try names that no other try has, of this process or of another: what one deletes is its own.
    pub(super) fn claim(&mut self, fresh: [KeyAlias; 2]) {
        self.leftover.extend(self.aliases());
        let many = self.leftover.len().saturating_sub(LEFTOVER_MAX);
        self.leftover.drain(..many);
        let [device, approval] = fresh;
        for (key, alias) in [
            (&mut self.device_key, device),
            (&mut self.approval_key, approval),
        ] {
            if let PlannedKey::Platform(name) = key {
                *name = alias;
            }
        }
    }
}

/// Most names of earlier tries: each try deletes what lies under them.
const LEFTOVER_MAX: usize = 16;

/// Where a key will lie.
#[derive(Debug)]
pub(super) enum PlannedKey {
    Platform(KeyAlias),
    Software,
}

/// A choice of an invitation, shown to no log.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct InvitationChoiceDebug(pub(super) InvitationChoice);

impl std::fmt::Debug for InvitationChoiceDebug {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// An enrolment on its way.
#[derive(Debug)]
pub(super) struct Enrolling {
    pub(super) keys: Keys,
    pub(super) nonce: DeviceNonce,
    /// None after a typed code: then the check number decides.
    pub(super) pinned: Option<Thumbprint>,
    pub(super) message: Compact,
    pub(super) names: (Name, Name),
}

/// A device that its server has taken.
#[derive(Debug)]
pub(super) struct Enrolled {
    pub(super) keys: Keys,
    pub(super) enrol_hash: MessageHash,
    pub(super) first_hash: MessageHash,
    /// Whether its server was not pinned, so that nothing but the number which is typed there ties the two together.
    pub(super) must_type: bool,
    /// Until the device is active.
    pub(super) nonce: Option<DeviceNonce>,
    /// The newest account document, and the key that signed it.
    pub(super) document: Compact,
    pub(super) signer: PublicKey,
    pub(super) account: Account,
    pub(super) standing: Standing,
    /// The version of the last state that was applied.
    pub(super) sequence: u64,
    /// How many states were applied.
    pub(super) applied: u64,
    pub(super) secrets: Secrets,
    /// Whether secrets are to be asked for, with the vault open.
    pub(super) wants_secrets: bool,
    pub(super) moving: Option<Moving>,
    /// The step of a move that is to be sent.
    pub(super) step: Option<Step>,
    pub(super) is_leaving: bool,
    /// Whether the approval key is gone for good.
    pub(super) is_key_gone: bool,
}

impl Enrolled {
    /// Secrets and what was begun die with the device.
    pub(super) fn clear(&mut self) {
        self.secrets = Secrets::default();
        self.wants_secrets = false;
        self.moving = None;
        self.step = None;
    }
}

/// A step of a move.
#[derive(Clone, Eq, PartialEq)]
pub(super) enum Step {
    Start,
    /// Of a move, with the six digits that were typed.
    Confirm(Id, Zeroizing<String>),
    /// Of a move.
    Abort(Id),
}

impl std::fmt::Debug for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Start => "Start",
            Self::Confirm(..) => "Confirm([redacted])",
            Self::Abort(_) => "Abort",
        })
    }
}

impl Step {
    /// The move that it is a step of, by its invitation; none where it begins one.
    pub(super) const fn concerns(&self) -> Option<Id> {
        match self {
            Self::Start => None,
            Self::Abort(id) | Self::Confirm(id, _) => Some(*id),
        }
    }

    /// Tells one step from another: the check number after 2, counted from what the move is known by.
    pub(super) fn number(&self) -> u64 {
        let of_its_move = self.concerns().map_or(0, |id| {
            let (first, _) = id.bytes().split_first_chunk().expect("an id has 16 bytes");
            u64::from_be_bytes(*first)
        });
        let step = match self {
            Self::Start => 0,
            Self::Abort(_) => 1,
            Self::Confirm(_, check) => check
                .parse()
                .map_or(2, |check: u64| check.saturating_add(3)),
        };
        of_its_move.wrapping_add(step)
    }
}

/// An earlier device of the same account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Replaced {
    pub(super) record: RecordId,
    pub(super) device: Thumbprint,
    pub(super) account: Id,
}

/// Where the server is to ring this device.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) ring: Ring,
    /// Counts the changes.
    pub(super) sequence: u64,
    /// Whether the server has said that it knows the last.
    pub(super) is_told: bool,
}

/// What is known of the server's clock. It serves this account alone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Clock {
    /// What the server's clock is ahead of this device's, in seconds; none before it was learnt.
    pub(super) ahead_s: Option<i64>,
    /// The latest time that the server has said: no clock of this device goes back behind it.
    pub(super) latest_s: u64,
}

impl Clock {
    /// The server's time, as far as it is known.
    pub(super) fn server_time(self, now: UnixSeconds) -> Timestamp {
        let ahead_s = self.ahead_s.unwrap_or(0);
        let time_s = now.0.saturating_add_signed(ahead_s).max(self.latest_s);
        Timestamp::new(time_s).unwrap_or(Timestamp::MAX)
    }

    /// This device's clock, in the server's time, for a request that the server will judge: not held up by what it said.
    pub(super) fn request_time(self, now: UnixSeconds) -> Timestamp {
        let time_s = now.0.saturating_add_signed(self.ahead_s.unwrap_or(0));
        Timestamp::new(time_s).unwrap_or(Timestamp::MAX)
    }

    /// Learns from a reply to a fetch that took from `sent_at` to `now`, of which the server may have waited `wait_s`.
    pub(super) fn learn(
        &mut self,
        server: Timestamp,
        sent_at: UnixSeconds,
        now: UnixSeconds,
        wait_s: u32,
    ) {
        self.latest_s = self.latest_s.max(server.unix_s());
        // Whoever holds a reply back would set the clock by as much.
        let is_timely = now >= sent_at && now.since(sent_at) <= u64::from(wait_s) + SLOW_S;
        if !is_timely {
            return;
        }
        let (Ok(server_s), Ok(now_s)) = (i64::try_from(server.unix_s()), i64::try_from(now.0))
        else {
            return;
        };
        self.ahead_s = Some(server_s - now_s);
        // What the server says now is the time: an earlier, later word was of a server that has been put right.
        self.latest_s = server.unix_s();
    }

    /// Whether it differs from what was known by more than what a network makes.
    pub(super) fn is_news_to(self, before: Self) -> bool {
        match (self.ahead_s, before.ahead_s) {
            (Some(now), Some(before)) => now.abs_diff(before) > JITTER_S,
            (now, before) => now != before,
        }
    }
}

/// A fetch that took longer than it was to wait by so much teaches nothing, in seconds.
const SLOW_S: u64 = 10;
/// Differences of so many seconds are the network's.
const JITTER_S: u64 = 2;

impl Entry {
    /// Whether its server is taken in test mode alone: on this machine, without TLS. That stays so for ever.
    pub(super) fn is_test_mode(&self) -> bool {
        ServerUrl::parse(self.url.as_str(), TestMode::Off).is_err()
    }

    pub(super) fn enrolled(&self) -> Option<&Enrolled> {
        match &self.progress {
            Progress::Enrolled(enrolled) => Some(enrolled),
            _ => None,
        }
    }

    pub(super) fn enrolled_mut(&mut self) -> Option<&mut Enrolled> {
        match &mut self.progress {
            Progress::Enrolled(enrolled) => Some(enrolled),
            _ => None,
        }
    }

    pub(super) fn keys(&self) -> Option<&Keys> {
        match &self.progress {
            Progress::Enrolling(enrolling) => Some(&enrolling.keys),
            Progress::Enrolled(enrolled) => Some(&enrolled.keys),
            Progress::Planned(_) | Progress::Failed(_) => None,
        }
    }

    /// Names of the platform's keys that this account has or is about to have.
    pub(super) fn aliases(&self) -> Vec<KeyAlias> {
        if let Progress::Planned(plan) = &self.progress {
            let leftover = plan.leftover.iter().cloned();
            return plan.aliases().into_iter().chain(leftover).collect();
        }
        if let Progress::Failed(failed) = &self.progress {
            return failed.aliases.clone();
        }
        let keys = self.keys().into_iter();
        keys.flat_map(|keys| [&keys.device, &keys.approval])
            .filter_map(|key| match &key.place {
                Place::Platform(alias) => Some(alias.clone()),
                Place::Software(_) => None,
            })
            .collect()
    }
}
