//! `add` from links and by hand.

use crate::person::{ACME, BANK, Person, name};

#[test]
fn a1_a_link_is_stored_with_all_its_parameters() {
    let person = Person::new();
    let link = "otpauth://totp/ACME:ann@acme.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA&issuer=ACME&digits=8&algorithm=SHA256&period=60";
    let document = person.feed_json(&["add", "-"], link.as_bytes());
    let added = &document["added"][0];
    for (key, value) in [
        ("issuer", "ACME"),
        ("account", "ann@acme.test"),
        ("algorithm", "SHA256"),
    ] {
        assert_eq!(added[key], value);
    }
    assert_eq!(
        (&added["digits"], &added["period"]),
        (&8.into(), &60.into())
    );
    let exported = person.json(&["export", "acme", "--uri"]);
    assert_eq!(
        exported["uri"],
        "otpauth://totp/ACME:ann%40acme.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA&issuer=ACME&algorithm=SHA256&digits=8&period=60"
    );
}

#[test]
fn an_added_account_shows_its_parameters_and_its_code() {
    let person = Person::new();
    let done = person.feed(&["add", "-"], format!("{ACME}&digits=8\n").as_bytes());
    assert_eq!(done.exit, 0);
    assert!(done.out.contains("Acme:ann") && done.out.contains("SHA1, 8 digits, every 30 s"));
    let line = done
        .out
        .lines()
        .find(|line| line.contains("code now"))
        .unwrap();
    assert_eq!(
        line.chars().filter(char::is_ascii_digit).count(),
        8,
        "{line}"
    );
    assert!(!done.out.contains("JBSWY3DP"));
}

#[test]
fn a2_a_missing_or_empty_secret_names_the_field() {
    let person = Person::new();
    let before = person.files();
    for (link, expected) in [
        ("otpauth://totp/A:b", "missing_secret"),
        ("otpauth://totp/A:b?secret=", "empty_secret"),
        ("otpauth://totp/A:b?secret=A1", "invalid_secret"),
    ] {
        let document = person.feed_json(&["add", "-"], link.as_bytes());
        assert_eq!(name(&document), expected);
        assert_eq!(document["error"]["field"], "secret");
    }
    assert_eq!(person.files(), before);
}

#[test]
fn a4_the_same_names_with_another_key_are_both_kept() {
    let person = Person::with(&[ACME]);
    let other = "otpauth://totp/Acme:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBV&issuer=Acme";
    let document = person.feed_json(&["add", "-"], other.as_bytes());
    let accounts = person.accounts();
    assert_eq!(accounts.len(), 2);
    assert_eq!(document["added"][0]["same_names"][0], accounts[0]["id"]);
    let third = "otpauth://totp/Acme:ann?secret=MFRGGZDFMZTWQ2LK&issuer=Acme";
    let done = person.feed(&["add", "-"], third.as_bytes());
    assert_eq!(done.out.matches("Acme:ann").count(), 3, "{}", done.out);
    assert!(done.out.contains("Both are kept"));
    assert_ne!(accounts[0]["code"], accounts[1]["code"]);
}

#[test]
fn a5_the_same_account_again_is_already_here() {
    let person = Person::with(&[ACME, BANK]);
    person.json(&["next", "bank"]);
    let document = person.feed_json(&["add", "-"], BANK.as_bytes());
    assert_eq!(document["already_here"][0]["in_trash"], false);
    assert_eq!(document["added"].as_array().unwrap().len(), 0);
    // The stored counter never changes by adding.
    assert_eq!(person.accounts()[1]["counter"], 1);

    person.json(&["remove", "acme"]);
    let document = person.feed_json(&["add", "-"], ACME.as_bytes());
    assert_eq!(document["already_here"][0]["in_trash"], true);
    let done = person.feed(&["add", "-"], ACME.as_bytes());
    assert!(
        done.out.contains("trash") && done.out.contains("restore"),
        "{done:?}"
    );
    assert_eq!(person.accounts().len(), 1);
}

