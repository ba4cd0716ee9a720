//! Kind 3: what holds for the whole vault.

use zeroize::Zeroizing;

use super::{Unknown, copy_unknown, put_unknown};
use crate::secret::Secret;
use crate::time::UnixSeconds;
use crate::vault::tlv::{Malformed, Reader, Writer, u64_of};

/// Field number of `managed`.
const MANAGED: u8 = 1;

/// The settings' record; a vault without one has every default.
#[derive(Default)]
pub(in crate::vault) struct Settings {
    /// When the person accepted that keys of the platform alone open the vault: what is lost with them is enrolled
    /// anew from the servers.
    pub(in crate::vault) managed_since: Option<UnixSeconds>,
    unknown: Vec<Unknown>,
}

impl Settings {
    pub(in crate::vault) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        if let Some(since) = self.managed_since {
            body.put_u64(MANAGED, since.0);
        }
        put_unknown(&mut body, &self.unknown);
        body.finish()
    }

    pub(super) fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let mut settings = Self::default();
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            match tag {
                MANAGED => settings.managed_since = Some(UnixSeconds(u64_of(value)?)),
                other => settings.unknown.push((other, Secret::copy_of(value))),
            }
        }
        Ok(settings)
    }

    pub(in crate::vault) fn duplicate(&self) -> Self {
        Self {
            managed_since: self.managed_since,
            unknown: copy_unknown(&self.unknown),
        }
    }
}
