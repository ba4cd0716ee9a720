//! Bodies of the vault's rows, as they are behind the seal.

use countersign_core::vault::{BodyForm, canonical_body};

/// The first byte that stands for a place of the history; below it are kinds of records.
const HISTORY: u8 = 0xfd;
/// The first byte that stands for a bucket.
const BUCKET: u8 = 0xfe;
/// The first byte that stands for the manifest.
const MANIFEST: u8 = 0xff;

/// Any bytes as one body: the first byte chooses which. What is read is written in one form only.
pub fn vault_row(data: &[u8]) {
    let Some((&choice, rest)) = data.split_first() else {
        return;
    };
    let (body, bytes) = match choice {
        MANIFEST => (BodyForm::Manifest, rest),
        HISTORY => (BodyForm::History, rest),
        BUCKET => {
            let n = rest.first().copied().unwrap_or_default();
            (BodyForm::Bucket(n), rest)
        }
        kind => (BodyForm::Record(kind), rest),
    };
    if let Some(written) = canonical_body(body, bytes) {
        let again = canonical_body(body, &written).expect("a written body can be read");
        assert!(again == written, "one body is written in two ways");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that fuzzing begins behind the first checks.
    #[test]
    fn seeds_of_every_body_are_read() {
        let seeds: [(BodyForm, &[u8]); 7] = [
            (
                BodyForm::Record(1),
                include_bytes!("../../../fuzz/corpus/vault_row/account-totp"),
            ),
            (
                BodyForm::Record(2),
                include_bytes!("../../../fuzz/corpus/vault_row/tag"),
            ),
            (
                BodyForm::Record(4),
                include_bytes!("../../../fuzz/corpus/vault_row/slot-key"),
            ),
            (
                BodyForm::Record(5),
                include_bytes!("../../../fuzz/corpus/vault_row/work-account"),
            ),
            (
                BodyForm::History,
                include_bytes!("../../../fuzz/corpus/vault_row/history-entry"),
            ),
            (
                BodyForm::Bucket(7),
                include_bytes!("../../../fuzz/corpus/vault_row/bucket-two"),
            ),
            (
                BodyForm::Manifest,
                include_bytes!("../../../fuzz/corpus/vault_row/manifest"),
            ),
        ];
        for (body, seed) in seeds {
            let (_, bytes) = seed.split_first().unwrap();
            assert!(canonical_body(body, bytes).is_some(), "{body:?}");
        }
    }
}
