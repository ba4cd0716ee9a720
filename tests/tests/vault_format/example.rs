//! The worked example, computed again from its given values.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use countersign_core::approval::history::Entry;
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{BodyForm, ChainHead, Link, canonical_body};

use super::document;
use super::primitives::{argon2id, hkdf, public_key, seal, sha256, shared_secret};

/// Values of the example that are not computed from others.
const GIVEN: [&str; 25] = [
    "vault_id",
    "vault_key",
    "recovery_bytes",
    "recovery_slot_id",
    "recovery_slot_nonce",
    "recovery_ephemeral_private",
    "password_typed",
    "password_nfkc",
    "password_salt",
    "password_slot_id",
    "password_slot_nonce",
    "password_ephemeral_private",
    "account_id",
    "account_nonce",
    "recovery_slot_record_nonce",
    "password_slot_record_nonce",
    "bucket_nonce",
    "branch_id",
    "token",
    "manifest_nonce",
    "account_plain",
    "recovery_code_ascii",
    "log_entry",
    "log_nonce",
    "porch_head",
];

/// The number one in four bytes: format, epoch.
pub(crate) const ONE: [u8; 4] = 1_u32.to_be_bytes();
const WHEN: UnixSeconds = UnixSeconds(1_800_000_000);
pub(crate) const PASSWORD_KIND: u8 = 1;
pub(crate) const RECOVERY_KIND: u8 = 2;
pub(crate) const ACCOUNT: u8 = 1;
pub(crate) const SLOT_KEY: u8 = 4;

/// The example's values, and which of them were computed.
pub(crate) struct Example {
    values: BTreeMap<String, Vec<u8>>,
    computed: RefCell<BTreeSet<String>>,
}

impl Example {
    pub(crate) fn read() -> Self {
        Self {
            values: document::example(),
            computed: RefCell::default(),
        }
    }

    pub(crate) fn get(&self, name: &str) -> &[u8] {
        self.values
            .get(name)
            .unwrap_or_else(|| panic!("the example has no {name}"))
    }

    pub(crate) fn of(&self, slot: &str, name: &str) -> &[u8] {
        self.get(&format!("{slot}_{name}"))
    }

    /// Holds a computed value against the document's.
    fn is(&self, name: &str, computed: &[u8]) {
        assert_eq!(self.get(name), computed, "{name}");
        self.computed.borrow_mut().insert(name.to_owned());
    }

    fn is_of(&self, slot: &str, name: &str, computed: &[u8]) {
        self.is(&format!("{slot}_{name}"), computed);
    }

    /// A label, the format, the vault and what follows.
    fn aad(&self, label: &[u8], rest: &[&[u8]]) -> Vec<u8> {
        [label, &ONE, self.get("vault_id"), &rest.concat()].concat()
    }

    fn check_secrets(&self) {
        let check = sha256(&[b"countersign-recovery/1", self.get("recovery_bytes")]);
        self.is("recovery_check_sha256", &check);
        let secret = hkdf(self.get("recovery_bytes"), &[], b"countersign/v1/recovery");
        self.is("recovery_secret", &secret);
        let costs = [65_536_u32, 3, 1].map(u32::to_be_bytes).concat();
        let params = [&costs, self.get("password_salt")].concat();
        self.is("password_slot_params", &params);
        let secret = argon2id(self.get("password_nfkc"), self.get("password_salt"));
        self.is("password_secret", &secret);
    }

