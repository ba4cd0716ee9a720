//! The steps. Each does what the title says with the same core that the verbs use, and checks the result.

use std::fs;
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_core::account::Account;
use countersign_core::companion::{Added, Companion, DoubtfulCounter};
use countersign_core::doctor::{Content, examine, examine_manual};
use countersign_core::entropy::{SystemEntropy, generate_bytes};
use countersign_core::manual::ManualEntry;
use countersign_core::secret::SecretText;
use countersign_core::uri::migration::{Batch, MigrationPart, write_migration};
use countersign_core::uri::{TestMode, parse_otpauth};
use countersign_core::vault::Credential;
use crossterm::{cursor, queue, terminal};

use super::stage::{Stage, check, wrong};
use crate::failure::Failure;
use crate::rows;
use crate::verbs::list::{Style, render};

/// A link as a website shows it.
const LINK: &str =
    "otpauth://totp/Acme:ann%40acme.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Acme";
/// The key of RFC 4226 appendix D and its first two codes.
const COUNTED: &str =
    "otpauth://hotp/Bank:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bank&counter=0";
const COUNTED_CODES: [&str; 2] = ["755224", "287082"];
/// Accounts of the export: ten fit into one part.
const EXPORTED: usize = 21;
/// How long the codes are shown.
const WATCH_S: u64 = 3;
/// Rows that are shown live.
const WATCH_ROWS: usize = 4;

/// Draws a QR image, reads it, adds the account.
pub(super) fn scan(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let image = stage.draw("acme.png", &SecretText::new(LINK.into()))?;
    let text = stage.read(&image)?;
    // EXPOSE: the code's text is what is read.
    check(text.expose() == LINK, "the image was read as another text")?;
    let now = stage.now();
    let account = account(LINK)?;
    let expected = account.otp.generator().code(now);
    let Added::New { id, .. } = stage.companion().add(account, now)? else {
        return Err(wrong("a new account was taken for an old one"));
    };
    let row = stage.companion().row(id, now)?;
    let window = row
        .window
        .as_ref()
        .ok_or_else(|| wrong("there is no code"))?;
    check(
        window.current == expected,
        "the vault makes another code than the key",
    )?;
    Ok(format!(
        "   Drawn as an image, read back, added: {}. Its code now: {}.\n",
        rows::title(&row),
        // EXPOSE: a code of the demo.
        window.current.text().expose()
    ))
}

/// Types an account, first with a mistake.
pub(super) fn type_in(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let mut entry = ManualEntry {
        issuer: "Züri Post",
        account: "ann",
        secret: "gezd gnbv gy3t qojq gezd gnbv gy3t qoj8",
        ..ManualEntry::default()
    };
    let refused = examine_manual(&entry);
    let error = refused
        .error
        .ok_or_else(|| wrong("a key with a mistake was taken"))?;
    entry.secret = "gezd gnbv gy3t qojq gezd gnbv gy3t qojq";
    let Content::Account(read) = examine_manual(&entry).content else {
        return Err(wrong("a good key was refused"));
    };
    let now = stage.now();
    let added = stage.companion().add(read.account, now)?;
    check(
        matches!(added, Added::New { .. }),
        "the account was not added",
    )?;
    Ok(format!(
        "   A mistake in the key is found: \"{}\"\n   Typed right, the account is added.\n",
        crate::words::error(error)
    ))
}

