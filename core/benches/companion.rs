//! The list of 1,000 accounts and a search over 500, from a vault that is unlocked.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a bench ends where it is surprised")]

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use countersign_core::account::{Account, Name};
use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::otp::{Otp, OtpKind};
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{KdfParams, NewVault, NoAnchor, VaultLocation};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const NOW: UnixSeconds = UnixSeconds(1_700_000_017);
/// Ours and the peer's take turns, so that a busy moment of the machine meets both.
const TURNS: u32 = 5;

fn unlocked(folder: &Path, accounts: u16) -> Companion {
    let password = Secret::copy_of(b"only for measuring");
    let setup = NewVault {
        password: Some(&password),
        recovery: None,
        kdf: KdfParams::DEFAULT,
    };
    let location = VaultLocation::new(&folder.join("vault"));
    let entropy = Box::new(SystemEntropy::new());
    let mut companion =
        Companion::create(&location, &setup, Box::new(NoAnchor), entropy, NOW).unwrap();
    let accounts = (0..accounts).map(account).collect();
    companion.add_all(accounts, NOW).unwrap();
    companion
}

fn key(number: u16) -> Vec<u8> {
    [&b"123456789012345678"[..], &number.to_be_bytes()].concat()
}

fn account(number: u16) -> Account {
    Account {
        issuer: Name::new(&format!("Example Société {}", number % 97)),
        label_issuer: None,
        account: Name::new(&format!("person.{number}@example.org")),
        otp: Otp::new(Secret::new(key(number)), OtpKind::TOTP).unwrap(),
    }
}

fn list(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let companion = unlocked(folder.path(), 1_000);
    assert_eq!(companion.list(NOW).len(), 1_000);
    let peers: Vec<totp_rs::Totp> = (0..1_000)
        .map(|number| {
            totp_rs::Builder::new()
                .with_secret(totp_rs::Secret::new(key(number).into()))
                .build_noncompliant()
        })
        .collect();
    let mut group = criterion.benchmark_group("list_1000");
    for turn in 1..=TURNS {
        group.bench_function(BenchmarkId::new("countersign", turn), |bencher| {
            bencher.iter(|| companion.list(black_box(NOW)));
        });
        // One code an account, without names and without the next code.
        group.bench_function(BenchmarkId::new("totp-rs", turn), |bencher| {
            bencher.iter(|| {
                for peer in &peers {
                    black_box(peer.generate(black_box(NOW.0)));
                }
            });
        });
    }
    group.finish();
}

fn search(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let companion = unlocked(folder.path(), 500);
    // The dearest query: two words, and every account is found and shown.
    assert_eq!(companion.search("societe PERSON", NOW).len(), 500);
    let mut group = criterion.benchmark_group("search_500");
    group.bench_function("countersign", |bencher| {
        bencher.iter(|| companion.search(black_box("societe PERSON"), NOW));
    });
    group.finish();
}

fn configured() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_200))
        .without_plots()
}

criterion_group! {
    name = benches;
    config = configured();
    targets = list, search
}
criterion_main!(benches);
