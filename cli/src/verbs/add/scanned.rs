//! Accounts from QR images: one code, one of several, or the parts of one export.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_core::doctor::{Content, Finding, Kind, examine};
use countersign_core::uri::migration::{Batch, BatchError, MigrationPart};
use serde_json::{Value, json};

use super::{Read, accounts_of, take};
use crate::args::AddArgs;
use crate::failure::{Failure, sentence};
use crate::input::Source;
use crate::rows::named;
use crate::session::Session;
use crate::terminal::shown_path;
use crate::verbs::{answer, images};

/// Reads the images.
///
/// # Errors
///
/// Those of reading images; `several_codes`, `missing_parts`, `mixed_exports`; those of each code.
pub(super) fn read(session: &Session, args: &AddArgs) -> Result<Read, Failure> {
    let mut findings = Vec::new();
    for (number, path) in (1_usize..).zip(&args.qr) {
        let symbols = images::read(&Source::from_path(path))
            .map_err(|failure| not_read(&failure, path, number, args.qr.len()))?;
        // EXPOSE: the code's text is what is examined.
        findings.extend(
            symbols
                .iter()
                .map(|symbol| examine(symbol.text.expose(), session.test_mode())),
        );
    }
    if let Some(number) = args.pick {
        return pick(session, args, findings, number);
    }
    let is_export = |found: &Finding| matches!(found.content, Content::Migration(_));
    if findings.len() > 1 && findings.iter().all(is_export) {
        let failures = findings.iter().flat_map(answer::failures).collect();
        let parts = findings.into_iter().flat_map(parts_of).collect();
        return join(session, args, parts, failures);
    }
    if findings.len() == 1
        && let Some(found) = findings.pop()
    {
        return take(session, args, found);
    }
    if args.qr.len() == 1 && session.console().can_ask() && !args.yes {
        let number = ask_which(session, &findings)?;
        return pick(session, args, findings, number);
    }
    Err(several(&findings, args.qr.len()))
}

/// Which of the images it was, as the person named it.
fn not_read(failure: &Failure, path: &Path, number: usize, images: usize) -> Failure {
    let number_of = format!("image {number} of {images}");
    let message = match (failure.name(), images) {
        ("no_such_file", 1) => format!("{} does not exist.", shown_path(path, "The image")),
        ("no_such_file", _) => {
            format!(
                "{} ({number_of}) does not exist.",
                shown_path(path, "The file")
            )
        }
        (_, 1) => failure.message().to_owned(),
        (_, _) => sentence(&format!("{number_of}: {}", failure.message())),
    };
    Failure::new(failure.name(), message).with("image", number)
}

fn parts_of(found: Finding) -> Vec<MigrationPart> {
    match found.content {
        Content::Migration(parts) => parts,
        _ => Vec::new(),
    }
}

/// A10: the person chooses.
fn pick(
    session: &Session,
    args: &AddArgs,
    mut findings: Vec<Finding>,
    number: u32,
) -> Result<Read, Failure> {
    let index = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
    if index >= findings.len() {
        return Err(Failure::usage(format!(
            "There are only {} codes to pick from.",
            findings.len()
        )));
    }
    take(session, args, findings.swap_remove(index))
}

fn ask_which(session: &Session, findings: &[Finding]) -> Result<u32, Failure> {
    let console = session.console();
    console.note("There are several codes in the image:");
    for (number, found) in (1_usize..).zip(findings) {
        let names: Vec<String> = found
            .accounts()
            .map(|parsed| {
                let account = &parsed.account;
                named(
                    &account.issuer,
                    account.label_issuer.as_ref(),
                    &account.account,
                )
            })
            .collect();
        console.note(&format!(
            "  {number}  {}  {}",
            found.kind.name(),
            names.join(", ")
        ));
    }
    let answer = console.ask("Which one? Its number:")?;
    answer
        .parse()
        .map_err(|_| Failure::new("not_confirmed", "That is no number. Nothing was added."))
}

/// What a script needs in order to choose. Kinds only: the names are not in the vault yet.
fn several(findings: &[Finding], images: usize) -> Failure {
    let codes: Vec<Value> = (1_usize..)
        .zip(findings)
        .map(|(number, found)| {
            json!({"pick": number, "kind": found.kind.name(), "accepted": found.is_accepted()})
        })
        .collect();
    let list: Vec<String> = (1_usize..)
        .zip(findings)
        .map(|(number, found)| format!("{number} ({})", found.kind.name()))
        .collect();
    let message = if images > 1 && findings.iter().any(|found| found.kind != Kind::Migration) {
        "Several images are taken as the parts of one export, and not all of these are. Add the others one by one, or choose one with --pick:"
    } else {
        "There are several codes in the image. Choose one with --pick:"
    };
    Failure::new("several_codes", format!("{message} {}.", list.join(", "))).with("codes", codes)
}

/// A3: nothing of an export before it is complete, unless the person takes what is there.
///
/// # Errors
///
/// `missing_parts` with their numbers, `mixed_exports` for parts that do not belong together.
pub(super) fn join(
    session: &Session,
    args: &AddArgs,
    parts: Vec<MigrationPart>,
    failures: Vec<Value>,
) -> Result<Read, Failure> {
    let failed = failures.len();
    let mut read = Read {
        failures,
        ..Read::default()
    };
    if failed > 0 {
        read.notes.push(format!(
            "{failed} entries of the export cannot be added; the others are not affected."
        ));
    }
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else {
        return Ok(read);
    };
    let mut batch = Batch::new(first).map_err(mixed)?;
    for part in parts {
        batch.add(part).map_err(mixed)?;
    }
    let missing: BTreeSet<u32> = batch
        .missing()
        .into_iter()
        .map(|index| index.saturating_add(1))
        .collect();
    if !missing.is_empty() {
        let failure = incomplete(&missing, batch.size());
        let is_enough = args.partial
            || (session.console().can_ask()
                && !args.yes
                && session
                    .console()
                    .confirm(&format!("{} Take what is there?", failure.message()), false)?);
        if !is_enough {
            return Err(failure);
        }
        read.notes
            .push(format!("Added without part {}.", numbers(&missing)));
    }
    (read.accounts, read.warnings) = accounts_of(batch.accept_partial());
    Ok(read)
}

fn numbers(missing: &BTreeSet<u32>) -> String {
    let numbers: Vec<String> = missing.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}

fn incomplete(missing: &BTreeSet<u32>, size: u32) -> Failure {
    Failure::new(
        "missing_parts",
        format!(
            "The export is not complete: part {} of {size} missing. Nothing was added. Give all its images at once, or take what is there with --partial.",
            numbers(missing)
        ),
    )
    .with("missing", missing.iter().copied().collect::<Vec<_>>())
    .with("of", size)
}

fn mixed(error: BatchError) -> Failure {
    let message = match error {
        BatchError::OtherExport => "These codes belong to different exports. Nothing was added.",
        _ => "These codes do not fit together as one export. Nothing was added.",
    };
    Failure::new("mixed_exports", message)
}
