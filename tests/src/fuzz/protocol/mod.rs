//! The approval protocol: envelopes, documents, claims that a key did sign, refusals, signatures.

mod claims;
mod envelope;

use countersign_protocol::json::{Json, Object};
use countersign_protocol::kind::Kind;
use countersign_protocol::problem::Problem;
use countersign_protocol::signature::Signature;

pub use claims::protocol_claims;
pub use envelope::protocol_envelope;

/// The kind that a first byte chooses, and whether its highest bit is set.
fn kind_and_bit(byte: u8) -> (Kind, bool) {
    let mut kinds = Kind::ALL.into_iter().cycle();
    let kind = kinds.nth(usize::from(byte & 0x7f));
    (kind.expect("a cycle has no end"), byte & 0x80 != 0)
}

/// Any bytes as a document: what is read is what any other reader of JSON reads, and is read again as it is written.
pub fn protocol_json(data: &[u8]) {
    let Ok(read) = Json::parse(data) else {
        assert!(Object::parse(data).is_err(), "an object is a value");
        return;
    };
    let theirs: serde_json::Value =
        serde_json::from_slice(data).expect("what is narrower than JSON is JSON");
    match Object::parse(data) {
        Ok(object) => {
            let written = object.format().expect("what was read can be written");
            assert!(
                Object::parse(&written).as_ref() == Ok(&object),
                "a document is written as another"
            );
            let ours: serde_json::Value =
                serde_json::from_slice(&written).expect("what is written is JSON");
            assert!(ours == theirs, "two readers read two things");
        }
        Err(_) => assert!(!matches!(read, Json::Object(_)), "an object is refused"),
    }
}

/// A status and a document: a refusal that is read is written as one that is read alike.
pub fn protocol_problem(data: &[u8]) {
    let Some((status, document)) = data.split_first_chunk::<2>() else {
        return;
    };
    let status = u16::from_be_bytes(*status);
    let Some(problem) = Problem::read(status, document) else {
        return;
    };
    let written = problem.to_document().format();
    let written = written.expect("a refusal has a form");
    assert!(
        Problem::read(status, &written) == Some(problem),
        "a refusal is written as another"
    );
    assert!(
        Problem::read(status ^ 1, document).is_none(),
        "a refusal with another status"
    );
}

/// Signatures as key stores make them, and as messages have them.
pub fn protocol_der(data: &[u8]) {
    if let Ok(signature) = Signature::from_der(data) {
        assert_has_one_form(&signature);
        let (r, _) = signature.bytes().split_at(32);
        assert!(
            data.get(2..)
                .is_some_and(|numbers| numbers.starts_with(&der_integer(r))),
            "a second way to write a number was taken"
        );
    }
    if let Ok(signature) = Signature::lowered(data) {
        assert_has_one_form(&signature);
    }
    if let Ok(signature) = Signature::parse(data) {
        assert!(signature.bytes() == data, "a signature was changed");
    }
}

fn assert_has_one_form(signature: &Signature) {
    let (again, lowered) = (
        Signature::parse(signature.bytes()),
        Signature::lowered(signature.bytes()),
    );
    assert!(again == Ok(*signature) && lowered == Ok(*signature));
}

/// The one DER form of a number that is not negative.
fn der_integer(number: &[u8]) -> Vec<u8> {
    let digits = number.iter().copied().skip_while(|digit| *digit == 0);
    let mut digits: Vec<u8> = digits.collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    let length = u8::try_from(digits.len()).expect("33 bytes at most");
    [&[2, length], digits.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::seeds;

    /// So that fuzzing begins behind the first checks.
    #[test]
    fn seeds_of_every_refusal_and_signature_are_read() {
        let mut names: Vec<&str> = seeds("protocol_problem")
            .into_iter()
            .filter_map(|seed| {
                let (status, document) = seed.split_first_chunk::<2>()?;
                let problem = Problem::read(u16::from_be_bytes(*status), document)?;
                Some(problem.name_and_status().0)
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 18);
        let signatures = seeds("protocol_der");
        let read = signatures
            .iter()
            .filter(|der| Signature::from_der(der).is_ok());
        assert!(read.count() >= 10);
        let documents = seeds("protocol_json");
        let read = documents
            .iter()
            .filter(|document| Json::parse(document).is_ok());
        assert!(read.count() >= 4);
    }

    #[test]
    fn a_first_byte_chooses_any_kind() {
        assert_eq!(kind_and_bit(0), (Kind::Enrol, false));
        assert_eq!(kind_and_bit(0x80 | 10), (Kind::History, true));
        assert_eq!(kind_and_bit(11), (Kind::Enrol, false));
    }

    #[test]
    fn numbers_have_one_form() {
        assert_eq!(der_integer(&[0, 0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(der_integer(&[0, 0x80]), [2, 2, 0, 0x80]);
    }
}
