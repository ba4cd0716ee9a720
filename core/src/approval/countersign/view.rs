//! What a shell shows of an account, when it is due, and what its organisation sees.

use countersign_protocol::message::{
    Moving, PresenceRule, RemovedWhy, Standing as Stands, SuspendedWhy,
};

use super::entry::{Entry, Progress};
use super::flight::Flight;
use super::named;
use super::request::Topic;
use crate::account::Name;
use crate::approval::contact::{Contact, Said};
use crate::approval::disclosure::{Disclosure, Rule, Sent};
use crate::approval::exchange::{Attention, Lane};
use crate::approval::model::{Removed, Standing, Strength};
use crate::approval::view::{MovingView, WorkView};
use crate::approval::work::Due;
use crate::secret::SecretText;
use crate::time::UnixSeconds;

/// How often a server is asked by itself when nobody waits, in seconds.
const IDLE_ASK_S: u64 = 15 * 60;
/// How soon it is asked again at the earliest, in seconds.
const ASK_AGAIN_S: u64 = 1;
/// How soon after a statement's end it is asked what became of it.
const AFTER_END_S: u64 = 2;
/// A clock that differs by so much makes wrong codes elsewhere, in seconds.
const CLOCK_MATTERS_S: u64 = 30;

impl Entry {
    pub(super) fn stands(&self) -> Standing {
        let enrolled = match &self.progress {
            Progress::Planned(_) => return Standing::Planned,
            Progress::Enrolling(_) => return Standing::Enrolling,
            Progress::Failed(failed) => return Standing::Failed { why: failed.why },
            Progress::Enrolled(enrolled) => enrolled,
        };
        match &enrolled.standing {
            Stands::Active if enrolled.is_key_gone => Standing::NeedsReactivation,
            Stands::Unconfirmed => Standing::Unconfirmed,
            Stands::Confirmed => Standing::Confirmed,
            Stands::Active => Standing::Active,
            Stands::Suspended { until, why } => Standing::Suspended {
                until: until.map(|until| UnixSeconds(until.unix_s())),
                by_administrator: *why == SuspendedWhy::Administrator,
            },
            Stands::Moved { to } => Standing::Moved { to: named(to) },
            Stands::Removed { why } => Standing::Removed { why: removed(*why) },
        }
    }

    fn names(&self) -> (Name, Name) {
        let host = || Name::new(self.url.host());
        let or_host = |(issuer, label): &(Name, Name)| match issuer.is_empty() {
            true => (host(), label.clone()),
            false => (issuer.clone(), label.clone()),
        };
        match &self.progress {
            Progress::Planned(plan) => or_host(&plan.names),
            Progress::Enrolling(enrolling) => or_host(&enrolling.names),
            Progress::Enrolled(enrolled) => (
                named(&enrolled.account.issuer),
                named(&enrolled.account.label),
            ),
            Progress::Failed(_) => (host(), Name::EMPTY),
        }
    }

    pub(super) fn work_view(&self, now: UnixSeconds) -> WorkView {
        let (issuer, label) = self.names();
        let enrolled = self.enrolled();
        let policy = enrolled.map(|enrolled| &enrolled.account.policy);
        let server_now = self.clock.server_time(now);
        let is_waiting = |flight: &&Flight| !flight.is_open() || !flight.is_past(server_now);
        let open = self.unended().filter(is_waiting).count();
        let ahead_s = self.clock.ahead_s.map(|ahead_s| -ahead_s);
        WorkView {
            id: self.id,
            issuer,
            label,
            host: Name::new(authority(self.url.as_str())),
            standing: self.stands(),
            trashed_at: None,
            full_with: match &self.progress {
                Progress::Failed(failed) => failed.others.clone(),
                _ => vec![],
            },
            check: self.check(),
            is_test_mode: self.is_test_mode(),
            has_software_keys: self.keys().is_some_and(super::keys::Keys::are_software),
            strength: Strength::Typed,
            open: u32::try_from(open).unwrap_or(u32::MAX),
            last_answer_at: None,
            unreachable_since: None,
            hint: None,
            clock_ahead_s: ahead_s.filter(|ahead_s| ahead_s.unsigned_abs() >= CLOCK_MATTERS_S),
            may_not_ring: !self.delivery.is_told,
            muted_until: None,
            can_offline: self.can_offline(),
            may_move: policy.is_some_and(|policy| policy.may_move),
            may_export: policy.is_none_or(|policy| policy.export),
            replaces: self.replaces.map(|replaced| replaced.record),
            moving: self.moving_view(now),
            is_leaving: enrolled.is_some_and(|enrolled| enrolled.is_leaving),
        }
    }

