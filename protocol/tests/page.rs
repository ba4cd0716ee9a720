//! The specification says what the code does: `docs/protocol.md` against the crate.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends where it is surprised"
)]

use countersign_protocol::base64url;
use countersign_protocol::derive::{
    Proof, Proven, attestation_challenge, check_number, commitment, offline_response,
};
use countersign_protocol::hash::{Commitment, MessageHash, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::problem::{Need, Problem};
use countersign_protocol::secret::{DeviceNonce, InvitationSecret, OfflineKey, TypedSecret};

const PAGE: &str = include_str!("../../docs/protocol.md");

/// The cells of the one row of a table that begins with this cell.
fn row(first: &str) -> Vec<&'static str> {
    let mut rows = PAGE.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        (cells.len() > 3 && cells[1] == first).then_some(cells)
    });
    let row = rows.next().unwrap();
    assert!(rows.next().is_none(), "{first} is there twice");
    row
}

#[test]
fn every_kind_of_message_has_its_row_and_its_size() {
    for kind in Kind::ALL {
        let row = row(&format!("`{}`", kind.typ()));
        let size = match kind.bytes_max() {
            1_600 => "1,600 bytes".to_owned(),
            bytes => format!("{} KiB", bytes / 1024),
        };
        assert_eq!(row[4], size, "{kind:?}");
    }
}

/// The value of a row that is said to be derived so.
fn value(name: &str, of: &str) -> &'static str {
    let line = PAGE
        .lines()
        .find(|line| line.starts_with(&format!("| {name} | {of} | `")))
        .unwrap();
    line.split('`').rev().nth(1).unwrap()
}

#[test]
fn the_derived_values_are_what_the_code_derives() {
    let hash = |byte| MessageHash::from_bytes([byte; 32]);
    let (device, approval) = (
        Thumbprint::from_bytes([1; 32]),
        Thumbprint::from_bytes([2; 32]),
    );
    let commit = Commitment::from_bytes([3; 32]);
    let proven = Proven {
        device: &device,
        approval: &approval,
        commitment: &commit,
    };
    let secret = InvitationSecret::Typed(TypedSecret::parse(b"1234567890123").unwrap());
    assert_eq!(
        Proof::new(&secret, &proven).format(),
        value("proof", "secret `1234567890123`, h1, h2, h3")
    );
    assert_eq!(
        commitment(&DeviceNonce::copy_of(&[7; 16])).format(),
        value("commitment", "nonce 16 × `07`")
    );
    let challenge = attestation_challenge("https://a.example", &Commitment::from_bytes([1; 32]));
    assert_eq!(
        base64url::format(&challenge),
        value("attestation challenge", "`https://a.example`, h1")
    );
    assert_eq!(
        check_number(&DeviceNonce::copy_of(&[1; 16]), &hash(2), &hash(3)).as_str(),
        value("check number", "nonce 16 × `01`, h2, h3")
    );
    assert_eq!(
        offline_response(&OfflineKey::copy_of(&[1; 32]), &hash(2)).as_str(),
        value("offline response", "key 32 × `01`, h2")
    );
}

#[test]
fn every_refusal_is_named_with_its_status() {
    let problems = [
        Problem::Malformed,
        Problem::TooLarge,
        Problem::Signature,
        Problem::Audience,
        Problem::UnsupportedVersion {
            server: 1,
            device: 1,
        },
        Problem::Proof { left: 1 },
        Problem::UnknownInvitation,
        Problem::ExpiredInvitation,
        Problem::UsedInvitation,
        Problem::Policy {
            needs: Need::Presence,
        },
        Problem::DeviceLimit { devices: vec![] },
        Problem::NotActive,
        Problem::UnknownDevice,
        Problem::UnknownStatement,
        Problem::Replayed,
        Problem::Order { last: 1 },
        Problem::RateLimited,
        Problem::Unavailable,
    ];
    // Cells name several with a status for each.
    let mut listed = vec![];
    let (_, table) = PAGE.split_once("## 10. Refusals").unwrap();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let names = cells[1].split(", ");
        listed.extend(names.zip(cells[2].split(", ")));
    }
    let expected: Vec<(String, String)> = problems
        .iter()
        .map(|problem| {
            let (name, status) = problem.name_and_status();
            (format!("`{name}`"), status.to_string())
        })
        .collect();
    let mut listed: Vec<(String, String)> = listed
        .iter()
        .map(|(name, status)| ((*name).to_owned(), (*status).to_owned()))
        .collect();
    let mut expected = expected;
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}
