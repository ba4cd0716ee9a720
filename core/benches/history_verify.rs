//! Verifying a whole history of approvals: 10,000 entries with three signed messages each, beside the hashing and the
//! signature checks that nobody can do without.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a bench ends where it is surprised")]

mod turns;

use std::cell::Cell;
use std::time::{Duration, Instant};

use countersign_core::approval::history::{
    Decision, Entry, Kind, Label, NotGenuine, Outcome, verify,
};
use countersign_core::entropy::SystemEntropy;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{
    KdfParams, NewVault, NoAnchor, RecordId, RecoveryCode, Vault, VaultLocation,
};
use countersign_protocol::base64url;
use countersign_protocol::envelope::{Received, Unsigned};
use countersign_protocol::json::{Json, Object};
use countersign_protocol::kind::{Kind as MessageKind, Role};
use countersign_protocol::signing::SigningKey;
use criterion::{Bencher, Criterion, criterion_group, criterion_main};
use ring::digest::{Context, SHA256};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

const NOW: UnixSeconds = UnixSeconds(1_700_000_017);
const ENTRIES: u32 = 10_000;
/// What a message says beside its frame: about as much as real ones.
const CLAIMS: [(MessageKind, &str, usize); 3] = [
    (MessageKind::Statement, "statement", 700),
    (MessageKind::Answer, "answer", 350),
    (MessageKind::Receipt, "receipt", 400),
];

/// Messages and keys of one account.
struct Account {
    server: SigningKey,
    approval: SigningKey,
}

impl Account {
    fn entry(&self, number: u32) -> Entry {
        let id: RecordId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let mut entry = Entry::new(NOW, id, Kind::Answered);
        entry.statement = Some([7; 32]);
        entry.decision = Some(Decision::Approve);
        entry.outcome = Some(Outcome::Approved);
        for (kind, label, length) in CLAIMS {
            let claims = Object::new()
                .with("jti", Json::Text(number.to_string()))
                .with("said", Json::Text("s".repeat(length)));
            let key = match kind {
                MessageKind::Answer => &self.approval,
                _ => &self.server,
            };
            let unsigned = Unsigned::new(kind, key.public(), &claims).unwrap();
            let message = key.sign_message(&unsigned).unwrap();
            entry = entry.with_message(Label::new(label).unwrap(), message.as_str());
        }
        entry
    }

    fn check(&self, entry: &Entry) -> Result<(), NotGenuine> {
        let keys = [
            (Role::Server, self.server.public()),
            (Role::Approval, self.approval.public()),
        ];
        for message in &entry.messages {
            let kind = CLAIMS
                .iter()
                .find(|(_, label, _)| *label == message.label.as_str());
            let (kind, ..) = kind.ok_or(NotGenuine)?;
            let received = Received::parse(*kind, &message.text).map_err(|_| NotGenuine)?;
            received.verify(keys).map_err(|_| NotGenuine)?;
        }
        Ok(())
    }
}

/// What is signed, the signature, and the point that signed it.
type Signed = (String, Vec<u8>, [u8; 65]);

fn signed(account: &Account, entry: &Entry) -> Vec<Signed> {
    let key = |label: &str| match label {
        "answer" => account.approval.public().point(),
        _ => account.server.public().point(),
    };
    let messages = entry.messages.iter().map(|message| {
        let (signed, signature) = message.text.rsplit_once('.').unwrap();
        let signature = base64url::parse(signature).unwrap();
        (signed.to_owned(), signature, key(message.label.as_str()))
    });
    messages.collect()
}

fn history_verify(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let account = Account {
        server: SigningKey::generate().unwrap(),
        approval: SigningKey::generate().unwrap(),
    };
    let entries: Vec<Entry> = (0..ENTRIES).map(|number| account.entry(number)).collect();
    let mut vault = vault(&folder.path().join("vault"));
    vault
        .change(NOW, |_, change| {
            entries
                .iter()
                .for_each(|entry| change.append(entry.encode()));
            Ok(())
        })
        .unwrap();
    let needed: Vec<_> = entries
        .iter()
        .map(|entry| (entry.encode(), signed(&account, entry)))
        .collect();
    drop(entries);
    let (ours, ring) = (Once::default(), Once::default());
    turns::take(
        criterion,
        "history_10000",
        &mut [
            ("countersign", &mut |bencher| {
                ring.forget();
                ours.measure(bencher, || {
                    let verified = verify(&vault, |entry| account.check(entry));
                    assert_eq!(verified.unwrap().unwrap().entries, u64::from(ENTRIES));
                });
            }),
            ("ring", &mut |bencher| {
                ours.forget();
                ring.measure(bencher, || {
                    let mut hash = Context::new(&SHA256);
                    for (entry, signed) in &needed {
                        // EXPOSE: made up for measuring.
                        hash.update(entry.expose());
                        for (signed, signature, point) in signed {
                            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                                .verify(signed.as_bytes(), signature)
                                .unwrap();
                        }
                    }
                    std::hint::black_box(hash.finish());
                });
            }),
        ],
    );
}

/// Work that takes seconds is done once a turn, however often it is asked for.
#[derive(Default)]
struct Once(Cell<Option<Duration>>);

impl Once {
    fn forget(&self) {
        self.0.set(None);
    }

    fn measure(&self, bencher: &mut Bencher<'_>, work: impl Fn()) {
        bencher.iter_custom(|rounds| {
            let took = self.0.get().unwrap_or_else(|| {
                let began = Instant::now();
                work();
                began.elapsed()
            });
            self.0.set(Some(took));
            took * u32::try_from(rounds).unwrap()
        });
    }
}

fn vault(path: &std::path::Path) -> Vault {
    let recovery = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let setup = NewVault {
        password: None,
        recovery: Some(&recovery),
        kdf: KdfParams::DEFAULT,
    };
    let entropy = Box::new(SystemEntropy::new());
    let location = VaultLocation::new(path);
    Vault::create(&location, &setup, Box::new(NoAnchor), entropy, NOW).unwrap()
}

criterion_group! {
    name = benches;
    config = turns::configured();
    targets = history_verify
}
criterion_main!(benches);
