//! A line that is typed while other things go on. The program itself shows what is typed, so that a word in between
//! does not tear it, and what was typed for one question is never taken for the next one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::termios::{LocalModes, OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::interrupt::Changed;
use super::{Console, columns, fitted, size};
use crate::failure::Failure;

/// Longer than anything that is asked for.
const LETTERS_MAX: usize = 40;
/// Bytes that are read at once: more than a person types at once.
const BYTES: usize = 256;

/// What was pressed.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Pressed {
    /// A line and Enter.
    Line(Zeroizing<String>),
    /// Esc: what was typed is gone.
    Escape,
    /// Ctrl-D, or the terminal is gone.
    End,
}

/// The line itself: ASCII letters and digits, Backspace, Esc, Enter.
#[derive(Default)]
struct Editor {
    text: Zeroizing<String>,
}

impl Editor {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Pressed> {
        let mut pressed = Vec::new();
        let mut bytes = bytes.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\r' | b'\n' => pressed.push(Pressed::Line(std::mem::take(&mut self.text))),
                0x08 | 0x7f => drop(self.text.pop()),
                // Ctrl-D ends; Ctrl-U and Ctrl-W take back.
                0x04 => pressed.push(Pressed::End),
                0x15 | 0x17 => self.text.clear(),
                0x1b => {
                    self.text.clear();
                    // An arrow key sends Esc and more at once; it means nothing here.
                    if bytes.next().is_none() {
                        pressed.push(Pressed::Escape);
                    }
                    return pressed;
                }
                b' '..=b'~' if self.text.len() < LETTERS_MAX => {
                    self.text.push(char::from(*byte));
                }
                _ => {}
            }
        }
        pressed
    }
}

/// The terminal while lines are typed on it.
pub(crate) struct TypedLine {
    tty: File,
    console: Console,
    editor: Editor,
    /// What stands on the terminal's last line; empty when nothing does.
    drawn: String,
    can_redraw: bool,
    _changed: Changed,
}

impl TypedLine {
    /// Takes the terminal. It is put right when this is dropped, and by a Ctrl-C.
    ///
    /// # Errors
    ///
    /// As [`Failure::io`].
    pub(crate) fn begin(console: &Console) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::io(&error, "terminal");
        let tty = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map_err(failed)?;
        let changed = console.interrupts().terminal_changes(false);
        let mut modes = tcgetattr(&tty).map_err(|error| failed(error.into()))?;
        modes
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON);
        tcsetattr(&tty, OptionalActions::Now, &modes).map_err(|error| failed(error.into()))?;
        Ok(Self {
            tty,
            console: console.clone(),
            editor: Editor::default(),
            drawn: String::new(),
            can_redraw: !console.is_dumb(),
            _changed: changed,
        })
    }

    /// What is waited on.
    pub(crate) fn input(&self) -> BorrowedFd<'_> {
        self.tty.as_fd()
    }

    /// Reads what was pressed. Only to be called when there is something.
    pub(crate) fn read(&mut self) -> Vec<Pressed> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        match self.tty.read(bytes.as_mut()) {
            Ok(0) => vec![Pressed::End],
            Ok(count) => self.editor.feed(bytes.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Vec::new(),
            Err(_) => vec![Pressed::End],
        }
    }

    /// Forgets what was typed, also what is not read yet: it was meant for something else.
    pub(crate) fn forget(&mut self) {
        self.editor.text.clear();
        // What cannot be dropped is read, and the worst is a line that nobody understands.
        let _ = tcflush(&self.tty, QueueSelector::IFlush);
    }

    /// Shows the question with what is typed so far.
    pub(crate) fn draw(&mut self, question: &str) {
        let line = format!("{question} {}", *self.editor.text);
        // A line that the terminal breaks could not be taken back whole.
        let line = fitted(&line, size().0.saturating_sub(1));
        if line == self.drawn {
            return;
        }
        let mut tty = &self.tty;
        let written = if self.can_redraw {
            let interrupts = self.console.interrupts();
            let text = format!("\r{line}\x1b[K");
            let mut written = Ok(());
            interrupts.draw_line(|| written = tty.write_all(text.as_bytes()));
            written
        } else {
            // A terminal that cannot go back gets only what is new, or a new line.
            match line.strip_prefix(&self.drawn) {
                Some(new) if !self.drawn.is_empty() => tty.write_all(new.as_bytes()),
                _ => tty.write_all(format!("\r\n{line}").as_bytes()),
            }
        };
        // A terminal that is gone shows itself at the next reading.
        let _ = written;
        self.drawn = line;
    }

    /// Takes the question away before anything else is written.
    pub(crate) fn clear(&mut self) {
        if columns(&self.drawn) == 0 {
            return;
        }
        self.drawn.clear();
        let mut tty = &self.tty;
        if self.can_redraw {
            let interrupts = self.console.interrupts();
            interrupts.clear_line(|| drop(tty.write_all(b"\r\x1b[K")));
        } else {
            let _ = tty.write_all(b"\r\n");
        }
    }
}

impl Drop for TypedLine {
    fn drop(&mut self) {
        self.clear();
        self.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Pressed {
        Pressed::Line(Zeroizing::new(text.into()))
    }

    #[test]
    fn a_line_comes_with_enter_and_not_before() {
        let mut editor = Editor::default();
        assert_eq!(editor.feed(b"12 3"), []);
        assert_eq!(editor.feed(b"\x7f4\r"), [line("12 4")]);
        assert_eq!(editor.feed(b"\n"), [line("")]);
    }

    #[test]
    fn esc_and_keys_that_send_it_forget_the_line() {
        let mut editor = Editor::default();
        assert_eq!(editor.feed(b"123\x1b"), [Pressed::Escape]);
        assert_eq!(editor.feed(b"\r"), [line("")]);
        assert_eq!(editor.feed(b"123\x1b[A"), []);
        assert_eq!(editor.feed(b"d\r"), [line("d")]);
        assert_eq!(editor.feed(b"9\x1b[200~1\r"), []);
        assert_eq!(editor.feed(b"\r"), [line("")]);
    }

    #[test]
    fn ctrl_d_is_the_end_and_no_line() {
        let mut editor = Editor::default();
        assert_eq!(editor.feed(b"123\x04"), [Pressed::End]);
        let mut editor = Editor::default();
        assert_eq!(editor.feed(b"1\x15\x17\r"), [line("")]);
    }

    #[test]
    fn a_long_line_is_cut_and_other_letters_are_not_taken() {
        let mut editor = Editor::default();
        editor.feed(&[b'1'; 4 * LETTERS_MAX]);
        assert_eq!(editor.text.len(), LETTERS_MAX);
        let mut editor = Editor::default();
        assert_eq!(editor.feed("é\u{0}1\r".as_bytes()), [line("1")]);
    }
}
