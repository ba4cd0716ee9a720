//! Codes in pictures.

use countersign_core::qr::{Corner, QrError};

/// Why nothing was read or written.
///
/// No variant carries anything of the picture or the text, so every one is safe to show and to log.
#[uniffi::remote(Error)]
pub enum QrError {
    /// The picture is sound and holds no readable QR code.
    NoCode,
    /// The bytes are no PNG, JPEG, WebP, GIF or BMP, or a broken one.
    NotAnImage,
    /// Beyond `MAX_IMAGE_BYTES`, `MAX_PIXELS`,
    /// `MAX_SIDE_PX` or the memory that one picture may take.
    ImageTooLarge,
    /// There are more codes in it than `MAX_CODES`: taking some of them would lose the others silently.
    TooManyCodes,
    /// A frame has no width or no height, rows that overlap, or fewer bytes than its rows need.
    FrameShape,
    /// The text does not fit into the largest QR code.
    TextTooLong,
}

/// A place in a picture, in pixels from its upper left corner.
#[uniffi::remote(Record)]
pub struct Corner {
    /// To the right.
    pub x_px: f32,
    /// Downwards.
    pub y_px: f32,
}
