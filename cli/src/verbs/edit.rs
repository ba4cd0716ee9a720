//! `edit`: names, note, tags and place of one account.

use countersign_core::account::Name;
use countersign_core::companion::{Companion, Edit};
use countersign_core::secret::SecretText;

use crate::args::EditArgs;
use crate::failure::Failure;
use crate::findings;
use crate::input::{Source, refuse_shared, without_newline};
use crate::report::Report;
use crate::rows::{self, Place};
use crate::session::Session;

/// A note may be a little longer than its limit here, so that the vault says by how much.
const NOTE_BYTES_MAX: u64 = 1024 * 1024;

/// Changes one account.
///
/// # Errors
///
/// `nothing_to_change` (usage), the limits of the vault, and those of finding, unlocking and writing.
pub(crate) fn run(session: &Session, args: &EditArgs) -> Result<Report, Failure> {
    refuse_nothing(args)?;
    if args
        .tag
        .iter()
        .chain(&args.untag)
        .any(|tag| Name::new(tag).is_empty())
    {
        return Err(Failure::usage("A tag has at least one letter."));
    }
    let note_source = args.note_file.as_deref().map(Source::parse).transpose()?;
    let unlocking = session.unlock_sources()?;
    refuse_shared(unlocking.iter().chain(&note_source))?;
    let note = match (&args.note, note_source) {
        (Some(text), _) => Some(SecretText::new(text.clone())),
        (None, Some(source)) => Some(read_note(&source)?),
        (None, None) => None,
    };
    session.with_vault_to_write(|companion| change(session, companion, args, note))
}

fn change(
    session: &Session,
    companion: &mut Companion,
    args: &EditArgs,
    note: Option<SecretText>,
) -> Result<Report, Failure> {
    let now = session.now();
    let id = rows::find(companion, Place::List, &args.name, now)?;
    let row = companion.row(id, now)?;
    let edit = Edit {
        issuer: args.issuer.as_deref().map(Name::new),
        account: args.account.as_deref().map(Name::new),
        note,
        tags: tags(args, &row.tags)?,
        pinned: match (args.pin, args.unpin) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            (false, false) => None,
        },
        // People count from one.
        position: args.position.map(|place| place - 1),
    };
    let issuer = edit.issuer.as_ref().unwrap_or(&row.issuer);
    let account = edit.account.as_ref().unwrap_or(&row.account);
    let renames = edit.issuer.is_some() || edit.account.is_some();
    if renames && issuer.is_empty() && account.is_empty() {
        return Err(Failure::new(
            "missing_name",
            "An account needs an issuer or an account name.",
        ));
    }
    companion.edit(id, edit, now)?;
    let row = companion.row(id, now)?;
    let report = Report::new()
        .changed()
        .member("account", rows::to_json(&row))
        .text(format!("Changed: {}\n", rows::title(&row)));
    Ok(findings::describe_for_one(report, companion.findings()))
}

fn refuse_nothing(args: &EditArgs) -> Result<(), Failure> {
    let texts = [&args.issuer, &args.account, &args.note, &args.note_file];
    let changes = texts.iter().any(|text| text.is_some())
        || !args.tag.is_empty()
        || !args.untag.is_empty()
        || args.pin
        || args.unpin
        || args.position.is_some();
    if changes {
        Ok(())
    } else {
        Err(Failure::new(
            "nothing_to_change",
            "Say what to change, as in --issuer NAME; see `countersign edit --help`.",
        ))
    }
}

fn read_note(source: &Source) -> Result<SecretText, Failure> {
    let bytes = source.read("note file", NOTE_BYTES_MAX)?;
    match str::from_utf8(without_newline(&bytes)) {
        Ok(text) => Ok(SecretText::new(text.to_owned())),
        Err(_) => Err(Failure::usage("A note is text in UTF-8.")),
    }
}

/// The new tags: the old ones without those taken off, then those put on that are not there.
///
/// # Errors
///
/// `no_such_tag` when a tag is to be taken off that is not there.
fn tags(args: &EditArgs, old: &[Name]) -> Result<Option<Vec<Name>>, Failure> {
    if args.tag.is_empty() && args.untag.is_empty() {
        return Ok(None);
    }
    let off: Vec<Name> = args.untag.iter().map(|tag| Name::new(tag)).collect();
    if off.iter().any(|tag| !old.contains(tag)) {
        return Err(Failure::new(
            "no_such_tag",
            "The account has no such tag to take off. Nothing was changed.",
        ));
    }
    let mut tags: Vec<Name> = old
        .iter()
        .filter(|tag| !off.contains(tag))
        .cloned()
        .collect();
    for tag in args.tag.iter().map(|tag| Name::new(tag)) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(Some(tags))
}
