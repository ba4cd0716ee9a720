//! The live list: redrawn in place each second, until a key, a Ctrl-C or the auto-lock ends it.

use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_core::companion::Companion;
use countersign_core::time::UnixSeconds;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::{cursor, queue, terminal};
use zeroize::Zeroizing;

use super::table::{self, Style};
use crate::args::ListArgs;
use crate::failure::Failure;
use crate::session::Session;
use crate::terminal::{fitted, size};

/// Lines that are not accounts: the footer, and one so that nothing scrolls.
const OTHER_LINES: usize = 2;

/// Why the list ended.
enum End {
    Quit,
    Idle,
    Interrupted,
}

/// What is on the screen.
struct Screen {
    /// Lines drawn, which the next frame replaces.
    drawn: u16,
    /// The first account shown, when not all fit.
    first: usize,
    style: Style,
}

/// Shows the list until it ends, and returns what is to be said then.
///
/// # Errors
///
/// `locked` after the time without a key, or when the password was changed elsewhere; `io` when the terminal is gone.
pub(super) fn show(
    session: &Session,
    companion: &mut Companion,
    args: &ListArgs,
) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::io(&error, "terminal");
    let style = if session.console().has_colour() {
        Style::Coloured
    } else {
        Style::Grouped
    };
    let mut screen = Screen {
        drawn: 0,
        first: 0,
        style,
    };
    let changed = session.console().interrupts().terminal_changes(true);
    terminal::enable_raw_mode().map_err(failed)?;
    let ended = screen
        .begin()
        .map_err(failed)
        .and_then(|()| watch(session, companion, args, &mut screen));
    // The codes leave the screen however the list ended.
    let wiped = screen.end().map_err(failed);
    let restored = terminal::disable_raw_mode().map_err(failed);
    drop(changed);
    let ended = ended?;
    wiped.and(restored)?;
    match ended {
        End::Quit => Ok(String::new()),
        End::Idle => Err(Failure::new(
            "locked",
            format!("Locked after {} s without use.", args.auto_lock),
        )),
        End::Interrupted => session.console().interrupts().end_by_key(),
    }
}

fn watch(
    session: &Session,
    companion: &mut Companion,
    args: &ListArgs,
    screen: &mut Screen,
) -> Result<End, Failure> {
    let failed = |error: io::Error| Failure::io(&error, "terminal");
    let mut last_used = session.now();
    // Begins to listen before the first frame: a window that changes right after it is not missed.
    event::poll(Duration::ZERO).map_err(failed)?;
    loop {
        let now = session.now();
        if Companion::is_idle(last_used, now, args.auto_lock) {
            return Ok(End::Idle);
        }
        match companion.refresh() {
            // Somebody writes right now; the next second will show it.
            Ok(_) | Err(countersign_core::vault::VaultError::Busy) => {}
            Err(error) => return Err(error.into()),
        }
        screen.draw(companion, args, now).map_err(failed)?;
        // Everything that is waiting is read before the next frame.
        let mut pause = until_next_second();
        while event::poll(pause).map_err(failed)? {
            pause = Duration::ZERO;
            match event::read().map_err(failed)? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    last_used = session.now();
                    if let Some(end) = screen.pressed(key) {
                        return Ok(end);
                    }
                }
                Event::Resize(..) => screen.forget().map_err(failed)?,
                _ => {}
            }
        }
    }
}

/// Codes change at whole seconds, so that is when a frame is due.
fn until_next_second() -> Duration {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Duration::from_secs(1).saturating_sub(Duration::from_nanos(u64::from(since.subsec_nanos())))
}

impl Screen {
    fn begin(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        queue!(stdout, cursor::Hide, terminal::DisableLineWrap)?;
        stdout.flush()
    }

    /// Wipes what was drawn.
    fn end(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        self.return_to_top(&mut stdout)?;
        queue!(stdout, terminal::EnableLineWrap, cursor::Show)?;
        stdout.flush()
    }

    /// After a resize nobody knows where the lines are: everything is drawn anew from the top.
    fn forget(&mut self) -> io::Result<()> {
        self.drawn = 0;
        let mut stdout = io::stdout().lock();
        queue!(
            stdout,
            terminal::Clear(terminal::ClearType::All),
            cursor::MoveTo(0, 0)
        )?;
        stdout.flush()
    }

    fn return_to_top(&mut self, stdout: &mut impl Write) -> io::Result<()> {
        if self.drawn > 0 {
            queue!(stdout, cursor::MoveUp(self.drawn))?;
        }
        queue!(
            stdout,
            cursor::MoveToColumn(0),
            terminal::Clear(terminal::ClearType::FromCursorDown)
        )?;
        self.drawn = 0;
        Ok(())
    }

    fn draw(&mut self, companion: &Companion, args: &ListArgs, now: UnixSeconds) -> io::Result<()> {
        let (width, height) = size();
        let accounts = super::select(companion, args, now);
        let mut lines = table::render(&accounts, now, self.style, Some(width));
        let work = super::work::select(companion, args, now);
        lines.extend(super::work::lines(&work, Some(width)));
        let room = height.saturating_sub(OTHER_LINES).max(1);
        self.first = self.first.min(lines.len().saturating_sub(room));
        let hidden = lines.len().saturating_sub(room);
        let footer = if hidden > 0 {
            format!("{} accounts, up and down to see all; q ends", lines.len())
        } else {
            "q ends".into()
        };
        // One write a frame: nobody sees a half one.
        let mut frame = Zeroizing::new(Vec::new());
        self.return_to_top(&mut *frame)?;
        for line in lines.iter().skip(self.first).take(room) {
            write!(frame, "{line}\r\n")?;
            self.drawn = self.drawn.saturating_add(1);
        }
        write!(frame, "{}", fitted(&footer, width))?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(&frame)?;
        stdout.flush()
    }

    fn pressed(&mut self, key: KeyEvent) -> Option<End> {
        let with_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if with_control => return Some(End::Interrupted),
            KeyCode::Char('q') | KeyCode::Esc => return Some(End::Quit),
            KeyCode::Up | KeyCode::Char('k') => self.first = self.first.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.first = self.first.saturating_add(1),
            KeyCode::PageUp => self.first = self.first.saturating_sub(10),
            KeyCode::PageDown => self.first = self.first.saturating_add(10),
            _ => {}
        }
        None
    }
}
