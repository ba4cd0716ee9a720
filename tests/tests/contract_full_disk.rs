//! A disk without room: named as such, and nothing is lost. Needs a small file system of its own.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what is left out is said"
)]

mod contract;

use std::process::Command;

use contract::{Person, Run, shell};

/// Runs a script with a file system of 300 KiB at `small`; `None` where nobody may mount one.
fn on_a_small_disk(script: &str) -> Option<Run> {
    let may = Command::new("unshare").args(["-rm", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        println!("left out: no mount for this user");
        return None;
    }
    let person = Person::new();
    std::fs::create_dir(person.path("small")).unwrap();
    let whole = format!(
        "exec unshare -rm bash -c '
        mount -t tmpfs -o size=300k none small || exit 77
        export COUNTERSIGN_VAULT=small/v/vault
        \"$CS\" init --no-recovery > made || exit 78
        \"$CS\" add - < link > made || exit 79
        cat /dev/zero > small/rest 2> made
        {script}'"
    );
    let link =
        "otpauth://hotp/Bank:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bank&counter=0";
    std::fs::write(person.path("link"), link).unwrap();
    let run = shell(&person, &whole);
    if run.exit == Some(77) {
        println!("left out: no mount for this user");
        return None;
    }
    Some(run)
}

#[test]
fn a_change_without_room_is_a_full_disk_and_works_later() {
    let script = "\"$CS\" next Bank --json; echo $?; rm small/rest; \"$CS\" next Bank";
    let Some(run) = on_a_small_disk(script) else {
        return;
    };
    let lines: Vec<&str> = run.out.lines().collect();
    let [refused, exit, later] = lines[..] else {
        panic!("{:?} {:?}", run.out, run.err)
    };
    assert_eq!((exit, later), ("5", "755224"));
    assert!(refused.contains("\"disk_full\""), "{refused}");
}

#[test]
fn looking_without_room_shows_the_accounts_or_names_the_full_disk() {
    let Some(run) = on_a_small_disk("\"$CS\" list --json") else {
        return;
    };
    assert!(
        run.out.contains("\"Bank\"") || run.out.contains("\"disk_full\""),
        "{}",
        run.out
    );
}
