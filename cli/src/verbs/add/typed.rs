//! Accounts by hand: fields as options, the secret from a file or asked for without echo.

use countersign_core::doctor::{Finding, examine, examine_manual};
use countersign_core::manual::ManualEntry;
use countersign_core::uri::{Field, LINK_BYTES_MAX};
use zeroize::Zeroizing;

use super::{Read, take};
use crate::args::{AddArgs, TypedFields};
use crate::failure::Failure;
use crate::input::{Source, without_newline};
use crate::session::Session;
use crate::words;

/// How often a key may be typed.
const SECRET_TRIES: u32 = 3;

/// Reads the fields, and asks on a terminal for what is missing.
///
/// # Errors
///
/// `secret_needed` when nobody can be asked; the names of what cannot be read.
pub(super) fn read(session: &Session, args: &AddArgs) -> Result<Read, Failure> {
    let fields = &args.fields;
    if let Some(source) = &fields.secret_file {
        let secret = read_secret(&Source::parse(source)?)?;
        let asked = ask_names(session, args, fields)?;
        return take(session, args, examine_fields(&asked, &secret));
    }
    if !session.console().can_ask() {
        let failure = if fields.any() {
            Failure::new(
                "secret_needed",
                "There is no terminal to ask for the secret on. Use --secret-file FILE (or - or fd:3).",
            )
        } else {
            Failure::usage(
                "Say what to add: a link, - for a link from standard input, --qr IMAGE, or --issuer and --account with --secret-file.",
            )
        };
        return Err(failure);
    }
    if !fields.any() {
        return ask_all(session, args);
    }
    let asked = ask_names(session, args, fields)?;
    ask_secret(session, args, &asked, None)
}

fn read_secret(source: &Source) -> Result<Zeroizing<String>, Failure> {
    let cap = u64::try_from(LINK_BYTES_MAX).unwrap_or(u64::MAX);
    let bytes = source.read("secret file", cap)?;
    let text = String::from_utf8_lossy(without_newline(&bytes)).into_owned();
    Ok(Zeroizing::new(text))
}

fn examine_fields(fields: &TypedFields, secret: &str) -> Finding {
    let text = |field: &'_ Option<String>| field.clone().unwrap_or_default();
    let (issuer, account) = (text(&fields.issuer), text(&fields.account));
    let (kind, algorithm) = (text(&fields.kind), text(&fields.algorithm));
    let (digits, period) = (text(&fields.digits), text(&fields.period));
    let counter = text(&fields.counter);
    examine_manual(&ManualEntry {
        issuer: &issuer,
        account: &account,
        secret,
        kind: &kind,
        algorithm: &algorithm,
        digits: &digits,
        period: &period,
        counter: &counter,
    })
}

/// Asks for the names that were not given, where somebody can be asked.
fn ask_names(
    session: &Session,
    args: &AddArgs,
    fields: &TypedFields,
) -> Result<TypedFields, Failure> {
    let mut asked = fields.clone();
    if args.yes || !session.console().can_ask() {
        return Ok(asked);
    }
    for (field, question) in [
        (
            &mut asked.issuer,
            "Issuer (who wants the codes, as in Acme):",
        ),
        (&mut asked.account, "Account (as in ann@acme.example):"),
    ] {
        if field.is_none() {
            *field = Some(session.console().ask(question)?.to_string());
        }
    }
    Ok(asked)
}

/// Nothing was given: a link is as good as a key, so that is asked for first.
fn ask_all(session: &Session, args: &AddArgs) -> Result<Read, Failure> {
    let text = session
        .console()
        .ask_hidden("The link (otpauth://...) or the key (it is not shown):")?;
    let found = examine(&text, session.test_mode());
    if found.is_accepted() || found.kind != countersign_core::doctor::Kind::Text {
        return take(session, args, found);
    }
    let asked = ask_names(session, args, &args.fields)?;
    ask_secret(session, args, &asked, Some(text))
}

/// Asks for the key until it can be one; what was most likely meant is said and never applied.
fn ask_secret(
    session: &Session,
    args: &AddArgs,
    fields: &TypedFields,
    typed: Option<Zeroizing<String>>,
) -> Result<Read, Failure> {
    let mut typed = typed;
    let mut tries = 1;
    loop {
        let secret = match typed.take() {
            Some(secret) => secret,
            None => session.console().ask_hidden("Key (it is not shown):")?,
        };
        let found = examine_fields(fields, &secret);
        match words::refusal(&found) {
            Some(failure) if found.field == Some(Field::Secret) && tries < SECRET_TRIES => {
                session.console().note(failure.message());
                tries += 1;
            }
            _ => return take(session, args, found),
        }
    }
}