/// Draws an export in three parts, reads two of them, then all.
pub(super) fn migrate(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let accounts = (1..=EXPORTED)
        .map(exported)
        .collect::<Result<Vec<_>, _>>()?;
    let id = i32::from_be_bytes(
        generate_bytes(&SystemEntropy::new())
            .map_err(|error| Failure::new("entropy", error.to_string()))?,
    );
    let export = write_migration(&accounts, id);
    check(export.parts.len() == 3, "the export has not three parts")?;
    let mut parts = Vec::new();
    for (number, link) in (1_usize..).zip(&export.parts) {
        let image = stage.draw(&format!("export{number}.png"), link)?;
        parts.push(part(&stage.read(&image)?)?);
    }
    let [first, second, third] =
        <[MigrationPart; 3]>::try_from(parts).map_err(|_| wrong("a part is lost"))?;
    let mut batch = Batch::new(first).map_err(|_| wrong("the first part was refused"))?;
    batch
        .add(third)
        .map_err(|_| wrong("the third part was refused"))?;
    check(batch.missing() == [1], "the missing part was not named")?;
    let incomplete = batch
        .complete()
        .err()
        .ok_or_else(|| wrong("two parts were taken for all"))?;
    let mut batch = incomplete.batch;
    batch
        .add(second)
        .map_err(|_| wrong("the second part was refused"))?;
    let parts = batch
        .complete()
        .map_err(|_| wrong("three parts are not complete"))?;
    let read: Vec<Account> = parts
        .into_iter()
        .flat_map(|part| part.entries)
        .map(|parsed| parsed.account)
        .collect();
    check(read == accounts, "the export was read as something else")?;
    let now = stage.now();
    let before = stage.accounts();
    let added = stage.companion().add_all(read, now)?;
    check(
        added.len() == EXPORTED && stage.accounts() == before + EXPORTED,
        "not all accounts of the export were added",
    )?;
    Ok(format!(
        "   With images 1 and 3 only: part 2 of 3 missing, nothing is added.\n   With all three: {EXPORTED} accounts added in one step.\n"
    ))
}

fn exported(number: usize) -> Result<Account, Failure> {
    // Every account has a key of its own: RFC 4648 letters by the account's number.
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letter = letters.get(number % letters.len()).copied().unwrap_or(b'A');
    account(&format!(
        "otpauth://totp/Shop%20{number}:ann?secret=JBSWY3DPEHPK3PX{}&issuer=Shop%20{number}",
        char::from(letter)
    ))
}

fn part(link: &SecretText) -> Result<MigrationPart, Failure> {
    // EXPOSE: the link is what is read.
    match examine(link.expose(), TestMode::Off).content {
        Content::Migration(mut parts) => parts.pop().ok_or_else(|| wrong("a part is empty")),
        _ => Err(wrong("a part was read as something else")),
    }
}

fn account(link: &str) -> Result<Account, Failure> {
    parse_otpauth(link)
        .map(|parsed| parsed.account)
        .map_err(|error| Failure::new(error.name(), crate::words::error(error)))
}

/// Adds the first account again.
pub(super) fn scan_again(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let now = stage.now();
    let before = stage.accounts();
    let added = stage.companion().add(account(LINK)?, now)?;
    check(
        matches!(
            added,
            Added::AlreadyHere {
                in_trash: false,
                ..
            }
        ) && stage.accounts() == before,
        "an account that is there was added again",
    )?;
    Ok("   Already here; nothing was changed.\n".into())
}

/// Shows live codes for a while.
pub(super) fn watch(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::io(&error, "terminal");
    let in_place = stage.console().shows_live();
    let style = match (in_place, stage.console().has_colour()) {
        (true, true) => Style::Coloured,
        (true, false) => Style::Grouped,
        (false, _) => Style::Plain,
    };
    let width = in_place.then(|| crate::terminal::size().0);
    let begun = stage.now();
    loop {
        let now = stage.now();
        agree(stage.companion(), now)?;
        let mut accounts = stage.companion().list(now);
        accounts.truncate(WATCH_ROWS);
        let lines = render(&accounts, now, style, width);
        let is_last = now.since(begun) >= WATCH_S;
        if in_place || now == begun || is_last {
            stage.say(&(lines.join("\n") + "\n"))?;
        }
        if is_last {
            break;
        }
        std::thread::sleep(until_next_second());
        if in_place {
            let mut stdout = io::stdout().lock();
            let height = u16::try_from(lines.len()).unwrap_or(0);
            queue!(
                stdout,
                cursor::MoveUp(height),
                terminal::Clear(terminal::ClearType::FromCursorDown)
            )
            .and_then(|()| stdout.flush())
            .map_err(failed)?;
        }
    }
    Ok("   The last columns are the next code, for when there is no time left to type.\n".into())
}

