//! Camera frames and pictures.

use countersign_core::qr::{self, LumaFrame, MAX_CODES, QrError, Symbol};

/// Bytes before the pixels: form, width, height, padding of a row.
const HEADER_BYTES: usize = 4;

/// A frame, or a picture file, from any bytes.
///
/// The first byte chooses: 0 a frame with a byte a pixel, 1 a frame with a bit a pixel (a whole code fits
/// into few bytes), anything else a picture file. Pixels that are missing repeat those that are there.
pub fn qr_frame(data: &[u8]) {
    if let Some(Ok(symbols)) = answer(data) {
        assert!(
            (1..=MAX_CODES).contains(&symbols.len()),
            "{} codes",
            symbols.len()
        );
    }
}

/// What is read; none for a frame without pixels, which is refused before reading.
fn answer(data: &[u8]) -> Option<Result<Vec<Symbol>, QrError>> {
    let Some((header, body)) = data.split_first_chunk::<HEADER_BYTES>() else {
        return Some(qr::read_image(data));
    };
    let [form, width_px, height_px, padding_bytes] = header.map(usize::from);
    match form {
        0 => read_frame(width_px, height_px, padding_bytes, body.iter().copied()),
        1 => {
            let bits = body
                .iter()
                .flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1));
            let pixels = bits.map(|bit| if bit == 1 { 0 } else { 255 });
            read_frame(width_px, height_px, padding_bytes, pixels)
        }
        _ => Some(qr::read_image(body)),
    }
}

fn read_frame(
    width_px: usize,
    height_px: usize,
    padding_bytes: usize,
    pixels: impl Iterator<Item = u8> + Clone,
) -> Option<Result<Vec<Symbol>, QrError>> {
    let stride_bytes = width_px + padding_bytes;
    let bytes: Vec<u8> = pixels.cycle().take(stride_bytes * height_px).collect();
    match LumaFrame::new(width_px, height_px, stride_bytes, &bytes) {
        Ok(frame) => Some(qr::read_frame(&frame)),
        Err(error) => {
            assert!(
                width_px == 0 || height_px == 0 || bytes.is_empty(),
                "a whole frame was refused: {error}"
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that fuzzing begins inside the reader, not before its first finder pattern.
    #[test]
    fn seeds_of_every_form_hold_codes() {
        const LINK: &str = "otpauth://totp/a:b?secret=JBSWY3DPEHPK3PXP";
        let seeds: [(&[u8], &[&str]); 4] = [
            (
                include_bytes!("../../../fuzz/corpus/qr_frame/bits-link"),
                &[LINK],
            ),
            (
                include_bytes!("../../../fuzz/corpus/qr_frame/bits-damaged"),
                &[LINK],
            ),
            (
                include_bytes!("../../../fuzz/corpus/qr_frame/bits-two"),
                &["first", "other"],
            ),
            (
                include_bytes!("../../../fuzz/corpus/qr_frame/png-link"),
                &[LINK],
            ),
        ];
        for (seed, expected) in seeds {
            let symbols = answer(seed).unwrap().unwrap();
            // EXPOSE: made-up links.
            let texts: Vec<&str> = symbols.iter().map(|symbol| symbol.text.expose()).collect();
            assert_eq!(texts, expected);
        }
    }
}
