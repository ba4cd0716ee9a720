//! A sign of life for what may take over a second, on a terminal's standard error only.

use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Console, Interrupts};

/// What is done within this time shows nothing.
const DELAY: Duration = Duration::from_millis(300);
const TICK: Duration = Duration::from_millis(100);
/// No colour in it, so there is nothing that `NO_COLOR` would take away.
const TEMPLATE: &str = "{spinner} {msg} ({elapsed})";

/// Something is being done until this is dropped; then its line is gone again.
pub(crate) struct Progress {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Console {
    /// Shows what is being done, where a person looks on, and only when it takes a while.
    pub(crate) fn progress(&self, words: &'static str) -> Progress {
        if self.is_json() || self.is_dumb() || !io::stderr().is_terminal() {
            return Progress {
                stop: None,
                thread: None,
            };
        }
        let (stop, stopped) = channel();
        // Without a thread it is done silently.
        let interrupts = self.interrupts().clone();
        let thread = thread::Builder::new().spawn(move || show(words, &stopped, &interrupts));
        Progress {
            stop: Some(stop),
            thread: thread.ok(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The line is gone before anything else is said.
            let _ = thread.join();
        }
    }
}

fn show(words: &'static str, stopped: &Receiver<()>, interrupts: &Interrupts) {
    let goes_on = |time| stopped.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
    if !goes_on(DELAY) {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        .with_message(words)
        .with_elapsed(DELAY);
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style);
    }
    loop {
        interrupts.draw_line(|| bar.tick());
        if !goes_on(TICK) {
            break;
        }
    }
    interrupts.clear_line(|| bar.finish_and_clear());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_can_be_read() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }

    #[test]
    fn with_json_nothing_is_started() {
        let console = Console::new(Interrupts::default(), true);
        assert!(console.progress("Waiting").thread.is_none());
    }
}
