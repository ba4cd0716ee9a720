//! Approving: one answer beside ring's bare verification and signature, with its two commits beside two durable changes, and a
//! thousand statements taken beside as many verifications.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench ends where it is surprised"
)]

mod filled;
mod provider;
mod turns;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use countersign_core::account::{Account, Name};
use countersign_core::approval::{Attention, Decision, Lane, Outgoing, Reply, Typed};
use countersign_core::companion::{Added, Companion, DoubtfulCounter};
use countersign_core::device::NoDeviceKeys;
use countersign_core::entropy::SystemEntropy;
use countersign_core::otp::{Algorithm, Counter, Digits, Otp, OtpKind};
use countersign_core::secret::Secret;
use countersign_core::uri::TestMode;
use countersign_core::vault::{RecordId, RecoveryCode};
use countersign_protocol::base64url;
use countersign_protocol::digits::Digits as Number;
use countersign_protocol::envelope::{Received, Unsigned};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::lines::Lines;
use countersign_protocol::message::{Answer, Decision as Says, Expected, State, Statement};
use countersign_protocol::signing::SigningKey;
use criterion::{Criterion, criterion_group, criterion_main};
use filled::filled;
use provider::{Provider, URL};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};

/// What one answer needs, at hand.
struct Signer {
    statement: String,
    server: PublicKey,
    device: Thumbprint,
    person: Id,
    pkcs8: Vec<u8>,
    public: PublicKey,
}

impl Signer {
    fn new(provider: &Provider, person: Id, device: Thumbprint) -> Self {
        let key = SigningKey::generate().unwrap();
        let statement = provider.ask(&person, "Mail").message;
        Self {
            statement: statement.as_str().to_owned(),
            server: *provider.verifier.setup().keys.first().public(),
            device,
            person,
            // EXPOSE: a key made up for measuring.
            pkcs8: key.expose_pkcs8().to_vec(),
            public: *key.public(),
        }
    }

    /// Verifies the statement, makes the lines that are shown, and signs an approval with a key as it is stored.
    fn answer(&self) -> usize {
        let received = Received::parse(Kind::Statement, &self.statement).unwrap();
        let verified = received.verify([(Role::Server, &self.server)]).unwrap();
        let expected = Expected {
            issuer: URL,
            device: &self.device,
            account: &self.person,
        };
        let statement = Statement::read(&verified, &expected).unwrap();
        let lines = Lines::of(&statement);
        let answer = Answer {
            audience: URL.to_owned(),
            account: self.person,
            statement: statement.id,
            statement_hash: verified.compact().hash(),
            decision: Says::Approve {
                number: Number::parse("123456", 6).unwrap(),
            },
            shown: lines.hash(),
            made_at: statement.made_at,
        };
        let unsigned = Unsigned::new(Kind::Answer, &self.public, &answer.to_claims()).unwrap();
        let key = SigningKey::from_pkcs8(&self.pkcs8).unwrap();
        let message = key.sign_message(&unsigned).unwrap();
        lines.lines().len() + message.as_str().len()
    }

    fn signed_and_signature(&self) -> (String, Vec<u8>) {
        let (signed, signature) = self.statement.rsplit_once('.').unwrap();
        (signed.to_owned(), base64url::parse(signature).unwrap())
    }
}

/// Ring's part of an answer.
struct Ring {
    signed: String,
    signature: Vec<u8>,
    key: UnparsedPublicKey<[u8; 65]>,
    pair: EcdsaKeyPair,
}

impl Ring {
    fn of(signer: &Signer) -> Self {
        let (signed, signature) = signer.signed_and_signature();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        Self {
            signed,
            signature,
            key: UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, signer.server.point()),
            pair: EcdsaKeyPair::from_pkcs8(algorithm, &signer.pkcs8, &random).unwrap(),
        }
    }

    fn verify(&self) {
        self.key
            .verify(self.signed.as_bytes(), &self.signature)
            .unwrap();
    }

    fn answer(&self) -> usize {
        self.verify();
        let random = SystemRandom::new();
        let signature = self.pair.sign(&random, self.signed.as_bytes()).unwrap();
        signature.as_ref().len()
    }
}

fn companion(folder: &tempfile::TempDir) -> Companion {
    let recovery = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    filled(&folder.path().join("vault"), 99, &recovery)
}

fn counting(companion: &mut Companion, provider: &Provider) -> RecordId {
    let kind = OtpKind::Hotp {
        algorithm: Algorithm::Sha1,
        digits: Digits::DEFAULT,
        counter: Counter::default(),
    };
    let account = Account {
        issuer: Name::new("Example"),
        label_issuer: None,
        account: Name::new("counting@example.org"),
        otp: Otp::new(Secret::new(filled::key(100)), kind).unwrap(),
    };
    let Added::New { id, .. } = companion.add(account, provider.clock()).unwrap() else {
        panic!("the account is new");
    };
    id
}

fn device_of(provider: &Provider, person: &Id) -> Thumbprint {
    let person = provider.verifier.person(person, provider.now()).unwrap();
    person.devices()[0].id
}

