//! `doctor --batch`: a bad line is an answer, never an end.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

mod contract;

use std::time::Duration;

use contract::{Person, Run};
use serde_json::Value;

const GOOD: &str =
    r#"{"id":"good","text":"otpauth://totp/One:a?secret=JBSWY3DPEHPK3PXP&issuer=One"}"#;

fn batch(person: &Person, lines: &[u8]) -> Run {
    person.run_with(
        &["doctor", "--batch", "-", "--reveal", "--at", "1741011292"],
        lines,
    )
}

/// The answer to a line that stands before a good one.
fn answer(person: &Person, line: &[u8]) -> Value {
    let lines = [line, b"\n", GOOD.as_bytes(), b"\n"].concat();
    let run = batch(person, &lines).exits(0);
    let answers: Vec<Value> = run
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        answers.len(),
        2,
        "{:?}",
        String::from_utf8_lossy(&line[..line.len().min(80)])
    );
    assert_eq!(answers[1]["id"], "good");
    assert_eq!(answers[1]["accounts"][0]["code"], "915760");
    assert!(run.took < Duration::from_secs(5));
    answers[0].clone()
}

/// Lines that ask nothing.
fn bad_lines() -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = [
        "",
        "   ",
        "\0\0",
        "not json",
        "[]",
        "null",
        "1",
        "\"x\"",
        "{}",
        r#"{"id":5}"#,
        r#"{"id":7,"text":1}"#,
        r#"{"id":8,"text":null}"#,
        r#"{"id":9,"text":"a","image":"b"}"#,
        r#"{"id":"a","id":"b","text":"x"}"#,
        r#"{"id":"d","text":"x","text":"y"}"#,
        r#"{"id":"e","text":"\ud800"}"#,
        r#"{"id":"m","manual":[]}"#,
        r#"{"id":"m","manual":{"issuer":1,"secret":"JBSWY3DPEHPK3PXP"}}"#,
        r#"{"id":"x","text":"x"} trailing"#,
    ]
    .map(Into::into)
    .into();
    lines.push(b"\xff\xfe{\"id\":1}".into());
    lines.push(b"{\"id\":1,\"text\":\"\xff\"}".into());
    lines.push([b"{\"id\":\"deep\",\"text\":".to_vec(), vec![b'['; 100_000]].concat());
    lines.push(vec![b'['; 200_000]);
    lines
}

#[test]
fn a_line_that_asks_nothing_is_a_bad_request() {
    let person = Person::new();
    for line in bad_lines() {
        let answer = answer(&person, &line);
        assert_eq!(answer["accepted"], false);
        assert_eq!(answer["error"]["name"], "bad_request", "{answer}");
    }
}

#[test]
fn a_bad_line_is_answered_in_the_form_of_every_other() {
    let person = Person::new();
    for line in bad_lines() {
        let answer = answer(&person, &line);
        for member in ["accounts", "failures", "warnings"] {
            assert!(answer[member].is_array(), "no {member}: {answer}");
        }
    }
}

#[test]
fn a_line_above_the_cap_is_too_long_and_keeps_its_place() {
    let person = Person::new();
    for bytes in [8_193, 1 << 20, 10 << 20] {
        let line = [
            b"{\"id\":\"huge\",\"text\":\"".to_vec(),
            vec![b'A'; bytes],
            b"\"}".to_vec(),
        ];
        let answer = answer(&person, &line.concat());
        assert_eq!(answer["error"]["name"], "too_long", "{bytes}");
        assert_eq!(answer["id"], "huge");
    }
}

