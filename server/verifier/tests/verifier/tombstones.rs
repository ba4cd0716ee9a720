//! What is kept of a device that has ended: enough to tell it so, and nothing secret.

use countersign_protocol::base64url;
use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Decision, OtpLink, Outcome, RemovedWhy, Ring, Standing, State,
};
use countersign_protocol::problem::Problem;
use countersign_verifier::person::{StageView, TOMBSTONES_MAX};
use countersign_verifier::rules::Rules;
use countersign_verifier::step::{GiveCode, Invite, RemoveDevice};
use countersign_verifier::store::{MemoryStore, Store};

use crate::phone::{Known, Phone};
use crate::world::{World, rules, setup, sqlite, state_of};

const MARKED_LINK: &str = "otpauth://totp/marked?secret=GEZDGNBV";
const MARKED_ADDRESS: &str = "https://push.example.org/marked";

/// A device with every secret that a server has of one.
fn with_secrets<S: Store>(world: &World<S>) -> (Phone, State) {
    let phone = world.phone("Pixel");
    let link = OtpLink::new(MARKED_LINK.to_owned());
    let device = phone.id();
    world.take(&GiveCode { device, link }).unwrap();
    let ring = Ring::WebPush {
        to: MARKED_ADDRESS.to_owned(),
        bell: Id::from_bytes([5; 16]),
        p256dh: *phone.key.public(),
        auth: Id::from_bytes([6; 16]),
    };
    world.send(Kind::Delivery, &phone.delivery(1, ring, world.now()));
    let state = world.fetch_as(&phone, |fetch| fetch.wants_secrets = true);
    (phone, state)
}

fn with_offline(mut rules: Rules) -> Rules {
    rules.policy.offline = true;
    rules
}

/// What is stored of the person.
fn stored(world: &World) -> String {
    String::from_utf8(world.person().encode().to_vec()).unwrap()
}

#[test]
fn the_secrets_of_a_device_that_has_ended_are_in_no_stored_byte() {
    let world = World::over(MemoryStore::default(), setup(with_offline(rules())));
    let (phone, state) = with_secrets(&world);
    let offline_key = state.secrets.unwrap().offline_key.unwrap();
    // EXPOSE: it is looked for.
    let offline_key = base64url::format(offline_key.expose());
    let secrets = [
        MARKED_LINK,
        MARKED_ADDRESS,
        &Id::from_bytes([5; 16]).format(),
        &Id::from_bytes([6; 16]).format(),
        &offline_key,
        // What the device said of itself goes too.
        "Android",
    ];
    let before = stored(&world);
    for secret in secrets {
        assert!(before.contains(secret), "{secret}");
    }
    world.take(&RemoveDevice { device: phone.id() }).unwrap();
    let after = stored(&world);
    for secret in secrets {
        assert!(!after.contains(secret), "{secret}");
    }
}

#[test]
fn no_secret_and_no_name_of_a_person_lies_readable_in_the_file_of_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(&folder.path().join("store"));
    let world = World::over(store, setup(with_offline(rules())));
    let (_, state) = with_secrets(&world);
    let link = world.take(&Invite::default()).unwrap().link;
    let secret = link.split_once("&secret=").unwrap().1.split('&').next();
    let asked = world.ask();
    let offline_key = state.secrets.unwrap().offline_key.unwrap();
    // EXPOSE: it is looked for.
    let offline_key = base64url::format(offline_key.expose());
    let files = std::fs::read_dir(folder.path()).unwrap();
    let bytes = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let bytes: Vec<u8> = bytes.flatten().collect();
    let has = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    for hidden in [
        MARKED_LINK,
        MARKED_ADDRESS,
        &offline_key,
        secret.unwrap(),
        asked.message.as_str(),
        "ann@example.org",
        "Pixel",
        "Android",
    ] {
        assert!(!has(hidden), "{hidden}");
    }
    // It is the file that was looked into: it is searched by these bytes.
    let id = world.account.bytes();
    assert!(bytes.windows(id.len()).any(|part| part == id));
}

