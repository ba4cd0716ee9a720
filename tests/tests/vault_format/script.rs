//! `docs/decrypt.py` reads what the vault writes, and refuses what it did not write.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countersign_core::account::{Account, Name};
use countersign_core::companion::{Added, Companion, DoubtfulCounter, Edit};
use countersign_core::otp::{Algorithm, Counter, Digits, Otp, OtpKind, Period};
use countersign_core::secret::{Secret, SecretText};
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{Credential, Damaged, KdfParams, RecordId};
use countersign_tests::python;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::place::{NOW, PASSWORD, Place};
use super::written;

const LATER: UnixSeconds = UnixSeconds(NOW.0 + 60);
const LONG_NOTE: &str = "Backup codes: 1234 5678\n… im Safe 🔐\n";

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/decrypt.py")
}

/// Runs the script on the vault with a credential from a file.
fn run(python: &Path, place: &Place, option: &str, credential: &str) -> Output {
    let (_folder, file) = place.write_credential("credential", credential);
    Command::new(python)
        .arg(script())
        .arg(place.vault())
        .arg(option)
        .arg(file)
        .output()
        .unwrap()
}

fn by_password(python: &Path, place: &Place, password: &str) -> Output {
    run(python, place, "--password-file", password)
}

fn by_code(python: &Path, place: &Place) -> Output {
    // EXPOSE: the script is given the code as its owner would.
    run(
        python,
        place,
        "--recovery-code-file",
        place.code.format().expose(),
    )
}

