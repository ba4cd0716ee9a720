//! The forms of decrypted bodies, for whoever tests a reader or writer of them.

use zeroize::Zeroizing;

use super::chain::ChainRow;
use super::entries::Entries;
use super::manifest::{Manifest, decode_bucket, encode_bucket};
use super::record::Content;

/// Which form a decrypted body is to have (`docs/vault-format.md`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyForm {
    /// A record of this kind.
    Record(u8),
    /// The bucket of this number.
    Bucket(u8),
    /// The manifest.
    Manifest,
    /// An entry of the history.
    History,
}

/// A decrypted body as this version would write it again; `None` when it does not have the form.
///
/// Kinds of records that this version only keeps come back as they are.
#[must_use]
pub fn canonical_body(form: BodyForm, body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    match form {
        BodyForm::Record(kind) => match Content::decode(kind, body).ok()? {
            Content::Account(account) => Some(account.encode()),
            Content::Tag(tag) => Some(tag.encode()),
            Content::SlotKey(record) => Some(record.encode()),
            Content::Settings(settings) => Some(settings.encode()),
            Content::Work(work) => Some(work.encode()),
            Content::Kept => Some(Zeroizing::new(body.to_vec())),
        },
        BodyForm::Bucket(n) => {
            let mut entries = Entries::new();
            decode_bucket(body, n, &mut entries).ok()?;
            Some(encode_bucket(&entries, n))
        }
        BodyForm::Manifest => Manifest::decode(body)
            .ok()
            .map(|manifest| manifest.encode()),
        BodyForm::History => ChainRow::decode(body).ok().map(|row| row.encode()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form() -> impl Strategy<Value = BodyForm> {
        prop_oneof![
            (0_u8..8).prop_map(BodyForm::Record),
            any::<u8>().prop_map(BodyForm::Bucket),
            Just(BodyForm::Manifest),
            Just(BodyForm::History),
        ]
    }

    /// Bodies of fields with small numbers and lengths, so that many of them mean something.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        let field = (1_u8..18, proptest::collection::vec(any::<u8>(), 0..40));
        proptest::collection::vec(field, 0..12).prop_map(|fields| {
            let mut body = vec![];
            for (tag, value) in fields {
                body.push(tag);
                body.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
                body.extend_from_slice(&value);
            }
            body.push(0);
            body
        })
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_in_one_way(form in form(), body in body()) {
            if let Some(written) = canonical_body(form, &body) {
                prop_assert_eq!(canonical_body(form, &written), Some(written));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(form in form(), body: Vec<u8>) {
            let _ = canonical_body(form, &body);
        }
    }
}
