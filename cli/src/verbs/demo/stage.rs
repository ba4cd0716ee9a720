//! The demo's temporary folder and vault, and its voice.

use std::fs::Permissions;
use std::num::NonZeroU8;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::qr;
use countersign_core::secret::SecretText;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{AnchorFolder, KdfParams, NewVault, RecoveryCode, VaultLocation};
use tempfile::TempDir;

#[cfg(feature = "server")]
use super::organisation::Organisation;
#[cfg(feature = "server")]
use super::work::Work;
use crate::failure::Failure;
use crate::input::Source;
use crate::new_file;
use crate::session::Session;
use crate::terminal::Console;
#[cfg(feature = "server")]
use crate::terminal::columns;
use crate::verbs::images;

/// The folder is for its owner.
const FOLDER_MODE: u32 = 0o700;
/// Pixels of a module in the images that are drawn.
const MODULE_PX: NonZeroU8 = NonZeroU8::new(4).expect("four is not zero");

/// Columns of a paragraph.
#[cfg(feature = "server")]
const PARAGRAPH_COLUMNS: usize = 90;

/// Where the demo plays.
pub(super) struct Stage<'a> {
    session: &'a Session,
    folder: TempDir,
    companion: Option<Companion>,
    recovery: RecoveryCode,
    /// Whether somebody types what is asked.
    waits: bool,
    /// The organisation and the way to it, from the step that makes them.
    #[cfg(feature = "server")]
    work: Option<Work<'a>>,
}

impl<'a> Stage<'a> {
    /// Makes the folder and the vault.
    pub(super) fn set(session: &'a Session, waits: bool) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("countersign-demo-")
            .permissions(Permissions::from_mode(FOLDER_MODE))
            .tempdir()
            .map_err(|error| Failure::io(&error, "temporary folder"))?;
        session.console().interrupts().remove_at_end(folder.path());
        let recovery = RecoveryCode::generate(&SystemEntropy::new())
            .map_err(|error| Failure::new("entropy", error.to_string()))?;
        let mut stage = Self {
            session,
            folder,
            companion: None,
            recovery,
            waits,
            #[cfg(feature = "server")]
            work: None,
        };
        let setup = NewVault {
            password: None,
            recovery: Some(&stage.recovery),
            kdf: KdfParams::DEFAULT,
        };
        let companion = Companion::create(
            &stage.location(),
            &setup,
            stage.anchors(),
            Box::new(SystemEntropy::new()),
            session.now(),
        )?;
        stage.companion = Some(companion);
        Ok(stage)
    }

    /// Takes everything away again.
    pub(super) fn strike(self) -> Result<(), Failure> {
        drop(self.companion);
        self.folder
            .close()
            .map_err(|error| Failure::io(&error, "temporary folder"))
    }

    /// Says lines, where words are wanted.
    pub(super) fn say(&self, text: &str) -> Result<(), Failure> {
        if self.console().is_json() {
            return Ok(());
        }
        self.console().say(text)
    }

    pub(super) const fn console(&self) -> &Console {
        self.session.console()
    }

    pub(super) fn now(&self) -> UnixSeconds {
        self.session.now()
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) const fn recovery(&self) -> &RecoveryCode {
        &self.recovery
    }

    pub(super) fn location(&self) -> VaultLocation {
        VaultLocation::new(&self.folder().join("vault"))
    }

    pub(super) fn anchors(&self) -> Box<AnchorFolder> {
        let vault = self.folder().join("vault");
        Box::new(AnchorFolder::new(Some(self.folder().join("state")), &vault))
    }

    /// The open vault.
    pub(super) fn companion(&mut self) -> &mut Companion {
        self.companion
            .as_mut()
            .expect("the vault is open between steps")
    }

    /// Takes the open vault away; the step that does puts one back. Nothing is asked of an organisation any more.
    pub(super) fn take_companion(&mut self) -> Option<Companion> {
        #[cfg(feature = "server")]
        drop(self.work.take());
        self.companion.take()
    }

    pub(super) fn put_companion(&mut self, companion: Companion) {
        self.companion = Some(companion);
    }

    /// Whether somebody types what is asked.
    pub(super) const fn waits(&self) -> bool {
        self.waits
    }

    /// Begins to work with an organisation.
    #[cfg(feature = "server")]
    pub(super) fn begin_work(&mut self, organisation: Organisation) -> Result<(), Failure> {
        self.work = Some(Work::new(self.session, organisation)?);
        Ok(())
    }

    /// The organisation and the way to it, and the open vault.
    #[cfg(feature = "server")]
    pub(super) fn at_work(&mut self) -> Result<(&mut Work<'a>, &mut Companion), Failure> {
        match (&mut self.work, &mut self.companion) {
            (Some(work), Some(companion)) => Ok((work, companion)),
            _ => Err(wrong("there is no organisation")),
        }
    }

    /// How many accounts there are.
    pub(super) fn accounts(&mut self) -> usize {
        let now = self.now();
        self.companion().list(now).len()
    }

    /// Draws a QR image of a text into the folder.
    pub(super) fn draw(&self, name: &str, text: &SecretText) -> Result<PathBuf, Failure> {
        let png = qr::encode(text)
            .and_then(|matrix| matrix.to_png(MODULE_PX))
            .map_err(|error| Failure::new(error.name(), error.to_string()))?;
        let path = self.folder().join(name);
        // EXPOSE: the image is the demo's own and is removed with the folder.
        new_file::write(&path, png.expose())?;
        Ok(path)
    }

    /// Reads the one code of an image.
    pub(super) fn read(&self, path: &Path) -> Result<SecretText, Failure> {
        let mut symbols = images::read(&Source::File(path.to_owned()))?;
        match (symbols.pop(), symbols.is_empty()) {
            (Some(symbol), true) => Ok(symbol.text),
            _ => Err(wrong("the image does not have exactly one code")),
        }
    }
}

/// Sentences under a step's title, in lines that fit every terminal.
#[cfg(feature = "server")]
pub(super) fn paragraph(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && columns(&line) + 1 + columns(word) > PARAGRAPH_COLUMNS {
            lines.push_str(&format!("   {line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push_str(&format!("   {line}\n"));
    lines
}

/// A step gave something else than it should.
pub(super) fn wrong(what: &str) -> Failure {
    Failure::new("demo_failed", format!("{what}."))
}

/// Holds a step to its result.
pub(super) fn check(is_right: bool, what: &str) -> Result<(), Failure> {
    if is_right { Ok(()) } else { Err(wrong(what)) }
}
