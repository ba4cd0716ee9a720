//! From the bytes of a picture to grey pixels, within bounds that hold before memory is taken.

use std::{borrow::Cow, io::Cursor};

use image::{ColorType, ImageDecoder, ImageError, ImageReader, Limits};

use super::{
    MAX_IMAGE_BYTES, QrError, foreign,
    luma::{Luma, checked_sides},
};

/// What one picture may take while it is decoded: its file, its pixels and what the decoder needs besides.
const MAX_MEMORY_BYTES: u64 = 256 << 20;

/// What is behind the transparent parts of a picture.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Backdrop {
    /// As most viewers show it.
    White,
    /// As a viewer in dark colours shows it: white codes on nothing appear.
    Black,
}

/// A picture as grey pixels.
pub(super) struct Picture {
    /// The pixels.
    pub(super) luma: Luma<'static>,
    /// Whether another [`Backdrop`] could show something else.
    pub(super) has_alpha: bool,
}

/// Decodes a PNG, JPEG, WebP, GIF (first frame) or BMP, told by its content.
///
/// # Errors
///
/// [`QrError::ImageTooLarge`] from the header alone, [`QrError::NotAnImage`] for anything that cannot be decoded.
pub(super) fn decode(bytes: &[u8], backdrop: Backdrop) -> Result<Picture, QrError> {
    if bytes.len() > MAX_IMAGE_BYTES {
        return Err(QrError::ImageTooLarge);
    }
    // The decoders are meant never to panic; a picture that finds a way is no reason to fall.
    foreign(|| Some(decode_within_limits(bytes, backdrop))).unwrap_or(Err(QrError::NotAnImage))
}

fn decode_within_limits(bytes: &[u8], backdrop: Backdrop) -> Result<Picture, QrError> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_MEMORY_BYTES);
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| QrError::NotAnImage)?;
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| told(&error))?;

    let (width, height) = decoder.dimensions();
    let side = |side_px: u32| usize::try_from(side_px).map_err(|_| QrError::ImageTooLarge);
    let (width_px, height_px) = checked_sides(side(width)?, side(height)?)?;
    let pixel_count = u64::from(width) * u64::from(height);
    let file_bytes = u64::try_from(bytes.len()).map_err(|_| QrError::ImageTooLarge)?;
    let needed_bytes = decoder.total_bytes() + file_bytes + extra_bytes(bytes, pixel_count);
    if needed_bytes > MAX_MEMORY_BYTES {
        return Err(QrError::ImageTooLarge);
    }

    let colour = decoder.color_type();
    let size = usize::try_from(decoder.total_bytes()).map_err(|_| QrError::ImageTooLarge)?;
    let mut pixels = vec![0; size];
    decoder
        .read_image(&mut pixels)
        .map_err(|error| told(&error))?;
    to_grey(&mut pixels, usize::from(width_px), colour, backdrop);
    let luma = Luma::new(width_px, height_px, Cow::Owned(pixels)).ok_or(QrError::NotAnImage)?;
    Ok(Picture {
        luma,
        has_alpha: colour.has_alpha(),
    })
}

/// Which of our words a decoder's error means; its own words stay here.
fn told(error: &ImageError) -> QrError {
    match error {
        ImageError::Limits(_) => QrError::ImageTooLarge,
        _ => QrError::NotAnImage,
    }
}

/// Bytes that a decoder takes besides file and pixels and that its own limits do not count.
fn extra_bytes(bytes: &[u8], pixel_count: u64) -> u64 {
    if is_progressive_jpeg(bytes) {
        // 16 bits a coefficient, for three colours without subsampling.
        6 * pixel_count
    } else if bytes.get(8..12) == Some(b"WEBP") {
        // A second picture with transparency beside the one that is asked for.
        4 * pixel_count
    } else {
        0
    }
}

/// Walks a JPEG's markers up to its frame header (ITU-T T.81 §B.1.1) and looks for a progressive one.
fn is_progressive_jpeg(bytes: &[u8]) -> bool {
    let Some(mut rest) = bytes.strip_prefix(&[0xff, 0xd8]) else {
        return false;
    };
    loop {
        rest = match rest {
            // SOF2, SOF6, SOF10 and SOF14.
            [0xff, 0xc2 | 0xc6 | 0xca | 0xce, ..] => return true,
            // Other frame headers, start of scan, end of image.
            [0xff, 0xc0 | 0xc1 | 0xc3 | 0xda | 0xd9, ..] => return false,
            // Fill bytes, then markers without a length, then segments that are jumped over.
            [0xff, 0xff, ..] | [0xff, 0x01 | 0xd0..=0xd8, _, ..] => {
                rest.get(1..).unwrap_or_default()
            }
            [0xff, _, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                rest.get(2 + length..).unwrap_or_default()
            }
            // Bytes that are no marker are skipped, as decoders do.
            [_, tail @ ..] => tail,
            [] => return false,
        }
    }
}

