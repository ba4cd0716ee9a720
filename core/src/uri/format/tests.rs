use proptest::prelude::*;

use super::*;
use crate::account::Name;
use crate::otp::{Algorithm, Counter, Digits, Otp, Period};
use crate::secret::Secret;
use crate::uri::label::{is_same_issuer, strip_issuer};
use crate::uri::parse_otpauth;

fn account(issuer: &str, label: Option<&str>, account: &str, kind: OtpKind) -> Account {
    Account {
        issuer: Name::new(issuer),
        label_issuer: label.map(Name::new),
        account: Name::new(account),
        otp: Otp::new(Secret::copy_of(b"Hello!\xde\xad\xbe\xef"), kind).unwrap(),
    }
}

fn totp(digits: u64) -> OtpKind {
    OtpKind::Totp {
        algorithm: Algorithm::Sha1,
        digits: Digits::new(digits).unwrap(),
        period: Period::DEFAULT,
    }
}

#[track_caller]
fn check(account: &Account, expected: &str) {
    let link = format_otpauth(account);
    assert_eq!(link.expose(), expected);
    assert_eq!(&parse_otpauth(link.expose()).unwrap().account, account);
}

#[test]
fn a_totp_has_all_parameters() {
    check(
        &account("Acme Co", None, "ann:x@acme.test", totp(6)),
        "otpauth://totp/Acme%20Co:ann%3Ax%40acme.test?secret=JBSWY3DPEHPK3PXP&issuer=Acme%20Co&algorithm=SHA1&digits=6&period=30",
    );
}

#[test]
fn the_prefix_is_the_label_issuer() {
    check(
        &account("Big", Some("Tenant"), "ann", totp(8)),
        "otpauth://totp/Tenant:ann?secret=JBSWY3DPEHPK3PXP&issuer=Big&algorithm=SHA1&digits=8&period=30",
    );
}

#[test]
fn the_colon_is_left_out_only_when_nothing_needs_it() {
    let tail = "?secret=JBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30";
    check(
        &account("", None, "ann", totp(6)),
        &format!("otpauth://totp/ann{tail}"),
    );
    check(
        &account("", None, "a:b", totp(6)),
        &format!("otpauth://totp/:a%3Ab{tail}"),
    );
}

#[test]
fn steam_keeps_its_issuer_and_five_digits_stay_digits() {
    check(
        &account("Valve", None, "gaben", OtpKind::Steam),
        "otpauth://steam/Valve:gaben?secret=JBSWY3DPEHPK3PXP&issuer=Valve",
    );
    check(
        &account("Steam", None, "gaben", totp(5)),
        "otpauth://totp/Steam:gaben?secret=JBSWY3DPEHPK3PXP&issuer=Steam&algorithm=SHA1&digits=5&period=30&encoder=totp",
    );
}

#[test]
fn a_prefix_that_is_read_as_the_issuer_keeps_five_digits_too() {
    let prefixed = account("", Some("Steam"), "gaben", totp(5));
    let read = parse_otpauth(format_otpauth(&prefixed).expose()).unwrap();
    assert_eq!(read.account.otp, prefixed.otp);
}

fn any_kind() -> impl Strategy<Value = OtpKind> {
    let algorithm = prop_oneof![
        Just(Algorithm::Sha1),
        Just(Algorithm::Sha256),
        Just(Algorithm::Sha512)
    ];
    let digits = (1_u64..=10).prop_map(|count| Digits::new(count).unwrap());
    let period =
        (1_u64..=u64::from(Period::MAX_S)).prop_map(|seconds| Period::new(seconds).unwrap());
    let counter = (0..=Counter::MAX).prop_map(|value| Counter::new(value).unwrap());
    (algorithm, digits, period, counter, 0_u8..3).prop_map(
        |(algorithm, digits, period, counter, which)| match which {
            0 => OtpKind::Totp {
                algorithm,
                digits,
                period,
            },
            1 => OtpKind::Hotp {
                algorithm,
                digits,
                counter,
            },
            _ => OtpKind::Steam,
        },
    )
}

/// Names with many of the characters that links give a meaning.
fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[:%&=+?#/ aA3\u{e9}\u{c9}]{0,8}",
        Just("Steam".to_owned()),
        Just(String::new()),
    ]
}

proptest! {
    #[test]
    fn reading_reverses_writing(
        issuer in any_name(), label in proptest::option::of(any_name()), name in any_name(),
        kind in any_kind(), key in prop::collection::vec(any::<u8>(), 1..100),
    ) {
        let issuer = Name::new(&issuer);
        let name = Name::new(&name);
        // A label issuer stands only where it differs, and where the label does not spell the issuer.
        let label_issuer = label.map(|label| Name::new(&label)).filter(|label| {
            let whole = format!("{}:{}", label.as_str(), name.as_str());
            !label.is_empty() && !issuer.is_empty() && !is_same_issuer(label, &issuer)
                && strip_issuer(&whole, &issuer).is_none()
        });
        let account = Account { issuer, label_issuer, account: name, otp: Otp::new(Secret::new(key), kind).unwrap() };
        let link = format_otpauth(&account);
        let read = parse_otpauth(link.expose());
        prop_assert_eq!(&read.as_ref().unwrap().account.issuer.as_str(), &account.issuer.as_str());
        prop_assert_eq!(&read.as_ref().unwrap().account.account.as_str(), &account.account.as_str());
        prop_assert_eq!(&read.unwrap().account, &account);
    }

    #[test]
    fn writing_what_was_read_is_canonical(
        label in "[a-zA-Z:%+/ 3A\u{e9}]{0,12}", issuer in "[a-zA-Z:%+ 3A]{0,6}", digits in 1_u8..=10,
    ) {
        let text = format!("otpauth://totp/{label}?secret=jbsw-y3dp&issuer={issuer}&digits={digits}");
        let once = format_otpauth(&parse_otpauth(&text).unwrap().account);
        let twice = format_otpauth(&parse_otpauth(once.expose()).unwrap().account);
        prop_assert_eq!(once.expose(), twice.expose());
    }
}
