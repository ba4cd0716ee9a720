//! Kind 2: a tag.

use zeroize::Zeroizing;

use super::{Unknown, put_unknown};
use crate::account::Name;
use crate::secret::Secret;
use crate::vault::tlv::{Malformed, Reader, Writer, text_of};

/// Field number of the name.
const NAME: u8 = 1;

/// A tag's record.
#[derive(Debug)]
pub(crate) struct StoredTag {
    pub(crate) name: Name,
    unknown: Vec<Unknown>,
}

impl StoredTag {
    pub(crate) const fn new(name: Name) -> Self {
        Self {
            name,
            unknown: vec![],
        }
    }

    pub(in crate::vault) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        body.put_text(NAME, self.name.as_str());
        put_unknown(&mut body, &self.unknown);
        body.finish()
    }

    pub(super) fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let (mut name, mut unknown) = (None, vec![]);
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            match tag {
                NAME => name = Some(Name::new(text_of(value)?)),
                other => unknown.push((other, Secret::copy_of(value))),
            }
        }
        Ok(Self {
            // A name of controls alone is none: written back, the record could not be read again.
            name: name
                .filter(|name: &Name| !name.is_empty())
                .ok_or(Malformed)?,
            unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(name: &str) -> Option<StoredTag> {
        let mut body = Writer::new();
        body.put(NAME, name.as_bytes());
        StoredTag::decode(&body.finish()).ok()
    }

    #[test]
    fn a_tag_whose_name_is_nothing_is_refused() {
        for name in ["", " ", "\u{202e}\u{0}"] {
            assert!(decoded(name).is_none());
        }
        assert!(StoredTag::decode(&Writer::new().finish()).is_err());
        assert_eq!(decoded(" work ").unwrap().name.as_str(), "work");
    }
}
