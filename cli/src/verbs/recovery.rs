//! A new recovery code, in the person's hands before it is needed and before anything depends on it.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_core::entropy::{SystemEntropy, generate_bytes};
use countersign_core::secret::SecretText;
use countersign_core::vault::RecoveryCode;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::new_file;
use crate::session::Session;
use crate::terminal::Console;

/// How often the groups of the recovery code may be typed.
const CONFIRM_TRIES: u32 = 3;
/// Groups of the code that are asked back.
const ASKED_GROUPS: usize = 2;

/// The words of the verb that makes a code.
pub(crate) struct Words {
    /// What to say where there is neither a terminal nor a place for it.
    pub(crate) choice: &'static str,
    /// What is not done when the code reaches nobody.
    pub(crate) undone: &'static str,
}

/// A new recovery code and how it reaches the person.
pub(crate) struct NewCode<'a> {
    code: RecoveryCode,
    file: Option<&'a Path>,
    /// Whether it is shown on the terminal, and asked back.
    is_shown: bool,
    words: &'static Words,
}

/// What was done with a code, to be undone when what it was made for fails.
pub(crate) struct Given {
    file: Option<PathBuf>,
    /// Whether standard output has it already, and in a document its members.
    pub(crate) is_handed_out: bool,
}

impl Given {
    /// Takes the code's file away: it would stand in the way of the next try and opens nothing.
    pub(crate) fn take_back(&self) {
        if let Some(path) = &self.file {
            let _ = fs::remove_file(path);
        }
    }
}

impl<'a> NewCode<'a> {
    /// A fresh code for `file` (`-` is standard output), for the document, or for the terminal.
    ///
    /// # Errors
    ///
    /// `recovery_choice_needed` when it would reach nobody; `entropy`.
    pub(crate) fn generate(
        session: &Session,
        file: Option<&'a Path>,
        words: &'static Words,
    ) -> Result<Self, Failure> {
        let has_hand = session.console().is_json() || file.is_some();
        if !has_hand && !session.console().can_ask() {
            return Err(Failure::new("recovery_choice_needed", words.choice));
        }
        let code = RecoveryCode::generate(&SystemEntropy::new())
            .map_err(|error| Failure::new("entropy", error.to_string()))?;
        Ok(Self {
            code,
            file,
            is_shown: !has_hand,
            words,
        })
    }

    /// The code.
    pub(crate) const fn code(&self) -> &RecoveryCode {
        &self.code
    }

    /// Shows the code, writes it to its file, or hands it out with the other `members` of the document.
    ///
    /// # Errors
    ///
    /// `not_confirmed`, `file_exists`, `recovery_code_not_written`, and those of writing a file.
    pub(crate) fn give(
        &self,
        session: &Session,
        members: &Map<String, Value>,
    ) -> Result<Given, Failure> {
        let text = self.code.format();
        if self.is_shown {
            self.show_and_confirm(session.console(), &text)?;
            return Ok(Given {
                file: None,
                is_handed_out: false,
            });
        }
        match self.file.filter(|path| *path != Path::new("-")) {
            Some(path) => {
                // EXPOSE: this file is where the person wants the code.
                new_file::write(path, format!("{}\n", text.expose()).as_bytes())?;
                Ok(Given {
                    file: Some(path.to_owned()),
                    is_handed_out: false,
                })
            }
            None => {
                // EXPOSE: standard output is where the person wants the code.
                let code = text.expose();
                let console = session.console();
                console.hand_out(members, code, self.words.undone)?;
                Ok(Given {
                    file: None,
                    is_handed_out: true,
                })
            }
        }
    }

    /// Shows the code once and has two of its groups typed back.
    fn show_and_confirm(&self, console: &Console, text: &SecretText) -> Result<(), Failure> {
        // EXPOSE: the person writes it down now.
        let groups: Vec<&str> = text.expose().split('-').collect();
        console.say(&format!(
            "\nYour recovery code. It opens the vault if you forget the password; write it on paper now.\n\n    {}\n\n",
            text.expose()
        ))?;
        let random: [u8; ASKED_GROUPS] = generate_bytes(&SystemEntropy::new())
            .map_err(|error| Failure::new("entropy", error.to_string()))?;
        let mut last = None;
        for byte in random {
            let mut index = usize::from(byte) % groups.len().max(1);
            if last == Some(index) {
                index = (index + 1) % groups.len().max(1);
            }
            last = Some(index);
            let Some(group) = groups.get(index) else {
                continue;
            };
            self.ask_group(console, index + 1, group)?;
        }
        Ok(())
    }

    fn ask_group(&self, console: &Console, number: usize, group: &str) -> Result<(), Failure> {
        for _ in 0..CONFIRM_TRIES {
            let answer = console.ask(&format!("Type group {number} of it:"))?;
            // The same letters that a recovery code forgives.
            let typed = answer
                .trim()
                .to_uppercase()
                .replace('O', "0")
                .replace(['I', 'L'], "1");
            if typed == group {
                return Ok(());
            }
            console.note("That is another group. Look again.");
        }
        Err(Failure::new(
            "not_confirmed",
            format!("The recovery code was not confirmed. {}", self.words.undone),
        ))
    }
}
