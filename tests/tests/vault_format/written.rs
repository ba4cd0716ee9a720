//! The worked example as a database with the documented tables, opened by the vault's own code.

use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{
    AnchorStore, Credential, Flush, RecoveryCode, StoredAnchor, VaultId,
};
use rusqlite::{Connection, params};

use super::document;
use super::example::{ACCOUNT, Example, ONE, PASSWORD_KIND, RECOVERY_KIND, SLOT_KEY};
use super::place::Place;

impl Example {
    /// Writes the values into a database.
    pub(crate) fn write(&self, place: &Place) {
        let db = Connection::open(place.vault()).unwrap();
        db.pragma_update(None, "page_size", 4096).unwrap();
        db.pragma_update(None, "journal_mode", "WAL").unwrap();
        db.pragma_update(None, "application_id", 0x4353_5654)
            .unwrap();
        db.pragma_update(None, "user_version", 1).unwrap();
        for table in document::tables() {
            db.execute(&table, []).unwrap();
        }
        for (key, value) in [
            ("vault_id", self.get("vault_id")),
            ("format", &ONE),
            ("epoch", &ONE),
        ] {
            db.execute("INSERT INTO meta VALUES (?1, ?2)", params![key, value])
                .unwrap();
        }
        for (slot, kind, parameters) in [
            ("password", PASSWORD_KIND, self.get("password_slot_params")),
            ("recovery", RECOVERY_KIND, &[]),
        ] {
            let id = self.of(slot, "slot_id");
            let [nonce, public, sealed, digest] = ["nonce", "public", "sealed", "digest"]
                .map(|column| self.of(slot, &format!("slot_{column}")));
            db.execute(
                "INSERT INTO slot VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7)",
                params![id, kind, nonce, parameters, public, sealed, digest],
            )
            .unwrap();
            self.write_record(&db, &format!("{slot}_slot_record"), id, SLOT_KEY);
        }
        self.write_record(&db, "account", self.get("account_id"), ACCOUNT);
        for (row, name) in [
            ("INSERT INTO bucket VALUES (42, 1, 1, ?1, ?2)", "bucket"),
            ("INSERT INTO manifest VALUES (1, 1, 1, ?1, ?2)", "manifest"),
        ] {
            let (nonce, body) = (self.of(name, "nonce"), self.of(name, "body"));
            db.execute(row, params![nonce, body]).unwrap();
        }
    }

    fn write_record(&self, db: &Connection, name: &str, id: &[u8], kind: u8) {
        let (nonce, body) = (self.of(name, "nonce"), self.of(name, "body"));
        db.execute(
            "INSERT INTO record VALUES (?1, ?2, 1, 1, ?3, ?4)",
            params![id, kind, nonce, body],
        )
        .unwrap();
    }
}

/// The anchor of the example's one installation.
struct ExampleAnchor(Vec<u8>);

impl AnchorStore for ExampleAnchor {
    fn read(&self, _vault: VaultId) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }

    fn replace(&self, _: VaultId, _: Option<&[u8]>, _: &[u8], _: Flush) -> StoredAnchor {
        StoredAnchor::Failed
    }
}

#[test]
fn the_vault_opens_the_example_both_ways_and_finds_it_whole() {
    let example = Example::read();
    let text = str::from_utf8(example.get("recovery_code_ascii")).unwrap();
    let code = RecoveryCode::parse(text).unwrap();
    assert_eq!(code.format().expose(), text); // EXPOSE: it stands in the document.
    let password = Secret::copy_of(example.get("password_typed"));
    for credential in [Credential::Recovery(&code), Credential::Password(&password)] {
        let place = Place::new();
        example.write(&place);
        let anchor = Box::new(ExampleAnchor(example.get("anchor").to_vec()));
        let companion = place.unlock_by(anchor, &credential).unwrap();
        assert!(companion.findings().is_whole());
        assert!(!companion.findings().anchor_missing);
        let rows = companion.list(UnixSeconds(59));
        let [row] = rows.as_slice() else {
            panic!("one account is in the example");
        };
        assert_eq!(row.id.bytes(), example.get("account_id"));
        assert_eq!(row.issuer.as_str(), "Acmé");
        assert_eq!(row.account.as_str(), "ann@example.com");
        // RFC 6238 appendix B has 94287082 for this key and time, with eight digits.
        let window = row.window.as_ref().unwrap();
        assert_eq!(window.current.text().expose(), "287082"); // EXPOSE: a published code.
    }
}

/// The example as a database, for the script.
pub(crate) fn written() -> (Place, String) {
    let example = Example::read();
    let place = Place::new();
    example.write(&place);
    let code = String::from_utf8(example.get("recovery_code_ascii").to_vec()).unwrap();
    (place, code)
}
