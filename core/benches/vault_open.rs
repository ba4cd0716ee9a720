//! Opening a vault: from an open file and a derived key to every account in memory, checked and ready for a list.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a bench ends where it is surprised")]

mod filled;
mod json_blob;
mod reopened;
mod turns;

use std::path::Path;
use std::time::Duration;

use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::vault::{Credential, KdfParams, RecoveryCode};
use criterion::{Criterion, criterion_group, criterion_main};
use filled::{NOW, PASSWORD, filled, key};
use json_blob::JsonBlob;
use reopened::Reopened;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rusqlite::Connection;

fn open(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let recovery = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    for accounts in [1_000, 10_000] {
        let file = folder.path().join(format!("vault-{accounts}"));
        let companion = filled(&file, accounts, &recovery);
        let rows = companion.list(NOW);
        let blob = JsonBlob::write(&file.with_extension("json"), &rows, |row| {
            let number = row.account.as_str().split(['.', '@']).nth(1);
            key(number.unwrap().parse().unwrap())
        });
        assert_eq!(blob.open().len(), usize::from(accounts));
        let mut vault = Reopened::new(companion);
        let records = SealedRecords::like(&file);
        assert!(records.bodies.len() > usize::from(accounts));
        let mut buffer = vec![];
        turns::take(
            criterion,
            &format!("open_{accounts}"),
            &mut [
                ("countersign", &mut |bencher| {
                    let credential = Credential::Recovery(&recovery);
                    bencher.iter_custom(|rounds| vault.time(&credential, rounds));
                }),
                ("ring", &mut |bencher| {
                    bencher.iter(|| records.open(&mut buffer));
                }),
                ("json-blob", &mut |bencher| {
                    bencher.iter_with_large_drop(|| blob.open());
                }),
            ],
        );
    }
}

fn unlock(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let recovery = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let companion = filled(&folder.path().join("vault"), 1_000, &recovery);
    let mut vault = Reopened::new(companion);
    let password = Secret::copy_of(PASSWORD);
    turns::take(
        criterion,
        "unlock_1000",
        &mut [
            ("countersign", &mut |bencher| {
                let credential = Credential::Password(&password);
                bencher.iter_custom(|rounds| vault.time(&credential, rounds));
            }),
            ("kdf", &mut |bencher| {
                bencher.iter(|| KdfParams::rehearse().unwrap());
            }),
        ],
    );
}

/// Bodies in memory as long as a vault's records, sealed with the same associated data's length.
struct SealedRecords {
    key: LessSafeKey,
    bodies: Vec<Vec<u8>>,
}

impl SealedRecords {
    const TAG_BYTES: usize = 16;
    const AAD: [u8; 52] = [1; 52];

    fn like(vault: &Path) -> Self {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
        let db = Connection::open(vault).unwrap();
        let mut statement = db.prepare("SELECT length(body) FROM record").unwrap();
        let lengths = statement.query_map([], |row| row.get(0)).unwrap();
        let bodies = lengths.map(|length: Result<u32, _>| {
            let mut body = vec![0; usize::try_from(length.unwrap()).unwrap()];
            body.truncate(body.len() - Self::TAG_BYTES);
            key.seal_in_place_append_tag(nonce(), Aad::from(Self::AAD), &mut body)
                .unwrap();
            body
        });
        let bodies = bodies.collect();
        Self { key, bodies }
    }

    fn open(&self, buffer: &mut Vec<u8>) {
        for body in &self.bodies {
            buffer.clear();
            buffer.extend_from_slice(body);
            self.key
                .open_in_place(nonce(), Aad::from(Self::AAD), buffer)
                .unwrap();
        }
    }
}

/// Nothing is secret here.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

criterion_group! {
    name = quick;
    config = turns::configured();
    targets = open
}
criterion_group! {
    name = slow;
    config = turns::configured().sample_size(10).warm_up_time(Duration::from_millis(1));
    targets = unlock
}
criterion_main!(quick, slow);
