use proptest::prelude::*;

use super::*;

const ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn link() -> String {
    format!(
        "countersign://enrol?v=1&url=https%3A%2F%2Fmfa.example&id={ID}&secret={ID}&key={KEY}&exp=1900000000&issuer=Big+Co%20Ltd&account=ann%40big.example"
    )
}

fn parse(text: &str) -> Result<Invitation, UriError> {
    parse_invitation(text, TestMode::Off)
}

#[track_caller]
fn refused(from: &str, to: &str, name: &str) {
    let text = link().replace(from, to);
    assert_ne!(text, link(), "the case changes something");
    assert_eq!(parse(&text).unwrap_err().name(), name, "{from} -> {to}");
}

#[test]
fn a_link_is_read_whole() {
    let invitation = parse(&link()).unwrap();
    assert_eq!(invitation.url.as_str(), "https://mfa.example");
    assert_eq!(invitation.url.host(), "mfa.example");
    let Proof::Scanned(scanned) = invitation.proof else {
        panic!("a link is scanned")
    };
    // Plus is itself in our own links.
    assert_eq!(scanned.issuer.as_str(), "Big+Co Ltd");
    assert_eq!(scanned.account.as_str(), "ann@big.example");
    assert_eq!(scanned.expires_at, UnixSeconds(1_900_000_000));
    assert_eq!((scanned.id.len(), scanned.secret.len()), (16, 16));
    assert_eq!(scanned.server_key, [0; 32]);
}

#[test]
fn unknown_parameters_and_the_schemes_case_do_not_matter() {
    assert!(parse(&format!("{}&new=1", link())).is_ok());
    assert!(parse(&link().replace("countersign:", " COUNTERSIGN:")).is_ok());
}

#[test]
fn the_version_is_judged_before_anything_else() {
    refused("v=1", "v=2", "unsupported_version");
    refused("v=1&url=https", "v=2&url=http", "unsupported_version");
    assert_eq!(
        parse("countersign://enrol?v=9").unwrap_err().name(),
        "unsupported_version"
    );
    refused("v=1", "v=", "malformed_uri");
    refused("v=1&", "", "malformed_uri");
    refused("v=1", "v=one", "malformed_uri");
    refused("v=1", "v=01", "unsupported_version");
    refused("v=1", "V=1", "malformed_uri");
}

#[test]
fn a_form_that_is_not_the_one_is_refused() {
    for (from, to) in [
        ("enrol?", "enrol/?"),
        ("enrol?", "other?"),
        ("enrol?", "?"),
        ("://", ":"),
        ("exp=1900000000", "exp=01900000000"),
        ("exp=1900000000", "exp=-1"),
        ("exp=1900000000", "exp=1900000000.5"),
        ("exp=1900000000", "exp=9007199254740992"),
        ("exp=1900000000", "exp="),
        ("&issuer=Big+Co%20Ltd", ""),
        ("&account=ann%40big.example", ""),
        ("Ltd", "Ltd%"),
        ("Ltd", "Ltd%ff"),
        (&*format!("id={ID}"), "id=AAAAAAAAAAAAAAAAAAAAAB"),
        (&*format!("id={ID}"), "id=AAAAAAAAAAAAAAAAAAAAA"),
        (&*format!("id={ID}"), "id=AAAAAAAAAAAAAAAAAAAAAA%3D%3D"),
        (&*format!("secret={ID}"), "secret=AAAAAAAAAAAAAAAAAAAAA+"),
        (&*format!("key={KEY}"), "key=AAAA"),
        (&*format!("key={KEY}"), "key="),
        ("mfa.example", "mfa.example%2F"),
        ("mfa.example", "MFA.example"),
        ("mfa.example", "mfa.example:443"),
        ("mfa.example", "mfa.example%3Fx"),
        ("https%3A%2F%2F", ""),
    ] {
        refused(from, to, "malformed_uri");
    }
}

#[test]
fn what_is_missing_or_unsafe_is_named() {
    refused("url=https%3A%2F%2Fmfa.example&", "", "missing_url");
    refused("url=https%3A%2F%2Fmfa.example&", "url=&", "missing_url");
    refused("https", "http", "insecure_url");
    refused("mfa.example", "user@mfa.example", "insecure_url");
    refused("mfa.example", "192.0.2.1", "insecure_url");
    refused(&format!("&id={ID}"), "", "missing_code");
    refused(&format!("&secret={ID}"), "", "missing_code");
}

#[test]
fn a_repeated_parameter_is_refused_even_when_it_is_the_same() {
    for again in [
        "&v=1",
        "&url=https%3A%2F%2Fmfa.example",
        "&issuer=x",
        "&exp=1900000000",
    ] {
        let error = parse(&format!("{}{again}", link())).unwrap_err();
        assert_eq!(error.name(), "malformed_uri", "{again}");
    }
}

#[test]
fn loopback_is_for_test_mode_only() {
    let text = link().replace("https%3A%2F%2Fmfa.example", "http%3A%2F%2F127.0.0.1%3A8080");
    assert_eq!(parse(&text), Err(UriError::InsecureUrl));
    assert!(parse_invitation(&text, TestMode::On).is_ok());
}

fn typed(invitation: Invitation) -> (String, String, String) {
    let Proof::Typed { choice, secret } = invitation.proof else {
        panic!("code and address are typed")
    };
    let url = invitation.url.as_str().to_owned();
    (url, choice.expose().to_owned(), secret.expose().to_owned())
}

