//! What a locked program still has in its memory (F17), by the worked example, whose keys are all known.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::process::{Command, Stdio};

use crate::example::Example;
use crate::place::Place;

/// Every writable part of a process' memory, by its name in `/proc`.
fn memory_of(process: u32) -> Vec<(String, Vec<u8>)> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut parts = vec![];
    for line in maps.lines() {
        let mut columns = line.split_whitespace();
        let (range, mode) = (columns.next().unwrap(), columns.next().unwrap());
        let name = columns.nth(3).unwrap_or("anonymous").to_owned();
        // The vault's own files are mapped too; what is in them is sealed.
        if !mode.starts_with("rw") || name.ends_with("-shm") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|end| u64::from_str_radix(end, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        memory.seek(SeekFrom::Start(from)).unwrap();
        if std::io::Read::read_exact(&mut memory, &mut bytes).is_ok() {
            parts.push((name, bytes));
        }
    }
    parts
}

#[test]
fn f17_a_locked_program_has_neither_keys_nor_accounts_nor_the_password_in_its_memory() {
    let (place, example) = (Place::new(), Example::read());
    example.write(&place);
    let mut child = Command::new(env!("CARGO_BIN_EXE_locked_memory"))
        .arg(place.vault())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let password = example.get("password_typed");
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(&[u8::try_from(password.len()).unwrap()])
        .unwrap();
    input.write_all(password).unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert_eq!(said, "locked\n");
    let parts = memory_of(child.id());
    drop(input);
    assert!(child.wait().unwrap().success());

    let total: usize = parts.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(
        total > 100_000,
        "only {total} bytes of memory could be read"
    );
    let key = b"12345678901234567890";
    let base32 = b"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let mut wanted: Vec<(&str, &[u8])> = [
        "vault_key",
        "key_records",
        "key_meta",
        "key_log",
        "key_porch",
        "password_typed",
        "password_nfkc",
        "password_secret",
        "password_slot_private",
        "password_slot_psk",
        "password_slot_key",
    ]
    .map(|name| (name, example.get(name)))
    .to_vec();
    wanted.extend([
        ("the account's key", key.as_slice()),
        ("its key in Base32", base32),
        ("its issuer", "Acmé".as_bytes()),
        ("its name", b"ann@example.com"),
    ]);
    let mut found = vec![];
    for (what, bytes) in wanted {
        for (part, memory) in &parts {
            if memory.windows(bytes.len()).any(|window| window == bytes) {
                found.push(format!("{what} in {part}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
