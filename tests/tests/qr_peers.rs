//! Codes cross between `qrencode`, `zbarimg` and us.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    reason = "the whole file is a test, its functions too"
)]

use std::fs;
use std::io::Write;
use std::num::NonZeroU8;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use countersign_core::{qr, secret::SecretText};
use countersign_tests::chance::{Chance, for_each_seed, rounds};
use countersign_tests::peers::peer;
use countersign_tests::zbar;

/// What a code may say: links, digits, capitals, any ASCII.
fn ascii_text(chance: &mut Chance) -> String {
    let any_of = |chance: &mut Chance, letters: &[u8]| {
        let length = chance.between(1, 250);
        (0..length)
            .map(|_| char::from(*chance.one_of(letters)))
            .collect::<String>()
    };
    let printable: Vec<u8> = (b'!'..=b'~').collect();
    match chance.between(0, 3) {
        0 => any_of(chance, b"0123456789"),
        1 => any_of(chance, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$%*+-./:"),
        2 => any_of(chance, &printable),
        _ => {
            let secret = any_of(chance, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
            format!("otpauth://totp/Example:alice?secret={secret}&issuer=Example")
        }
    }
}

/// Letters of several scripts, whose UTF-8 can look like other character sets.
fn unicode_text(chance: &mut Chance) -> String {
    let letters = [
        'a', ' ', 'é', 'ß', 'Ж', 'あ', '漢', '字', '한', 'ש', '🔑', '½', '１',
    ];
    let length = chance.between(1, 60);
    (0..length).map(|_| *chance.one_of(&letters)).collect()
}

/// Writes `text` by `qrencode` as a PNG.
fn encode_by_peer(mut qrencode: Command, text: &str, chance: &mut Chance) -> Vec<u8> {
    let mut child = qrencode
        .args(["-o", "-", "-s", &chance.between(2, 8).to_string()])
        .args(["-m", &chance.between(2, 6).to_string()])
        .args(["-l", *chance.one_of(&["L", "M", "Q", "H"])])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn codes_by_qrencode_are_read() {
    if peer("qrencode").is_none() {
        return;
    }
    for_each_seed(4_000, rounds(200), |chance| {
        let text = match chance.between(0, 2) {
            0 => unicode_text(chance),
            _ => ascii_text(chance),
        };
        let png = encode_by_peer(peer("qrencode").unwrap(), &text, chance);
        let symbols = qr::read_image(&png).unwrap();
        // EXPOSE: random letters of a test.
        let read: Vec<&str> = symbols.iter().map(|symbol| symbol.text.expose()).collect();
        assert_eq!(read, [text.as_str()]);
    });
}

#[test]
fn a_message_in_several_codes_by_qrencode_is_joined() {
    let Some(mut qrencode) = peer("qrencode") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "otpauth://totp/Example:alice?secret={}&issuer=Example",
        "ABCDEFGH".repeat(8)
    );
    let status = qrencode
        .current_dir(folder.path())
        .args([
            "-S", "-v", "3", "-s", "4", "-m", "4", "-o", "part.png", "--", &text,
        ])
        .status();
    assert!(status.unwrap().success());
    let mut parts: Vec<PathBuf> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    parts.sort();
    assert!(parts.len() > 1, "one code is no message in several");
    let drawn: Vec<_> = parts
        .iter()
        .map(|path| image::open(path).unwrap().into_luma8())
        .collect();

    // One part alone could pass for a link with a shorter key.
    assert_eq!(
        qr::read_image(&fs::read(&parts[0]).unwrap()).err(),
        Some(qr::QrError::NoCode)
    );

    let width = drawn.iter().map(image::GrayImage::width).sum();
    let mut sheet = image::GrayImage::from_pixel(width, drawn[0].height(), image::Luma([255]));
    let mut x = 0;
    for part in drawn.iter().rev() {
        image::imageops::replace(&mut sheet, part, x, 0);
        x += i64::from(part.width());
    }
    let path = folder.path().join("sheet.png");
    sheet.save(&path).unwrap();
    let symbols = qr::read_image(&fs::read(path).unwrap()).unwrap();
    assert_eq!(symbols.len(), 1);
    // EXPOSE: a made-up account.
    assert_eq!(symbols[0].text.expose(), text);
}

fn png_of(text: &str, module_px: u64) -> Vec<u8> {
    let matrix = qr::encode(&SecretText::new(text.to_owned())).unwrap();
    let module_px = NonZeroU8::new(u8::try_from(module_px).unwrap()).unwrap();
    // EXPOSE: random letters of a test.
    matrix.to_png(module_px).unwrap().expose().to_vec()
}

#[test]
fn our_codes_are_read_by_zbarimg() {
    let Some(zbarimg) = peer("zbarimg") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut drawn: Vec<(PathBuf, String)> = Vec::new();
    for_each_seed(5_000, rounds(200), |chance| {
        let text = ascii_text(chance);
        let path = folder.path().join(format!("{}.png", drawn.len()));
        fs::write(&path, png_of(&text, chance.between(3, 8))).unwrap();
        drawn.push((path, text));
    });
    let paths: Vec<PathBuf> = drawn.iter().map(|(path, _)| path.clone()).collect();
    let mut read = zbar::read(zbarimg, &paths);
    for (path, text) in drawn {
        assert_eq!(
            read.remove(&path).unwrap_or_default(),
            [text],
            "{}",
            path.display()
        );
    }
}

#[test]
fn our_codes_hold_utf_8_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    for_each_seed(6_000, rounds(20), |chance| {
        let Some(mut zbarimg) = peer("zbarimg") else {
            return;
        };
        let text = unicode_text(chance);
        let path = folder.path().join("code.png");
        fs::write(&path, png_of(&text, 4)).unwrap();
        // The bytes themselves: its guess of a character set is its own affair.
        let output = zbarimg
            .args(["--quiet", "--raw", "--oneshot", "-Sbinary"])
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), text);
    });
}