fn answer(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let provider = Provider::new();
    let mut companion = companion(&folder);
    let counter = counting(&mut companion, &provider);
    let (person, _) = provider.enrol(&mut companion, 500);
    let signer = Signer::new(&provider, person, device_of(&provider, &person));
    let ring = Ring::of(&signer);
    turns::take(
        criterion,
        "answer",
        &mut [
            ("countersign", &mut |bencher| {
                bencher.iter(|| signer.answer())
            }),
            ("ring", &mut |bencher| bencher.iter(|| ring.answer())),
        ],
    );
    let companion = RefCell::new(companion);
    turns::take(
        criterion,
        "answer_stored",
        &mut [
            ("countersign", &mut |bencher| {
                bencher.iter_custom(|rounds| {
                    let mut companion = companion.borrow_mut();
                    let times = (0..rounds).map(|_| one_answer(&provider, &mut companion, &person));
                    times.sum()
                });
            }),
            ("parts", &mut |bencher| {
                let mut companion = companion.borrow_mut();
                let now = provider.clock();
                bencher.iter(|| {
                    for _ in 0..2 {
                        companion
                            .next_hotp(counter, DoubtfulCounter::Refuse, now)
                            .unwrap();
                    }
                    signer.answer()
                });
            }),
        ],
    );
}

/// What it takes to store a statement and an answer to it. The server hears of it afterwards.
fn one_answer(provider: &Provider, companion: &mut Companion, person: &Id) -> Duration {
    provider.pass();
    let asked = provider.ask(person, "Mail");
    let link = format!("countersign://approve?s={}", asked.message.as_str());
    let now = provider.clock();
    let number = Typed::new(asked.number.as_str());
    let began = Instant::now();
    let id = companion.scan_statement(&link, TestMode::Off, now).unwrap();
    let yes = Decision::Approve { number };
    companion.decide(id, &yes, &NoDeviceKeys, now).unwrap();
    let took = began.elapsed();
    provider.run(companion);
    took
}

/// What a state brings, verified and read as a device does it, without its accounts and where they lie.
fn read(signer: &Signer, state: &str, request: &MessageHash) -> usize {
    let keys = [(Role::Server, &signer.server)];
    let received = Received::parse(Kind::State, state).unwrap();
    let state = State::read(&received.verify(keys).unwrap(), &signer.device, request).unwrap();
    let expected = Expected {
        issuer: URL,
        device: &signer.device,
        account: &signer.person,
    };
    for statement in &state.statements {
        let received = Received::parse(Kind::Statement, statement.as_str()).unwrap();
        Statement::read(&received.verify(keys).unwrap(), &expected).unwrap();
    }
    state.statements.len()
}

const ACCOUNTS: u32 = 200;
const STATEMENTS_EACH: u32 = 5;

fn statements(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let provider = Provider::new();
    let mut companion = companion(&folder);
    let people: Vec<(Id, RecordId)> = (0..ACCOUNTS)
        .map(|number| provider.enrol(&mut companion, number))
        .collect();
    let (person, account) = people[0];
    let counter = counting(&mut companion, &provider);
    let signer = Signer::new(&provider, person, device_of(&provider, &person));
    let ring = Ring::of(&signer);
    provider.pass();
    let (request, state) = asked(&provider, &mut companion, &person, account);
    let Reply::Answered { body, .. } = state else {
        panic!("it is answered");
    };
    let (request, state) = (
        MessageHash::of(&request.body),
        String::from_utf8(body).unwrap(),
    );
    let read_all = || {
        (0..ACCOUNTS)
            .map(|_| read(&signer, &state, &request))
            .sum::<usize>()
    };
    assert_eq!(read_all(), 1_000);
    let companion = RefCell::new(companion);
    turns::take(
        criterion,
        "statements_1000",
        &mut [
            ("countersign", &mut |bencher| bencher.iter(read_all)),
            ("stored", &mut |bencher| {
                bencher.iter_custom(|rounds| {
                    let mut companion = companion.borrow_mut();
                    let times = (0..rounds).map(|_| all_asked(&provider, &mut companion, &people));
                    times.sum()
                });
            }),
            ("parts", &mut |bencher| {
                let mut companion = companion.borrow_mut();
                let now = provider.clock();
                bencher.iter(|| {
                    for _ in 0..ACCOUNTS {
                        let refuse = DoubtfulCounter::Refuse;
                        companion.next_hotp(counter, refuse, now).unwrap();
                    }
                    read_all()
                });
            }),
            ("ring", &mut |bencher| {
                bencher.iter(|| {
                    for _ in 0..ACCOUNTS * STATEMENTS_EACH {
                        ring.verify();
                    }
                });
            }),
        ],
    );
}

/// A fetch, and a state with five new statements.
fn asked(
    provider: &Provider,
    companion: &mut Companion,
    person: &Id,
    account: RecordId,
) -> (Outgoing, Reply) {
    for _ in 0..STATEMENTS_EACH {
        provider.ask(person, "Mail");
    }
    let (lane, attention, now) = (Lane::Ask, Attention::Idle, provider.clock());
    let asked = companion.prepare(account, lane, attention, &NoDeviceKeys, now);
    let asked = asked.unwrap();
    let reply = provider.answer(&asked);
    (asked, reply)
}

/// What it takes to take what the servers of all accounts have, each account's in one commit.
fn all_asked(
    provider: &Provider,
    companion: &mut Companion,
    people: &[(Id, RecordId)],
) -> Duration {
    provider.pass();
    let mut replies: Vec<(Outgoing, Reply)> = vec![];
    let now = provider.clock();
    for (person, account) in people {
        replies.push(asked(provider, companion, person, *account));
    }
    let began = Instant::now();
    for (asked, reply) in &replies {
        companion.take_reply(&asked.errand, reply, now).unwrap();
    }
    let took = began.elapsed();
    let open = companion.statements(now).len();
    assert_eq!(open, people.len() * 5);
    took
}

criterion_group! {
    name = quick;
    config = turns::configured();
    targets = answer
}
criterion_group! {
    name = slow;
    config = turns::configured().sample_size(10).warm_up_time(Duration::from_millis(1));
    targets = statements
}
criterion_main!(quick, slow);
