//! Vaults with made-up accounts.

use std::path::Path;

use countersign_core::account::{Account, Name};
use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::otp::{Otp, OtpKind};
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{KdfParams, NewVault, NoAnchor, RecoveryCode, VaultLocation};

pub(crate) const NOW: UnixSeconds = UnixSeconds(1_700_000_017);
pub(crate) const PASSWORD: &[u8] = b"only for measuring";

/// A new vault with so many accounts, unlocked. It opens with [`PASSWORD`] and with the recovery code.
pub(crate) fn filled(vault: &Path, accounts: u16, recovery: &RecoveryCode) -> Companion {
    let password = Secret::copy_of(PASSWORD);
    let setup = NewVault {
        password: Some(&password),
        recovery: Some(recovery),
        kdf: KdfParams::DEFAULT,
    };
    let location = VaultLocation::new(vault);
    let entropy = Box::new(SystemEntropy::new());
    let mut companion =
        Companion::create(&location, &setup, Box::new(NoAnchor), entropy, NOW).unwrap();
    let accounts = (0..accounts).map(account).collect();
    companion.add_all(accounts, NOW).unwrap();
    companion
}

/// The key of an account.
pub(crate) fn key(number: u16) -> Vec<u8> {
    [&b"123456789012345678"[..], &number.to_be_bytes()].concat()
}

fn account(number: u16) -> Account {
    Account {
        issuer: Name::new(&format!("Example Société {}", number % 97)),
        label_issuer: None,
        account: Name::new(&format!("person.{number}@example.org")),
        otp: Otp::new(Secret::new(key(number)), OtpKind::TOTP).unwrap(),
    }
}
