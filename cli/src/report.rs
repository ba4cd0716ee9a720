//! What a verb has to say, in both languages: words for a person, one document for a script.

use serde_json::{Map, Value, json};

use crate::exit::Exit;
use crate::failure::Failure;

/// The result of a verb that did something, even when not all of it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    document: Map<String, Value>,
    text: String,
    notes: Vec<String>,
    failure: Option<Failure>,
    /// Whether the words already tell a person what the failure is.
    is_told: bool,
    /// Whether everything is out already.
    is_streamed: bool,
    /// Whether something was changed, so that a lost answer is no lost change.
    is_changed: bool,
}

impl Report {
    /// A report with nothing in it.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A report of a verb that wrote its answers as they came.
    pub(crate) fn streamed() -> Self {
        Self {
            is_streamed: true,
            ..Self::default()
        }
    }

    /// Says that the verb changed something.
    pub(crate) const fn changed(mut self) -> Self {
        self.is_changed = true;
        self
    }

    /// Whether the verb changed something.
    pub(crate) const fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Adds members to the document.
    pub(crate) fn members(mut self, members: Map<String, Value>) -> Self {
        self.document.extend(members);
        self
    }

    /// Adds a member to the document.
    pub(crate) fn member(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.document.insert(key.into(), value.into());
        self
    }

    /// Whether the document has this member.
    pub(crate) fn has_member(&self, key: &str) -> bool {
        self.document.contains_key(key)
    }

    /// Adds to the member `warnings`.
    pub(crate) fn warnings(mut self, warnings: Vec<Value>) -> Self {
        let member = self
            .document
            .entry("warnings")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(known) = member {
            known.extend(warnings);
        }
        self
    }

    /// Adds lines for standard output; each ends with a newline.
    pub(crate) fn text(mut self, text: impl AsRef<str>) -> Self {
        self.text.push_str(text.as_ref());
        self
    }

    /// Adds a remark for standard error; scripts get the same facts as members.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what went wrong although the rest of the report stands.
    pub(crate) fn fail(mut self, failure: Option<Failure>) -> Self {
        self.failure = self.failure.or(failure);
        self
    }

    /// The same for a failure that the words already explain and the document already holds.
    pub(crate) fn fail_silently(mut self, failure: Option<Failure>) -> Self {
        self.is_told = true;
        self.fail(failure)
    }

    /// Whether the failure is still to be said to a person.
    pub(crate) const fn is_told(&self) -> bool {
        self.is_told
    }

    /// Whether everything is out already.
    pub(crate) const fn is_streamed(&self) -> bool {
        self.is_streamed
    }

    /// The document, with the failure as its member `error`. Beside the error of a damaged vault there
    /// are always the same four members, empty where nothing could be read.
    pub(crate) fn document(&self) -> Value {
        let mut document = self.document.clone();
        if let Some(failure) = &self.failure {
            if failure.exit() == Exit::Damaged {
                for list in ["accounts", "unreadable", "warnings"] {
                    document.entry(list).or_insert_with(|| json!([]));
                }
                document.entry("tampered").or_insert(Value::Null);
            }
            document.entry("error").or_insert_with(|| failure.to_json());
        }
        Value::Object(document)
    }

    /// The lines for standard output.
    pub(crate) fn words(&self) -> &str {
        &self.text
    }

    /// The remarks for standard error.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What went wrong, if anything.
    pub(crate) const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}

impl From<Failure> for Report {
    fn from(failure: Failure) -> Self {
        Self::new().fail(Some(failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stands_beside_what_was_read() {
        let report = Report::new()
            .member("accounts", vec![1])
            .fail(Some(Failure::new("tampered", "Changed.")));
        assert_eq!(
            report.document().to_string(),
            r#"{"accounts":[1],"unreadable":[],"warnings":[],"tampered":null,"error":{"name":"tampered","message":"Changed."}}"#
        );
    }

    #[test]
    fn the_first_failure_stays() {
        let report = Report::from(Failure::new("wait", "Wait."))
            .fail(Some(Failure::new("io", "No.")))
            .fail(None);
        assert_eq!(report.failure().map(Failure::name), Some("wait"));
    }
}
