//! A complete server for one person: `cargo run --example server`.
//!
//! [`start`] is all that a program needs to speak the protocol. What follows it plays the pages: it shows an invitation, takes
//! the check number, and asks for a sign-in whenever somebody presses Enter.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "the terminal is this example's page")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use countersign_protocol::digits::CheckNumber;
use countersign_protocol::message::{Act, Confirm};
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;
use countersign_verifier::address::TestMode;
use countersign_verifier::entropy::SystemEntropy;
use countersign_verifier::http;
use countersign_verifier::keys::ServerKeys;
use countersign_verifier::rules::Rules;
use countersign_verifier::step::{Ask, Invite, Request, TypeNumber};
use countersign_verifier::store::{SqliteStore, StoreKey};
use countersign_verifier::{Setup, Verifier};
use tokio::net::TcpListener;

type Failure = Box<dyn std::error::Error>;

/// Serves on this socket, in test mode because there is no TLS before it. A real program keeps its keys, that
/// of the store apart from it, and reads them back.
pub(crate) fn start(
    listener: TcpListener,
    store: &Path,
) -> Result<Arc<Verifier<SqliteStore>>, Failure> {
    let url = format!("http://{}", listener.local_addr()?);
    let mut rules = Rules::new(&url, "Example");
    (rules.test_mode, rules.confirm) = (TestMode::On, Confirm::Type);
    let keys = ServerKeys::new(vec![SigningKey::generate()?], vec![])?;
    let entropy = SystemEntropy::default();
    let sealed_under = StoreKey::generate(&entropy)?;
    let store = SqliteStore::open(store, &sealed_under, Box::new(entropy))?;
    let setup = Setup { rules, keys };
    let verifier = Verifier::new(store, setup, Box::new(SystemEntropy::default()))?;
    let verifier = Arc::new(verifier);
    let router = http::router(Arc::clone(&verifier), now, http::peer_address);
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(verifier)
}

/// The system's clock.
pub(crate) fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let unix_s = since_1970.map_or(0, |since_1970| since_1970.as_secs());
    Timestamp::new(unix_s).expect("no clock is so far ahead")
}

/// A sign-in to this example.
pub(crate) fn sign_in() -> Request {
    Request {
        act: Act::SignIn,
        app: "Example".to_owned(),
        origin: "localhost".to_owned(),
        user: "ann".to_owned(),
        place: None,
        client: None,
        details: None,
        lifetime_s: None,
    }
}

#[tokio::main]
#[allow(dead_code, reason = "a test runs what is above without its pages")]
async fn main() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let folder = std::env::temp_dir().join(format!("countersign-example-{}", std::process::id()));
    let verifier = start(listener, &folder)?;
    let account = verifier.add_person("ann", now())?;
    let invited = verifier.take(&account, &Invite::default(), now())??;
    println!("Add this account on the phone: {}", *invited.link);
    loop {
        let person = verifier.person(&account, now())?;
        println!("Press Enter to sign in, or type the check number that the phone shows:");
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line)? == 0 {
            return Ok(());
        }
        let device = person.devices().last().map(|device| device.id);
        match (CheckNumber::parse(line.trim()), device) {
            (Ok(number), Some(device)) => {
                println!(
                    "{:?}",
                    verifier.take(&account, &TypeNumber { device, number }, now())?
                );
                let person = verifier.person(&account, now())?;
                if let Some(countersign_verifier::person::StageView::Confirmed {
                    number: Some(number),
                    ..
                }) = person.devices().last().map(|device| device.stage.clone())
                {
                    println!("Type {} on the phone.", number.as_str());
                }
            }
            _ => match verifier.take(&account, &Ask { request: sign_in() }, now())? {
                Ok(asked) => println!("Type {} on the phone.", asked.number.as_str()),
                Err(error) => println!("{error}"),
            },
        }
    }
}
