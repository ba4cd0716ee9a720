//! Scenarios A4–A6, C2, C3, C6 and K5 on the use cases.

mod adding;
mod changing;
mod listing;
mod trash;

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::account::{Account, Name};
use crate::entropy::SystemEntropy;
use crate::otp::{Algorithm, Counter, Digits, Otp, OtpKind, Period};
use crate::vault::{NoAnchor, RecoveryCode};

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

struct Place {
    folder: TempDir,
    code: RecoveryCode,
}

impl Place {
    fn new() -> (Self, Companion) {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            code: RecoveryCode::generate(&SystemEntropy::new()).unwrap(),
        };
        let setup = NewVault {
            password: None,
            recovery: Some(&place.code),
            kdf: KdfParams::DEFAULT,
        };
        let made = Companion::create(
            &place.location(),
            &setup,
            Box::new(NoAnchor),
            Box::new(SystemEntropy::new()),
            NOW,
        );
        (place, made.unwrap())
    }

    fn location(&self) -> VaultLocation {
        VaultLocation::new(&self.folder.path().join(Path::new("vault")))
    }

    fn unlock(&self) -> Companion {
        Companion::open(
            &self.location(),
            Box::new(NoAnchor),
            Box::new(SystemEntropy::new()),
        )
        .unwrap()
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
