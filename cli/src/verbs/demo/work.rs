//! The way between the demo's vault and its organisation: the driver that every verb uses, and what it heard.

use std::time::Duration;

use countersign_core::approval::{Attention, Event};
use countersign_core::companion::Companion;

use super::organisation::Organisation;
use super::stage::wrong;
use crate::driver::{Driver, Turn};
use crate::failure::Failure;
use crate::session::Session;

/// How long the organisation has for an answer.
const PATIENCE_S: u64 = 30;
/// How often it is looked whether what is waited for has come.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The organisation and the way to it.
pub(super) struct Work<'a> {
    session: &'a Session,
    driver: Driver<'a>,
    pub(super) organisation: Organisation,
    /// How often this device rang, and how often it took a request without a sound.
    pub(super) rang: usize,
    pub(super) stayed_quiet: usize,
}

impl<'a> Work<'a> {
    /// Nothing was heard yet.
    pub(super) fn new(session: &'a Session, organisation: Organisation) -> Result<Self, Failure> {
        Ok(Self {
            session,
            driver: Driver::new(session, Attention::Waiting)?,
            organisation,
            rang: 0,
            stayed_quiet: 0,
        })
    }

    /// Forgets what was heard.
    pub(super) const fn forget(&mut self) {
        (self.rang, self.stayed_quiet) = (0, 0);
    }

    /// Lets vault and organisation speak until there is what is looked for.
    pub(super) fn until<T>(
        &mut self,
        companion: &mut Companion,
        what: &str,
        mut look: impl FnMut(&Self, &Companion) -> Result<Option<T>, Failure>,
    ) -> Result<T, Failure> {
        let begun = self.session.now();
        loop {
            if let Some(found) = look(self, companion)? {
                return Ok(found);
            }
            if self.session.now().since(begun) >= PATIENCE_S {
                return Err(wrong(&format!("{what} never came")));
            }
            if let Turn::Events(events) = self.driver.turn(companion, None, LOOK_EVERY)? {
                self.hear(&events)?;
            }
        }
    }

    fn hear(&mut self, events: &[Event]) -> Result<(), Failure> {
        for event in events {
            match event {
                Event::Rings { .. } => self.rang += 1,
                Event::Queued { .. } => self.stayed_quiet += 1,
                Event::Refused { .. } => return Err(wrong("an answer of the server was refused")),
                _ => {}
            }
        }
        Ok(())
    }
}
