//! A provider with the server's half over SQLite, and its pages.

use std::cell::Cell;

use countersign_core::approval::{Outgoing, Reply, Unreachable};
use countersign_core::uri::TestMode;
use countersign_core::uri::invitation::{Invitation, parse_code_and_url, parse_invitation};
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::Act;
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;
use countersign_verifier::entropy::SystemEntropy;
use countersign_verifier::event::Fact;
use countersign_verifier::keys::ServerKeys;
use countersign_verifier::person::{DeviceView, StageView, StatementView};
use countersign_verifier::reply::Reply as Said;
use countersign_verifier::rules::Rules;
use countersign_verifier::step::{
    Ask, AskForCode, AskedStatement, CompareNumber, Input, Invite, Parked, Request, Resume,
    TypeNumber,
};
use countersign_verifier::store::{SqliteStore, Store as _, StoreKey};
use countersign_verifier::{Setup, Verifier};
use tempfile::TempDir;

pub(crate) const START_S: u64 = 1_800_000_000;

pub(crate) struct Server {
    _folder: TempDir,
    pub(crate) verifier: Verifier<SqliteStore>,
    pub(crate) url: String,
    pub(crate) account: Id,
    pub(crate) now_s: Cell<u64>,
    /// Whether nothing comes through.
    pub(crate) is_down: Cell<bool>,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::at("https://login.acme.test", "ACME")
    }

    pub(crate) fn at(url: &str, issuer: &str) -> Self {
        let mut rules = Rules::new(url, issuer);
        rules.policy.offline = true;
        Self::with(rules)
    }

    pub(crate) fn with(rules: Rules) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(
            &folder.path().join("store"),
            &StoreKey::copy_of(&[3; 32]),
            Box::new(SystemEntropy::default()),
        )
        .unwrap();
        let url = rules.url.clone();
        let keys = ServerKeys::new(vec![SigningKey::generate().unwrap()], vec![]).unwrap();
        let setup = Setup { rules, keys };
        let verifier = Verifier::new(store, setup, Box::new(SystemEntropy::default())).unwrap();
        let now = Timestamp::new(START_S).unwrap();
        let account = verifier.add_person("ann@acme.test", now).unwrap();
        Self {
            _folder: folder,
            verifier,
            url,
            account,
            now_s: Cell::new(START_S),
            is_down: Cell::new(false),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::new(self.now_s.get()).unwrap()
    }

    pub(crate) fn pass_s(&self, seconds: u64) {
        self.now_s.set(self.now_s.get() + seconds);
    }

    pub(crate) fn take<I: Input>(&self, input: &I) -> I::Reply {
        self.verifier
            .take(&self.account, input, self.now())
            .unwrap()
    }

    pub(crate) fn change_rules(&self, change: impl FnOnce(&mut Rules)) {
        let mut rules = self.verifier.setup().rules.clone();
        change(&mut rules);
        self.verifier.set_rules(rules).unwrap();
    }

    pub(crate) fn scanned(&self) -> Invitation {
        let link = self.take(&Invite::default()).unwrap().link;
        parse_invitation(&link, TestMode::Off).unwrap()
    }

    /// Sixteen digits.
    pub(crate) fn code(&self) -> String {
        let invitation = self.take(&Invite::default()).unwrap().id;
        self.take(&AskForCode { invitation })
            .unwrap()
            .code
            .to_string()
    }

    pub(crate) fn typed(&self) -> Invitation {
        parse_code_and_url(&self.code(), &self.url, TestMode::Off).unwrap()
    }

    pub(crate) fn devices(&self) -> Vec<DeviceView> {
        self.verifier
            .person(&self.account, self.now())
            .unwrap()
            .devices()
    }

    /// The device that was enrolled last.
    pub(crate) fn newest(&self) -> DeviceView {
        self.devices().pop().unwrap()
    }

    pub(crate) fn active(&self) -> Vec<Thumbprint> {
        let devices = self.devices().into_iter();
        let active = devices.filter(|device| matches!(device.stage, StageView::Active { .. }));
        active.map(|device| device.id).collect()
    }

    pub(crate) fn statement(&self, id: &Id) -> StatementView {
        let person = self.verifier.person(&self.account, self.now()).unwrap();
        person.statement_view(id).unwrap()
    }

    /// The number of the test that the newest device gets.
    pub(crate) fn test_number(&self) -> String {
        match self.newest().stage {
            StageView::Confirmed { number, .. } => number.unwrap().as_str().to_owned(),
            other => panic!("not at its test: {other:?}"),
        }
    }

    /// The page compares or takes the number that the phone shows.
    pub(crate) fn confirm(&self, shown: &str, type_it: bool) {
        let device = self.newest().id;
        let confirmed = match type_it {
            true => self.take(&TypeNumber {
                device,
                number: countersign_protocol::digits::CheckNumber::parse(shown).unwrap(),
            }),
            false => self.take(&CompareNumber {
                device,
                is_mine: true,
            }),
        };
        confirmed.unwrap();
    }

    pub(crate) fn ask(&self) -> AskedStatement {
        self.ask_as(|_| {})
    }

    pub(crate) fn ask_as(&self, change: impl FnOnce(&mut Request)) -> AskedStatement {
        let mut request = Request {
            act: Act::SignIn,
            app: "Mail".to_owned(),
            origin: "mail.acme.test".to_owned(),
            user: "ann@acme.test".to_owned(),
            place: None,
            client: None,
            details: None,
            lifetime_s: None,
        };
        change(&mut request);
        self.take(&Ask { request }).unwrap()
    }

    /// What a page's QR code says of a statement.
    pub(crate) fn link(asked: &AskedStatement) -> String {
        format!("countersign://approve?s={}", asked.message.as_str())
    }

    /// Answers a request as HTTP does, unless the server holds it.
    pub(crate) fn answer(&self, outgoing: &Outgoing) -> Result<Reply, Box<Parked>> {
        if self.is_down.get() {
            return Ok(Reply::Unreachable(Unreachable::NoConnection));
        }
        let path = outgoing.url.strip_prefix(&self.url).unwrap();
        let kind = match path {
            "/v1/enrolments" => Kind::Enrol,
            "/v1/fetch" => Kind::Fetch,
            "/v1/answers" => Kind::Answer,
            "/v1/delivery" => Kind::Delivery,
            "/v1/moves" => Kind::Move,
            "/v1/leave" => Kind::Leave,
            other => panic!("no such path: {other}"),
        };
        let source = "192.0.2.1".parse().unwrap();
        let said = self
            .verifier
            .message(kind, &outgoing.body, source, self.now());
        match said {
            Said::Parked(parked) => Err(Box::new(parked)),
            said => Ok(said_in_http(said)),
        }
    }

    /// The time of a fetch that was held is over.
    pub(crate) fn let_go(&self, parked: &Parked) -> Reply {
        let is_over = true;
        said_in_http(
            self.verifier
                .resume(&Resume { parked, is_over }, self.now()),
        )
    }

    /// What others were told, and are told no more.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        let store = self.verifier.store();
        let events = store.undelivered(usize::MAX).unwrap();
        for event in &events {
            store.delivered(&event.id).unwrap();
        }
        events.into_iter().map(|event| event.fact).collect()
    }
}

fn said_in_http(said: Said) -> Reply {
    let (status, retry_after_s, body) = match said {
        Said::Account(message) => (201, None, message.as_str().as_bytes().to_vec()),
        Said::State(message) | Said::Receipt(message) => {
            (200, None, message.as_str().as_bytes().to_vec())
        }
        Said::Refused(refusal) => (
            refusal.problem.name_and_status().1,
            refusal.retry_after_s,
            refusal.problem.to_document().format().unwrap(),
        ),
        Said::Parked(_) => panic!("nobody waits here"),
    };
    Reply::Answered {
        status,
        retry_after_s,
        body,
    }
}
