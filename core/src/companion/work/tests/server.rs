//! The server's half as its provider runs it: pages, and a store that outlives it.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::Act;
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;
use countersign_verifier::event::Event;
use countersign_verifier::keys::ServerKeys;
use countersign_verifier::person::DeviceView;
use countersign_verifier::reply::Reply;
use countersign_verifier::rules::Rules;
use countersign_verifier::step::{Input, Parked, Request, Resume};
use countersign_verifier::store::{Change, MemoryStore, Store as _};
use countersign_verifier::{Person, Setup, Verifier};

use super::desk::Seeded;

pub(super) const URL: &str = "https://login.example.org/mfa";

/// A store that more than one server has, one after the other.
type Shared = Arc<MemoryStore>;

/// One server with one person.
pub(super) struct Server {
    store: Shared,
    verifier: Verifier<Shared>,
    entropy: Seeded,
    pub(super) account: Id,
}

impl Server {
    pub(super) fn new(rules: Rules, entropy: Seeded, now: Timestamp) -> Self {
        let keys = ServerKeys::new(vec![SigningKey::generate().unwrap()], vec![]).unwrap();
        let store = Shared::default();
        let verifier = started(&store, Setup { rules, keys }, &entropy);
        let account = verifier.add_person("ann@example.org", now).unwrap();
        Self {
            store,
            verifier,
            entropy,
            account,
        }
    }

    /// Killed, and started again over what it has stored.
    pub(super) fn restart(&mut self) {
        let setup = (*self.verifier.setup()).clone();
        self.verifier = started(&self.store, setup, &self.entropy);
    }

    /// Another server with the same content, that goes its own way from here.
    pub(super) fn copy(&self) -> Self {
        let stored = self.store.load(&self.account).unwrap().unwrap();
        let person = Person::decode(stored.version, &stored.document).unwrap();
        let store = Shared::default();
        let change = Change {
            account: self.account,
            based_on: 0,
            added: person.indexes(),
            removed: BTreeSet::new(),
            due_at: person.due_at(),
            events: &[],
            request: None,
            now: Timestamp::MAX,
            stored,
        };
        store.change(&change).unwrap();
        let entropy = self.entropy.fork();
        let setup = (*self.verifier.setup()).clone();
        Self {
            verifier: started(&store, setup, &entropy),
            store,
            entropy,
            account: self.account,
        }
    }

    pub(super) fn take<I: Input>(&self, input: &I, now: Timestamp) -> I::Reply {
        self.verifier.take(&self.account, input, now).unwrap()
    }

    pub(super) fn person(&self, now: Timestamp) -> Person {
        self.verifier.person(&self.account, now).unwrap()
    }

    pub(super) fn device(&self, id: &Thumbprint, now: Timestamp) -> Option<DeviceView> {
        let mut devices = self.person(now).devices().into_iter();
        devices.find(|device| device.id == *id)
    }

    pub(super) fn rotate(&self, now: Timestamp) {
        self.verifier.rotate(SigningKey::generate().unwrap(), now);
    }

    pub(super) fn message(&self, kind: Kind, text: &str, now: Timestamp) -> Reply {
        let source = "192.0.2.1".parse().unwrap();
        self.verifier.message(kind, text, source, now)
    }

    pub(super) fn resume(&self, parked: &Parked, is_over: bool, now: Timestamp) -> Reply {
        self.verifier.resume(&Resume { parked, is_over }, now)
    }

    /// What others are told by now, each once.
    pub(super) fn events(&self) -> Vec<Event> {
        let events = self.store.undelivered(usize::MAX).unwrap();
        for event in &events {
            self.store.delivered(&event.id).unwrap();
        }
        events
    }
}

fn started(store: &Shared, setup: Setup, entropy: &Seeded) -> Verifier<Shared> {
    Verifier::new(store.clone(), setup, Box::new(entropy.clone())).unwrap()
}

pub(super) fn rules() -> Rules {
    let mut rules = Rules::new(URL, "ACME");
    rules.policy.offline = true;
    rules
}

/// A sign-in to an application of this name.
pub(super) fn sign_in(app: &str) -> Request {
    Request {
        act: Act::SignIn,
        app: app.to_owned(),
        origin: "mail.example.org".to_owned(),
        user: "ann@example.org".to_owned(),
        place: None,
        client: None,
        details: None,
        lifetime_s: None,
    }
}
