//! Pictures drawn here, read back; and everything that must be refused.

mod writing;

use std::{io::Cursor, num::NonZeroU8};

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgba, RgbaImage, imageops};
use proptest::prelude::*;

use super::*;
use crate::secret::SecretText;

const LINK: &str = "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example";

/// A code as a picture, four pixels a module.
fn drawn(text: &str) -> GrayImage {
    let matrix = encode(&SecretText::new(text.into())).unwrap();
    let png = matrix.to_png(NonZeroU8::new(4).unwrap()).unwrap();
    // EXPOSE: the test's own text.
    image::load_from_memory(png.expose()).unwrap().into_luma8()
}

fn index(value: u32) -> usize {
    value.try_into().unwrap()
}

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn texts(result: Result<Vec<Symbol>, QrError>) -> Vec<String> {
    let symbols = result.unwrap();
    // EXPOSE: the test's own texts.
    symbols
        .iter()
        .map(|symbol| symbol.text.expose().to_owned())
        .collect()
}

fn read_png(picture: impl Into<DynamicImage>) -> Vec<String> {
    texts(read_image(&file(picture, ImageFormat::Png)))
}

/// A white picture with smaller ones at places.
fn canvas(width: u32, height: u32, parts: &[(&GrayImage, i64, i64)]) -> GrayImage {
    let mut whole = GrayImage::from_pixel(width, height, Luma([255]));
    for &(part, x, y) in parts {
        imageops::replace(&mut whole, part, x, y);
    }
    whole
}

/// A PNG that promises a size and holds next to nothing.
fn png_promising(width: u32, height: u32, bit_depth: u8) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let body = [kind.as_slice(), data].concat();
        bytes.extend(&body);
        bytes.extend(crc32(&body).to_be_bytes());
    };
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(
        b"IHDR",
        &[&sides, [bit_depth, 0, 0, 0, 0].as_slice()].concat(),
    );
    // A zlib stream whose only block is stored and empty.
    chunk(b"IDAT", &[0x78, 0x01, 0x01, 0, 0, 0xff, 0xff, 0, 0, 0, 1]);
    chunk(b"IEND", &[]);
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(text in "[ -~]{1,200}|\\PC{1,60}|[0-9]{1,200}|[A-Z0-9 $%*+./:-]{1,200}") {
        prop_assert_eq!(read_png(drawn(&text)), [text]);
    }

    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(read_image(&bytes).is_err());
    }

    #[test]
    fn a_damaged_file_has_an_answer(at in 0_usize..400, flip in 1_u8..=255) {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Bmp] {
            let mut bytes = file(DynamicImage::from(drawn("a")).into_rgb8(), format);
            let at = at % bytes.len();
            bytes[at] ^= flip;
            // A JPEG or BMP may show its code in spite of a wrong byte; it must only say nothing else.
            if let Ok(symbols) = read_image(&bytes) {
                prop_assert_eq!(texts(Ok(symbols)), ["a"]);
            }
        }
    }
}

#[test]
fn every_kind_of_picture_is_read() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Bmp,
    ] {
        let colours = DynamicImage::from(drawn(LINK)).into_rgb8();
        assert_eq!(
            texts(read_image(&file(colours, format))),
            [LINK],
            "{format:?}"
        );
    }
    let deep = DynamicImage::from(drawn(LINK)).into_rgba16();
    assert_eq!(texts(read_image(&file(deep, ImageFormat::Png))), [LINK]);
}

#[test]
fn turned_mirrored_and_inverted_codes_are_read() {
    let code = drawn(LINK);
    assert_eq!(read_png(imageops::rotate90(&code)), [LINK]);
    assert_eq!(read_png(imageops::rotate180(&code)), [LINK]);
    assert_eq!(read_png(imageops::rotate270(&code)), [LINK]);
    assert_eq!(read_png(imageops::flip_horizontal(&code)), [LINK]);
    let mut inverted = code;
    imageops::invert(&mut inverted);
    assert_eq!(read_png(inverted.clone()), [LINK]);
    assert_eq!(read_png(imageops::flip_vertical(&inverted)), [LINK]);
}

#[test]
fn a10_two_codes_are_both_found() {
    let (first, second) = (drawn("first"), drawn("second"));
    let side_by_side = canvas(600, 300, &[(&second, 300, 40), (&first, 20, 60)]);
    assert_eq!(read_png(side_by_side), ["first", "second"]);
    let stacked = canvas(300, 600, &[(&second, 20, 300), (&first, 90, 10)]);
    assert_eq!(read_png(stacked), ["first", "second"]);
}

