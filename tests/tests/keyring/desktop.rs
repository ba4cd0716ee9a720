//! A desktop of one's own: a bus, a keyring and a home folder that nobody else has.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_keyring::DesktopKeyring;
use countersign_tests::peers::peer;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// What unlocks the keyring.
const PASSWORD: &[u8] = b"a password of the desktop";
/// How long a keyring may take to come up.
const START_MAX: Duration = Duration::from_secs(20);
/// How often it is looked for in that time.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A desktop. Its programs end with it.
pub(crate) struct Desktop {
    folder: TempDir,
    address: String,
    bus: Child,
    keyring: Option<Child>,
}

impl Desktop {
    /// A desktop with an unlocked keyring; none, with a printed line, when a program for it is missing and may be.
    pub(crate) fn with_keyring() -> Option<Self> {
        let (Some(_), Some(_)) = (peer("gnome-keyring-daemon"), peer("secret-tool")) else {
            return None;
        };
        let mut desktop = Self::with_bus()?;
        desktop.start_keyring();
        Some(desktop)
    }

    /// A desktop with a bus and nobody on it.
    pub(crate) fn with_bus() -> Option<Self> {
        let dbus = peer("dbus-daemon")?;
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "run"] {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let (bus, address) = start_bus(dbus, &folder);
        Some(Self {
            folder,
            address,
            bus,
            keyring: None,
        })
    }

    /// What is tested, on this desktop.
    pub(crate) fn keyring(&self) -> DesktopKeyring {
        DesktopKeyring::on_bus(&self.address)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn runtime_folder(&self) -> &str {
        let folder = self.address.strip_prefix("unix:path=").unwrap();
        folder.split_once("/bus,").unwrap().0
    }

    /// Starts the keyring with its password.
    pub(crate) fn start_keyring(&mut self) {
        self.start("home", true);
        self.wait_until(|desktop| desktop.keyring().is_reachable());
    }

    /// Starts the keyring without its password; nobody can be asked for it here.
    pub(crate) fn start_locked_keyring(&mut self) {
        self.start("home", false);
        self.wait_until(|desktop| desktop.keyring().is_reachable());
    }

    /// Starts a keyring that has nothing but what lasts until it ends, and no password.
    pub(crate) fn start_empty_keyring(&mut self) {
        fs::create_dir(self.folder.path().join("empty")).unwrap();
        self.start("empty", false);
        self.wait_until(|desktop| {
            let search = desktop.tool(&["search", "no", "item"]).output().unwrap();
            search.status.success() || search.stderr.is_empty()
        });
    }

    fn start(&mut self, home: &str, is_unlocked: bool) {
        let mut command = peer("gnome-keyring-daemon").unwrap();
        command.args(["--foreground", "--components=secrets"]);
        if is_unlocked {
            command.arg("--unlock");
        }
        self.at_home(&mut command, home);
        let mut keyring = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = keyring.stdin.take().unwrap();
        if is_unlocked {
            stdin.write_all(PASSWORD).unwrap();
        }
        drop(stdin);
        self.keyring = Some(keyring);
    }

    fn wait_until(&self, is_up: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_up(self) {
            assert!(began.elapsed() < START_MAX, "the keyring does not come up");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Ends the keyring, as a crash would.
    pub(crate) fn stop_keyring(&mut self) {
        end(&mut self.keyring.take().unwrap());
    }

    pub(crate) fn signal_keyring(&self, signal: Signal) {
        let keyring = self.keyring.as_ref().unwrap();
        kill_process(Pid::from_child(keyring), signal).unwrap();
    }

    /// What another program finds by these attributes, with everything that can be seen.
    pub(crate) fn found(&self, attributes: &[&str]) -> String {
        let mut search = self.tool(&["search", "--all"]);
        let output = search.args(attributes).output().unwrap();
        // Attributes are on standard error, the rest on standard output.
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8(said).unwrap()
    }

    /// Lets another program put an item in.
    pub(crate) fn store(&self, label: &str, attributes: &[&str], text: &str) {
        let mut store = self.tool(&["store", "--label", label]);
        let mut child = store
            .args(attributes)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }

    /// Lets another program delete all items with these attributes.
    pub(crate) fn clear(&self, attributes: &[&str]) {
        let mut clear = self.tool(&["clear"]);
        assert!(clear.args(attributes).output().unwrap().status.success());
    }

    fn tool(&self, arguments: &[&str]) -> Command {
        let mut command = peer("secret-tool").unwrap();
        self.at_home(&mut command, "home");
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// Gives a program this desktop and nothing of the one that the test runs on.
    fn at_home(&self, command: &mut Command, home: &str) {
        let path = |name: &str| self.folder.path().join(name);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", path(home))
            .env("XDG_RUNTIME_DIR", path("run"))
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address);
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        if let Some(keyring) = &mut self.keyring {
            end(keyring);
        }
        end(&mut self.bus);
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself, and then there is nothing to kill.
    let _ = child.kill();
    let _ = child.wait();
}

/// Starts a bus that starts nothing by itself: no keyring after the one that was killed, and no window to ask in.
fn start_bus(mut dbus: Command, folder: &TempDir) -> (Child, String) {
    let socket: PathBuf = folder.path().join("run/bus");
    let config = folder.path().join("bus.conf");
    let text = format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="false"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        socket.display()
    );
    fs::write(&config, text).unwrap();
    let mut bus = dbus
        .arg("--config-file")
        .arg(&config)
        .args(["--nofork", "--nopidfile", "--print-address=1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut address = String::new();
    let mut said = BufReader::new(bus.stdout.take().unwrap());
    said.read_line(&mut address).unwrap();
    (bus, address.trim().to_owned())
}
