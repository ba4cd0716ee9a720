//! A desktop that shows notifications: a bus of the test's own, with somebody on it who takes them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use zbus::zvariant::OwnedValue;

use super::together::Watching;
use crate::desktop::Desktop;
use crate::person::Person;

/// A test that waits longer than this has found a mistake.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// One notification as a desktop got it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) id: u32,
    pub(super) replaces: u32,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) actions: Vec<String>,
    pub(super) urgency: u8,
}

/// What a desktop got so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Screen {
    pub(super) shown: Vec<Shown>,
    pub(super) closed: Vec<u32>,
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
pub(super) struct Watched {
    desktop: Desktop,
    screen: Arc<Mutex<Screen>>,
    _connection: zbus::Connection,
    _runtime: Runtime,
}

impl Watched {
    pub(super) fn new() -> Option<Self> {
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

    /// Somebody's `watch` on this desktop.
    pub(super) fn watch(&self, person: &Person) -> Watching {
        let bus = [("DBUS_SESSION_BUS_ADDRESS", self.desktop.address())];
        Watching::start(person, &bus)
    }

    /// What it got so far.
    pub(super) fn screen(&self) -> Screen {
        self.screen.lock().unwrap().clone()
    }

    pub(super) fn wait_until(&self, what: &str, is_so: impl Fn(&Screen) -> bool) -> Screen {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(Instant::now() < until, "{what} never came: {screen:?}");
            std::thread::park_timeout(LOOK_EVERY);
        }
    }
}
