use proptest::prelude::*;

use super::*;

fn found(text: &str) -> Finding {
    examine(text, TestMode::Off)
}

#[track_caller]
fn check(text: &str, kind: Kind, error: Option<&str>, hint: Option<Hint>) -> Finding {
    let found = found(text);
    let name = found.error.map(|error| error.name());
    assert_eq!(
        (found.kind, name, found.hint),
        (kind, error, hint),
        "{text:?}"
    );
    found
}

const MIGRATION: &str = "otpauth-migration://offline?data=CgQKAg+/EAE=";

#[test]
fn accounts_are_accepted_with_their_kind() {
    let found = check(
        "otpauth://totp/a:b?secret=AAAAAAAA&issuer=c",
        Kind::Totp,
        None,
        None,
    );
    assert_eq!(found.accounts().count(), 1);
    assert!(found.warnings.contains(&Warning::IssuerMismatch));
    check("otpauth://hotp/a?secret=AAAAAAAA", Kind::Hotp, None, None);
    check("steam://AAAAAAAA", Kind::Steam, None, None);
    check(MIGRATION, Kind::Migration, None, None);
}

#[test]
fn a_refused_link_keeps_its_kind() {
    for (text, kind, name) in [
        ("otpauth://totp/x", Kind::Totp, "missing_secret"),
        ("otpauth://hotp/x?secret=0", Kind::Hotp, "invalid_secret"),
        ("steam://", Kind::Steam, "empty_secret"),
        ("otpauth://yaotp/x", Kind::OtherOtp, "unsupported_type"),
        ("otpauth:totp/x", Kind::OtherOtp, "malformed_uri"),
        ("motp://x?secret=00", Kind::OtherOtp, "unsupported_type"),
        (
            "otpauth-migration://offline",
            Kind::Migration,
            "missing_data",
        ),
        (
            "otpauth-migration://offline?data=EAE",
            Kind::Migration,
            "empty_payload",
        ),
        ("countersign://enrol", Kind::Invitation, "malformed_uri"),
        (
            "countersign://enrol?v=2",
            Kind::Invitation,
            "unsupported_version",
        ),
        ("countersign:enrol", Kind::Invitation, "malformed_uri"),
        (
            "countersign://approve?s=x",
            Kind::Statement,
            "malformed_uri",
        ),
    ] {
        check(text, kind, Some(name), None);
    }
}

#[test]
fn an_export_needs_one_good_entry() {
    // The first entry has no key; the second is good.
    let found = check(
        "otpauth-migration://offline?data=Cg8KABIBYRoCRXggASgBMAIKGQoKSGVsbG8h3q2%2B7xIBYhoCRXggASgBMAIQARgBIAAoAA%3D%3D",
        Kind::Migration,
        None,
        None,
    );
    assert_eq!(found.accounts().count(), 1);
    assert!(found.warnings.contains(&Warning::PeriodDropped));
    check(
        "otpauth-migration://offline?data=Cg8KABIBYRoCRXggASgBMAIQAQ",
        Kind::Migration,
        Some("empty_secret"),
        None,
    );
}

#[test]
fn a_file_of_exports_is_one_answer() {
    let text = format!("# my phone\r\n\r\nQR-Code:{MIGRATION}\r\n// next\r\n{MIGRATION}\r\n");
    let found = check(&text, Kind::Migration, None, None);
    assert_eq!(
        found.accounts().count(),
        1,
        "a part that stands twice counts once"
    );
    let text = format!("# only one\n{MIGRATION}\n");
    assert_eq!(
        check(&text, Kind::Migration, None, None).accounts().count(),
        1
    );
    check(
        &format!("{MIGRATION}\n{MIGRATION}\nmore"),
        Kind::Migration,
        Some("invalid_payload"),
        None,
    );
    check(
        &format!("{MIGRATION}\nsteam://AAAAAAAA"),
        Kind::Text,
        Some("not_otpauth"),
        None,
    );
}

