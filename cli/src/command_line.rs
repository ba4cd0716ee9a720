//! From arguments to a verb, with errors that never repeat an argument: it could be a link or a key.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

use crate::args::Cli;
use crate::failure::Failure;
use crate::report::Report;

/// What the arguments mean.
pub(crate) enum Meaning {
    /// A verb is to be done.
    Verb(Box<Cli>),
    /// Help or the version is asked for, or the arguments mean nothing; `json` is their wish.
    Answer { report: Report, json: bool },
}

/// Reads the arguments, the program's name first.
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Meaning {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let error = match Cli::try_parse_from(&arguments) {
        Ok(cli) => return Meaning::Verb(Box::new(cli)),
        Err(error) => error,
    };
    // The parser failed, so its own reading of --json is lost.
    let json = arguments
        .iter()
        .skip(1)
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--json");
    let report = match error.kind() {
        ErrorKind::DisplayHelp => {
            let help = error.to_string();
            Report::new().member("help", help.as_str()).text(help)
        }
        ErrorKind::DisplayVersion => Report::new()
            .member("version", env!("CARGO_PKG_VERSION"))
            .text(error.to_string()),
        _ => explain(&error, &arguments).into(),
    };
    Meaning::Answer { report, json }
}

/// What to say to somebody who typed a secret as an argument.
const NEVER: &str = "Passwords and secrets are never arguments, because other users can see them. Use --password-file or \
                     --secret-file (a file, - or fd:3).";

/// What is wrong with the arguments. Names of our own options are safe to say; what was typed is not.
fn explain(error: &clap::Error, arguments: &[OsString]) -> Failure {
    let ours = own_option(error);
    let option = ours.as_deref().unwrap_or("An option");
    let message = match error.kind() {
        ErrorKind::UnknownArgument
            if has_secret_option(arguments) || follows_kind(error, arguments) =>
        {
            NEVER.into()
        }
        ErrorKind::TooManyValues if ["--password", "--recovery"].contains(&option) => NEVER.into(),
        ErrorKind::UnknownArgument => match suggestion(error) {
            Some(suggestion) => {
                format!("There is no such option or argument. Did you mean {suggestion}?")
            }
            None => "There is an option or argument too many.".into(),
        },
        ErrorKind::InvalidSubcommand => match suggestion(error) {
            Some(suggestion) => format!("There is no such verb. Did you mean {suggestion}?"),
            None => "There is no such verb.".into(),
        },
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            format!("Say what to do: {}.", verbs_of(arguments))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if option.starts_with("--pick") => {
            "--pick counts from 1.".into()
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("{option} has a value that it cannot have.")
        }
        ErrorKind::TooManyValues
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues
        | ErrorKind::NoEquals => format!("{option} has too many values or too few."),
        ErrorKind::ArgumentConflict => match strings(error, ContextKind::PriorArg).first() {
            Some(other) if ours.as_deref() == Some(other) => format!("{option} is given twice."),
            Some(other) => format!("{option} cannot be used together with {other}."),
            None => format!("{option} cannot be used together with another one."),
        },
        ErrorKind::MissingRequiredArgument => {
            format!(
                "Something is missing: {}.",
                strings(error, ContextKind::InvalidArg).join(", ")
            )
        }
        ErrorKind::InvalidUtf8 => "An argument is not UTF-8 text.".into(),
        _ => "The arguments cannot be understood.".into(),
    };
    Failure::usage(format!("{message} See `countersign --help`."))
}

/// The name of the option that the parser blames, where it is one of ours.
fn own_option(error: &clap::Error) -> Option<String> {
    let blamed = strings(error, ContextKind::InvalidArg).into_iter().next()?;
    matches!(
        error.kind(),
        ErrorKind::InvalidValue
            | ErrorKind::ValueValidation
            | ErrorKind::ArgumentConflict
            | ErrorKind::TooManyValues
            | ErrorKind::TooFewValues
            | ErrorKind::WrongNumberOfValues
            | ErrorKind::NoEquals
    )
    .then_some(blamed)
}

/// The nearest name of our own; only names that clap knows are ever suggested.
fn suggestion(error: &clap::Error) -> Option<String> {
    [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand]
        .into_iter()
        .flat_map(|kind| strings(error, kind))
        .next()
}

fn strings(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// Whether somebody tried to hand a secret over as an argument.
fn has_secret_option(arguments: &[OsString]) -> bool {
    let known = Cli::command();
    let verb = meant_verb(&known, arguments);
    let is_ours = |name: &str| {
        verb.get_arguments()
            .chain(known.get_arguments())
            .filter_map(clap::Arg::get_long)
            .any(|long| long == name)
    };
    arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .any(|argument| {
            let Some(option) = argument.strip_prefix("--") else {
                return false;
            };
            let name = option.split('=').next().unwrap_or(option);
            !is_ours(name)
                && ["secret", "password", "recovery", "key", "seed", "uri"]
                    .iter()
                    .any(|word| name.contains(word))
        })
}

/// What can be done below the verb that the arguments name, in words.
fn verbs_of(arguments: &[OsString]) -> String {
    let known = Cli::command();
    let verbs = meant_verb(&known, arguments).get_subcommands();
    let names: Vec<&str> = verbs.map(clap::Command::get_name).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The innermost verb that the arguments name.
fn meant_verb<'a>(known: &'a clap::Command, arguments: &[OsString]) -> &'a clap::Command {
    arguments.iter().skip(1).fold(known, |verb, word| {
        verb.find_subcommand(word).unwrap_or(verb)
    })
}

