//! `doctor`: what any code is, in plain words, and what to do next. Nothing is stored or sent.

mod batch;
mod request;
mod spoken;

use countersign_core::doctor::{Finding, TEXT_BYTES_MAX, examine};
use countersign_core::time::UnixSeconds;
use countersign_core::uri::TestMode;
use zeroize::Zeroizing;

use crate::args::DoctorArgs;
use crate::failure::Failure;
use crate::input::{Source, refuse_shared};
use crate::report::Report;
use crate::session::Session;
use crate::verbs::answer::{self, Showing};
use crate::verbs::images;
use crate::words;

/// Explains one text or image, or answers a list of them.
///
/// # Errors
///
/// Those of reading the input; a code that is no account is a report with an error in it.
pub(crate) fn run(session: &Session, args: &DoctorArgs) -> Result<Report, Failure> {
    let showing = Showing {
        reveal: args.reveal,
        at: args.at.map_or_else(|| session.now(), UnixSeconds),
    };
    let mut sources = session.unlock_sources()?;
    sources.extend(
        [&args.batch, &args.qr]
            .into_iter()
            .flatten()
            .map(|path| Source::from_path(path)),
    );
    if args.text.as_deref() == Some("-") {
        sources.push(Source::Stdin);
    }
    refuse_shared(&sources)?;
    if let Some(path) = &args.batch {
        let input = Source::from_path(path).open("list")?;
        session.console().interrupts().streams_documents();
        batch::answer_all(input, &mut std::io::stdout(), showing)?;
        return Ok(Report::streamed());
    }
    if let Some(path) = &args.qr {
        return image(&Source::from_path(path), showing);
    }
    let text = text(session, args.text.as_deref())?;
    let found = examine(&text, TestMode::Off);
    let report = Report::new()
        .members(answer::about(&found, showing))
        .text(spoken::words(&found, showing));
    Ok(report.fail_silently(words::refusal(&found)))
}

fn text(session: &Session, argument: Option<&str>) -> Result<Zeroizing<String>, Failure> {
    match argument {
        Some("-") => read_text(&Source::Stdin),
        Some(text) => Ok(Zeroizing::new(text.to_owned())),
        None if session.console().can_ask() => session
            .console()
            .ask_hidden("Paste the link or text (it is not shown):"),
        None => Err(Failure::usage(
            "Say what to look at: a text, - for standard input, --qr IMAGE or --batch FILE.",
        )),
    }
}

/// Reads a pasted text. Bytes that are no text become marks: they make no code.
///
/// # Errors
///
/// As [`Source::read`].
pub(crate) fn read_text(source: &Source) -> Result<Zeroizing<String>, Failure> {
    let cap = u64::try_from(TEXT_BYTES_MAX).unwrap_or(u64::MAX);
    let bytes = source.read("text", cap)?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

fn image(source: &Source, showing: Showing) -> Result<Report, Failure> {
    let symbols = images::read(source)?;
    let examine = |text: &str| examine(text, TestMode::Off);
    // EXPOSE: the code's text is what is examined.
    let findings: Vec<Finding> = symbols
        .iter()
        .map(|symbol| examine(symbol.text.expose()))
        .collect();
    let mut text = String::new();
    for (number, found) in (1_usize..).zip(&findings) {
        if findings.len() > 1 {
            text.push_str(&format!("Code {number}:\n"));
        }
        text.push_str(&spoken::words(found, showing));
    }
    let refused = if findings.iter().any(Finding::is_accepted) {
        None
    } else {
        findings.first().and_then(words::refusal)
    };
    let report = Report::new()
        .members(answer::about_image(&Ok(symbols), examine, showing))
        .text(text);
    Ok(report.fail_silently(refused))
}
