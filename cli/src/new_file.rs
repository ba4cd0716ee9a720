//! Files that hold a secret: made new, readable only by their owner, never over an old one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::failure::Failure;

/// Nobody else reads it.
const MODE: u32 = 0o600;

/// Writes a new file and waits until it is on the disk. On an error no half file is left.
///
/// # Errors
///
/// `file_exists` when there is something of this name already; else as [`Failure::io`].
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::new(
                "no_such_file",
                "The folder for the new file does not exist.",
            ),
            _ => Failure::io(&error, "file"),
        })?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|error| {
            // The reason of the failure is what counts; a file that cannot be removed either stays.
            let _ = fs::remove_file(path);
            Failure::io(&error, "file")
        })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_new_file_is_for_its_owner_and_an_old_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code");
        write(&path, b"first").unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(write(&path, b"second").unwrap_err().name(), "file_exists");
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("target"), &link).unwrap();
        assert_eq!(write(&link, b"x").unwrap_err().name(), "file_exists");
        assert!(!folder.path().join("target").exists());
    }

    #[test]
    fn a_missing_folder_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let failure = write(&folder.path().join("no/code"), b"x").unwrap_err();
        assert_eq!(failure.name(), "no_such_file");
    }
}
