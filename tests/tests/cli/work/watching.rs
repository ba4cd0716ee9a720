//! Notifications of the desktop: who asks, how loud, and that none stays when it calls nobody any more.

use countersign_scripted::{Deed, Path, Rule, Server};
use rustix::process::Signal;

use super::office::Office;
use super::screen::{Shown, Watched};
use super::together::Watching;
use crate::person::Person;
use crate::scripted_site::Site;
use crate::terminal::Terminal;

#[test]
fn r4_a_notification_names_who_asks_and_for_whom_and_has_no_button() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let office = Office::new();
    let person = office.person();
    let mut watching = watched.watch(&person);
    let asked = office.sign_in();
    assert_eq!(watching.next()["event"], "rings");
    let screen = watched.wait_until("the notification", |screen| !screen.shown.is_empty());
    let shown = &screen.shown[0];
    assert_eq!(shown.title, "Sign-in request: Acme:ann@acme.test");
    assert!(shown.actions.is_empty(), "{shown:?}");
    assert_eq!(shown.urgency, 2);
    for detail in ["Mail", "mail.acme.test", asked.number.as_str()] {
        assert!(!shown.body.contains(detail), "{shown:?}");
    }
    // Answered somewhere, it goes away.
    let mut terminal = Terminal::start(&person.command(&["approve", "--once"]), 120, 40);
    terminal.expect("6 digits");
    terminal.press(&format!("{}\n", asked.number.as_str()));
    terminal.expect("Approved");
    assert_eq!(terminal.end().0, 0);
    watched.wait_until("its end", |screen| screen.closed == [shown.id]);
    watching.end();
}

#[test]
fn r11_many_requests_ring_twice_and_are_then_one_card_with_a_count() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let office = Office::new();
    let person = office.person();
    let mut watching = watched.watch(&person);
    let apps = ["Bomb", "Bomb", "Bomb", "Bomb", "Real"];
    let asked = apps.map(|app| office.ask(app));
    let events: Vec<_> = asked.iter().map(|_| watching.next()).collect();
    let rings = events.iter().filter(|event| event["event"] == "rings");
    assert_eq!(rings.count(), 2, "{events:?}");
    let screen = watched.wait_until("the count", |screen| {
        screen
            .shown
            .iter()
            .any(|shown| shown.title.starts_with("3 requests wait quietly"))
    });
    let quiet: Vec<&Shown> = screen
        .shown
        .iter()
        .filter(|shown| shown.urgency == 0)
        .collect();
    let card = quiet[0].id;
    assert!(quiet.iter().all(|shown| shown.id == card), "{screen:?}");
    assert!(
        quiet.iter().skip(1).all(|shown| shown.replaces == card),
        "{screen:?}"
    );
    assert_eq!(
        screen
            .shown
            .iter()
            .filter(|shown| shown.urgency == 2)
            .count(),
        2
    );
    // The last one, the real sign-in, is answered from the queue.
    let mut terminal = Terminal::start(&person.command(&["approve"]), 120, 40);
    let real = &asked[4];
    let mut card = terminal.expect("6 digits");
    while !card.contains("For        Real") {
        terminal.press("\u{1b}");
        card = terminal.expect("6 digits");
    }
    terminal.press(&format!("{}\n", real.number.as_str()));
    terminal.expect("Approved");
    assert_eq!(office.end_of(&real.id), "approved");
    watching.end();
}

#[test]
fn without_a_desktop_requests_are_printed() {
    let office = Office::new();
    let person = office.person();
    let nowhere = [("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")];
    let mut watching = Watching::start(&person, &nowhere);
    let asked = office.sign_in();
    assert_eq!(watching.next()["event"], "rings");
    assert!(office.is_open(&asked.id));
    watching.end();
}

/// A sign-in that rings, and its notification.
fn rung(watched: &Watched, watching: &mut Watching, ask: impl FnOnce()) -> u32 {
    let before = watched.screen().shown.len();
    ask();
    watching.until("rings");
    let screen = watched.wait_until("the notification", |screen| screen.shown.len() > before);
    screen.shown[before].id
}

#[test]
fn r22_a_notification_goes_away_when_another_device_answers() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let office = Office::new();
    let (here, there) = (office.person(), Person::new());
    office.add(&there, "Pixel");
    let mut watching = watched.watch(&here);
    let shown = rung(&watched, &mut watching, || drop(office.sign_in()));
    let mut other = Terminal::start(&there.command(&["approve", "--once"]), 120, 40);
    other.expect("6 digits");
    other.press("d\n");
    other.expect("Denied.");
    assert_eq!(other.end().0, 0);
    watched.wait_until("its end", |screen| screen.closed == [shown]);
    assert_eq!(watching.next()["outcome"], "elsewhere");
    watching.end();
}

#[test]
fn a_notification_goes_away_when_the_server_takes_its_request_back() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let site = Site::enrolled();
    let mut watching = watched.watch(&site.person);
    let mut asked = None;
    let shown = rung(&watched, &mut watching, || asked = Some(site.sign_in()));
    let id = asked.unwrap().id;
    assert!(site.scripted.withdraw(&site.account, id).unwrap());
    watched.wait_until("its end", |screen| screen.closed == [shown]);
    assert_eq!(watching.next()["outcome"], "withdrawn");
    watching.end();
}

#[test]
fn a_notification_goes_away_when_its_answer_is_on_its_way() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let site = Site::enrolled();
    let mut watching = watched.watch(&site.person);
    let shown = rung(&watched, &mut watching, || drop(site.sign_in()));
    site.scripted
        .on(Rule::always(Path::Answers, Deed::Hold { processed: false }));
    let mut approving = site.approve();
    let event = approving.until("request");
    approving.decide(&event["id"], "deny", None);
    watched.wait_until("its end", |screen| screen.closed == [shown]);
    site.scripted.clear();
    site.scripted.release();
    assert_eq!(watching.next()["outcome"], "denied");
    approving.end();
    watching.end();
}

