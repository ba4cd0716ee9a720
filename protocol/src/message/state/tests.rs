use super::*;
use crate::digits::Digits;
use crate::hash::Id;
use crate::kind::Role;
use crate::message::{INVITATION_BYTES_MAX, Outcome, Receipt};
use crate::signer::Signer;

const DEVICE: Thumbprint = Thumbprint::from_bytes([1; 32]);
const MOVE: Id = Id::from_bytes([6; 16]);
const REQUEST: MessageHash = MessageHash::from_bytes([2; 32]);

fn time(unix_s: u64) -> Timestamp {
    Timestamp::new(unix_s).unwrap()
}

fn state(standing: Standing) -> State {
    State {
        audience: DEVICE,
        request_hash: REQUEST,
        sequence: 7,
        now: time(1_800_000_000),
        standing,
        statements: vec![],
        closed: vec![],
        account: None,
        secrets: None,
        moving: None,
        is_stale: false,
    }
}

fn read(claims: &Object) -> Result<State, ClaimError> {
    let message = Signer::new().verified(Kind::State, Role::Server, claims);
    State::read(&message, &DEVICE, &REQUEST)
}

/// A state has secrets and no equality: its claims have one.
fn same(written: &State) {
    let claims = written.to_claims();
    let read = read(&claims).unwrap();
    assert_eq!(read.to_claims().format(), claims.format());
}

fn receipt() -> Compact {
    let receipt = Receipt {
        audience: vec![DEVICE],
        statement: Id::from_bytes([3; 16]),
        statement_hash: MessageHash::from_bytes([4; 32]),
        answer_hash: None,
        by: None,
        via: None,
        outcome: Outcome::Expired,
        left: None,
        is_reported: false,
        next: vec![],
        now: time(1_800_000_000),
    };
    Signer::new().says(Kind::Receipt, &receipt.to_claims())
}

#[test]
fn every_standing_is_read_as_it_was_written() {
    let mut standings = vec![
        Standing::Unconfirmed,
        Standing::Confirmed,
        Standing::Active,
        Standing::Moved {
            to: "Pixel".to_owned(),
        },
    ];
    for (_, why) in SUSPENDED {
        for until in [None, Some(time(1_800_003_600))] {
            standings.push(Standing::Suspended { until, why });
        }
    }
    standings.extend(REMOVED.map(|(_, why)| Standing::Removed { why }));
    for standing in standings {
        let state = state(standing.clone());
        assert_eq!(read(&state.to_claims()).unwrap().standing, standing);
        same(&state);
    }
}

#[test]
fn messages_secrets_and_moves_come_through() {
    same(&State {
        closed: vec![receipt(), receipt()],
        secrets: Some(Secrets {
            otp: OtpLink::new("otpauth://totp/a?secret=GEZDGNBV".to_owned()),
            offline_key: Some(OfflineKey::copy_of(&[5; 32])),
        }),
        moving: Some(Moving::Testing {
            id: MOVE,
            number: Digits::parse("0123456", 7).unwrap(),
            device: "Pixel".to_owned(),
            until: time(1_800_000_600),
        }),
        is_stale: true,
        ..state(Standing::Active)
    });
    for device in [None, Some("Pixel".to_owned())] {
        same(&State {
            moving: Some(Moving::Invited {
                id: MOVE,
                left: 2,
                invitation: Zeroizing::new("countersign://enrol?v=1".to_owned()),
                device,
                until: time(1_800_000_600),
            }),
            ..state(Standing::Active)
        });
    }
}

/// A message of so many bytes at most, and hardly fewer.
fn of_length(kind: Kind, bytes_max: usize) -> Compact {
    let signer = Signer::new();
    let says = |count: usize| {
        let claims = Object::new().with("pad", Json::Text("x".repeat(count)));
        signer.says(kind, &claims)
    };
    let message = says((bytes_max - says(0).as_str().len()) * 3 / 4 - 2);
    assert!((bytes_max - 8..=bytes_max).contains(&message.as_str().len()));
    message
}

