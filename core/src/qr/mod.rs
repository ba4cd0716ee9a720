//! QR codes: read from pictures and camera frames, written as terminal text, PNG and SVG.
//!
//! Work and memory are bounded by the caps below and by counts that depend on the picture alone, never by a clock:
//! the same picture always has the same answer.

mod error;
mod filter;
mod finder;
mod luma;
mod message;
mod picture;
mod read;
mod render;
mod scan;
mod sets;
mod symbol;
#[cfg(test)]
mod tests;
mod threshold;
mod write;

pub use self::{
    error::QrError,
    luma::LumaFrame,
    symbol::{Corner, Symbol},
    write::{Level, Matrix, encode},
};

/// The largest picture file in bytes: 32 MiB.
pub const MAX_IMAGE_BYTES: usize = 32 << 20;

/// The most pixels that a picture or a frame may have: 64 Mpixel.
///
/// Some kinds of picture reach the 256 MiB of memory that one may take earlier: deep colours and transparency at
/// 32 to 64 Mpixel, WebP at 36, progressive JPEG at 28.
pub const MAX_PIXELS: usize = 64 << 20;

/// The longest side of a picture or a frame, in pixels.
pub const MAX_SIDE_PX: u16 = 32_767;

/// The most codes that are read from one picture.
pub const MAX_CODES: usize = 64;

/// Reads all QR codes of a PNG, JPEG, WebP, GIF (its first frame) or BMP, in reading order.
///
/// Codes may be rotated, mirrored, inverted, slanted, partly damaged, small in a large picture and unevenly lit.
/// The kind of picture is told by its content. At least one code, at most [`MAX_CODES`].
///
/// # Errors
///
/// [`QrError::NotAnImage`]; [`QrError::ImageTooLarge`], told by the header before memory for pixels is taken;
/// [`QrError::TooManyCodes`]; [`QrError::NoCode`].
pub fn read_image(bytes: &[u8]) -> Result<Vec<Symbol>, QrError> {
    read::read_image(bytes)
}

/// Reads the QR codes of a camera frame, in reading order. Faster than [`read_image`] and less stubborn: the
/// next frame comes soon.
///
/// # Errors
///
/// [`QrError::NoCode`], which is what most frames are.
pub fn read_frame(frame: &LumaFrame<'_>) -> Result<Vec<Symbol>, QrError> {
    read::read_frame(frame)
}

/// Runs code of the crates that decode pictures and codes; a panic there finds nothing.
///
/// They are given bytes from anywhere, and index and assert in places that no check of ours can foresee. This is
/// the last resort. Nothing half changed can be seen afterwards: they borrow their input and what they build is
/// dropped; the only thing changed through the closure is a count of work.
fn foreign<T>(call: impl FnOnce() -> Option<T>) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_or(None)
}
