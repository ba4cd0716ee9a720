//! Compact texts as they come from outside.

use std::sync::LazyLock;

use countersign_protocol::base64url;
use countersign_protocol::envelope::{Compact, EnvelopeError, Received, Verified};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};

use super::kind_and_bit;
use crate::messages::Keys;

/// The keys that the seeds are signed with.
static KEYS: LazyLock<[(Role, PublicKey); 3]> = LazyLock::new(|| {
    let keys = Keys::load();
    [
        (Role::Server, *keys.named("server-1")),
        (Role::Device, *keys.named("device")),
        (Role::Approval, *keys.named("approval")),
    ]
});

/// A message of the kind that the first byte chooses: it has one form, and one that was verified has no other that is.
pub fn protocol_envelope(data: &[u8]) {
    let Some((&first, text)) = data.split_first() else {
        return;
    };
    let (kind, _) = kind_and_bit(first);
    let text = String::from_utf8_lossy(text);
    let Ok(received) = Received::parse(kind, &text) else {
        return;
    };
    assert!(text.len() <= kind.bytes_max());
    let parts: Vec<Vec<u8>> = text
        .split('.')
        .map(|part| base64url::parse(part).expect("a part is base64url"))
        .collect();
    assert_eq!(parts.len(), 3, "a message has three parts");
    let again: Vec<String> = parts.iter().map(|part| base64url::format(part)).collect();
    assert!(again.join(".") == text, "a message has two forms");
    let stored = Compact::from_stored(kind, &text).expect("what is received can be stored");
    assert!(stored.as_str() == text);
    for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
        assert!(
            Received::parse(other, &text).is_err(),
            "one message of two kinds"
        );
    }
    if verified(kind, received).is_ok() {
        assert_no_other_fits(kind, &text);
    }
}

fn verified(kind: Kind, received: Received) -> Result<Verified, EnvelopeError> {
    match kind {
        Kind::Enrol => received.verify_with_own_key(),
        _ => received.verify(KEYS.iter().map(|(role, key)| (*role, key))),
    }
}

/// A byte changed in each part: nobody signed that.
fn assert_no_other_fits(kind: Kind, text: &str) {
    let dots = text.match_indices('.').map(|(at, _)| at);
    for at in dots.chain([text.len()]) {
        let mut bytes = text.as_bytes().to_vec();
        // The character before the last of the part: all its bits count.
        let Some(letter) = at.checked_sub(2).and_then(|at| bytes.get_mut(at)) else {
            continue;
        };
        *letter = if *letter == b'A' { b'B' } else { b'A' };
        let bent = String::from_utf8(bytes).expect("a message is ASCII");
        let fits = Received::parse(kind, &bent).and_then(|received| verified(kind, received));
        assert!(fits.is_err(), "a signature fits another message");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::seeds;

    /// So that fuzzing begins behind the first checks.
    #[test]
    fn a_seed_of_every_kind_is_verified() {
        let mut kinds = vec![];
        for seed in seeds("protocol_envelope") {
            let (first, text) = seed.split_first().unwrap();
            let (kind, _) = kind_and_bit(*first);
            let text = String::from_utf8_lossy(text);
            let received = Received::parse(kind, &text);
            if received
                .and_then(|received| verified(kind, received))
                .is_ok()
            {
                kinds.push(kind);
            }
        }
        assert!(
            Kind::ALL.iter().all(|kind| kinds.contains(kind)),
            "{kinds:?}"
        );
    }
}
