//! JSON as the protocol has it (RFC 8259, narrower): no member twice, at most 8 levels, integers between -2^53 and 2^53
//! only. Two readers of one document can not read two things.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// Levels of lists and objects, the outermost counted.
pub const DEPTH_MAX: u8 = 8;

/// The greatest integer; the least is its negative (RFC 7493 §2.2).
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

const INTEGERS: RangeInclusive<i64> = -INTEGER_MAX..=INTEGER_MAX;

/// Why a document was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JsonError {
    /// It is not JSON in UTF-8.
    #[error("not JSON")]
    Syntax,
    /// An object names a member twice.
    #[error("a member is there twice")]
    DuplicateMember,
    /// It has more than [`DEPTH_MAX`] levels.
    #[error("more than {DEPTH_MAX} levels")]
    TooDeep,
    /// A number is not an integer between -2^53 and 2^53, both left out; -0 and one with a point or exponent are none.
    #[error("a number is not an integer between -2^53 and 2^53")]
    Number,
    /// It is not an object.
    #[error("not an object")]
    NotAnObject,
}

/// A value.
///
/// # Privacy
///
/// It holds what a message says of a person; `Debug` shows its form alone.
#[derive(Clone, Eq, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer within ±[`INTEGER_MAX`].
    Integer(i64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Object),
}

/// An object's members in the order of the document, each name once.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Object(Vec<(String, Json)>);

impl Object {
    /// The object with nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// With one more member.
    ///
    /// # Panics
    ///
    /// When there is one of that name: whoever writes a message names each member once.
    #[must_use]
    pub fn with(mut self, name: &str, value: Json) -> Self {
        assert!(self.get(name).is_none(), "a member is written once");
        self.0.push((name.to_owned(), value));
        self
    }

    /// A member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        let mut members = self.0.iter();
        members
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// The members' names in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Reads a document that is an object.
    ///
    /// # Errors
    ///
    /// [`JsonError`].
    pub fn parse(document: &[u8]) -> Result<Self, JsonError> {
        match Json::parse(document)? {
            Json::Object(object) => Ok(object),
            _ => Err(JsonError::NotAnObject),
        }
    }

    /// Writes the document without white space.
    ///
    /// # Errors
    ///
    /// [`JsonError::Number`], [`JsonError::TooDeep`]: what no reader would take is not written.
    ///
    /// # Panics
    ///
    /// Never: nothing else that a value holds cannot be written.
    pub fn format(&self) -> Result<Vec<u8>, JsonError> {
        self.check(DEPTH_MAX)?;
        Ok(serde_json::to_vec(self).expect("every value has a form in JSON"))
    }

    fn check(&self, levels_left: u8) -> Result<(), JsonError> {
        let inner = levels_left.checked_sub(1).ok_or(JsonError::TooDeep)?;
        self.0.iter().try_for_each(|(_, value)| value.check(inner))
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl Json {
    fn check(&self, levels_left: u8) -> Result<(), JsonError> {
        match self {
            Self::Integer(value) if !INTEGERS.contains(value) => Err(JsonError::Number),
            Self::List(items) => {
                let inner = levels_left.checked_sub(1).ok_or(JsonError::TooDeep)?;
                items.iter().try_for_each(|item| item.check(inner))
            }
            Self::Object(object) => object.check(levels_left),
            _ => Ok(()),
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// [`JsonError`].
    pub fn parse(document: &[u8]) -> Result<Self, JsonError> {
        let found = Cell::new(None);
        let mut reader = serde_json::Deserializer::from_slice(document);
        let seed = Level {
            levels_left: DEPTH_MAX,
            found: &found,
        };
        let value = seed.deserialize(&mut reader);
        // What was found first says more than that reading ended there.
        value
            .and_then(|value| reader.end().map(|()| value))
            .map_err(|_| found.get().unwrap_or(JsonError::Syntax))
    }
}

/// Reads one value with so many levels left, and notes why it was refused.
#[derive(Clone, Copy)]
struct Level<'a> {
    levels_left: u8,
    found: &'a Cell<Option<JsonError>>,
}

impl Level<'_> {
    fn refuse<E: serde::de::Error>(self, error: JsonError) -> E {
        self.found.set(self.found.get().or(Some(error)));
        // The words never leave this module.
        E::custom("refused")
    }

    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self {
                levels_left,
                ..self
            }),
            None => Err(self.refuse(JsonError::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Json, E> {
        if INTEGERS.contains(&value) {
            Ok(Json::Integer(value))
        } else {
            Err(self.refuse(JsonError::Number))
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Json, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(self.refuse(JsonError::Number)),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Json, E> {
        Err(self.refuse(JsonError::Number))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut list = vec![];
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut object = Object::new();
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(self.refuse(JsonError::DuplicateMember));
            }
            let value = members.next_value_seed(inner)?;
            object.0.push((name, value));
        }
        Ok(Json::Object(object))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => writer.serialize_unit(),
            Self::Bool(value) => writer.serialize_bool(*value),
            Self::Integer(value) => writer.serialize_i64(*value),
            Self::Text(value) => writer.serialize_str(value),
            Self::List(items) => writer.collect_seq(items),
            Self::Object(object) => object.serialize(writer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let mut map = writer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
