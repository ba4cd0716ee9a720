//! `vault slots add`: one more way to unlock.

use countersign_core::companion::Companion;
use countersign_core::vault::{PlatformKeyError, RecordId, Rotated, SlotKind, VaultError};
use countersign_keyring::DesktopKeyring;
use serde_json::Map;

use crate::args::AddSlotArgs;
use crate::cost;
use crate::failure::Failure;
use crate::findings;
use crate::new_password::{NewPassword, refuse_shared_source};
use crate::report::Report;
use crate::session::Session;
use crate::verbs::aside;
use crate::verbs::recovery::{NewCode, Words};

const WORDS: Words = Words {
    choice: "There is no terminal to show the recovery code on. Say --recovery-file FILE (or -).",
    undone: "Nothing was changed.",
};

/// Adds a password, a recovery code or a key in the keyring.
///
/// # Errors
///
/// `slot_exists`, `too_many_slots`, `platform_key_…`, those of a new password or recovery code, of unlocking and writing.
pub(super) fn run(session: &Session, args: &AddSlotArgs) -> Result<Report, Failure> {
    let new_file = args.new_password_file.as_deref();
    refuse_shared_source(session, new_file)?;
    if args.kind.password {
        let new = NewPassword::prepare(session, new_file)?;
        return session.with_vault(|companion| password(session, companion, args, new));
    }
    if args.kind.recovery {
        let new = NewCode::generate(session, args.recovery_file.as_deref(), &WORDS)?;
        return session.with_vault(|companion| recovery(session, companion, args, &new));
    }
    session.with_vault(|companion| keyring(session, companion))
}

fn password(
    session: &Session,
    companion: &mut Companion,
    args: &AddSlotArgs,
    new: NewPassword,
) -> Result<Report, Failure> {
    if has(companion, SlotKind::Password)? {
        return Err(Failure::new(
            "slot_exists",
            "The vault has a password already. `countersign passwd` changes it.",
        ));
    }
    let new = new.take(session)?;
    let kdf = cost::choose(session, args.cost)?;
    let progress = session.unlocking();
    let id = companion.add_password(&new, kdf, session.now())?;
    drop(progress);
    let text = "The password opens the vault now, as the other ways still do.\n";
    Ok(added(companion, id, "password").text(text))
}

fn recovery(
    session: &Session,
    companion: &mut Companion,
    args: &AddSlotArgs,
    new: &NewCode<'_>,
) -> Result<Report, Failure> {
    let is_there = has(companion, SlotKind::Recovery)?;
    if is_there && !args.replace {
        return Err(Failure::new(
            "slot_exists",
            "The vault has a recovery code already. --replace puts a new one in its place.",
        ));
    }
    // What stands in the way is said before a code is shown that would open nothing.
    if let Some(error) = in_the_way(companion, args, is_there) {
        return Err(aside::refused(error));
    }
    let mut members = Map::new();
    // EXPOSE: the document is where a script wants the code.
    members.insert("recovery_code".into(), new.code().format().expose().into());
    let given = new.give(session, &members)?;
    let done = set(session, companion, args, new, is_there);
    if done.is_err() {
        given.take_back();
    }
    let (id, rotated) = done?;
    let report = added(companion, id, "recovery");
    let report = match &rotated {
        Some(rotated) => aside::describe(report, rotated),
        None => report,
    };
    let text = match is_there {
        true => "The new recovery code opens the vault now; the old one opens nothing any more.",
        false => "The recovery code opens the vault now.",
    };
    Ok(match given.is_handed_out {
        // Standard output has the code, and in a document its member.
        true => report.note(text),
        false => report.members(members).text(format!("{text}\n")),
    })
}

/// Why a code could not be put in.
fn in_the_way(companion: &Companion, args: &AddSlotArgs, is_there: bool) -> Option<VaultError> {
    let findings = companion.findings();
    let count = u32::try_from(findings.unreadable.len()).unwrap_or(u32::MAX);
    let stops = is_there && !args.aside.set_aside && count > 0;
    findings
        .write_error()
        .or_else(|| stops.then_some(VaultError::UnreadableInTheWay { count }))
}

/// Puts the code in, in the place of the one there is where there is one.
fn set(
    session: &Session,
    companion: &mut Companion,
    args: &AddSlotArgs,
    new: &NewCode<'_>,
    is_there: bool,
) -> Result<(RecordId, Option<Rotated>), Failure> {
    if !is_there {
        let id = companion.add_recovery_code(new.code(), session.now())?;
        return Ok((id, None));
    }
    let _progress = session.console().progress("Sealing everything anew");
    let rotated = companion
        .change_recovery_code(new.code(), aside::damaged(args.aside), session.now())
        .map_err(aside::refused)?;
    let slots = companion.slots()?;
    let slot = slots
        .iter()
        .find(|slot| slot.kind == Some(SlotKind::Recovery));
    let id = slot.map(|slot| slot.id).ok_or(VaultError::NoSuchSlot)?;
    Ok((id, Some(rotated)))
}

fn keyring(session: &Session, companion: &mut Companion) -> Result<Report, Failure> {
    let progress = session.console().progress("Asking the desktop's keyring");
    let done =
        companion.add_platform_key(&DesktopKeyring::new(), SlotKind::Platform, session.now());
    drop(progress);
    let id = done.map_err(no_keyring)?;
    Ok(added(companion, id, "keyring").text(
        "The desktop's keyring opens the vault now, without a question while it is unlocked. --no-keyring leaves it out; \
         the password and the recovery code still open the vault.\n",
    ))
}

fn no_keyring(error: VaultError) -> Failure {
    let message = match error {
        VaultError::PlatformKey(PlatformKeyError::NotAvailable) => {
            "No keyring answers on this desktop (Secret Service: GNOME Keyring, KWallet, KeePassXC). Nothing was changed."
        }
        VaultError::PlatformKey(PlatformKeyError::Cancelled) => {
            "The keyring stayed locked: its question was dismissed, or could not be shown, as over SSH. Nothing was changed."
        }
        VaultError::TooManySlots { .. } => {
            "The vault has as many keys in keyrings as it can have. `countersign vault slots list` shows them; remove one first."
        }
        other => return other.into(),
    };
    Failure::new(error.name(), message)
}

fn has(companion: &Companion, kind: SlotKind) -> Result<bool, Failure> {
    Ok(companion
        .slots()?
        .iter()
        .any(|slot| slot.kind == Some(kind)))
}

fn added(companion: &Companion, id: RecordId, kind: &str) -> Report {
    let report = Report::new()
        .changed()
        .member("id", id.to_string())
        .member("kind", kind);
    findings::describe_for_one(report, companion.findings())
}