/// Whether a word too many stands where an option names a kind of secret: `vault slots add --password hunter2`.
fn follows_kind(error: &clap::Error, arguments: &[OsString]) -> bool {
    let is_word = strings(error, ContextKind::InvalidArg)
        .first()
        .is_some_and(|word| !word.starts_with('-'));
    let names_kind = |argument: &OsString| argument == "--password" || argument == "--recovery";
    is_word && arguments.iter().any(names_kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(arguments: &[&str]) -> (Report, bool) {
        let all = std::iter::once("countersign").chain(arguments.iter().copied());
        match read(all.map(OsString::from)) {
            Meaning::Answer { report, json } => (report, json),
            Meaning::Verb(_) => panic!("{arguments:?} was understood"),
        }
    }

    #[test]
    fn the_structure_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_error_never_repeats_an_argument() {
        let all: [&[&str]; 22] = [
            &["add", "otpauth://totp/MARKED", "otpauth://totp/MARKED"],
            &["MARKED"],
            &["add", "--MARKED"],
            &["add", "--secret", "MARKED"],
            &["add", "--secret=MARKED"],
            &["add", "--pick", "MARKED", "--qr", "MARKED"],
            &["add", "MARKED", "--issuer", "MARKED"],
            &["list", "--auto-lock=MARKED"],
            &["code"],
            &["code", "a", "MARKED"],
            &["export", "MARKED"],
            &["export", "MARKED", "--uri", "--qr"],
            &["doctor", "--at", "MARKED"],
            &["vault", "MARKED"],
            &["--vault"],
            &["list", "--json", "--json"],
            &["vault", "slots", "add", "--password", "MARKED"],
            &["vault", "slots", "add", "--password=MARKED"],
            &["vault", "slots", "add", "MARKED"],
            &["vault", "restore", "1", "MARKED"],
            &["passwd", "--kdf-passes", "MARKED"],
            &["vault", "salvage", "--take-snapshot", "--no-snapshot"],
        ];
        for arguments in all {
            let (report, _) = answer(arguments);
            let failure = report.failure().unwrap();
            assert_eq!(failure.name(), "usage", "{arguments:?}");
            assert!(
                !failure.message().contains("MARKED"),
                "{arguments:?}: {}",
                failure.message()
            );
            assert!(failure.message().len() > 40);
        }
    }

    #[test]
    fn a_secret_as_an_argument_gets_its_own_words() {
        for option in ["--secret=A", "--password=A", "--recovery-code=A"] {
            let (report, _) = answer(&["add", option]);
            let message = report.failure().unwrap().message().to_owned();
            assert!(message.contains("never arguments"), "{option}: {message}");
        }
        let all: [&[&str]; 3] = [
            &["vault", "slots", "add", "--password", "A"],
            &["vault", "slots", "add", "--password=A"],
            &["vault", "slots", "add", "--recovery", "A"],
        ];
        for arguments in all {
            let (report, _) = answer(arguments);
            let message = report.failure().unwrap().message().to_owned();
            assert!(
                message.contains("never arguments"),
                "{arguments:?}: {message}"
            );
        }
        let (report, _) = answer(&["vault", "restore", "--older-key", "--bogus"]);
        let message = report.failure().unwrap().message().to_owned();
        assert!(!message.contains("never arguments"), "{message}");
        let (report, _) = answer(&["add", "--isuer", "A"]);
        assert!(report.failure().unwrap().message().contains("--issuer"));
    }

    #[test]
    fn a_wish_for_json_is_heard_in_a_broken_line() {
        assert!(answer(&["--json", "nonsense"]).1);
        assert!(answer(&["code", "--json"]).1);
        assert!(!answer(&["code", "--", "--json", "x"]).1);
    }

    #[test]
    fn a_missing_verb_is_told_apart_by_where_it_is_missing() {
        for (arguments, expected) in [
            (&[][..], "passwd, vault, doctor or demo."),
            (&["vault"], "salvage, slots or rotate."),
            (&["vault", "slots"], "list, add or remove."),
        ] {
            let (report, _) = answer(arguments);
            let message = report.failure().unwrap().message().to_owned();
            assert!(message.contains(expected), "{message}");
        }
    }

    /// The texts under the help of a verb and of all verbs below it.
    fn texts(command: &clap::Command) -> Vec<String> {
        let own = command.get_after_help().map(ToString::to_string);
        let below = command.get_subcommands().flat_map(texts);
        own.into_iter().chain(below).collect()
    }

    #[test]
    fn helps_lines_are_broken_where_the_terminal_ends_and_nowhere_else() {
        let all = texts(&Cli::command());
        assert!(all.len() > 20);
        for text in all {
            let lines: Vec<&str> = text.lines().collect();
            for pair in lines.windows(2) {
                let &[line, next] = pair else {
                    continue;
                };
                let goes_on = next.starts_with(|letter: char| letter.is_lowercase());
                assert!(line.is_empty() || !goes_on, "{line}\n{next}");
                assert!(!next.starts_with("      "), "{next}");
            }
        }
    }

    #[test]
    fn helps_words_are_as_they_are_typed() {
        let mut command = Cli::command();
        for verb in command.get_subcommands_mut() {
            let help = verb.render_help().to_string();
            assert!(!help.contains('\\'), "{help}");
        }
    }

    #[test]
    fn help_is_no_error() {
        let all: [&[&str]; 3] = [&["--help"], &["add", "--help"], &["--version"]];
        for arguments in all {
            assert!(answer(arguments).0.failure().is_none());
        }
    }
}
