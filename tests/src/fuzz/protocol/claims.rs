//! Claims that were signed, whatever they say: the last that stands between a lying server and a person.

use std::sync::LazyLock;

use countersign_protocol::envelope::{Received, Unsigned, Verified};
use countersign_protocol::hash::{Id, MessageHash};
use countersign_protocol::json::Object;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::lines::Lines;
use countersign_protocol::message::Statement;
use countersign_protocol::signing::SigningKey;

use super::kind_and_bit;
use crate::messages::{Case, Keys, Reader, Said, cases, kind_word, read};

/// Code points of a shown text.
const SHOWN_MAX: usize = 120;

/// What signs: the vectors' key of each role, and the readers that they are for.
struct Peers {
    server: SigningKey,
    device: SigningKey,
    approval: SigningKey,
    readers: Vec<(Kind, Reader)>,
}

static PEERS: LazyLock<Peers> = LazyLock::new(|| {
    let keys = Keys::load();
    let reader = |kind| {
        let cases = cases(&format!("{}.jsonl", kind_word(kind)));
        let case = cases.first().expect("a file has cases");
        (kind, Case::of(kind, case, &keys).reader)
    };
    Peers {
        server: Keys::signing("server-1"),
        device: Keys::signing("device"),
        approval: Keys::signing("approval"),
        readers: Kind::ALL.map(reader).into(),
    }
});

impl Peers {
    /// Who signs a kind; the bit chooses the approval key for an answer.
    fn signer(&self, kind: Kind, bit: bool) -> (Role, &SigningKey) {
        match kind {
            Kind::Account | Kind::State | Kind::Statement | Kind::Receipt => {
                (Role::Server, &self.server)
            }
            Kind::Move => (Role::Approval, &self.approval),
            Kind::Answer if bit => (Role::Approval, &self.approval),
            _ => (Role::Device, &self.device),
        }
    }

    /// The message, signed and verified; none where the claims are too long for their kind.
    fn signed(&self, kind: Kind, bit: bool, claims: &Object) -> Option<Verified> {
        let (role, key) = self.signer(kind, bit);
        let unsigned = Unsigned::new(kind, key.public(), claims).ok()?;
        let signature = key.sign(unsigned.signing_input()).expect("randomness");
        let compact = unsigned.signed(&signature).expect("our own signature");
        let received = Received::parse(kind, compact.as_str()).expect("our own message");
        let verified = received.verify([(role, key.public())]);
        Some(verified.expect("our own signature fits"))
    }

    fn reader(&self, kind: Kind) -> &Reader {
        let mut readers = self.readers.iter();
        let found = readers.find(|(known, _)| *known == kind);
        &found.expect("every kind has a reader").1
    }
}

/// Claims of the kind that the first byte chooses: what is read is written as claims that are read alike, and what a person
/// would be shown is safe to show.
pub fn protocol_claims(data: &[u8]) {
    let Some((&first, document)) = data.split_first() else {
        return;
    };
    let (kind, bit) = kind_and_bit(first);
    let Ok(claims) = Object::parse(document) else {
        return;
    };
    let Some(message) = PEERS.signed(kind, bit, &claims) else {
        return;
    };
    let reader = PEERS.reader(kind);
    match read(&message, reader) {
        Ok(Said::Claims(said)) => assert_read_alike(kind, bit, &said),
        Ok(Said::Enrol(enrol)) => assert_read_alike(kind, bit, &enrol.to_claims()),
        Ok(Said::Statement(statement)) => {
            assert_safe_to_show(&statement);
            assert_written_alike(&statement);
        }
        Ok(Said::OtherVersions(newest)) => assert!(newest > 1, "version 1 is ours"),
        Err(_) => return,
    }
    // Another reader takes none of it. Whoever reads a history knows nothing before.
    if kind != Kind::History {
        let other = Reader {
            url: "https://login.example.com".to_owned(),
            device: countersign_protocol::hash::Thumbprint::from_bytes([0; 32]),
            answered: MessageHash::from_bytes([0; 32]),
            account: Id::from_bytes([0; 16]),
        };
        assert!(read(&message, &other).is_err(), "taken by another reader");
    }
}

fn assert_read_alike(kind: Kind, bit: bool, said: &Object) {
    let Some(again) = PEERS.signed(kind, bit, said) else {
        // What was ignored cannot have made it shorter.
        panic!("what was read is too long to be written");
    };
    let said_again = match read(&again, PEERS.reader(kind)) {
        Ok(Said::Claims(claims)) => claims,
        Ok(Said::Enrol(enrol)) => enrol.to_claims(),
        _ => panic!("what was read cannot be written"),
    };
    assert!(said_again == *said, "claims are written as others");
}

/// A statement with something unknown in it is never written.
fn assert_written_alike(statement: &Statement) {
    let Ok(claims) = statement.to_claims() else {
        assert!(
            statement.unknown.is_some(),
            "what was read cannot be written"
        );
        return;
    };
    let again = PEERS.signed(Kind::Statement, false, &claims);
    let again = again.expect("what was ignored cannot have made it shorter");
    match read(&again, PEERS.reader(Kind::Statement)) {
        Ok(Said::Statement(again)) => assert!(*again == *statement, "written as another"),
        _ => panic!("what was read cannot be written"),
    }
}

fn assert_safe_to_show(statement: &Statement) {
    let lines = Lines::of(statement);
    assert!(lines.hash() == Lines::of(statement).hash());
    for line in lines.lines() {
        assert!((1..=SHOWN_MAX).contains(&line.text.chars().count()));
        let is_hidden = |letter: char| {
            letter.is_control()
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
        };
        let hidden = line
            .text
            .chars()
            .find(|letter| is_hidden(*letter) && !is_variation(*letter));
        assert!(hidden.is_none(), "{hidden:?} is shown as it is");
    }
}

/// Variation selectors choose the form of the letter before them.
const fn is_variation(letter: char) -> bool {
    matches!(letter, '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::seeds;

    /// So that fuzzing begins behind the first checks.
    #[test]
    fn seeds_of_every_kind_are_read() {
        let mut kinds = vec![];
        for seed in seeds("protocol_claims") {
            let (first, document) = seed.split_first().unwrap();
            let (kind, bit) = kind_and_bit(*first);
            let read = Object::parse(document).ok().and_then(|claims| {
                let message = PEERS.signed(kind, bit, &claims)?;
                read(&message, PEERS.reader(kind)).ok()
            });
            if read.is_some() {
                kinds.push(kind);
            }
        }
        for kind in Kind::ALL {
            let count = kinds.iter().filter(|known| **known == kind).count();
            assert!(count >= 2, "{kind:?}");
        }
    }
}