#[test]
fn a10_no_code_is_said() {
    let empty = GrayImage::from_pixel(400, 300, Luma([255]));
    let refused = read_image(&file(empty.clone(), ImageFormat::Png)).err();
    assert_eq!(refused, Some(QrError::NoCode));
    assert_eq!(QrError::NoCode.name(), "no_code");
    let frame = LumaFrame::new(400, 300, 400, empty.as_raw()).unwrap();
    assert_eq!(read_frame(&frame).err(), Some(QrError::NoCode));
}

#[test]
fn a_light_code_beside_a_dark_one_is_found_too() {
    let dark = drawn("dark");
    let mut light = drawn("light");
    imageops::invert(&mut light);
    let both = canvas(600, 300, &[(&dark, 20, 20), (&light, 300, 20)]);
    assert_eq!(read_png(both), ["dark", "light"]);
}

#[test]
fn a_grid_of_codes_is_read_line_by_line_up_to_the_cap_and_refused_beyond_it() {
    let grid = |count: i64| {
        let codes: Vec<GrayImage> = (0..count).map(|n| drawn(&format!("code {n:02}"))).collect();
        let places: Vec<_> = (0_i64..)
            .zip(&codes)
            .map(|(n, code)| (code, n % 9 * 130, n / 9 * 130))
            .collect();
        canvas(9 * 130, 8 * 130, &places)
    };
    let expected: Vec<String> = (0..MAX_CODES).map(|n| format!("code {n:02}")).collect();
    assert_eq!(read_png(grid(64)), expected);
    // Some of them alone would be an export with accounts missing.
    let refused = read_image(&file(grid(65), ImageFormat::Png)).err();
    assert_eq!(refused, Some(QrError::TooManyCodes));
    assert_eq!(QrError::TooManyCodes.name(), "image_too_large");
}

#[test]
fn white_codes_on_nothing_are_read_as_dark_screens_show_them() {
    let code = drawn(LINK);
    let picture = |dark: Rgba<u8>, light: Rgba<u8>| {
        RgbaImage::from_fn(code.width(), code.height(), |x, y| {
            if code.get_pixel(x, y).0 == [0] {
                dark
            } else {
                light
            }
        })
    };
    let nothing = Rgba([0, 0, 0, 0]);
    assert_eq!(read_png(picture(Rgba([0, 0, 0, 255]), nothing)), [LINK]);
    assert_eq!(read_png(picture(Rgba([255; 4]), nothing)), [LINK]);
}

#[test]
fn frames_with_padded_rows_are_read() {
    let code = drawn(LINK);
    let (width, height) = (index(code.width()), index(code.height()));
    let stride = width + 37;
    let mut padded: Vec<u8> = code
        .rows()
        .flat_map(|row| {
            row.map(|pixel| pixel.0[0])
                .chain(std::iter::repeat_n(0x55, 37))
                .collect::<Vec<u8>>()
        })
        .collect();
    let frame = LumaFrame::new(width, height, stride, &padded).unwrap();
    assert_eq!(texts(read_frame(&frame)), [LINK]);
    padded.truncate(stride * height - 37);
    let frame = LumaFrame::new(width, height, stride, &padded).unwrap();
    assert_eq!(texts(read_frame(&frame)), [LINK]);
}

#[test]
fn corners_are_where_the_code_is() {
    let code = drawn("place");
    let symbols = read_image(&file(
        canvas(500, 400, &[(&code, 200, 100)]),
        ImageFormat::Png,
    ))
    .unwrap();
    // The quiet zone of 16 pixels is not part of the code.
    let (near, far) = (16.0, 16.0 + 84.0);
    let expected = [(near, near), (far, near), (far, far), (near, far)];
    for (corner, (x, y)) in symbols[0].corners.iter().zip(expected) {
        assert!((corner.x_px - 200.0 - x).abs() < 5.0, "{corner:?}");
        assert!((corner.y_px - 100.0 - y).abs() < 5.0, "{corner:?}");
    }
}

#[test]
fn what_is_no_picture_is_refused() {
    let whole = file(drawn(LINK), ImageFormat::Png);
    let cut = &whole[..whole.len() / 2];
    for bytes in [
        b"".as_slice(),
        b"\0",
        b"otpauth://totp/a?secret=AAAA",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF89a",
        b"BM",
        b"RIFF\0\0\0\0WEBP",
        b"II*\0\x08\0\0\0\0\0",
        cut,
    ] {
        assert_eq!(
            read_image(bytes).err(),
            Some(QrError::NotAnImage),
            "{bytes:?}"
        );
    }
    let ten_mebibytes = vec![0x41; 10 << 20];
    assert_eq!(read_image(&ten_mebibytes).err(), Some(QrError::NotAnImage));
    assert_eq!(QrError::NotAnImage.name(), "not_an_image");
}

