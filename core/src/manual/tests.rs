use proptest::prelude::*;

use super::*;
use crate::uri::format_otpauth;

const KEY: &str = "JBSWY3DPEHPK3PXP";

fn entry(secret: &str) -> ManualEntry<'_> {
    ManualEntry {
        issuer: "Acme",
        account: "ann",
        secret,
        ..ManualEntry::default()
    }
}

#[track_caller]
fn read(entry: &ManualEntry<'_>) -> ManualParsed {
    parse_manual(entry).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn refused(entry: &ManualEntry<'_>, name: &str, field: Field) -> ManualError {
    let error = parse_manual(entry).unwrap_err();
    assert_eq!((error.error.name(), error.field), (name, Some(field)));
    error
}

#[test]
fn empty_fields_take_the_defaults_that_forms_show() {
    let parsed = read(&entry(KEY));
    let kind = parsed.account.otp.kind();
    assert_eq!(kind, OtpKind::TOTP);
    assert_eq!(kind.name(), FORM_LIMITS.types[0]);
    assert_eq!(kind.algorithm().name(), FORM_LIMITS.algorithms[0]);
    assert_eq!(kind.digits(), FORM_LIMITS.digits_default);
    assert_eq!(
        kind.period().unwrap().seconds(),
        FORM_LIMITS.period_default_s
    );
    assert_eq!(
        (parsed.warnings, parsed.hint, parsed.is_from_link),
        (vec![], None, false)
    );
}

#[test]
fn every_field_is_used() {
    let parsed = read(&ManualEntry {
        kind: " HOTP ",
        algorithm: "sha-512",
        digits: "8",
        counter: "7",
        ..entry(KEY)
    });
    let kind = parsed.account.otp.kind();
    assert_eq!((kind.name(), kind.digits()), ("hotp", 8));
    assert_eq!(kind.algorithm(), Algorithm::Sha512);
    assert_eq!(kind.counter().unwrap().value(), 7);
    assert_eq!(parsed.warnings, []);
}

#[test]
fn an_error_names_its_field() {
    refused(
        &ManualEntry {
            kind: "motp",
            ..entry(KEY)
        },
        "unsupported_type",
        Field::Type,
    );
    refused(
        &ManualEntry {
            algorithm: "md5",
            ..entry(KEY)
        },
        "unsupported_algorithm",
        Field::Algorithm,
    );
    for digits in ["-1", "0", "11", "262", "6.0", "six", "1e1"] {
        refused(
            &ManualEntry {
                digits,
                ..entry(KEY)
            },
            "invalid_digits",
            Field::Digits,
        );
    }
    for period in ["0", "-30", "4294967296", "2147483648", "1.5"] {
        refused(
            &ManualEntry {
                period,
                ..entry(KEY)
            },
            "invalid_period",
            Field::Period,
        );
    }
    for counter in ["-1", "9223372036854775808", "1.0"] {
        let entry = ManualEntry {
            kind: "hotp",
            counter,
            ..entry(KEY)
        };
        refused(&entry, "invalid_counter", Field::Counter);
    }
    for secret in ["", "   ", "====", "A"] {
        refused(&entry(secret), "empty_secret", Field::Secret);
    }
    refused(&entry(&"A".repeat(821)), "secret_too_long", Field::Secret);
    refused(
        &entry(&"A".repeat(10 * 1024 * 1024)),
        "secret_too_long",
        Field::Secret,
    );
}

#[test]
fn fields_that_the_type_does_not_use_are_not_looked_at() {
    let steam = ManualEntry {
        kind: "steam",
        digits: "99",
        period: "x",
        algorithm: "md5",
        counter: "-1",
        ..entry(KEY)
    };
    assert_eq!(read(&steam).account.otp.kind(), OtpKind::Steam);
    let hotp = ManualEntry {
        kind: "hotp",
        period: "0",
        ..entry(KEY)
    };
    assert_eq!(read(&hotp).account.otp.kind().name(), "hotp");
}

#[test]
fn a_name_is_needed_and_one_is_enough() {
    let nameless = ManualEntry {
        issuer: " \u{202e}",
        account: "\t",
        ..entry(KEY)
    };
    refused(&nameless, "missing_name", Field::Account);
    read(&ManualEntry {
        issuer: "",
        ..entry(KEY)
    });
    read(&ManualEntry {
        account: "",
        ..entry(KEY)
    });
}

#[test]
fn names_are_plain_text() {
    let parsed = read(&ManualEntry {
        issuer: " A:%41+\u{202e}\0 ",
        account: "a:b",
        ..entry(KEY)
    });
    assert_eq!(parsed.account.issuer.as_str(), "A:%41+");
    assert_eq!(parsed.account.account.as_str(), "a:b");
    let link = format_otpauth(&parsed.account);
    assert_eq!(
        crate::uri::parse_otpauth(link.expose()).unwrap().account,
        parsed.account
    );
}

#[test]
fn a_typing_error_has_its_place_and_at_most_one_suggestion() {
    for (secret, at, replacement) in [
        ("JBSWY3DPEHPK3PX8", 15, Some('B')),
        ("JBSW Y3DP EHPK 3PX0", 18, Some('O')),
        ("  jbsw-y3dp\u{a0}ehpk-3px1", 20, None),
        ("Jbswy3dpehpk3px0", 15, Some('O')),
        ("JBSWY3DPEHPK3PX9", 15, None),
        ("JBSWY3DPEHPK3PXß", 15, None),
        ("JBSW=Y3DP", 4, None),
        ("JBSW_Y3DP", 4, None),
        ("JBSW\0Y3DP", 4, None),
    ] {
        let error = refused(&entry(secret), "invalid_secret", Field::Secret);
        assert_eq!(
            (error.error.at(), error.error.replacement(), error.hint),
            (Some(at), replacement, None),
            "{secret}"
        );
    }
}

#[test]
fn what_looks_like_something_else_is_said_and_nothing_suggested() {
    for (secret, hint) in [
        ("492039", Hint::LooksLikeCode),
        ("49 20 39 11", Hint::LooksLikeCode),
        (
            "3132333435363738393031323334353637383930",
            Hint::LooksLikeHex,
        ),
        ("0x31 32 33 34 35 36 37 38 39 30", Hint::LooksLikeHex),
        ("deadbeef-00112233-deadbeef", Hint::LooksLikeHex),
        ("zvIayp3JPvtvX/QGHqsqKBk/44s=", Hint::LooksLikeBase64),
        ("SGVsbG8h3q2-7w_aaaa0", Hint::LooksLikeBase64),
        // Without a sign that Base32 lacks, the padding alone tells.
        ("SGVsbGHhcqbvaaaaabbbbccddee=", Hint::LooksLikeBase64),
    ] {
        let error = refused(&entry(secret), "invalid_secret", Field::Secret);
        assert_eq!(
            (error.hint, error.error.replacement()),
            (Some(hint), None),
            "{secret}"
        );
    }
}

#[test]
fn a_key_that_is_base32_and_looks_like_a_seed_is_taken_with_a_hint() {
    let parsed = read(&entry("ABCDEF234567ABCDEF234567"));
    assert_eq!(parsed.hint, Some(Hint::LooksLikeHex));
    assert_eq!(read(&entry("jBSWY3DPEHPK3PXP")).hint, None);
}

#[test]
fn an_odd_length_is_taken_and_asked_about() {
    for letters in [17, 19, 22] {
        let secret = "JBSWY3DPEHPK3PXPJBSWY3DP"
            .chars()
            .take(letters)
            .collect::<String>();
        assert_eq!(
            read(&entry(&secret)).warnings,
            [Warning::NoncanonicalSecret],
            "{letters}"
        );
    }
}

#[test]
fn a_whole_link_in_the_key_field_decides() {
    let parsed = read(&ManualEntry {
        kind: "hotp",
        digits: "bad",
        ..entry(" OTPAUTH://totp/GitHub:octocat?secret=JBSWY3DPEHPK3PXP&digits=8 ")
    });
    assert!(parsed.is_from_link);
    assert_eq!(parsed.account.issuer.as_str(), "GitHub");
    assert_eq!(parsed.account.otp.kind().digits(), 8);
    // Typed names stand where the link has none.
    let parsed = read(&entry("otpauth://totp?secret=JBSWY3DPEHPK3PXP"));
    assert_eq!(
        (
            parsed.account.issuer.as_str(),
            parsed.account.account.as_str()
        ),
        ("Acme", "ann")
    );
    assert_eq!(parsed.warnings, []);
}

#[test]
fn a_steam_link_keeps_the_typed_issuer() {
    let parsed = read(&entry("steam://JBSWY3DPEHPK3PXP"));
    assert_eq!(
        (parsed.account.issuer.as_str(), parsed.account.otp.kind()),
        ("Acme", OtpKind::Steam)
    );
    let nameless = ManualEntry {
        secret: "steam://JBSWY3DPEHPK3PXP",
        ..ManualEntry::default()
    };
    assert_eq!(read(&nameless).account.issuer.as_str(), "Steam");
}

#[test]
fn a_bad_link_in_the_key_field_says_where() {
    let error = refused(
        &entry("otpauth://totp/x?secret=JBSW0"),
        "invalid_secret",
        Field::Secret,
    );
    assert_eq!(
        (error.error.at(), error.error.replacement()),
        (Some(4), Some('O'))
    );
    refused(
        &entry("otpauth://totp/x?secret=JBSW&digits=0"),
        "invalid_digits",
        Field::Digits,
    );
    refused(
        &entry("otpauth://yaotp/x?secret=JBSW"),
        "unsupported_type",
        Field::Type,
    );
    refused(&entry("otpauth:totp"), "malformed_uri", Field::Secret);
    let long = format!("otpauth://totp/{}", "x".repeat(9_000));
    refused(&entry(&long), "too_long", Field::Secret);
    let nameless = ManualEntry {
        secret: "otpauth://totp?secret=JBSW",
        ..ManualEntry::default()
    };
    refused(&nameless, "missing_name", Field::Account);
}

#[test]
fn a_link_of_another_kind_is_named() {
    for (secret, hint) in [
        (
            "phonefactor://activate_account?code=123456789&url=https%3A%2F%2Fx.example",
            Some(Hint::PushActivation),
        ),
        ("otpauth://pipush/x?url=y", Some(Hint::PushActivation)),
        ("pia://container/x", Some(Hint::PushActivation)),
        ("countersign://enrol?v=1", Some(Hint::PushActivation)),
        (
            "otpauth-migration://offline?data=CjUK",
            Some(Hint::GoogleExport),
        ),
        ("https://aka.ms/mfasetup", Some(Hint::WebLink)),
        ("FIDO:/1234", Some(Hint::Passkey)),
        ("motp://x", None),
        ("WIFI:S:x;;", None),
        ("foo://bar", None),
    ] {
        let error = refused(&entry(secret), "wrong_kind", Field::Secret);
        assert_eq!(error.hint, hint, "{secret}");
    }
}

#[test]
fn only_the_whole_type_of_a_link_names_another_server() {
    for secret in [
        "otpauth://pushy/x?secret=JBSWY3DP",
        "otpauth://containers/x",
    ] {
        let error = refused(&entry(secret), "unsupported_type", Field::Type);
        assert_eq!(error.hint, None, "{secret}");
    }
}

#[test]
fn steam_needs_no_type() {
    let steam = ManualEntry {
        issuer: "Steam",
        ..entry(KEY)
    };
    assert_eq!(read(&steam).account.otp.kind(), OtpKind::Steam);
    let chosen = ManualEntry {
        kind: "totp",
        ..steam
    };
    assert_eq!(read(&chosen).account.otp.kind(), OtpKind::TOTP);
}

#[test]
fn nothing_of_an_entry_is_in_an_error_or_in_debug() {
    let marked = ManualEntry {
        issuer: "MARKED",
        account: "MARKED",
        secret: "MARKEDAA",
        ..ManualEntry::default()
    };
    assert_eq!(format!("{marked:?}"), "[redacted]");
    assert!(!format!("{:?}", read(&marked)).contains("MARKED"));
    for entry in [
        ManualEntry {
            secret: "MARKED0",
            ..marked
        },
        ManualEntry {
            secret: "https://MARKED",
            ..marked
        },
        ManualEntry {
            algorithm: "MARKED",
            ..marked
        },
        ManualEntry {
            kind: "MARKED",
            ..marked
        },
        ManualEntry {
            digits: "MARKED",
            ..marked
        },
        ManualEntry {
            period: "MARKED",
            ..marked
        },
        ManualEntry {
            kind: "hotp",
            counter: "MARKED",
            ..marked
        },
    ] {
        let error = parse_manual(&entry).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("MARKED"));
    }
}

proptest! {
    #[test]
    fn no_fields_panic(fields in prop::collection::vec(any::<String>(), 8)) {
        let [issuer, account, secret, kind, algorithm, digits, period, counter] = std::array::from_fn(|index| fields[index].as_str());
        drop(parse_manual(&ManualEntry { issuer, account, secret, kind, algorithm, digits, period, counter }));
        drop(parse_manual(&entry(secret)));
        drop(parse_manual(&ManualEntry { digits, period, ..entry(KEY) }));
    }
}
