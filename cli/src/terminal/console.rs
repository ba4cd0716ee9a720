//! Saying and asking.

use std::fs::OpenOptions;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};

use countersign_core::secret::Secret;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Interrupts, broken, reader, size};
use crate::failure::Failure;
use crate::input::password_from;

/// Where the person is asked, also when standard input and output are pipes.
const TTY: &str = "/dev/tty";
/// How often a question is asked again that was not answered.
const ASK_TRIES: u32 = 3;

/// The program's voice.
#[derive(Clone)]
pub(crate) struct Console {
    interrupts: Interrupts,
    json: bool,
}

impl Console {
    /// A console; with `json` only documents are written to standard output.
    pub(crate) const fn new(interrupts: Interrupts, json: bool) -> Self {
        Self { interrupts, json }
    }

    /// The watch over signals.
    pub(crate) const fn interrupts(&self) -> &Interrupts {
        &self.interrupts
    }

    /// Whether a document is wanted instead of words.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Whether standard output is a terminal.
    pub(crate) fn shows_live(&self) -> bool {
        !self.json && io::stdout().is_terminal() && io::stdin().is_terminal()
    }

    /// Whether the terminal cannot go back on its line.
    pub(crate) fn is_dumb(&self) -> bool {
        std::env::var_os("TERM").is_none_or(|term| term == "dumb")
    }

    /// Whether colours may be used on standard output (<https://no-color.org>).
    pub(crate) fn has_colour(&self) -> bool {
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        !self.json && !is_refused && !self.is_dumb() && io::stdout().is_terminal()
    }

    /// Whether a person is there who can type a secret: a script with pipes alone is never asked.
    pub(crate) fn can_ask_secret(&self) -> bool {
        (io::stdin().is_terminal() || io::stderr().is_terminal())
            && OpenOptions::new().read(true).write(true).open(TTY).is_ok()
    }

    /// Whether a person is there who can answer questions: nothing is piped in and words are wanted.
    pub(crate) fn can_ask(&self) -> bool {
        !self.json && io::stdin().is_terminal() && self.can_ask_secret()
    }

    /// Whether a person can be asked for a yes or no on the terminal, as for a password, also while something is piped in.
    pub(crate) fn can_confirm(&self) -> bool {
        !self.json && self.can_ask_secret()
    }

    /// Writes lines to standard output. A closed pipe is no error.
    ///
    /// # Errors
    ///
    /// As [`Failure::io`].
    pub(crate) fn say(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        quietly(
            stdout
                .write_all(text.as_bytes())
                .and_then(|()| stdout.flush()),
        )
    }

    /// The same with sentences, whose long lines a terminal is not to cut in the middle of a word.
    ///
    /// # Errors
    ///
    /// As [`Failure::io`].
    pub(crate) fn say_sentences(&self, text: &str) -> Result<(), Failure> {
        match io::stdout().is_terminal() {
            true => self.say(&broken(text, size().0)),
            false => self.say(text),
        }
    }

