use proptest::prelude::*;

use super::*;
use crate::account::Account;
use crate::otp::Otp;

fn entry() -> Entry {
    Entry {
        secret: b"Hello!\xde\xad\xbe\xef".to_vec(),
        name: b"ann".to_vec(),
        issuer: b"Acme".to_vec(),
        ..Entry::default()
    }
}

fn payload(entries: &[Entry]) -> Payload {
    Payload {
        entries: entries.iter().map(Message::encode_to_vec).collect(),
        version: 2,
        batch_size: 1,
        ..Payload::default()
    }
}

fn part(entries: &[Entry]) -> MigrationPart {
    parse_payload(&Secret::new(payload(entries).encode_to_vec())).unwrap()
}

/// What an entry with one change is read as.
fn changed(change: impl FnOnce(&mut Entry)) -> Result<Parsed, UriError> {
    let mut entry = entry();
    change(&mut entry);
    let mut part = part(&[entry]);
    match part.failures.pop() {
        Some(failure) => Err(failure.error),
        None => Ok(part.entries.remove(0)),
    }
}

fn link(data: &str) -> String {
    format!("otpauth-migration://offline?data={data}")
}

/// One account with the key 0f bf, whose Base64 has a plus, a slash and padding.
const DATA: &str = "CgQKAg+/EAE=";

#[test]
fn the_data_is_read_in_every_spelling() {
    for data in [
        DATA,
        "CgQKAg%2B%2FEAE%3D",
        "CgQKAg%2b/EAE",
        "CgQKAg+/EAE==",
        "CgQKAg-_EAE",
        "CgQKAg /EAE=",
        "CgQKAg%20%2FEAE",
        "CgQKAg+/%0AEAE=",
    ] {
        for text in [
            link(data),
            format!("QR-Code:{}", link(data)),
            link(data).replace("otpauth-migration://off", "OTPAUTH-Migration://OFF"),
            link(data).replace("offline", "offline/"),
            link(data).replace("data=", "x=y&DATA="),
            format!("apple-{}", link(data)),
        ] {
            let part = parse_migration(&text).unwrap();
            assert_eq!(
                part.entries[0].account.otp.key().expose(),
                [0x0f, 0xbf],
                "{text}"
            );
        }
    }
}

#[test]
fn a_broken_link_is_refused() {
    for (text, name) in [
        (
            "otpauth-migration://online?data=CjUK".to_owned(),
            "unsupported_type",
        ),
        (
            "otpauth-migration:offline?data=CjUK".to_owned(),
            "malformed_uri",
        ),
        ("otpauth-migration://offline".to_owned(), "missing_data"),
        (link(""), "missing_data"),
        (
            "otpauth-migration://offline?datafail=CjUK".to_owned(),
            "missing_data",
        ),
        (link("XXXX"), "invalid_payload"),
        (link("A"), "invalid_payload"),
        (link("%ff"), "invalid_payload"),
        (link("EAE"), "empty_payload"),
        (link(&"A".repeat(9_000)), "too_long"),
        ("otpauth://totp/x?secret=AAAA".to_owned(), "not_otpauth"),
    ] {
        assert_eq!(parse_migration(&text).unwrap_err().name(), name, "{text}");
    }
}

#[test]
fn an_absent_member_is_the_default() {
    let kind = changed(|_| {}).unwrap().account.otp.kind();
    assert_eq!(kind, OtpKind::TOTP);
    let kind = changed(|entry| {
        entry.kind = KIND_HOTP;
        entry.digits = DIGITS_EIGHT;
        entry.algorithm = ALGORITHM_SHA512;
        entry.counter = 42;
    });
    let kind = kind.unwrap().account.otp.kind();
    assert_eq!((kind.name(), kind.digits()), ("hotp", 8));
    assert_eq!(kind.algorithm(), Algorithm::Sha512);
    assert_eq!(kind.counter().unwrap().value(), 42);
}

