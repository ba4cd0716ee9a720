//! Codes of work accounts that their servers gave some: right by each server's own clock, whatever this device's says (C4).

use super::super::Companion;
use super::desk;
use crate::otp::CodeWindow;
use crate::time::UnixSeconds;
use crate::uri::parse_otpauth;
use crate::vault::RecordId;

/// The codes of a work account.
#[derive(Debug, Eq, PartialEq)]
pub struct WorkCodes {
    /// The account.
    pub account: RecordId,
    /// Current code, next code, and when this device's clock will show the change.
    pub window: CodeWindow,
}

impl Companion {
    /// Codes of all work accounts that have some and are not in the trash.
    #[must_use]
    pub fn work_codes(&self, now: UnixSeconds) -> Vec<WorkCodes> {
        let accounts = desk::all(&self.vault).into_iter();
        accounts
            .filter(|account| account.is_awake())
            .filter_map(|account| {
                let link = account.work.otp_link()?;
                // EXPOSE: a code is made with its key.
                let parsed = parse_otpauth(link.expose()).ok()?;
                let server_now = account.work.server_time(now);
                let mut window = parsed.account.otp.generator().window(server_now)?;
                window.changes_at = now.plus(window.changes_at.since(server_now));
                Some(WorkCodes {
                    account: account.id,
                    window,
                })
            })
            .collect()
    }
}
