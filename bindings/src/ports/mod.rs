//! What a shell lends the core. The core calls none of these with the vault held or a transaction open, so that a port may call
//! the companion back.
//!
//! An exception that a port does not declare becomes one error, without its text: that may hold anything.

pub mod anchor;
pub mod device_keys;
pub mod platform_key;
pub(crate) mod rehearsal;
pub mod transport;

use std::sync::Arc;

use countersign_core::approval::Event;
use countersign_core::time::UnixSeconds;
use uniffi::UnexpectedUniFFICallbackError;

use self::anchor::Anchor;
use self::device_keys::DeviceKeys;
use self::transport::Transport;
use crate::errors::{CountersignError, Port};

/// A port did not do what it was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error, uniffi::Error)]
pub enum PortError {
    /// It could not.
    #[error("the port could not do it")]
    Failed,
    /// It threw something that it does not declare.
    #[error("the port failed unexpectedly")]
    Unexpected,
}

impl From<UnexpectedUniFFICallbackError> for PortError {
    // The reason is the foreign exception's text.
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected
    }
}

/// What time it is.
#[uniffi::export(foreign)]
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// `PortError`.
    fn now(&self) -> Result<UnixSeconds, PortError>;
}

/// Tells the person, or the rest of the app, what happened.
#[uniffi::export(foreign)]
pub trait Notifier: Send + Sync {
    /// Something happened, and is stored. Comes on whatever thread took the answer.
    ///
    /// # Errors
    ///
    /// `PortError`: nothing is undone by it.
    fn notify(&self, event: Event) -> Result<(), PortError>;
}

/// All that a companion is lent. What is not given is not there: without a transport nothing is sent, without keys of the
/// platform work accounts keep software keys in the vault, without a notifier events are only returned.
#[derive(Clone, uniffi::Record)]
pub struct Ports {
    /// What time it is, wherever no time is given.
    pub clock: Arc<dyn Clock>,
    /// The network.
    #[uniffi(default = None)]
    pub transport: Option<Arc<dyn Transport>>,
    /// The keys of work accounts.
    #[uniffi(default = None)]
    pub device_keys: Option<Arc<dyn DeviceKeys>>,
    /// Where this installation's anchor is kept, where it is not in files.
    #[uniffi(default = None)]
    pub anchor: Option<Arc<dyn Anchor>>,
    /// What tells of events.
    #[uniffi(default = None)]
    pub notifier: Option<Arc<dyn Notifier>>,
}

impl Ports {
    /// The time that was given, or the clock's.
    pub(crate) fn time(&self, given: Option<UnixSeconds>) -> Result<UnixSeconds, CountersignError> {
        let asked = given.map_or_else(|| self.clock.now(), Ok);
        asked.map_err(|_| CountersignError::PortFailed { port: Port::Clock })
    }
}
