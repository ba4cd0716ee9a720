//! Somebody with a home folder and a vault, who runs the program.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{Credential, NoAnchor, RecoveryCode, VaultLocation};
use countersign_tests::program::countersign;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A link with a key of its own.
pub(crate) const ACME: &str = "otpauth://totp/Acme:ann?secret=JBSWY3DPEHPK3PXPJBSWY3DP&issuer=Acme";
/// A counter account with the key of RFC 4226 appendix D.
pub(crate) const BANK: &str =
    "otpauth://hotp/Bank:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bank&counter=0";

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            exit: output.status.code().expect("the program was not killed"),
            out: String::from_utf8(output.stdout).expect("output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("errors are UTF-8"),
        }
    }
}

/// Somebody.
pub(crate) struct Person {
    home: TempDir,
}

impl Person {
    /// Somebody with an empty vault that a recovery code opens: no test waits for Argon2 without need.
    pub(crate) fn new() -> Self {
        let person = Self::without_vault();
        let code = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
        person.write("recovery", code.format().expose());
        let made = person.run(&["init"]);
        assert_eq!(made.exit, 0, "{made:?}");
        person
    }

    /// Somebody who has not begun.
    pub(crate) fn without_vault() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("tmp")).unwrap();
        Self { home }
    }

    /// The same with accounts from links.
    pub(crate) fn with(links: &[&str]) -> Self {
        let person = Self::new();
        for link in links {
            let done = person.feed(&["add", "-"], link.as_bytes());
            assert_eq!(done.exit, 0, "{done:?}");
        }
        person
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.path("data/countersign/vault")
    }

    /// The program with this home and nothing else, not yet started.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = countersign();
        command
            .args(arguments)
            .current_dir(self.home())
            .env("HOME", self.home())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("TMPDIR", self.path("tmp"))
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        command
    }

    /// The same with the recovery code at hand.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command
            .arg("--recovery-code-file")
            .arg(self.path("recovery"));
        command
    }

    /// Runs a verb with the recovery code.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a verb with something on standard input.
    pub(crate) fn feed(&self, arguments: &[&str], input: &[u8]) -> Done {
        feed(self.command(arguments), input)
    }

    /// Runs a verb for its document, and holds document and exit code to the contract.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.feed_json(arguments, b"")
    }

    /// The same with something on standard input.
    pub(crate) fn feed_json(&self, arguments: &[&str], input: &[u8]) -> Value {
        let mut command = self.command(arguments);
        command.arg("--json");
        held(&verb_of(arguments), feed(command, input))
    }

    /// The name of the error that a verb ends with.
    pub(crate) fn refusal(&self, arguments: &[&str], input: &[u8]) -> String {
        name(&self.feed_json(arguments, input))
    }

    /// The same vault through the core, for what no clock of a test can show.
    pub(crate) fn companion(&self) -> Companion {
        let location = VaultLocation::new(&self.vault());
        let entropy = || Box::new(SystemEntropy::new());
        let locked = Companion::open(&location, Box::new(NoAnchor), entropy()).unwrap();
        let text = fs::read_to_string(self.path("recovery")).unwrap();
        let code = RecoveryCode::parse(&text).unwrap();
        let unlocked = locked.unlock(&Credential::Recovery(&code), UnixSeconds(0));
        unlocked.map_err(|(_, error)| error).unwrap()
    }

    /// All accounts, as `list --json` gives them.
    pub(crate) fn accounts(&self) -> Vec<Value> {
        self.json(&["list"])["accounts"].as_array().unwrap().clone()
    }

    /// Every file in the vault's folder with its bytes, to see that nothing was changed.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let Ok(entries) = fs::read_dir(self.path("data/countersign")) else {
            return BTreeMap::new();
        };
        entries
            .map(|entry| entry.unwrap().path())
            // SQLite's shared memory changes with every reader.
            .filter(|path| !path.to_string_lossy().ends_with("-shm"))
            .map(|path| (path.clone(), fs::read(&path).unwrap()))
            .collect()
    }
}

/// The name of a document's error.
pub(crate) fn name(document: &Value) -> String {
    let name = &document["error"]["name"];
    name.as_str().unwrap_or("no error").to_owned()
}

/// Starts a command, writes its input and waits for its end. A reader that ends early is no error.
pub(crate) fn feed(mut command: Command, input: &[u8]) -> Done {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let done = child.wait_with_output().unwrap().into();
    writer.join().unwrap();
    done
}

/// Presses Ctrl-C for a program that is not on a terminal.
pub(crate) fn interrupt(child: &Child) {
    let id = Pid::from_child(child);
    kill_process(id, Signal::INT).unwrap();
}

/// The schema's name of a verb: `vault_slots_list` for `vault slots list`.
fn verb_of(arguments: &[&str]) -> String {
    let depth = match arguments {
        ["vault", "slots", ..] => 3,
        ["vault", ..] | ["history", "verify" | "export", ..] => 2,
        _ => 1,
    };
    let words: Vec<&str> = arguments.iter().take(depth).copied().collect();
    words.join("_")
}

/// Holds a run with `--json` to the contract: one document, the schema, the exit code of the table.
pub(crate) fn held(verb: &str, done: Done) -> Value {
    assert_eq!(done.out.lines().count(), 1, "one document: {done:?}");
    let document: Value = serde_json::from_str(&done.out).unwrap();
    hold_schema(verb, &document);
    let expected = match document.get("error") {
        None => 0,
        Some(error) => exit_table()[error["name"].as_str().unwrap()],
    };
    assert_eq!(done.exit, expected, "{done:?}");
    document
}

/// Holds a document to its definition in the schema.
pub(crate) fn hold_schema(definition: &str, document: &Value) {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../docs/schema/countersign.json"
        );
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    });
    let wanted = json!({
        "$schema": schema["$schema"],
        "$defs": schema["$defs"],
        "$ref": format!("#/$defs/{definition}"),
    });
    let validator = jsonschema::validator_for(&wanted).unwrap();
    let problems: Vec<String> = validator
        .iter_errors(document)
        .map(|problem| problem.to_string())
        .collect();
    assert!(
        problems.is_empty(),
        "{definition}: {problems:?}\n{document}"
    );
}

/// The table of `docs/cli.md`: error name to exit code.
pub(crate) fn exit_table() -> &'static BTreeMap<String, i32> {
    static TABLE: OnceLock<BTreeMap<String, i32>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
        let text = fs::read_to_string(path).unwrap();
        let rows = text.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split("` | ");
            let name = cells.next()?;
            let exit = cells.next()?.split(' ').next()?.parse().ok()?;
            Some((name.to_owned(), exit))
        });
        rows.collect()
    })
}
