//! Complete sign-ins over SQLite (statement, fetch, answer, receipt, with the phone's own signatures) beside the least that a
//! disk takes for one durable write, among few people and among many.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench ends where it is surprised"
)]

#[path = "../../../core/benches/disk/mod.rs"]
mod disk;
#[path = "../tests/verifier/phone.rs"]
#[expect(dead_code, reason = "tests ask more of a phone")]
mod phone;
#[path = "../tests/verifier/world.rs"]
#[expect(dead_code, reason = "tests ask more of a server")]
mod world;

use std::path::Path;
use std::time::Duration;

use countersign_protocol::message::Outcome;
use countersign_verifier::store::SqliteStore;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use disk::Disk;
use phone::{Phone, approve};
use world::{World, rules, setup, sqlite};

/// Ours and the disk take turns, so that a busy moment of the machine meets all.
const TURNS: u32 = 11;

fn sign_in(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let few = Server::new(&folder.path().join("few"), 100);
    let many = Server::new(&folder.path().join("many"), 100_000);
    let mut disk = Disk::new(&folder.path().join("floor"));
    let mut group = criterion.benchmark_group("sign_in");
    for turn in 1..=TURNS {
        for (name, server) in [("countersign-100", &few), ("countersign-100000", &many)] {
            group.bench_function(BenchmarkId::new(name, turn), |bencher| {
                bencher.iter(|| server.sign_in());
            });
        }
        group.bench_function(BenchmarkId::new("pwrite", turn), |bencher| {
            bencher.iter(|| disk.write());
        });
    }
    group.finish();
}

/// A server with so many people, one of whom signs in again and again.
struct Server {
    world: World<SqliteStore>,
    phone: Phone,
}

impl Server {
    fn new(path: &Path, people: u32) -> Self {
        let world = World::over(sqlite(path), setup(rules()));
        let phone = world.phone("Pixel");
        // As many again as this one, with other names and keys. Nobody opens what is sealed there.
        let connection = rusqlite::Connection::open(path).unwrap();
        connection
            .execute_batch("PRAGMA synchronous = OFF")
            .unwrap();
        connection
            .execute_batch(&format!(
                "BEGIN;
                 WITH RECURSIVE other(number) AS
                     (SELECT 1 UNION ALL SELECT number + 1 FROM other WHERE number < {people} - 1)
                 INSERT INTO person
                     SELECT randomblob(16), 1, NULL, (SELECT sealed FROM person LIMIT 1) FROM other;
                 INSERT INTO found_by SELECT 3, randomblob(32), account FROM person;
                 INSERT INTO found_by SELECT 3, randomblob(32), account FROM person;
                 INSERT INTO found_by SELECT 4, randomblob(16), account FROM person;
                 COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"
            ))
            .unwrap();
        Self { world, phone }
    }

    fn sign_in(&self) {
        let asked = self.world.ask();
        let state = self.world.fetch(&self.phone);
        let receipt = self
            .world
            .answer(&self.phone, &state.statements[0], approve(&asked.number));
        assert_eq!(receipt.outcome, Outcome::Approved);
        // What was kept of it is kept for a day; a person signs in some times a day.
        self.world.pass_s(3 * 3_600);
    }
}

criterion_group! {
    name = all;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
        .nresamples(1_000)
        .without_plots();
    targets = sign_in
}
criterion_main!(all);