#[test]
fn a7_microsofts_format_is_named_with_the_words_to_click() {
    let text =
        "phonefactor://activate_account?code=518227904&url=https%3a%2f%2fx.example%2factivatev2";
    let found = check(
        text,
        Kind::PushActivation,
        Some("push_not_supported"),
        Some(Hint::PushActivation),
    );
    assert_eq!(found.vendor, Some(Vendor::Microsoft));
    assert_eq!(found.accounts().count(), 0);
    assert!(found.kind.explanation().contains("Microsoft's own format"));
    assert!(
        found
            .kind
            .next_step()
            .contains("I want to use a different authenticator app")
    );
    for (query, name) in [
        ("url=https://x.example", "missing_code"),
        ("code=123456789", "missing_url"),
        ("code=123456789&url=http://x.example", "insecure_url"),
    ] {
        check(
            &format!("phonefactor://activate_account?{query}"),
            Kind::PushActivation,
            Some(name),
            Some(Hint::PushActivation),
        );
    }
}

#[test]
fn a8_each_kind_of_code_has_its_own_explanation_and_makes_no_account() {
    let mut explanations = std::collections::BTreeSet::new();
    for (text, kind, hint) in [
        (
            "FIDO:/459420072993020151203020010000000000",
            Kind::Passkey,
            Some(Hint::Passkey),
        ),
        ("WIFI:S:net;T:WPA;P:pass;;", Kind::Wifi, None),
        (
            "https://aka.ms/mfasetup",
            Kind::WebLink,
            Some(Hint::WebLink),
        ),
        (
            "https://play.google.com/store/apps/details?id=x",
            Kind::StoreLink,
            Some(Hint::WebLink),
        ),
        ("BEGIN:VCARD\nN:x\nEND:VCARD", Kind::Contact, None),
        ("mailto:a@b.example", Kind::Mail, None),
        ("TEL:+123", Kind::Telephone, None),
        ("8659612000123", Kind::Digits, None),
        ("definitely not valid", Kind::Text, None),
    ] {
        let found = check(text, kind, Some("not_otpauth"), hint);
        assert_eq!(found.accounts().count(), 0);
        assert_eq!(found.content, Content::Nothing);
        assert!(explanations.insert(found.kind.explanation()));
    }
}

#[test]
fn text_that_is_nothing_makes_no_account() {
    for text in [
        "",
        " ",
        "\0",
        "otpauth",
        "://",
        "javascript:alert(1)",
        "JBSWY3DPEHPK3PXP",
        "\u{202e}//:htuapto",
        "оtpauth://totp/x?secret=AAAA",
        "totp://x?secret=AAAA",
        "data:text/html,x",
        "1.5",
        "٤٩٢٠٣٩",
        "secret=JBSWY3DPEHPK3PXP",
    ] {
        check(text, Kind::Text, Some("not_otpauth"), None);
    }
    check(
        "492 039",
        Kind::Digits,
        Some("not_otpauth"),
        Some(Hint::LooksLikeCode),
    );
}

#[test]
fn other_servers_links_are_kept_whole() {
    for (text, vendor) in [
        (
            "otpauth://pipush/a?url=x&v=1&serial=PIPU1",
            Vendor::PrivacyIdea,
        ),
        ("pia://pipush/a?url=x&v=1&serial=PIPU1", Vendor::PrivacyIdea),
        (
            "pia://container/a?url=x&v=1&serial=SMPH1",
            Vendor::PrivacyIdea,
        ),
        (
            "otpauth://container/a?url=x&v=1&serial=SMPH1",
            Vendor::PrivacyIdea,
        ),
        (
            "edumfa-push://edumfa/a?url=x&v=1&serial=EDUP1",
            Vendor::EduMfa,
        ),
    ] {
        let found = check(
            text,
            Kind::ForeignPush,
            Some("push_not_supported"),
            Some(Hint::PushActivation),
        );
        assert_eq!(found.vendor, Some(vendor));
        let Content::ForeignPush(push) = &found.content else {
            panic!("{text}")
        };
        assert_eq!(push.parameters.len(), 3);
    }
    check(
        "pia://other/x",
        Kind::ForeignPush,
        Some("push_not_supported"),
        Some(Hint::PushActivation),
    );
}

#[test]
fn a_broken_link_of_another_server_names_its_vendor_too() {
    for (text, vendor) in [
        ("pia://other/x", Some(Vendor::PrivacyIdea)),
        ("PIA:x", Some(Vendor::PrivacyIdea)),
        ("edumfa-push:x", Some(Vendor::EduMfa)),
        ("phonefactor:activate_account", Some(Vendor::Microsoft)),
        ("otpauth:pipush/x", None),
        ("countersign://enrol", None),
    ] {
        let found = found(text);
        assert!(!found.is_accepted(), "{text}");
        assert_eq!(found.vendor, vendor, "{text}");
    }
}

