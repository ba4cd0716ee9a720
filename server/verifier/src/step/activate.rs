//! A device becomes active: it has approved its test, which proves its approval key.

use countersign_protocol::hash::Thumbprint;
use countersign_protocol::message::{Capability, RemovedWhy};
use countersign_protocol::secret::OfflineKey;

use super::{StepError, Turn};
use crate::entropy::generate_bytes;
use crate::event::Fact;
use crate::kept::Kept;
use crate::person::{ACTIVE_MAX, Stage};

impl Turn<'_> {
    /// Makes a device active, in one transaction with the end of the one whose place it takes.
    pub(super) fn activate(&mut self, id: &Thumbprint) -> Result<(), StepError> {
        let since = self.now();
        let Some(device) = self.person.device(id) else {
            return Ok(());
        };
        let name = device.name.clone();
        let moving = self.person.moving.as_ref();
        let moved = moving.filter(|moving| device.took(&moving.invitation));
        let moved = moved.map(|moving| moving.from);
        let place = moved.or(device.replaces());
        let others = self.person.active().filter(|other| Some(other.id) != place);
        if others.count() >= ACTIVE_MAX {
            return self.remove(id, RemovedWhy::TooMany);
        }
        if let Some(device) = self.person.device_mut(id) {
            device.stage = Stage::Active { since };
        }
        self.make_offline_key(id)?;
        match (moved, place) {
            (Some(from), _) => {
                self.person.moving = None;
                if let Some(old) = self.person.device_mut(&from) {
                    let to = name.clone();
                    old.end(Stage::Moved { to, at: since });
                }
                self.tell(Fact::Moved {
                    from,
                    to: *id,
                    name,
                })?;
                self.withdraw_orphans()
            }
            (None, place) => {
                self.tell(Fact::Added { device: *id, name })?;
                match place {
                    Some(place) => self.remove(&place, RemovedWhy::Replaced),
                    None => Ok(()),
                }
            }
        }
    }

    /// The key for offline responses, where the rules allow them and the device can show one. Each device has its own.
    pub(super) fn make_offline_key(&mut self, id: &Thumbprint) -> Result<(), StepError> {
        let is_allowed = self.desk.rules.policy.offline;
        let entropy = self.desk.entropy;
        let Some(device) = self.person.device_mut(id) else {
            return Ok(());
        };
        let is_active = device.is_active();
        let Some(enrolled) = &mut device.enrolled else {
            return Ok(());
        };
        let can = enrolled.capabilities.contains(&Capability::Offline);
        if is_allowed && can && is_active && enrolled.offline_key.is_none() {
            let key = zeroize::Zeroizing::new(generate_bytes(entropy)?);
            enrolled.offline_key = Some(Kept(OfflineKey::copy_of(&key)));
        }
        Ok(())
    }
}
