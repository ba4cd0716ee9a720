//! Links: those that hold a key, exports of other programs, invitations and statements of our own
//! protocol, and those of other servers, which are recognised and kept.

mod error;
pub mod foreign;
mod format;
pub mod invitation;
pub(crate) mod label;
pub(crate) mod link;
pub mod migration;
pub(crate) mod otpauth;
mod server_url;
pub mod statement;
pub(crate) mod value;

pub use error::{Field, Hint, UriError, Warning};
pub use format::format_otpauth;
pub use link::LINK_BYTES_MAX;
pub use otpauth::{Parsed, parse_otpauth};
pub use server_url::{ServerUrl, TestMode};

/// The links of a pasted text or a file, one a line, with the line's number from 1. Blank lines and
/// comments (`#`, `//`) are skipped.
pub fn read_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, link::trim(line)))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//"))
}
