//! Work accounts in the vault beside a server: what it says, in whatever order, and what is said to it.

use std::cell::RefCell;

use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Outcome as Said, Secrets, Standing as Stands, State};
use countersign_protocol::problem::Problem;

use super::*;
use crate::approval::history::{Item, ItemKind, Kind as NoteKind, Scope};
use crate::approval::peer::{Peer, ok, refused};
use crate::approval::platform::Platform;
use crate::approval::{
    Address, ApprovalError, Attention, Cause, Decision, Errand, Event, KeyPlace, Lane, NewWork,
    NextAction, Outgoing, Reply, Standing, StatementId,
};
use crate::device::{DeviceKeys, KeyAlias, KeyError, KeyRequest, MadeKey};
use crate::uri::TestMode;

pub(super) const NEW: NewWork<'_> = NewWork {
    device_name: "Fairphone",
    platform: "android",
    app: "countersign",
    keys: KeyPlace::Platform,
    replaces: None,
};

/// An open vault with one active account, and its server.
pub(super) struct Desk {
    _place: Place,
    pub(super) companion: Companion,
    pub(super) peer: Peer,
    pub(super) keys: Platform,
    pub(super) id: RecordId,
}

impl Desk {
    pub(super) fn new() -> Self {
        let (place, mut companion) = Place::new();
        let (peer, keys) = (Peer::new(), Platform::default());
        let id = companion.add_work(&peer.invitation(), &NEW, NOW).unwrap();
        companion.make_keys(id, &keys, NOW).unwrap();
        let mut desk = Self {
            _place: place,
            companion,
            peer,
            keys,
            id,
        };
        let enrol = desk.prepared(Lane::Say);
        let account = desk.peer.take_enrol(&enrol.body);
        desk.takes(&enrol.errand, &ok(account.as_str()));
        desk.fetches(|_| {});
        desk
    }

    fn prepared(&mut self, lane: Lane) -> Outgoing {
        let prepared = self
            .companion
            .prepare(self.id, lane, Attention::Idle, &self.keys, NOW);
        prepared.unwrap()
    }

    fn takes(&mut self, errand: &Errand, reply: &Reply) -> Vec<Event> {
        self.companion.take_reply(errand, reply, NOW).unwrap()
    }

    fn state(&self, outgoing: &Outgoing, bend: impl FnOnce(&mut State)) -> Reply {
        let mut state = self.peer.state(&outgoing.body, Stands::Active, NOW);
        bend(&mut state);
        ok(self.peer.says(Kind::State, &state.to_claims()).as_str())
    }

    fn fetches(&mut self, bend: impl FnOnce(&mut State)) -> Vec<Event> {
        let fetch = self.prepared(Lane::Ask);
        let state = self.state(&fetch, bend);
        self.takes(&fetch.errand, &state)
    }

    pub(super) fn asked(&mut self, number: u8) -> StatementId {
        let statement = self.peer.statement(number, NOW);
        let statement = self.peer.signed_statement(&statement);
        let events = self.fetches(|state| state.statements.push(statement));
        let arrived = events.iter().find_map(|event| match event {
            Event::Rings { statement, .. } | Event::Queued { statement, .. } => Some(*statement),
            _ => None,
        });
        arrived.unwrap()
    }

    fn decides(&mut self, id: StatementId, decision: &Decision) {
        let decided = self.companion.decide(id, decision, &self.keys, NOW);
        decided.unwrap();
    }

    fn next(&self, now: UnixSeconds) -> NextAction {
        self.companion.next_action(Attention::Idle, now)
    }

    fn noted(&self) -> Vec<(NoteKind, Option<String>)> {
        let items = self.companion.history(None, 100).unwrap().into_iter();
        let noted = |item: Item| match item.kind {
            ItemKind::Entry { kind, cause, .. } => {
                Some((kind, cause.map(|cause| cause.as_str().to_owned())))
            }
            _ => None,
        };
        items.filter_map(noted).collect()
    }
}

