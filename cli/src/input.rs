//! What is read from files, standard input and inherited descriptors: passwords, secrets, links, images.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use countersign_core::secret::Secret;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The longest password in bytes.
const PASSWORD_BYTES_MAX: u64 = 64 * 1024;

/// Where an argument says that something is to be read from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// `-` and its other spellings.
    Stdin,
    /// `fd:3`: a descriptor that the program inherited.
    Descriptor(u32),
    /// A file.
    File(PathBuf),
}

impl Source {
    /// Reads `-`, `fd:N` or a path.
    ///
    /// # Errors
    ///
    /// `usage` when `fd:` is not followed by a number.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        match text.strip_prefix("fd:") {
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => number
                .parse()
                .map(|number| match number {
                    0 => Self::Stdin,
                    _ => Self::Descriptor(number),
                })
                .map_err(|_| Failure::usage("fd: needs the number of a descriptor, as in fd:3.")),
            Some(_) => Err(Failure::usage(
                "fd: needs the number of a descriptor, as in fd:3.",
            )),
            None => Ok(Self::from_path(Path::new(text))),
        }
    }

    /// Reads `-` or a path.
    pub(crate) fn from_path(path: &Path) -> Self {
        let stdin = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];
        if stdin.iter().any(|name| path == Path::new(name)) {
            Self::Stdin
        } else {
            Self::File(path.to_owned())
        }
    }

    /// Opens it; standard input without the standard library's buffer, which would keep a copy of a secret.
    pub(crate) fn open(&self, what: &str) -> Result<Box<dyn Read>, Failure> {
        Ok(Box::new(self.open_file(what)?))
    }

    /// The same for one that is waited on.
    ///
    /// # Errors
    ///
    /// As [`Failure::io`].
    pub(crate) fn open_file(&self, what: &str) -> Result<File, Failure> {
        let opened = match self {
            Self::Stdin => io::stdin().as_fd().try_clone_to_owned().map(File::from),
            Self::Descriptor(number) => File::open(format!("/dev/fd/{number}")),
            Self::File(path) => File::open(path),
        };
        opened.map_err(|error| Failure::io(&error, what))
    }

    /// Reads all of it, at most `max_bytes` and one more, so that the caller sees that it is too long.
    ///
    /// # Errors
    ///
    /// As [`Failure::io`]; `what` is our own word for the thing.
    pub(crate) fn read(&self, what: &str, max_bytes: u64) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let mut bytes = Zeroizing::new(Vec::new());
        self.open(what)?
            .take(max_bytes.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::io(&error, what))?;
        Ok(bytes)
    }

    /// Reads a password: UTF-8, one newline at the end is dropped.
    ///
    /// # Errors
    ///
    /// `password_too_long`, `password_not_text`, `password_empty`, or as [`Failure::io`].
    pub(crate) fn read_password(&self) -> Result<Secret, Failure> {
        let bytes = self.read("password file", PASSWORD_BYTES_MAX)?;
        password_from(without_newline(&bytes))
    }
}

/// Drops one newline at the end, with the carriage return that belongs to it.
pub(crate) fn without_newline(bytes: &[u8]) -> &[u8] {
    match bytes {
        [rest @ .., b'\r', b'\n'] | [rest @ .., b'\n'] => rest,
        _ => bytes,
    }
}

/// Checks what somebody gave as a password.
///
/// # Errors
///
/// `password_too_long`, `password_not_text` and `password_empty`.
pub(crate) fn password_from(bytes: &[u8]) -> Result<Secret, Failure> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > PASSWORD_BYTES_MAX) {
        return Err(Failure::new(
            "password_too_long",
            "A password has at most 65536 bytes.",
        ));
    }
    if str::from_utf8(bytes).is_err() {
        return Err(Failure::new(
            "password_not_text",
            "The password is not UTF-8 text, so it could not be typed again.",
        ));
    }
    if bytes.is_empty() {
        return Err(Failure::new("password_empty", "The password is empty."));
    }
    Ok(Secret::copy_of(bytes))
}

/// Refuses two options that would read the same stream: the second would find nothing.
///
/// # Errors
///
/// `shared_input`.
pub(crate) fn refuse_shared<'a>(
    sources: impl IntoIterator<Item = &'a Source>,
) -> Result<(), Failure> {
    let mut seen: Vec<&Source> = Vec::new();
    for source in sources {
        if matches!(source, Source::File(_)) {
            continue;
        }
        if seen.contains(&source) {
            return Err(Failure::new(
                "shared_input",
                "Two options read the same input. Give one of them a file or another descriptor (fd:3).",
            ));
        }
        seen.push(source);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_standard_input_is_one_source() {
        for text in ["-", "/dev/stdin", "/dev/fd/0", "fd:0", "fd:00"] {
            assert_eq!(Source::parse(text).unwrap(), Source::Stdin, "{text}");
        }
        assert_eq!(Source::parse("fd:3").unwrap(), Source::Descriptor(3));
        assert_eq!(
            Source::parse("./fd:3").unwrap(),
            Source::File("./fd:3".into())
        );
    }

    #[test]
    fn a_descriptor_needs_a_number() {
        for text in ["fd:", "fd:x", "fd:-1", "fd:+3", "fd: 3", "fd:99999999999"] {
            assert_eq!(Source::parse(text).unwrap_err().name(), "usage", "{text}");
        }
    }

    #[test]
    fn only_one_newline_is_dropped() {
        assert_eq!(without_newline(b"a\n"), b"a");
        assert_eq!(without_newline(b"a\r\n"), b"a");
        assert_eq!(without_newline(b"a\n\n"), b"a\n");
        assert_eq!(without_newline(b" a "), b" a ");
        assert_eq!(without_newline(b"a\r"), b"a\r");
        assert_eq!(without_newline(b""), b"");
    }

    #[test]
    fn a_password_is_text_of_some_length() {
        assert_eq!(password_from(b"").unwrap_err().name(), "password_empty");
        assert_eq!(
            password_from(b"\xff").unwrap_err().name(),
            "password_not_text"
        );
        assert_eq!(
            password_from(&vec![b'a'; 65_537]).unwrap_err().name(),
            "password_too_long"
        );
        assert_eq!(password_from(&vec![b'a'; 65_536]).unwrap().len(), 65_536);
        assert_eq!(password_from(b" \n").unwrap().len(), 2);
    }

    #[test]
    fn two_readers_of_one_stream_are_refused() {
        let (stdin, third) = (Source::Stdin, Source::Descriptor(3));
        let file = Source::File("a".into());
        assert!(refuse_shared([&stdin, &third, &file, &file]).is_ok());
        for pair in [[&stdin, &stdin], [&third, &third]] {
            assert_eq!(refuse_shared(pair).unwrap_err().name(), "shared_input");
        }
    }

    #[test]
    fn a_missing_file_is_named_without_its_path() {
        let failure = Source::File("/nonexistent/MARKED".into())
            .read_password()
            .unwrap_err();
        assert_eq!(failure.name(), "no_such_file");
        assert!(!failure.message().contains("MARKED"));
    }
}
