//! An organisation with a server and its pages, and people who have accounts there.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use countersign_protocol::digits::{CheckNumber, OfflineResponse};
use countersign_protocol::hash::Id;
use countersign_protocol::message::{Act, Confirm};
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;
use countersign_verifier::address::TestMode;
use countersign_verifier::entropy::SystemEntropy;
use countersign_verifier::http;
use countersign_verifier::keys::ServerKeys;
use countersign_verifier::person::{DeviceView, StageView, StatementView};
use countersign_verifier::rules::Rules;
use countersign_verifier::step::{
    Ask, AskForCode, AskedStatement, CompareNumber, Input, Invite, Request, TypeNumber,
    TypeResponse,
};
use countersign_verifier::store::MemoryStore;
use countersign_verifier::{Setup, Verifier};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::person::Person;
use crate::terminal::Terminal;

/// A test that waits longer than this has found a mistake.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a page looks at anew.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The system's clock, as the server has it.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::new(since.as_secs()).unwrap()
}

/// The organisation, with one person's account.
pub(crate) struct Office {
    verifier: Arc<Verifier<MemoryStore>>,
    account: Id,
    address: SocketAddr,
    /// None while the server is down.
    runtime: Option<Runtime>,
}

impl Office {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let runtime = runtime();
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let mut rules = Rules::new(&format!("http://{address}"), "Acme");
        rules.test_mode = TestMode::On;
        change(&mut rules);
        let keys = ServerKeys::new(vec![SigningKey::generate().unwrap()], vec![]).unwrap();
        let setup = Setup { rules, keys };
        let entropy = Box::new(SystemEntropy::default());
        let verifier = Arc::new(Verifier::new(MemoryStore::default(), setup, entropy).unwrap());
        let account = verifier.add_person("ann@acme.test", now()).unwrap();
        serve(&runtime, listener, &verifier);
        Self {
            verifier,
            account,
            address,
            runtime: Some(runtime),
        }
    }

    /// The server is switched off; what it knows stays.
    pub(crate) fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }

    /// And on again, at the same address.
    pub(crate) fn start(&mut self) {
        let runtime = runtime();
        let listener = runtime.block_on(TcpListener::bind(self.address)).unwrap();
        serve(&runtime, listener, &self.verifier);
        self.runtime = Some(runtime);
    }

    /// Where the server listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    fn take<I: Input>(&self, input: &I) -> I::Reply {
        self.verifier.take(&self.account, input, now()).unwrap()
    }

    /// The setup page's link.
    pub(crate) fn invite(&self) -> String {
        self.take(&Invite::default()).unwrap().link.to_string()
    }

    /// The setup page's code and URL.
    pub(crate) fn invite_by_code(&self) -> (String, String) {
        let invitation = self.take(&Invite::default()).unwrap().id;
        let typed = self.take(&AskForCode { invitation }).unwrap();
        (typed.code.to_string(), typed.url)
    }

    pub(crate) fn devices(&self) -> Vec<DeviceView> {
        self.verifier
            .person(&self.account, now())
            .unwrap()
            .devices()
    }

    /// The newest device.
    pub(crate) fn newest(&self) -> DeviceView {
        self.devices().pop().expect("a device has enrolled")
    }

    /// The person looks at the page's number and says that it is theirs.
    pub(crate) fn compare(&self, is_mine: bool) {
        let device = self.newest().id;
        let done = self.take(&CompareNumber { device, is_mine });
        assert_eq!(done.is_ok(), is_mine);
    }

    /// The same, once the page has the number too.
    pub(crate) fn compare_when_shown(&self) {
        self.wait_until_shown();
        self.compare(true);
    }

    /// Waits until the page has the device's number.
    pub(crate) fn wait_until_shown(&self) {
        self.wait_until("the page's number", |office| {
            let devices = office.devices();
            let stage = devices.last().map(|device| &device.stage);
            matches!(
                stage,
                Some(StageView::Unconfirmed {
                    number: Some(_),
                    ..
                })
            )
        });
    }

    /// Devices that work.
    pub(crate) fn active(&self) -> usize {
        let is_active = |device: &&DeviceView| matches!(device.stage, StageView::Active { .. });
        self.devices().iter().filter(is_active).count()
    }

    /// The person types the number into the page; whether it was right.
    pub(crate) fn type_number(&self, number: &str) -> bool {
        let device = self.newest().id;
        let number = CheckNumber::parse(number).unwrap();
        self.take(&TypeNumber { device, number }).is_ok()
    }

    /// Somebody signs in.
    pub(crate) fn sign_in(&self) -> AskedStatement {
        self.ask("Mail")
    }

    /// Somebody signs in to this application.
    pub(crate) fn ask(&self, app: &str) -> AskedStatement {
        let request = Request {
            act: Act::SignIn,
            app: app.into(),
            origin: "mail.acme.test".into(),
            user: "ann@acme.test".into(),
            place: None,
            client: None,
            details: None,
            lifetime_s: None,
        };
        self.take(&Ask { request }).unwrap()
    }

    pub(crate) fn statement(&self, id: &Id) -> StatementView {
        let person = self.verifier.person(&self.account, now()).unwrap();
        person.statement_view(id).unwrap()
    }

    /// The test that a new device gets, once it is confirmed.
    pub(crate) fn test_number(&self) -> String {
        let StageView::Confirmed { number, .. } = self.newest().stage else {
            panic!("the device has its test");
        };
        number.unwrap().as_str().to_owned()
    }

    /// Waits until the server's side of something is so.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < until, "{what} never came");
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    /// Waits until a statement has ended, and how.
    pub(crate) fn end_of(&self, id: &Id) -> String {
        self.wait_until("the statement's end", |office| {
            office.statement(id).outcome.is_some()
        });
        format!("{:?}", self.statement(id).outcome.unwrap()).to_lowercase()
    }

    pub(crate) fn is_open(&self, id: &Id) -> bool {
        self.statement(id).outcome.is_none()
    }

    /// The response typed into the page.
    pub(crate) fn type_response(&self, id: &Id, response: &str) -> bool {
        let response = OfflineResponse::parse(response).unwrap();
        self.take(&TypeResponse {
            statement: *id,
            response,
        })
        .is_ok()
    }

    /// Somebody whose terminal is an active device here.
    pub(crate) fn person(&self) -> Person {
        let person = Person::new();
        self.add(&person, "Terminal");
        person
    }

    /// Adds this account to somebody's vault, from the link to the end.
    pub(crate) fn add(&self, person: &Person, device: &str) {
        let link = self.invite();
        let add = ["add", &link, "--test-mode", "--yes", "--device", device];
        let mut terminal = Terminal::start(&person.command(&add), 120, 40);
        self.finish(&mut terminal);
        terminal.expect("Added: Acme:ann@acme.test");
        assert_eq!(terminal.end_and_look(), (0, true));
    }

    /// The person's part of adding: compare, and the test's number.
    pub(crate) fn finish(&self, terminal: &mut Terminal) {
        terminal.expect("Only if it is this one");
        self.compare_when_shown();
        terminal.expect("a test of this device");
        terminal.expect("left. 6 digits");
        terminal.press(&format!("{}\n", self.test_number()));
        terminal.expect("it works on this device now");
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop();
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

fn serve(runtime: &Runtime, listener: TcpListener, verifier: &Arc<Verifier<MemoryStore>>) {
    let router = http::router(Arc::clone(verifier), now, http::peer_address);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    runtime.spawn(async move { axum::serve(listener, service).await });
}

/// The setup page's way to confirm a number.
pub(crate) const TYPE: Confirm = Confirm::Type;

/// The work accounts of somebody's list.
pub(crate) fn work(person: &Person) -> Vec<Value> {
    person.json(&["list"])["work"].as_array().unwrap().clone()
}
