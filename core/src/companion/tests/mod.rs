//! Scenarios A4–A6, C2, C3, C6 and K5 on the use cases.

mod adding;
mod changing;
mod keeping;
mod listing;
mod porch;
mod servers;
mod steps;
mod trash;
mod work;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::*;
use crate::account::{Account, Name};
use crate::entropy::SystemEntropy;
use crate::otp::{Algorithm, Counter, Digits, Otp, OtpKind, Period};
use crate::vault::{Flush, RecoveryCode, StoredAnchor};

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

struct Place {
    folder: TempDir,
    code: RecoveryCode,
    anchors: Anchors,
}

/// An installation's anchors in memory; none when it keeps none.
#[derive(Clone)]
struct Anchors(Option<Arc<Mutex<Option<Vec<u8>>>>>);

impl AnchorStore for Anchors {
    fn read(&self, _vault: VaultId) -> Option<Vec<u8>> {
        self.0.as_ref()?.lock().unwrap().clone()
    }

    fn replace(
        &self,
        _: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        _: Flush,
    ) -> StoredAnchor {
        let Some(kept) = &self.0 else {
            return StoredAnchor::Failed;
        };
        let mut kept = kept.lock().unwrap();
        if kept.as_deref() != expected {
            return StoredAnchor::Changed;
        }
        *kept = Some(anchor.to_vec());
        StoredAnchor::Done
    }
}

impl Place {
    fn new() -> (Self, Companion) {
        Self::made(Anchors(None))
    }

    fn with_anchor() -> (Self, Companion) {
        Self::made(Anchors(Some(Arc::default())))
    }

    fn made(anchors: Anchors) -> (Self, Companion) {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            code: RecoveryCode::generate(&SystemEntropy::new()).unwrap(),
            anchors,
        };
        let setup = NewVault {
            password: None,
            recovery: Some(&place.code),
            kdf: KdfParams::DEFAULT,
        };
        let made = Companion::create(
            &place.location(),
            &setup,
            Box::new(place.anchors.clone()),
            Box::new(SystemEntropy::new()),
            NOW,
        );
        (place, made.unwrap())
    }

    /// The same vault with the same code elsewhere.
    fn copy_of(other: &Self) -> Self {
        let code = other.code.format();
        // EXPOSE: a code made up for this test.
        let copy = Self {
            folder: tempfile::tempdir().unwrap(),
            code: RecoveryCode::parse(code.expose()).unwrap(),
            anchors: Anchors(None),
        };
        std::fs::copy(other.path(), copy.path()).unwrap();
        copy
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    fn location(&self) -> VaultLocation {
        VaultLocation::new(&self.path())
    }

    fn open(&self) -> LockedCompanion {
        let anchors = Box::new(self.anchors.clone());
        Companion::open(&self.location(), anchors, Box::new(SystemEntropy::new())).unwrap()
    }

    fn unlock(&self) -> Companion {
        self.open()
            .unlock(&Credential::Recovery(&self.code), NOW)
            .unwrap()
    }
}

fn account(issuer: &str, name: &str, key: &str, kind: OtpKind) -> Account {
    Account {
        issuer: Name::new(issuer),
        label_issuer: None,
        account: Name::new(name),
        otp: Otp::new(Secret::copy_of(key.as_bytes()), kind).unwrap(),
    }
}

fn totp(issuer: &str, name: &str, key: &str) -> Account {
    account(issuer, name, key, OtpKind::TOTP)
}

fn hotp(counter: u64) -> Account {
    let kind = OtpKind::Hotp {
        algorithm: Algorithm::Sha1,
        digits: Digits::DEFAULT,
        counter: Counter::new(counter).unwrap(),
    };
    account("Acme", "counter", "12345678901234567890", kind)
}

fn add(companion: &mut Companion, account: Account) -> RecordId {
    match companion.add(account, NOW).unwrap() {
        Added::New { id, .. } => id,
        Added::AlreadyHere { .. } => panic!("the account is new"),
    }
}

fn shown(rows: &[AccountRow]) -> Vec<&str> {
    rows.iter().map(|row| row.account.as_str()).collect()
}
