//! The passes over a picture, cheap ones first.

use super::{
    MAX_CODES, QrError, filter,
    luma::{Luma, LumaFrame},
    message::Messages,
    picture::{self, Backdrop},
    scan::{Budget, Threshold, scan},
    symbol::{Corner, Symbol, sort_for_reading},
    threshold::Ink,
};

const DARK: Threshold = Threshold::Local(Ink::Dark);
const LIGHT: Threshold = Threshold::Local(Ink::Light);

/// Rows between two looks for finder patterns in a picture: the middle of one is at least as high.
const IMAGE_ROW_STEP: u32 = 3;

/// The same in a frame: codes before a camera are larger, and the next frame is shifted a little.
const FRAME_ROW_STEP: u32 = 5;

/// Up to this size, 16 Mpixel, every pass is tried on a picture that seems to have no code.
const MAX_STUBBORN_PIXELS: usize = 16 << 20;

/// Reads all QR codes of a picture.
pub(super) fn read_image(bytes: &[u8]) -> Result<Vec<Symbol>, QrError> {
    let picture = picture::decode(bytes, Backdrop::White)?;
    let mut symbols = search(&picture.luma);
    if symbols.is_empty() && picture.has_alpha {
        drop(picture);
        symbols = search(&picture::decode(bytes, Backdrop::Black)?.luma);
    }
    answer(symbols)
}

/// Reads the QR codes of a camera frame: at most two passes, since the next frame comes soon.
pub(super) fn read_frame(frame: &LumaFrame<'_>) -> Result<Vec<Symbol>, QrError> {
    let luma = frame.luma();
    let mut gathered = Gathered::new();
    gathered.pass(&luma, DARK, FRAME_ROW_STEP, 1.0);
    if gathered.symbols.is_empty() {
        gathered.pass(&luma, LIGHT, FRAME_ROW_STEP, 1.0);
    }
    answer(gathered.symbols)
}

fn answer(mut symbols: Vec<Symbol>) -> Result<Vec<Symbol>, QrError> {
    if symbols.is_empty() {
        return Err(QrError::NoCode);
    }
    if symbols.len() > MAX_CODES {
        return Err(QrError::TooManyCodes);
    }
    sort_for_reading(&mut symbols);
    Ok(symbols)
}

/// All passes: both colours of ink always, since a sheet can have both; the rest while nothing was found.
fn search(luma: &Luma<'_>) -> Vec<Symbol> {
    let mut gathered = Gathered::new();
    gathered.pass(luma, DARK, IMAGE_ROW_STEP, 1.0);
    gathered.pass(luma, LIGHT, IMAGE_ROW_STEP, 1.0);
    if gathered.symbols.is_empty()
        && let Some(half) = filter::halved(luma)
    {
        gathered.pass(&half, DARK, IMAGE_ROW_STEP, 2.0);
    }
    // In a larger picture a code is larger too, and halving has done what these could do.
    if gathered.symbols.is_empty() && luma.pixels().len() <= MAX_STUBBORN_PIXELS {
        gathered.pass(luma, Threshold::Global, IMAGE_ROW_STEP, 1.0);
        let levelled = filter::levelled(luma);
        gathered.pass(&levelled, DARK, IMAGE_ROW_STEP, 1.0);
        gathered.pass(&levelled, LIGHT, IMAGE_ROW_STEP, 1.0);
    }
    gathered.symbols
}

/// What the passes over one picture have found so far.
struct Gathered {
    symbols: Vec<Symbol>,
    messages: Messages,
    budget: Budget,
}

impl Gathered {
    fn new() -> Self {
        Self {
            symbols: Vec::new(),
            messages: Messages::default(),
            budget: Budget::new(),
        }
    }

    /// Adds what is new. `scale` is how many pixels of the picture one pixel of the view is.
    fn pass(&mut self, view: &Luma<'_>, threshold: Threshold, row_step: u32, scale: f32) {
        for sighting in scan(view, threshold, row_step, &mut self.budget) {
            let corners = sighting.corners.map(|corner| Corner {
                x_px: corner.x_px * scale,
                y_px: corner.y_px * scale,
            });
            let whole = match sighting.part {
                None => Some(Symbol {
                    text: sighting.text,
                    corners,
                }),
                Some(part) => self.messages.add(part, corners),
            };
            self.symbols.extend(
                whole.filter(|symbol| !self.symbols.iter().any(|known| known.is_again(symbol))),
            );
        }
    }
}
