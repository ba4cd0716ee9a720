//! Codes beside `totp-rs` 6: one as a value and one as text.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a bench ends where it is surprised")]

use std::hint::black_box;
use std::time::Duration;

use countersign_core::otp::{Generator, Otp, OtpKind};
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const KEY: &[u8; 20] = b"12345678901234567890";
const NOW_S: u64 = 1_700_000_017;
/// Ours and the peer's take turns, so that a busy moment of the machine meets both.
const TURNS: u32 = 5;

fn ours(key: &[u8]) -> Generator {
    Otp::new(Secret::copy_of(key), OtpKind::TOTP)
        .unwrap()
        .generator()
}

fn peer() -> totp_rs::Totp {
    totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::new(Box::from(&KEY[..])))
        .build_noncompliant()
}

fn one_code(criterion: &mut Criterion) {
    let (ours, peer) = (ours(KEY), peer());
    let mut group = criterion.benchmark_group("code_value");
    for turn in 1..=TURNS {
        group.bench_function(BenchmarkId::new("countersign", turn), |bencher| {
            bencher.iter(|| ours.code(UnixSeconds(black_box(NOW_S))));
        });
        group.bench_function(BenchmarkId::new("totp-rs", turn), |bencher| {
            bencher.iter(|| peer.generate(black_box(NOW_S)));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("code_text");
    for turn in 1..=TURNS {
        group.bench_function(BenchmarkId::new("countersign", turn), |bencher| {
            // EXPOSE: the owned text is what the peer makes too.
            bencher.iter(|| {
                ours.code(UnixSeconds(black_box(NOW_S)))
                    .text()
                    .expose()
                    .to_owned()
            });
        });
        group.bench_function(BenchmarkId::new("totp-rs", turn), |bencher| {
            bencher.iter(|| peer.generate(black_box(NOW_S)).to_string());
        });
    }
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
    targets = one_code
}
criterion_main!(benches);