#[test]
fn a5_the_same_key_with_anything_else_is_added_with_a_warning() {
    let person = Person::with(&[ACME]);
    let document = person.feed_json(&["add", "-"], format!("{ACME}&digits=8").as_bytes());
    assert_eq!(document["warnings"][0]["name"], "same_secret");
    assert_eq!(person.accounts().len(), 2);
}

#[test]
fn a6_two_issuers_with_one_user_are_kept_without_a_question() {
    let person = Person::with(&[ACME]);
    let other = "otpauth://totp/Other:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBV&issuer=Other";
    let document = person.feed_json(&["add", "-"], other.as_bytes());
    assert_eq!(
        document["added"][0]["same_names"].as_array().unwrap().len(),
        0
    );
    assert_eq!(document["warnings"].as_array().unwrap().len(), 0);
}

#[test]
fn a7_microsofts_activation_is_named_with_the_words_to_click() {
    let person = Person::new();
    let before = person.files();
    let link = "phonefactor://activate_account?code=518227904&url=https%3A%2F%2Fmobileappcommunicator.auth.microsoft.com%2Factivatev2%2F863602595%2FSAS";
    let document = person.feed_json(&["add", "-"], link.as_bytes());
    assert_eq!(name(&document), "push_not_supported");
    assert_eq!(document["error"]["vendor"], "microsoft");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("Microsoft")
            && message.contains("I want to use a different authenticator app")
    );
    assert!(!message.contains("518227904"));
    assert_eq!(person.files(), before);
}

#[test]
fn a8_everything_else_has_its_own_explanation_and_adds_nothing() {
    let person = Person::new();
    let before = person.files();
    let mut messages = Vec::new();
    for (text, kind) in [
        ("FIDO:/123", "passkey"),
        ("WIFI:T:WPA;S:net;P:pass;;", "wifi"),
        (
            "https://play.google.com/store/apps/details?id=x",
            "store_link",
        ),
        ("https://example.com/", "web_link"),
        ("BEGIN:VCARD", "contact"),
        ("12345678", "digits"),
        ("hello there", "text"),
    ] {
        let document = person.feed_json(&["add", "-"], text.as_bytes());
        assert_eq!(name(&document), "not_otpauth", "{text}");
        assert_eq!(document["error"]["kind"], kind);
        messages.push(document["error"]["message"].clone());
    }
    messages.sort_by_key(ToString::to_string);
    messages.dedup();
    assert_eq!(messages.len(), 7);
    assert_eq!(person.files(), before);
}

#[test]
fn an_invitation_is_recognised_and_not_taken_for_codes() {
    let person = Person::new();
    let text = "https://auth.example.com/enrol 1234 5678 9012 3456";
    let document = person.feed_json(&["add", "-"], text.as_bytes());
    assert_eq!(name(&document), "not_confirmed");
    assert_eq!(document["error"]["host"], "auth.example.com");
    assert_eq!(person.accounts().len(), 0);
    assert_eq!(person.json(&["list"])["work"], serde_json::json!([]));
}

#[test]
fn an_account_is_typed_with_its_secret_from_a_file() {
    let person = Person::new();
    let arguments = [
        "add",
        "--issuer",
        "Züri: Bank",
        "--account",
        "ann",
        "--digits",
        "8",
        "--period",
        "60",
        "--algorithm",
        "sha512",
        "--secret-file",
        "-",
    ];
    let document = person.feed_json(&arguments, b"gezd gnbv-gy3t qojq\n");
    let added = &document["added"][0];
    assert_eq!(added["issuer"], "Züri: Bank");
    assert_eq!(added["algorithm"], "SHA512");
    assert_eq!(
        (&added["digits"], &added["period"]),
        (&8.into(), &60.into())
    );
    let hotp = [
        "add",
        "--account",
        "h",
        "--type",
        "hotp",
        "--counter",
        "9",
        "--secret-file",
        "-",
    ];
    assert_eq!(
        person.feed_json(&hotp, b"GEZDGNBVGY3TQOJQGEZDGNBV")["added"][0]["counter"],
        9
    );
}