#[test]
fn what_cannot_be_read_fails_alone() {
    let bad = |change: fn(&mut Entry)| {
        let mut entry = entry();
        change(&mut entry);
        entry
    };
    let entries = [
        bad(|entry| entry.secret.clear()),
        entry(),
        bad(|entry| entry.algorithm = 4),
        bad(|entry| entry.digits = 3),
        bad(|entry| entry.kind = 3),
        bad(|entry| (entry.kind, entry.counter) = (KIND_HOTP, -1)),
        bad(|entry| entry.secret = vec![1; 513]),
        entry(),
    ];
    let part = part(&entries);
    assert_eq!(part.entries.len(), 2);
    let failures: Vec<_> = part
        .failures
        .iter()
        .map(|failure| (failure.index, failure.error.name()))
        .collect();
    assert_eq!(
        failures,
        [
            (0, "empty_secret"),
            (2, "unsupported_algorithm"),
            (3, "invalid_digits"),
            (4, "unsupported_type"),
            (5, "invalid_counter"),
            (6, "secret_too_long"),
        ]
    );
    // An entry that is no message at all stops no other either.
    let mut payload = payload(&[entry()]);
    payload.entries.push(vec![0xff, 0xff]);
    let part = parse_payload(&Secret::new(payload.encode_to_vec())).unwrap();
    assert_eq!((part.entries.len(), part.failures.len()), (1, 1));
    assert_eq!(part.failures[0].error.name(), "invalid_payload");
}

#[test]
fn a_name_that_repeats_the_issuer_loses_it() {
    let names = |issuer: &str, name: &str| {
        let parsed = changed(|entry| {
            entry.issuer = issuer.into();
            entry.name = name.into();
        });
        let account = parsed.unwrap().account;
        (
            account.issuer.as_str().to_owned(),
            account.account.as_str().to_owned(),
        )
    };
    let pair = |issuer: &str, account: &str| (issuer.to_owned(), account.to_owned());
    assert_eq!(names("Acme", "acme: ann"), pair("Acme", "ann"));
    assert_eq!(names("Acme", "Acmes:ann"), pair("Acme", "Acmes:ann"));
    assert_eq!(names("", "Acme:ann:x"), pair("Acme", "ann:x"));
    assert_eq!(names("", "ann"), pair("", "ann"));
    assert_eq!(names("A:B", "A:B:ann"), pair("A:B", "ann"));
}

#[test]
fn a_name_that_is_not_utf8_is_shown_marked() {
    let parsed = changed(|entry| entry.name = vec![b'a', 0xff]).unwrap();
    assert_eq!(parsed.account.account.as_str(), "a\u{fffd}");
}

#[test]
fn the_missing_period_is_said() {
    assert_eq!(part(&[entry()]).warnings, [Warning::PeriodDropped]);
    let mut hotp = entry();
    hotp.kind = KIND_HOTP;
    assert_eq!(part(&[hotp]).warnings, []);
}

#[test]
fn a_negative_batch_id_is_an_id() {
    let text = link("CgYKAvv%2FEgAQARgCIAEo6%2BCSivv%2F%2F%2F%2F%2FAQ");
    let place = parse_migration(&text).unwrap().place;
    assert_eq!((place.size, place.index), (2, 1));
    assert!(place.id < 0);
}

fn account(issuer: &str, name: &str, kind: OtpKind) -> Account {
    Account {
        issuer: Name::new(issuer),
        label_issuer: None,
        account: Name::new(name),
        otp: Otp::new(Secret::copy_of(b"0123456789"), kind).unwrap(),
    }
}

#[test]
fn a3_an_export_in_three_parts_waits_for_all_or_for_a_word() {
    let accounts: Vec<_> = (0..25)
        .map(|number| account("Acme", &format!("ann{number}"), OtpKind::TOTP))
        .collect();
    let export = write_migration(&accounts, -5);
    assert_eq!((export.parts.len(), export.left_out.len()), (3, 0));
    let part = |index: usize| parse_migration(export.parts[index].expose()).unwrap();

    let mut batch = Batch::new(part(0)).unwrap();
    assert_eq!(batch.add(part(2)), Ok(Added::New));
    assert_eq!(batch.add(part(0)), Ok(Added::Known));
    assert_eq!((batch.missing(), batch.size()), (vec![1], 3));
    // Nothing is handed out until it is complete …
    let incomplete = batch.complete().unwrap_err();
    assert_eq!(incomplete.missing, [1]);
    // … or the person accepts a part.
    let count =
        |parts: Vec<MigrationPart>| -> usize { parts.iter().map(|part| part.entries.len()).sum() };
    assert_eq!(count(incomplete.batch.accept_partial()), 15);

    let mut batch = Batch::new(part(2)).unwrap();
    batch.add(part(1)).unwrap();
    batch.add(part(0)).unwrap();
    let parts = batch.complete().unwrap();
    let read = parts.into_iter().flat_map(|part| part.entries);
    assert!(read.map(|parsed| parsed.account).eq(accounts));
}

