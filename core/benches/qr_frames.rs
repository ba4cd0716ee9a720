//! A camera frame with a code and one without, ours and `rqrr`'s on the same pixels.
#![forbid(unsafe_code)]

mod turns;

use std::hint::black_box;
use std::num::NonZeroU8;

use countersign_core::qr::{self, LumaFrame};
use countersign_core::secret::SecretText;
use criterion::{Criterion, criterion_group, criterion_main};
use image::{GrayImage, Luma, imageops};

const WIDTH_PX: u32 = 1_280;
const HEIGHT_PX: u32 = 720;

const LINK: &str = "otpauth://totp/Example:alice@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example";

/// Grey noise: the frame in which the most things look like a code.
fn noise() -> GrayImage {
    let mut state = 0x9e37_79b9_u32;
    GrayImage::from_fn(WIDTH_PX, HEIGHT_PX, |_, _| {
        // Xorshift.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        Luma([state.to_be_bytes()[0]])
    })
}

/// A code on a light ground.
fn with_code() -> GrayImage {
    let matrix = qr::encode(&SecretText::new(LINK.to_owned())).expect("the link is short");
    let png = matrix
        .to_png(NonZeroU8::MIN.saturating_add(5))
        .expect("the picture is small");
    // EXPOSE: a made-up account.
    let code = image::load_from_memory(png.expose())
        .expect("written above")
        .into_luma8();
    let mut frame = GrayImage::from_pixel(WIDTH_PX, HEIGHT_PX, Luma([230]));
    imageops::replace(&mut frame, &code, 400, 150);
    frame
}

fn ours(frame: &GrayImage) -> usize {
    let side = |side_px| usize::try_from(side_px).expect("a side fits");
    let (width, height) = (side(frame.width()), side(frame.height()));
    let frame = LumaFrame::new(width, height, width, frame.as_raw()).expect("the shape is right");
    qr::read_frame(&frame).map_or(0, |symbols| symbols.len())
}

fn theirs(frame: &GrayImage) -> usize {
    let side = |side_px| usize::try_from(side_px).expect("a side fits");
    let width = side(frame.width());
    let pixels = frame.as_raw();
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width, side(frame.height()), |x, y| {
            pixels.get(y * width + x).copied().unwrap_or_default()
        });
    let grids = prepared.detect_grids();
    grids.iter().filter(|grid| grid.decode().is_ok()).count()
}

fn frames(criterion: &mut Criterion) {
    for (name, frame, codes) in [("with_code", with_code(), 1), ("without_code", noise(), 0)] {
        assert_eq!((ours(&frame), theirs(&frame)), (codes, codes));
        turns::take(
            criterion,
            &format!("frame_{name}"),
            &mut [
                ("countersign", &mut |bencher| {
                    bencher.iter(|| ours(black_box(&frame)));
                }),
                ("rqrr", &mut |bencher| {
                    bencher.iter(|| theirs(black_box(&frame)));
                }),
            ],
        );
    }
}

criterion_group! {
    name = benches;
    config = turns::configured();
    targets = frames
}
criterion_main!(benches);
