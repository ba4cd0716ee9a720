//! Claims by name and type. A claim that a message needs is there and has its one form, or the message is refused by the
//! claim's name; `null` is no form of any. Names are ours, so a refusal shows nothing of the message.

use std::collections::BTreeSet;

use crate::address;
use crate::base64url;
use crate::hash::{Id, MessageHash, Thumbprint};
use crate::json::{INTEGER_MAX, Json, Object};
use crate::key::PublicKey;
use crate::time::Timestamp;

/// Why a message's claims were refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClaimError {
    /// A claim that the message needs is not there.
    #[error("{name} is missing")]
    Missing {
        /// The claim's name in the specification.
        name: &'static str,
    },
    /// A claim has another type, form, length or range than it may have.
    #[error("{name} has not its form")]
    Form {
        /// The claim's name in the specification.
        name: &'static str,
    },
    /// The message is for another reader.
    #[error("for another reader")]
    Audience,
    /// It answers another message.
    #[error("answers another message")]
    Reply,
    /// It is another server's.
    #[error("from another server")]
    Issuer,
    /// It is about another account.
    #[error("about another account")]
    Account,
    /// A key signed it that does not sign what it says.
    #[error("signed by a key that does not sign this")]
    Role,
}

/// Reads claims.
#[derive(Clone, Copy)]
pub(crate) struct Claims<'a>(&'a Object);

impl<'a> Claims<'a> {
    pub(crate) const fn of(object: &'a Object) -> Self {
        Self(object)
    }

    /// A claim as `read` understands it; none when it is not there.
    pub(crate) fn optional<T>(
        self,
        name: &'static str,
        read: impl FnOnce(&'a Json) -> Option<T>,
    ) -> Result<Option<T>, ClaimError> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or(ClaimError::Form { name })
    }

    /// The same, and it has to be there.
    pub(crate) fn required<T>(
        self,
        name: &'static str,
        read: impl FnOnce(&'a Json) -> Option<T>,
    ) -> Result<T, ClaimError> {
        self.optional(name, read)?
            .ok_or(ClaimError::Missing { name })
    }
}

/// A text that is not empty and has at most so many bytes.
pub(crate) fn text(bytes_max: usize) -> impl Fn(&Json) -> Option<&str> {
    move |value| match value {
        Json::Text(text) if (1..=bytes_max).contains(&text.len()) => Some(text),
        _ => None,
    }
}

/// A small count of a range.
pub(crate) fn count(range: std::ops::RangeInclusive<u8>) -> impl Fn(&Json) -> Option<u8> {
    move |value| match value {
        Json::Integer(integer) => u8::try_from(*integer)
            .ok()
            .filter(|count| range.contains(count)),
        _ => None,
    }
}

/// `true`; what is not so is left out.
pub(crate) fn truth(value: &Json) -> Option<()> {
    (*value == Json::Bool(true)).then_some(())
}

/// A number from 0.
pub(crate) fn number(value: &Json) -> Option<u64> {
    match value {
        Json::Integer(integer) => u64::try_from(*integer).ok(),
        _ => None,
    }
}

/// A number from 1.
pub(crate) fn counted(value: &Json) -> Option<u64> {
    number(value).filter(|number| *number > 0)
}

/// The form of a number that something of ours counted.
///
/// # Panics
///
/// Beyond 2^53 - 1: nobody counts so far.
pub(crate) fn number_to_json(number: u64) -> Json {
    let number = i64::try_from(number).ok();
    let number = number.filter(|number| *number <= INTEGER_MAX);
    Json::Integer(number.expect("nobody counts beyond 2^53"))
}

pub(crate) fn time(value: &Json) -> Option<Timestamp> {
    number(value).and_then(Timestamp::new)
}

pub(crate) fn id(value: &Json) -> Option<Id> {
    parsed(value, Id::parse)
}

pub(crate) fn message_hash(value: &Json) -> Option<MessageHash> {
    parsed(value, MessageHash::parse)
}

pub(crate) fn thumbprint(value: &Json) -> Option<Thumbprint> {
    parsed(value, Thumbprint::parse)
}

/// The devices that a message is for: one, or at most so many, each once.
pub(crate) fn audience(count_max: usize) -> impl Fn(&Json) -> Option<Vec<Thumbprint>> {
    move |value| {
        let devices = list(1..=count_max, thumbprint)(value)?;
        let different: BTreeSet<&Thumbprint> = devices.iter().collect();
        (different.len() == devices.len()).then_some(devices)
    }
}

/// A text as a parser understands it.
pub(crate) fn parsed<T, E>(value: &Json, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
    match value {
        Json::Text(text) => parse(text).ok(),
        _ => None,
    }
}

/// A list of so many items, each as `read` understands it.
pub(crate) fn list<T>(
    counts: std::ops::RangeInclusive<usize>,
    read: impl Fn(&Json) -> Option<T>,
) -> impl Fn(&Json) -> Option<Vec<T>> {
    move |value| match value {
        Json::List(items) if counts.contains(&items.len()) => items.iter().map(&read).collect(),
        _ => None,
    }
}

/// One of the words of a closed list.
pub(crate) fn word<T: Copy>(words: &[(&str, T)]) -> impl Fn(&Json) -> Option<T> {
    move |value| match value {
        Json::Text(text) => words
            .iter()
            .find(|(word, _)| word == text)
            .map(|(_, meaning)| *meaning),
        _ => None,
    }
}

/// An https address of at most so many bytes, which shows whose it is.
pub(crate) fn https_address(bytes_max: usize) -> impl Fn(&Json) -> Option<String> {
    move |value| {
        let text = text(bytes_max)(value)?;
        address::is_https(text).then(|| text.to_owned())
    }
}

/// The word of a meaning, in a list that has one for each.
pub(crate) fn name_of<'a, T: PartialEq>(words: &[(&'a str, T)], meaning: T) -> &'a str {
    let word = words.iter().find(|(_, known)| *known == meaning);
    word.map_or("", |(word, _)| word)
}