#[test]
fn what_is_listed_and_everything_that_was_asked_after_fits_into_a_state() {
    let statement = of_length(Kind::Statement, Kind::Statement.bytes_max());
    let mut full = State {
        statements: vec![statement.clone(); STATEMENTS_MAX],
        account: Some(of_length(Kind::Account, Kind::Account.bytes_max())),
        secrets: Some(Secrets {
            otp: OtpLink::new("o".repeat(OTP_BYTES_MAX)),
            offline_key: Some(OfflineKey::copy_of(&[5; 32])),
        }),
        moving: Some(Moving::Invited {
            id: MOVE,
            left: 2,
            invitation: Zeroizing::new("i".repeat(INVITATION_BYTES_MAX)),
            device: Some("d".repeat(DEVICE_NAME_BYTES_MAX)),
            until: time(1_800_000_600),
        }),
        ..state(Standing::Active)
    };
    same(&full);
    full.statements.push(statement);
    let error = read(&full.to_claims()).err();
    assert_eq!(error, Some(ClaimError::Form { name: "statements" }));
}

#[test]
fn another_device_is_refused_first_and_then_another_request() {
    let claims = state(Standing::Active).to_claims();
    let other = Thumbprint::from_bytes([9; 32]).format();
    let other = format!("\"{other}\"");
    let both = claims.changed("re", Some(&other));
    assert_eq!(read(&both).err(), Some(ClaimError::Reply));
    let both = both.changed("aud", Some(&other)).changed("seq", None);
    assert_eq!(read(&both).err(), Some(ClaimError::Audience));
}

#[test]
fn what_a_state_needs_is_there() {
    for name in ["aud", "re", "seq", "now", "state", "statements", "closed"] {
        let claims = state(Standing::Active).to_claims().changed(name, None);
        assert_eq!(read(&claims).err(), Some(ClaimError::Missing { name }));
    }
}

#[test]
fn what_a_state_says_has_its_form() {
    let receipt = receipt();
    let too_many = vec![format!("\"{}\"", receipt.as_str()); OPEN_MAX + 1].join(",");
    let (too_many, wrong_kind) = (
        format!("[{too_many}]"),
        format!("[\"{}\"]", receipt.as_str()),
    );
    let long_link = format!(r#"{{"otp":"{}"}}"#, "a".repeat(OTP_BYTES_MAX + 1));
    for (name, wrong) in [
        ("seq", "0"),
        ("now", "-1"),
        ("state", r#""active""#),
        ("state", r#"{"is":"Active"}"#),
        ("state", r#"{"is":"suspended"}"#),
        ("state", r#"{"is":"suspended","why":"left"}"#),
        (
            "state",
            r#"{"is":"suspended","why":"administrator","until":"soon"}"#,
        ),
        ("state", r#"{"is":"moved"}"#),
        ("state", r#"{"is":"moved","to":""}"#),
        ("state", r#"{"is":"removed"}"#),
        ("state", r#"{"is":"removed","why":"wrong_numbers"}"#),
        ("statements", r#"["a.b.c"]"#),
        ("statements", &wrong_kind),
        ("closed", r#"[1]"#),
        ("closed", &too_many),
        ("account", r#""a.b.c""#),
        ("secrets", "[]"),
        ("secrets", r#"{"otp":""}"#),
        ("secrets", &long_link),
        ("secrets", r#"{"offline_key":"AAAA"}"#),
        ("stale", "false"),
    ] {
        let claims = state(Standing::Active)
            .to_claims()
            .changed(name, Some(wrong));
        assert_eq!(
            read(&claims).err(),
            Some(ClaimError::Form { name }),
            "{wrong}"
        );
    }
}

#[test]
fn unknown_members_are_passed_over() {
    let claims = state(Standing::Active)
        .to_claims()
        .changed("later", Some("{}"));
    assert!(read(&claims).is_ok());
}

#[test]
fn nothing_secret_is_shown() {
    let shown = format!(
        "{:?}",
        State {
            secrets: Some(Secrets {
                otp: OtpLink::new("otpauth://totp/MARKED".to_owned()),
                offline_key: Some(OfflineKey::copy_of(&[5; 32])),
            }),
            moving: Some(Moving::Testing {
                id: MOVE,
                number: Digits::parse("424242", 6).unwrap(),
                device: "MARKED".to_owned(),
                until: time(1),
            }),
            ..state(Standing::Moved {
                to: "MARKED".to_owned()
            })
        }
    );
    assert!(
        !shown.contains("MARKED") && !shown.contains("424242"),
        "{shown}"
    );
}
