//! What an enrolled device asks (protocol, §5): time, replays, secrets, documents, waiting.

use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Delivery, Fetch, Leave, OtpLink, RemovedWhy, Request, Ring, Standing,
};
use countersign_protocol::problem::Problem;
use countersign_protocol::time::Timestamp;
use countersign_verifier::reply::Reply;
use countersign_verifier::step::{GiveCode, RemoveDevice, Rename, SuspendApprovals};

use crate::deliveries::{rung, to};
use crate::phone::Phone;
use crate::world::{World, problem_of, state_of};

fn at(world: &World, off_by_s: i64) -> Timestamp {
    Timestamp::new(world.now().unix_s().checked_add_signed(off_by_s).unwrap()).unwrap()
}

#[test]
fn a_request_of_another_time_gets_the_time_and_uses_nothing_up() {
    let world = World::new();
    let phone = world.phone("Pixel");
    world.ask();
    for off_by_s in [-301, 301, -86_400, 86_400] {
        let version = world.person().version();
        let mut fetch = phone.fetching(at(&world, off_by_s));
        fetch.wants_secrets = true;
        let request = phone.fetch(&fetch);
        for _ in 0..2 {
            let state = phone.state(&request, &state_of(world.send(Kind::Fetch, &request)));
            assert!(state.is_stale, "{off_by_s}");
            assert_eq!(state.now, world.now());
            assert_eq!(state.standing, Standing::Active);
            assert!(state.statements.is_empty() && state.secrets.is_none());
        }
        assert_eq!(world.person().version(), version);
    }
    for off_by_s in [-300, 300] {
        let request = phone.fetch(&phone.fetching(at(&world, off_by_s)));
        let state = phone.state(&request, &state_of(world.send(Kind::Fetch, &request)));
        assert!(!state.is_stale, "{off_by_s}");
        assert_eq!(state.statements.len(), 1);
    }
}

#[test]
fn a_stale_delivery_move_or_leave_changes_nothing() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let off = at(&world, -301);
    let ring = to("https://push.example.org/a");
    let start = countersign_protocol::message::MoveStep::Start;
    let messages = [
        (Kind::Delivery, phone.delivery(1, ring, off)),
        (Kind::Move, phone.step(start, off)),
        (Kind::Leave, phone.leave(off)),
    ];
    for (kind, message) in messages {
        let state = phone.state(&message, &state_of(world.send(kind, &message)));
        assert!(state.is_stale, "{kind:?}");
    }
    let state = world.fetch(&phone);
    assert_eq!(state.standing, Standing::Active);
    assert!(state.moving.is_none());
    assert_eq!(rung(&world), None);
}

#[test]
fn a_fetch_is_answered_once_as_long_as_its_time_is_good() {
    let world = World::new();
    let phone = world.phone("Pixel");
    for off_by_s in [0, 300] {
        let request = phone.fetch(&phone.fetching(at(&world, off_by_s)));
        state_of(world.send(Kind::Fetch, &request));
        assert_eq!(world.refused(Kind::Fetch, &request), Problem::Replayed);
        // To the last second; then it is stale, which tells nothing.
        world.pass_s(300 + u64::try_from(off_by_s).unwrap());
        assert_eq!(world.refused(Kind::Fetch, &request), Problem::Replayed);
        world.pass_s(1);
        let state = phone.state(&request, &state_of(world.send(Kind::Fetch, &request)));
        assert!(state.is_stale);
    }
}

#[test]
fn an_id_that_was_used_is_refused_in_other_bytes_too() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let mut fetch = phone.fetching(world.now());
    state_of(world.send(Kind::Fetch, &phone.fetch(&fetch)));
    fetch.open = vec![Id::from_bytes([9; 16])];
    assert_eq!(
        world.refused(Kind::Fetch, &phone.fetch(&fetch)),
        Problem::Replayed
    );
    // And in another kind of message.
    let leave = Leave {
        request: fetch.request.clone(),
    };
    let leave = Phone::sign(&phone.key, Kind::Leave, &leave.to_claims());
    assert_eq!(world.refused(Kind::Leave, &leave), Problem::Replayed);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
}

