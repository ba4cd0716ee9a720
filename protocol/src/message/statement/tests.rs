use super::*;
use crate::kind::Role;
use crate::signer::Signer;

const ISSUER: &str = "https://login.example.org";
const DEVICE: Thumbprint = Thumbprint::from_bytes([1; 32]);
const ACCOUNT: Id = Id::from_bytes([2; 16]);

fn claims() -> Object {
    let other = Thumbprint::from_bytes([9; 32]).format();
    let document = format!(
        r#"{{"iss":"{ISSUER}","aud":["{other}","{}"],"account":"{}","jti":"{}",
            "iat":1800000000,"exp":1800000120,"act":"sign-in","app":"Mail","origin":"mail.example.org",
            "user":"ann@example.org","place":{{"city":"Berlin","country":"DE"}},
            "client":{{"ip":"192.0.2.7","browser":"Firefox","os":"Linux"}},"digits":6,"tries":3}}"#,
        DEVICE.format(),
        ACCOUNT.format(),
        Id::from_bytes([3; 16]).format(),
    );
    Object::parse(document.as_bytes()).unwrap()
}

const PAY: &str = r#"{"type":"pay","amount":"12.50","currency":"EUR","to":"Shop"}"#;

fn read(claims: &Object) -> Result<Statement, ClaimError> {
    let message = Signer::new().verified(Kind::Statement, Role::Server, claims);
    let expected = Expected {
        issuer: ISSUER,
        device: &DEVICE,
        account: &ACCOUNT,
    };
    Statement::read(&message, &expected)
}

fn refused(name: &str, value: Option<&str>) -> Option<ClaimError> {
    read(&claims().changed(name, value)).err()
}

fn unknown(name: &str, value: &str) -> Option<Unknown> {
    read(&claims().changed(name, Some(value))).unwrap().unknown
}

#[test]
fn a_statement_says_what_the_server_signed() {
    let statement = read(&claims()).unwrap();
    assert_eq!(statement.act, Some(Act::SignIn));
    assert_eq!(statement.id, Id::from_bytes([3; 16]));
    assert_eq!(
        (statement.app, statement.origin, statement.user),
        (
            "Mail".into(),
            "mail.example.org".into(),
            "ann@example.org".into()
        )
    );
    let place = statement.place.unwrap();
    assert_eq!((&*place.city, &*place.country), ("Berlin", "DE"));
    let client = statement.client.unwrap();
    assert_eq!(client.ip.to_string(), "192.0.2.7");
    assert_eq!((&*client.browser, &*client.os), ("Firefox", "Linux"));
    assert_eq!((statement.digits, statement.tries), (6, 3));
    assert_eq!(
        statement.expires_at.unix_s() - statement.made_at.unix_s(),
        120
    );
    assert_eq!(
        (statement.details.is_none(), statement.unknown),
        (true, None)
    );
}

