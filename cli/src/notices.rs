//! Notifications of the desktop (Desktop Notifications Specification 1.2) over D-Bus: who asks and for which account, no
//! details, and no action that could answer (R4).
//!
//! A notification outlives the program that showed it, so whatever way that ends, those that are still there are taken away.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use zbus::Connection;
use zbus::zvariant::Value;

/// The service and its interface.
const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// How long a desktop may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The desktop decides when a notification goes away by itself.
const AS_THE_DESKTOP_LIKES: i32 = -1;
/// Lets the desktop show it on a lock screen as it likes: there is nothing in it that may not be seen there.
const CATEGORY: &str = "im.received";

/// How a notification comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Loudness {
    /// As the desktop shows what needs somebody.
    Rings,
    /// Without sound.
    Quiet,
}

/// One notification on the screen.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Notice(u32);

/// The desktop's notifications. Any thread may end them, while another one shows them.
pub(crate) struct Notices {
    runtime: Runtime,
    connection: Connection,
    screen: Mutex<Screen>,
}

/// What is on the screen.
#[derive(Debug, Default)]
struct Screen {
    shown: BTreeSet<Notice>,
    /// Nothing is shown any more.
    is_over: bool,
}

/// There is no desktop that shows notifications, or it does not answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NoDesktop;

impl Notices {
    /// Connects to the session's bus.
    ///
    /// # Errors
    ///
    /// [`NoDesktop`].
    pub(crate) fn connect() -> Result<Self, NoDesktop> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|_| NoDesktop)?;
        let connection = within(&runtime, async {
            let connection = Connection::session().await?;
            connection
                .call_method(
                    Some(SERVICE),
                    PATH,
                    Some(SERVICE),
                    "GetServerInformation",
                    &(),
                )
                .await?;
            Ok(connection)
        })?;
        Ok(Self {
            runtime,
            connection,
            screen: Mutex::default(),
        })
    }

    /// Shows a notification, in the place of an earlier one where there is one.
    ///
    /// # Errors
    ///
    /// [`NoDesktop`].
    pub(crate) fn show(
        &self,
        earlier: Option<Notice>,
        title: &str,
        body: &str,
        loudness: Loudness,
    ) -> Result<Notice, NoDesktop> {
        let mut screen = self.screen();
        if screen.is_over {
            return Err(NoDesktop);
        }
        let no_actions: [&str; 0] = [];
        let urgency: u8 = match loudness {
            Loudness::Rings => 2,
            Loudness::Quiet => 0,
        };
        let hints = HashMap::from([
            ("urgency", Value::from(urgency)),
            ("category", Value::from(CATEGORY)),
            ("suppress-sound", Value::from(loudness == Loudness::Quiet)),
            // It is not to be kept in a list after it was answered.
            ("transient", Value::from(loudness == Loudness::Quiet)),
        ]);
        let earlier = earlier.map_or(0, |notice| notice.0);
        let message = (
            "Countersign",
            earlier,
            "",
            title,
            body,
            &no_actions[..],
            hints,
            AS_THE_DESKTOP_LIKES,
        );
        let notice = within(&self.runtime, async {
            let reply = self
                .connection
                .call_method(Some(SERVICE), PATH, Some(SERVICE), "Notify", &message)
                .await?;
            reply.body().deserialize().map(Notice)
        })?;
        screen.shown.insert(notice);
        Ok(notice)
    }

    /// Takes a notification away. One that is gone already is none.
    pub(crate) fn close(&self, notice: Notice) {
        self.screen().shown.remove(&notice);
        self.take_away(&BTreeSet::from([notice]));
    }

    /// Takes away what is there, and shows nothing from now on.
    pub(crate) fn end(&self) {
        let mut screen = self.screen();
        screen.is_over = true;
        self.take_away(&std::mem::take(&mut screen.shown));
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_away(&self, notices: &BTreeSet<Notice>) {
        // Nothing depends on it.
        let _ = within(&self.runtime, async {
            for Notice(id) in notices {
                // The desktop calls it an error when the person was faster.
                let _ = self
                    .connection
                    .call_method(Some(SERVICE), PATH, Some(SERVICE), "CloseNotification", id)
                    .await;
            }
            Ok(())
        });
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits for an answer of the desktop, and not long. Its words are dropped here.
fn within<T>(
    runtime: &Runtime,
    answer: impl Future<Output = Result<T, zbus::Error>>,
) -> Result<T, NoDesktop> {
    runtime
        .block_on(async { tokio::time::timeout(PATIENCE, answer).await })
        .map_err(|_| NoDesktop)?
        .map_err(|_| NoDesktop)
}
