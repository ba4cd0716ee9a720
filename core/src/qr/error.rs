//! Why a picture, a frame or a text was refused.

/// Why nothing was read or written.
///
/// No variant carries anything of the picture or the text, so every one is safe to show and to log.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum QrError {
    /// The picture is sound and holds no readable QR code.
    #[error("no QR code found")]
    NoCode,
    /// The bytes are no PNG, JPEG, WebP, GIF or BMP, or a broken one.
    #[error("not a picture that can be read")]
    NotAnImage,
    /// Beyond [`MAX_IMAGE_BYTES`](super::MAX_IMAGE_BYTES), [`MAX_PIXELS`](super::MAX_PIXELS),
    /// [`MAX_SIDE_PX`](super::MAX_SIDE_PX) or the memory that one picture may take.
    #[error("the picture is too large")]
    ImageTooLarge,
    /// There are more codes in it than [`MAX_CODES`](super::MAX_CODES): taking some of them would lose the others silently.
    #[error("the picture has more than 64 codes; cut it into parts")]
    TooManyCodes,
    /// A frame has no width or no height, rows that overlap, or fewer bytes than its rows need.
    #[error("the frame's width, height and stride do not fit its bytes")]
    FrameShape,
    /// The text does not fit into the largest QR code.
    #[error("the text is too long for a QR code")]
    TextTooLong,
}

impl QrError {
    /// The stable name that scripts and `doctor` see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCode => "no_code",
            Self::NotAnImage => "not_an_image",
            Self::ImageTooLarge | Self::TooManyCodes => "image_too_large",
            Self::FrameShape => "frame_shape",
            Self::TextTooLong => "too_long",
        }
    }
}
