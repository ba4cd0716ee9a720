//! Reading a typical link beside `totp-rs` 6.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a bench ends where it is surprised")]

mod turns;

use std::hint::black_box;

use countersign_core::uri::parse_otpauth;
use criterion::{Criterion, criterion_group, criterion_main};

/// All that issuers usually write, with one escape.
const LINK: &str = "otpauth://totp/Example%20Co:alice@example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                    &issuer=Example%20Co&algorithm=SHA1&digits=6&period=30";

fn read_link(criterion: &mut Criterion) {
    turns::take(
        criterion,
        "read_link",
        &mut [
            ("countersign", &mut |bencher| {
                bencher.iter(|| parse_otpauth(black_box(LINK)).unwrap());
            }),
            ("totp-rs", &mut |bencher| {
                bencher.iter(|| totp_rs::Totp::from_url(black_box(LINK)).unwrap());
            }),
        ],
    );
}

criterion_group! {
    name = benches;
    config = turns::configured();
    targets = read_link
}
criterion_main!(benches);