/// C2: at the second of the change the next code is the current one.
fn agree(companion: &Companion, now: countersign_core::time::UnixSeconds) -> Result<(), Failure> {
    for (id, window) in companion.codes(now) {
        let row = companion.row(id, window.changes_at)?;
        check(
            window.changes_at > now && row.window.is_some_and(|after| after.current == window.next),
            "the next code is not the one that follows",
        )?;
    }
    Ok(())
}

fn until_next_second() -> Duration {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Duration::from_secs(1).saturating_sub(Duration::from_nanos(u64::from(since.subsec_nanos())))
}

/// Takes two codes of a counter account and compares them with the RFC's.
pub(super) fn count(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let now = stage.now();
    let Added::New { id, .. } = stage.companion().add(account(COUNTED)?, now)? else {
        return Err(wrong("the counter account was not added"));
    };
    for (counter, expected) in (0_u64..).zip(COUNTED_CODES) {
        let passed = stage
            .companion()
            .next_hotp(id, DoubtfulCounter::Refuse, now)?;
        // EXPOSE: a code of the demo.
        check(
            passed.code.text().expose() == expected && passed.counter.value() == counter,
            "the code is not that of RFC 4226",
        )?;
    }
    let kind = stage.companion().row(id, now)?.kind;
    check(
        kind.counter().is_some_and(|counter| counter.value() == 2),
        "the counter was not stored",
    )?;
    Ok(format!(
        "   Codes {} and {}, as in RFC 4226; the counter stands at 2 on the disk.\n",
        COUNTED_CODES[0], COUNTED_CODES[1]
    ))
}

/// Searches without accents and capitals.
pub(super) fn search(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let now = stage.now();
    let found = stage.companion().search("POST zuri", now);
    check(
        found.len() == 1 && found.iter().all(|row| row.issuer.as_str() == "Züri Post"),
        "the search found something else",
    )?;
    Ok("   \"POST zuri\" finds Züri Post.\n".into())
}

/// Removes an account and restores it.
pub(super) fn throw_away(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let now = stage.now();
    let companion = stage.companion();
    let id = companion
        .find("Acme:ann@acme.example")
        .map_err(|error| Failure::new(error.name(), "The account is not there."))?;
    let before = companion.export_uri(id)?;
    let purged_at = companion.remove(id, now)?;
    check(
        companion.list(now).iter().all(|row| row.id != id) && companion.trash().len() == 1,
        "the account is not in the trash",
    )?;
    companion.restore(id, now)?;
    check(
        companion.trash().is_empty() && companion.export_uri(id)? == before,
        "the account did not come back as it was",
    )?;
    Ok(format!(
        "   In the trash, where it would stay until {}; then restored, exactly as it was.\n",
        crate::dates::day(purged_at)
    ))
}

/// Locks the vault, looks for names and keys in its files, and unlocks it again.
pub(super) fn lock(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let now = stage.now();
    let before = stage.accounts();
    let work = stage.companion().work_accounts(now).len();
    drop(stage.take_companion());
    let needles: [&[u8]; 5] = [
        b"Acme",
        "Züri".as_bytes(),
        b"JBSWY3DP",
        b"Hello!",
        b"works.example",
    ];
    for path in [stage.location().path().to_owned(), stage.location().log()] {
        let Ok(bytes) = fs::read(&path) else {
            continue;
        };
        let is_readable = |needle: &&[u8]| bytes.windows(needle.len()).any(|part| part == *needle);
        check(
            !needles.iter().any(is_readable),
            "a name or key can be read in the vault's file",
        )?;
    }
    let locked = Companion::open(
        &stage.location(),
        stage.anchors(),
        Box::new(SystemEntropy::new()),
    )?;
    let companion = locked
        .unlock(&Credential::Recovery(stage.recovery()), now)
        .map_err(|(_, error)| Failure::from(error))?;
    check(companion.findings().is_whole(), "the vault is not whole")?;
    stage.put_companion(companion);
    let is_there = stage.accounts() == before && stage.companion().work_accounts(now).len() == work;
    check(is_there, "accounts were lost")?;
    let work = match work {
        0 => String::new(),
        work => format!(" and {work} work account"),
    };
    Ok(format!(
        "   No name and no key can be read in the file. Unlocked again: {before} accounts{work}.\n"
    ))
}
