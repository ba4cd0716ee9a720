//! The list of 1,000 accounts and a search over 500, from a vault that is unlocked.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a bench ends where it is surprised")]

mod filled;
mod turns;

use std::hint::black_box;

use countersign_core::entropy::SystemEntropy;
use countersign_core::vault::RecoveryCode;
use criterion::{Criterion, criterion_group, criterion_main};
use filled::{NOW, filled, key};

fn list_and_search(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let recovery = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let listed = filled(&folder.path().join("listed"), 1_000, &recovery);
    assert_eq!(listed.list(NOW).len(), 1_000);
    let peers: Vec<totp_rs::Totp> = (0..1_000)
        .map(|number| {
            totp_rs::Builder::new()
                .with_secret(totp_rs::Secret::new(key(number).into()))
                .build_noncompliant()
        })
        .collect();
    turns::take(
        criterion,
        "list_1000",
        &mut [
            ("countersign", &mut |bencher| {
                // Each at a change of all codes, which is when a list is dearest.
                let mut now = NOW;
                bencher.iter(|| {
                    now = now.plus(30);
                    listed.list(black_box(now))
                });
            }),
            // One code an account, without names and without the next code.
            ("totp-rs", &mut |bencher| {
                bencher.iter(|| {
                    for peer in &peers {
                        black_box(peer.generate(black_box(NOW.0)));
                    }
                });
            }),
        ],
    );

    let searched = filled(&folder.path().join("searched"), 500, &recovery);
    // The dearest query: two words, and every account is found and shown.
    assert_eq!(searched.search("societe PERSON", NOW).len(), 500);
    turns::take(
        criterion,
        "search_500",
        &mut [("countersign", &mut |bencher| {
            bencher.iter(|| searched.search(black_box("societe PERSON"), NOW));
        })],
    );
}

criterion_group! {
    name = benches;
    config = turns::configured();
    targets = list_and_search
}
criterion_main!(benches);
