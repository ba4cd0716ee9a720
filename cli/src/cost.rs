//! How much work a password costs whoever guesses it: measured on this device, or as the person says.

use std::time::Instant;

use countersign_core::vault::KdfParams;

use crate::args::Cost;
use crate::failure::Failure;
use crate::session::Session;

/// The cost of a password that is set now.
///
/// # Errors
///
/// `kdf_out_of_bounds` when there is not so much memory.
pub(crate) fn choose(session: &Session, cost: Cost) -> Result<KdfParams, Failure> {
    if let Some(passes) = cost.kdf_passes {
        return Ok(KdfParams {
            passes,
            ..KdfParams::DEFAULT
        });
    }
    let _progress = session.console().progress("Measuring this device");
    let began = Instant::now();
    KdfParams::rehearse()?;
    let floor_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(KdfParams::calibrated(floor_ms))
}
