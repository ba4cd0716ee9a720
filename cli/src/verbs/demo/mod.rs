//! `demo`: the whole product once, in a temporary vault that is gone afterwards. Every step checks its own result.

mod explain;
mod stage;
mod steps;

use crate::args::DemoArgs;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;

use stage::Stage;

/// What a step does on the stage.
type Act = fn(&mut Stage<'_>) -> Result<String, Failure>;

/// The steps in order: name, title, and what is done.
const STEPS: [(&str, &str, Act); 9] = [
    ("qr", "An account from a QR image", steps::scan),
    ("typed", "An account by hand", steps::type_in),
    ("migration", "An export in three parts", steps::migrate),
    ("duplicate", "The same code again", steps::scan_again),
    ("live", "Live codes", steps::watch),
    ("counter", "A counter account (HOTP)", steps::count),
    ("search", "Search", steps::search),
    ("trash", "Trash and restore", steps::throw_away),
    ("lock", "Lock, look at the file, unlock", steps::lock),
];

/// Plays the demo.
///
/// # Errors
///
/// `demo_failed` with the step that did not give what it should; those of the temporary folder.
pub(crate) fn run(session: &Session, args: &DemoArgs) -> Result<Report, Failure> {
    let waits = !args.yes && session.console().can_ask();
    let mut stage = Stage::set(session)?;
    let mut done: Vec<&str> = Vec::new();
    stage.say(explain::BEGINNING)?;
    for (number, (name, title, act)) in (1_usize..).zip(STEPS) {
        stage.say(&format!("\n{number}. {title}\n"))?;
        let words = act(&mut stage).map_err(|failure| failed(name, &failure))?;
        stage.say(&words)?;
        done.push(name);
        if waits && number < STEPS.len() {
            session.console().ask("   (Enter goes on)")?;
        }
    }
    let accounts = stage.accounts();
    stage.strike()?;
    Ok(Report::new()
        .member("steps", done)
        .member("accounts", accounts)
        .text(explain::PAGE))
}

/// Says in which step the demo failed, and why.
fn failed(step: &'static str, failure: &Failure) -> Failure {
    Failure::new(
        "demo_failed",
        format!(
            "The demo failed in its step \"{step}\" ({}): {}",
            failure.name(),
            failure.message()
        ),
    )
    .with("step", step)
}
