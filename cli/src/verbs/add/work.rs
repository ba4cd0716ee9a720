//! A work account: its server is shown before anything is sent, then this device is introduced to it, confirmed with a check
//! number and tested. What was begun is stored at each step, and `approve` goes on with it.

use countersign_core::approval::{KeyPlace, NewWork, Standing};
use countersign_core::companion::Companion;
use countersign_core::uri::invitation::{Invitation, Proof, parse_code_and_url};
use countersign_core::vault::RecordId;
use zeroize::Zeroizing;

use super::finishing::{self, Begun};
use crate::args::{AddArgs, WorkFields};
use crate::dates;
use crate::failure::Failure;
use crate::findings;
use crate::input::Source;
use crate::report::Report;
use crate::rows::named;
use crate::session::Session;
use crate::terminal::shown;
use crate::verbs::doctor::read_text;
use crate::words;
use crate::work::{account, find_work, host};

/// What this device is called where the person says nothing.
const DEVICE: &str = "Terminal";
/// What the server is told of the program.
const APP: &str = concat!("countersign ", env!("CARGO_PKG_VERSION"));

/// Reads `--url` with its code.
///
/// # Errors
///
/// The names of what cannot be read, with the reason (A12); `secret_needed` when nobody can be asked for the code.
pub(super) fn read(
    session: &Session,
    fields: &WorkFields,
    url: &str,
) -> Result<Invitation, Failure> {
    let code = match fields.code.as_deref() {
        Some("-") => read_text(&Source::Stdin)?,
        Some(code) => Zeroizing::new(code.to_owned()),
        None if session.console().can_ask() => session
            .console()
            .ask_hidden("The code beside the URL, 16 digits (it is not shown):")?,
        None => {
            return Err(Failure::new(
                "secret_needed",
                "There is no terminal to ask for the code on. Use --code - and standard input.",
            ));
        }
    };
    parse_code_and_url(&code, url, session.test_mode())
        .map_err(|error| Failure::new(error.name(), words::error(error)))
}

/// Adds a work account.
///
/// # Errors
///
/// `not_confirmed`; `not_added` with the reason; `redirected`, `untrusted_server`, `unreachable` and
/// `refused_reply`; those of unlocking and writing.
pub(super) fn run(
    session: &Session,
    args: &AddArgs,
    invitation: &Invitation,
) -> Result<Report, Failure> {
    confirm_server(session, args, invitation)?;
    session.with_vault_to_write(|companion| {
        let replaces = earlier(session, args, companion, invitation)?;
        let new = NewWork {
            device_name: args.work.device.as_deref().unwrap_or(DEVICE),
            platform: std::env::consts::OS,
            app: APP,
            keys: KeyPlace::Software,
            replaces,
        };
        let now = session.now();
        let known: Vec<RecordId> = companion
            .work_accounts(now)
            .iter()
            .map(|view| view.id)
            .collect();
        let id = companion.add_work(invitation, &new, now)?;
        let begun = match known.contains(&id) {
            true => Begun::Before,
            false => Begun::Now,
        };
        let report = finishing::follow(session, args, companion, (id, begun))?.changed();
        Ok(findings::describe_for_one(report, companion.findings()))
    })
}

/// The host is shown before anything is sent: whoever made the code may have put any server into it.
fn confirm_server(
    session: &Session,
    args: &AddArgs,
    invitation: &Invitation,
) -> Result<(), Failure> {
    let shown_host = shown(host(&invitation.url));
    let whose = match &invitation.proof {
        Proof::Scanned(scanned) => {
            let name = named(&scanned.issuer, None, &scanned.account);
            let until = dates::minute(scanned.expires_at);
            format!("An invitation for {name}, until {until} UTC.\n")
        }
        Proof::Typed { .. } => String::new(),
    };
    let mode = match session.test_mode() {
        countersign_core::uri::TestMode::On => "Test mode: the account will say so for ever.\n",
        countersign_core::uri::TestMode::Off => "",
    };
    session
        .console()
        .note(&format!("{whose}{mode}Its server is {shown_host}."));
    if args.yes {
        return Ok(());
    }
    if !session.console().can_confirm() {
        return Err(Failure::new(
            "not_confirmed",
            "Nothing is sent to a server that nobody has looked at: say --yes.",
        )
        .with("host", host(&invitation.url)));
    }
    if session
        .console()
        .confirm("Is that your organisation's server?", false)?
    {
        Ok(())
    } else {
        Err(Failure::new("not_confirmed", "Nothing was sent."))
    }
}

/// The entry whose place the new one takes: the one that is named, or one of the same server that has to be activated again,
/// where the person says so.
fn earlier(
    session: &Session,
    args: &AddArgs,
    companion: &Companion,
    invitation: &Invitation,
) -> Result<Option<RecordId>, Failure> {
    let now = session.now();
    if let Some(name) = &args.work.replaces {
        return find_work(companion, name, now).map(Some);
    }
    let same = companion.earlier_work(&invitation.url);
    let mut same = same
        .iter()
        .filter_map(|id| companion.work_account(*id, now).ok())
        .filter(|view| view.standing == Standing::NeedsReactivation);
    let (Some(view), None) = (same.next(), same.next()) else {
        return Ok(None);
    };
    if args.yes || !session.console().can_confirm() {
        return Ok(None);
    }
    let question = format!(
        "{} has to be activated again. Does this take its place, with its history?",
        account::title(&view)
    );
    let does = session.console().confirm(&question, true)?;
    Ok(does.then_some(view.id))
}
