//! The Countersign authenticator for the terminal.
#![forbid(unsafe_code)]

mod advice;
mod args;
mod beside;
mod command_line;
mod cost;
mod dates;
mod desk;
mod driver;
mod exit;
mod failure;
mod findings;
mod guard;
mod http;
mod input;
mod new_file;
mod new_password;
mod notices;
mod places;
mod report;
mod rows;
mod session;
mod terminal;
mod unlock;
mod verbs;
mod words;
mod work;

use std::process::ExitCode;

use command_line::Meaning;
use exit::Exit;
use failure::Failure;
use guard::Guard;
use report::Report;
use session::Session;
use terminal::{Console, Interrupts};

/// Wipes every block of memory when it is given back.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    let guard = Guard::stand();
    let exit = guard.catch(|| run(&guard)).unwrap_or_else(|failure| {
        Console::new(Interrupts::default(), false).note(failure.message());
        failure.exit()
    });
    ExitCode::from(exit.code())
}

fn run(guard: &Guard) -> Exit {
    let (report, console) = match command_line::read(std::env::args_os()) {
        Meaning::Answer { report, json } => (report, Console::new(Interrupts::default(), json)),
        Meaning::Verb(cli) => {
            let json = cli.globals.json;
            let console = Console::new(Interrupts::watch(json), json);
            let session = Session::new(cli.globals, console.clone());
            let report = guard
                .catch(|| verbs::run(&session, &cli.verb))
                .flatten()
                .unwrap_or_else(Report::from);
            (report, console)
        }
    };
    tell(&console, &report)
}

/// Says what a verb has to say. The exit code is the verb's own; only when it succeeded can telling it fail.
fn tell(console: &Console, report: &Report) -> Exit {
    let told = if report.is_streamed() {
        Ok(())
    } else if console.is_json() {
        console.document(&report.document())
    } else {
        for note in report.notes() {
            console.note(note);
        }
        console.say(report.words())
    };
    let lost = told.err().map(|failure| {
        if report.is_changed() {
            Failure::new(
                "answer_not_written",
                "The change was made, but its answer could not be written.",
            )
        } else {
            failure
        }
    });
    // One failure is said, the verb's own before that of saying it: the second is mostly the first's echo.
    let is_silent = lost.is_none() && (console.is_json() || report.is_told());
    if let Some(failure) = report.failure().or(lost.as_ref()).filter(|_| !is_silent) {
        console.note(&format!("countersign: {}", failure.message()));
    }
    match report.failure().or(lost.as_ref()) {
        Some(failure) => failure.exit(),
        None => Exit::Done,
    }
}
