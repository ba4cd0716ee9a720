//! Where decisions come from: a person's keys, a script's lines, or nowhere.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd};

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::input::Source;
use crate::terminal::{Console, Pressed, TypedLine};

/// The longest line of a script.
const LINE_BYTES_MAX: usize = 4096;
/// Bytes that are read at once.
const BYTES: usize = 1024;

/// What came in.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Heard {
    /// A person's line.
    Line(Zeroizing<String>),
    /// A script's line.
    Document(Zeroizing<String>),
    /// Esc.
    Escape,
    /// Nothing more will come.
    End,
}

/// Where decisions come from.
pub(crate) enum Input {
    /// A person at a terminal.
    Keys(Box<TypedLine>),
    /// A script.
    Lines(Lines),
    /// Nobody: it is only shown.
    Nobody,
}

impl Input {
    /// The person, where there is one.
    ///
    /// # Errors
    ///
    /// As [`TypedLine::begin`].
    pub(crate) fn of_person(console: &Console) -> Result<Self, Failure> {
        if console.can_ask() {
            Ok(Self::Keys(Box::new(TypedLine::begin(console)?)))
        } else {
            Ok(Self::Nobody)
        }
    }

    /// A script's file.
    ///
    /// # Errors
    ///
    /// As [`Failure::io`].
    pub(crate) fn of_script(source: &Source) -> Result<Self, Failure> {
        let file = source.open_file("decisions")?;
        Ok(Self::Lines(Lines {
            file,
            text: Zeroizing::default(),
            is_over: false,
        }))
    }

    /// What is waited on; none where nothing can come.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Keys(line) => Some(line.input()),
            Self::Lines(lines) => (!lines.is_over).then(|| lines.file.as_fd()),
            Self::Nobody => None,
        }
    }

    /// Whether a script has said everything.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self, Self::Lines(lines) if lines.is_over)
    }

    /// Reads what is there. Only to be called when there is something.
    pub(crate) fn read(&mut self) -> Vec<Heard> {
        match self {
            Self::Keys(line) => line
                .read()
                .into_iter()
                .map(|pressed| match pressed {
                    Pressed::Line(line) => Heard::Line(line),
                    Pressed::Escape => Heard::Escape,
                    Pressed::End => Heard::End,
                })
                .collect(),
            Self::Lines(lines) => lines.read(),
            Self::Nobody => Vec::new(),
        }
    }

    /// Forgets what a person has typed so far. A script names what it means and keeps its word.
    pub(crate) fn forget(&mut self) {
        if let Self::Keys(line) = self {
            line.forget();
        }
    }

    /// Shows a person the question.
    pub(crate) fn draw(&mut self, question: &str) {
        if let Self::Keys(line) = self {
            line.draw(question);
        }
    }

    /// Takes the question away before anything else is said.
    pub(crate) fn clear(&mut self) {
        if let Self::Keys(line) = self {
            line.clear();
        }
    }
}

/// A script's lines as they come.
pub(crate) struct Lines {
    file: File,
    text: Zeroizing<Vec<u8>>,
    is_over: bool,
}

impl Lines {
    /// The end of a script's decisions ends nothing: its answers may still be on their way.
    fn read(&mut self) -> Vec<Heard> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        match self.file.read(bytes.as_mut()) {
            Ok(count @ 1..) => self
                .text
                .extend_from_slice(bytes.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => self.is_over = true,
        }
        let mut heard = Vec::new();
        while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
            let rest = self.text.split_off(end.saturating_add(1));
            let line = std::mem::replace(&mut *self.text, rest);
            heard.extend(document(&line));
        }
        if self.is_over || self.text.len() > LINE_BYTES_MAX {
            let line = std::mem::take(&mut *self.text);
            heard.extend(document(&line));
        }
        heard
    }
}

/// A line that is not empty.
fn document(line: &[u8]) -> Option<Heard> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    (!text.is_empty()).then(|| Heard::Document(Zeroizing::new(text.to_owned())))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_scripts_lines_come_whole_whatever_the_pieces() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut lines = Lines {
            file: File::from(std::os::fd::OwnedFd::from(reader)),
            text: Zeroizing::default(),
            is_over: false,
        };
        let heard = |text: &str| Heard::Document(Zeroizing::new(text.into()));
        writer.write_all(b"{\"id\":").unwrap();
        assert_eq!(lines.read(), []);
        writer.write_all(b"1}\r\n\n{\"id\":2}\n{").unwrap();
        assert_eq!(lines.read(), [heard("{\"id\":1}"), heard("{\"id\":2}")]);
        drop(writer);
        assert_eq!(lines.read(), [heard("{")]);
        assert!(lines.is_over);
    }
}