/// Turns pixels of any colour into grey ones in the same memory, so that a picture never needs room twice.
fn to_grey(pixels: &mut Vec<u8>, width: usize, colour: ColorType, backdrop: Backdrop) {
    let pixel_bytes = usize::from(colour.bytes_per_pixel());
    let channels = usize::from(colour.channel_count());
    let row_bytes = width * pixel_bytes;
    if pixel_bytes == 0 || row_bytes == 0 {
        return;
    }
    let mut row = vec![0; row_bytes];
    let rows = pixels.len() / row_bytes;
    for y in 0..rows {
        let Some(source) = pixels.get(y * row_bytes..(y + 1) * row_bytes) else {
            return;
        };
        row.copy_from_slice(source);
        let Some(target) = pixels.get_mut(y * width..(y + 1) * width) else {
            return;
        };
        // Two bytes a channel come in the machine's order; the high one is all that is needed.
        let step = pixel_bytes / channels;
        let offset = if cfg!(target_endian = "little") {
            step - 1
        } else {
            0
        };
        for (grey, pixel) in target.iter_mut().zip(row.chunks_exact(pixel_bytes)) {
            let channel = |index: usize| pixel.get(index * step + offset).copied().unwrap_or(255);
            *grey = match channels {
                1 => channel(0),
                2 => over(channel(0), channel(1), backdrop),
                3 => luminance(channel(0), channel(1), channel(2)),
                _ => over(
                    luminance(channel(0), channel(1), channel(2)),
                    channel(3),
                    backdrop,
                ),
            };
        }
    }
    pixels.truncate(rows * width);
    pixels.shrink_to_fit();
}

/// Grey of a colour (ITU-R BT.601), in 256ths.
fn luminance(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue);
    sum.to_be_bytes()[2]
}

/// A half transparent pixel over what is behind it.
fn over(grey: u8, alpha: u8, backdrop: Backdrop) -> u8 {
    let behind = match backdrop {
        Backdrop::White => 255,
        Backdrop::Black => 0,
    };
    let sum = u32::from(grey) * u32::from(alpha) + behind * (255 - u32::from(alpha));
    u8::try_from(sum / 255).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progressive_jpegs_are_told_from_the_others() {
        assert!(is_progressive_jpeg(b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2"));
        assert!(is_progressive_jpeg(b"\xff\xd8\xff\xff\xe0\x00\x02\xff\xc2"));
        assert!(!is_progressive_jpeg(
            b"\xff\xd8\xff\xe0\x00\x04\xff\xc2\xff\xc0"
        ));
        assert!(!is_progressive_jpeg(b"\xff\xd8"));
        assert!(!is_progressive_jpeg(b"\x89PNG\xff\xc2"));
        assert!(!is_progressive_jpeg(b"\xff\xd8\xff\xe0\xff\xff"));
    }

    #[test]
    fn every_colour_becomes_grey_in_place() {
        let grey = |colour, mut pixels: Vec<u8>, backdrop| {
            to_grey(&mut pixels, 2, colour, backdrop);
            pixels
        };
        let white = Backdrop::White;
        assert_eq!(grey(ColorType::L8, vec![1, 2, 3, 4], white), [1, 2, 3, 4]);
        assert_eq!(
            grey(ColorType::Rgb8, vec![255, 255, 255, 0, 0, 0], white),
            [255, 0]
        );
        assert_eq!(grey(ColorType::La8, vec![9, 255, 9, 0], white), [9, 255]);
        assert_eq!(
            grey(ColorType::La8, vec![9, 255, 9, 0], Backdrop::Black),
            [9, 0]
        );
        let rgba = vec![255, 255, 255, 255, 0, 0, 0, 0];
        assert_eq!(grey(ColorType::Rgba8, rgba, white), [255, 255]);
        let deep = [0x1234_u16, 0xfedc].map(u16::to_ne_bytes).concat();
        assert_eq!(grey(ColorType::L16, deep, white), [0x12, 0xfe]);
    }
}
