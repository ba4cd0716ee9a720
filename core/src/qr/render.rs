//! The forms in which a QR code is shown: terminal text, PNG and SVG, each with its quiet zone.

use std::{fmt::Write as _, io::Cursor, num::NonZeroU8};

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use zeroize::Zeroizing;

use super::{Matrix, QrError};
use crate::secret::{Secret, SecretText};

/// Light modules around the code (ISO/IEC 18004 §6.3.8).
const QUIET_ZONE: usize = 4;

/// The longest side of a PNG that is written, in pixels.
const MAX_PNG_SIDE_PX: usize = 8_192;

impl Matrix {
    /// Modules along one side with the quiet zone on both ends.
    fn outer_side(&self) -> usize {
        self.side() + 2 * QUIET_ZONE
    }

    /// All rows with the quiet zone; `true` is dark.
    fn padded_rows(&self) -> impl Iterator<Item = Zeroizing<Vec<bool>>> {
        let side = self.outer_side();
        let light = move |rows: usize| {
            std::iter::repeat_with(move || Zeroizing::new(vec![false; side])).take(rows)
        };
        let inner = self.rows().map(|row| {
            let quiet = [false; QUIET_ZONE];
            Zeroizing::new([&quiet, row, &quiet].concat())
        });
        light(QUIET_ZONE).chain(inner).chain(light(QUIET_ZONE))
    }

    /// For a terminal: half blocks, two rows of modules a line, with colours set so that the code is black on
    /// white whatever the terminal's colours are.
    #[must_use]
    pub fn to_terminal_text(&self) -> SecretText {
        let text = self.half_blocks("\u{1b}[30;107m", "\u{1b}[0m", |upper, lower| {
            match (upper, lower) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }
        });
        SecretText::new(text)
    }

    /// For a terminal without colours: half blocks in which light modules are printed, so that a dark terminal
    /// shows the code right; on a light one it is inverted, which nearly every reader takes too.
    #[must_use]
    pub fn to_plain_terminal_text(&self) -> SecretText {
        let text = self.half_blocks("", "", |upper, lower| match (upper, lower) {
            (true, true) => ' ',
            (true, false) => '▄',
            (false, true) => '▀',
            (false, false) => '█',
        });
        SecretText::new(text)
    }

    fn half_blocks(
        &self,
        line_start: &str,
        line_end: &str,
        sign: impl Fn(bool, bool) -> char,
    ) -> String {
        // Three bytes a sign at most: text that grows would leave copies behind.
        let line_bytes = line_start.len() + 3 * self.outer_side() + line_end.len() + 1;
        let mut text = String::with_capacity(self.outer_side().div_ceil(2) * line_bytes);
        let mut rows = self.padded_rows();
        while let Some(upper) = rows.next() {
            let lower = rows.next();
            text.push_str(line_start);
            for (x, &above) in upper.iter().enumerate() {
                let below = lower.as_ref().and_then(|row| row.get(x));
                text.push(sign(above, below.copied().unwrap_or(false)));
            }
            text.push_str(line_end);
            text.push('\n');
        }
        text
    }

    /// For anything that shows letters: two signs a module, `##` dark and spaces light.
    #[must_use]
    pub fn to_ascii_text(&self) -> SecretText {
        let side = self.outer_side();
        let mut text = String::with_capacity(side * (2 * side + 1));
        for row in self.padded_rows() {
            text.extend(row.iter().map(|&is_dark| if is_dark { "##" } else { "  " }));
            text.push('\n');
        }
        SecretText::new(text)
    }

    /// A grey PNG file with `module_px` pixels a module, in each direction.
    ///
    /// # Errors
    ///
    /// [`QrError::ImageTooLarge`] when a side would be beyond 8,192 pixels.
    pub fn to_png(&self, module_px: NonZeroU8) -> Result<Secret, QrError> {
        let scale = usize::from(module_px.get());
        let side = self.outer_side() * scale;
        if side > MAX_PNG_SIDE_PX {
            return Err(QrError::ImageTooLarge);
        }
        let mut pixels = Zeroizing::new(Vec::with_capacity(side * side));
        for row in self.padded_rows() {
            let greys = row.iter().map(|&is_dark| if is_dark { 0 } else { 255 });
            let mut line = Zeroizing::new(Vec::with_capacity(side));
            line.extend(greys.flat_map(|grey| std::iter::repeat_n(grey, scale)));
            for _ in 0..scale {
                pixels.extend_from_slice(&line);
            }
        }
        let mut png = Cursor::new(Vec::new());
        let side_px = u32::try_from(side).expect("bounded above");
        PngEncoder::new(&mut png)
            .write_image(&pixels, side_px, side_px, ExtendedColorType::L8)
            .expect("a vector takes everything and the size fits the pixels");
        Ok(Secret::new(png.into_inner()))
    }

    /// An SVG document: one unit a module, black on white.
    #[must_use]
    pub fn to_svg(&self) -> SecretText {
        let side = self.outer_side();
        let run_count: usize = self
            .padded_rows()
            .map(|row| row.chunk_by(|a, b| a == b).count())
            .sum();
        // A run of dark modules is written in at most 21 bytes, and every second one is dark.
        let mut svg = String::with_capacity(512 + 21 * run_count);
        write!(
            svg,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\n\
             <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\n<path d=\""
        )
        .expect("a string takes everything");
        for (y, row) in self.padded_rows().enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run.first() == Some(&true) {
                    let width = run.len();
                    write!(svg, "M{x} {y}h{width}v1h-{width}z").expect("a string takes everything");
                }
                x += run.len();
            }
        }
        svg.push_str("\" fill=\"#000\"/>\n</svg>\n");
        SecretText::new(svg)
    }
}
