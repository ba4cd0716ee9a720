//! Vaults of every format there has been, opened by this build (K3, F13).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

use std::path::{Path, PathBuf};

use countersign_core::companion::{Companion, DoubtfulCounter};
use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{Credential, NoAnchor, RecoveryCode, VaultLocation};
use tempfile::TempDir;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const CODE: &str = "M2GT-58X4-MPKA-FA59-NANT-SBDE-NYRB-3CNK-5B9D";

fn golden(format: u32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let file = format!("golden/format-{format}.vault");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), &path).unwrap();
    (folder, path)
}

fn unlock(path: &Path, credential: &Credential<'_>) -> Companion {
    let location = VaultLocation::new(path);
    let locked = Companion::open(
        &location,
        Box::new(NoAnchor),
        Box::new(SystemEntropy::new()),
    );
    locked.unwrap().unlock(credential, NOW).unwrap()
}

/// Everything that the page beside the files says.
fn check(companion: &Companion) {
    assert!(companion.findings().is_whole());
    let rows = companion.list(NOW);
    let names: Vec<&str> = rows.iter().map(|row| row.account.as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(companion.trash()[0].account.as_str(), "steam");
    for (name, uri) in [
        (
            "timed",
            "otpauth://totp/Acme:timed?secret=NNSXSIDPMYQHI2LNMVSA&issuer=Acme&algorithm=SHA256&digits=8&period=60",
        ),
        (
            "counted",
            "otpauth://hotp/Acme:counted?secret=NNSXSIDPMYQGG33VNZ2GKZA&issuer=Acme&algorithm=SHA1&digits=6&counter=7",
        ),
    ] {
        let id = companion.find(name).unwrap();
        // EXPOSE: keys that were made up for the golden files.
        assert_eq!(companion.export_uri(id).unwrap().expose(), uri);
        let note = companion.note(id).unwrap();
        assert_eq!(note.expose(), format!("note of {name}"));
        let row = companion.row(id, NOW).unwrap();
        assert_eq!(row.tags[0].as_str(), "golden");
    }
}

#[test]
fn k3_the_golden_vault_of_format_1_opens_in_both_ways() {
    let (_folder, path) = golden(1);
    let before = std::fs::read(&path).unwrap();
    let password = Secret::copy_of(b"golden password");
    check(&unlock(&path, &Credential::Password(&password)));
    let code = RecoveryCode::parse(CODE).unwrap();
    let mut companion = unlock(&path, &Credential::Recovery(&code));
    check(&companion);
    let id = companion.find("counted").unwrap();
    let passed = companion
        .next_hotp(id, DoubtfulCounter::Refuse, NOW)
        .unwrap();
    assert_eq!(passed.counter.value(), 7);
    drop(companion);
    assert_ne!(std::fs::read(&path).unwrap(), before);
    assert_eq!(
        unlock(&path, &Credential::Recovery(&code)).list(NOW).len(),
        2
    );
}

#[test]
fn k3_the_golden_vault_of_format_0_is_migrated_and_its_copy_kept_until_a_later_unlock() {
    let (folder, path) = golden(0);
    let before = std::fs::read(&path).unwrap();
    let code = RecoveryCode::parse(CODE).unwrap();
    let companion = unlock(&path, &Credential::Recovery(&code));
    check(&companion);
    assert_eq!(companion.status().unwrap().format, 1);
    drop(companion);
    let copy = folder.path().join("vault.pre-0");
    assert!(copy.exists());
    // The copy is the vault as it was.
    let (_elsewhere, old) = golden(0);
    std::fs::copy(&copy, &old).unwrap();
    check(&unlock(&old, &Credential::Recovery(&code)));
    let password = Secret::copy_of(b"golden password");
    check(&unlock(&path, &Credential::Password(&password)));
    assert!(!copy.exists());
    assert_ne!(std::fs::read(&path).unwrap(), before);
}