    fn check_slot(&self, slot: &str, kind: u8, params: &[u8]) {
        let (secret, nonce) = (self.of(slot, "secret"), self.of(slot, "slot_nonce"));
        let private = hkdf(secret, nonce, b"countersign/v1/slot/x25519");
        self.is_of(slot, "slot_private", &private);
        self.is_of(slot, "slot_public", &public_key(&private));
        self.is_of(
            slot,
            "slot_psk",
            &hkdf(secret, nonce, b"countersign/v1/slot/psk"),
        );
        let (ephemeral, public) = (
            self.of(slot, "ephemeral_private"),
            self.of(slot, "slot_public"),
        );
        self.is_of(slot, "ephemeral_public", &public_key(ephemeral));
        self.is_of(slot, "shared", &shared_secret(ephemeral, public));
        let (id, ephemeral) = (self.of(slot, "slot_id"), self.of(slot, "ephemeral_public"));
        let length = u32::try_from(params.len()).unwrap().to_be_bytes();
        let rest: [&[u8]; 7] = [id, &[kind], &ONE, &length, params, public, ephemeral];
        let aad = self.aad(b"slt", &rest);
        self.is_of(slot, "slot_aad", &aad);
        let input = [self.of(slot, "shared"), self.of(slot, "slot_psk")].concat();
        let key = hkdf(&input, &[], &aad);
        self.is_of(slot, "slot_key", &key);
        let plain = [self.get("vault_key"), &ONE].concat();
        let sealed = [ephemeral, &seal(&key, &[0; 12], &aad, &plain)].concat();
        self.is_of(slot, "slot_sealed", &sealed);
        let columns = [nonce, params, public, &sealed].map(framed).concat();
        let vault = self.get("vault_id");
        let digest = sha256(&[b"countersign-slot/1\0", vault, id, &[kind], &ONE, &columns]);
        self.is_of(slot, "slot_digest", &digest);
    }

    fn check_keys(&self) {
        for (name, purpose) in [
            ("key_records", "rec"),
            ("key_meta", "meta"),
            ("key_log", "log"),
            ("key_porch", "porch"),
        ] {
            let info = format!("countersign/v1/{purpose}/1");
            let key = hkdf(self.get("vault_key"), self.get("vault_id"), info.as_bytes());
            self.is(name, &key);
        }
    }

    /// A record of version 1; its entry in the bucket.
    fn check_record(&self, name: &str, id: &[u8], kind: u8) -> Vec<u8> {
        let place = [id, &[kind], &1_u64.to_be_bytes(), &ONE].concat();
        let aad = self.aad(b"rec", &[&place]);
        self.is_of(name, "aad", &aad);
        let (nonce, plain) = (self.of(name, "nonce"), self.of(name, "plain"));
        let body = seal(self.get("key_records"), nonce, &aad, plain);
        self.is_of(name, "body", &body);
        [place.as_slice(), tag_of(&body)].concat()
    }

    fn check_slot_record(&self, slot: &str) -> Vec<u8> {
        let plain = padded(&[
            (1, self.of(slot, "slot_psk")),
            (2, self.of(slot, "slot_public")),
            (3, self.of(slot, "slot_digest")),
            (4, &WHEN.0.to_be_bytes()),
            (5, &ONE),
        ]);
        let name = format!("{slot}_slot_record");
        self.is_of(&name, "plain", &plain);
        self.check_record(&name, self.of(slot, "slot_id"), SLOT_KEY)
    }

    fn check_list(&self, mut entries: Vec<Vec<u8>>) {
        entries.sort();
        self.is("bucket_plain", &entries.concat());
        let stamp = [[42].as_slice(), &1_u64.to_be_bytes()].concat();
        let aad = self.aad(b"bkt", &[&stamp, &ONE]);
        self.is("bucket_aad", &aad);
        let key = self.get("key_meta");
        let body = seal(key, self.get("bucket_nonce"), &aad, &entries.concat());
        self.is("bucket_body", &body);
        let digest = sha256(&[b"countersign-buckets/1\0", &stamp, tag_of(&body)]);
        self.is("buckets_digest", &digest);
        let mut slots = ["recovery", "password"]
            .map(|slot| [self.of(slot, "slot_id"), self.of(slot, "slot_digest")].concat());
        slots.sort();
        let digest = sha256(&[b"countersign-slots/1\0", &slots.concat()]);
        self.is("slots_digest", &digest);
        let meta: [&[u8]; 6] = [
            b"epoch",
            &ONE,
            b"format",
            &ONE,
            b"vault_id",
            self.get("vault_id"),
        ];
        let digest = sha256(&[b"countersign-meta/1\0", &meta.map(framed).concat()]);
        self.is("meta_digest", &digest);
    }

