//! A new password: given with the command, or asked for once the vault is open.

use countersign_core::secret::Secret;

use crate::failure::Failure;
use crate::input::{Source, refuse_shared};
use crate::session::Session;

/// A new password that was given; without one, a person at the terminal is asked.
pub(crate) struct NewPassword(Option<Secret>);

impl NewPassword {
    /// Takes what was given, before anything is unlocked.
    ///
    /// # Errors
    ///
    /// `password_needed` when none was given and nobody can be asked; those of reading it.
    pub(crate) fn prepare(session: &Session, file: Option<&str>) -> Result<Self, Failure> {
        let given = session.given_new_password(file)?;
        if given.is_none() && !session.console().can_ask_secret() {
            return Err(Failure::new(
                "password_needed",
                "There is no terminal to ask for the new password on. Use --new-password-file FILE (or - or fd:3), or the variable COUNTERSIGN_NEW_PASSWORD.",
            ));
        }
        Ok(Self(given))
    }

    /// The password, asked for when none was given.
    ///
    /// # Errors
    ///
    /// Those of asking.
    pub(crate) fn take(self, session: &Session) -> Result<Secret, Failure> {
        match self.0 {
            Some(password) => Ok(password),
            None => session.console().ask_new_password("The new password:"),
        }
    }
}

/// Refuses a new password from where the old one comes from too.
///
/// # Errors
///
/// A usage error when two readers share one source, or a source is not one.
pub(crate) fn refuse_shared_source(session: &Session, file: Option<&str>) -> Result<(), Failure> {
    let new_source = file.map(Source::parse).transpose()?;
    let unlocking = session.unlock_sources()?;
    refuse_shared(unlocking.iter().chain(&new_source))
}
