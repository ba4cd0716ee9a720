//! `kill -9` at, in and after each operation on the disk while a sign-in is answered: one answer, the one that was promised,
//! and a history that holds.

use std::path::PathBuf;

use countersign_tests::chance::{for_each_seed, rounds};
use countersign_tests::faults::child::{Ended, Watch};
use countersign_tests::faults::plan::{Class, Fault, Moment, Plan};
use countersign_tests::faults::trace::count;
use serde_json::json;

use super::answering::{lines, only_request};
use super::office::Office;
use crate::person::Person;

/// Approves a request as a script does, with the library of faults below the program.
fn approve(person: &Person, id: &str, number: &str, plan: Option<Plan>) -> Ended {
    let decision = json!({"id": id, "decision": "approve", "number": number});
    person.write("decisions", format!("{decision}\n"));
    let decisions = person.path("decisions");
    let mut command = person.command(&["approve", "--once", "--json", "--timeout", "60"]);
    command.arg("--decisions").arg(decisions);
    let watch = Watch {
        folder: person.home().canonicalize().unwrap(),
        trace: plan.is_none().then(|| trace(person)),
        plan,
    };
    watch.run(&mut command)
}

/// Beside what is watched.
fn trace(person: &Person) -> PathBuf {
    let home = person.home().file_name().unwrap().to_str().unwrap();
    std::env::temp_dir().join(format!("{home}-trace"))
}

fn events(said: &[String]) -> Vec<String> {
    let lines = lines(&said.join("\n")).into_iter();
    lines
        .map(|line| line["event"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Operations that change something while one request is approved.
fn changes(office: &Office, person: &Person) -> u64 {
    let asked = office.sign_in();
    let ended = approve(person, &only_request(person), asked.number.as_str(), None);
    std::fs::remove_file(trace(person)).unwrap();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(office.end_of(&asked.id), "approved");
    count(&ended.trace, Class::Change)
}

/// How this device answered requests, the newest first.
fn answered(person: &Person) -> Vec<String> {
    let history = person.json(&["history", "--all"]);
    let entries = history["entries"].as_array().unwrap().iter();
    let answered = entries.filter(|entry| entry["kind"] == "answered");
    answered
        .map(|entry| entry["outcome"].as_str().unwrap().to_owned())
        .collect()
}

/// Denies a request, if that can be; ends with whatever it came to.
fn is_denied(person: &Person, id: &str) -> bool {
    let deny = json!({"id": id, "decision": "deny"});
    let once = ["approve", "--once", "--json", "--decisions", "-"];
    let done = person.feed(&once, format!("{deny}\n").as_bytes());
    assert_eq!(done.exit, 0, "{done:?}");
    let events = events(&done.out.lines().map(str::to_owned).collect::<Vec<_>>());
    assert!(events.contains(&"ended".to_owned()), "{done:?}");
    events.contains(&"decided".to_owned())
}

#[test]
fn a14_a_kill_anywhere_in_an_answer_leaves_one_answer_and_the_one_that_was_promised() {
    let office = Office::new();
    let person = office.person();
    let last = changes(&office, &person);
    let (mut kept, mut undone) = (0, 0);
    for_each_seed(86_000, rounds(40), |chance| {
        let before = answered(&person).len();
        let asked = office.sign_in();
        let id = only_request(&person);
        let moments = [Moment::Before, Moment::Midway, Moment::After];
        let plan = Plan {
            class: Class::Change,
            number: chance.between(1, last),
            fault: Fault::Kill(*chance.one_of(&moments)),
        };
        let ended = approve(&person, &id, asked.number.as_str(), Some(plan));
        let was_promised = events(&ended.said).contains(&"decided".to_owned());
        assert_eq!(person.run(&["history", "verify"]).exit, 0);
        // What was stored is sent now; what was not is still to be decided, and the other way.
        let requests = person.json(&["requests"])["requests"].clone();
        let listed = requests.as_array().unwrap().iter();
        let listed = listed.filter(|one| one["id"] == *id).count() > 0;
        // One whose answer is still on its way is listed too, and is not decided again.
        let is_kept = !listed || !is_denied(&person, &id);
        assert!(is_kept || !was_promised, "what was promised is forgotten");
        let expected = if is_kept { "approved" } else { "denied" };
        (kept, undone) = (kept + u32::from(is_kept), undone + u32::from(!is_kept));
        assert_eq!(office.end_of(&asked.id), expected);
        let after = answered(&person);
        assert_eq!(after.len(), before + 1);
        assert_eq!(after.first().map(String::as_str), Some(expected));
        assert_eq!(person.run(&["history", "verify"]).exit, 0);
    });
    assert!(kept > 0 && undone > 0, "{kept} kept, {undone} undone");
}
