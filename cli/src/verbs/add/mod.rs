//! `add`: a link, a QR image or typed fields become accounts. Nothing that is there is ever replaced.

mod finishing;
mod outcome;
mod scanned;
mod typed;
mod work;

use countersign_core::companion::Companion;
use countersign_core::doctor::{Content, Finding, Kind, examine};
use countersign_core::uri::invitation::Invitation;
use countersign_core::uri::migration::MigrationPart;
use countersign_core::uri::{Parsed, UriError, Warning};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::args::AddArgs;
use crate::failure::Failure;
use crate::findings;
use crate::input::{Source, refuse_shared};
use crate::report::Report;
use crate::session::Session;
use crate::verbs::answer;
use crate::verbs::doctor::read_text;
use crate::words;

/// Adds accounts.
///
/// # Errors
///
/// The names of what cannot be read; `several_codes`, `missing_parts`, `mixed_exports`, `work_account`;
/// those of unlocking and writing. Nothing is written then.
pub(crate) fn run(session: &Session, args: &AddArgs) -> Result<Report, Failure> {
    if args.pick.is_some() && args.qr.is_empty() {
        return Err(Failure::usage(
            "--pick chooses among the codes of --qr IMAGE.",
        ));
    }
    refuse_shared(&sources(session, args)?)?;
    // Everything is read and understood before the vault is asked for.
    let read = read(session, args)?;
    if let Some(invitation) = &read.work {
        return work::run(session, args, invitation);
    }
    session.with_vault_to_write(|companion| add(session, companion, args, read))
}

fn add(
    session: &Session,
    companion: &mut Companion,
    args: &AddArgs,
    mut read: Read,
) -> Result<Report, Failure> {
    let now = session.now();
    let parsed = std::mem::take(&mut read.accounts);
    confirm_names(session, args, companion, &parsed)?;
    let (accounts, warnings): (Vec<_>, Vec<_>) = parsed
        .into_iter()
        .map(|parsed| (parsed.account, parsed.warnings))
        .unzip();
    let added = companion.add_all(accounts, now)?;
    let report = outcome::describe(session, companion, &added, &warnings, args.yes)?;
    let failures: Vec<Value> = std::mem::take(&mut read.failures);
    let mut report = report
        .member("failures", failures)
        .warnings(answer::warnings(&read.warnings));
    for warning in &read.warnings {
        report = report.note(format!("Note: {}", words::warning(*warning)));
    }
    for note in read.notes {
        report = report.note(note);
    }
    Ok(findings::describe_for_one(report, companion.findings()))
}

/// What is to be added.
#[derive(Default)]
struct Read {
    accounts: Vec<Parsed>,
    /// An invitation, which comes alone.
    work: Option<Box<Invitation>>,
    /// What is odd about all of them together.
    warnings: Vec<Warning>,
    /// Entries of an export that cannot be added, as scripts see them.
    failures: Vec<Value>,
    /// Remarks for the person.
    notes: Vec<String>,
}

/// Everything that the arguments want to read, so that no stream is read twice.
fn sources(session: &Session, args: &AddArgs) -> Result<Vec<Source>, Failure> {
    let mut sources = session.unlock_sources()?;
    if [&args.link, &args.work.code]
        .iter()
        .any(|given| given.as_deref() == Some("-"))
    {
        sources.push(Source::Stdin);
    }
    sources.extend(args.qr.iter().map(|path| Source::from_path(path)));
    if let Some(text) = &args.fields.secret_file {
        sources.push(Source::parse(text)?);
    }
    Ok(sources)
}

fn read(session: &Session, args: &AddArgs) -> Result<Read, Failure> {
    if let Some(url) = &args.work.url {
        let invitation = work::read(session, &args.work, url)?;
        return Ok(Read {
            work: Some(Box::new(invitation)),
            ..Read::default()
        });
    }
    if !args.qr.is_empty() {
        return scanned::read(session, args);
    }
    match args.link.as_deref() {
        Some("-") => take(session, args, examine(&read_link()?, session.test_mode())),
        Some(link) => take(session, args, examine(link, session.test_mode())),
        None => typed::read(session, args),
    }
}

/// The link on standard input. An empty one is most often a clipboard that was emptied in between.
fn read_link() -> Result<Zeroizing<String>, Failure> {
    let text = read_text(&Source::Stdin)?;
    if text.trim().is_empty() {
        return Err(Failure::new(
            UriError::NotOtpauth.name(),
            "Standard input was empty. Copy the link again and repeat.",
        )
        .with("kind", Kind::Text.name()));
    }
    Ok(text)
}

/// What one code holds.
fn take(session: &Session, args: &AddArgs, found: Finding) -> Result<Read, Failure> {
    if let Some(failure) = words::refusal(&found) {
        return Err(failure);
    }
    let failures = answer::failures(&found);
    match found.content {
        Content::Account(parsed) => Ok(Read {
            accounts: vec![*parsed],
            ..Read::default()
        }),
        Content::Migration(parts) => scanned::join(session, args, parts, failures),
        Content::Invitation(invitation) => Ok(Read {
            work: Some(invitation),
            ..Read::default()
        }),
        _ => Err(Failure::new(
            "work_account",
            format!("{} {}", found.kind.explanation(), words::next_step(&found)),
        )
        .with("kind", found.kind.name())),
    }
}

/// The accounts of an export's parts, and what is odd about the whole.
fn accounts_of(parts: Vec<MigrationPart>) -> (Vec<Parsed>, Vec<Warning>) {
    let mut shared = Vec::new();
    let mut accounts = Vec::new();
    for part in parts {
        for warning in part.warnings {
            if !shared.contains(&warning) {
                shared.push(warning);
            }
        }
        accounts.extend(part.entries);
    }
    (accounts, shared)
}

/// A4: the same names with another key. Both names are shown, nothing is replaced, and both are kept
/// unless the person says otherwise.
fn confirm_names(
    session: &Session,
    args: &AddArgs,
    companion: &Companion,
    accounts: &[Parsed],
) -> Result<(), Failure> {
    if args.yes || !session.console().can_ask() {
        return Ok(());
    }
    for parsed in accounts {
        let prospect = companion.prospect(&parsed.account);
        if prospect.already_here.is_some() || prospect.same_names.is_empty() {
            continue;
        }
        let question = outcome::same_names_words(
            companion,
            &parsed.account,
            &prospect.same_names,
            session.now(),
        );
        if !session
            .console()
            .confirm(&format!("{question} Keep both?"), true)?
        {
            return Err(Failure::new("not_confirmed", "Nothing was added."));
        }
    }
    Ok(())
}