#[test]
fn what_the_format_cannot_hold_is_listed() {
    let totp = |digits, seconds| OtpKind::Totp {
        algorithm: Algorithm::Sha1,
        digits: Digits::new(digits).unwrap(),
        period: Period::new(seconds).unwrap(),
    };
    let accounts = [
        account("a", "a", OtpKind::Steam),
        account("a", "b", totp(6, 60)),
        account("a", "c", totp(7, 30)),
        account("a", "d", totp(8, 30)),
    ];
    let export = write_migration(&accounts, 1);
    let left_out: Vec<_> = export
        .left_out
        .iter()
        .map(|left_out| (left_out.index, left_out.reason))
        .collect();
    assert_eq!(
        left_out,
        [
            (0, LeftOutReason::Steam),
            (1, LeftOutReason::Period),
            (2, LeftOutReason::Digits),
        ]
    );
    assert_eq!(export.parts.len(), 1);
    assert_eq!(write_migration(&accounts[..3], 1).parts.len(), 0);
}

#[test]
fn a_label_issuer_stays_before_the_name() {
    let mut tenant = account("Big", "ann", OtpKind::TOTP);
    tenant.label_issuer = Some(Name::new("Tenant"));
    let export = write_migration([&tenant], 1);
    let read = parse_migration(export.parts[0].expose()).unwrap();
    assert_eq!(read.entries[0].account.account.as_str(), "Tenant:ann");
}

#[test]
fn nothing_of_an_export_is_in_an_error_or_in_debug() {
    let marked = changed(|entry| {
        entry.name = b"MARKED".to_vec();
        entry.issuer = b"MARKED".to_vec();
        entry.secret = b"MARKED".to_vec();
    });
    assert!(!format!("{marked:?}").contains("MARKED"));
    let mut raw = entry();
    raw.name = b"MARKED".to_vec();
    assert_eq!(format!("{raw:?}"), "[redacted]");
    assert_eq!(format!("{:?}", payload(&[raw])), "[redacted]");
    let error = parse_migration(&link("MARKED!")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("MARKED"));
}

proptest! {
    #[test]
    fn no_payload_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(parse_payload(&Secret::copy_of(&bytes)));
        // The same bytes as an entry.
        let payload = Payload { entries: vec![bytes], ..Payload::default() };
        drop(parse_payload(&Secret::new(payload.encode_to_vec())));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        drop(parse_migration(&text));
        drop(parse_migration(&link(&text)));
    }

    #[test]
    fn reading_reverses_writing(
        names in prop::collection::vec((any::<String>(), "[a:A \u{e9}]{0,4}"), 1..25), counter in 0..=Counter::MAX, id in any::<i32>(),
    ) {
        let accounts: Vec<_> = names.iter().enumerate().map(|(index, (issuer, name))| {
            let kind = if index % 2 == 0 { OtpKind::TOTP } else {
                OtpKind::Hotp { algorithm: Algorithm::Sha256, digits: Digits::new(8).unwrap(), counter: Counter::new(counter).unwrap() }
            };
            if index % 3 == 0 { account(name, issuer, kind) } else { account(issuer, name, kind) }
        }).collect();
        let export = write_migration(&accounts, id);
        prop_assert_eq!(export.left_out.len(), 0);
        let mut read = Vec::new();
        for (index, part) in (0_u32..).zip(&export.parts) {
            let part = parse_migration(part.expose()).unwrap();
            prop_assert_eq!((part.place.index, part.place.id), (index, id));
            prop_assert_eq!(part.failures.len(), 0);
            read.extend(part.entries.into_iter().map(|parsed| parsed.account));
        }
        for (read, written) in read.iter().zip(&accounts) {
            prop_assert_eq!(read.issuer.as_str(), written.issuer.as_str());
            prop_assert_eq!(read.account.as_str(), written.account.as_str());
        }
        prop_assert_eq!(read, accounts);
    }
}
