//! Reading a typical link beside `totp-rs` 6.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a bench ends where it is surprised")]

use std::hint::black_box;
use std::time::Duration;

use countersign_core::uri::parse_otpauth;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// All that issuers usually write, with one escape.
const LINK: &str = "otpauth://totp/Example%20Co:alice@example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                    &issuer=Example%20Co&algorithm=SHA1&digits=6&period=30";
/// Ours and the peer's take turns, so that a busy moment of the machine meets both.
const TURNS: u32 = 11;

fn read_link(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read_link");
    for turn in 1..=TURNS {
        group.bench_function(BenchmarkId::new("countersign", turn), |bencher| {
            bencher.iter(|| parse_otpauth(black_box(LINK)).unwrap());
        });
        group.bench_function(BenchmarkId::new("totp-rs", turn), |bencher| {
            bencher.iter(|| totp_rs::Totp::from_url(black_box(LINK)).unwrap());
        });
    }
    group.finish();
}

fn configured() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500))
        .without_plots()
}

criterion_group! {
    name = benches;
    config = configured();
    targets = read_link
}
criterion_main!(benches);
