//! Bodies of the vault's rows, as they are behind the seal.

use countersign_core::vault::{PlainBody, reencode};

/// The first byte that stands for a bucket; below it are kinds of records.
const BUCKET: u8 = 0xfe;
/// The first byte that stands for the manifest.
const MANIFEST: u8 = 0xff;

/// Any bytes as one body: the first byte chooses which. What is read is written in one form only.
pub fn vault_row(data: &[u8]) {
    let Some((&choice, rest)) = data.split_first() else {
        return;
    };
    let (body, bytes) = match choice {
        MANIFEST => (PlainBody::Manifest, rest),
        BUCKET => {
            let n = rest.first().copied().unwrap_or_default();
            (PlainBody::Bucket { n }, rest)
        }
        kind => (PlainBody::Record { kind }, rest),
    };
    if let Some(written) = reencode(body, bytes) {
        // EXPOSE: the bytes are read again, and shown nowhere.
        let again = reencode(body, written.expose()).expect("a written body can be read");
        assert!(again == written, "one body is written in two ways");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that fuzzing begins behind the first checks.
    #[test]
    fn seeds_of_every_body_are_read() {
        let seeds: [(PlainBody, &[u8]); 5] = [
            (
                PlainBody::Record { kind: 1 },
                include_bytes!("../../../fuzz/corpus/vault_row/account-totp"),
            ),
            (
                PlainBody::Record { kind: 2 },
                include_bytes!("../../../fuzz/corpus/vault_row/tag"),
            ),
            (
                PlainBody::Record { kind: 4 },
                include_bytes!("../../../fuzz/corpus/vault_row/slot-key"),
            ),
            (
                PlainBody::Bucket { n: 7 },
                include_bytes!("../../../fuzz/corpus/vault_row/bucket-two"),
            ),
            (
                PlainBody::Manifest,
                include_bytes!("../../../fuzz/corpus/vault_row/manifest"),
            ),
        ];
        for (body, seed) in seeds {
            let (_, bytes) = seed.split_first().unwrap();
            assert!(reencode(body, bytes).is_some(), "{body:?}");
        }
    }
}