#[test]
fn r6_a_notification_goes_away_when_the_time_is_over_also_without_the_server() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let site = Site::enrolled();
    let mut watching = watched.watch(&site.person);
    let first = rung(&watched, &mut watching, || drop(site.sign_in()));
    // Ten seconds are left of the first one by the server's clock, which the device hears with the second.
    site.scripted.shift_clock(110).unwrap();
    let second = rung(&watched, &mut watching, || {
        site.scripted
            .ask(&site.account, Server::sign_in("Calendar"))
            .unwrap();
    });
    site.scripted
        .on(Rule::always(Path::Fetch, Deed::Drop { processed: false }));
    let screen = watched.wait_until("its end", |screen| !screen.closed.is_empty());
    assert_eq!(screen.closed, [first], "and not {second}");
    site.scripted.clear();
    assert_eq!(watching.until("ended")["outcome"], "expired");
    watching.end();
}

#[test]
fn a_watch_that_is_ended_leaves_no_notification_behind() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let Some(watched) = Watched::new() else {
            return;
        };
        let office = Office::new();
        let person = office.person();
        let mut watching = watched.watch(&person);
        // Two that ring, and the card of those that are quiet.
        for app in ["One", "Two", "Three", "Four"] {
            office.ask(app);
            watching.next();
        }
        let screen = watched.wait_until("the card", |screen| {
            let mut titles = screen.shown.iter().map(|shown| &shown.title);
            titles.any(|title| title.starts_with("2 requests wait quietly"))
        });
        let mut ids: Vec<u32> = screen.shown.iter().map(|shown| shown.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 3, "{screen:?}");
        watching.end_by(signal);
        // It has ended, so everything that it had to say is said.
        let mut closed = watched.screen().closed;
        closed.sort_unstable();
        assert_eq!(closed, ids, "{signal:?}");
    }
}

#[test]
fn a_watch_whose_vault_is_locked_elsewhere_leaves_no_notification_behind() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let office = Office::new();
    let person = office.person();
    let mut watching = watched.watch(&person);
    let shown = rung(&watched, &mut watching, || drop(office.sign_in()));
    assert_eq!(person.run(&["vault", "rotate"]).exit, 0);
    assert_eq!(watching.next()["error"]["name"], "locked");
    assert_eq!(watching.wait(), 3);
    assert_eq!(watched.screen().closed, [shown]);
}

#[test]
fn what_is_over_already_rings_nobody() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let site = Site::enrolled();
    site.sign_in();
    site.scripted
        .on(Rule::always(Path::Answers, Deed::Drop { processed: false }));
    let mut approving = site.approve();
    let event = approving.until("request");
    approving.decide(&event["id"], "deny", None);
    approving.until("decided");
    let mut watching = watched.watch(&site.person);
    assert_eq!(watching.next()["id"], event["id"]);
    let other = rung(&watched, &mut watching, || drop(site.sign_in()));
    let screen = watched.screen();
    assert_eq!(
        (screen.shown.len(), screen.shown[0].id),
        (1, other),
        "{screen:?}"
    );
    watching.end();
    approving.end();
}

/// `requests` has fetched it before anybody watches.
fn fetched(person: &Person) {
    let open = person.json(&["requests"])["requests"].clone();
    assert_eq!(open.as_array().unwrap().len(), 1, "{open}");
}

#[test]
fn what_is_open_already_is_shown_quietly_however_often_a_watch_begins() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let office = Office::new();
    let person = office.person();
    office.sign_in();
    fetched(&person);
    for begun in 1..=2 {
        let mut watching = watched.watch(&person);
        assert_eq!(watching.next()["event"], "queued");
        let screen = watched.wait_until("the card", |screen| screen.shown.len() == begun);
        let card = &screen.shown[begun - 1];
        assert!(
            card.title.starts_with("1 request waits quietly"),
            "{screen:?}"
        );
        assert_eq!(card.urgency, 0, "{screen:?}");
        watching.end();
    }
    // What comes while it watches rings as ever.
    let mut watching = watched.watch(&person);
    assert_eq!(watching.next()["event"], "queued");
    rung(&watched, &mut watching, || drop(office.sign_in()));
    watching.end();
}

#[test]
fn r9_nothing_is_shown_while_an_account_is_quiet_after_a_report() {
    let Some(watched) = Watched::new() else {
        return;
    };
    let site = Site::enrolled();
    let mut approving = site.approve();
    site.sign_in();
    let reported = approving.until("request");
    let other = site.sign_in();
    let stays = approving.until("request");
    let mut before = watched.watch(&site.person);
    for _ in 0..2 {
        assert_eq!(before.next()["event"], "queued");
    }
    let screen = watched.wait_until("the card", |screen| !screen.shown.is_empty());
    let card = screen.shown[0].id;
    approving.decide(&reported["id"], "report", None);
    approving.until("ended");
    assert_eq!(before.next()["outcome"], "reported");
    watched.wait_until("its end", |screen| screen.closed.contains(&card));
    before.end();
    let shown = watched.screen().shown.len();
    let mut watching = watched.watch(&site.person);
    let event = watching.next();
    assert_eq!(
        (&event["event"], &event["id"]),
        (&"queued".into(), &stays["id"])
    );
    assert!(site.scripted.withdraw(&site.account, other.id).unwrap());
    assert_eq!(watching.next()["outcome"], "withdrawn");
    assert_eq!(watched.screen().shown.len(), shown);
    watching.end();
    approving.end();
}
