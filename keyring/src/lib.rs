//! The desktop's keyring as a platform's key: GNOME Keyring, KWallet, KeePassXC and whatever else speaks the Secret
//! Service API of freedesktop.org.
//!
//! The keyring holds one random key a slot, under a label and attributes that name no account; the slot holds its
//! secret, sealed with that key. `docs/adr/0007-the-desktops-keyring.md` says why, and what it protects against.
#![forbid(unsafe_code)]

mod bus;
mod decide;
mod service;
mod wrapped;

use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::vault::{PlatformContext, PlatformKey, PlatformKeyError};

use bus::{Bus, Limits};
use service::Service as _;

/// The keyring of the desktop that this process belongs to.
///
/// Every call connects anew and ends within bounds: five seconds for each answer of the keyring, twenty-five for each
/// that a person may first be asked for. [`PlatformKeyError::LockedOut`] never comes back: a keyring asks for its
/// password as often as it likes and tells nobody about failed attempts.
#[derive(Clone, Debug, Default)]
pub struct DesktopKeyring {
    address: Option<String>,
}

impl DesktopKeyring {
    /// The keyring on the session's bus. Nothing is connected yet, and without a bus nothing will wait for one.
    #[must_use]
    pub const fn new() -> Self {
        Self { address: None }
    }

    /// The keyring on the bus at `address`, in the words of the D-Bus specification: `unix:path=…`.
    #[must_use]
    pub fn on_bus(address: &str) -> Self {
        Self {
            address: Some(address.to_owned()),
        }
    }

    /// Whether a keyring answers and says where new keys go; nobody is asked anything.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        self.connect()
            .and_then(|bus| Ok(bus.default_collection()?))
            .is_ok_and(|collection| collection.is_some())
    }

    /// Deletes the key that [`PlatformKey::wrap`] stored for `context`; one that is not there is as good as deleted.
    ///
    /// # Errors
    ///
    /// [`PlatformKeyError::Cancelled`] and [`PlatformKeyError::NotAvailable`]: the key may still be in the keyring. It
    /// opens nothing once its slot is gone.
    pub fn forget(&self, context: &PlatformContext) -> Result<(), PlatformKeyError> {
        decide::forget(&self.connect()?, context)
    }

    fn connect(&self) -> Result<Bus, PlatformKeyError> {
        Ok(Bus::connect(self.address.as_deref(), Limits::default())?)
    }
}

impl PlatformKey for DesktopKeyring {
    /// Stores a new key in the default collection beside whatever is there, and reads it back before it is relied on.
    ///
    /// # Errors
    ///
    /// [`PlatformKeyError::Cancelled`] and [`PlatformKeyError::NotAvailable`]; a time-out can leave a key that nothing
    /// was sealed with.
    fn wrap(
        &self,
        context: &PlatformContext,
        secret: &Secret,
    ) -> Result<Vec<u8>, PlatformKeyError> {
        decide::wrap(&self.connect()?, &SystemEntropy::new(), context, secret)
    }

    fn unwrap(
        &self,
        context: &PlatformContext,
        wrapped: &[u8],
    ) -> Result<Secret, PlatformKeyError> {
        decide::unwrap(&self.connect()?, context, wrapped)
    }
}
