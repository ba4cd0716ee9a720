//! Secrets in the stored form of a person. The only place where one becomes text again.

use countersign_protocol::base64url;
use countersign_protocol::digits::{CheckNumber, Digits};
use countersign_protocol::message::OtpLink;
use countersign_protocol::secret::{OfflineKey, ScannedSecret, TypedSecret};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A secret that is stored with a person, and shown to nobody.
pub(crate) struct Kept<T>(pub(crate) T);

impl<T> std::fmt::Debug for Kept<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// What has a stored form.
pub(crate) trait Keep: Sized {
    fn to_text(&self) -> String;
    fn of_text(text: &str) -> Option<Self>;
}

impl<T: Keep> Serialize for Kept<T> {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let text = zeroize::Zeroizing::new(self.0.to_text());
        writer.serialize_str(&text)
    }
}

impl<'de, T: Keep> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(reader)?;
        let kept = T::of_text(&text).map(Self);
        kept.ok_or_else(|| serde::de::Error::custom("not a stored secret"))
    }
}

impl Keep for ScannedSecret {
    fn to_text(&self) -> String {
        // EXPOSE: it is stored until its invitation ends.
        base64url::format(self.expose())
    }

    fn of_text(text: &str) -> Option<Self> {
        let bytes = base64url::parse_exact(text).ok()?;
        Some(Self::copy_of(&bytes))
    }
}

impl Keep for TypedSecret {
    fn to_text(&self) -> String {
        // EXPOSE: it is stored until its invitation ends.
        self.expose().iter().copied().map(char::from).collect()
    }

    fn of_text(text: &str) -> Option<Self> {
        Self::parse(text.as_bytes())
    }
}

impl Keep for OfflineKey {
    fn to_text(&self) -> String {
        // EXPOSE: it is stored until its device ends.
        base64url::format(self.expose())
    }

    fn of_text(text: &str) -> Option<Self> {
        let bytes = base64url::parse_exact(text).ok()?;
        Some(Self::copy_of(&bytes))
    }
}

impl Keep for OtpLink {
    fn to_text(&self) -> String {
        // EXPOSE: it is stored until its device ends.
        self.expose().to_owned()
    }

    fn of_text(text: &str) -> Option<Self> {
        Self::new(text.to_owned())
    }
}

impl Keep for Digits {
    fn to_text(&self) -> String {
        self.as_str().to_owned()
    }

    fn of_text(text: &str) -> Option<Self> {
        let count = u8::try_from(text.len()).ok()?;
        Self::parse(text, count).ok()
    }
}

impl Keep for CheckNumber {
    fn to_text(&self) -> String {
        self.as_str().to_owned()
    }

    fn of_text(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again<T: Keep>(secret: T) -> Kept<T> {
        let stored = serde_json::to_string(&Kept(secret)).unwrap();
        serde_json::from_str(&stored).unwrap()
    }

    #[test]
    fn secrets_come_back_as_they_were_kept() {
        // EXPOSE: they are compared.
        assert_eq!(again(OfflineKey::copy_of(&[7; 32])).0.expose(), &[7; 32]);
        assert_eq!(again(ScannedSecret::copy_of(&[7; 16])).0.expose(), &[7; 16]);
        let typed = TypedSecret::parse(b"0123456789012").unwrap();
        assert_eq!(again(typed).0.expose(), b"0123456789012");
        let number = Digits::parse("012345", 6).unwrap();
        assert_eq!(again(number.clone()).0, number);
        let check = CheckNumber::parse("012345").unwrap();
        assert_eq!(again(check.clone()).0, check);
        let link = again(OtpLink::new("otpauth://totp/a?secret=AAAA".into()).unwrap());
        assert_eq!(link.0.expose(), "otpauth://totp/a?secret=AAAA");
    }

    #[test]
    fn neither_debug_nor_an_error_shows_one() {
        let typed = Kept(TypedSecret::parse(b"0123456789012").unwrap());
        assert_eq!(format!("{typed:?}"), "[redacted]");
        for bad in ["\"MARKED\"", "7", "null"] {
            let error = serde_json::from_str::<Kept<OfflineKey>>(bad).unwrap_err();
            assert!(!error.to_string().contains("MARKED"));
        }
    }
}
