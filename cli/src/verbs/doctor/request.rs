//! One line of `doctor --batch`: what it asks, and its id even when the rest is broken.

use std::fmt;
use std::path::PathBuf;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What a line asks about.
#[derive(Debug)]
pub(super) enum Question {
    /// A text from a code or link.
    Text(String),
    /// The fields of a form, as text.
    Manual(Fields),
    /// An image's path.
    Image(PathBuf),
}

/// A form's fields; missing ones are empty.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) issuer: String,
    pub(super) account: String,
    pub(super) secret: String,
    pub(super) kind: String,
    pub(super) algorithm: String,
    pub(super) digits: String,
    pub(super) period: String,
    pub(super) counter: String,
}

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// What was read of a line.
#[derive(Debug)]
pub(super) struct Request {
    /// The line's id exactly as it stood there, or null: a number may have more digits than a number holds.
    pub(super) id: Box<RawValue>,
    /// Its question; none for a bad line.
    pub(super) question: Option<Question>,
}

impl Request {
    /// Reads a line. Any line has an answer.
    pub(super) fn parse(line: &[u8]) -> Self {
        let mut members = Members::default();
        let mut reader = serde_json::Deserializer::from_slice(line);
        let is_whole = (&mut members)
            .deserialize(&mut reader)
            .is_ok_and(|()| reader.end().is_ok());
        let id = members
            .id
            .take()
            .unwrap_or_else(|| RawValue::NULL.to_owned());
        // Its form alone says little about the text in it: half a surrogate pair is no text.
        let is_number = id
            .get()
            .starts_with(|first: char| first == '-' || first.is_ascii_digit());
        let has_id = is_number || serde_json::from_str::<Value>(id.get()).is_ok();
        let question = if has_id && is_whole && !members.is_doubtful {
            members.question()
        } else {
            None
        };
        Self {
            id: if has_id {
                id
            } else {
                RawValue::NULL.to_owned()
            },
            question,
        }
    }
}

/// The members as they come: what was read before a mistake stays.
#[derive(Default)]
struct Members {
    id: Option<Box<RawValue>>,
    text: Option<Value>,
    manual: Option<Value>,
    image: Option<Value>,
    /// Whether a member stands there twice.
    is_doubtful: bool,
}

impl Members {
    fn question(&mut self) -> Option<Question> {
        match (self.text.take(), self.manual.take(), self.image.take()) {
            (Some(Value::String(text)), None, None) => Some(Question::Text(text)),
            (None, Some(Value::Object(fields)), None) => {
                Fields::read(&fields).map(Question::Manual)
            }
            (None, None, Some(Value::String(path))) => Some(Question::Image(path.into())),
            _ => None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Members {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Members {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let place = match key.as_str() {
                "id" => {
                    let id = map.next_value()?;
                    self.is_doubtful |= self.id.is_some();
                    self.id.get_or_insert(id);
                    continue;
                }
                "text" => &mut self.text,
                "manual" => &mut self.manual,
                "image" => &mut self.image,
                _ => {
                    map.next_value::<de::IgnoredAny>()?;
                    continue;
                }
            };
            let value = map.next_value()?;
            self.is_doubtful |= place.is_some();
            place.get_or_insert(value);
        }
        Ok(())
    }
}

impl Fields {
    /// Numbers may be numbers or text; null is as good as nothing.
    fn read(object: &Map<String, Value>) -> Option<Self> {
        let mut fields = Self::default();
        for (key, value) in object {
            let (place, may_be_number) = match key.as_str() {
                "issuer" => (&mut fields.issuer, false),
                "account" => (&mut fields.account, false),
                "secret" => (&mut fields.secret, false),
                "type" => (&mut fields.kind, false),
                "algorithm" => (&mut fields.algorithm, false),
                "digits" => (&mut fields.digits, true),
                "period" => (&mut fields.period, true),
                "counter" => (&mut fields.counter, true),
                _ => continue,
            };
            match value {
                Value::Null => {}
                Value::String(text) => place.clone_from(text),
                Value::Number(number) if may_be_number => *place = number.to_string(),
                _ => return None,
            }
        }
        Some(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_question_is_known() {
        let read = |line: &str| Request::parse(line.as_bytes());
        assert!(matches!(
            read(r#"{"id": 1, "text": "x"}"#).question,
            Some(Question::Text(text)) if text == "x"
        ));
        assert!(matches!(
            read(r#"{"image": "a.png", "id": "b", "more": [1]}"#).question,
            Some(Question::Image(_))
        ));
        let manual = read(
            r#"{"id": 2, "manual": {"secret": "A", "digits": 8, "period": "60", "counter": null}}"#,
        );
        let Some(Question::Manual(fields)) = manual.question else {
            panic!("no manual entry");
        };
        assert_eq!(
            (fields.digits.as_str(), fields.period.as_str()),
            ("8", "60")
        );
        assert_eq!(fields.counter, "");
    }

    #[test]
    fn a_bad_line_keeps_its_id() {
        for (line, id) in [
            (r#"{"id": 7, "text": "unfinished"#, "7"),
            (r#"{"id": "a", "text": 5}"#, "\"a\""),
            (r#"{"id": "a"}"#, "\"a\""),
            (r#"{"id": "a", "text": "x", "image": "y"}"#, "\"a\""),
            (r#"{"id": "a", "text": "x", "text": "y"}"#, "\"a\""),
            (r#"{"id": 1, "text": "x", "id": 2}"#, "1"),
            (r#"{"id": 1, "text": "x"} more"#, "1"),
            (r#"{"id": 1, "manual": {"secret": 5}}"#, "1"),
            (r#"{"id": 1, "manual": "x"}"#, "1"),
            (r#"{"id": 1, "text": "\ud800"}"#, "1"),
            (r#"{"id": "\ud800", "text": "x"}"#, "null"),
            ("", "null"),
            ("[]", "null"),
            ("nonsense", "null"),
            (r#"{"text": "x""#, "null"),
        ] {
            let request = Request::parse(line.as_bytes());
            assert!(request.question.is_none(), "{line}");
            assert_eq!(request.id.to_string(), id, "{line}");
        }
        let invalid = Request::parse(b"{\"id\": 3, \"text\": \"\xff\"}");
        assert!(invalid.question.is_none());
        assert_eq!(invalid.id.get(), "3");
    }
}
