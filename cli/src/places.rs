//! Where the vault and what belongs to this installation lie, by the platform's convention.

use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy as _, choose_native_strategy};

use crate::failure::Failure;

/// The program's folder below each of the platform's folders.
const FOLDER: &str = "countersign";
/// The vault's file.
const VAULT: &str = "vault";

/// The vault when nobody says otherwise: `$XDG_DATA_HOME/countersign/vault`, or the platform's like.
///
/// # Errors
///
/// `usage` when there is no home folder.
pub(crate) fn default_vault() -> Result<PathBuf, Failure> {
    choose_native_strategy()
        .map(|platform| platform.data_dir().join(FOLDER).join(VAULT))
        .map_err(|_| {
            Failure::usage("There is no home folder. Say with --vault where the vault is.")
        })
}

/// Where this installation remembers how far it has seen each vault: `$XDG_STATE_HOME/countersign`.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let platform = choose_native_strategy().ok()?;
    let base = platform.state_dir().unwrap_or_else(|| platform.data_dir());
    Some(base.join(FOLDER))
}
