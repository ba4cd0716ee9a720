//! A server with a clock that tests set, and one person.

use std::cell::Cell;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Act, Confirm, Decision, Fetch, MoveStep, Receipt, Standing, State,
};
use countersign_protocol::problem::Problem;
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;
use countersign_verifier::address::TestMode;
use countersign_verifier::entropy::{Entropy, EntropyError, SystemEntropy};
use countersign_verifier::event::Fact;
use countersign_verifier::keys::ServerKeys;
use countersign_verifier::person::{DeviceView, StatementView};
use countersign_verifier::reply::Reply;
use countersign_verifier::rules::Rules;
use countersign_verifier::step::{
    Ask, AskError, AskForCode, AskedStatement, CompareNumber, Input, Invite, Request,
};
use countersign_verifier::store::{MemoryStore, SqliteStore, Store, StoreKey};
use countersign_verifier::{Person, Setup, Verifier};

use crate::phone::{Known, Phone, approve};

pub(crate) const URL: &str = "https://login.example.org";
pub(crate) const START_UNIX_S: u64 = 1_800_000_000;

/// Bytes that repeat from run to run (splitmix64).
#[derive(Debug)]
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in buffer.chunks_mut(8) {
            let mut mixed = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (mixed ^ (mixed >> 31)).to_be_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

pub(crate) fn rules() -> Rules {
    Rules::new(URL, "Example")
}

pub(crate) fn setup(rules: Rules) -> Setup {
    let keys = ServerKeys::new(vec![SigningKey::generate().unwrap()], vec![]).unwrap();
    Setup { rules, keys }
}

/// A store in a file, under the key that all tests have.
pub(crate) fn sqlite(path: &Path) -> SqliteStore {
    let entropy = Box::new(SystemEntropy::default());
    SqliteStore::open(path, &StoreKey::copy_of(&[3; 32]), entropy).unwrap()
}

pub(crate) struct World<S = MemoryStore> {
    pub(crate) verifier: Verifier<S>,
    pub(crate) account: Id,
    now: Cell<u64>,
    pub(crate) source: Cell<IpAddr>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let mut rules = rules();
        change(&mut rules);
        Self::over(MemoryStore::default(), setup(rules))
    }

    /// A server in test mode, which may ring this machine.
    pub(crate) fn in_test_mode() -> Self {
        Self::with(|rules| rules.test_mode = TestMode::On)
    }
}

impl<S: Store> World<S> {
    pub(crate) fn over(store: S, setup: Setup) -> Self {
        Self::seeded(store, setup, 1)
    }

    /// Another one over the same store has another seed, and so other ids.
    pub(crate) fn seeded(store: S, setup: Setup, seed: u64) -> Self {
        let verifier = Verifier::new(store, setup, Box::new(Seeded::new(seed))).unwrap();
        let now = Timestamp::new(START_UNIX_S).unwrap();
        let account = verifier.add_person("ann@example.org", now).unwrap();
        Self {
            verifier,
            account,
            now: Cell::new(START_UNIX_S),
            source: Cell::new("192.0.2.1".parse().unwrap()),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::new(self.now.get()).unwrap()
    }

    pub(crate) fn pass_s(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds);
    }

    pub(crate) fn take<I: Input>(&self, input: &I) -> I::Reply {
        self.verifier
            .take(&self.account, input, self.now())
            .unwrap()
    }

    pub(crate) fn person(&self) -> Person {
        self.verifier.person(&self.account, self.now()).unwrap()
    }

    pub(crate) fn device(&self, phone: &Phone) -> DeviceView {
        let devices = self.person().devices();
        devices
            .into_iter()
            .find(|device| device.id == phone.id())
            .unwrap()
    }

    pub(crate) fn outcome(&self, id: &Id) -> StatementView {
        self.person().statement_view(id).unwrap()
    }

    pub(crate) fn send(&self, kind: Kind, message: &Compact) -> Reply {
        self.send_text(kind, message.as_str())
    }

    pub(crate) fn send_text(&self, kind: Kind, text: &str) -> Reply {
        self.verifier
            .message(kind, text, self.source.get(), self.now())
    }

    pub(crate) fn invite(&self) -> Known {
        Known::by_link(&self.take(&Invite::default()).unwrap().link)
    }

    pub(crate) fn invite_by_code(&self) -> Known {
        let invitation = self.take(&Invite::default()).unwrap().id;
        Known::by_code(&self.take(&AskForCode { invitation }).unwrap().code)
    }

    /// Enrols, and takes the account document.
    pub(crate) fn enrol(&self, phone: &Phone, known: &Known) {
        let enrol = phone.enrol(known, self.now());
        let reply = account_of(self.send(Kind::Enrol, &enrol));
        phone.keep(&enrol, &reply, known.pinned.as_ref());
    }

