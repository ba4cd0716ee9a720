//! How public values are stored by whoever keeps them between messages: as the texts that messages have for them.
//! Secrets have no such form; who stores one says so where it is done.

/// Stores a value as its one text, and takes nothing else back.
macro_rules! stored_as_text {
    ($name:ty, $format:expr, $parse:expr) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                let format: fn(&Self) -> String = $format;
                writer.serialize_str(&format(self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(reader)?;
                // The words never leave this crate.
                $parse(&text).map_err(|_| serde::de::Error::custom("not its one form"))
            }
        }
    };
}

pub(crate) use stored_as_text;

#[cfg(test)]
mod tests {
    use crate::hash::{Id, Thumbprint};
    use crate::key::PublicKey;
    use crate::message::{Outcome, Policy, PresenceRule, Ring};
    use crate::signing::SigningKey;
    use crate::time::Timestamp;

    fn stored<T: serde::Serialize>(value: &T) -> String {
        serde_json::to_string(value).unwrap()
    }

    #[test]
    fn public_values_come_back_from_their_texts() {
        let key = *SigningKey::generate().unwrap().public();
        assert_eq!(
            serde_json::from_str::<PublicKey>(&stored(&key)).unwrap(),
            key
        );
        let id = Id::from_bytes([7; 16]);
        assert_eq!(stored(&id), format!("\"{}\"", id.format()));
        assert_eq!(serde_json::from_str::<Id>(&stored(&id)).unwrap(), id);
        let time = Timestamp::new(1_800_000_000).unwrap();
        assert_eq!(stored(&time), "1800000000");
        assert_eq!(
            serde_json::from_str::<Timestamp>("1800000000").unwrap(),
            time
        );
        assert_eq!(stored(&Outcome::WrongNumber), "\"wrong_number\"");
        let ring = Ring::UnifiedPush {
            to: "https://push.example.org/a".into(),
            bell: id,
        };
        assert_eq!(serde_json::from_str::<Ring>(&stored(&ring)).unwrap(), ring);
        let policy = Policy {
            presence: PresenceRule::Required,
            digits: 6,
            lifetime_s: 120,
            offline: false,
            may_move: true,
            export: false,
        };
        assert_eq!(
            serde_json::from_str::<Policy>(&stored(&policy)).unwrap(),
            policy
        );
    }

    #[test]
    fn nothing_else_comes_back() {
        assert!(serde_json::from_str::<Id>("\"AAAA\"").is_err());
        assert!(serde_json::from_str::<Thumbprint>("7").is_err());
        assert!(serde_json::from_str::<PublicKey>("\"AAAA\"").is_err());
        assert!(serde_json::from_str::<Timestamp>("9007199254740992").is_err());
        assert!(serde_json::from_str::<Timestamp>("-1").is_err());
        assert!(serde_json::from_str::<Outcome>("\"another\"").is_err());
        let shown = serde_json::from_str::<Id>("\"MARKED\"").unwrap_err();
        assert!(!shown.to_string().contains("MARKED"));
    }
}