#[test]
fn a13_a_code_may_be_grouped_as_people_do() {
    for code in [
        "1234567890123456",
        "1234 5678 9012 3456",
        " 1234-5678-9012-3456 ",
        "1234\u{a0}5678\u{2009}9012\u{2013}3456",
        "12 34 56 78 90 12 34 56",
    ] {
        let read = parse_code_and_url(code, "https://mfa.example", TestMode::Off).unwrap();
        let (url, choice, secret) = typed(read);
        assert_eq!(url, "https://mfa.example");
        assert_eq!((&*choice, &*secret), ("123", "4567890123456"), "{code:?}");
    }
}

#[test]
fn a13_a_code_that_is_not_sixteen_digits_is_refused() {
    for code in [
        "",
        "   ",
        "123456789012345",
        "12345678901234567",
        "1234 5678 9012 345x",
        "１２３４５６７８９０１２３４５６",
        "1234_5678_9012_3456",
        "1234.5678.9012.3456",
    ] {
        let error = parse_code_and_url(code, "https://mfa.example", TestMode::Off).unwrap_err();
        assert_eq!(error.name(), "missing_code", "{code:?}");
    }
    let error = |url| {
        parse_code_and_url("1234567890123456", url, TestMode::Off)
            .unwrap_err()
            .name()
    };
    assert_eq!(error(""), "missing_url");
    assert_eq!(error("http://mfa.example"), "insecure_url");
    assert_eq!(error("https://192.0.2.1"), "insecure_url");
    assert_eq!(error("mfa.example"), "malformed_uri");
}

#[test]
fn a13_a_pasted_line_fills_both_fields() {
    for text in [
        "1234 5678 9012 3456 https://mfa.example",
        "https://mfa.example 1234-5678-9012-3456",
        "Code: 1234 5678 9012 3456\r\nURL: https://mfa.example/\r\n",
        "URL: <https://mfa.example>, code: 1234567890123456.",
        "Your code is 1234 5678 9012 3456 (Https://MFA.example).",
        "1234 5678 9012 3456 https://mfa.example 1234-5678-9012-3456",
    ] {
        let (url, choice, secret) = typed(parse_pasted(text, TestMode::Off).unwrap());
        assert_eq!(url, "https://mfa.example", "{text:?}");
        assert_eq!((&*choice, &*secret), ("123", "4567890123456"), "{text:?}");
    }
    let pasted = format!("Open this link: {} now", link());
    assert_eq!(parse_pasted(&pasted, TestMode::Off), parse(&link()));
}

#[test]
fn a13_a_pasted_line_with_too_little_or_too_much_is_refused() {
    for (text, name) in [
        ("", "missing_url"),
        ("1234 5678 9012 3456", "missing_url"),
        ("https://mfa.example", "missing_code"),
        ("https://mfa.example 1234 5678 9012 345", "missing_code"),
        (
            "https://mfa.example 1234567890123456 / 6543210987654321",
            "missing_code",
        ),
        ("https://mfa.example/1234567890123456", "missing_code"),
        ("http://mfa.example 1234 5678 9012 3456", "insecure_url"),
        (
            "https://u:p@mfa.example 1234 5678 9012 3456",
            "insecure_url",
        ),
    ] {
        let error = parse_pasted(text, TestMode::Off).unwrap_err();
        assert_eq!(error.name(), name, "{text:?}");
    }
    let long = "x".repeat(super::super::LINK_BYTES_MAX + 1);
    assert_eq!(parse_pasted(&long, TestMode::Off), Err(UriError::TooLong));
}

#[test]
fn nothing_of_an_invitation_is_in_an_error_or_in_debug() {
    let text = link()
        .replace("ann", "MARKED")
        .replace("Big", "MARKED")
        .replace("mfa", "marked");
    let shown = format!("{:?}", parse(&text).unwrap());
    assert!(!shown.to_lowercase().contains("marked"), "{shown}");
    for text in [
        text.replace("https", "http"),
        text.replace("exp=", "exp=MARKED"),
        text.replace("key=", "key=MARKED"),
        text.replace("v=1", "v=MARKED"),
        format!("{text}&v=1"),
    ] {
        let error = parse(&text).unwrap_err();
        let shown = format!("{error} {error:?}").to_lowercase();
        assert!(!shown.contains("marked"), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        drop(parse(&text));
        drop(parse(&format!("countersign://enrol?{text}")));
        drop(parse(&format!("{}&{text}", link())));
        drop(parse_pasted(&text, TestMode::On));
        drop(parse_pasted(&format!("https://{text} 1234567890123456"), TestMode::On));
        drop(parse_code_and_url(&text, &text, TestMode::On));
    }

    #[test]
    fn a_base_address_is_taken_in_its_one_form_only(text in "(https?://)?[a-zA-Z.:@/?#%0-9-]{0,20}") {
        if let Ok(url) = ServerUrl::parse(&text, TestMode::Off) {
            prop_assert_eq!(url.as_str(), &text);
            prop_assert!(!text.ends_with('/') && text.starts_with("https://"));
        }
        if let Ok(url) = ServerUrl::parse_typed(&text, TestMode::Off) {
            prop_assert!(ServerUrl::parse(url.as_str(), TestMode::Off).is_ok(), "{:?}", url.as_str());
        }
    }
}
