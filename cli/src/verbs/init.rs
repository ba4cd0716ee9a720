//! `init`: a new vault, and its recovery code in the person's hands before it is needed.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use countersign_core::companion::Companion;
use countersign_core::entropy::{SystemEntropy, generate_bytes};
use countersign_core::secret::{Secret, SecretText};
use countersign_core::vault::{KdfParams, NewVault, RecoveryCode, VaultLocation};
use serde_json::{Map, Value};

use crate::args::InitArgs;
use crate::failure::Failure;
use crate::new_file;
use crate::report::Report;
use crate::session::Session;
use crate::terminal::Console;

/// The folder that we make for the vault is for its owner.
const FOLDER_MODE: u32 = 0o700;
/// How often the groups of the recovery code may be typed.
const CONFIRM_TRIES: u32 = 3;
/// Groups of the code that are asked back.
const ASKED_GROUPS: usize = 2;

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
    if let Recovery::Shown(code) = &recovery {
        show_and_confirm(session.console(), code)?;
    }
    let file = match (&recovery, &args.recovery_file) {
        (Recovery::Made(code), Some(path)) if path != Path::new("-") => {
            // EXPOSE: this file is where the person wants the code.
            new_file::write(path, format!("{}\n", code.format().expose()).as_bytes())?;
            Some(path)
        }
        _ => None,
    };
    let is_handed_out = hand_out(session, &location, args, &recovery)?;
    let made = make(
        session,
        &location,
        anchors,
        password.as_ref(),
        recovery.code(),
    );
    if let (Err(_), Some(path)) = (&made, file) {
        // It would stand in the way of the next try and opens nothing.
        let _ = fs::remove_file(path);
    }
    made?;
    Ok(describe(&location, &recovery, is_handed_out))
}

/// Where the recovery code comes from.
enum Recovery {
    /// There is none.
    None,
    /// It was given: the vault has no password.
    Given(RecoveryCode),
    /// It was made and goes to a file, to standard output or into the document.
    Made(RecoveryCode),
    /// It was made and is shown on the terminal.
    Shown(RecoveryCode),
}

impl Recovery {
    const fn code(&self) -> Option<&RecoveryCode> {
        match self {
            Self::None => None,
            Self::Given(code) | Self::Made(code) | Self::Shown(code) => Some(code),
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

fn choose_recovery(session: &Session, args: &InitArgs) -> Result<Recovery, Failure> {
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
    let has_hand = session.console().is_json() || args.recovery_file.is_some();
    if !has_hand && !session.console().can_ask() {
        return Err(Failure::new(
            "recovery_choice_needed",
            "There is no terminal to show the recovery code on. Say --recovery-file FILE (or -), or --no-recovery.",
        ));
    }
    let code = RecoveryCode::generate(&SystemEntropy::new())
        .map_err(|error| Failure::new("entropy", error.to_string()))?;
    Ok(if has_hand {
        Recovery::Made(code)
    } else {
        Recovery::Shown(code)
    })
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

/// Shows the code once and has two of its groups typed back.
fn show_and_confirm(console: &Console, code: &RecoveryCode) -> Result<(), Failure> {
    let text = code.format();
    // EXPOSE: the person writes it down now.
    let groups: Vec<&str> = text.expose().split('-').collect();
    console.say(&format!(
        "\nYour recovery code. It opens the vault if you forget the password; write it on paper now.\n\n    {}\n\n",
        text.expose()
    ))?;
    let random: [u8; ASKED_GROUPS] = generate_bytes(&SystemEntropy::new())
        .map_err(|error| Failure::new("entropy", error.to_string()))?;
    let mut last = None;
    for byte in random {
        let mut index = usize::from(byte) % groups.len().max(1);
        if last == Some(index) {
            index = (index + 1) % groups.len().max(1);
        }
        last = Some(index);
        let Some(group) = groups.get(index) else {
            continue;
        };
        ask_group(console, index + 1, group)?;
    }
    Ok(())
}

fn ask_group(console: &Console, number: usize, group: &str) -> Result<(), Failure> {
    for _ in 0..CONFIRM_TRIES {
        let answer = console.ask(&format!("Type group {number} of it:"))?;
        // The same letters that a recovery code forgives.
        let typed = answer
            .trim()
            .to_uppercase()
            .replace('O', "0")
            .replace(['I', 'L'], "1");
        if typed == group {
            return Ok(());
        }
        console.note("That is another group. Look again.");
    }
    Err(Failure::new(
        "not_confirmed",
        "The recovery code was not confirmed. No vault was made.",
    ))
}

fn make(
    session: &Session,
    location: &VaultLocation,
    anchors: Box<crate::anchors::AnchorFolder>,
    password: Option<&Secret>,
    recovery: Option<&RecoveryCode>,
) -> Result<(), Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(location.folder())
        .map_err(|error| Failure::io(&error, "folder of the vault"))?;
    let setup = NewVault {
        password,
        recovery,
        kdf: KdfParams::DEFAULT,
    };
    let entropy = Box::new(SystemEntropy::new());
    Companion::create(location, &setup, anchors, entropy, session.now())?;
    Ok(())
}

/// Writes the code to standard output, where that is the only place it goes to, before there is a vault:
/// no vault is made whose code nobody saw. Returns whether it did.
fn hand_out(
    session: &Session,
    location: &VaultLocation,
    args: &InitArgs,
    recovery: &Recovery,
) -> Result<bool, Failure> {
    let has_file = args
        .recovery_file
        .as_deref()
        .is_some_and(|path| path != Path::new("-"));
    let Recovery::Made(code) = recovery else {
        return Ok(false);
    };
    if has_file {
        return Ok(false);
    }
    let text = code.format();
    let members = members(location, Some(&text));
    // EXPOSE: standard output is where the person wants the code.
    session.console().hand_out(&members, text.expose())?;
    Ok(true)
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

fn describe(location: &VaultLocation, recovery: &Recovery, is_handed_out: bool) -> Report {
    let report = Report::new().changed();
    let done = "The vault is made. Next: `countersign add --qr IMAGE`, or `countersign add` to type a key.";
    if is_handed_out {
        // Standard output has the code and, in a document, its members.
        return report.note(done);
    }
    let made = match recovery {
        Recovery::Made(code) | Recovery::Shown(code) => Some(code.format()),
        Recovery::None | Recovery::Given(_) => None,
    };
    report
        .members(members(location, made.as_ref()))
        .text(format!("{done}\n"))
}
