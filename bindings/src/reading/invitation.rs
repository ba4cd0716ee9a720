//! Invitations: what adds a work account.

use std::sync::Arc;

use countersign_core::account::Name;
use countersign_core::secret::{Secret, SecretText};
use countersign_core::time::UnixSeconds;
use countersign_core::uri::UriError;
use countersign_core::uri::invitation::{self, Proof, Scanned};

use super::mode_of;

/// An invitation, by link or by hand. Its secret does not cross.
#[derive(uniffi::Object)]
pub struct Invitation(invitation::Invitation);

/// Why code and address are no invitation.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error, uniffi::Error)]
pub enum InvitationError {
    /// What is wrong with the code or the address.
    #[error("{fault}")]
    Refused {
        /// The fact.
        fault: UriError,
    },
}

#[uniffi::export]
impl Invitation {
    /// Reads code and address as they are typed: the code may be grouped by spaces and dashes. In test mode servers on this
    /// machine are taken.
    ///
    /// # Errors
    ///
    /// `Refused` with `MissingCode`, `MissingUrl`, `InsecureUrl` or `Malformed`.
    #[uniffi::constructor(default(test_mode = false))]
    pub fn of_code_and_url(
        code: &str,
        url: &str,
        test_mode: bool,
    ) -> Result<Arc<Self>, InvitationError> {
        let read = invitation::parse_code_and_url(code, url, mode_of(test_mode));
        let read = read.map_err(|fault| InvitationError::Refused { fault })?;
        Ok(Arc::new(Self(read)))
    }

    /// The server's address.
    #[must_use]
    pub fn url(&self) -> SecretText {
        SecretText::new(self.0.url.as_str().to_owned())
    }

    /// The server's host, which the person compares with the page before anything is sent.
    #[must_use]
    pub fn host(&self) -> Name {
        Name::new(self.0.url.host())
    }

    /// Whether it was typed, so that the server's key is not known yet.
    #[must_use]
    pub fn is_typed(&self) -> bool {
        matches!(self.0.proof, Proof::Typed { .. })
    }

    /// Who invites, where it says so.
    #[must_use]
    pub fn issuer(&self) -> Option<Name> {
        self.scanned().map(|scanned| scanned.issuer.clone())
    }

    /// Whose account it becomes, where it says so.
    #[must_use]
    pub fn account(&self) -> Option<Name> {
        self.scanned().map(|scanned| scanned.account.clone())
    }

    /// When it ends, where it says so; the server decides.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixSeconds> {
        self.scanned().map(|scanned| scanned.expires_at)
    }
}

impl Invitation {
    pub(crate) const fn core(&self) -> &invitation::Invitation {
        &self.0
    }

    const fn scanned(&self) -> Option<&Scanned> {
        match &self.0.proof {
            Proof::Scanned(scanned) => Some(scanned),
            Proof::Typed { .. } => None,
        }
    }

    pub(super) fn copy_of(read: &invitation::Invitation) -> Self {
        // EXPOSE: each copy is a secret again.
        let text = |text: &SecretText| SecretText::new(text.expose().to_owned());
        let bytes = |secret: &Secret| Secret::copy_of(secret.expose());
        let proof = match &read.proof {
            Proof::Scanned(Scanned {
                id,
                secret,
                server_key,
                expires_at,
                issuer,
                account,
            }) => Proof::Scanned(Scanned {
                id: bytes(id),
                secret: bytes(secret),
                server_key: *server_key,
                expires_at: *expires_at,
                issuer: issuer.clone(),
                account: account.clone(),
            }),
            Proof::Typed { choice, secret } => Proof::Typed {
                choice: text(choice),
                secret: text(secret),
            },
        };
        Self(invitation::Invitation {
            url: read.url.clone(),
            proof,
        })
    }
}
