//! QR codes: found in pictures and camera frames, and drawn.

use std::num::NonZeroU8;

use countersign_core::qr::{self, Corner, LumaFrame, QrError, Symbol};
use countersign_core::secret::SecretText;

/// One QR code that was read.
#[derive(Debug, uniffi::Record)]
pub struct QrText {
    /// What the code says.
    pub text: SecretText,
    /// Its four corners, clockwise; the first is the one at the middle finder pattern.
    pub corners: Vec<Corner>,
}

impl From<Symbol> for QrText {
    fn from(symbol: Symbol) -> Self {
        let Symbol { text, corners } = symbol;
        Self {
            text,
            corners: corners.to_vec(),
        }
    }
}

/// Reads all QR codes of a PNG, JPEG, WebP, GIF (its first frame) or BMP, in reading order.
///
/// # Errors
///
/// `NotAnImage`, `ImageTooLarge`, `TooManyCodes`, `NoCode`.
#[uniffi::export]
pub fn read_image(image: &[u8]) -> Result<Vec<QrText>, QrError> {
    Ok(qr::read_image(image)?
        .into_iter()
        .map(QrText::from)
        .collect())
}

/// Reads the QR codes of a camera frame: its grey plane, whose rows begin `stride_bytes` apart. Faster than `read_image` and
/// less stubborn: the next frame comes soon.
///
/// # Errors
///
/// `NoCode`, which is what most frames are; `FrameShape`, `ImageTooLarge`.
#[uniffi::export]
pub fn read_frame(
    luma: &[u8],
    width_px: u32,
    height_px: u32,
    stride_bytes: u32,
) -> Result<Vec<QrText>, QrError> {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let frame = LumaFrame::new(size(width_px), size(height_px), size(stride_bytes), luma)?;
    Ok(qr::read_frame(&frame)?
        .into_iter()
        .map(QrText::from)
        .collect())
}

/// A text as a QR code, to be shown on another screen: a PNG whose modules are so many pixels wide.
///
/// # Errors
///
/// `TextTooLong`; `ImageTooLarge`.
#[uniffi::export(default(module_px = 8))]
pub fn draw_png(text: SecretText, module_px: u8) -> Result<Vec<u8>, QrError> {
    let module_px = NonZeroU8::new(module_px).unwrap_or(NonZeroU8::MIN);
    let picture = qr::encode(&text)?.to_png(module_px)?;
    // EXPOSE: it is shown.
    Ok(picture.expose().to_vec())
}

/// The same as SVG.
///
/// # Errors
///
/// `TextTooLong`.
#[uniffi::export]
pub fn draw_svg(text: SecretText) -> Result<SecretText, QrError> {
    Ok(qr::encode(&text)?.to_svg())
}
