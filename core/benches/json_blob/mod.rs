//! A peer for opening: all accounts as one JSON document, sealed as a whole, the shape that Aegis has.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base32::Alphabet;
use countersign_core::companion::AccountRow;
use countersign_core::otp::{Algorithm, Digits, Otp, OtpKind, Period};
use countersign_core::secret::Secret;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

const BASE32: Alphabet = Alphabet::Rfc4648 { padding: false };

/// An account as Aegis writes it.
#[derive(Deserialize, Serialize)]
struct Entry {
    r#type: String,
    uuid: String,
    name: String,
    issuer: String,
    note: String,
    favorite: bool,
    info: Info,
    groups: Vec<String>,
}

#[derive(Deserialize, Serialize)]
struct Info {
    secret: String,
    algo: String,
    digits: u64,
    period: u64,
}

/// An account in memory, ready for a list: name, issuer and key.
type Prepared = (String, String, Otp);

/// The sealed document in a file.
pub(crate) struct JsonBlob {
    file: PathBuf,
    key: LessSafeKey,
}

impl JsonBlob {
    /// The same accounts as a list has, with their keys.
    pub(crate) fn write(
        file: &Path,
        rows: &[AccountRow],
        key_of: impl Fn(&AccountRow) -> Vec<u8>,
    ) -> Self {
        let entries: Vec<Entry> = rows
            .iter()
            .map(|row| Entry {
                r#type: row.kind.name().to_owned(),
                uuid: row.id.to_string(),
                name: row.account.as_str().to_owned(),
                issuer: row.issuer.as_str().to_owned(),
                note: String::new(),
                favorite: row.pinned,
                info: Info {
                    secret: base32::encode(BASE32, &key_of(row)),
                    algo: row.kind.algorithm().name().to_owned(),
                    digits: row.kind.digits().into(),
                    period: row.kind.period().unwrap().seconds().into(),
                },
                groups: vec![],
            })
            .collect();
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
        let mut sealed = serde_json::to_vec(&entries).unwrap();
        key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut sealed)
            .unwrap();
        fs::write(file, sealed).unwrap();
        Self {
            file: file.to_owned(),
            key,
        }
    }

    /// From the file to accounts in memory.
    pub(crate) fn open(&self) -> BTreeMap<String, Prepared> {
        let mut sealed = fs::read(&self.file).unwrap();
        let plain = self
            .key
            .open_in_place(nonce(), Aad::empty(), &mut sealed)
            .unwrap();
        let entries: Vec<Entry> = serde_json::from_slice(plain).unwrap();
        entries.into_iter().map(prepare).collect()
    }
}

/// The one document is sealed once.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

fn prepare(entry: Entry) -> (String, Prepared) {
    let Info {
        secret,
        algo,
        digits,
        period,
    } = entry.info;
    let kind = OtpKind::Totp {
        algorithm: match algo.as_str() {
            "SHA1" => Algorithm::Sha1,
            "SHA256" => Algorithm::Sha256,
            _ => Algorithm::Sha512,
        },
        digits: Digits::new(digits).unwrap(),
        period: Period::new(period).unwrap(),
    };
    let key = Secret::new(base32::decode(BASE32, &secret).unwrap());
    let otp = Otp::new(key, kind).unwrap();
    (entry.uuid, (entry.name, entry.issuer, otp))
}
