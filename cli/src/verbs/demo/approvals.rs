//! The steps with a work account: an organisation on this machine invites, asks, and is told yes and no.

use countersign_core::approval::{
    ApprovalError, Decision, KeyPlace, NewWork, Outcome, Standing, StatementId, StatementView,
    Typed,
};
use countersign_core::companion::Companion;
use countersign_core::device::NoDeviceKeys;
use countersign_core::doctor::{Content, examine};
use countersign_core::time::UnixSeconds;
use countersign_core::uri::TestMode;

use super::organisation::{Organisation, Whence};
use super::stage::{Stage, check, paragraph, wrong};
use crate::dates;
use crate::failure::Failure;
use crate::work::{account, grouped, request};

/// How often somebody who has the password tries it.
const BOMBS: usize = 7;
/// How often a device rings for them, and how many are brought to it at all.
const RINGS: usize = 2;
const LISTED: usize = 5;

/// Draws the organisation's invitation as a QR image, reads it, and becomes one of its devices.
pub(super) fn enrol(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let organisation = Organisation::open()?;
    let address = organisation.address();
    let image = stage.draw("work.png", &organisation.invite()?)?;
    let text = stage.read(&image)?;
    // EXPOSE: the code's text is what is read.
    let Content::Invitation(invitation) = examine(text.expose(), TestMode::On).content else {
        return Err(wrong("the invitation was read as something else"));
    };
    stage.say(&paragraph(&format!(
        "An organisation's server was started on this machine, at {address}. Its setup page shows \
         a QR image, which was drawn and read."
    )))?;
    stage.begin_work(organisation)?;
    let now = stage.now();
    let (work, companion) = stage.at_work()?;
    let new = NewWork {
        device_name: "Terminal",
        platform: std::env::consts::OS,
        app: concat!("countersign ", env!("CARGO_PKG_VERSION")),
        keys: KeyPlace::Software,
        replaces: None,
    };
    let id = companion.add_work(&invitation, &new, now)?;
    let (device, number) = work.until(companion, "the check number", |work, _| {
        work.organisation.check_number()
    })?;
    let shown = companion.work_account(id, now)?.check;
    // EXPOSE: both sides show it.
    let is_same = shown.is_some_and(|shown| shown.number.expose() == number);
    check(is_same, "device and page show two check numbers")?;
    work.organisation.confirm(device)?;
    let test = work.until(companion, "the test", |_, companion| {
        Ok(newest(companion, now))
    })?;
    let test_number = work.organisation.test_number()?;
    let test_number = test_number.ok_or_else(|| wrong("the page shows no number"))?;
    companion.decide(test.id, &approve(&test_number), &NoDeviceKeys, now)?;
    let title = work.until(companion, "the account", |_, companion| {
        let view = companion.work_account(id, now)?;
        Ok((view.standing == Standing::Active).then(|| account::title(&view)))
    })?;
    Ok(paragraph(&format!(
        "Device and page show the same check number, {}: nobody stands between them. After a test \
         {title} works here. Its keys were made here and never leave the vault.",
        grouped(&number)
    )))
}

/// Signs in, shows what was signed, and takes the number that only the sign-in screen shows.
pub(super) fn sign_in(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let outcome = loop {
        let (work, _) = stage.at_work()?;
        let asked = work.organisation.sign_in(Whence::Home)?;
        let view = arrived(stage)?;
        stage.say(&paragraph(
            "You sign in to your mail on a computer. This device shows what the server signed:",
        ))?;
        stage.say(&request::shown_card(&view))?;
        stage.say(&paragraph(&format!(
            "The number is on the computer's screen and nowhere else: {}.",
            grouped(asked.number.as_str())
        )))?;
        match answer(stage, view.id, asked.number.as_str())? {
            Outcome::Denied => stage.say(&paragraph("Three wrong numbers end a request."))?,
            Outcome::Expired => stage.say(&paragraph("Its time is over. Another one:"))?,
            outcome => break outcome,
        }
    };
    check(outcome == Outcome::Approved, "the sign-in was not approved")?;
    let entries = verified(stage)?;
    Ok(paragraph(&format!(
        "{} Its signed receipt is in the history, which was verified: {entries} entries, each \
         bound to the one before it.",
        request::outcome_words(&outcome, &[])
    )))
}

