//! A provider with the server's half in memory, and a companion that has accounts there.

use std::cell::Cell;

use countersign_core::approval::{
    Attention, Decision, KeyPlace, NewWork, NextAction, Outgoing, Reply, Typed,
};
use countersign_core::companion::Companion;
use countersign_core::device::NoDeviceKeys;
use countersign_core::time::UnixSeconds;
use countersign_core::uri::TestMode;
use countersign_core::uri::invitation::parse_invitation;
use countersign_core::vault::RecordId;
use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::Act;
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;
use countersign_verifier::entropy::SystemEntropy;
use countersign_verifier::keys::ServerKeys;
use countersign_verifier::person::StageView;
use countersign_verifier::reply::Reply as Said;
use countersign_verifier::rules::Rules;
use countersign_verifier::step::{
    Ask, AskedStatement, CompareNumber, Input, Invite, Request, Resume,
};
use countersign_verifier::store::MemoryStore;
use countersign_verifier::{Setup, Verifier};

pub(crate) const URL: &str = "https://login.example.org";
/// A statement and its receipt are kept so long after its end, and some more.
const FORGOTTEN_S: u64 = 26 * 3_600;

pub(crate) struct Provider {
    pub(crate) verifier: Verifier<MemoryStore>,
    now_s: Cell<u64>,
}

impl Provider {
    pub(crate) fn new() -> Self {
        let keys = ServerKeys::new(vec![SigningKey::generate().unwrap()], vec![]).unwrap();
        let rules = Rules::new(URL, "Example Société");
        let store = MemoryStore::default();
        let entropy = Box::new(SystemEntropy::default());
        Self {
            verifier: Verifier::new(store, Setup { rules, keys }, entropy).unwrap(),
            now_s: Cell::new(1_800_000_000),
        }
    }

    pub(crate) fn clock(&self) -> UnixSeconds {
        UnixSeconds(self.now_s.get())
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::new(self.now_s.get()).unwrap()
    }

    /// Until nothing is known any more of what was asked.
    pub(crate) fn pass(&self) {
        self.now_s.set(self.now_s.get() + FORGOTTEN_S);
    }

    pub(crate) fn take<I: Input>(&self, person: &Id, input: &I) -> I::Reply {
        self.verifier.take(person, input, self.now()).unwrap()
    }

    pub(crate) fn ask(&self, person: &Id, app: &str) -> AskedStatement {
        let request = Request {
            act: Act::SignIn,
            app: app.to_owned(),
            origin: "mail.example.org".to_owned(),
            user: "person.500@example.org".to_owned(),
            place: None,
            client: None,
            details: None,
            lifetime_s: Some(600),
        };
        self.take(person, &Ask { request }).unwrap()
    }

    pub(crate) fn answer(&self, outgoing: &Outgoing) -> Reply {
        let kind = match outgoing.url.rsplit('/').next() {
            Some("enrolments") => Kind::Enrol,
            Some("fetch") => Kind::Fetch,
            Some("answers") => Kind::Answer,
            other => panic!("nothing here asks for {other:?}"),
        };
        let source = "192.0.2.1".parse().unwrap();
        let said = self
            .verifier
            .message(kind, &outgoing.body, source, self.now());
        let said = match said {
            Said::Parked(parked) => {
                let resume = Resume {
                    parked: &parked,
                    is_over: true,
                };
                self.verifier.resume(&resume, self.now())
            }
            said => said,
        };
        let (status, body) = match said {
            Said::Account(message) => (201, message.as_str().as_bytes().to_vec()),
            Said::State(message) | Said::Receipt(message) => {
                (200, message.as_str().as_bytes().to_vec())
            }
            other => panic!("{other:?}"),
        };
        Reply::Answered {
            status,
            retry_after_s: None,
            body,
        }
    }

    /// The companion does all that it has to do, whoever waits.
    pub(crate) fn run(&self, companion: &mut Companion) {
        loop {
            let now = self.clock();
            match companion.next_action(Attention::Idle, now) {
                NextAction::MakeKeys { account } => {
                    companion.make_keys(account, &NoDeviceKeys, now).unwrap();
                }
                NextAction::Send { account, lane } => {
                    let attention = Attention::Idle;
                    let keys = &NoDeviceKeys;
                    let sent = companion
                        .prepare(account, lane, attention, keys, now)
                        .unwrap();
                    let reply = self.answer(&sent);
                    companion.take_reply(&sent.errand, &reply, now).unwrap();
                    let account = companion.work_account(account, now).unwrap();
                    if account.check.is_some()
                        || companion.statements(now).iter().any(|one| one.is_test)
                    {
                        return;
                    }
                }
                NextAction::WaitUntil { at } if at.since(now) <= 1 => {
                    self.now_s.set(self.now_s.get() + 1);
                }
                _ => return,
            }
        }
    }

    /// A person, and their account in the companion.
    pub(crate) fn enrol(&self, companion: &mut Companion, number: u32) -> (Id, RecordId) {
        let label = format!("person.{number}@example.org");
        let person = self.verifier.add_person(&label, self.now()).unwrap();
        let link = self.take(&person, &Invite::default()).unwrap().link;
        let invitation = parse_invitation(&link, TestMode::Off).unwrap();
        let new = NewWork {
            device_name: "Pixel",
            platform: "android",
            app: "countersign",
            keys: KeyPlace::Software,
            replaces: None,
        };
        let id = companion.add_work(&invitation, &new, self.clock()).unwrap();
        for _ in 0..20 {
            self.run(companion);
            self.now_s.set(self.now_s.get() + 1);
            let devices = self.verifier.person(&person, self.now()).unwrap().devices();
            let Some(device) = devices.into_iter().next() else {
                continue;
            };
            match device.stage {
                StageView::Unconfirmed {
                    number: Some(_), ..
                } => {
                    let device = device.id;
                    let is_mine = true;
                    let confirm = CompareNumber { device, is_mine };
                    self.take(&person, &confirm).unwrap();
                }
                StageView::Confirmed { number, .. } => {
                    let now = self.clock();
                    let tests = companion.statements(now).into_iter();
                    for test in tests.filter(|one| one.is_test && one.outcome.is_none()) {
                        let number = Typed::new(number.as_ref().unwrap().as_str());
                        let yes = Decision::Approve { number };
                        // Once is enough.
                        let _ = companion.decide(test.id, &yes, &NoDeviceKeys, now);
                    }
                }
                StageView::Active { .. } => {
                    self.run(companion);
                    return (person, id);
                }
                _ => {}
            }
        }
        panic!("it becomes active");
    }
}