#[test]
fn a13_code_and_address_together_are_an_invitation() {
    let found = check(
        "Code 1234 5678 9012 3456\nURL https://mfa.example",
        Kind::Invitation,
        None,
        None,
    );
    let Content::Invitation(invitation) = &found.content else {
        panic!("an invitation")
    };
    assert_eq!(invitation.url.host(), "mfa.example");
    check(
        "1234-5678-9012-3456 http://mfa.example",
        Kind::Invitation,
        Some("insecure_url"),
        None,
    );
    check(
        "1234-5678-9012-345 https://mfa.example",
        Kind::Invitation,
        Some("missing_code"),
        None,
    );
    check(
        "https://mfa.example/1234567890123456",
        Kind::WebLink,
        Some("not_otpauth"),
        Some(Hint::WebLink),
    );
    check(
        "1234 5678 9012 3456",
        Kind::Digits,
        Some("not_otpauth"),
        None,
    );
}

#[test]
fn caps_come_first() {
    let name = |text: &str| found(text).error.map(|error| error.name());
    assert_eq!(name(&"x".repeat(TEXT_BYTES_MAX + 1)), Some("too_long"));
    assert_eq!(name(&"x".repeat(10 * TEXT_BYTES_MAX)), Some("too_long"));
    assert_eq!(name(&"x".repeat(LINK_BYTES_MAX + 1)), Some("too_long"));
    assert_eq!(name(&"x".repeat(LINK_BYTES_MAX)), Some("not_otpauth"));
    assert_eq!(
        name(&format!("https://{}", "x".repeat(LINK_BYTES_MAX))),
        Some("too_long")
    );
    let long = format!(
        "otpauth://totp/{}?secret=AAAAAAAA",
        "x".repeat(LINK_BYTES_MAX)
    );
    check(&long, Kind::OtherOtp, Some("too_long"), None);
    let file = format!("{MIGRATION}\n").repeat(1_000);
    assert!(found(&file).is_accepted());
}

#[test]
fn a_typed_entry_is_answered_too() {
    let entry = |secret, kind| ManualEntry {
        issuer: "a",
        secret,
        kind,
        ..ManualEntry::default()
    };
    let kind_of = |secret, kind| {
        let found = examine_manual(&entry(secret, kind));
        (found.kind, found.error.map(|error| error.name()))
    };
    assert_eq!(kind_of("AAAAAAAA", "hotp"), (Kind::Hotp, None));
    assert_eq!(kind_of("0", "hotp"), (Kind::Hotp, Some("invalid_secret")));
    assert_eq!(kind_of("0", ""), (Kind::Totp, Some("invalid_secret")));
    assert_eq!(
        kind_of("AAAAAAAA", "yaotp"),
        (Kind::OtherOtp, Some("unsupported_type"))
    );
    assert_eq!(
        kind_of("https://x.example", ""),
        (Kind::WebLink, Some("wrong_kind"))
    );
    assert_eq!(
        kind_of("otpauth://hotp/x", ""),
        (Kind::Hotp, Some("missing_secret"))
    );
    assert_eq!(
        kind_of("otpauth://pipush/x", ""),
        (Kind::ForeignPush, Some("wrong_kind"))
    );
}

#[test]
fn nothing_of_a_text_is_in_the_finding() {
    for text in [
        "MARKED",
        "https://MARKED",
        "otpauth://totp/MARKED?secret=MARKED0",
        "otpauth://totp/MARKED?secret=MARKEDAA",
        "pia://pipush/MARKED?MARKED=MARKED",
        "phonefactor://activate_account?code=123456&url=https://MARKED",
        "WIFI:S:MARKED;;",
        "https://MARKED.example 1234567890123456",
        "mailto:MARKED",
    ] {
        let shown = format!("{:?}", found(text));
        assert!(!shown.to_uppercase().contains("MARKED"), "{shown}");
    }
}

proptest! {
    #[test]
    fn every_text_has_an_answer(text in any::<String>()) {
        for text in [text.clone(), format!("countersign://enrol?{text}"), format!("https://{text}"), format!("{MIGRATION}\n{text}")] {
            let found = found(&text);
            prop_assert!(found.is_accepted() || found.accounts().count() == 0 || found.kind == Kind::Migration);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_answered_after_replacement(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(!found(&String::from_utf8_lossy(&bytes)).is_accepted());
    }
}
