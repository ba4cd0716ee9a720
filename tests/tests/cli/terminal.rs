//! A terminal for the program: a pseudo-terminal whose other side the test reads and types on.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// A test that waits longer than this has found a mistake.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program on a terminal.
pub(crate) struct Terminal {
    keyboard: File,
    /// Open as long as somebody may look at its modes.
    slave: Option<File>,
    output: Receiver<Vec<u8>>,
    seen: String,
    child: Child,
}

impl Terminal {
    /// Starts a command on a terminal of `columns` and `rows`.
    pub(crate) fn start(command: &Command, columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = || {
            use std::os::unix::fs::OpenOptionsExt as _;
            OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(OFlags::NOCTTY.bits().cast_signed())
                .open(&name)
                .unwrap()
        };
        let size = Winsize {
            ws_col: columns,
            ws_row: rows,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
        // `setsid --ctty` makes the terminal the program's own, as a shell in a window does.
        let mut on_terminal = Command::new("setsid");
        on_terminal
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(slave())
            .stdout(slave())
            .stderr(slave());
        if let Some(folder) = command.get_current_dir() {
            on_terminal.current_dir(folder);
        }
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => on_terminal.env(key, value),
                None => on_terminal.env_remove(key),
            };
        }
        let child = on_terminal.spawn().unwrap();
        let keyboard = File::from(master);
        let mut screen = keyboard.try_clone().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            keyboard,
            slave: Some(slave()),
            output,
            seen: String::new(),
            child,
        }
    }

    /// Waits until the program wrote `text` and returns what came up to its end.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("{text:?} never came; there is {:?}", self.seen),
            }
        }
    }

    /// Waits until the program wrote `text`, or ended without it; whether it wrote it.
    pub(crate) fn asks(&mut self, text: &str) -> bool {
        loop {
            let has_ended = self.child.try_wait().unwrap().is_some();
            while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
                self.seen.push_str(&String::from_utf8_lossy(&bytes));
            }
            if self.seen.contains(text) || has_ended {
                return self.seen.contains(text);
            }
        }
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Ends the program as a power cut does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Makes the window another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize {
            ws_col: columns,
            ws_row: rows,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&self.keyboard, size).unwrap();
    }

    /// Whether the terminal is as a shell needs it: echo, lines, and Ctrl-C as a signal.
    pub(crate) fn is_right(&self) -> bool {
        let needed = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcgetattr(self.slave.as_ref().unwrap())
            .unwrap()
            .local_modes
            .contains(needed)
    }

    /// Waits for the end: the exit code, and everything that was written and not yet expected.
    pub(crate) fn end(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap();
        // When no side of the terminal is open any more, the reader comes to its end.
        self.slave = None;
        while let Ok(bytes) = self.output.recv_timeout(PATIENCE) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (code, std::mem::take(&mut self.seen))
    }

    /// Waits for the end and says whether the terminal is right afterwards, with the exit code.
    pub(crate) fn end_and_look(mut self) -> (i32, bool) {
        let code = self.child.wait().unwrap().code().unwrap();
        (code, self.is_right())
    }
}

impl Drop for Terminal {
    /// A test that failed leaves nobody at a terminal.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