fn accounts(output: &Output) -> Vec<Value> {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let mut accounts: Vec<Value> = str::from_utf8(&output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    accounts.sort_by_key(|account| account["order"].as_u64());
    accounts
}

/// A refusal prints no account, a plain sentence, and no trace of the program.
fn is_refused(output: &Output, because: &str, what: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{what}: {errors}");
    assert!(output.stdout.is_empty(), "{what}");
    assert!(errors.contains(because), "{what}: {errors}");
    assert_eq!(errors.lines().count(), 1, "{what}: {errors}");
}

fn account(
    issuer: &str,
    label_issuer: Option<&str>,
    name: &str,
    key: &[u8],
    kind: OtpKind,
) -> Account {
    Account {
        issuer: Name::new(issuer),
        label_issuer: label_issuer.map(Name::new),
        account: Name::new(name),
        otp: Otp::new(Secret::copy_of(key), kind).unwrap(),
    }
}

fn add(companion: &mut Companion, account: Account) -> RecordId {
    match companion.add(account, NOW).unwrap() {
        Added::New { id, .. } => id,
        Added::AlreadyHere { .. } => panic!("it is new"),
    }
}

fn eight_digits() -> Digits {
    Digits::new(8).unwrap()
}

/// Fills a vault with one account of each sort and says what the script must print, in the order of the list.
fn fill(companion: &mut Companion) -> Vec<Value> {
    let totp = OtpKind::Totp {
        algorithm: Algorithm::Sha256,
        digits: eight_digits(),
        period: Period::new(60).unwrap(),
    };
    let hotp = OtpKind::Hotp {
        algorithm: Algorithm::Sha512,
        digits: Digits::DEFAULT,
        counter: Counter::new(Counter::MAX - 1).unwrap(),
    };
    let time_based = account("Zoë's Läden", Some("Köln"), "日本 👩‍💻", b"foobar", totp);
    let time_based = add(companion, time_based);
    let counted = add(
        companion,
        account("", None, "old:token", &[0xff; 512], hotp),
    );
    let steam = add(
        companion,
        account("Steam", None, "ann", b"\0", OtpKind::Steam),
    );
    let plain = add(
        companion,
        account("Acme", None, "", b"12345678901234567890", OtpKind::TOTP),
    );
    let edit = Edit {
        note: Some(SecretText::new(LONG_NOTE.to_owned())),
        tags: Some(vec![Name::new("Arbeit ü"), Name::new("b")]),
        pinned: Some(true),
        ..Edit::default()
    };
    companion.edit(time_based, edit, LATER).unwrap();
    companion
        .next_hotp(counted, DoubtfulCounter::Refuse, LATER)
        .unwrap();
    companion.remove(steam, LATER).unwrap();
    vec![
        json!({"id": time_based.to_string(), "type": "totp", "issuer": "Zoë's Läden", "label_issuer": "Köln",
            "account": "日本 👩‍💻", "secret": "MZXW6YTBOI", "algorithm": "SHA256", "digits": 8, "period": 60,
            "counter": null, "note": LONG_NOTE, "tags": ["Arbeit ü", "b"], "pinned": true, "order": 1_u64 << 32,
            "created_at": NOW.0, "changed_at": LATER.0, "trashed_at": null}),
        json!({"id": counted.to_string(), "type": "hotp", "issuer": "", "label_issuer": "",
            "account": "old:token", "secret": format!("{}Q", "7".repeat(819)), "algorithm": "SHA512", "digits": 6,
            "period": null, "counter": Counter::MAX, "note": "", "tags": [], "pinned": false, "order": 2_u64 << 32,
            "created_at": NOW.0, "changed_at": NOW.0, "trashed_at": null}),
        json!({"id": steam.to_string(), "type": "steam", "issuer": "Steam", "label_issuer": "",
            "account": "ann", "secret": "AA", "algorithm": null, "digits": null, "period": null, "counter": null,
            "note": "", "tags": [], "pinned": false, "order": 3_u64 << 32,
            "created_at": NOW.0, "changed_at": NOW.0, "trashed_at": LATER.0}),
        json!({"id": plain.to_string(), "type": "totp", "issuer": "Acme", "label_issuer": "",
            "account": "", "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "algorithm": "SHA1", "digits": 6,
            "period": 30, "counter": null, "note": "", "tags": [], "pinned": false, "order": 4_u64 << 32,
            "created_at": NOW.0, "changed_at": NOW.0, "trashed_at": null}),
    ]
}

#[test]
fn the_script_has_fewer_than_80_lines() {
    assert!(fs::read_to_string(script()).unwrap().lines().count() < 80);
}

#[test]
fn the_script_reads_every_field_of_every_account_and_leaves_the_vault_as_it_is() {
    let Some(python) = python::python() else {
        return;
    };
    let place = Place::new();
    let mut companion = place.create();
    let expected = fill(&mut companion);
    // Still open here: the latest changes are in the log alone.
    let before = place.files();
    assert!(
        before
            .keys()
            .any(|file| file.to_string_lossy().ends_with("-wal"))
    );
    assert_eq!(accounts(&by_code(&python, &place)), expected);
    assert_eq!(place.files(), before);
    drop(companion);
    let closed = place.files();
    assert_eq!(accounts(&by_password(&python, &place, PASSWORD)), expected);
    assert_eq!(accounts(&by_code(&python, &place)), expected);
    assert_eq!(place.files(), closed);
}

#[test]
fn after_a_password_change_the_new_one_and_the_code_open_and_the_old_one_does_not() {
    let Some(python) = python::python() else {
        return;
    };
    let place = Place::new();
    let mut companion = place.create();
    let expected = fill(&mut companion);
    let kdf = KdfParams {
        passes: 4,
        lanes: 2,
        ..KdfParams::DEFAULT
    };
    companion
        .change_password(
            &Secret::copy_of("ｎｅｗ".as_bytes()),
            kdf,
            Damaged::Refuse,
            LATER,
        )
        .unwrap();
    drop(companion);
    // Full-width letters and plain ones are the same password.
    assert_eq!(accounts(&by_password(&python, &place, "new")), expected);
    assert_eq!(accounts(&by_code(&python, &place)), expected);
    is_refused(
        &by_password(&python, &place, PASSWORD),
        "wrong password",
        "the old password",
    );
    // Unlocking by the code renews its slot; the script follows.
    drop(place.unlock(&Credential::Recovery(&place.code)).unwrap());
    assert_eq!(accounts(&by_code(&python, &place)), expected);
}

#[test]
fn an_empty_vault_has_no_accounts() {
    let Some(python) = python::python() else {
        return;
    };
    let place = Place::new();
    drop(place.create());
    let output = by_code(&python, &place);
    assert!(output.status.success() && output.stdout.is_empty());
}

#[test]
fn what_does_not_open_the_vault_is_refused() {
    let Some(python) = python::python() else {
        return;
    };
    let place = Place::new();
    drop(place.create());
    let other = Place::new();
    let code = other.code.format();
    for (option, credential, because) in [
        ("--password-file", "wrong", "wrong password"),
        ("--password-file", "", "wrong password"),
        // EXPOSE: a code of no vault.
        ("--recovery-code-file", code.expose(), "wrong password"),
        ("--recovery-code-file", "1234-5678", "nine groups"),
        ("--recovery-code-file", &"u".repeat(36), "nine groups"),
    ] {
        let output = run(&python, &place, option, credential);
        is_refused(&output, because, credential);
    }
    // EXPOSE: the same vault's code, copied wrongly.
    let mistyped = place.code.format().expose().replacen('-', "", 1);
    let first = mistyped.chars().next().unwrap();
    let wrong = if first == '7' { "8" } else { "7" };
    let output = run(
        &python,
        &place,
        "--recovery-code-file",
        &mistyped.replacen(first, wrong, 1),
    );
    is_refused(&output, "wrong password", "a mistyped code");
    fs::write(place.vault(), "a text").unwrap();
    is_refused(&by_code(&python, &place), "damaged", "a text");
    fs::remove_file(place.vault()).unwrap();
    is_refused(&by_code(&python, &place), "not a vault", "no file");
}

#[test]
fn every_change_of_a_row_is_refused() {
    let Some(python) = python::python() else {
        return;
    };
    let place = Place::new();
    fill(&mut place.create());
    let whole = fs::read(place.vault()).unwrap();
    for change in [
        "UPDATE manifest SET body = FLIPPED(body)",
        "UPDATE manifest SET nonce = FLIPPED(nonce)",
        "UPDATE manifest SET gen = gen + 1",
        "DELETE FROM manifest",
        "UPDATE bucket SET body = FLIPPED(body)",
        "UPDATE bucket SET rev = rev + 1",
        "DELETE FROM bucket WHERE n = (SELECT min(n) FROM bucket)",
        "UPDATE record SET body = FLIPPED(body)",
        "UPDATE record SET nonce = FLIPPED(nonce)",
        "UPDATE record SET kind = 9 WHERE kind = 1",
        "UPDATE record SET rev = rev + 1",
        "DELETE FROM record WHERE kind = 2",
        "INSERT INTO record SELECT zeroblob(16), kind, rev, epoch, nonce, body FROM record LIMIT 1",
        "UPDATE slot SET sealed = FLIPPED(sealed)",
        "UPDATE slot SET nonce = FLIPPED(nonce)",
        "UPDATE slot SET public = FLIPPED(public)",
        "DELETE FROM slot WHERE kind = 2",
        "UPDATE meta SET v = FLIPPED(v) WHERE k = 'vault_id'",
        "DELETE FROM meta",
        "PRAGMA user_version = 2",
    ] {
        fs::write(place.vault(), &whole).unwrap();
        let db = Connection::open(place.vault()).unwrap();
        db.execute_batch(&with_flips(change)).unwrap();
        drop(db);
        let because = match change {
            change if change.contains("slot SET") || change.contains("UPDATE meta") => {
                "wrong password"
            }
            change if change.contains("FROM slot") => "no such slot",
            change if change.contains("PRAGMA") => "not a vault of format 1",
            _ => "damaged",
        };
        is_refused(&by_code(&python, &place), because, change);
    }
    fs::write(place.vault(), &whole).unwrap();
    assert_eq!(accounts(&by_code(&python, &place)).len(), 4);
}

/// SQL for `FLIPPED(column)`: the column with another byte at its end.
fn with_flips(change: &str) -> String {
    let Some((head, rest)) = change.split_once("FLIPPED(") else {
        return change.to_owned();
    };
    let (column, tail) = rest.split_once(')').unwrap();
    let last = format!("hex(substr({column}, -1))");
    format!(
        "{head}CAST(substr({column}, 1, length({column}) - 1) || \
         CASE {last} WHEN '00' THEN x'01' ELSE x'00' END AS BLOB){tail}"
    )
}

#[test]
fn f1_a_flipped_byte_of_the_file_never_changes_what_is_read() {
    let Some(python) = python::python() else {
        return;
    };
    let place = Place::new();
    let expected = fill(&mut place.create());
    let whole = fs::read(place.vault()).unwrap();
    let (mut refused, mut unchanged) = (0, 0);
    for at in (7..whole.len()).step_by(2039) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(place.vault(), &flipped).unwrap();
        let output = by_code(&python, &place);
        if output.status.success() {
            assert_eq!(accounts(&output), expected, "byte {at}");
            unchanged += 1;
        } else {
            is_refused(&output, "", &format!("byte {at}"));
            refused += 1;
        }
    }
    assert!(refused > 0 && unchanged > 0, "{refused} and {unchanged}");
}

#[test]
fn the_script_reads_the_worked_example() {
    let Some(python) = python::python() else {
        return;
    };
    let (place, code) = written::written();
    let output = run(
        &python,
        &place,
        "--recovery-code-file",
        &code.to_lowercase(),
    );
    let found = accounts(&output);
    assert_eq!(accounts(&by_password(&python, &place, PASSWORD)), found);
    let expected = json!([{"id": "2a5152535455565758595a5b5c5d5e5f", "type": "totp", "issuer": "Acmé",
        "label_issuer": "", "account": "ann@example.com", "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "algorithm": "SHA1", "digits": 6, "period": 30, "counter": null, "note": "", "tags": [], "pinned": false,
        "order": 1_u64 << 32, "created_at": NOW.0, "changed_at": NOW.0, "trashed_at": null}]);
    assert_eq!(Value::Array(found), expected);
}