#[test]
fn the_check_number_and_the_invitations_secret_go_with_an_unfinished_device() {
    let world = World::new();
    let link = world.take(&Invite::default()).unwrap().link;
    let secret = link.split_once("&secret=").unwrap().1.split('&').next();
    let secret = secret.unwrap();
    let phone = Phone::new("Pixel");
    assert!(stored(&world).contains(secret));
    world.enrol(&phone, &Known::by_link(&link));
    // Taken, it can be proven by nobody any more.
    assert!(!stored(&world).contains(secret));
    world.reveal(&phone);
    let number = format!("\"{}\"", phone.check().as_str());
    assert!(stored(&world).contains(&number));
    world.take(&RemoveDevice { device: phone.id() }).unwrap();
    assert!(!stored(&world).contains(&number));
}

#[test]
fn the_secret_of_an_invitation_that_nobody_took_goes_with_its_time() {
    let world = World::new();
    let link = world.take(&Invite::default()).unwrap().link;
    let secret = link.split_once("&secret=").unwrap().1.split('&').next();
    world.pass_s(599);
    assert!(stored(&world).contains(secret.unwrap()));
    world.pass_s(1);
    assert!(!stored(&world).contains(secret.unwrap()));
}

#[test]
fn a_tombstone_is_told_its_end_and_what_became_of_its_statements_after_a_rotation_too() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let (denied, open) = (world.ask(), world.ask());
    world.answer(&phone, &denied.message, Decision::Deny);
    world.take(&RemoveDevice { device: phone.id() }).unwrap();
    let new = countersign_protocol::signing::SigningKey::generate().unwrap();
    world.verifier.rotate(new, world.now());
    let state = world.fetch_as(&phone, |fetch| {
        (fetch.open, fetch.wants_secrets) = (vec![denied.id, open.id], true);
    });
    let why = RemovedWhy::Administrator;
    assert_eq!(state.standing, Standing::Removed { why });
    assert!(state.secrets.is_none() && state.account.is_none());
    let outcomes = state.closed.iter().map(|one| phone.receipt(one).outcome);
    let outcomes: Vec<_> = outcomes.collect();
    assert_eq!(outcomes, [Outcome::Denied, Outcome::Withdrawn]);
    // Each request of it is answered so, and a replay is still one.
    let ring = phone.delivery(9, Ring::None, world.now());
    for _ in 0..2 {
        let state = phone.state(&ring, &state_of(world.send(Kind::Delivery, &ring)));
        assert!(state.standing.is_end());
    }
    let fetch = phone.fetch(&phone.fetching(world.now()));
    state_of(world.send(Kind::Fetch, &fetch));
    assert_eq!(world.refused(Kind::Fetch, &fetch), Problem::Replayed);
}

#[test]
fn a_page_sees_which_device_it_was_and_nothing_else_of_it() {
    let world = World::new();
    let phone = world.phone("Pixel");
    assert_eq!(world.device(&phone).about.unwrap().platform, "Android 16");
    world.take(&RemoveDevice { device: phone.id() }).unwrap();
    let view = world.device(&phone);
    assert_eq!((view.name.as_str(), view.about), ("Pixel", None));
    assert!(matches!(view.stage, StageView::Removed { .. }));
}

#[test]
fn no_more_than_a_hundred_are_kept_and_the_newest_are() {
    let world = World::new();
    let remove = |phone: &Phone| world.take(&RemoveDevice { device: phone.id() }).unwrap();
    let first = world.phone("first");
    remove(&first);
    let mut last = None;
    for number in 0..TOMBSTONES_MAX {
        // Not more invitations than there may be in a day.
        world.pass_s(3_600);
        let phone = Phone::new(&format!("phone {number}"));
        world.enrol(&phone, &world.invite());
        remove(&phone);
        last = Some(phone);
    }
    assert_eq!(world.person().devices().len(), TOMBSTONES_MAX);
    let why = RemovedWhy::Administrator;
    let last = last.unwrap();
    assert_eq!(world.fetch(&last).standing, Standing::Removed { why });
    let fetch = first.fetch(&first.fetching(world.now()));
    assert_eq!(world.refused(Kind::Fetch, &fetch), Problem::UnknownDevice);
}

#[test]
fn tombstones_push_out_no_device_that_works() {
    let world = World::new();
    let works = world.phone("works");
    for number in 0..TOMBSTONES_MAX + 5 {
        world.pass_s(3_600);
        let phone = Phone::new(&format!("phone {number}"));
        world.enrol(&phone, &world.invite());
        world.take(&RemoveDevice { device: phone.id() }).unwrap();
    }
    assert_eq!(world.fetch(&works).standing, Standing::Active);
    assert_eq!(world.person().devices().len(), TOMBSTONES_MAX + 1);
}