/// The same as a claim.
pub(crate) fn word_of<T: PartialEq>(words: &[(&str, T)], meaning: T) -> Json {
    Json::Text(name_of(words, meaning).to_owned())
}

/// A public key as 65 bytes of an uncompressed point.
pub(crate) fn point(value: &Json) -> Option<PublicKey> {
    let point = parsed(value, base64url::parse)?;
    PublicKey::from_point(&point).ok()
}

/// The same as a claim.
pub(crate) fn point_of(key: &PublicKey) -> Json {
    Json::Text(base64url::format(&key.point()))
}

pub(crate) fn object(value: &Json) -> Option<&Object> {
    match value {
        Json::Object(object) => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(document: &str, read: impl Fn(&Json) -> Option<T>) -> Result<T, ClaimError> {
        let object = Object::parse(document.as_bytes()).unwrap();
        Claims::of(&object).required("a", read)
    }

    const MISSING: ClaimError = ClaimError::Missing { name: "a" };
    const FORM: ClaimError = ClaimError::Form { name: "a" };

    #[test]
    fn a_claim_is_there_and_has_its_form_or_is_named() {
        let of = |document: &str| read(document, |value| text(3)(value).map(str::to_owned));
        assert_eq!(of(r#"{"a":"abc"}"#), Ok("abc".to_owned()));
        assert_eq!(of(r#"{"b":"abc"}"#), Err(MISSING));
        for wrong in [r#""""#, r#""abcd""#, "1", "null", "[]", "{}", "true"] {
            assert_eq!(of(&format!(r#"{{"a":{wrong}}}"#)), Err(FORM), "{wrong}");
        }
        let object = Object::parse(br#"{"b":1,"c":null}"#).unwrap();
        let claims = Claims::of(&object);
        assert_eq!(claims.optional("a", truth), Ok(None));
        // Left out is one thing, and null is not another way to say it.
        let null = claims.optional("c", truth);
        assert_eq!(null, Err(ClaimError::Form { name: "c" }));
    }

    #[test]
    fn numbers_have_ranges() {
        let of = |number: &str| read(&format!(r#"{{"a":{number}}}"#), count(6..=8));
        assert_eq!(of("6"), Ok(6));
        assert_eq!(of("8"), Ok(8));
        for wrong in ["5", "9", "-6", "262", r#""6""#] {
            assert_eq!(of(wrong), Err(FORM), "{wrong}");
        }
        let of = |number: &str| read(&format!(r#"{{"a":{number}}}"#), time);
        assert_eq!(of("7").map(Timestamp::unix_s), Ok(7));
        assert_eq!(of("-1"), Err(FORM));
    }

    #[test]
    fn words_are_of_a_closed_list_and_lists_have_a_length() {
        let words = word(&[("one", 1), ("two", 2)]);
        let of = |value: &str| read(&format!(r#"{{"a":{value}}}"#), &words);
        assert_eq!(of(r#""two""#), Ok(2));
        for wrong in [r#""three""#, r#""Two""#, r#""""#, "2"] {
            assert_eq!(of(wrong), Err(FORM), "{wrong}");
        }
        let of = |value: &str| read(&format!(r#"{{"a":{value}}}"#), list(1..=2, &words));
        assert_eq!(of(r#"["two","one"]"#), Ok(vec![2, 1]));
        for wrong in [
            "[]",
            r#"["one","one","one"]"#,
            r#"["one","three"]"#,
            r#""one""#,
        ] {
            assert_eq!(of(wrong), Err(FORM), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_one_of_https_and_has_a_length() {
        let of = |text: &str| read(&format!(r#"{{"a":"{text}"}}"#), https_address(20));
        let longest = "https://a.example/bc";
        assert_eq!(of(longest), Ok(longest.to_owned()));
        assert_eq!(of("https://a.example/bcd"), Err(FORM));
        assert_eq!(of("http://a.example"), Err(FORM));
    }

    #[test]
    fn readers_are_of_a_number_and_each_is_named_once() {
        let [one, two] =
            [1, 2].map(|byte| format!("\"{}\"", Thumbprint::from_bytes([byte; 32]).format()));
        let (one, two) = (one.as_str(), two.as_str());
        let of = |keys: &[&str]| read(&format!(r#"{{"a":[{}]}}"#, keys.join(",")), audience(2));
        assert_eq!(of(&[one, two]).unwrap().len(), 2);
        for wrong in [&[][..], &[one, one], &["1"], &[one, two, one]] {
            assert_eq!(of(wrong), Err(FORM));
        }
    }

    #[test]
    fn truth_is_said_and_untruth_is_left_out() {
        assert_eq!(read(r#"{"a":true}"#, truth), Ok(()));
        for wrong in ["false", "1", r#""true""#, "null"] {
            let said = read(&format!(r#"{{"a":{wrong}}}"#), truth);
            assert_eq!(said, Err(FORM), "{wrong}");
        }
    }

    #[test]
    fn ids_and_hashes_have_their_lengths() {
        let of_id = |text: &str| read(&format!(r#"{{"a":"{text}"}}"#), id);
        let (short, long) = ("A".repeat(22), "A".repeat(43));
        assert_eq!(of_id(&short), Ok(Id::from_bytes([0; 16])));
        assert_eq!(of_id(&long), Err(FORM));
        let of_hash = |text: &str| read(&format!(r#"{{"a":"{text}"}}"#), message_hash);
        assert_eq!(of_hash(&long), Ok(MessageHash::from_bytes([0; 32])));
        assert_eq!(of_hash(&short), Err(FORM));
        let of_key = |text: &str| read(&format!(r#"{{"a":"{text}"}}"#), thumbprint);
        assert_eq!(of_key(&long), Ok(Thumbprint::from_bytes([0; 32])));
    }
}