#[test]
fn a_cut_jpeg_never_falls() {
    let whole = file(drawn(LINK), ImageFormat::Jpeg);
    for cut in (0..whole.len()).step_by(97) {
        match read_image(&whole[..cut]) {
            Ok(symbols) => assert_eq!(texts(Ok(symbols)), [LINK], "{cut}"),
            Err(error) => assert_ne!(error, QrError::ImageTooLarge, "{cut}"),
        }
    }
}

#[test]
fn pictures_that_promise_too_much_are_refused_by_their_header() {
    let too_large = Some(QrError::ImageTooLarge);
    let bomb = png_promising(60_000, 60_000, 1);
    assert!(bomb.len() < 1_000);
    assert_eq!(read_image(&bomb).err(), too_large);
    assert_eq!(read_image(&png_promising(8_193, 8_192, 8)).err(), too_large);
    assert_eq!(read_image(&png_promising(40_000, 1, 8)).err(), too_large);
    let mut gif = b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    gif.extend(b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;");
    assert_eq!(read_image(&gif).err(), too_large);
    assert_eq!(read_image(&vec![0; MAX_IMAGE_BYTES + 1]).err(), too_large);
    assert_eq!(QrError::ImageTooLarge.name(), "image_too_large");
    // The same trick within the caps is only a broken picture.
    assert_eq!(
        read_image(&png_promising(60, 60, 1)).err(),
        Some(QrError::NotAnImage)
    );
}

#[test]
fn the_smallest_pictures_hold_no_code() {
    for (width, height) in [(1, 1), (1, 500), (500, 1), (39, 41), (2, 2)] {
        let grey = GrayImage::from_fn(width, height, |x, y| {
            Luma([if (x ^ y) & 1 == 0 { 0 } else { 255 }])
        });
        let refused = read_image(&file(grey.clone(), ImageFormat::Png)).err();
        assert_eq!(refused, Some(QrError::NoCode), "{width} × {height}");
        let (width, height) = (index(width), index(height));
        let frame = LumaFrame::new(width, height, width, grey.as_raw()).unwrap();
        assert_eq!(read_frame(&frame).err(), Some(QrError::NoCode));
    }
}

#[test]
fn only_the_first_frame_of_a_gif_counts() {
    let (first, second) = (drawn("first"), drawn("other"));
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for frame in [first, second] {
        let colours = DynamicImage::from(frame).into_rgba8();
        encoder.encode_frame(image::Frame::new(colours)).unwrap();
    }
    drop(encoder);
    assert_eq!(texts(read_image(&bytes)), ["first"]);
}

/// A code whose bytes are given, which [`encode`] would not write.
fn drawn_bytes(bytes: &[u8]) -> GrayImage {
    let mut bits = qrcode::bits::Bits::new(qrcode::Version::Normal(4));
    bits.push_byte_data(bytes).unwrap();
    bits.push_terminator(qrcode::EcLevel::M).unwrap();
    let code = qrcode::QrCode::with_bits(bits, qrcode::EcLevel::M).unwrap();
    let colours = code.to_colors();
    let side = u32::try_from(code.width()).unwrap();
    let white = Luma([255]);
    GrayImage::from_fn(4 * (side + 8), 4 * (side + 8), |x, y| {
        let (x, y) = ((x / 4).wrapping_sub(4), (y / 4).wrapping_sub(4));
        let is_inside = x < side && y < side;
        let is_dark = || colours[index(y * side + x)] == qrcode::Color::Dark;
        if is_inside && is_dark() {
            Luma([0])
        } else {
            white
        }
    })
}

#[test]
fn nul_and_invalid_utf_8_in_a_code_are_read_without_a_fall() {
    assert_eq!(read_png(drawn_bytes(b"a\0b")), ["a\0b"]);
    assert_eq!(read_png(drawn_bytes(b"caf\xe9")), ["caf\u{e9}"]);
    assert_eq!(
        read_png(drawn_bytes("caf\u{e9} \u{1f511}".as_bytes())),
        ["caf\u{e9} \u{1f511}"]
    );
    for bytes in [
        b"\xff\xfe\xfd\x80".as_slice(),
        b"\x80",
        b"\xf0\x9f\x94",
        b"\xed\xa0\x80",
    ] {
        assert_eq!(read_png(drawn_bytes(bytes)).len(), 1, "{bytes:?}");
    }
}

#[test]
fn nothing_read_shows_its_text() {
    let symbols = read_image(&file(drawn("MARKED secret"), ImageFormat::Png)).unwrap();
    let shown = format!("{symbols:?}");
    assert!(!shown.contains("MARKED"), "{shown}");
}
