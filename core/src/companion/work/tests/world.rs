//! One person with three phones, their server, the network between, and the true time.

use std::collections::BTreeMap;

use countersign_protocol::hash::Thumbprint;
use countersign_protocol::kind::Kind;
use countersign_protocol::time::Timestamp;
use countersign_verifier::event::Fact;
use countersign_verifier::person::StageView;
use countersign_verifier::reply::Reply;
use countersign_verifier::step::Parked;

use super::desk::Seeded;
use super::network::{Network, Packet, Request};
use super::oracle::{Answer, Asked, Made, Oracle};
use super::phone::{Acted, Phone, key_of};
use super::server::{Server, rules};
use crate::approval::{Event, Outcome, StatementId, StatementView};
use crate::vault::RecordId;

pub(super) const START_S: u64 = 1_800_000_000;
/// What each phone's clock is ahead of the true time.
const AHEAD_S: [i64; 3] = [94, -86_400, 86_400];

pub(super) struct World {
    pub(super) server: Server,
    pub(super) phones: Vec<Phone>,
    pub(super) network: Network,
    pub(super) now_s: u64,
    pub(super) oracle: Oracle,
    /// Device keys, by phone and account.
    keys: BTreeMap<(usize, RecordId), Thumbprint>,
    /// What phones said of statements that ended.
    told: BTreeMap<(usize, StatementId), Outcome>,
    /// Messages that reached their reader.
    pub(super) delivered: u64,
}

impl World {
    pub(super) fn new() -> Self {
        let entropy = Seeded::new(1);
        let now = Timestamp::new(START_S).unwrap();
        let phones = AHEAD_S.into_iter().enumerate();
        let phones = phones.map(|(number, ahead_s)| {
            let seed = u64::try_from(number).unwrap() + 2;
            Phone::new(number, ahead_s, Seeded::new(seed))
        });
        let world = Self {
            server: Server::new(rules(), entropy, now),
            phones: phones.collect(),
            network: Network::default(),
            now_s: START_S,
            oracle: Oracle::default(),
            keys: BTreeMap::new(),
            told: BTreeMap::new(),
            delivered: 0,
        };
        world.server.events();
        world
    }

