//! Adding, showing, naming, moving on, removing and handing out accounts: what scripts rely on.

mod contract;

use std::time::Duration;

use contract::{Person, names};
use serde_json::{Value, json};

const ACME: &str = "otpauth://totp/ACME:ann@acme.test?secret=JBSWY3DPEHPK3PXP&issuer=ACME";
const HOTP: &str =
    "otpauth://hotp/Bank:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bank&counter=0";
/// RFC 4226 appendix D.
const HOTP_CODES: [&str; 10] = [
    "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
    "520489",
];

#[test]
fn a5_the_same_code_again_is_already_here_also_in_the_trash() {
    let person = Person::with(&[ACME]);
    let id = person.row("ann@acme.test")["id"].clone();
    let again = person.add(ACME).exits(0).json();
    assert_eq!(again["added"], json!([]));
    assert_eq!(
        again["already_here"],
        json!([{"id": id, "in_trash": false}])
    );
    person.run(&["remove", "ACME", "--yes"]).exits(0);
    let again = person.add(ACME).exits(0).json();
    assert_eq!(again["already_here"], json!([{"id": id, "in_trash": true}]));
    assert!(person.rows().is_empty(), "it is not restored by itself");
}

#[test]
fn a5_the_same_key_under_another_name_is_added_with_a_warning() {
    let person = Person::with(&[ACME]);
    let added = person.add(&ACME.replace("ann", "bob")).exits(0).json();
    assert_eq!(names(&added["warnings"]), ["same_secret"]);
    assert_eq!(person.rows().len(), 2);
}

#[test]
fn a4_another_key_under_the_same_names_replaces_nothing() {
    let person = Person::with(&[ACME, &ACME.replace("JBSWY3DP", "GEZDGNBV")]);
    let rows = person.rows();
    assert_eq!(rows.len(), 2);
    assert_ne!(rows[0]["code"], rows[1]["code"]);
}

#[test]
fn a6_two_issuers_with_one_user_name_are_both_kept() {
    let other = "otpauth://totp/Other:ann@acme.test?secret=GEZDGNBVGY3TQOJQ&issuer=Other";
    let person = Person::with(&[ACME, other]);
    assert_eq!(person.rows().len(), 2);
}

#[test]
fn a_stored_counter_is_not_changed_by_adding_the_account_again() {
    let person = Person::with(&[HOTP]);
    person.run(&["next", "Bank"]).exits(0);
    person.add(HOTP).exits(0);
    assert_eq!(person.row("ann")["counter"], 1);
}

#[test]
fn a_row_has_its_members_and_types() {
    let person = Person::with(&[
        ACME,
        HOTP,
        "otpauth://totp/Pre:x?secret=JBSWY3DPEHPK3PXPAA&issuer=Iss",
    ]);
    let document = person.run(&["list", "--json"]).exits(0).json();
    assert_eq!(document["unreadable"], json!([]));
    let totp = person.row("ann@acme.test");
    assert!(totp["id"].is_string() && totp["changes_at"].is_u64());
    assert_eq!(totp["kind"], "totp");
    for code in ["code", "next_code"] {
        let code = totp[code].as_str().unwrap();
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
    }
    assert_eq!(totp["changes_at"].as_u64().unwrap() % 30, 0);
    assert_eq!(
        (&totp["label_issuer"], &totp["counter"]),
        (&Value::Null, &Value::Null)
    );
    let hotp = person.row("ann");
    assert_eq!(
        (&hotp["kind"], &hotp["counter"]),
        (&json!("hotp"), &json!(0))
    );
    for member in ["code", "next_code", "changes_at"] {
        assert_eq!(hotp.get(member), Some(&Value::Null), "{member}");
    }
    assert_eq!(person.row("x")["label_issuer"], "Pre");
}

#[test]
fn looking_never_moves_a_counter() {
    let person = Person::with(&[HOTP]);
    for verb in [
        &["list"][..],
        &["list", "--json"],
        &["export", "Bank", "--uri"],
        &["vault", "check"],
    ] {
        person.run(verb).exits(0);
    }
    let refused = person.run(&["code", "Bank"]).exits(1);
    assert!(
        refused.out.is_empty() && refused.err.contains("countersign next"),
        "{}",
        refused.err
    );
    assert_eq!(person.row("ann")["counter"], 0);
    assert_eq!(
        person.run(&["next", "Bank"]).exits(0).out.trim(),
        HOTP_CODES[0]
    );
}

#[test]
fn code_prints_only_the_code() {
    let person = Person::with(&[ACME]);
    let run = person.run(&["code", "ACME:ann@acme.test"]).exits(0);
    assert_eq!(run.out.len(), 7);
    assert!(run.out.trim_end().bytes().all(|byte| byte.is_ascii_digit()));
    assert!(run.err.is_empty());
}

