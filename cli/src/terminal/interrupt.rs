//! Ctrl-C and its relatives: the terminal put right, temporary folders gone, then the end.
//!
//! A thread waits for the signals, so that a prompt or a long wait ends at once. Ending in the middle
//! of a write is safe: every write of the vault is one transaction.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// What the shell adds to a signal's number.
const SIGNAL_EXIT: i32 = 128;
/// How often a folder is tried again that another thread still writes into.
const REMOVE_TRIES: u32 = 5;
/// How often, and how long between, the state is asked for at the end.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// How much of the one JSON document is out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Document {
    /// Nothing yet.
    #[default]
    Due,
    /// Its first members, without the closing brace.
    Begun,
    /// All of it, or it is not wanted.
    Done,
}

/// What is to be undone when the program ends early.
#[derive(Default)]
struct State {
    /// The terminal as it was, while something has changed it.
    terminal: Option<(File, Termios)>,
    /// Whether the cursor is hidden.
    cursor_hidden: bool,
    /// Whether a sign of life stands on a terminal's standard error.
    line_begun: bool,
    /// Temporary folders.
    folders: Vec<PathBuf>,
    /// How much of the one JSON document is out.
    document: Document,
}

/// What is done at an early end that takes its time.
type Farewell = Box<dyn FnOnce() + Send>;

/// The watch over signals. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Interrupts {
    state: Arc<Mutex<State>>,
    /// Apart from the state, which nobody may hold for long.
    farewell: Arc<Mutex<Option<Farewell>>>,
}

impl Interrupts {
    /// Starts to watch. With `json`, an early end still prints one document.
    pub(crate) fn watch(json: bool) -> Self {
        let interrupts = Self::default();
        if !json {
            interrupts.state().document = Document::Done;
        }
        let watched = interrupts.clone();
        // Without a watch the signals still end the program, only less tidily.
        if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) {
            let watch = move || {
                if let Some(signal) = signals.forever().next() {
                    watched.end(signal);
                }
            };
            drop(std::thread::Builder::new().spawn(watch));
        }
        interrupts
    }

    /// Ends the program as after a Ctrl-C, for a Ctrl-C that was read as a key.
    pub(crate) fn end_by_key(&self) -> ! {
        self.end(SIGINT)
    }

    /// Stops the terminal from showing what is typed, until what is returned is dropped. It happens before
    /// the question appears, so that not even a hasty letter is shown.
    pub(crate) fn hide_typing(&self) -> Changed {
        let changed = self.terminal_changes(false);
        if let Some((tty, modes)) = &self.state().terminal {
            let mut hidden = modes.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            // Whoever asks turns the echo off again and reports when that is impossible.
            let _ = tcsetattr(tty, OptionalActions::Now, &hidden);
        }
        changed
    }

    /// Remembers the terminal as it is, until what is returned is dropped.
    pub(crate) fn terminal_changes(&self, hides_cursor: bool) -> Changed {
        let mut state = self.state();
        state.terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .ok()
            .and_then(|tty| tcgetattr(&tty).ok().map(|modes| (tty, modes)));
        state.cursor_hidden = hides_cursor;
        Changed(self.clone())
    }

    /// Draws a line on standard error that is to be gone at the end; never while the program ends.
    pub(crate) fn draw_line(&self, draw: impl FnOnce()) {
        let mut state = self.state();
        state.line_begun = true;
        draw();
    }

    /// Takes that line away.
    pub(crate) fn clear_line(&self, clear: impl FnOnce()) {
        let mut state = self.state();
        clear();
        state.line_begun = false;
    }

    /// Removes `folder` with everything in it if the program ends early.
    pub(crate) fn remove_at_end(&self, folder: &Path) {
        self.state().folders.push(folder.to_owned());
    }

    /// Says that the verb writes documents of its own, one after the other.
    pub(crate) fn streams_documents(&self) {
        self.state().document = Document::Done;
    }

    /// Writes the first members of the one document, without the closing brace.
    pub(crate) fn begin_document(&self, members: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let mut stdout = io::stdout().lock();
        stdout.write_all(members)?;
        state.document = Document::Begun;
        stdout.flush()
    }

    /// Writes the one document, or its other members where it has begun.
    pub(crate) fn write_document(&self, document: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let mut stdout = io::stdout().lock();
        let rest = match (state.document, document) {
            (Document::Begun, [b'{', rest @ ..]) => {
                if !rest.starts_with(b"}") {
                    stdout.write_all(b",")?;
                }
                rest
            }
            _ => document,
        };
        state.document = Document::Done;
        stdout.write_all(rest)?;
        stdout.flush()
    }

    /// Does `farewell` if the program ends early. It must end by itself, and soon.
    pub(crate) fn do_at_end(&self, farewell: impl FnOnce() + Send + 'static) {
        *self.farewell.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(farewell));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, unless somebody holds it for long: a pipe that nobody reads must not keep the program alive.
    fn state_soon(&self) -> Option<MutexGuard<'_, State>> {
        for _ in 0..LOCK_TRIES {
            match self.state.try_lock() {
                Ok(state) => return Some(state),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            }
        }
        None
    }

    fn end(&self, signal: i32) -> ! {
        let farewell = self
            .farewell
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(farewell) = farewell {
            farewell();
        }
        let Some(mut state) = self.state_soon() else {
            std::process::exit(SIGNAL_EXIT + signal)
        };
        state.put_terminal_right();
        if state.line_begun {
            // The terminal may be gone, as after a hang-up.
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
        for folder in &state.folders {
            for _ in 0..REMOVE_TRIES {
                if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
                    break;
                }
            }
        }
        let begin = match state.document {
            Document::Due => Some('{'),
            Document::Begun => Some(','),
            Document::Done => None,
        };
        if let Some(begin) = begin {
            let error = r#""error":{"name":"interrupted","message":"Ended before it was done."}}"#;
            // Nobody is left to tell.
            let _ = writeln!(io::stdout(), "{begin}{error}");
        }
        std::process::exit(SIGNAL_EXIT + signal)
    }
}

impl State {
    fn put_terminal_right(&mut self) {
        if let Some((mut tty, modes)) = self.terminal.take() {
            // The terminal may be gone, as after a hang-up.
            let _ = tcsetattr(&tty, OptionalActions::Now, &modes);
            if self.cursor_hidden {
                let _ = tty.write_all(b"\r\n\x1b[?25h\x1b[?7h");
            }
        }
    }
}

/// The terminal is changed until this is dropped.
pub(crate) struct Changed(Interrupts);

impl Drop for Changed {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.cursor_hidden = false;
        state.put_terminal_right();
    }
}
