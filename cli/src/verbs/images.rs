//! From an image's file to the texts of its codes.

use std::fs;
use std::path::Path;

use countersign_core::qr::{self, MAX_IMAGE_BYTES, QrError, Symbol};

use crate::failure::Failure;
use crate::input::Source;
use crate::verbs::answer::image_error;

/// Reads the codes of an image that the person named: a file, a pipe or standard input.
///
/// # Errors
///
/// `no_code`, `not_an_image`, `image_too_large`, or as [`Failure::io`].
pub(crate) fn read(source: &Source) -> Result<Vec<Symbol>, Failure> {
    let bytes = source.read("image", u64::try_from(MAX_IMAGE_BYTES).unwrap_or(u64::MAX))?;
    qr::read_image(&bytes).map_err(|error| Failure::new(error.name(), image_error(error)))
}

/// Reads the codes of an image that a list names. Only a regular file: a pipe could keep the list waiting.
pub(crate) fn read_listed(path: &Path) -> Result<Vec<Symbol>, QrError> {
    let about = fs::metadata(path).map_err(|_| QrError::NotAnImage)?;
    if !about.is_file() {
        return Err(QrError::NotAnImage);
    }
    let cap = u64::try_from(MAX_IMAGE_BYTES).unwrap_or(u64::MAX);
    if about.len() > cap {
        return Err(QrError::ImageTooLarge);
    }
    let bytes = Source::File(path.to_owned())
        .read("image", cap)
        .map_err(|_| QrError::NotAnImage)?;
    qr::read_image(&bytes)
}