#[test]
fn a_part_that_several_accounts_have_lists_them_on_standard_error() {
    let person = Person::with(&[ACME, &ACME.replace("ann", "joann").replace("JBSW", "GEZD")]);
    let run = person.run(&["code", "acme"]).exits(1);
    assert!(run.out.is_empty());
    assert!(run.err.contains("ann@acme.test") && run.err.contains("joann@acme.test"));
    let document = person.run(&["code", "acme", "--json"]).exits(1);
    assert_eq!(
        document.json()["error"]["candidates"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        person.run(&["code", "nobody", "--json"]).exits(1).error(),
        "no_such_account"
    );
}

/// NAME is "a part that only one account has": `ann` is a part of both names.
#[test]
fn a_whole_name_that_is_also_a_part_of_another_is_not_unique() {
    let person = Person::with(&[
        "otpauth://totp/One:ann?secret=JBSWY3DPEHPK3PXP&issuer=One",
        "otpauth://totp/Two:ann@acme.test?secret=GEZDGNBVGY3TQOJQ&issuer=Two",
    ]);
    assert_eq!(
        person.run(&["code", "ann", "--json"]).exits(1).error(),
        "ambiguous_name"
    );
}

#[test]
fn c3_a_killed_next_may_skip_a_code_and_never_shows_one_twice() {
    let person = Person::with(&[HOTP]);
    let mut shown = Vec::new();
    let mut last = 0;
    for turn in 0_u64..10 {
        let mut child = person.command(&["next", "Bank"]).spawn().unwrap();
        let started = std::time::Instant::now();
        let until = Duration::from_millis(120 + turn * 47);
        while child.try_wait().unwrap().is_none() && started.elapsed() < until {
            std::thread::yield_now();
        }
        let _: std::io::Result<()> = child.kill();
        let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let code = out.trim().to_owned();
        let counter = person.row("ann")["counter"].as_u64().unwrap();
        assert!(counter >= last && counter <= last + 1);
        if !code.is_empty() {
            assert!(!shown.contains(&code), "shown twice");
            assert_eq!(HOTP_CODES[usize::try_from(last).unwrap()], code);
            assert_eq!(counter, last + 1, "shown before it was stored");
            shown.push(code);
        }
        last = counter;
    }
    person.run(&["vault", "check"]).exits(0);
}

#[test]
fn what_is_exported_is_equal_when_added_again() {
    let person = Person::new();
    person
        .run(&["init", "--no-recovery", "--kdf-passes", "3"])
        .exits(0);
    let other = Person::with_vault();
    for link in [
        "otpauth://totp/%C3%9Cn%C3%AF:%E6%97%A5%20x?secret=JBSWY3DPEHPK3PXP&issuer=%C3%9Cn%C3%AF&algorithm=SHA512&digits=8&period=45",
        "otpauth://hotp/H:a%3Ab?secret=JBSWY3DPEHPK3PXPAA&issuer=H&counter=9223372036854775806",
        "otpauth://totp/Pre%3Afix:acc?secret=JBSWY3DPEHPK3PXPAE&issuer=Iss",
        "otpauth://totp/:alice%20%2B%26?secret=JBSWY3DPEHPK3PXPAI",
        "otpauth://totp/Steam:joe?secret=JBSWY3DPEHPK3PXPAM&issuer=Steam",
        "otpauth://totp/Steam:five?secret=JBSWY3DPEHPK3PXPAQ&issuer=Steam&digits=5&encoder=totp",
        "otpauth://totp/x?secret=JBSWY3DPEHPK3PXPAY&issuer=x%3Ay",
    ] {
        let added = person.add(link).exits(0).json()["added"][0].clone();
        let id = added["id"].as_str().unwrap();
        let uri = person.run(&["export", id, "--uri"]).exits(0).out;
        let again = other.add(&uri).exits(0).json()["added"][0].clone();
        for member in [
            "kind",
            "issuer",
            "label_issuer",
            "account",
            "algorithm",
            "digits",
            "period",
            "counter",
        ] {
            assert_eq!(added[member], again[member], "{member} of {uri}");
        }
        let here = person.add(&uri).exits(0).json();
        assert_eq!(here["already_here"][0]["id"], id);
    }
}

#[test]
fn k5_restore_is_exact() {
    let person = Person::with(&[ACME, HOTP]);
    person
        .run(&["edit", "ACME", "--tag", "work", "--note", "n", "--pin"])
        .exits(0);
    let row = |person: &Person| {
        let mut row = person.row("ann@acme.test");
        for moving in ["code", "next_code", "changes_at"] {
            row[moving] = Value::Null;
        }
        row
    };
    let before = row(&person);
    let removed = person.run(&["remove", "ACME", "--yes"]).exits(0);
    assert!(
        removed.out.contains("still expects codes") || removed.err.contains("still expects codes")
    );
    assert!(
        removed.out.contains("UTC"),
        "the day is named: {}",
        removed.out
    );
    assert_eq!(
        person.run(&["code", "ACME", "--json"]).exits(1).error(),
        "no_such_account"
    );
    person.run(&["restore", "ACME"]).exits(0);
    assert_eq!(row(&person), before);
}

#[test]
fn an_account_keeps_at_least_one_name() {
    let person = Person::with(&[HOTP]);
    let run = person.run(&["edit", "Bank", "--issuer", "", "--account", "", "--json"]);
    assert_eq!(
        (run.exit, run.error().as_str()),
        (Some(1), "missing_name"),
        "{}",
        run.out
    );
}

#[test]
fn an_empty_standard_input_is_said_to_be_empty() {
    let run = Person::with_vault().add("").exits(1);
    let message = run.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_lowercase();
    assert!(
        message.contains("empty") || message.contains("standard input"),
        "{message}"
    );
}

#[test]
fn a7_a8_other_codes_are_named_and_nothing_is_added() {
    let person = Person::with_vault();
    for (text, word) in [
        (
            "phonefactor://activate_account?code=123456789&url=https%3A%2F%2Fx.example%2Fa",
            "different authenticator app",
        ),
        ("FIDO:/0123456789", "passkey"),
        ("WIFI:T:WPA;S:net;P:pw;;", "network"),
        ("https://play.google.com/store/apps/details?id=x", "store"),
        ("random text", "text"),
    ] {
        let run = person.add(text).exits(1);
        let message = run.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(word), "{message}");
    }
    assert!(person.rows().is_empty());
}
