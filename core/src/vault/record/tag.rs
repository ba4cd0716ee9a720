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
            name: name.ok_or(Malformed)?,
            unknown,
        })
    }
}