    pub(crate) fn fetch(&self, phone: &Phone) -> State {
        self.fetch_as(phone, |_| {})
    }

    pub(crate) fn fetch_as(&self, phone: &Phone, change: impl FnOnce(&mut Fetch)) -> State {
        let mut fetch = phone.fetching(self.now());
        change(&mut fetch);
        let request = phone.fetch(&fetch);
        phone.state(&request, &state_of(self.send(Kind::Fetch, &request)))
    }

    pub(crate) fn reveal(&self, phone: &Phone) -> State {
        self.fetch_as(phone, |fetch| fetch.reveal = Some(phone.nonce()))
    }

    /// The person confirms the number on the page, whichever way is asked for.
    pub(crate) fn confirm(&self, phone: &Phone) {
        let device = phone.id();
        let confirmed = match phone.account().confirm {
            Confirm::Type => self.take(&countersign_verifier::step::TypeNumber {
                device,
                number: phone.check(),
            }),
            Confirm::Compare => self.take(&CompareNumber {
                device,
                is_mine: true,
            }),
        };
        confirmed.unwrap();
    }

    /// Answers the test that the phone got.
    pub(crate) fn pass_test(&self, phone: &Phone) -> Receipt {
        let state = self.reveal(phone);
        assert_eq!(state.standing, Standing::Confirmed);
        let test = &state.statements[0];
        assert_eq!(phone.statement(test).act, Some(Act::Test));
        let number = self.outcome(&phone.statement(test).id).number;
        self.answer(phone, test, approve(&number))
    }

    /// A new active phone.
    pub(crate) fn phone(&self, name: &str) -> Phone {
        let phone = Phone::new(name);
        self.activate(&phone, &self.invite());
        phone
    }

    pub(crate) fn activate(&self, phone: &Phone, known: &Known) {
        self.enrol(phone, known);
        self.reveal(phone);
        self.confirm(phone);
        self.pass_test(phone);
    }

    pub(crate) fn try_ask(&self) -> Result<AskedStatement, AskError> {
        self.take(&Ask { request: sign_in() })
    }

    pub(crate) fn ask(&self) -> AskedStatement {
        self.try_ask().unwrap()
    }

    pub(crate) fn answer(&self, phone: &Phone, message: &Compact, decision: Decision) -> Receipt {
        let answer = phone.answer(message, decision, self.now());
        phone.receipt(&receipt_of(self.send(Kind::Answer, &answer)))
    }

    pub(crate) fn refused(&self, kind: Kind, message: &Compact) -> Problem {
        problem_of(self.send(kind, message))
    }

    pub(crate) fn step(&self, phone: &Phone, step: MoveStep) -> State {
        let message = phone.step(step, self.now());
        phone.state(&message, &state_of(self.send(Kind::Move, &message)))
    }

    /// What others were told so far.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        let events = self.verifier.store().undelivered(usize::MAX).unwrap();
        events.into_iter().map(|event| event.fact).collect()
    }

    pub(crate) fn words(&self) -> Vec<&'static str> {
        self.facts().iter().map(Fact::word).collect()
    }

    /// Forgets what others were told so far.
    pub(crate) fn quiet(&self) {
        let store = self.verifier.store();
        for event in store.undelivered(usize::MAX).unwrap() {
            store.delivered(&event.id).unwrap();
        }
    }
}

pub(crate) fn sign_in() -> Request {
    Request {
        act: Act::SignIn,
        app: "Mail".to_owned(),
        origin: "mail.example.org".to_owned(),
        user: "ann@example.org".to_owned(),
        place: None,
        client: None,
        details: None,
        lifetime_s: None,
    }
}

pub(crate) fn account_of(reply: Reply) -> Compact {
    match reply {
        Reply::Account(message) => message,
        other => panic!("not an account document: {other:?}"),
    }
}

pub(crate) fn state_of(reply: Reply) -> Compact {
    match reply {
        Reply::State(message) => message,
        other => panic!("not a state: {other:?}"),
    }
}

pub(crate) fn receipt_of(reply: Reply) -> Compact {
    match reply {
        Reply::Receipt(message) => message,
        other => panic!("not a receipt: {other:?}"),
    }
}

pub(crate) fn problem_of(reply: Reply) -> Problem {
    match reply {
        Reply::Refused(refusal) => refusal.problem,
        other => panic!("not a refusal: {other:?}"),
    }
}

/// How often others were told this.
pub(crate) fn count(world: &World, word: &str) -> usize {
    world
        .words()
        .into_iter()
        .filter(|known| *known == word)
        .count()
}
