//! Complete sign-ins over SQLite (statement, fetch, answer, receipt) beside the least that a disk takes for one durable write, among
//! few people and among many.
//!
//! The server's time alone counts: what phones sign and verify they do between its three steps. Many people sign in at once, as they
//! do with every server, so that it computes for one while the disk writes for another; how long one alone takes is measured too.
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
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_protocol::envelope::Compact;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::Outcome;
use countersign_verifier::reply::Reply;
use countersign_verifier::step::AskedStatement;
use countersign_verifier::store::SqliteStore;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use disk::Disk;
use phone::{Phone, approve};
use world::{World, receipt_of, rules, setup, sqlite, state_of};

/// Ours and the disk take turns, so that a busy moment of the machine meets all.
const TURNS: u32 = 11;
/// How many threads the server has.
const THREADS: usize = 8;
/// How many people sign in at once, where it is not one alone.
const AT_ONCE: usize = 64;

fn sign_in(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut few = Server::new(&folder.path().join("few"), 100);
    let mut many = Server::new(&folder.path().join("many"), 100_000);
    let mut disk = Disk::new(&folder.path().join("floor"));
    let mut group = criterion.benchmark_group("sign_in");
    for turn in 1..=TURNS {
        let servers = [
            ("countersign-100", &mut few),
            ("countersign-100000", &mut many),
        ];
        for (name, server) in servers {
            group.bench_function(BenchmarkId::new(name, turn), |bencher| {
                bencher.iter_custom(|sign_ins| server.time(sign_ins, AT_ONCE));
            });
        }
        group.bench_function(BenchmarkId::new("alone-100", turn), |bencher| {
            bencher.iter_custom(|sign_ins| few.time(sign_ins, 1));
        });
        group.bench_function(BenchmarkId::new("pwrite", turn), |bencher| {
            bencher.iter(|| disk.write());
        });
    }
    group.finish();
}

/// A server with so many people, of whom some sign in again and again.
struct Server {
    people: Vec<Person>,
}

/// One of those who sign in, with what came of the last step.
struct Person {
    world: World<Arc<SqliteStore>>,
    phone: Phone,
    asked: Option<AskedStatement>,
    message: Option<Compact>,
    reply: Option<Reply>,
}

impl Server {
    fn new(path: &Path, people: usize) -> Self {
        let store = Arc::new(sqlite(path));
        let setup = setup(rules());
        let active = (1..=AT_ONCE).map(|seed| {
            let seed = u64::try_from(seed).unwrap();
            let world = World::seeded(Arc::clone(&store), setup.clone(), seed << 32);
            let phone = world.phone("Pixel");
            Person::new(world, phone)
        });
        let active: Vec<_> = active.collect();
        // As many again as these, with other names and keys. Nobody opens what is sealed there.
        let connection = rusqlite::Connection::open(path).unwrap();
        connection
            .execute_batch("PRAGMA synchronous = OFF")
            .unwrap();
        let others = people - AT_ONCE;
        connection
            .execute_batch(&format!(
                "BEGIN;
                 WITH RECURSIVE other(number) AS
                     (SELECT 1 UNION ALL SELECT number + 1 FROM other WHERE number < {others})
                 INSERT INTO person
                     SELECT randomblob(16), 1, NULL, (SELECT sealed FROM person LIMIT 1) FROM other;
                 INSERT INTO found_by SELECT 3, randomblob(32), account FROM person;
                 INSERT INTO found_by SELECT 3, randomblob(32), account FROM person;
                 INSERT INTO found_by SELECT 4, randomblob(16), account FROM person;
                 COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"
            ))
            .unwrap();
        let mut server = Self { people: active };
        // Everybody has the requests of a day.
        for _ in 0..10 {
            server.sign_in(AT_ONCE);
        }
        server
    }

    /// How long the server takes for so many sign-ins, so many at once.
    fn time(&mut self, sign_ins: u64, at_once: usize) -> Duration {
        let each_round = u64::try_from(at_once).unwrap();
        let rounds = sign_ins.div_ceil(each_round);
        let taken: Duration = (0..rounds).map(|_| self.sign_in(at_once)).sum();
        let each_ns = taken.as_nanos() / u128::from(rounds * each_round);
        Duration::from_nanos(u64::try_from(each_ns).unwrap() * sign_ins)
    }

    /// So many people, once each; how long the server's three steps took.
    fn sign_in(&mut self, at_once: usize) -> Duration {
        // In turn, so that all have had as many.
        self.people.rotate_left(at_once);
        let people = &mut self.people[..at_once];
        let mut taken = step(people, Person::ask);
        people.iter_mut().for_each(Person::fetch);
        taken += step(people, |person| person.send(Kind::Fetch));
        people.iter_mut().for_each(Person::approve);
        taken += step(people, |person| person.send(Kind::Answer));
        people.iter_mut().for_each(Person::end);
        taken
    }
}

/// Lets the server do one thing for everybody, on its threads.
fn step(people: &mut [Person], one: impl Fn(&mut Person) + Sync) -> Duration {
    let started = Instant::now();
    if let [alone] = people {
        one(alone);
        return started.elapsed();
    }
    std::thread::scope(|scope| {
        for people in people.chunks_mut(AT_ONCE / THREADS) {
            let one = &one;
            scope.spawn(move || people.iter_mut().for_each(one));
        }
    });
    started.elapsed()
}

impl Person {
    const fn new(world: World<Arc<SqliteStore>>, phone: Phone) -> Self {
        Self {
            world,
            phone,
            asked: None,
            message: None,
            reply: None,
        }
    }

    fn ask(&mut self) {
        self.asked = Some(self.world.ask());
    }

    fn fetch(&mut self) {
        let fetch = self.phone.fetching(self.world.now());
        self.message = Some(self.phone.fetch(&fetch));
    }

    fn send(&mut self, kind: Kind) {
        let message = self.message.as_ref().unwrap();
        self.reply = Some(self.world.send(kind, message));
    }

    fn approve(&mut self) {
        let (asked, fetch) = (self.asked.take().unwrap(), self.message.take().unwrap());
        let state = state_of(self.reply.take().unwrap());
        let state = self.phone.state(&fetch, &state);
        let decision = approve(&asked.number);
        let answer = self
            .phone
            .answer(&state.statements[0], decision, self.world.now());
        self.message = Some(answer);
    }

    fn end(&mut self) {
        let receipt = receipt_of(self.reply.take().unwrap());
        assert_eq!(self.phone.receipt(&receipt).outcome, Outcome::Approved);
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
