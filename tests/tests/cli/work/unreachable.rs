//! R16: a server that does not answer.

use super::office::{Office, work};
use crate::person::ACME;

#[test]
fn r16_a_server_that_is_down_is_named_with_the_time_and_codes_work() {
    let mut office = Office::new();
    let person = office.person();
    let added = person.feed(&["add", "-"], ACME.as_bytes());
    assert_eq!(added.exit, 0);
    office.stop();
    let done = person.run(&["requests"]);
    assert_eq!(done.exit, 0, "{done:?}");
    for words in [
        "127.0.0.1",
        "cannot be reached",
        "since ",
        "it last answered at ",
        "Codes work all the same",
    ] {
        assert!(done.err.contains(words), "{words}: {done:?}");
    }
    let code = person.run(&["code", "acme:ann"]);
    assert_eq!((code.exit, code.out.trim().len()), (0, 6), "{code:?}");
    office.start();
    assert_eq!(person.run(&["requests"]).err, "");
    assert_eq!(
        work(&person)[0]["unreachable_since"],
        serde_json::Value::Null
    );
}

#[test]
fn r16_an_answer_that_could_not_be_sent_is_sent_when_the_server_is_back() {
    let mut office = Office::new();
    let person = office.person();
    let asked = office.sign_in();
    let approve = person.command(&["approve", "--once"]);
    let mut terminal = crate::terminal::Terminal::start(&approve, 120, 40);
    terminal.expect("6 digits");
    office.stop();
    terminal.expect("cannot be reached");
    terminal.press(&format!("{}\n", asked.number.as_str()));
    terminal.expect("Your answer is on its way");
    terminal.expect("1 on its way");
    office.start();
    terminal.expect("Approved");
    assert_eq!(terminal.end_and_look(), (0, true));
    assert_eq!(office.end_of(&asked.id), "approved");
}
