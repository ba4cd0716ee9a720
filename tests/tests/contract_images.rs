//! `add --qr`: one code, none, two, an export in three images. The images are drawn by `qrencode`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

mod contract;

use contract::Person;
use countersign_tests::peers::{leave_out, peer};
use serde_json::json;

/// Three parts of one export with two accounts each; the payload written by hand (field, length, bytes).
fn parts() -> [String; 3] {
    [0_u8, 1, 2].map(|index| {
        let mut payload = Vec::new();
        for number in 0..2 {
            let name = [b'u', b'0' + index, b'0' + number];
            let mut entry = vec![0x0a, 10];
            entry.extend([b'k' + index * 2 + number; 10]);
            entry.extend([0x12, 3]);
            entry.extend(name);
            entry.extend([0x1a, 1, b'G', 0x20, 1, 0x28, 1, 0x30, 2]);
            payload.extend([0x0a, u8::try_from(entry.len()).unwrap()]);
            payload.extend(entry);
        }
        payload.extend([0x10, 1, 0x18, 3, 0x20, index, 0x28, 77]);
        format!(
            "otpauth-migration://offline?data={}",
            base64(&payload).replace('+', "%2B").replace('/', "%2F")
        )
    })
}

fn base64(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['+', '/'])
        .collect();
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = three
            .iter()
            .fold(0_usize, |word, byte| word << 8 | usize::from(*byte))
            << (8 * (3 - three.len()));
        for place in 0..=three.len() {
            text.push(alphabet[word >> (18 - 6 * place) & 63]);
        }
    }
    text
}

/// Draws a code; whether there was a program to draw it.
fn draw(person: &Person, text: &str, file: &str) -> bool {
    let Some(mut qrencode) = peer("qrencode") else {
        leave_out("qrencode");
        return false;
    };
    let path = person.path(file);
    assert!(
        qrencode
            .args(["-o", path.to_str().unwrap(), "--", text])
            .status()
            .unwrap()
            .success()
    );
    true
}

/// Puts two images side by side.
fn join(person: &Person, left: &str, right: &str, file: &str) {
    let open = |name| image::open(person.path(name)).unwrap().to_luma8();
    let (left, right) = (open(left), open(right));
    let size = (
        left.width() + right.width(),
        left.height().max(right.height()),
    );
    let mut both = image::GrayImage::from_pixel(size.0, size.1, image::Luma([255]));
    image::imageops::overlay(&mut both, &left, 0, 0);
    image::imageops::overlay(&mut both, &right, i64::from(left.width()), 0);
    both.save(person.path(file)).unwrap();
}

#[test]
fn a3_an_export_with_a_missing_part_adds_nothing_until_it_is_accepted() {
    let person = Person::with_vault();
    for (part, link) in parts().iter().enumerate() {
        if !draw(&person, link, &format!("p{}.png", part + 1)) {
            return;
        }
    }
    let run = person.run(&["add", "--qr", "p1.png", "p3.png"]).exits(1);
    assert!(
        run.out.is_empty() && run.err.contains("2 of 3 missing"),
        "{}",
        run.err
    );
    let run = person
        .run(&["add", "--qr", "p1.png", "p3.png", "--json"])
        .exits(1);
    assert_eq!(
        (run.error().as_str(), &run.json()["error"]["missing"]),
        ("missing_parts", &json!([2]))
    );
    assert!(person.rows().is_empty());
    person
        .run(&["add", "--qr", "p1.png", "p3.png", "--partial", "--json"])
        .exits(0);
    assert_eq!(person.rows().len(), 4);
    let all = person
        .run(&["add", "--qr", "p3.png", "p1.png", "p2.png", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (
            all["added"].as_array().unwrap().len(),
            all["already_here"].as_array().unwrap().len()
        ),
        (2, 4)
    );
}

#[test]
fn a10_two_codes_need_a_choice_and_none_is_said() {
    let person = Person::with_vault();
    if !draw(
        &person,
        "otpauth://totp/One:a?secret=JBSWY3DPEHPK3PXP&issuer=One",
        "one.png",
    ) {
        return;
    }
    draw(
        &person,
        "otpauth://totp/Two:b?secret=GEZDGNBVGY3TQOJQ&issuer=Two",
        "two.png",
    );
    join(&person, "one.png", "two.png", "both.png");
    image::GrayImage::from_pixel(300, 300, image::Luma([255]))
        .save(person.path("none.png"))
        .unwrap();
    let run = person.run(&["add", "--qr", "both.png", "--json"]).exits(1);
    assert_eq!(run.json()["error"]["codes"].as_array().unwrap().len(), 2);
    person
        .run(&["add", "--qr", "both.png", "--pick", "3"])
        .exits(2);
    person
        .run(&["add", "--qr", "both.png", "--pick", "0"])
        .exits(2);
    let none = person.run(&["add", "--qr", "none.png"]).exits(1);
    assert!(none.err.contains("by hand"), "{}", none.err);
    assert!(person.rows().is_empty());
    person
        .run(&["add", "--qr", "both.png", "--pick", "2"])
        .exits(0);
    assert_eq!(person.rows()[0]["issuer"], "Two");
    let bytes = std::fs::read(person.path("one.png")).unwrap();
    person.run_with(&["add", "--qr", "-"], &bytes).exits(0);
    assert_eq!(person.rows().len(), 2);
}
