//! Writing a vault: one durable change beside the least that a disk takes, and a new key for everything.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a bench ends where it is surprised")]

mod disk;
mod filled;
mod reopened;
mod turns;

use std::path::Path;
use std::time::Duration;

use countersign_core::account::{Account, Name};
use countersign_core::companion::{Added, Companion, DoubtfulCounter};
use countersign_core::entropy::SystemEntropy;
use countersign_core::otp::{Algorithm, Counter, Digits, Otp, OtpKind};
use countersign_core::secret::Secret;
use countersign_core::vault::{Credential, Damaged, RecordId, RecoveryCode};
use criterion::{Criterion, criterion_group, criterion_main};
use disk::Disk;
use filled::{NOW, filled, key};
use reopened::Reopened;

fn change(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut small = Counting::new(&folder.path().join("small"), 100);
    let mut large = Counting::new(&folder.path().join("large"), 10_000);
    let mut disk = Disk::new(&folder.path().join("floor"));
    turns::take(
        criterion,
        "change",
        &mut [
            ("countersign-100", &mut |bencher| {
                bencher.iter(|| small.next());
            }),
            ("countersign-10000", &mut |bencher| {
                bencher.iter(|| large.next());
            }),
            ("pwrite", &mut |bencher| bencher.iter(|| disk.write())),
        ],
    );
}

fn rotate(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let recovery = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let mut rotated = filled(&folder.path().join("rotated"), 10_000, &recovery);
    let opened = filled(&folder.path().join("opened"), 10_000, &recovery);
    let mut opened = Reopened::new(opened);
    turns::take(
        criterion,
        "rotate_10000",
        &mut [
            ("countersign", &mut |bencher| {
                bencher.iter(|| rotated.renew_key(Damaged::Refuse, NOW).unwrap());
            }),
            ("open", &mut |bencher| {
                let credential = Credential::Recovery(&recovery);
                bencher.iter_custom(|rounds| opened.time(&credential, rounds));
            }),
        ],
    );
}

/// A vault with one account that counts.
struct Counting {
    companion: Companion,
    account: RecordId,
}

impl Counting {
    fn new(vault: &Path, accounts: u16) -> Self {
        let recovery = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
        let mut companion = filled(vault, accounts - 1, &recovery);
        let kind = OtpKind::Hotp {
            algorithm: Algorithm::Sha1,
            digits: Digits::DEFAULT,
            counter: Counter::default(),
        };
        let account = Account {
            issuer: Name::new("Example"),
            label_issuer: None,
            account: Name::new("counting@example.org"),
            otp: Otp::new(Secret::new(key(accounts)), kind).unwrap(),
        };
        let Added::New { id, .. } = companion.add(account, NOW).unwrap() else {
            panic!("the account is new");
        };
        Self {
            companion,
            account: id,
        }
    }

    fn next(&mut self) {
        let refuse = DoubtfulCounter::Refuse;
        self.companion.next_hotp(self.account, refuse, NOW).unwrap();
    }
}

criterion_group! {
    name = quick;
    config = turns::configured();
    targets = change
}
criterion_group! {
    name = slow;
    config = turns::configured().sample_size(10).warm_up_time(Duration::from_millis(1));
    targets = rotate
}
criterion_main!(quick, slow);
