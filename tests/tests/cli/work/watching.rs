//! Notifications of the desktop: a bus of the test's own, with somebody on it who takes them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use zbus::zvariant::OwnedValue;

use super::office::Office;
use super::together::Watching;
use crate::desktop::Desktop;
use crate::terminal::Terminal;

/// A test that waits longer than this has found a mistake.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// One notification as a desktop got it.
#[derive(Clone, Debug)]
struct Shown {
    id: u32,
    replaces: u32,
    title: String,
    body: String,
    actions: Vec<String>,
    urgency: u8,
}

/// What a desktop got so far.
#[derive(Clone, Debug, Default)]
struct Screen {
    shown: Vec<Shown>,
    closed: Vec<u32>,
}

/// A desktop that shows notifications (Desktop Notifications Specification 1.2).
struct Notifications(Arc<Mutex<Screen>>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    fn get_server_information(&self) -> (String, String, String, String) {
        let [name, vendor, version, of] = ["test", "test", "1", "1.2"].map(str::to_owned);
        (name, vendor, version, of)
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the specification's own arguments"
    )]
    fn notify(
        &self,
        _app_name: &str,
        replaces: u32,
        _icon: &str,
        title: &str,
        body: &str,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _timeout_ms: i32,
    ) -> u32 {
        let mut screen = self.0.lock().unwrap();
        let id = match replaces {
            0 => u32::try_from(screen.shown.len()).unwrap() + 1,
            earlier => earlier,
        };
        screen.shown.push(Shown {
            id,
            replaces,
            title: title.into(),
            body: body.into(),
            actions,
            urgency: u8::try_from(&hints["urgency"]).unwrap(),
        });
        id
    }

    fn close_notification(&self, id: u32) {
        self.0.lock().unwrap().closed.push(id);
    }
}

/// A desktop with a bus and a screen.
struct Watched {
    desktop: Desktop,
    screen: Arc<Mutex<Screen>>,
    _connection: zbus::Connection,
    _runtime: Runtime,
}

impl Watched {
    fn new() -> Option<Self> {
        let desktop = Desktop::with_bus()?;
        let screen = Arc::new(Mutex::new(Screen::default()));
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let notifications = Notifications(Arc::clone(&screen));
        let connection = runtime.block_on(async {
            zbus::connection::Builder::address(desktop.address())
                .unwrap()
                .name("org.freedesktop.Notifications")
                .unwrap()
                .serve_at("/org/freedesktop/Notifications", notifications)
                .unwrap()
                .build()
                .await
                .unwrap()
        });
        Some(Self {
            desktop,
            screen,
            _connection: connection,
            _runtime: runtime,
        })
    }

    fn wait_until(&self, what: &str, is_so: impl Fn(&Screen) -> bool) -> Screen {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen.lock().unwrap().clone();
            if is_so(&screen) {
                return screen;
            }
            assert!(Instant::now() < until, "{what} never came: {screen:?}");
            std::thread::park_timeout(LOOK_EVERY);
        }
    }
}

#[test]
fn r4_a_notification_names_who_asks_and_for_whom_and_has_no_button() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let office = Office::new();
    let person = office.person();
    let bus = [("DBUS_SESSION_BUS_ADDRESS", watched.desktop.address())];
    let mut watching = Watching::start(&person, &bus);
    let asked = office.sign_in();
    assert_eq!(watching.next()["event"], "rings");
    let screen = watched.wait_until("the notification", |screen| !screen.shown.is_empty());
    let shown = &screen.shown[0];
    assert_eq!(shown.title, "Sign-in request: Acme:ann@acme.test");
    assert!(shown.actions.is_empty(), "{shown:?}");
    assert_eq!(shown.urgency, 2);
    for detail in ["Mail", "mail.acme.test", asked.number.as_str()] {
        assert!(!shown.body.contains(detail), "{shown:?}");
    }
    // Answered somewhere, it goes away.
    let mut terminal = Terminal::start(&person.command(&["approve", "--once"]), 120, 40);
    terminal.expect("6 digits");
    terminal.press(&format!("{}\n", asked.number.as_str()));
    terminal.expect("Approved");
    assert_eq!(terminal.end().0, 0);
    watched.wait_until("its end", |screen| screen.closed == [shown.id]);
    watching.end();
}

#[test]
fn r11_many_requests_ring_twice_and_are_then_one_card_with_a_count() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let office = Office::new();
    let person = office.person();
    let bus = [("DBUS_SESSION_BUS_ADDRESS", watched.desktop.address())];
    let mut watching = Watching::start(&person, &bus);
    let apps = ["Bomb", "Bomb", "Bomb", "Bomb", "Real"];
    let asked = apps.map(|app| office.ask(app));
    let events: Vec<_> = asked.iter().map(|_| watching.next()).collect();
    let rings = events.iter().filter(|event| event["event"] == "rings");
    assert_eq!(rings.count(), 2, "{events:?}");
    let screen = watched.wait_until("the count", |screen| {
        screen
            .shown
            .iter()
            .any(|shown| shown.title.starts_with("3 requests wait quietly"))
    });
    let quiet: Vec<&Shown> = screen
        .shown
        .iter()
        .filter(|shown| shown.urgency == 0)
        .collect();
    let card = quiet[0].id;
    assert!(quiet.iter().all(|shown| shown.id == card), "{screen:?}");
    assert!(
        quiet.iter().skip(1).all(|shown| shown.replaces == card),
        "{screen:?}"
    );
    assert_eq!(
        screen
            .shown
            .iter()
            .filter(|shown| shown.urgency == 2)
            .count(),
        2
    );
    // The last one, the real sign-in, is answered from the queue.
    let mut terminal = Terminal::start(&person.command(&["approve"]), 120, 40);
    let real = &asked[4];
    let mut card = terminal.expect("6 digits");
    while !card.contains("For         Real") {
        terminal.press("\u{1b}");
        card = terminal.expect("6 digits");
    }
    terminal.press(&format!("{}\n", real.number.as_str()));
    terminal.expect("Approved");
    assert_eq!(office.end_of(&real.id), "approved");
    watching.end();
}

#[test]
fn without_a_desktop_requests_are_printed() {
    let office = Office::new();
    let person = office.person();
    let nowhere = [("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")];
    let mut watching = Watching::start(&person, &nowhere);
    let asked = office.sign_in();
    assert_eq!(watching.next()["event"], "rings");
    assert!(office.is_open(&asked.id));
    watching.end();
}
