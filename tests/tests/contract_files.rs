//! What the program does when the vault's file, the place or the way out of it is not as it should be.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

mod contract;

use std::fs;

use contract::{Person, shell};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

const LINKS: [&str; 3] = [
    "otpauth://totp/One:one?secret=JBSWY3DPEHPK3PXA&issuer=One",
    "otpauth://totp/Two:two?secret=JBSWY3DPEHPK3PXB&issuer=Two",
    "otpauth://hotp/Bank:cnt?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bank&counter=0",
];

fn id(person: &Person, account: &str) -> String {
    person.row(account)["id"].as_str().unwrap().to_owned()
}

fn blob(id: &str) -> Vec<u8> {
    (0..id.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(id.get(at..at + 2).unwrap(), 16).unwrap())
        .collect()
}

/// Takes an account's row out of the file; its id.
fn delete(person: &Person, account: &str) -> String {
    let id = id(person, account);
    let file = Connection::open(&person.vault).unwrap();
    assert_eq!(
        file.execute("DELETE FROM record WHERE id = ?", [blob(&id)])
            .unwrap(),
        1
    );
    id
}

/// Flips one bit in an account's row; its id.
fn damage(person: &Person, account: &str) -> String {
    let id = id(person, account);
    let file = Connection::open(&person.vault).unwrap();
    let mut body: Vec<u8> = file
        .query_row("SELECT body FROM record WHERE id = ?", [blob(&id)], |row| {
            row.get(0)
        })
        .unwrap();
    body[9] ^= 4;
    file.execute(
        "UPDATE record SET body = ? WHERE id = ?",
        params![body, blob(&id)],
    )
    .unwrap();
    id
}