    /// Another world with the same content. What was seen so far is not counted again.
    pub(super) fn copy(&self) -> Self {
        let mut oracle = self.oracle.clone();
        oracle.seen = Default::default();
        Self {
            server: self.server.copy(),
            phones: self.phones.iter().map(Phone::copy).collect(),
            network: self.network.clone(),
            now_s: self.now_s,
            oracle,
            keys: self.keys.clone(),
            told: self.told.clone(),
            delivered: 0,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::new(self.now_s).unwrap()
    }

    pub(super) fn key(&self, phone: usize, account: RecordId) -> Option<Thumbprint> {
        self.keys.get(&(phone, account)).copied()
    }

    /// The phone and account with this device key.
    pub(super) fn owner(&self, key: &Thumbprint) -> Option<(usize, RecordId)> {
        let mut keys = self.keys.iter();
        keys.find(|(_, known)| *known == key)
            .map(|(owner, _)| *owner)
    }

    pub(super) fn known_keys(&self) -> impl Iterator<Item = ((usize, RecordId), Thumbprint)> {
        self.keys.iter().map(|(owner, key)| (*owner, *key))
    }

    /// Has everything judged that the server told after one input.
    pub(super) fn drain(&mut self, answer: Option<&Answer>, reply: Option<&Reply>) {
        let facts: Vec<Fact> = self
            .server
            .events()
            .into_iter()
            .map(|event| event.fact)
            .collect();
        for fact in &facts {
            if let Fact::Asked { statement, .. } = fact
                && !self
                    .oracle
                    .asked
                    .iter()
                    .any(|asked| asked.made.id == *statement)
            {
                let devices = self.server.person(self.now()).devices();
                let tested = devices.into_iter().find_map(|device| match device.stage {
                    StageView::Confirmed { number, test, .. } if test == *statement => {
                        Some((device.id, number.unwrap()))
                    }
                    _ => None,
                });
                let (device, number) = tested.unwrap();
                self.oracle.made(Made {
                    id: *statement,
                    app: String::new(),
                    test_of: Some(device),
                    number: number.as_str().to_owned(),
                    message: String::new(),
                    audience: vec![device],
                });
            }
        }
        self.oracle.judge(&facts, answer, reply);
    }

    /// Brings a request to the server; what comes back is not on its way yet.
    pub(super) fn bring(&mut self, request: Request) -> Packet {
        self.delivered += 1;
        if request.kind == Kind::Enrol {
            let owner = (request.phone, request.errand.account());
            self.keys.insert(owner, key_of(Kind::Enrol, &request.body));
        }
        let answer = (request.kind == Kind::Answer).then(|| Answer::read(&request.body));
        let reply = self.server.message(request.kind, &request.body, self.now());
        self.drain(answer.as_ref(), Some(&reply));
        request.answered(reply)
    }

    /// Whether the server has news by now for a fetch that it holds.
    pub(super) fn look_again(&mut self, request: Request, parked: &Parked) -> Packet {
        let reply = self.server.resume(parked, false, self.now());
        self.drain(None, None);
        request.answered(reply)
    }

    /// Brings a packet to its reader.
    pub(super) fn deliver(&mut self, packet: Packet) {
        match packet {
            Packet::Request(request) => {
                let back = self.bring(request);
                self.network.send(back);
            }
            Packet::Parked(request, parked) => {
                let looked = self.look_again(request, &parked);
                self.network.send(looked);
            }
            Packet::Response(response) => {
                self.delivered += 1;
                let phone = response.phone;
                let events = self.phones[phone].hear(&response, self.now_s);
                self.note(phone, &events);
            }
        }
    }

    fn note(&mut self, phone: usize, events: &[Event]) {
        for event in events {
            match event {
                Event::Outcome {
                    outcome: Outcome::WrongNumber { .. },
                    ..
                } => {}
                Event::Outcome {
                    statement, outcome, ..
                } => {
                    let told = self.told.entry((phone, *statement));
                    let told = told.or_insert_with(|| outcome.clone());
                    assert_eq!(told, outcome, "a phone says one outcome");
                }
                Event::Refused { cause, .. } => self.oracle.seen.note(cause.name()),
                _ => {}
            }
        }
    }

    /// The phone does its next thing; a request goes onto the network.
    pub(super) fn poll(&mut self, phone: usize) {
        if let Acted::Sends(request) = self.phones[phone].act(self.now_s) {
            self.network.send(Packet::Request(request));
        }
    }

    /// So many exchanges of one phone over a network that is fair to it, what the server holds for it first.
    pub(super) fn exchange(&mut self, phone: usize, times: usize) {
        for (request, parked) in self.network.parked_of(phone) {
            match self.look_again(request, &parked) {
                parked @ Packet::Parked(..) => self.network.send(parked),
                released => self.deliver(released),
            }
        }
        let mut did = 0;
        // A phone asks no faster than once a second: that is no exchange.
        let mut waited_s = 0;
        while did < times {
            did += 1;
            match self.phones[phone].act(self.now_s) {
                Acted::Sends(request) => match self.bring(request) {
                    parked @ Packet::Parked(..) => self.network.send(parked),
                    response => self.deliver(response),
                },
                Acted::ByItself => {}
                Acted::Waits(1) if waited_s < times => {
                    self.now_s += 1;
                    waited_s += 1;
                    did -= 1;
                }
                Acted::Waits(_) | Acted::Nothing => return,
            }
        }
    }

    pub(super) fn statements(&self, phone: usize) -> Vec<StatementView> {
        self.phones[phone].statements(self.now_s)
    }

    /// The statement that a phone shows so.
    pub(super) fn asked_of(&self, phone: usize, view: &StatementView) -> &Asked {
        let key = self.key(phone, view.account);
        let app = view.lines.iter().find(|line| line.field == "app");
        let app = app.map(|line| line.text.as_str());
        let mut asked = self.oracle.asked.iter();
        let found = asked.find(|asked| match view.is_test {
            true => asked.made.test_of == key,
            false => asked.made.test_of.is_none() && Some(asked.made.app.as_str()) == app,
        });
        found.expect("what a phone shows was asked")
    }
}
