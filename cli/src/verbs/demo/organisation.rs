//! The organisation of the demo: a verifier on the loopback, and what its pages do. It ends with the demo.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

use countersign_core::secret::SecretText;
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::message::{Act, Client, NextStep, Place};
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;
use countersign_verifier::address::TestMode;
use countersign_verifier::entropy::SystemEntropy;
use countersign_verifier::keys::ServerKeys;
use countersign_verifier::person::StageView;
use countersign_verifier::rules::Rules;
use countersign_verifier::step::{Ask, AskedStatement, CompareNumber, Input, Invite, Request};
use countersign_verifier::store::MemoryStore;
use countersign_verifier::{Setup, Verifier, http};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::stage::wrong;
use crate::failure::Failure;

/// Who it is.
const ISSUER: &str = "Example Works";
/// Whose account it is.
const LABEL: &str = "ann@works.example";
/// How long somebody who reads along may take for a number, in seconds.
const LIFETIME_S: u64 = 600;

/// A server with one person in it.
pub(super) struct Organisation {
    verifier: Arc<Verifier<MemoryStore>>,
    account: Id,
    address: SocketAddr,
    /// Dropped, it ends the thread that serves.
    _until: oneshot::Sender<()>,
}

/// From where somebody signs in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whence {
    /// The person's own desk.
    Home,
    /// Somewhere that the person has never been.
    Abroad,
}

impl Organisation {
    /// Starts it on a free port of the loopback, with a fresh key and everything in memory.
    pub(super) fn open() -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::io(&error, "server"))?;
        let (listener, address) = listen(&runtime)?;
        let mut rules = Rules::new(&format!("http://{address}"), ISSUER);
        rules.test_mode = TestMode::On;
        rules.after_report = vec![NextStep::PasswordChange, NextStep::AdminTold];
        let key = SigningKey::generate().map_err(|_| wrong("no key could be made"))?;
        let keys = ServerKeys::new(vec![key], vec![]).map_err(|_| wrong("no key could be made"))?;
        let entropy = Box::new(SystemEntropy::default());
        let setup = Setup { rules, keys };
        let verifier = Verifier::new(MemoryStore::default(), setup, entropy)
            .map_err(|_| wrong("the server refused its own rules"))?;
        let verifier = Arc::new(verifier);
        let account = verifier
            .add_person(LABEL, now())
            .map_err(|_| wrong("the server has no room for a person"))?;
        let router = http::router(Arc::clone(&verifier), now, http::peer_address);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let (until, over) = oneshot::channel::<()>();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = axum::serve(listener, service) => {}
                    _ = over => {}
                }
            });
            // Whoever still waits is not waited for.
            runtime.shutdown_background();
        };
        thread::Builder::new()
            .name("server".into())
            .spawn(serve)
            .map_err(|error| Failure::io(&error, "server"))?;
        Ok(Self {
            verifier,
            account,
            address,
            _until: until,
        })
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The text of the setup page's QR code.
    pub(super) fn invite(&self) -> Result<SecretText, Failure> {
        let invited = self.take(&Invite::default())?;
        let invited = invited.map_err(|_| wrong("there is no invitation"))?;
        Ok(SecretText::new(invited.link.to_string()))
    }

    /// The check number that the setup page shows, and of which device; none before the device has shown its own.
    pub(super) fn check_number(&self) -> Result<Option<(Thumbprint, String)>, Failure> {
        Ok(self.newest()?.and_then(|(id, stage)| match stage {
            StageView::Unconfirmed { number, .. } => Some((id, number?.as_str().to_owned())),
            _ => None,
        }))
    }

    /// The number of the new device's test, on the setup page; none before it is confirmed.
    pub(super) fn test_number(&self) -> Result<Option<String>, Failure> {
        Ok(self.newest()?.and_then(|(_, stage)| match stage {
            StageView::Confirmed { number, .. } => Some(number?.as_str().to_owned()),
            _ => None,
        }))
    }

    /// "This is my phone", on the setup page.
    pub(super) fn confirm(&self, device: Thumbprint) -> Result<(), Failure> {
        let is_mine = true;
        self.take(&CompareNumber { device, is_mine })?
            .map_err(|_| wrong("the device was not confirmed"))
    }

    /// Somebody with the right password signs in.
    pub(super) fn sign_in(&self, whence: Whence) -> Result<AskedStatement, Failure> {
        let (city, country, ip, browser, os) = match whence {
            Whence::Home => ("Zürich", "CH", [192, 0, 2, 10], "Firefox", "Linux"),
            Whence::Abroad => ("Elsewhere", "AQ", [203, 0, 113, 66], "unknown", "unknown"),
        };
        let request = Request {
            act: Act::SignIn,
            app: "Mail".to_owned(),
            origin: "mail.works.example".to_owned(),
            user: LABEL.to_owned(),
            place: Some(Place {
                city: city.to_owned(),
                country: country.to_owned(),
            }),
            client: Some(Client {
                ip: Ipv4Addr::from(ip).into(),
                browser: browser.to_owned(),
                os: os.to_owned(),
            }),
            details: None,
            lifetime_s: Some(LIFETIME_S),
        };
        let asked = self.take(&Ask { request })?;
        asked.map_err(|_| wrong("the server did not ask"))
    }

    fn newest(&self) -> Result<Option<(Thumbprint, StageView)>, Failure> {
        let person = self.verifier.person(&self.account, now());
        let person = person.map_err(|_| wrong("the server lost its person"))?;
        let newest = person.devices().pop();
        Ok(newest.map(|device| (device.id, device.stage)))
    }

    fn take<I: Input>(&self, input: &I) -> Result<I::Reply, Failure> {
        let taken = self.verifier.take(&self.account, input, now());
        taken.map_err(|_| wrong("the server failed"))
    }
}

fn listen(runtime: &Runtime) -> Result<(TcpListener, SocketAddr), Failure> {
    let bound = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let listener = bound.map_err(|error| Failure::io(&error, "server"))?;
    let address = listener.local_addr();
    let address = address.map_err(|error| Failure::io(&error, "server"))?;
    Ok((listener, address))
}

/// The system's clock, as the server has it.
fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let unix_s = since_1970.map_or(0, |since_1970| since_1970.as_secs());
    Timestamp::new(unix_s).unwrap_or(Timestamp::MAX)
}