#[test]
fn an_older_state_after_a_newer_is_refused_also_when_the_newer_changed_nothing() {
    let mut desk = Desk::new();
    let to = "https://push.example/1".to_owned();
    let address = Address::Gateway { to };
    desk.companion.ring_at(Some(&address), NOW).unwrap();
    desk.fetches(|_| {});
    // What the server has taken note of is stored; what follows says nothing that is not known.
    let delivery = desk.prepared(Lane::Say);
    let told = desk.state(&delivery, |_| {});
    desk.takes(&delivery.errand, &told);
    let slow = desk.prepared(Lane::Ask);
    let generation = desk.companion.status().unwrap().generation;
    let again = desk.prepared(Lane::Ask);
    let newer = desk.state(&again, |state| state.sequence = 10);
    assert_eq!(desk.takes(&again.errand, &newer), []);
    assert_eq!(desk.companion.status().unwrap().generation, generation);
    // It was overtaken on the network, and would suspend an account that is not suspended any more.
    let older = desk.state(&slow, |state| {
        state.sequence = 9;
        state.standing = Stands::Moved {
            to: "Pixel".to_owned(),
        };
    });
    let events = desk.takes(&slow.errand, &older);
    let refused = Event::Refused {
        account: desk.id,
        cause: Cause::Older,
    };
    assert_eq!(events, [refused]);
    let account = desk.companion.work_account(desk.id, NOW).unwrap();
    assert_eq!(account.standing, Standing::Active);
}

#[test]
fn what_the_server_refuses_holds_up_nothing_else() {
    let mut desk = Desk::new();
    let first = desk.asked(1);
    desk.decides(first, &Decision::Report);
    let report = desk.prepared(Lane::Say);
    let unknown = refused(&Problem::UnknownStatement);
    desk.takes(&report.errand, &unknown);
    // By itself it waits.
    let NextAction::WaitUntil { at } = desk.next(NOW) else {
        panic!("{:?}", desk.next(NOW));
    };
    assert_eq!(at, NOW.plus(16));
    // An answer that somebody waits for goes before it, and at once.
    let second = desk.asked(2);
    desk.decides(second, &Decision::Deny);
    let answer = desk.prepared(Lane::Say);
    assert_ne!(answer.body, report.body);
    desk.takes(&answer.errand, &unknown);
    // So does the wish to leave.
    desk.companion.leave(desk.id, NOW).unwrap();
    let send = NextAction::Send {
        account: desk.id,
        lane: Lane::Say,
    };
    assert_eq!(desk.next(NOW), send);
    let leave = desk.prepared(Lane::Say);
    assert!(leave.url.ends_with("/v1/leave"), "{}", leave.url);
    desk.takes(&leave.errand, &refused(&Problem::Malformed));
    // All three were refused: the oldest has its turn again.
    desk.companion.try_at_once();
    assert_eq!(desk.prepared(Lane::Say).body, report.body);
}

#[test]
fn a_scanned_statement_that_is_not_genuine_is_in_the_history_once() {
    let mut desk = Desk::new();
    let mut statement = desk.peer.statement(1, NOW);
    statement.issuer = "https://evil.example".to_owned();
    let statement = desk.peer.signed_statement(&statement);
    let link = format!("countersign://approve?s={}", statement.as_str());
    for _ in 0..3 {
        let scanned = desk.companion.scan_statement(&link, TestMode::Off, NOW);
        assert_eq!(scanned, Err(ApprovalError::NotGenuine));
    }
    let refused = (NoteKind::Refused, Some("issuer".to_owned()));
    let noted = desk.noted().into_iter();
    assert_eq!(noted.filter(|note| *note == refused).count(), 1);
    assert!(desk.companion.verify_history().unwrap().is_ok());
}

#[test]
fn an_account_that_was_asked_to_leave_has_left_and_was_not_removed() {
    let mut desk = Desk::new();
    desk.companion.leave(desk.id, NOW).unwrap();
    let leave = desk.prepared(Lane::Say);
    let left = desk.state(&leave, |state| {
        state.standing = Stands::Removed {
            why: countersign_protocol::message::RemovedWhy::Left,
        };
    });
    desk.takes(&leave.errand, &left);
    let noted = desk.noted();
    assert_eq!(noted[0], (NoteKind::Left, None));
    assert!(noted.iter().all(|(kind, _)| *kind != NoteKind::Removed));
    // What it was called, and what its server said, outlive it.
    desk.companion
        .remove_keys(desk.id, &desk.keys, NOW)
        .unwrap();
    assert!(desk.companion.work_accounts(NOW).is_empty());
    let names = desk.companion.history_names().unwrap();
    let (issuer, label) = &names[&desk.id];
    assert_eq!((issuer.as_str(), label.as_str()), ("ACME", "ann@acme.test"));
    let holds = desk.companion.verify_history().unwrap().unwrap();
    assert_eq!(holds.unproven, 0);
}