#[test]
fn a_server_passing_on_anothers_statement_is_refused() {
    let other = format!("\"{}\"", Id::from_bytes([7; 16]).format());
    let keys = format!(r#"["{}"]"#, Thumbprint::from_bytes([9; 32]).format());
    let issuer = r#""https://login.example.com""#;
    assert_eq!(refused("iss", Some(issuer)), Some(ClaimError::Issuer));
    assert_eq!(refused("aud", Some(&keys)), Some(ClaimError::Audience));
    assert_eq!(refused("account", Some(&other)), Some(ClaimError::Account));
    // In this order, and before the rest of it.
    let all = claims()
        .changed("jti", None)
        .changed("account", Some(&other));
    assert_eq!(read(&all).err(), Some(ClaimError::Account));
    let all = all.changed("aud", Some(&keys));
    assert_eq!(read(&all).err(), Some(ClaimError::Audience));
    let all = all.changed("iss", Some(issuer));
    assert_eq!(read(&all).err(), Some(ClaimError::Issuer));
}

#[test]
fn each_claim_is_needed_and_named() {
    for name in [
        "iss", "aud", "account", "jti", "iat", "exp", "act", "app", "origin", "user", "digits",
        "tries",
    ] {
        assert_eq!(refused(name, None), Some(ClaimError::Missing { name }));
        for wrong in ["null", "true", "[]", "{}", "-1", r#""""#] {
            let expected = Some(ClaimError::Form { name });
            assert_eq!(refused(name, Some(wrong)), expected, "{name}: {wrong}");
        }
    }
    for name in ["place", "client", "details"] {
        for wrong in ["null", "true", "[]", "{}", "-1", r#""A""#] {
            let expected = Some(ClaimError::Form { name });
            assert_eq!(refused(name, Some(wrong)), expected, "{name}: {wrong}");
        }
    }
    for name in ["place", "client", "details"] {
        assert_eq!(refused(name, None), None);
    }
}

#[test]
fn texts_have_limits_and_one_byte_more_is_refused() {
    for (name, bytes_max) in [("app", 64), ("user", 96)] {
        let text = |count| format!("\"{}\"", "x".repeat(count));
        assert_eq!(refused(name, Some(&text(bytes_max))), None);
        let expected = Some(ClaimError::Form { name });
        assert_eq!(refused(name, Some(&text(bytes_max + 1))), expected);
    }
    let place = |city: usize| format!(r#"{{"city":"{}","country":"DE"}}"#, "x".repeat(city));
    assert_eq!(refused("place", Some(&place(48))), None);
    assert!(refused("place", Some(&place(49))).is_some());
    let client = |browser: usize, os: usize| {
        let (browser, os) = ("x".repeat(browser), "x".repeat(os));
        format!(r#"{{"ip":"2001:db8::1","browser":"{browser}","os":"{os}"}}"#)
    };
    assert_eq!(refused("client", Some(&client(32, 32))), None);
    assert!(refused("client", Some(&client(33, 32))).is_some());
    assert!(refused("client", Some(&client(32, 33))).is_some());
}

#[test]
fn a_statement_is_open_for_ten_minutes_at_most() {
    for (exp, is_good) in [
        (1_800_000_001_u64, true),
        (1_800_000_600, true),
        (1_800_000_601, false),
        (1_800_000_000, false),
        (1_799_999_999, false),
    ] {
        let expected = (!is_good).then_some(ClaimError::Form { name: "exp" });
        assert_eq!(refused("exp", Some(&exp.to_string())), expected, "{exp}");
    }
}

#[test]
fn a_number_has_six_to_eight_digits_and_a_few_tries() {
    for (name, good, bad) in [("digits", [6, 8], [5, 9]), ("tries", [1, 9], [0, 10])] {
        for count in good {
            assert_eq!(refused(name, Some(&count.to_string())), None);
        }
        for count in bad {
            let expected = Some(ClaimError::Form { name });
            assert_eq!(refused(name, Some(&count.to_string())), expected);
        }
    }
}

#[test]
fn an_origin_is_a_host_of_a_labels() {
    let longest = format!("{}.{}", "a".repeat(63), "b".repeat(32));
    for good in [
        "localhost",
        "a-b.example",
        "xn--bcher-kva.example",
        "a.example:8443",
        &longest,
    ] {
        assert_eq!(
            refused("origin", Some(&format!("\"{good}\""))),
            None,
            "{good}"
        );
    }
    for bad in [
        "Mail.example",
        "bücher.example",
        "a..example",
        ".example",
        "example.",
        "-a.example",
        "a-.example",
        "a_b.example",
        "a.example/",
        "https://a.example",
        "a.example:443",
        "a.example:0",
        "a.example:080",
        "a.example:65536",
        "a.example:",
        "a b.example",
        "p\u{430}ypal.example",
        "a.example\u{202e}",
        &"a".repeat(64),
        &format!("{longest}c"),
    ] {
        let expected = Some(ClaimError::Form { name: "origin" });
        assert_eq!(
            refused("origin", Some(&format!("\"{bad}\""))),
            expected,
            "{bad}"
        );
    }
}

#[test]
fn an_address_has_one_form() {
    let client = |ip: &str| format!(r#"{{"ip":"{ip}","browser":"x","os":"x"}}"#);
    for good in ["192.0.2.7", "2001:db8::1", "::1"] {
        assert_eq!(refused("client", Some(&client(good))), None, "{good}");
    }
    for bad in [
        "192.0.2.07",
        "192.0.2",
        "2001:DB8::1",
        "2001:db8:0::1",
        "::1%lo",
        "host",
        "",
    ] {
        assert!(refused("client", Some(&client(bad))).is_some(), "{bad}");
    }
    for bad in ["de", "DEU", "D", "D1", "ÄÖ"] {
        let place = format!(r#"{{"city":"x","country":"{bad}"}}"#);
        assert!(refused("place", Some(&place)).is_some(), "{bad}");
    }
}

#[test]
fn an_action_says_what_it_is() {
    let action = claims().changed("act", Some(r#""action""#));
    let missing = Some(ClaimError::Missing { name: "details" });
    assert_eq!(read(&action).err(), missing);
    let paid = read(&action.changed("details", Some(PAY))).unwrap();
    let Some(Details::Pay {
        amount,
        currency,
        to,
    }) = paid.details
    else {
        panic!("it is a payment");
    };
    assert_eq!((&*amount, &*currency, &*to), ("12.50", "EUR", "Shop"));
    assert_eq!(paid.unknown, None);
}

#[test]
fn an_amount_has_one_form() {
    let pay = |amount: &str| PAY.replace("12.50", amount);
    for good in ["0", "1", "1234567890123456", "0.5", "12.345"] {
        assert_eq!(refused("details", Some(&pay(good))), None, "{good}");
    }
    for bad in [
        "",
        "01",
        "00",
        "1.",
        ".5",
        "1.2345",
        "1,50",
        "-1",
        "+1",
        "1e3",
        "1 000",
        "12345678901234567",
        "1.2.3",
    ] {
        assert!(refused("details", Some(&pay(bad))).is_some(), "{bad}");
    }
    for (from, to) in [("EUR", "eur"), ("EUR", "EURO"), ("Shop", "")] {
        let bad = PAY.replace(from, to);
        assert!(refused("details", Some(&bad)).is_some(), "{bad}");
    }
}

#[test]
fn what_is_not_known_cannot_be_approved_and_is_no_error() {
    assert_eq!(unknown("act", r#""delete-everything""#), Some(Unknown::Act));
    assert_eq!(
        unknown("details", r#"{"type":"vote","x":1}"#),
        Some(Unknown::Details)
    );
    assert_eq!(unknown("mood", "7"), Some(Unknown::Member));
    for (name, value) in [
        ("place", r#"{"city":"x","country":"DE","lat":1}"#),
        (
            "client",
            r#"{"ip":"::1","browser":"x","os":"x","screen":1}"#,
        ),
        ("details", &PAY.replace("\"to\"", "\"fee\":1,\"to\"")),
    ] {
        assert_eq!(unknown(name, value), Some(Unknown::Member), "{name}");
    }
    // An action whose details are of a new kind has details.
    let action = claims()
        .changed("act", Some(r#""action""#))
        .changed("details", Some(r#"{"type":"vote"}"#));
    assert_eq!(read(&action).unwrap().unknown, Some(Unknown::Details));
    // `null` is there, and is not known.
    assert_eq!(unknown("mood", "null"), Some(Unknown::Member));
}

#[test]
fn nothing_that_it_says_is_shown() {
    let statement = read(&claims().changed("user", Some(r#""MARKED""#))).unwrap();
    let shown = format!("{statement:?}");
    for hidden in ["MARKED", "Mail", "Berlin", "192.0.2.7", ISSUER] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

#[test]
fn a_statement_reads_what_it_writes() {
    let least = claims().changed("place", None).changed("client", None);
    let paid = claims()
        .changed("act", Some(r#""action""#))
        .changed("details", Some(PAY));
    for claims in [claims(), least, paid] {
        let statement = read(&claims).unwrap();
        assert_eq!(read(&statement.to_claims().unwrap()), Ok(statement));
    }
}

#[test]
fn what_a_device_would_refuse_is_refused_where_it_is_made() {
    let made = |change: &dyn Fn(&mut Statement)| {
        let mut statement = read(&claims()).unwrap();
        change(&mut statement);
        statement.to_claims().map(|_| ())
    };
    let form = |name| Err(ClaimError::Form { name });
    assert_eq!(made(&|_| {}), Ok(()));
    assert_eq!(made(&|made| made.audience.clear()), form("aud"));
    assert_eq!(made(&|made| made.app = "a".repeat(65)), form("app"));
    assert_eq!(
        made(&|made| made.origin = "Mail.example".into()),
        form("origin")
    );
    assert_eq!(made(&|made| made.user.clear()), form("user"));
    assert_eq!(made(&|made| made.expires_at = made.made_at), form("exp"));
    assert_eq!(made(&|made| made.digits = 5), form("digits"));
    assert_eq!(made(&|made| made.act = None), form("act"));
    // It would be signed unseen.
    assert_eq!(
        made(&|made| made.unknown = Some(Unknown::Member)),
        form("act")
    );
    let missing = Err(ClaimError::Missing { name: "details" });
    assert_eq!(made(&|made| made.act = Some(Act::Action)), missing);
}
