//! QR codes from text.

use std::fmt;

use qrcode::{Color, EcLevel, QrCode, Version, bits::Bits};
use zeroize::Zeroizing;

use super::QrError;
use crate::secret::SecretText;

/// How much of a code may be damaged (ISO/IEC 18004 §6.5.1).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// About 7 %.
    Low,
    /// About 15 %.
    Medium,
    /// About 25 %.
    Quartile,
    /// About 30 %.
    High,
}

impl Level {
    const fn foreign(self) -> EcLevel {
        match self {
            Self::Low => EcLevel::L,
            Self::Medium => EcLevel::M,
            Self::Quartile => EcLevel::Q,
            Self::High => EcLevel::H,
        }
    }
}

/// The modules of a QR code. As secret as the text in it: redacted in `Debug` and wiped when dropped.
pub struct Matrix {
    side: usize,
    level: Level,
    dark: Zeroizing<Vec<bool>>,
}

impl Matrix {
    /// Modules along one side, without the quiet zone: 21 to 177.
    #[must_use]
    pub fn side(&self) -> usize {
        self.side
    }

    /// How much damage the code bears.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The rows of modules from the top; `true` is dark.
    pub fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.dark.chunks_exact(self.side)
    }
}

impl fmt::Debug for Matrix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Matrix")
            .field("side", &self.side)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

/// Writes text as the smallest QR code of level [`Level::Medium`], or [`Level::Low`] when it only fits so.
///
/// # Errors
///
/// [`QrError::TextTooLong`] beyond the largest code: 2,953 bytes, more for digits and capitals.
pub fn encode(text: &SecretText) -> Result<Matrix, QrError> {
    // EXPOSE: the modules are the text in another form, and as secret.
    let bytes = text.expose().as_bytes();
    [Level::Medium, Level::Low]
        .into_iter()
        .find_map(|level| encode_at(bytes, level))
        .ok_or(QrError::TextTooLong)
}

/// `None` when the text does not fit.
fn encode_at(bytes: &[u8], level: Level) -> Option<Matrix> {
    let bits = if bytes.is_ascii() {
        qrcode::bits::encode_auto(bytes, level.foreign()).ok()?
    } else {
        // The optimiser would take UTF-8 that looks like Shift_JIS for Kanji, and readers would show other signs.
        (1..=40).find_map(|version| {
            let mut bits = Bits::new(Version::Normal(version));
            bits.push_byte_data(bytes).ok()?;
            bits.push_terminator(level.foreign()).ok()?;
            Some(bits)
        })?
    };
    let code = QrCode::with_bits(bits, level.foreign()).ok()?;
    Some(Matrix {
        side: code.width(),
        level,
        dark: Zeroizing::new(
            code.into_colors()
                .into_iter()
                .map(|colour| colour == Color::Dark)
                .collect(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_medium_until_the_text_needs_the_room() {
        let level = |length: usize| {
            encode(&SecretText::new("a".repeat(length))).map(|matrix| matrix.level())
        };
        assert_eq!(level(0), Ok(Level::Medium));
        assert_eq!(level(2_331), Ok(Level::Medium));
        assert_eq!(level(2_332), Ok(Level::Low));
        assert_eq!(level(2_953), Ok(Level::Low));
        assert_eq!(level(2_954), Err(QrError::TextTooLong));
        assert_eq!(
            encode(&SecretText::new("é".repeat(1_477))).err(),
            Some(QrError::TextTooLong)
        );
    }

    #[test]
    fn debug_shows_no_modules() {
        let shown = format!("{:?}", encode(&SecretText::new("MARKED".into())).unwrap());
        assert_eq!(shown, "Matrix { side: 21, level: Medium, .. }");
    }
}