    /// Writes a remark to standard error, as sentences.
    pub(crate) fn note(&self, text: &str) {
        let text = match io::stderr().is_terminal() {
            true => &broken(text, size().0),
            false => text,
        };
        // Standard error is the last place to tell anybody; when it is closed nobody listens.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Writes the one document.
    ///
    /// # Errors
    ///
    /// As [`Failure::io`].
    pub(crate) fn document(&self, document: &Value) -> Result<(), Failure> {
        let text = Zeroizing::new(format!("{document}\n"));
        quietly(self.interrupts.write_document(text.as_bytes()))
    }

    /// Hands out what is said only once, before anything depends on it: as a line, or as the beginning
    /// of the one document. Unlike all else, somebody must be there to read it; `undone` says what is not done otherwise.
    ///
    /// # Errors
    ///
    /// `recovery_code_not_written` when it did not get out.
    pub(crate) fn hand_out(
        &self,
        once: &Map<String, Value>,
        line: &str,
        undone: &str,
    ) -> Result<(), Failure> {
        let write = || {
            reader::expect_somebody()?;
            if self.json {
                let text = Zeroizing::new(Value::Object(once.clone()).to_string());
                let begun = text.strip_suffix('}').unwrap_or(&text);
                self.interrupts.begin_document(begun.as_bytes())?;
            } else {
                let mut stdout = io::stdout().lock();
                writeln!(stdout, "{line}")?;
                stdout.flush()?;
            }
            reader::expect_taken()
        };
        write().map_err(|_: io::Error| {
            Failure::new(
                "recovery_code_not_written",
                format!("The recovery code could not be written to standard output. {undone} Give it a place with --recovery-file FILE."),
            )
        })
    }

    /// Asks for something that may be seen.
    ///
    /// # Errors
    ///
    /// As [`Failure::io`].
    pub(crate) fn ask(&self, question: &str) -> Result<Zeroizing<String>, Failure> {
        let failed = |error: io::Error| Failure::io(&error, "terminal");
        let mut tty = OpenOptions::new()
            .read(true)
            .write(true)
            .open(TTY)
            .map_err(failed)?;
        write!(tty, "{question} ").map_err(failed)?;
        let mut answer = Zeroizing::new(String::new());
        BufReader::new(tty).read_line(&mut answer).map_err(failed)?;
        if answer.is_empty() {
            return Err(Failure::new("not_confirmed", "There was no answer."));
        }
        Ok(Zeroizing::new(answer.trim().to_owned()))
    }

    /// Asks a question with yes or no; an empty answer is `default`.
    ///
    /// # Errors
    ///
    /// `not_confirmed` when there is no clear answer, or as [`Failure::io`].
    pub(crate) fn confirm(&self, question: &str, default: bool) -> Result<bool, Failure> {
        let choice = if default { "[Y/n]" } else { "[y/N]" };
        for _ in 0..ASK_TRIES {
            let answer = self.ask(&format!("{question} {choice}"))?;
            match answer.to_lowercase().as_str() {
                "" => return Ok(default),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => {}
            }
        }
        Err(Failure::new(
            "not_confirmed",
            "That was neither yes nor no.",
        ))
    }

    /// Asks for a secret without showing it.
    ///
    /// # Errors
    ///
    /// As [`Failure::io`]. A Ctrl-C ends the program.
    pub(crate) fn ask_hidden(&self, question: &str) -> Result<Zeroizing<String>, Failure> {
        let changed = self.interrupts.hide_typing();
        let answer = rpassword::prompt_password(format!("{question} "));
        drop(changed);
        match answer {
            Ok(answer) => Ok(Zeroizing::new(answer)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.interrupts.end_by_key()
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(Failure::new("not_confirmed", "There was no answer."))
            }
            Err(error) => Err(Failure::io(&error, "terminal")),
        }
    }

    /// Asks for a password.
    ///
    /// # Errors
    ///
    /// As [`Console::ask_hidden`] and [`password_from`].
    pub(crate) fn ask_password(&self, question: &str) -> Result<Secret, Failure> {
        password_from(self.ask_hidden(question)?.as_bytes())
    }

    /// Asks for a new password, twice.
    ///
    /// # Errors
    ///
    /// `not_confirmed` when the two never agree; else as [`Console::ask_password`].
    pub(crate) fn ask_new_password(&self, question: &str) -> Result<Secret, Failure> {
        for _ in 0..ASK_TRIES {
            let first = self.ask_password(question)?;
            if self.ask_password("The same again:")? == first {
                return Ok(first);
            }
            self.note("The two are not the same. Once more.");
        }
        Err(Failure::new(
            "not_confirmed",
            "The two passwords were never the same. Nothing was changed.",
        ))
    }
}

/// A reader that went away early, as `head` does, has all that it wanted.
fn quietly(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::io(&error, "output")),
        Ok(()) => Ok(()),
    }
}
