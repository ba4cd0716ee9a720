//! `list`, `code` and `next`: codes that agree, and counters that never go back.

use std::collections::BTreeSet;

use countersign_core::time::UnixSeconds;
use countersign_core::uri::parse_otpauth;

use crate::person::{ACME, BANK, Person, name};

#[test]
fn a_code_is_printed_alone_and_is_the_right_one() {
    let person = Person::with(&[ACME]);
    let otp = parse_otpauth(ACME).unwrap().account.otp;
    let document = person.json(&["code", "acme"]);
    let changes_at = document["changes_at"].as_u64().unwrap();
    let expected = |at: u64| {
        otp.generator()
            .code(UnixSeconds(at))
            .text()
            .expose()
            .to_owned()
    };
    assert_eq!(document["code"], expected(changes_at - 1));
    assert_eq!(document["next_code"], expected(changes_at));
    let done = person.run(&["code", "acme"]);
    assert_eq!(done.exit, 0);
    assert!(done.err.is_empty());
    let (code, rest) = done.out.split_at(6);
    assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(rest, "\n");
}

#[test]
fn c2_current_next_and_change_agree_in_the_list() {
    let person = Person::with(&[
        ACME,
        "otpauth://totp/B:b?secret=JBSWY3DPEHPK3PXP&period=7&digits=10&algorithm=SHA512",
        "otpauth://steam/Steam:c?secret=JBSWY3DPEHPK3PXP",
    ]);
    let links = [
        ACME,
        "otpauth://totp/B:b?secret=JBSWY3DPEHPK3PXP&period=7&digits=10&algorithm=SHA512",
        "otpauth://steam/Steam:c?secret=JBSWY3DPEHPK3PXP",
    ];
    for (row, link) in person.accounts().iter().zip(links) {
        let otp = parse_otpauth(link).unwrap().account.otp;
        let changes_at = row["changes_at"].as_u64().unwrap();
        let code = |at: u64| {
            otp.generator()
                .code(UnixSeconds(at))
                .text()
                .expose()
                .to_owned()
        };
        assert_eq!(row["code"], code(changes_at - 1));
        assert_eq!(row["next_code"], code(changes_at));
        assert_eq!(changes_at % row["period"].as_u64().unwrap(), 0);
    }
}

#[test]
fn c3_looking_never_moves_a_counter_and_next_moves_it_by_one() {
    let person = Person::with(&[BANK]);
    let before = person.files();
    for _ in 0..2 {
        let row = &person.accounts()[0];
        assert_eq!(row["counter"], 0);
        assert!(row["code"].is_null() && row["next_code"].is_null() && row["changes_at"].is_null());
        let refused = person.json(&["code", "bank"]);
        assert_eq!(name(&refused), "counter_account");
        assert!(
            refused["error"]["message"]
                .as_str()
                .unwrap()
                .contains("next")
        );
    }
    assert_eq!(person.files(), before);
    // RFC 4226 appendix D.
    for (counter, expected) in (0..).zip(["755224", "287082", "359152"]) {
        let document = person.json(&["next", "bank"]);
        assert_eq!(document["code"], expected);
        assert_eq!(document["counter"], counter);
    }
    assert_eq!(person.run(&["next", "bank"]).out, "969429\n");
    assert_eq!(person.accounts()[0]["counter"], 4);
}

#[test]
fn c3_many_at_once_never_get_the_same_code() {
    let person = Person::with(&[BANK]);
    let children: Vec<_> = (0..6)
        .map(|_| {
            let mut command = person.command(&["next", "bank", "--json"]);
            command
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let counters: BTreeSet<u64> = children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            document["counter"].as_u64().unwrap()
        })
        .collect();
    assert_eq!(counters, (0..6).collect());
}

#[test]
fn next_is_refused_for_codes_of_the_clock() {
    let person = Person::with(&[ACME]);
    assert_eq!(person.refusal(&["next", "acme"], b""), "no_counter");
}

#[test]
fn a_name_is_an_id_or_a_pair_or_a_part() {
    let person = Person::with(&[ACME, BANK]);
    let id = person.accounts()[0]["id"].as_str().unwrap().to_owned();
    for name in [id.as_str(), "Acme:ann", "acme:ann", "acm", "ACME"] {
        assert_eq!(person.run(&["code", name]).exit, 0, "{name}");
    }
    for name in ["nobody", "", "00000000000000000000000000000000"] {
        assert_eq!(person.run(&["code", name]).exit, 1, "{name:?}");
    }
}

#[test]
fn an_ambiguous_name_shows_the_candidates_on_standard_error() {
    let person = Person::with(&[ACME, BANK]);
    let done = person.run(&["code", "ann"]);
    assert_eq!(done.exit, 1);
    assert!(done.out.is_empty());
    assert!(
        done.err.contains("Acme:ann") && done.err.contains("Bank:ann"),
        "{done:?}"
    );
    let document = person.json(&["remove", "ann"]);
    let candidates = document["error"]["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 2);
    assert_eq!(candidates[0]["id"], person.accounts()[0]["id"]);
}

#[test]
fn a_list_in_a_pipe_is_plain() {
    let person = Person::with(&[ACME, BANK]);
    let done = person.run(&["list"]);
    assert_eq!(done.exit, 0);
    assert_eq!(done.out.lines().count(), 2);
    assert!(!done.out.contains('\u{1b}'));
    let code = person.run(&["code", "acme"]).out;
    let next = person.json(&["code", "acme"])["next_code"].to_string();
    // The code may have changed between the two runs.
    let line = done.out.lines().next().unwrap();
    assert!(
        line.contains(code.trim()) || line.contains(next.trim_matches('"')),
        "{line}"
    );
    assert!(done.out.contains("counter 0"));
}

#[test]
fn an_empty_list_says_what_to_do() {
    let person = Person::new();
    let done = person.run(&["list"]);
    assert_eq!(done.exit, 0);
    assert!(done.out.contains("countersign add"));
}

#[test]
fn names_from_outside_cannot_move_the_cursor() {
    let person =
        Person::with(&["otpauth://totp/%1B%5B2JEvil:%E2%80%AEann%0D%0A?secret=JBSWY3DPEHPK3PXP"]);
    let done = person.run(&["list"]);
    assert!(!done.out.contains('\u{1b}') && !done.out.contains('\u{202e}'));
    assert_eq!(done.out.lines().count(), 1);
}