#[test]
fn leave_is_the_end_and_saying_it_twice_is_the_same() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let left = Standing::Removed {
        why: RemovedWhy::Left,
    };
    let message = phone.leave(world.now());
    for _ in 0..2 {
        let state = phone.state(&message, &state_of(world.send(Kind::Leave, &message)));
        assert_eq!(state.standing, left);
    }
    let fresh = phone.leave(world.now());
    let state = phone.state(&fresh, &state_of(world.send(Kind::Leave, &fresh)));
    assert_eq!(state.standing, left);
    assert!(world.outcome(&asked.id).outcome.is_some());
    let removed = world.words().into_iter().filter(|word| *word == "removed");
    assert_eq!(removed.count(), 1);
    // What it says afterwards changes nothing.
    let late = phone.delivery(1, to("https://push.example.org/a"), world.now());
    let state = phone.state(&late, &state_of(world.send(Kind::Delivery, &late)));
    assert_eq!(state.standing, left);
}

/// What comes of a fetch with something changed in it.
fn tried(world: &World, phone: &Phone, change: impl FnOnce(&mut Fetch)) -> Problem {
    let mut fetch = phone.fetching(world.now());
    change(&mut fetch);
    world.refused(Kind::Fetch, &phone.fetch(&fetch))
}

#[test]
fn each_check_of_a_request_refuses_by_itself() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let elsewhere = "https://login.example.com".to_owned();
    let refused = tried(&world, &phone, |fetch| fetch.request.audience = elsewhere);
    assert_eq!(refused, Problem::Audience);
    let account = Id::from_bytes([9; 16]);
    let refused = tried(&world, &phone, |fetch| fetch.request.account = account);
    assert_eq!(refused, Problem::UnknownDevice);
    let refused = tried(&world, &phone, |fetch| fetch.have = (1 << 53) - 1);
    assert_eq!(refused, Problem::Malformed);
    let fetch = phone.fetching(world.now());
    let signed_by_approval = Phone::sign(&phone.approval, Kind::Fetch, &fetch.to_claims());
    assert_eq!(
        world.refused(Kind::Fetch, &signed_by_approval),
        Problem::Signature
    );
    let stranger = Phone::sign(&Phone::new("x").key, Kind::Fetch, &fetch.to_claims());
    assert_eq!(
        world.refused(Kind::Fetch, &stranger),
        Problem::UnknownDevice
    );
    let text = "a".repeat(8 * 1024 + 1);
    assert_eq!(
        problem_of(world.send_text(Kind::Fetch, &text)),
        Problem::TooLarge
    );
    // A message of a server's is none of a device's.
    let state = state_of(world.send(Kind::Fetch, &phone.fetch(&fetch)));
    assert_eq!(world.refused(Kind::State, &state), Problem::Malformed);
}

#[test]
fn each_request_is_for_its_reader_and_its_account() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let wrong = |change: &dyn Fn(&mut Request)| {
        let mut request = phone.request(world.now());
        change(&mut request);
        let leave = Leave {
            request: request.clone(),
        };
        let delivery = Delivery {
            request: request.clone(),
            sequence: 1,
            ring: Ring::None,
        };
        let step = countersign_protocol::message::Move {
            request,
            step: countersign_protocol::message::MoveStep::Start,
        };
        [
            (
                Kind::Leave,
                Phone::sign(&phone.key, Kind::Leave, &leave.to_claims()),
            ),
            (
                Kind::Delivery,
                Phone::sign(&phone.key, Kind::Delivery, &delivery.to_claims()),
            ),
            (
                Kind::Move,
                Phone::sign(&phone.approval, Kind::Move, &step.to_claims()),
            ),
        ]
    };
    let elsewhere = |request: &mut Request| request.audience = "https://a.example".to_owned();
    for (kind, message) in wrong(&elsewhere) {
        assert_eq!(world.refused(kind, &message), Problem::Audience);
    }
    let other = |request: &mut Request| request.account = Id::from_bytes([9; 16]);
    for (kind, message) in wrong(&other) {
        assert_eq!(world.refused(kind, &message), Problem::UnknownDevice);
    }
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
}

