//! Text encodings of links and messages.

pub mod base32;
pub mod base64url;
pub(crate) mod invisible;
pub mod percent;
pub(crate) mod tlv;
