//! `init`: a new vault, and its recovery code in the person's hands before it is needed.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;

use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::{Secret, SecretText};
use countersign_core::vault::{AnchorFolder, KdfParams, NewVault, RecoveryCode, VaultLocation};
use serde_json::{Map, Value};

use super::recovery::{NewCode, Words};
use crate::args::{Cost, InitArgs};
use crate::cost;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;

/// The folder that we make for the vault is for its owner.
const FOLDER_MODE: u32 = 0o700;
const WORDS: Words = Words {
    choice: "There is no terminal to show the recovery code on. Say --recovery-file FILE (or -), or --no-recovery.",
    undone: "No vault was made.",
};

/// Makes a vault.
///
/// # Errors
///
/// `vault_exists`, `leftovers`, `recovery_choice_needed`, `not_confirmed`, and those of writing files.
pub(crate) fn run(session: &Session, args: &InitArgs) -> Result<Report, Failure> {
    session.unlock_sources()?;
    let (location, anchors) = session.place()?;
    refuse_existing(&location)?;
    let recovery = choose_recovery(session, args)?;
    let password = match recovery {
        Recovery::Given(_) => None,
        _ => Some(new_password(session)?),
    };
    let given = match &recovery {
        Recovery::New(new) => {
            let members = members(&location, Some(&new.code().format()));
            Some(new.give(session, &members)?)
        }
        Recovery::None | Recovery::Given(_) => None,
    };
    let made = make(
        session,
        &location,
        anchors,
        args.cost,
        password.as_ref(),
        recovery.code(),
    );
    // A vault that was made and could neither be opened nor be taken back still needs its code.
    let is_there = location.path().symlink_metadata().is_ok();
    if let (Err(_), Some(given), false) = (&made, &given, is_there) {
        given.take_back();
    }
    made?;
    let is_handed_out = given.is_some_and(|given| given.is_handed_out);
    Ok(describe(&location, &recovery, is_handed_out))
}

/// Where the recovery code comes from.
enum Recovery<'a> {
    /// There is none.
    None,
    /// It was given: the vault has no password.
    Given(RecoveryCode),
    /// It was made.
    New(NewCode<'a>),
}

impl Recovery<'_> {
    const fn code(&self) -> Option<&RecoveryCode> {
        match self {
            Self::None => None,
            Self::Given(code) => Some(code),
            Self::New(new) => Some(new.code()),
        }
    }
}

/// Says so before anything is asked. The core looks again, without a gap, when the vault is made.
fn refuse_existing(location: &VaultLocation) -> Result<(), Failure> {
    match location.path().symlink_metadata() {
        Ok(_) => Err(countersign_core::vault::VaultError::VaultExists.into()),
        Err(_) => Ok(()),
    }
}

fn choose_recovery<'a>(session: &Session, args: &'a InitArgs) -> Result<Recovery<'a>, Failure> {
    let given = session.given_recovery_code()?;
    if given.is_some() && (args.no_recovery || args.recovery_file.is_some()) {
        return Err(Failure::usage(
            "--recovery-code-file makes a vault that this code opens; it goes with neither --recovery-file nor --no-recovery.",
        ));
    }
    if let Some(code) = given {
        return Ok(Recovery::Given(code));
    }
    if args.no_recovery {
        return Ok(Recovery::None);
    }
    NewCode::generate(session, args.recovery_file.as_deref(), &WORDS).map(Recovery::New)
}

fn new_password(session: &Session) -> Result<Secret, Failure> {
    if let Some(password) = session.given_password()? {
        return Ok(password);
    }
    if !session.console().can_ask_secret() {
        return Err(Failure::new(
            "password_needed",
            "There is no terminal to ask for a password on. Use --password-file FILE (or - or fd:3), or the variable COUNTERSIGN_PASSWORD.",
        ));
    }
    session
        .console()
        .ask_new_password("A password for the new vault:")
}

fn make(
    session: &Session,
    location: &VaultLocation,
    anchors: Box<AnchorFolder>,
    price: Cost,
    password: Option<&Secret>,
    recovery: Option<&RecoveryCode>,
) -> Result<(), Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(location.folder())
        .map_err(|error| Failure::io(&error, "folder of the vault"))?;
    let kdf = match password {
        Some(_) => cost::choose(session, price)?,
        None => KdfParams::DEFAULT,
    };
    let setup = NewVault {
        password,
        recovery,
        kdf,
    };
    let entropy = Box::new(SystemEntropy::new());
    let _progress = session.console().progress("Making the vault");
    Companion::create(location, &setup, anchors, entropy, session.now())?;
    Ok(())
}

/// The members of the document.
fn members(location: &VaultLocation, code: Option<&SecretText>) -> Map<String, Value> {
    let mut members = Map::new();
    let path = location.path().to_string_lossy().into_owned();
    members.insert("vault".into(), path.into());
    // EXPOSE: the document is where a script wants the code.
    members.insert("recovery_code".into(), code.map(SecretText::expose).into());
    members
}

fn describe(location: &VaultLocation, recovery: &Recovery<'_>, is_handed_out: bool) -> Report {
    let report = Report::new().changed();
    let done = "The vault is made. Next: `countersign add --qr IMAGE`, or `countersign add` to type a key.";
    if is_handed_out {
        // Standard output has the code and, in a document, its members.
        return report.note(done);
    }
    let made = match recovery {
        Recovery::New(new) => Some(new.code().format()),
        Recovery::None | Recovery::Given(_) => None,
    };
    report
        .members(members(location, made.as_ref()))
        .text(format!("{done}\n"))
}
