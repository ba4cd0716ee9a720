//! What went wrong, as a value that can be shown to a person and to a script.

use std::io;

use serde_json::{Map, Value};

use crate::exit::Exit;

/// A verb that did not do what it was asked.
///
/// The message never holds text from a link, a secret or a password; a path only where the person named
/// it and must know which one is meant; names of accounts only where the open vault itself was asked for
/// them (`candidates`).
#[derive(Debug)]
pub(crate) struct Failure {
    name: &'static str,
    message: String,
    details: Vec<(&'static str, Value)>,
}

impl Failure {
    /// `name` is one of [`crate::exit::ERRORS`].
    pub(crate) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// The command line cannot mean anything.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", message)
    }

    /// Adds one more fact for scripts.
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.details.push((key, value.into()));
        self
    }

    /// Says more after what was said.
    pub(crate) fn and(mut self, more: &str) -> Self {
        self.message.push(' ');
        self.message.push_str(more);
        self
    }

    /// What an input or output error means; `what` is our own word for the thing, never a path.
    pub(crate) fn io(error: &io::Error, what: &str) -> Self {
        use io::ErrorKind;
        match error.kind() {
            ErrorKind::NotFound => Self::new("no_such_file", format!("There is no such {what}.")),
            ErrorKind::AlreadyExists => Self::new(
                "file_exists",
                format!(
                    "The {what} is there already and is never overwritten. Choose another name."
                ),
            ),
            ErrorKind::PermissionDenied => Self::new(
                "no_access",
                format!("You have no access to the {what}. Check who owns it and its permissions."),
            ),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::new(
                "disk_full",
                "The disk is full. Make room and try again; nothing was changed.",
            ),
            ErrorKind::ReadOnlyFilesystem => Self::new(
                "read_only",
                format!("The {what} lies on a read-only file system."),
            ),
            _ => Self::new("io", format!("The {what} could not be read or written.")),
        }
    }

    /// The error's name.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// What to tell a person, and what to do next.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// How the program ends after it.
    pub(crate) fn exit(&self) -> Exit {
        Exit::of(self.name)
    }

    /// The member `error` of a document.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("name".into(), self.name.into());
        error.insert("message".into(), self.message.as_str().into());
        for (key, value) in &self.details {
            error.insert((*key).into(), value.clone());
        }
        Value::Object(error)
    }
}

/// An error's own words as a sentence: a capital letter first and a full stop at the end.
pub(crate) fn sentence(text: &str) -> String {
    let mut sentence = text.to_owned();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_error_keeps_neither_path_nor_system_text() {
        let error = io::Error::other("MARKED/file");
        let failure = Failure::io(&error, "image");
        assert_eq!(failure.name(), "io");
        assert!(!failure.to_json().to_string().contains("MARKED"));
    }

    #[test]
    fn words_become_a_sentence() {
        assert_eq!(sentence("the disk is full"), "The disk is full.");
        assert_eq!(sentence("Keep a copy."), "Keep a copy.");
        assert_eq!(sentence("äh"), "äh.");
        assert_eq!(sentence(""), ".");
    }

    #[test]
    fn details_stand_beside_name_and_message() {
        let failure = Failure::new("wait", "Wait.").with("retry_after_s", 7);
        assert_eq!(
            failure.to_json().to_string(),
            r#"{"name":"wait","message":"Wait.","retry_after_s":7}"#
        );
        assert_eq!(failure.exit(), Exit::Locked);
    }
}
