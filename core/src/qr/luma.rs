//! Grey pixels, and the frames of a camera.

use std::borrow::Cow;

use super::{MAX_PIXELS, MAX_SIDE_PX, QrError};

/// A grey picture: one byte a pixel, row after row without gaps, 0 is black and 255 is white.
///
/// Both sides are 1 to [`MAX_SIDE_PX`], so that every coordinate fits 16 bits.
pub(super) struct Luma<'a> {
    width_px: u16,
    height_px: u16,
    pixels: Cow<'a, [u8]>,
}

impl<'a> Luma<'a> {
    /// Joins sides and pixels; `None` when they do not fit each other.
    pub(super) fn new(width_px: u16, height_px: u16, pixels: Cow<'a, [u8]>) -> Option<Self> {
        let fits = pixels.len() == usize::from(width_px) * usize::from(height_px);
        (fits && !pixels.is_empty()).then_some(Self {
            width_px,
            height_px,
            pixels,
        })
    }

    /// Width in pixels.
    pub(super) fn width(&self) -> usize {
        self.width_px.into()
    }

    /// Both sides in pixels, as 16 bits.
    pub(super) fn sides(&self) -> (u16, u16) {
        (self.width_px, self.height_px)
    }

    /// All pixels.
    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The rows, from the top.
    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.pixels.chunks_exact(self.width())
    }
}

/// The grey plane of one camera frame, checked and not copied.
#[derive(Clone, Copy)]
pub struct LumaFrame<'a> {
    width_px: u16,
    height_px: u16,
    stride_bytes: usize,
    bytes: &'a [u8],
}

impl<'a> LumaFrame<'a> {
    /// A frame of `width_px` × `height_px`, one byte a pixel, whose rows begin `stride_bytes` apart.
    ///
    /// The last row may end without its padding, as Android's `ImageProxy` has it.
    ///
    /// # Errors
    ///
    /// [`QrError::FrameShape`] when a side is 0, the stride is below the width or `bytes` ends before the
    /// last pixel; [`QrError::ImageTooLarge`] beyond [`MAX_PIXELS`] or [`MAX_SIDE_PX`].
    pub fn new(
        width_px: usize,
        height_px: usize,
        stride_bytes: usize,
        bytes: &'a [u8],
    ) -> Result<Self, QrError> {
        if width_px == 0 || height_px == 0 || stride_bytes < width_px {
            return Err(QrError::FrameShape);
        }
        let (width, height) = checked_sides(width_px, height_px)?;
        let needed = stride_bytes
            .checked_mul(height_px - 1)
            .and_then(|before_last| before_last.checked_add(width_px))
            .ok_or(QrError::FrameShape)?;
        if bytes.len() < needed {
            return Err(QrError::FrameShape);
        }
        Ok(Self {
            width_px: width,
            height_px: height,
            stride_bytes,
            bytes,
        })
    }

    /// The pixels without gaps: borrowed when there are none.
    pub(super) fn luma(&self) -> Luma<'a> {
        let (width, height) = (usize::from(self.width_px), usize::from(self.height_px));
        let pixels = if self.stride_bytes == width {
            Cow::Borrowed(self.bytes.get(..width * height).unwrap_or_default())
        } else {
            let rows = self.bytes.chunks(self.stride_bytes).take(height);
            let pixels: Vec<u8> = rows
                .flat_map(|row| row.iter().take(width))
                .copied()
                .collect();
            Cow::Owned(pixels)
        };
        Luma::new(self.width_px, self.height_px, pixels).expect("the constructor checked the shape")
    }
}

impl std::fmt::Debug for LumaFrame<'_> {
    /// The shape only: the pixels may show a secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("LumaFrame")
            .field("width_px", &self.width_px)
            .field("height_px", &self.height_px)
            .field("stride_bytes", &self.stride_bytes)
            .finish_non_exhaustive()
    }
}

/// Sides as 16 bits, refused beyond the caps.
pub(super) fn checked_sides(width_px: usize, height_px: usize) -> Result<(u16, u16), QrError> {
    let width = u16::try_from(width_px).map_err(|_| QrError::ImageTooLarge)?;
    let height = u16::try_from(height_px).map_err(|_| QrError::ImageTooLarge)?;
    let is_too_large =
        width > MAX_SIDE_PX || height > MAX_SIDE_PX || width_px * height_px > MAX_PIXELS;
    if is_too_large {
        return Err(QrError::ImageTooLarge);
    }
    Ok((width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_wrong_shape_are_refused() {
        let bytes = [0; 100];
        for (width, height, stride) in [
            (0, 10, 10),
            (10, 0, 10),
            (10, 10, 9),
            (10, 11, 10),
            (11, 10, 10),
        ] {
            let refused = LumaFrame::new(width, height, stride, &bytes).err();
            assert_eq!(
                refused,
                Some(QrError::FrameShape),
                "{width} {height} {stride}"
            );
        }
        let refused = LumaFrame::new(2, 3, usize::MAX / 2 + 1, &bytes).err();
        assert_eq!(refused, Some(QrError::FrameShape));
    }

    #[test]
    fn a_frame_beyond_the_caps_is_refused() {
        let refused = LumaFrame::new(70_000, 1, 70_000, &[0; 70_000]).err();
        assert_eq!(refused, Some(QrError::ImageTooLarge));
        let refused = LumaFrame::new(32_767, 32_767, 32_767, &[]).err();
        assert_eq!(refused, Some(QrError::ImageTooLarge));
    }

    #[test]
    fn the_padding_of_rows_is_left_out_also_when_the_last_row_has_none() {
        let frame = LumaFrame::new(2, 2, 3, &[1, 2, 99, 3, 4]).unwrap();
        assert_eq!(frame.luma().pixels(), [1, 2, 3, 4]);
        let frame = LumaFrame::new(2, 2, 2, &[1, 2, 3, 4, 99]).unwrap();
        assert_eq!(frame.luma().pixels(), [1, 2, 3, 4]);
    }

    #[test]
    fn debug_shows_no_pixels() {
        let shown = format!("{:?}", LumaFrame::new(1, 1, 1, &[77]).unwrap());
        assert!(!shown.contains("77"), "{shown}");
    }
}