    fn moving_view(&self, now: UnixSeconds) -> Option<MovingView> {
        let enrolled = self.enrolled()?;
        let server_now = self.clock.server_time(now);
        let secret = |text: &str| SecretText::new(text.to_owned());
        match &enrolled.moving {
            None => enrolled.step.as_ref().map(|_| MovingView::Asked),
            Some(Moving::Invited { until, .. } | Moving::Testing { until, .. })
                if server_now >= *until =>
            {
                None
            }
            Some(Moving::Invited {
                id: _,
                invitation,
                device,
                left,
                until,
            }) => Some(MovingView::Invited {
                tries_left: *left,
                invitation: secret(invitation),
                device: device.as_deref().map(Name::new),
                until: UnixSeconds(until.unix_s()),
            }),
            Some(Moving::Testing {
                id: _,
                number,
                device,
                until,
            }) => Some(MovingView::Testing {
                number: secret(number.as_str()),
                device: named(device),
                until: UnixSeconds(until.unix_s()),
            }),
        }
    }

    /// When each lane has something to do.
    pub(super) fn due_at(&self, attention: Attention, contact: &Contact, now: UnixSeconds) -> Due {
        let after = |lane, at: UnixSeconds| {
            contact
                .retry_at(lane, now)
                .map_or(at, |retry| at.max(retry))
        };
        let say = self.saying(contact, now).map(|saying| {
            let again_at = contact.said_again_at(saying.said(), now);
            after(Lane::Say, now.max(again_at))
        });
        let fetch = Said {
            topic: Topic::Fetch.number(),
            statement: None,
        };
        let again_at = contact.said_again_at(fetch, now);
        let ask = self
            .ask_at(attention, contact, now)
            .map(|at| after(Lane::Ask, at.max(again_at)));
        Due {
            needs_keys: matches!(self.progress, Progress::Planned(_)),
            say,
            ask,
        }
    }

    fn ask_at(
        &self,
        attention: Attention,
        contact: &Contact,
        now: UnixSeconds,
    ) -> Option<UnixSeconds> {
        let enrolled = self.enrolled()?;
        if enrolled.standing.is_end() {
            return None;
        }
        let is_unfinished = matches!(enrolled.standing, Stands::Unconfirmed | Stands::Confirmed);
        let is_urgent = attention != Attention::Idle
            || is_unfinished
            || self.has_bell
            || enrolled.moving.is_some()
            || enrolled.wants_secrets;
        let asked_at = contact.asked_at.unwrap_or_default();
        if is_urgent {
            // A server that answers at once although it may wait is not asked as fast as it answers.
            let again = asked_at.plus(ASK_AGAIN_S);
            return Some(if asked_at > now { now } else { now.max(again) });
        }
        // A clock that was set back does not put off what is due.
        let usual = match asked_at > now {
            true => now,
            false => asked_at.plus(IDLE_ASK_S).max(now),
        };
        let server_now = self.clock.server_time(now).unix_s();
        let ends = self.unended().map(|flight| {
            let end = flight.statement.expires_at.unix_s();
            now.plus(end.saturating_sub(server_now).saturating_add(AFTER_END_S))
        });
        let soonest = ends.min().unwrap_or(usual);
        Some(soonest.min(usual))
    }

    pub(super) fn disclosed(&self) -> Disclosure {
        let mut sent = vec![];
        let mut rules = vec![];
        if let Some(keys) = self.keys() {
            sent.extend([
                Sent::PublicKeys,
                Sent::KeyProtection,
                Sent::DeviceName,
                Sent::Platform,
                Sent::App,
                Sent::Capabilities,
                Sent::Clock,
                Sent::NetworkAddress,
            ]);
            if keys.device.protection == crate::device::Protection::Hardware {
                sent.push(Sent::Attestation);
            }
        }
        if let Some(enrolled) = self.enrolled() {
            sent.extend([Sent::Answers, Sent::OpenRequests]);
            let policy = &enrolled.account.policy;
            let pick = |is_so: bool, yes: Rule, no: Rule| if is_so { yes } else { no };
            rules = vec![
                match policy.presence {
                    PresenceRule::Required => Rule::PresenceRequired,
                    PresenceRule::Preferred => Rule::PresencePreferred,
                },
                Rule::NumberDigits(policy.digits),
                Rule::LifetimeSeconds(policy.lifetime_s),
                pick(policy.offline, Rule::OfflineAllowed, Rule::NoOffline),
                pick(policy.may_move, Rule::MoveAllowed, Rule::NoMove),
                pick(policy.export, Rule::ExportAllowed, Rule::NoExport),
            ];
        }
        if self.delivery.sequence > 0 {
            sent.push(Sent::PushAddress);
        }
        sent.sort_unstable();
        Disclosure { sent, rules }
    }
}

/// Host, and port where there is one, of a base URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

const fn removed(why: RemovedWhy) -> Removed {
    match why {
        RemovedWhy::WrongCheck => Removed::WrongCheck,
        RemovedWhy::WrongReveal => Removed::WrongReveal,
        RemovedWhy::TimedOut => Removed::TimedOut,
        RemovedWhy::Left => Removed::Left,
        RemovedWhy::Replaced => Removed::Replaced,
        RemovedWhy::TooMany => Removed::TooMany,
        RemovedWhy::MoveEnded => Removed::MoveEnded,
        RemovedWhy::Administrator => Removed::Administrator,
    }
}