#[test]
fn a_mistyped_field_is_refused_by_name_with_its_place() {
    let person = Person::new();
    let before = person.files();
    let typed = |more: &[&str], secret: &str| {
        let mut arguments = vec!["add", "--account", "a", "--secret-file", "-"];
        arguments.extend(more);
        person.feed_json(&arguments, secret.as_bytes())
    };
    let wrong = typed(&[], "JBSWY3DPEHPK3PX8");
    assert_eq!(name(&wrong), "invalid_secret");
    assert_eq!(wrong["error"]["position"], 15);
    assert_eq!(wrong["error"]["replacement"], "B");
    for (more, secret, expected) in [
        (
            &["--digits", "11"][..],
            "JBSWY3DPEHPK3PXP",
            "invalid_digits",
        ),
        (&["--digits", "six"], "JBSWY3DPEHPK3PXP", "invalid_digits"),
        (&["--period", "0"], "JBSWY3DPEHPK3PXP", "invalid_period"),
        (
            &["--type", "hotp", "--counter=-1"],
            "JBSWY3DPEHPK3PXP",
            "invalid_counter",
        ),
        (&["--type", "yaotp"], "JBSWY3DPEHPK3PXP", "unsupported_type"),
        (
            &["--algorithm", "MD5"],
            "JBSWY3DPEHPK3PXP",
            "unsupported_algorithm",
        ),
        (&[], "", "empty_secret"),
        (&[], "phonefactor://activate_account?code=1", "wrong_kind"),
    ] {
        assert_eq!(name(&typed(more, secret)), expected, "{more:?} {secret}");
    }
    let nameless = person.feed_json(
        &["add", "--digits", "6", "--secret-file", "-"],
        b"JBSWY3DPEHPK3PXP",
    );
    assert_eq!(name(&nameless), "missing_name");
    assert_eq!(person.files(), before);
}

#[test]
fn a_script_is_told_how_to_give_the_secret() {
    let person = Person::new();
    assert_eq!(
        person.refusal(&["add", "--account", "a"], b""),
        "secret_needed"
    );
    assert_eq!(person.refusal(&["add"], b""), "usage");
    assert_eq!(
        person.refusal(&["add", ACME, "--issuer", "x"], b""),
        "usage"
    );
    assert_eq!(
        person.refusal(&["add", ACME, "--qr", "x.png"], b""),
        "usage"
    );
    assert_eq!(person.refusal(&["add", "--pick", "1", ACME], b""), "usage");
}

#[test]
fn bad_input_gets_a_named_error_and_writes_nothing() {
    let person = Person::new();
    let before = person.files();
    let long = vec![b'a'; 10 << 20];
    let bidi = "otpauth://totp/pay\u{202e}lap?secret=JBSWY3DPEHPK3PX1";
    for (input, expected) in [
        (&b""[..], "not_otpauth"),
        (b"\0\0\0", "not_otpauth"),
        (b"\xff\xfe\xff", "not_otpauth"),
        (b"otpauth://totp/a?secret=\xff\xff", "invalid_secret"),
        (bidi.as_bytes(), "invalid_secret"),
        (b"otpauth:totp/x", "malformed_uri"),
        (&long, "too_long"),
    ] {
        assert_eq!(person.refusal(&["add", "-"], input), expected);
    }
    assert_eq!(person.files(), before);
}

#[test]
fn a_name_that_is_too_long_for_the_vault_is_refused_whole() {
    let person = Person::new();
    let link = format!(
        "otpauth://totp/{}?secret=JBSWY3DPEHPK3PXP",
        "a".repeat(1_025)
    );
    assert_eq!(
        person.refusal(&["add", "-"], link.as_bytes()),
        "name_too_long"
    );
    assert_eq!(person.accounts().len(), 0);
}
