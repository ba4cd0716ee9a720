//! Measuring in turns, the same way in every bench program.

use std::time::Duration;

use criterion::{Bencher, BenchmarkId, Criterion};

/// Ours and the others' take turns, so that a busy moment of the machine meets them all.
const TURNS: u32 = 11;

/// Whose work it is, and one measurement of it.
pub(crate) type Contender<'a> = (&'a str, &'a mut dyn FnMut(&mut Bencher<'_>));

/// Measures everybody once a turn. `cargo xtask bench` finds a turn under its number.
pub(crate) fn take(criterion: &mut Criterion, group: &str, contenders: &mut [Contender<'_>]) {
    let mut group = criterion.benchmark_group(group);
    for turn in 1..=TURNS {
        for (name, measure) in contenders.iter_mut() {
            group.bench_function(BenchmarkId::new(*name, turn), |bencher| measure(bencher));
        }
    }
    group.finish();
}

/// Many short turns say more than a few long ones.
pub(crate) fn configured() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
        // Of the statistics only the median is used.
        .nresamples(1_000)
        .without_plots()
}