#[test]
fn r9_the_history_says_what_was_reported_and_that_it_is_quiet_since() {
    let mut desk = Desk::new();
    let id = desk.asked(1);
    desk.decides(id, &Decision::Report);
    assert_eq!(desk.noted()[0], (NoteKind::Muted, None));
    let report = desk.prepared(Lane::Say);
    let receipt = desk.peer.receipt(&report.body, Said::Reported, NOW);
    let receipt = desk.peer.says(Kind::Receipt, &receipt.to_claims());
    desk.takes(&report.errand, &ok(receipt.as_str()));
    let newest = desk.companion.history(None, 1).unwrap().remove(0);
    let ItemKind::Entry { about, .. } = newest.kind else {
        panic!("an entry");
    };
    let said = [&about.act, &about.app, &about.origin, &about.user];
    let said = said.map(|name| name.as_str().to_owned());
    assert_eq!(said, ["sign-in", "Mail", "mail.example.org", "ann"]);
    assert_eq!(about.account(), None);
}

/// The exported lines of this kind.
fn exported(desk: &Desk, kind: &str) -> Vec<String> {
    let mut lines = vec![];
    let take = |line: &str| {
        lines.push(line.to_owned());
        true
    };
    let exported = desk
        .companion
        .export_history(Scope::All, &desk.keys, NOW, take);
    exported.unwrap().unwrap();
    let kind = format!("\"kind\":\"{kind}\"");
    lines.retain(|line| line.contains(&kind));
    lines
}

#[test]
fn what_the_server_says_of_the_device_is_proven_by_its_words_but_for_secret_ones() {
    let mut desk = Desk::new();
    assert!(exported(&desk, "active")[0].contains("cs-state+jws"));
    desk.fetches(|state| {
        state.standing = Stands::Suspended {
            why: countersign_protocol::message::SuspendedWhy::Administrator,
            until: None,
        };
    });
    assert!(exported(&desk, "suspended")[0].contains("cs-state+jws"));
    let key = countersign_protocol::secret::OfflineKey::copy_of(&[7; 32]);
    desk.fetches(|state| {
        state.secrets = Some(Secrets {
            otp: None,
            offline_key: Some(key),
        });
    });
    let active = exported(&desk, "active");
    assert_eq!(active.len(), 2);
    assert!(!active[1].contains("cs-state+jws"), "{}", active[1]);
    let holds = desk.companion.verify_history().unwrap().unwrap();
    assert_eq!(holds.unproven, 0);
}

/// A platform in which another process makes the same account's keys before the second key of this one is there.
struct Raced<'a> {
    keys: &'a Platform,
    other: RefCell<Option<Companion>>,
    account: RecordId,
    made: RefCell<u8>,
}

impl DeviceKeys for Raced<'_> {
    fn create(&self, alias: &KeyAlias, request: &KeyRequest) -> Result<MadeKey, KeyError> {
        *self.made.borrow_mut() += 1;
        if *self.made.borrow() == 2
            && let Some(mut other) = self.other.borrow_mut().take()
        {
            other.make_keys(self.account, self.keys, NOW).unwrap();
        }
        self.keys.create(alias, request)
    }

    fn exists(&self, alias: &KeyAlias) -> Result<bool, KeyError> {
        self.keys.exists(alias)
    }

    fn sign(&self, alias: &KeyAlias, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.keys.sign(alias, message)
    }

    fn delete(&self, alias: &KeyAlias) -> Result<(), KeyError> {
        self.keys.delete(alias)
    }
}

#[test]
fn of_two_processes_that_make_keys_one_does_and_the_other_deletes_its_own() {
    let (place, mut companion) = Place::new();
    let (peer, keys) = (Peer::new(), Platform::default());
    let id = companion.add_work(&peer.invitation(), &NEW, NOW).unwrap();
    let raced = Raced {
        keys: &keys,
        other: RefCell::new(Some(place.unlock())),
        account: id,
        made: RefCell::default(),
    };
    let made = companion.make_keys(id, &raced, NOW);
    assert_eq!(made, Err(ApprovalError::NothingToSend));
    assert_eq!(keys.names().len(), 2);
    drop(companion);
    let mut companion = place.unlock();
    assert_eq!(companion.check_keys(&keys, NOW), Ok(0));
    let account = companion.work_account(id, NOW).unwrap();
    assert_eq!(account.standing, Standing::Enrolling);
    let prepared = companion.prepare(id, Lane::Say, Attention::Idle, &keys, NOW);
    // What has its lane is given up before its keys go.
    companion.give_up(TakenLane::of(&prepared.unwrap().errand));
    companion.leave(id, NOW).unwrap();
    companion.remove_keys(id, &keys, NOW).unwrap();
    assert!(keys.names().is_empty());
}
