//! `add --qr`: images with one code, with several, and the parts of an export.

use std::num::NonZeroU8;

use countersign_core::account::Account;
use countersign_core::qr;
use countersign_core::secret::SecretText;
use countersign_core::uri::migration::write_migration;
use countersign_core::uri::parse_otpauth;
use image::{DynamicImage, GenericImage as _, GrayImage, Luma};

use crate::person::{ACME, Person, name};

fn png(text: &str) -> Vec<u8> {
    let matrix = qr::encode(&SecretText::new(text.into())).unwrap();
    let png = matrix.to_png(NonZeroU8::new(4).unwrap()).unwrap();
    png.expose().to_vec()
}

/// Images side by side on white.
fn beside(texts: &[&str]) -> Vec<u8> {
    let images: Vec<GrayImage> = texts
        .iter()
        .map(|text| image::load_from_memory(&png(text)).unwrap().to_luma8())
        .collect();
    let width = images.iter().map(GrayImage::width).sum();
    let height = images.iter().map(GrayImage::height).max().unwrap();
    let mut sheet = GrayImage::from_pixel(width, height, Luma([255]));
    let mut x = 0;
    for image in &images {
        sheet.copy_from(image, x, 0).unwrap();
        x += image.width();
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(sheet)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

fn accounts(count: usize) -> Vec<Account> {
    (0..count)
        .map(|number| {
            let link = format!(
                "otpauth://totp/Shop{number}:ann?secret=JBSWY3DPEHPK3PXP&issuer=Shop{number}"
            );
            parse_otpauth(&link).unwrap().account
        })
        .collect()
}

/// An export of 25 accounts as three images.
fn with_export(id: i32) -> Person {
    let person = Person::new();
    draw_export(&person, "part", id);
    person
}

fn draw_export(person: &Person, prefix: &str, id: i32) {
    let export = write_migration(&accounts(25), id);
    assert_eq!(export.parts.len(), 3);
    for (number, part) in (1..).zip(&export.parts) {
        person.write(&format!("{prefix}{number}.png"), png(part.expose()));
    }
}

#[test]
fn a_code_in_an_image_is_added_also_from_standard_input() {
    let person = Person::new();
    person.write("code.png", png(ACME));
    let document = person.json(&["add", "--qr", "code.png"]);
    assert_eq!(document["added"][0]["issuer"], "Acme");
    let document = person.feed_json(&["add", "--qr", "-"], &png(ACME));
    assert_eq!(document["already_here"].as_array().unwrap().len(), 1);
}

#[test]
fn a3_with_parts_one_and_three_nothing_is_added_before_the_person_says_so() {
    let person = with_export(7);
    let before = person.files();
    let arguments = ["add", "--qr", "part1.png", "part3.png"];
    let document = person.json(&arguments);
    assert_eq!(name(&document), "missing_parts");
    assert_eq!(document["error"]["missing"][0], 2);
    assert_eq!(document["error"]["of"], 3);
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("2 of 3 missing"), "{message}");
    assert_eq!(person.files(), before);

    let document = person.json(&["add", "--partial", "--qr", "part1.png", "part3.png"]);
    assert_eq!(document["added"].as_array().unwrap().len(), 15);
}

#[test]
fn a3_all_parts_in_any_order_and_twice_are_one_export() {
    let person = with_export(-7);
    let arguments = [
        "add",
        "--qr",
        "part3.png",
        "part1.png",
        "part3.png",
        "part2.png",
    ];
    let document = person.json(&arguments);
    assert_eq!(document["added"].as_array().unwrap().len(), 25);
    let names: Vec<&str> = document["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["name"].as_str().unwrap())
        .collect();
    // All entries have one key; what holds for the whole export is said once.
    let count = |wanted: &str| names.iter().filter(|name| **name == wanted).count();
    assert_eq!(
        (count("period_dropped"), count("same_secret")),
        (1, 24),
        "{names:?}"
    );
    assert_eq!(person.accounts().len(), 25);
}

#[test]
fn a3_parts_of_two_exports_do_not_mix() {
    let person = with_export(1);
    draw_export(&person, "other", 2);
    assert_eq!(
        person.refusal(
            &["add", "--qr", "part1.png", "other2.png", "part3.png"],
            b""
        ),
        "mixed_exports"
    );
    assert_eq!(person.accounts().len(), 0);
}

#[test]
fn a10_of_two_codes_the_person_chooses() {
    let person = Person::new();
    person.write("two.png", beside(&[ACME, "WIFI:S:net;P:pass;;"]));
    let document = person.json(&["add", "--qr", "two.png"]);
    assert_eq!(name(&document), "several_codes");
    let kinds: Vec<&str> = document["error"]["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["totp", "wifi"]);
    assert_eq!(
        person.refusal(&["add", "--qr", "two.png", "--pick", "2"], b""),
        "not_otpauth"
    );
    assert_eq!(
        person.refusal(&["add", "--qr", "two.png", "--pick", "3"], b""),
        "usage"
    );
    assert_eq!(person.accounts().len(), 0);
    let document = person.json(&["add", "--qr", "two.png", "--pick", "1"]);
    assert_eq!(document["added"][0]["issuer"], "Acme");
}

#[test]
fn a10_an_image_without_a_code_offers_another_way() {
    let person = Person::new();
    let blank = GrayImage::from_pixel(200, 200, Luma([255]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    blank.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    person.write("blank.png", bytes.into_inner());
    let document = person.json(&["add", "--qr", "blank.png"]);
    assert_eq!(name(&document), "no_code");
    assert!(
        document["error"]["message"]
            .as_str()
            .unwrap()
            .contains("by hand")
    );
}

#[test]
fn several_images_that_are_no_export_are_refused() {
    let person = Person::new();
    person.write("a.png", png(ACME));
    person.write("b.png", png("hello"));
    assert_eq!(
        person.refusal(&["add", "--qr", "a.png", "b.png"], b""),
        "several_codes"
    );
    assert_eq!(person.accounts().len(), 0);
}

#[test]
fn an_image_that_is_none_has_a_name_for_it() {
    let person = Person::new();
    person.write("text.png", "this is text");
    person.write("empty.png", b"");
    std::fs::create_dir(person.path("folder")).unwrap();
    for (file, expected) in [
        ("text.png", "not_an_image"),
        ("empty.png", "not_an_image"),
        ("missing.png", "no_such_file"),
        ("folder", "io"),
        ("/dev/zero", "image_too_large"),
    ] {
        assert_eq!(
            person.refusal(&["add", "--qr", file], b""),
            expected,
            "{file}"
        );
    }
}