    fn check_manifest(&self) {
        let generation = 1_u64.to_be_bytes();
        let branch = [self.get("branch_id"), &generation, self.get("token")].concat();
        let plain = padded(&[
            (1, self.get("buckets_digest")),
            (2, &[ACCOUNT, 0, 0, 0, 1]),
            (2, &[SLOT_KEY, 0, 0, 0, 2]),
            (3, self.get("slots_digest")),
            (4, self.get("meta_digest")),
            (5, &[0; 32]),
            (6, &[0; 8]),
            (7, &branch),
            (9, &WHEN.0.to_be_bytes()),
        ]);
        self.is("manifest_plain", &plain);
        let aad = self.aad(b"man", &[&generation, &ONE]);
        self.is("manifest_aad", &aad);
        let (key, nonce) = (self.get("key_meta"), self.get("manifest_nonce"));
        self.is("manifest_body", &seal(key, nonce, &aad, &plain));
        let hash = sha256(&[self.get("token")]);
        self.is("token_sha256", &hash);
        let claim = |version| {
            let parts: [&[u8]; 5] = [
                &[version],
                self.get("vault_id"),
                self.get("branch_id"),
                &generation,
                &hash,
            ];
            parts.concat()
        };
        let head = claim(1);
        let mut anchor = head.clone();
        anchor.extend(sha256(&[&head]).iter().take(8));
        self.is("anchor", &anchor);
        let mut with_porch = claim(2);
        with_porch.extend_from_slice(&3_u64.to_be_bytes());
        with_porch.extend_from_slice(self.get("porch_head"));
        let check = sha256(&[&with_porch]);
        with_porch.extend(check.iter().take(8));
        self.is("anchor_with_porch", &with_porch);
    }

    /// The first place of the history.
    fn check_log(&self) {
        let entry = self.get("log_entry");
        let plain = padded(&[(1, &[0; 32]), (2, entry)]);
        self.is("log_plain", &plain);
        let seq = 1_u64.to_be_bytes();
        let aad = self.aad(b"log", &[&seq, &ONE]);
        self.is("log_aad", &aad);
        let body = seal(self.get("key_log"), self.get("log_nonce"), &aad, &plain);
        self.is("log_body", &body);
        let hash = sha256(&[entry]);
        let head = sha256(&[b"countersign-log/1\0", &[0; 32], &seq, &[2], &hash]);
        self.is("log_head", &head);
        // By the code too.
        let read = canonical_body(BodyForm::History, &plain);
        assert_eq!(read.as_deref(), Some(&plain));
        let link = Link::Entry(Secret::copy_of(entry));
        assert_eq!(ChainHead::default().after(1, &link).bytes(), &*head);
        assert!(Entry::decode(entry).is_ok());
    }
}

fn tag_of(body: &[u8]) -> &[u8] {
    body.last_chunk::<16>().unwrap()
}

/// A length of four bytes, then the bytes.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&length, bytes].concat()
}

/// Fields, an end, and zeros to the next multiple of 256.
fn padded(fields: &[(u8, &[u8])]) -> Vec<u8> {
    let mut body: Vec<u8> = fields
        .iter()
        .flat_map(|(number, value)| [vec![*number], framed(value)].concat())
        .collect();
    body.push(0);
    body.resize(body.len().next_multiple_of(256), 0);
    body
}

#[test]
fn every_value_of_the_example_follows_from_the_ones_above_it() {
    let example = Example::read();
    example.check_secrets();
    example.check_slot("recovery", RECOVERY_KIND, &[]);
    let params = example.get("password_slot_params");
    example.check_slot("password", PASSWORD_KIND, params);
    example.check_keys();
    let account = padded(&[
        (1, &[1]),
        (2, &[1]),
        (3, &[6]),
        (4, &30_u32.to_be_bytes()),
        (6, b"12345678901234567890"),
        (7, "Acmé".as_bytes()),
        (9, b"ann@example.com"),
        (13, &(1_u64 << 32).to_be_bytes()),
        (14, &WHEN.0.to_be_bytes()),
        (15, &WHEN.0.to_be_bytes()),
    ]);
    assert_eq!(example.get("account_plain"), account);
    let entries = vec![
        example.check_record("account", example.get("account_id"), ACCOUNT),
        example.check_slot_record("recovery"),
        example.check_slot_record("password"),
    ];
    example.check_list(entries);
    example.check_manifest();
    example.check_log();
    let computed = example.computed.borrow();
    let known: BTreeSet<&str> = GIVEN
        .into_iter()
        .chain(computed.iter().map(String::as_str))
        .collect();
    let documented: BTreeSet<&str> = example.values.keys().map(String::as_str).collect();
    assert_eq!(known, documented);
}