/// Types numbers until the request has ended.
fn answer(stage: &mut Stage<'_>, id: StatementId, number: &str) -> Result<Outcome, Failure> {
    loop {
        let typed = if stage.waits() {
            stage.console().ask("   The number:")?.to_string()
        } else {
            stage.say(&paragraph(&format!("Typed here: {}.", grouped(number))))?;
            number.to_owned()
        };
        let now = stage.now();
        let (work, companion) = stage.at_work()?;
        match companion.decide(id, &approve(&typed), &NoDeviceKeys, now) {
            Ok(()) => {}
            Err(ApprovalError::Number { .. }) => {
                stage.say(&paragraph(
                    "That is not the whole number, so nothing was sent.",
                ))?;
                continue;
            }
            Err(ApprovalError::Expired { .. }) => return Ok(Outcome::Expired),
            Err(error) => return Err(error.into()),
        }
        let before = companion.statement(id, now)?.tries_left;
        let (outcome, left) = work.until(companion, "the receipt", |_, companion| {
            let view = companion.statement(id, now)?;
            let is_wrong = view.tries_left != before;
            Ok((view.outcome.is_some() || is_wrong).then_some((view.outcome, view.tries_left)))
        })?;
        match (outcome, left) {
            (Some(outcome), _) => return Ok(outcome),
            (None, left) => {
                let words = left.map_or_else(String::new, request::tries_words);
                stage.say(&paragraph(&words))?;
            }
        }
    }
}

/// Somebody has the password, and hopes that the person gives in.
pub(super) fn bomb(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let now = stage.now();
    let (work, companion) = stage.at_work()?;
    work.forget();
    let mut listed = 0_usize;
    for _ in 0..BOMBS {
        listed += usize::from(work.organisation.sign_in(Whence::Abroad)?.is_listed);
    }
    work.until(companion, "a request", |_, companion| {
        Ok((companion.statements(now).len() == listed).then_some(()))
    })?;
    let (rang, stayed_quiet) = (work.rang, work.stayed_quiet);
    check(
        (listed, rang, stayed_quiet) == (LISTED, RINGS, LISTED - RINGS),
        "the device rang more or less often than it should",
    )?;
    Ok(paragraph(&format!(
        "Somebody has your password and signs in {BOMBS} times, to wear you down. This device rang \
         {rang} times. {stayed_quiet} more wait in its list without a sound, and {} stayed at the \
         server, where only the QR code of their own page brings them out. None was answered.",
        BOMBS - listed
    )))
}

/// Says of the oldest one that it was not the person.
pub(super) fn report(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let now = stage.now();
    let (work, companion) = stage.at_work()?;
    let oldest = companion.statements(now).into_iter().next();
    let oldest = oldest.ok_or_else(|| wrong("no request is open"))?;
    companion.decide(oldest.id, &Decision::Report, &NoDeviceKeys, now)?;
    let view = work.until(companion, "the receipt", |_, companion| {
        let view = companion.statement(oldest.id, now)?;
        Ok(view.outcome.is_some().then_some(view))
    })?;
    check(
        view.outcome == Some(Outcome::Reported),
        "the server did not take the report",
    )?;
    let outcome = request::outcome_words(&Outcome::Reported, &view.next);
    let account = companion.work_account(view.account, now)?;
    let until = account.muted_until.map(dates::minute);
    let until = until.ok_or_else(|| wrong("the account is not quiet"))?;
    work.forget();
    let is_listed = work.organisation.sign_in(Whence::Abroad)?.is_listed;
    check(!is_listed, "another attempt was brought to this device")?;
    let card = request::shown_card(&view);
    let entries = verified(stage)?;
    stage.say(&card)?;
    Ok(paragraph(&format!(
        "You say: it was not me. {outcome} Until {until} UTC further attempts stay at the server. \
         The history was verified again: {entries} entries."
    )))
}

/// The request that has come, once one has.
fn arrived(stage: &mut Stage<'_>) -> Result<StatementView, Failure> {
    let now = stage.now();
    let (work, companion) = stage.at_work()?;
    work.until(companion, "the request", |_, companion| {
        Ok(newest(companion, now))
    })
}

/// The newest request that can be approved.
fn newest(companion: &Companion, now: UnixSeconds) -> Option<StatementView> {
    let open = companion.statements(now).into_iter().rev();
    open.into_iter().find(|view| view.cannot_approve.is_none())
}

fn approve(number: &str) -> Decision {
    Decision::Approve {
        number: Typed::new(number),
    }
}

/// Goes along the whole history; how many entries it has.
fn verified(stage: &mut Stage<'_>) -> Result<u64, Failure> {
    let (_, companion) = stage.at_work()?;
    let report = companion.verify_history()?;
    let report = report.map_err(|_| wrong("the history is not as it was written"))?;
    check(
        report.chain.lost == 0 && report.unproven == 0,
        "the history is not whole",
    )?;
    Ok(report.chain.entries)
}