#[test]
fn an_id_comes_back_as_it_was() {
    let person = Person::new();
    for id in [
        "5",
        "-1",
        "1.5",
        "true",
        "null",
        "[1]",
        r#"{"a":1}"#,
        r#""é""#,
        "9007199254740993",
    ] {
        let answer = answer(&person, format!(r#"{{"id":{id},"text":"x"}}"#).as_bytes());
        assert_eq!(answer["id"], serde_json::from_str::<Value>(id).unwrap());
    }
    assert_eq!(answer(&person, br#"{"text":"x"}"#)["id"], Value::Null);
}

#[test]
fn an_id_above_64_bits_is_not_rounded() {
    let line = br#"{"id":123456789012345678901234567890,"text":"x"}"#;
    let run = batch(&Person::new(), line).exits(0);
    assert!(
        run.out.contains("123456789012345678901234567890"),
        "{}",
        run.out
    );
}

#[test]
fn manual_entries_are_judged_by_field() {
    let person = Person::new();
    for (fields, outcome) in [
        (
            r#""issuer":"A","secret":"JBSWY3DPEHPK3PXP","digits":8,"period":60,"type":"TOTP","algorithm":"sha256""#,
            "58785097",
        ),
        (
            r#""issuer":"A","secret":"JBSWY3DPEHPK3PXP","type":"hotp","counter":9"#,
            "924769",
        ),
        (
            r#""account":"a","secret":"otpauth://totp/X:y?secret=JBSWY3DPEHPK3PXP&digits=8""#,
            "89915760",
        ),
        (r#""secret":"JBSWY3DPEHPK3PXP""#, "missing_name"),
        (r#""issuer":"A","secret":"""#, "empty_secret"),
        (
            r#""issuer":"A","secret":"JBSW Y3DP 0HPK3PXP""#,
            "invalid_secret",
        ),
        (
            r#""issuer":"A","secret":"https://example.com""#,
            "wrong_kind",
        ),
        (
            r#""issuer":"A","secret":"JBSWY3DPEHPK3PXP","digits":11"#,
            "invalid_digits",
        ),
        (
            r#""issuer":"A","secret":"JBSWY3DPEHPK3PXP","period":0"#,
            "invalid_period",
        ),
        (
            r#""issuer":"A","secret":"JBSWY3DPEHPK3PXP","type":"hotp","counter":-1"#,
            "invalid_counter",
        ),
        (
            r#""issuer":"A","secret":"JBSWY3DPEHPK3PXP","type":"motp""#,
            "unsupported_type",
        ),
        (
            r#""issuer":"A","secret":"JBSWY3DPEHPK3PXP","algorithm":"md5""#,
            "unsupported_algorithm",
        ),
    ] {
        let answer = answer(
            &person,
            format!(r#"{{"id":1,"manual":{{{fields}}}}}"#).as_bytes(),
        );
        let got = [&answer["error"]["name"], &answer["accounts"][0]["code"]];
        assert!(
            got.iter().any(|got| **got == outcome),
            "{outcome}: {answer}"
        );
    }
}

#[test]
fn a_typed_zero_has_a_position_and_a_replacement_that_is_not_applied() {
    let line = br#"{"id":1,"manual":{"issuer":"A","secret":"JBSW Y3DP 0HPK3PXP"}}"#;
    let answer = answer(&Person::new(), line);
    assert_eq!(answer["error"]["field"], "secret");
    assert_eq!(answer["error"]["position"], 10);
    assert_eq!(answer["error"]["replacement"], "O");
    assert_eq!(answer["accounts"], serde_json::json!([]));
}

#[test]
fn images_that_are_none_are_named() {
    let person = Person::new();
    std::fs::write(person.path("garbage.png"), [7_u8; 3_000]).unwrap();
    std::fs::write(person.path("empty.png"), b"").unwrap();
    std::fs::write(person.path("bomb.png"), bomb(60_000)).unwrap();
    std::fs::create_dir(person.path("folder")).unwrap();
    for (file, name) in [
        ("garbage.png", "not_an_image"),
        ("empty.png", "not_an_image"),
        ("folder", "not_an_image"),
        ("missing.png", "not_an_image"),
        ("/dev/zero", "not_an_image"),
        ("bomb.png", "image_too_large"),
    ] {
        let answer = answer(
            &person,
            format!(r#"{{"id":1,"image":"{file}"}}"#).as_bytes(),
        );
        assert_eq!(answer["kind"], "image");
        assert_eq!(answer["error"]["name"], name, "{file}");
    }
}

#[test]
fn a_large_image_within_the_caps_is_answered_within_five_seconds() {
    let person = Person::new();
    image::GrayImage::from_pixel(8_000, 8_000, image::Luma([255]))
        .save(person.path("large.png"))
        .unwrap();
    let answer = answer(&person, br#"{"id":1,"image":"large.png"}"#);
    assert_eq!(answer["error"]["name"], "no_code");
}

/// A PNG that says it has `side` × `side` pixels and holds almost none.
fn bomb(side: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [
        &side.to_be_bytes()[..],
        &side.to_be_bytes(),
        &[8, 0, 0, 0, 0],
    ]
    .concat();
    let empty = b"\x78\x9c\x03\x00\x00\x00\x00\x01";
    for (kind, data) in [
        (b"IHDR", &header[..]),
        (b"IDAT", &empty[..]),
        (b"IEND", &[][..]),
    ] {
        let named = [&kind[..], data].concat();
        bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(&named);
        bytes.extend(crc(&named).to_be_bytes());
    }
    bytes
}

/// CRC-32 as PNG has it (ISO 3309).
fn crc(bytes: &[u8]) -> u32 {
    let mut rest = u32::MAX;
    for byte in bytes {
        rest ^= u32::from(*byte);
        for _ in 0..8 {
            rest = (rest >> 1) ^ (0xedb8_8320 & (rest & 1).wrapping_neg());
        }
    }
    !rest
}
