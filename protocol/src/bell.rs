//! A bell: what a push brings to a device. It says for which account to ask, and has no authority.

use crate::claims::{self, Claims};
use crate::hash::Id;
use crate::json::{Json, Object};

/// Longest bell in bytes, white space included.
pub const BELL_BYTES_MAX: usize = 256;

/// A ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bell {
    /// The token that the device chose for one account.
    pub token: Id,
}

impl Bell {
    /// The document that is pushed: `{"v":1,"bell":…}`.
    ///
    /// # Panics
    ///
    /// Never: a number and a text have a form in JSON.
    #[must_use]
    pub fn to_document(&self) -> Vec<u8> {
        let document = Object::new()
            .with("v", Json::Integer(1))
            .with("bell", Json::Text(self.token.format()));
        document.format().expect("two members have a form")
    }

    /// Reads what was pushed. None for anything else: whoever knows a device's address can send it anything.
    #[must_use]
    pub fn read(document: &[u8]) -> Option<Self> {
        if document.len() > BELL_BYTES_MAX {
            return None;
        }
        let object = Object::parse(document).ok()?;
        let claims = Claims::of(&object);
        let _ = claims.required("v", claims::count(1..=1)).ok()?;
        let token = claims.required("bell", claims::id).ok()?;
        (object.names().count() == 2).then_some(Self { token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BELL: Bell = Bell {
        token: Id::from_bytes([7; 16]),
    };

    #[test]
    fn a_bell_is_read_as_it_was_written() {
        let document = BELL.to_document();
        assert_eq!(document, br#"{"v":1,"bell":"BwcHBwcHBwcHBwcHBwcHBw"}"#);
        assert_eq!(Bell::read(&document), Some(BELL));
        let turned = br#" {"bell":"BwcHBwcHBwcHBwcHBwcHBw", "v":1} "#;
        assert_eq!(Bell::read(turned), Some(BELL));
    }

    #[test]
    fn nothing_else_rings() {
        let good = String::from_utf8(BELL.to_document()).unwrap();
        let long = format!("{good}{}", " ".repeat(BELL_BYTES_MAX));
        for document in [
            String::new(),
            "{}".to_owned(),
            format!("[{good}]"),
            good.replace("\"v\":1,", ""),
            good.replace("\"v\":1", "\"v\":2"),
            good.replace("\"v\":1", "\"v\":\"1\""),
            good.replace("\"v\":1", "\"v\":1,\"v\":1"),
            good.replace("BwcH", "Bwc"),
            good.replace("\"v\":1", "\"v\":1,\"title\":\"Sign in\""),
            long,
        ] {
            assert_eq!(Bell::read(document.as_bytes()), None, "{document}");
        }
    }
}