fn accounts(document: &Value) -> usize {
    document["accounts"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_deleted_row_is_tampered_and_the_rest_is_printed() {
    let person = Person::with(&LINKS);
    let gone = delete(&person, "one");
    let document = person.run(&["list", "--json"]).exits(4).json();
    assert_eq!(
        (accounts(&document), &document["error"]["name"]),
        (2, &json!("tampered"))
    );
    assert_eq!(document["tampered"]["missing"], json!([gone]));
    assert!(document["unreadable"].is_array() && document["warnings"].is_array());
    let plain = person.run(&["list"]).exits(4);
    assert!(plain.out.contains("two") && plain.err.contains("vault check"));
    assert_eq!(person.run(&["code", "two"]).exits(4).out.len(), 7);
    for write in [
        &["next", "cnt"][..],
        &["edit", "two", "--note", "x"],
        &["remove", "two", "--yes"],
    ] {
        person.run(write).exits(4);
    }
    person
        .add("otpauth://totp/n?secret=JBSWY3DPEHPK3PXP")
        .exits(4);
    assert_eq!(person.row("cnt")["counter"], 0);
    person.run(&["vault", "check", "--json"]).exits(4);
    person
        .run(&["vault", "check", "--accept", "--json"])
        .exits(0);
    person.run(&["list", "--json"]).exits(0);
}

#[test]
fn vault_check_names_what_it_found() {
    let person = Person::with(&LINKS);
    let gone = delete(&person, "one");
    let run = person.run(&["vault", "check"]).exits(4);
    assert!((run.out + &run.err).contains(&gone), "{}", run.err);
}

#[test]
fn swapped_rows_show_no_wrong_code() {
    let person = Person::with(&LINKS);
    let codes: Vec<Value> = person
        .rows()
        .iter()
        .map(|row| row["code"].clone())
        .collect();
    let (one, two) = (blob(&id(&person, "one")), blob(&id(&person, "two")));
    let file = Connection::open(&person.vault).unwrap();
    let read = |id: &Vec<u8>| -> (Vec<u8>, Vec<u8>) {
        let sql = "SELECT nonce, body FROM record WHERE id = ?";
        file.query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
    };
    for ((nonce, body), id) in [(read(&one), &two), (read(&two), &one)] {
        file.execute(
            "UPDATE record SET nonce = ?, body = ? WHERE id = ?",
            params![nonce, body, id],
        )
        .unwrap();
    }
    drop(file);
    let document = person.run(&["list", "--json"]).exits(4).json();
    assert_eq!(document["unreadable"].as_array().unwrap().len(), 2);
    assert_eq!(accounts(&document), 1, "{codes:?}");
}

#[test]
fn an_unreadable_account_is_damaged_and_not_unknown() {
    let person = Person::with(&LINKS);
    let id = damage(&person, "one");
    let document = person.run(&["list", "--json"]).exits(4).json();
    assert_eq!(document["unreadable"], json!([id]));
    assert_eq!(document["error"]["name"], "unreadable_record");
    let run = person.run(&["code", &id, "--json"]);
    assert_eq!(
        (run.exit, run.error().as_str()),
        (Some(4), "unreadable_record"),
        "{}",
        run.out
    );
}

#[test]
fn a_name_that_a_damaged_vault_does_not_find_is_no_plain_refusal() {
    let person = Person::with(&LINKS);
    damage(&person, "one");
    person.run(&["code", "one", "--json"]).exits(4);
    let person = Person::with(&LINKS);
    delete(&person, "one");
    person.run(&["code", "one", "--json"]).exits(4);
}

#[test]
fn an_older_copy_of_the_file_is_rolled_back_and_still_shown() {
    let person = Person::with(&LINKS);
    let old = fs::read(&person.vault).unwrap();
    person.run(&["next", "cnt"]).exits(0);
    fs::write(&person.vault, old).unwrap();
    let document = person.run(&["list", "--json"]).exits(4).json();
    assert_eq!(
        (accounts(&document), &document["error"]["name"]),
        (3, &json!("rolled_back"))
    );
    person.run(&["next", "cnt"]).exits(4);
    person.run(&["vault", "check", "--accept"]).exits(0);
    person.run(&["list", "--json"]).exits(0);
}

#[test]
fn a_file_that_is_no_vault_stays_as_it_is() {
    let person = Person::with(&LINKS[..1]);
    let good = fs::read(&person.vault).unwrap();
    let mut newer = good.clone();
    newer[63] += 1;
    for (bytes, name) in [
        (Vec::new(), "empty_file"),
        (b"hello\n".repeat(99), "not_a_vault"),
        (good[..100].to_vec(), "damaged_data"),
        (good[..4_096].to_vec(), "damaged_data"),
        (good[..good.len() / 2].to_vec(), "damaged_data"),
        (newer, "vault_too_new"),
    ] {
        fs::write(&person.vault, &bytes).unwrap();
        for verb in [
            &["list", "--json"][..],
            &["vault", "check", "--accept", "--json"],
            &["passwd", "--json"],
        ] {
            let mut command = person.command(verb);
            command.env("COUNTERSIGN_NEW_PASSWORD", "another password");
            assert_eq!(contract::finish(&mut command, b"").exits(4).error(), name);
        }
        assert_eq!(
            person
                .run(&["init", "--no-recovery", "--json"])
                .exits(1)
                .error(),
            "vault_exists"
        );
        assert_eq!(fs::read(&person.vault).unwrap(), bytes, "{name}");
    }
}

/// "an error is its member `error`, which with exit 4 stands beside `accounts`, `unreadable`, `tampered` and `warnings`"
#[test]
fn with_exit_four_the_error_stands_beside_the_four_members() {
    let person = Person::with(&LINKS);
    delete(&person, "one");
    let mut wrong = Vec::new();
    let mut look = |verb: &[&str]| {
        let run = person.run(verb).exits(4);
        let document = run.json();
        let is_whole = document["accounts"].is_array()
            && document["unreadable"].is_array()
            && document.get("tampered").is_some()
            && document["warnings"].is_array();
        if !is_whole {
            wrong.push(verb.join(" "));
        }
    };
    look(&["list", "--json"]);
    look(&["vault", "check", "--json"]);
    look(&["next", "cnt", "--json"]);
    look(&["edit", "two", "--note", "x", "--json"]);
    fs::write(&person.vault, b"no vault at all").unwrap();
    look(&["list", "--json"]);
    assert!(wrong.is_empty(), "without them: {wrong:?}");
}

#[test]
fn somebody_elses_transaction_makes_writes_busy_and_reads_work() {
    let person = Person::with(&LINKS);
    let file = Connection::open(&person.vault).unwrap();
    file.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(
        person.run(&["next", "cnt", "--json"]).exits(5).error(),
        "busy"
    );
    person.run(&["list", "--json"]).exits(0);
    file.execute_batch("ROLLBACK").unwrap();
    assert_eq!(person.run(&["next", "cnt"]).exits(0).out.trim(), "755224");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let person = Person::with(&LINKS);
    for verb in ["list", "list --json", "--help", "demo --yes", "code one"] {
        let run = shell(
            &person,
            &format!("\"$CS\" {verb} | head -c 0; echo ${{PIPESTATUS[0]}}"),
        );
        assert_eq!(run.out.trim(), "0", "{verb}");
        assert!(run.err.is_empty(), "{}", run.err);
    }
}

#[test]
fn a_change_whose_answer_could_not_be_written_is_not_denied() {
    let person = Person::with(&LINKS);
    let run = shell(&person, "\"$CS\" next cnt > /dev/full; echo $?");
    assert_eq!(run.out.trim(), "5");
    assert_eq!(person.row("cnt")["counter"], 1);
    assert!(
        !run.err.contains("nothing was changed"),
        "the counter moved: {}",
        run.err
    );
}

#[test]
fn a_failing_output_is_said_once() {
    let person = Person::new();
    let run = shell(
        &person,
        "echo '{}' | \"$CS\" doctor --batch - > /dev/full; echo $?",
    );
    assert_eq!(run.out.trim(), "5");
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
}

#[test]
fn no_vault_is_made_whose_recovery_code_nobody_saw() {
    for way in ["> /dev/full", ">&-", "| head -c 0"] {
        let person = Person::new();
        shell(&person, &format!("\"$CS\" init --recovery-file - {way}"));
        assert!(!person.vault.exists(), "init --recovery-file - {way}");
    }
}

#[test]
fn a_link_to_the_vault_is_named_as_one() {
    let person = Person::with_vault();
    let link = person.path("link");
    std::os::unix::fs::symlink(&person.vault, &link).unwrap();
    let run = person.run(&["list", "--vault", link.to_str().unwrap()]);
    assert!(
        run.exit == Some(0) || run.err.contains("link"),
        "{}",
        run.err
    );
}
