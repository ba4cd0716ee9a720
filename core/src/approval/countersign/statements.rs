//! Statements on the device: what is taken, what is refused, and what a person may do with each.

use countersign_protocol::envelope::{EnvelopeError, Received};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::message::{Expected, Standing, Statement};

use super::entry::Entry;
use super::flight::{Flight, Stage};
use super::{cause_of, named};
use crate::account::Name;
use crate::approval::exchange::Cause;
use crate::approval::model::{CannotApprove, Outcome, StatementId, Strength};
use crate::approval::view::StatementView;
use crate::time::UnixSeconds;

/// Most statements that are kept of an account, those that ended lately included.
const FLIGHTS_MAX: usize = 64;

/// What became of a statement that came.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Came {
    New(StatementId),
    /// It was here before.
    Known(StatementId),
    /// It had ended before it came.
    Over {
        ago_s: u64,
    },
    /// As many as are kept are open.
    NoRoom,
    Refused(Cause),
}

impl Entry {
    /// Takes a statement, however it came: the same checks, in the same order. A key that the device knew when it asked will do.
    pub(super) fn take_statement(
        &mut self,
        text: &str,
        was_scanned: bool,
        known_before: &[PublicKey],
        now: UnixSeconds,
    ) -> Came {
        let Some(enrolled) = self.enrolled() else {
            return Came::Refused(Cause::Account);
        };
        // These very bytes were checked when they came first. Their key may have been replaced since.
        let mut known = self.flights.iter();
        if let Some((id, _)) = known.find(|(_, flight)| flight.message.as_str() == text) {
            return Came::Known(*id);
        }
        let Ok(received) = Received::parse(Kind::Statement, text) else {
            return Came::Refused(Cause::Form);
        };
        let keys = enrolled.account.keys.iter().chain(known_before);
        let verified = match received.verify(keys.map(|key| (Role::Server, key))) {
            Ok(verified) => verified,
            Err(EnvelopeError::UnknownKey) => return Came::Refused(Cause::UnknownKey),
            Err(_) => return Came::Refused(Cause::Signature),
        };
        let expected = Expected {
            issuer: self.url.as_str(),
            device: &enrolled.keys.device.thumbprint(),
            account: &enrolled.account.account,
        };
        let statement = match Statement::read(&verified, &expected) {
            Ok(statement) => statement,
            Err(error) => return Came::Refused(cause_of(error)),
        };
        let id = Flight::id_of(self.id, &statement.id, &verified.compact().hash());
        let mut known = self.flights.values();
        // The same bytes were met above.
        if known.any(|flight| flight.statement.id == statement.id) {
            return Came::Refused(Cause::Reused);
        }
        let server_now = self.clock.server_time(now);
        if server_now >= statement.expires_at {
            let ago_s = server_now.unix_s() - statement.expires_at.unix_s();
            return Came::Over { ago_s };
        }
        let flight = Flight {
            message: verified.compact().clone(),
            signer: *verified.key(),
            statement,
            received_at: now,
            nth: self.flights.values().map(|one| one.nth).max().unwrap_or(0) + 1,
            was_scanned,
            is_quiet: false,
            is_over: false,
            was_shown_offline: false,
            tries_left: None,
            stage: Stage::Open,
            report: None,
            was_reported: false,
            next: vec![],
        };
        if !self.make_room() {
            return Came::NoRoom;
        }
        self.flights.insert(id, flight);
        Came::New(id)
    }

    /// Forgets the statement that ended longest ago when there are too many, one with a report on its way last. False when none
    /// has ended: an open one is never forgotten for a newer one. An honest server has at most twenty.
    fn make_room(&mut self) -> bool {
        while self.flights.len() >= FLIGHTS_MAX {
            let ended = self.flights.iter().filter(|(_, flight)| flight.is_ended());
            let oldest = ended
                .min_by_key(|(_, flight)| (flight.report.is_some(), flight.statement.expires_at));
            let Some(id) = oldest.map(|(id, _)| *id) else {
                return false;
            };
            self.flights.remove(&id);
        }
        true
    }

    /// Notes whose time is over by now, and forgets what is kept no longer. True when something changed.
    pub(super) fn sweep(&mut self, now: UnixSeconds) -> bool {
        let server_now = self.clock.server_time(now);
        let before = self.flights.len();
        self.flights
            .retain(|_, flight| !flight.is_forgotten(server_now));
        let mut changed = self.flights.len() != before;
        for flight in self.flights.values_mut() {
            if !flight.is_over && server_now >= flight.statement.expires_at {
                flight.is_over = true;
                changed = true;
            }
        }
        changed
    }

    /// Why a statement cannot be approved; none when it can.
    pub(super) fn cannot_approve(
        &self,
        flight: &Flight,
        now: UnixSeconds,
    ) -> Option<CannotApprove> {
        match flight.stage {
            Stage::Ended { .. } => return Some(CannotApprove::Ended),
            Stage::Answered { .. } => return Some(CannotApprove::Answered),
            Stage::Open => {}
        }
        if flight.is_past(self.clock.server_time(now)) {
            return Some(CannotApprove::Expired);
        }
        let Some(enrolled) = self.enrolled() else {
            return Some(CannotApprove::NotActive);
        };
        let is_working = match enrolled.standing {
            Standing::Active => true,
            Standing::Confirmed => flight.is_test(),
            Standing::Suspended { .. } => return Some(CannotApprove::Suspended),
            Standing::Unconfirmed | Standing::Moved { .. } | Standing::Removed { .. } => false,
        };
        if !is_working {
            return Some(CannotApprove::NotActive);
        }
        if flight.is_unknown() {
            return Some(CannotApprove::Unknown);
        }
        enrolled.is_key_gone.then_some(CannotApprove::KeyGone)
    }

    pub(super) fn statement_views(&self, now: UnixSeconds) -> Vec<StatementView> {
        let Some(enrolled) = self.enrolled() else {
            return vec![];
        };
        let server_now = self.clock.server_time(now);
        let server_now_s = server_now.unix_s();
        let mut views: Vec<StatementView> = self
            .flights
            .iter()
            // An account that has ended is not swept any more.
            .filter(|(_, flight)| !flight.is_forgotten(server_now))
            .map(|(id, flight)| {
                let expires_s = flight.statement.expires_at.unix_s();
                let left_s = i128::from(expires_s) - i128::from(server_now_s);
                StatementView {
                    id: *id,
                    reference: Name::new(&flight.statement.id.format()),
                    account: self.id,
                    issuer: named(&enrolled.account.issuer),
                    label: named(&enrolled.account.label),
                    received_at: flight.received_at,
                    nth: flight.nth,
                    expires_at: UnixSeconds(expires_s),
                    left_s: i64::try_from(left_s)
                        .unwrap_or(0)
                        .min(match flight.is_over {
                            true => 0,
                            false => i64::MAX,
                        }),
                    origin: named(&flight.statement.origin),
                    lines: flight.lines(),
                    matching: flight.matching(),
                    strength: Strength::Typed,
                    is_test: flight.is_test(),
                    cannot_approve: self.cannot_approve(flight, now),
                    tries_left: flight.tries_left,
                    is_quiet: flight.is_quiet,
                    // Nobody can answer it any more, also where the server has not said so yet.
                    outcome: flight.outcome().or_else(|| {
                        let is_over = flight.is_open() && flight.is_past(server_now);
                        is_over.then_some(Outcome::Expired)
                    }),
                    next: flight.next.clone(),
                }
            })
            .collect();
        views.sort_by_key(StatementView::order);
        views
    }
}
