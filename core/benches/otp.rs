//! Codes beside `totp-rs` 6: one as a value and one as text.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a bench ends where it is surprised")]

mod turns;

use std::hint::black_box;

use countersign_core::otp::{Otp, OtpKind};
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use criterion::{Criterion, criterion_group, criterion_main};

const KEY: &[u8; 20] = b"12345678901234567890";
const NOW_S: u64 = 1_700_000_017;

fn ours() -> Otp {
    Otp::new(Secret::copy_of(KEY), OtpKind::TOTP).unwrap()
}

fn peer() -> totp_rs::Totp {
    totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::new(Box::from(&KEY[..])))
        .build_noncompliant()
}

fn one_code(criterion: &mut Criterion) {
    let (account, peer) = (ours(), peer());
    let ours = account.generator();
    turns::take(
        criterion,
        "code_value",
        &mut [
            ("countersign", &mut |bencher| {
                bencher.iter(|| ours.code(UnixSeconds(black_box(NOW_S))));
            }),
            ("totp-rs", &mut |bencher| {
                bencher.iter(|| peer.generate(black_box(NOW_S)));
            }),
        ],
    );
    turns::take(
        criterion,
        "code_text",
        &mut [
            ("countersign", &mut |bencher| {
                // EXPOSE: the owned text is what the peer makes too.
                bencher.iter(|| {
                    ours.code(UnixSeconds(black_box(NOW_S)))
                        .text()
                        .expose()
                        .to_owned()
                });
            }),
            ("totp-rs", &mut |bencher| {
                bencher.iter(|| peer.generate(black_box(NOW_S)).to_string());
            }),
        ],
    );
}

criterion_group! {
    name = benches;
    config = turns::configured();
    targets = one_code
}
criterion_main!(benches);
