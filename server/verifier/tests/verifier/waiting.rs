//! Fetches that wait for news, and what time does by itself (protocol, §5 and §10).

use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{OtpLink, Outcome, Standing};
use countersign_verifier::reply::Reply;
use countersign_verifier::step::{
    Ask, GiveCode, Parked, RemoveDevice, Rename, Resume, SuspendApprovals, Withdraw,
};

use crate::phone::Phone;
use crate::world::{World, sign_in, state_of};

fn parked(reply: Reply) -> Parked {
    match reply {
        Reply::Parked(parked) => parked,
        other => panic!("not parked: {other:?}"),
    }
}

/// A fetch that waits for something new, after the device was told all there is.
fn wait(world: &World, phone: &Phone, open: Vec<Id>) -> (Compact, Parked) {
    world.fetch(phone);
    let mut fetch = phone.fetching(world.now());
    (fetch.wait_s, fetch.open) = (25, open);
    let request = phone.fetch(&fetch);
    let parked = parked(world.send(Kind::Fetch, &request));
    assert_eq!(parked.account(), world.account);
    assert_eq!(parked.until().unix_s(), world.now().unix_s() + 25);
    (request, parked)
}

fn resume(world: &World, parked: &Parked) -> Reply {
    let resume = Resume {
        parked,
        is_over: false,
    };
    world.verifier.resume(&resume, world.now())
}

#[test]
fn a_fetch_that_may_wait_is_answered_by_news_of_its_device_and_by_nothing_else() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let (request, waiting) = wait(&world, &phone, vec![]);
    parked(resume(&world, &waiting));
    // Another device's affairs are no news.
    let other = Phone::new("iPhone");
    world.enrol(&other, &world.invite());
    parked(resume(&world, &waiting));
    let asked = world.ask();
    let state = phone.state(&request, &state_of(resume(&world, &waiting)));
    assert_eq!(state.statements, [asked.message]);

    // The end of one that it holds.
    let (request, waiting) = wait(&world, &phone, vec![asked.id]);
    parked(resume(&world, &waiting));
    world.take(&Withdraw {
        statement: asked.id,
    });
    let state = phone.state(&request, &state_of(resume(&world, &waiting)));
    assert_eq!(state.closed.len(), 1);

    // Its standing.
    let (request, waiting) = wait(&world, &phone, vec![]);
    world.take(&SuspendApprovals { until: None });
    let state = phone.state(&request, &state_of(resume(&world, &waiting)));
    assert_eq!(state.standing.word(), "suspended");

    // A newer document.
    let (request, waiting) = wait(&world, &phone, vec![]);
    let label = "ann@example.net".to_owned();
    world.take(&Rename { label }).unwrap();
    let state = phone.state(&request, &state_of(resume(&world, &waiting)));
    assert!(state.account.is_some());

    // The key of a code, given and taken away; given twice it is no news.
    let (request, waiting) = wait(&world, &phone, vec![]);
    let give = |link: Option<&str>| GiveCode {
        device: phone.id(),
        link: link.and_then(|link| OtpLink::new(link.to_owned())),
    };
    let link = Some("otpauth://totp/Example:ann?secret=JBSWY3DPEHPK3PXP");
    world.take(&give(link)).unwrap();
    let state = phone.state(&request, &state_of(resume(&world, &waiting)));
    assert!(state.account.is_some());
    let (request, waiting) = wait(&world, &phone, vec![]);
    world.take(&give(link)).unwrap();
    parked(resume(&world, &waiting));
    world.take(&give(None)).unwrap();
    let state = phone.state(&request, &state_of(resume(&world, &waiting)));
    assert!(state.account.is_some());

    // Its end.
    let (request, waiting) = wait(&world, &phone, vec![]);
    world.take(&RemoveDevice { device: phone.id() }).unwrap();
    let state = phone.state(&request, &state_of(resume(&world, &waiting)));
    assert!(state.standing.is_end());
}

#[test]
fn a_fetch_that_waited_is_answered_when_its_time_is_over() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let (request, waiting) = wait(&world, &phone, vec![]);
    world.pass_s(24);
    parked(resume(&world, &waiting));
    world.pass_s(1);
    let state = phone.state(&request, &state_of(resume(&world, &waiting)));
    assert_eq!(state.now, world.now());
    assert!(!state.is_stale);
}

#[test]
fn a_fetch_that_waits_is_asked_again_when_something_of_the_person_ends_by_itself() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let mut request = sign_in();
    request.lifetime_s = Some(3);
    let asked = world.take(&Ask { request }).unwrap();
    let (request, waiting) = wait(&world, &phone, vec![asked.id]);
    assert_eq!(waiting.asked_again_at(), asked.expires_at);
    // Looked at before, for whatever reason, it is to be looked at then all the same.
    world.pass_s(2);
    let waiting = parked(resume(&world, &waiting));
    assert_eq!(waiting.asked_again_at(), asked.expires_at);
    world.pass_s(1);
    let state = phone.state(&request, &state_of(resume(&world, &waiting)));
    assert_eq!(state.closed.len(), 1);
    assert_eq!(phone.receipt(&state.closed[0]).outcome, Outcome::Expired);

    // The end of a suspension.
    let until = Some(world.now().plus_s(7));
    world.take(&SuspendApprovals { until });
    let (request, waiting) = wait(&world, &phone, vec![]);
    assert_eq!(Some(waiting.asked_again_at()), until);
    world.pass_s(7);
    let state = phone.state(&request, &state_of(resume(&world, &waiting)));
    assert_eq!(state.standing, Standing::Active);

    // Nothing ends before its own time is over.
    let (_, waiting) = wait(&world, &phone, vec![]);
    assert_eq!(waiting.asked_again_at(), waiting.until());
}

#[test]
fn a_fetch_with_news_does_not_wait() {
    let world = World::new();
    let phone = world.phone("Pixel");
    world.ask();
    let state = world.fetch_as(&phone, |fetch| fetch.wait_s = 25);
    assert_eq!(state.statements.len(), 1);
    let gone = Id::from_bytes([9; 16]);
    world.fetch(&phone);
    // One that nobody knows has ended: that is news.
    let state = world.fetch_as(&phone, |fetch| {
        (fetch.wait_s, fetch.open) = (25, vec![gone]);
    });
    assert!(state.closed.is_empty());
}

#[test]
fn time_alone_ends_what_nobody_asks_after() {
    let world = World::new();
    world.phone("Pixel");
    let asked = world.ask();
    world.quiet();
    assert_eq!(world.verifier.pass_time(world.now(), 10), Ok(0));
    world.pass_s(120);
    assert_eq!(world.verifier.pass_time(world.now(), 10), Ok(1));
    assert_eq!(world.words(), ["ended"]);
    assert!(world.outcome(&asked.id).outcome.is_some());
    assert_eq!(world.verifier.pass_time(world.now(), 10), Ok(0));
}

#[test]
fn a_statement_is_found_by_its_id_as_long_as_it_is_kept() {
    use countersign_verifier::person::Index;
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let find = |index| world.verifier.find(&index).unwrap();
    assert_eq!(find(Index::Statement(asked.id)), Some(world.account));
    let approval: Thumbprint = phone.approval.public().thumbprint();
    assert_eq!(find(Index::Key(phone.id())), Some(world.account));
    assert_eq!(find(Index::Key(approval)), Some(world.account));
    world.pass_s(120 + countersign_verifier::person::RECEIPT_KEEP_S);
    world.fetch(&phone);
    assert_eq!(find(Index::Statement(asked.id)), None);
}
