//! `demo`: the whole product once, in a temporary vault that is gone afterwards. Every step checks its own result.

#[cfg(feature = "server")]
mod approvals;
mod explain;
#[cfg(feature = "server")]
mod organisation;
mod stage;
mod steps;
#[cfg(feature = "server")]
mod work;

use crate::args::DemoArgs;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;

use stage::Stage;

/// What a step does on the stage.
type Act = fn(&mut Stage<'_>) -> Result<String, Failure>;

/// One step: name, title, and what is done.
type Step = (&'static str, &'static str, Act);

/// The steps in order.
const STEPS: &[Step] = &[
    ("qr", "An account from a QR image", steps::scan),
    ("typed", "An account by hand", steps::type_in),
    ("migration", "An export in three parts", steps::migrate),
    ("duplicate", "The same code again", steps::scan_again),
    ("live", "Live codes", steps::watch),
    ("counter", "A counter account (HOTP)", steps::count),
    ("search", "Search", steps::search),
    ("trash", "Trash and restore", steps::throw_away),
    #[cfg(feature = "server")]
    ("work", "A work account from a QR image", approvals::enrol),
    #[cfg(feature = "server")]
    ("sign_in", "A sign-in that is yours", approvals::sign_in),
    #[cfg(feature = "server")]
    ("bombing", "Sign-ins that are not yours", approvals::bomb),
    #[cfg(feature = "server")]
    ("not_me", "It was not me", approvals::report),
    ("lock", "Lock, look at the file, unlock", steps::lock),
];

/// Plays the demo.
///
/// # Errors
///
/// `demo_failed` with the step that did not give what it should; those of the temporary folder.
pub(crate) fn run(session: &Session, args: &DemoArgs) -> Result<Report, Failure> {
    let waits = !args.yes && session.console().can_ask();
    let mut stage = Stage::set(session, waits)?;
    let mut done: Vec<&str> = Vec::new();
    stage.say(explain::BEGINNING)?;
    for (number, (name, title, act)) in (1_usize..).zip(STEPS.iter().copied()) {
        stage.say(&format!("\n{number}. {title}\n"))?;
        let words = act(&mut stage).map_err(|failure| failed(name, &failure))?;
        stage.say(&words)?;
        done.push(name);
        if stage.waits() && number < STEPS.len() {
            session.console().ask("   (Enter goes on)")?;
        }
    }
    let accounts = stage.accounts();
    stage.strike()?;
    Ok(Report::new()
        .member("steps", done)
        .member("accounts", accounts)
        .text(page()))
}

/// What is said at the end.
fn page() -> String {
    #[cfg(feature = "server")]
    let approvals = explain::APPROVALS;
    #[cfg(not(feature = "server"))]
    let approvals = "";
    [explain::PAGE, approvals, explain::END].concat()
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
