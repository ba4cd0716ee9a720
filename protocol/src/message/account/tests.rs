use super::*;
use crate::kind::Role;
use crate::signer::Signer;

const DEVICE: Thumbprint = Thumbprint::from_bytes([1; 32]);
const ENROL: MessageHash = MessageHash::from_bytes([2; 32]);

fn account(keys: Vec<PublicKey>) -> Account {
    Account {
        audience: DEVICE,
        enrol_hash: ENROL,
        version: 1,
        nonce: Id::from_bytes([3; 16]),
        account: Id::from_bytes([4; 16]),
        issuer: "Example".into(),
        label: "ann@example.org".into(),
        keys,
        policy: Policy {
            presence: PresenceRule::Required,
            digits: 6,
            lifetime_s: 120,
            offline: true,
            may_move: false,
            export: true,
        },
        confirm: Confirm::Type,
        help: Some("https://help.example.org/".into()),
        vapid: None,
    }
}

fn read(claims: &Object) -> Result<Account, ClaimError> {
    let message = Signer::new().verified(Kind::Account, Role::Server, claims);
    Account::read(&message, &DEVICE, &ENROL)
}

fn claims() -> Object {
    account(vec![Signer::new().key()]).to_claims()
}

fn refused(name: &str, value: Option<&str>) -> Option<ClaimError> {
    read(&claims().changed(name, value)).err()
}

#[test]
fn a_document_is_read_as_it_was_written() {
    let key = || Signer::new().key();
    for keys in [vec![key()], vec![key(), key(), key(), key()]] {
        let least = Account {
            help: None,
            confirm: Confirm::Compare,
            ..account(keys.clone())
        };
        let vapid = Some(key());
        for written in [
            account(keys.clone()),
            least,
            Account {
                vapid,
                ..account(keys)
            },
        ] {
            assert_eq!(read(&written.to_claims()), Ok(written));
        }
    }
}

#[test]
fn a_document_for_another_device_or_enrolment_is_refused_before_all_else() {
    let other = format!("\"{}\"", Thumbprint::from_bytes([9; 32]).format());
    assert_eq!(refused("aud", Some(&other)), Some(ClaimError::Audience));
    assert_eq!(refused("re", Some(&other)), Some(ClaimError::Reply));
    let both = claims().changed("re", Some(&other)).changed("v", None);
    assert_eq!(read(&both).err(), Some(ClaimError::Reply));
    let both = both.changed("aud", Some(&other));
    assert_eq!(read(&both).err(), Some(ClaimError::Audience));
}

#[test]
fn each_claim_is_needed_and_named() {
    for name in [
        "v", "aud", "re", "n", "nonce", "account", "issuer", "label", "keys", "policy", "confirm",
    ] {
        assert_eq!(refused(name, None), Some(ClaimError::Missing { name }));
    }
    for name in [
        "v", "aud", "re", "n", "nonce", "account", "issuer", "label", "keys", "policy", "confirm",
        "help", "vapid",
    ] {
        for wrong in ["null", "true", "[]", "{}", "0", r#""""#] {
            let expected = Some(ClaimError::Form { name });
            assert_eq!(refused(name, Some(wrong)), expected, "{name}: {wrong}");
        }
    }
    assert_eq!(
        refused("v", Some("2")),
        Some(ClaimError::Form { name: "v" })
    );
}

#[test]
fn each_rule_is_there_and_in_its_range() {
    let policy = r#"{"presence":"preferred","digits":8,"lifetime_s":600,"offline":false,"move":true,"export":false}"#;
    assert_eq!(refused("policy", Some(policy)), None);
    let expected = Some(ClaimError::Form { name: "policy" });
    for (from, to) in [
        ("\"presence\":\"preferred\",", ""),
        ("preferred", "none"),
        ("\"digits\":8,", ""),
        ("\"digits\":8", "\"digits\":9"),
        ("\"digits\":8", "\"digits\":5"),
        ("\"lifetime_s\":600,", ""),
        ("600", "601"),
        ("600", "0"),
        ("\"offline\":false,", ""),
        ("\"offline\":false", "\"offline\":0"),
        ("\"move\":true,", ""),
        (",\"export\":false", ""),
        ("\"export\":false", "\"export\":\"no\""),
    ] {
        let policy = policy.replace(from, to);
        assert_eq!(refused("policy", Some(&policy)), expected, "{policy}");
    }
}

#[test]
fn names_have_limits() {
    for name in ["issuer", "label"] {
        let text = |count| format!("\"{}\"", "x".repeat(count));
        assert_eq!(refused(name, Some(&text(96))), None);
        let expected = Some(ClaimError::Form { name });
        assert_eq!(refused(name, Some(&text(97))), expected);
    }
}

#[test]
fn help_is_an_https_address_that_shows_as_what_it_is() {
    assert_eq!(refused("help", Some("\"https://a.example/?q=1#a\"")), None);
    let long = format!("https://a.example/{}", "a".repeat(HELP_BYTES_MAX));
    for wrong in [
        "http://a.example",
        "https://",
        "javascript:alert(1)",
        "HTTPS://a.example",
        "https://a example",
        "https://a..example/",
        "https://a.example:0/",
        "https://p\u{430}ypal.example",
        "https://a.example/\u{202e}",
        &long,
    ] {
        let expected = Some(ClaimError::Form { name: "help" });
        assert_eq!(
            refused("help", Some(&format!("\"{wrong}\""))),
            expected,
            "{wrong}"
        );
    }
}

#[test]
fn no_name_is_shown() {
    let shown = format!("{:?}", account(vec![]));
    for hidden in ["Example", "ann@", "help."] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

#[test]
fn what_a_device_would_refuse_is_seen_where_it_is_made() {
    let made = |change: &dyn Fn(&mut Account)| {
        let mut account = account(vec![Signer::new().key()]);
        change(&mut account);
        account.check().err()
    };
    let form = |name| Some(ClaimError::Form { name });
    assert_eq!(made(&|_| {}), None);
    assert_eq!(made(&|made| made.issuer.clear()), form("issuer"));
    assert_eq!(made(&|made| made.label = "a".repeat(97)), form("label"));
    assert_eq!(made(&|made| made.keys.clear()), form("keys"));
    assert_eq!(made(&|made| made.policy.digits = 9), form("policy"));
    let http = |made: &mut Account| made.help = Some("http://a.example".into());
    assert_eq!(made(&http), form("help"));
}