#[test]
fn a_device_that_asks_too_often_waits_and_others_do_not() {
    let world = World::new();
    let (busy, other) = (world.phone("busy"), world.phone("other"));
    let refused = (0..500).find_map(|_| {
        let request = busy.fetch(&busy.fetching(world.now()));
        match world.send(Kind::Fetch, &request) {
            Reply::Refused(refusal) => Some(refusal),
            _ => None,
        }
    });
    let refused = refused.unwrap();
    assert_eq!(refused.problem, Problem::RateLimited);
    assert!(refused.retry_after_s.is_some());
    world.fetch(&other);
    world.pass_s(301);
    world.fetch(&busy);
}

#[test]
fn secrets_come_to_an_active_device_that_asks_for_them() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let link = "otpauth://totp/Example:ann?secret=GEZDGNBVGY3TQOJQ";
    let give = |link: Option<&str>| {
        world.take(&GiveCode {
            device: phone.id(),
            link: link.and_then(|link| OtpLink::new(link.to_owned())),
        })
    };
    give(Some(link)).unwrap();
    assert!(world.fetch(&phone).secrets.is_none());
    let ask = || {
        world
            .fetch_as(&phone, |fetch| fetch.wants_secrets = true)
            .secrets
    };
    // EXPOSE: it is compared.
    assert_eq!(ask().unwrap().otp.unwrap().expose(), link);
    world.take(&SuspendApprovals { until: None });
    assert!(ask().is_none());
    world.take(&countersign_verifier::step::ResumeApprovals);
    give(None).unwrap();
    assert!(ask().unwrap().otp.is_none());
    world.take(&RemoveDevice { device: phone.id() }).unwrap();
    assert!(ask().is_none());
    assert!(give(Some(link)).is_err());
}

#[test]
fn another_name_or_rule_is_another_version_of_the_document() {
    let world = World::new();
    let phone = world.phone("Pixel");
    assert!(world.fetch(&phone).account.is_none());
    let label = "ann@example.net".to_owned();
    world.take(&Rename { label }).unwrap();
    assert!(world.fetch(&phone).account.is_some());
    assert_eq!(phone.account().label, "ann@example.net");
    let second = phone.account().version;
    assert!(second > 1);
    let mut rules = world.verifier.setup().rules.clone();
    rules.policy.digits = 8;
    world.verifier.set_rules(rules).unwrap();
    world.fetch(&phone);
    assert!(phone.account().version > second);
    assert_eq!(phone.account().policy.digits, 8);
    assert_eq!(world.ask().number.as_str().len(), 8);
    assert!(world.fetch(&phone).account.is_none());
}

#[test]
fn a_device_that_lost_the_newest_document_gets_it_again() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let earlier = phone.account();
    let label = "ann@example.net".to_owned();
    world.take(&Rename { label }).unwrap();
    world.fetch(&phone);
    let newest = phone.account();
    phone.lose(earlier);
    assert!(world.fetch(&phone).account.is_some());
    assert_eq!(phone.account(), newest);
}

#[test]
fn a_state_has_the_version_of_the_person_which_grows_with_every_change_and_by_no_fetch() {
    let world = World::new();
    let phone = world.phone("Pixel");
    world.fetch(&phone);
    let mut last = world.person().version();
    for _ in 0..5 {
        for _ in 0..3 {
            assert_eq!(world.fetch(&phone).sequence, last);
            assert_eq!(world.person().version(), last);
        }
        world.ask();
        let sequence = world.fetch(&phone).sequence;
        assert!(sequence > last);
        last = sequence;
    }
}
