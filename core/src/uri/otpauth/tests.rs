use proptest::prelude::*;

use super::*;
use crate::otp::Algorithm;
use crate::time::UnixSeconds;
use crate::uri::LINK_BYTES_MAX;

/// An account's link with more parameters.
fn with(parameters: &str) -> String {
    format!("otpauth://totp/Acme:ann?secret=JBSWY3DPEHPK3PXP{parameters}")
}

#[track_caller]
fn read(text: &str) -> Parsed {
    parse_otpauth(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[track_caller]
fn refused(text: &str, name: &str) {
    assert_eq!(parse_otpauth(text).unwrap_err().name(), name, "{text:?}");
}

#[test]
fn a1_every_parameter_is_taken_and_the_code_is_that_of_rfc_6238() {
    let parsed = read(
        "otpauth://totp/ACME:ann@acme.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA&issuer=ACME&digits=8&algorithm=SHA256&period=60",
    );
    let account = &parsed.account;
    assert_eq!(account.issuer.as_str(), "ACME");
    assert_eq!(account.account.as_str(), "ann@acme.test");
    let kind = account.otp.kind();
    assert_eq!((kind.digits(), kind.algorithm()), (8, Algorithm::Sha256));
    assert_eq!(kind.period().unwrap().seconds(), 60);
    assert_eq!(parsed.warnings, []);
    // Appendix B has 46119246 at step 1 of its 30 s steps; step 1 of 60 s steps begins at 60 s.
    let code = account.otp.generator().code(UnixSeconds(60));
    assert_eq!(code.text().expose(), "46119246");
}

#[test]
fn a2_what_is_cosmetic_is_read() {
    for text in [
        "otpauth://totp/Acme:ann?secret=jbswy3dpehpk3pxp",
        "otpauth://totp/Acme:ann?secret=JBSW+Y3DP%20EHPK-3PXP",
        "otpauth://totp/Acme%3Aann?secret=JBSWY3DPEHPK3PXP====",
        "otpauth://totp/Acme%3A%20%61nn?secret=JBSWY3DPEHPK3PXP%3D&x=y&=&&z",
        "OTPAUTH://TOTP/Acme:ann?SECRET=JBSWY3DPEHPK3PXP&Issuer=Acme&DIGITS=6",
        "apple-otpauth://totp/Acme:ann?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/Acme:ann?secret=JBSWY3DPEHPK3PXP&issuer=&algorithm=null&digits=&period=NULL",
        "\u{feff}QR-Code: otpauth://totp/Acme:ann?secret=JBSWY3DPEHPK3PXP\0\r\n",
        "otpauth://totp/Acme:ann?secret=JBSWY3DP\nEHPK3PXP&digits=6\n",
        "otpauth://totp/Acme:ann?secret=JBSWY3DPEHPK3PXP&image=file:///etc/passwd&lock=maybe&color=red&pin=1",
        "otpauth://totp/Acme:ann?secret=JBSWY3DPEHPK3PXP&counter=no",
    ] {
        let parsed = read(text);
        assert_eq!(parsed.account, read(&with("")).account, "{text:?}");
        assert_eq!(parsed.warnings, [], "{text:?}");
    }
}

#[test]
fn a2_a_broken_or_escaped_name_is_no_other_parameter() {
    let expected = read(&with("&digits=8&algorithm=SHA256&period=60"));
    for parameters in [
        "&dig\nits=8&algorithm=SHA256&period=60",
        "&\r\n digits=8&algorithm =SHA256&per\tiod=60",
        "&digits=8&%61lgorithm=SHA256&+period+=60",
        "&\u{200b}digits=8&algorithm\u{feff}=SHA256&%20period=60",
    ] {
        assert_eq!(read(&with(parameters)), expected, "{parameters:?}");
    }
    refused(&with("&digits=6&dig\nits=8"), "duplicate_parameter");
    refused(&with("&2st\nep_salt=8"), "unsupported_2step");
    refused("otpauth://totp/x?sec%ffret=JBSWY3DP", "missing_secret");
}

#[test]
fn a2_a_missing_or_empty_secret_names_the_field() {
    for (query, name) in [
        ("", "missing_secret"),
        ("?issuer=x", "missing_secret"),
        ("?secret=", "empty_secret"),
        ("?secret", "empty_secret"),
        ("?secret=%20-", "empty_secret"),
        ("?secret=A", "empty_secret"),
    ] {
        let error = parse_otpauth(&format!("otpauth://totp/Acme:ann{query}")).unwrap_err();
        assert_eq!((error.name(), error.field()), (name, Some(Field::Secret)));
    }
}

#[test]
fn the_scheme_and_the_type_decide() {
    for text in [
        "",
        " ",
        "otpauth",
        "definitely not valid",
        "totp://x",
        "JBSWY3DPEHPK3PXP",
        "otpauth-migration://offline?data=x",
        "motp://x",
        "javascript:alert(1)",
        "οtpauth://totp/x?secret=AAAA",
        "otpauth\u{202e}://totp/x?secret=AAAA",
    ] {
        refused(text, "not_otpauth");
    }
    for text in [
        "otpauth:totp/x?secret=AAAA",
        "otpauth:/totp/x",
        "steam:AAAA",
    ] {
        refused(text, "malformed_uri");
    }
    for text in [
        "otpauth://",
        "otpauth:///x?secret=AAAA",
        "otpauth://foo/x?secret=AAAA",
        "otpauth://yaotp/x?secret=AAAA",
        "otpauth://pipush/x?url=y",
        "otpauth://totp:1/x?secret=AAAA",
    ] {
        refused(text, "unsupported_type");
    }
}

#[test]
fn two_step_enrolment_is_refused() {
    for parameters in ["&2step_salt=8", "&2STEP_output=20", "&2step_difficulty"] {
        refused(&with(parameters), "unsupported_2step");
    }
}

#[test]
fn a_bad_parameter_is_never_a_default() {
    for (parameters, name) in [
        ("&algorithm=MD5", "unsupported_algorithm"),
        ("&algorithm=SHA3-256", "unsupported_algorithm"),
        ("&digits=0", "invalid_digits"),
        ("&digits=11", "invalid_digits"),
        ("&digits=six", "invalid_digits"),
        ("&amp;digits=six", "invalid_digits"),
        ("&period=0", "invalid_period"),
        ("&period=30.5", "invalid_period"),
        ("&period=2147483648", "invalid_period"),
        ("&encoder=unknown", "unsupported_type"),
    ] {
        refused(&with(parameters), name);
    }
    for counter in ["-1", "x", "1.5", "null", "9223372036854775808"] {
        let text = format!("otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP&counter={counter}");
        refused(&text, "invalid_counter");
    }
}

#[test]
fn ampersands_of_a_web_page_separate() {
    let parsed = read(&with("&amp;digits=8&amp;amp;period=60"));
    let kind = parsed.account.otp.kind();
    assert_eq!(kind.digits(), 8);
    assert_eq!(kind.period().unwrap().seconds(), 60);
}

#[test]
fn a_parameter_given_twice_has_to_be_the_same() {
    for parameters in [
        "&secret=JBSWY3DPEHPK3PXQ",
        "&digits=6&digits=8",
        "&period=30&PERIOD=60",
        "&algorithm=SHA1&algorithm=SHA256",
        "&counter=1&counter=2",
        "&digits=&digits=8",
        "&digits=6&amp;digits=8",
        "&digits=six&digits=6",
        "&algorithm=MD5&algorithm=SHA1",
        "&secret=JBSWY3DPEHPK3PX0",
    ] {
        refused(&with(parameters), "duplicate_parameter");
    }
    for parameters in [
        "&secret=JBSWY3DPEHPK3PXP",
        "&secret=jbswy3dpehpk3px%50",
        "&secret=JBSW%20Y3DP-EHPK+3PXP==",
        "&digits=6&digits=6",
        "&digits=6&digits=06",
        "&period=30&period=%20030",
        "&algorithm=SHA1&algorithm=HmacSHA1",
        "&counter=1&counter=01",
        "&issuer=Acme&issuer=Other",
    ] {
        assert_eq!(
            read(&with(parameters)).account,
            read(&with("")).account,
            "{parameters}"
        );
    }
}

#[test]
fn a_bad_secret_has_its_position_in_the_raw_value() {
    for (raw, at, replacement) in [
        ("JBSW0", 4, Some('O')),
        ("JBSW%208", 7, Some('B')),
        ("JBSW%C3%9F", 4, None),
        ("JBSW%FF", 4, None),
        ("JB=SW", 2, None),
        ("JB%3DSW", 2, None),
        ("JB%00SW", 2, None),
        ("JB%SW", 2, None),
    ] {
        let error = parse_otpauth(&format!("otpauth://totp/x?secret={raw}")).unwrap_err();
        assert_eq!(error, UriError::InvalidSecret { at, replacement }, "{raw}");
    }
    let long = "A".repeat(821);
    refused(
        &format!("otpauth://totp/x?secret={long}"),
        "secret_too_long",
    );
}

#[test]
fn odd_but_usable_values_are_said() {
    for (text, warnings) in [
        (with("&digits=5"), vec![Warning::NonstandardDigits]),
        (with("&digits=10"), vec![Warning::NonstandardDigits]),
        (with("&period=3600"), vec![Warning::NonstandardPeriod]),
        (with("&digits=7&period=60"), vec![]),
        (with("&issuer=Other"), vec![Warning::IssuerMismatch]),
        (
            "otpauth://totp/x?secret=JBSWY3DPEHPK3PX".into(),
            vec![Warning::WeakSecret],
        ),
        (
            "otpauth://totp/x?secret=JBSWY3DPEHPK3PXPA".into(),
            vec![Warning::NoncanonicalSecret],
        ),
        (
            "otpauth://totp?secret=JBSWY3DPEHPK3PXP".into(),
            vec![Warning::MissingLabel],
        ),
        (
            "otpauth://totp/%20?secret=JBSWY3DPEHPK3PXP&issuer=x".into(),
            vec![Warning::MissingLabel],
        ),
        (
            "otpauth://totp/Acme:?secret=JBSWY3DPEHPK3PXP".into(),
            vec![Warning::MissingAccount],
        ),
        (
            "otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP".into(),
            vec![Warning::MissingCounter],
        ),
        (
            "otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP&counter=0&period=7".into(),
            vec![],
        ),
    ] {
        assert_eq!(read(&text).warnings, warnings, "{text}");
    }
}

#[test]
fn steam_is_recognised_where_it_is_meant() {
    for text in [
        "otpauth://steam/Valve:gaben?secret=JBSWY3DPEHPK3PXP&digits=6&algorithm=SHA256",
        "otpauth://totp/Valve:gaben?secret=JBSWY3DPEHPK3PXP&encoder=steam&digits=5",
        "otpauth://totp/Valve:gaben?secret=JBSWY3DPEHPK3PXP&Steam",
        "otpauth://totp/Steam:gaben?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/gaben?secret=JBSWY3DPEHPK3PXP&issuer=steam&digits=5",
        "steam://JBSWY3DPEHPK3PXP",
        "STEAM://jbsw%20y3dpehpk3pxp/",
    ] {
        assert_eq!(read(text).account.otp.kind(), OtpKind::Steam, "{text}");
    }
    for text in [
        "otpauth://totp/Steam:gaben?secret=JBSWY3DPEHPK3PXP&digits=6",
        "otpauth://totp/Steam:gaben?secret=JBSWY3DPEHPK3PXP&digits=5&encoder=totp",
        "otpauth://totp/Steamy:gaben?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/Steam:gaben?secret=JBSWY3DPEHPK3PXP&algorithm=SHA256",
        "otpauth://totp/Steam:gaben?secret=JBSWY3DPEHPK3PXP&digits=5&period=60",
        "otpauth://totp/Steam:gaben?secret=JBSWY3DPEHPK3PXP&issuer=Other",
        "otpauth://totp/x:gaben?secret=JBSWY3DPEHPK3PXP&steam=no",
    ] {
        assert_eq!(read(text).account.otp.kind().name(), "totp", "{text}");
    }
    refused(
        "otpauth://hotp/Steam:x?secret=JBSWY3DPEHPK3PXP&encoder=steam",
        "unsupported_type",
    );
    refused("steam://", "empty_secret");
    refused("steam://ABCD123", "invalid_secret");
    refused("steam://ABCD+EFG", "invalid_secret");
    refused("steam://run/440", "invalid_secret");
}

#[test]
fn a_steam_link_without_issuer_is_steams() {
    assert_eq!(
        read("steam://JBSWY3DPEHPK3PXP").account.issuer.as_str(),
        "Steam"
    );
    let parsed = read("otpauth://steam/gaben?secret=JBSWY3DPEHPK3PXP");
    assert_eq!(parsed.account.issuer.as_str(), "");
}

#[test]
fn names_lose_what_could_deceive_and_nothing_else() {
    let parsed =
        read("otpauth://totp/A%E2%80%AEcme%00:%F0%9F%91%A9%0A%FF+x%?secret=JBSWY3DPEHPK3PXP");
    assert_eq!(parsed.account.issuer.as_str(), "Acme");
    assert_eq!(parsed.account.account.as_str(), "👩\u{fffd}+x%");
    let long = "n".repeat(3_000);
    let parsed = read(&format!("otpauth://totp/{long}?secret=JBSWY3DPEHPK3PXP"));
    assert_eq!(parsed.account.account.as_str().len(), 3_000);
}

#[test]
fn a_link_beyond_the_cap_is_refused_at_once() {
    let tail = "?secret=JBSWY3DPEHPK3PXP";
    let fill = LINK_BYTES_MAX - "otpauth://totp/".len() - tail.len();
    read(&format!("otpauth://totp/{}{tail}", "n".repeat(fill)));
    refused(
        &format!("otpauth://totp/{}{tail}", "n".repeat(fill + 1)),
        "too_long",
    );
    refused(&"x".repeat(10 * 1024 * 1024), "too_long");
}

#[test]
fn nothing_of_a_link_is_in_an_error_or_in_debug() {
    for text in [
        "otpauth://totp/MARKED:MARKED?secret=MARKED0&issuer=MARKED",
        "otpauth://MARKED/MARKED?secret=MARKED",
        "otpauth:MARKED",
        "MARKED://MARKED",
        "otpauth://totp/MARKED?secret=MARKED&digits=MARKED",
        "otpauth://totp/MARKED?secret=MARKED&algorithm=MARKED",
        "otpauth://totp/MARKED?secret=MARKED&period=MARKED",
        "otpauth://hotp/MARKED?secret=MARKED&counter=MARKED",
        "otpauth://totp/MARKED?secret=MARKED&secret=MARKEDA",
        "otpauth://totp/MARKED?secret=MARKED&2step_salt=MARKED",
        "steam://MARKED1",
        "otpauth://totp/MARKED?issuer=MARKED",
        "otpauth://totp/MARKED?secret=%FFMARKED",
    ] {
        let error = parse_otpauth(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("MARKED"), "{text}");
    }
    let parsed = read("otpauth://totp/MARKED:MARKED?secret=MARKEDAA&issuer=MARKEDX");
    let debug = format!("{parsed:?}");
    assert!(!debug.contains("MARKED"), "{debug}");
    assert!(!debug.contains("secret: ["), "{debug}");
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        drop(parse_otpauth(&text));
        drop(parse_otpauth(&format!("otpauth://totp/{text}")));
        drop(parse_otpauth(&format!("otpauth://totp/x?secret={text}")));
        drop(parse_otpauth(&with(&format!("&{text}"))));
        drop(parse_otpauth(&format!("steam://{text}")));
    }

    #[test]
    fn a_key_is_read_whole_or_refused(secret in "[A-Za-z0-9= -]{1,40}") {
        if let Ok(parsed) = parse_otpauth(&format!("otpauth://totp/x?secret={secret}")) {
            let letters: String = secret
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|letter| letter.to_ascii_uppercase())
                .collect();
            let written = crate::encoding::base32::encode(parsed.account.otp.key().expose());
            // All whole bytes of the letters, and none beside them.
            let key_bytes = parsed.account.otp.key().len();
            prop_assert_eq!(key_bytes, letters.len() * 5 / 8);
            let whole = key_bytes * 8 / 5;
            prop_assert_eq!(written.expose().get(..whole), letters.get(..whole));
        }
    }
}
