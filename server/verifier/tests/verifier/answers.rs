//! Statements, answers and receipts (protocol, §4 and §6): each check has a case that fails by it alone.

use countersign_protocol::digits::Digits;
use countersign_protocol::hash::{Id, LinesHash, MessageHash};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Act, Answer, Client, Decision, Details, Outcome, Place, Standing, Via,
};
use countersign_protocol::problem::Problem;
use countersign_verifier::step::{Ask, AskError, RemoveDevice, Request, Withdraw};

use crate::phone::{Phone, approve, approve_wrongly};
use crate::world::{World, count, problem_of, receipt_of, sign_in};

#[test]
fn a_sign_in_is_approved_with_the_number_from_its_screen() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let state = world.fetch(&phone);
    assert_eq!(
        state.statements.as_slice(),
        std::slice::from_ref(&asked.message)
    );
    let receipt = world.answer(&phone, &asked.message, approve(&asked.number));
    assert_eq!(receipt.outcome, Outcome::Approved);
    assert_eq!(receipt.via, Some(Via::Online));
    let by = receipt.by.unwrap();
    assert_eq!(by.name, "Pixel");
    assert_eq!(by.key, phone.approval.public().thumbprint());
    let view = world.outcome(&asked.id);
    assert_eq!(view.outcome, Some(Outcome::Approved));
    assert_eq!(view.by, Some("Pixel".to_owned()));
    assert!(world.fetch(&phone).statements.is_empty());
}

#[test]
fn a_statement_says_all_that_the_page_said() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let place = Place {
        city: "Berlin".to_owned(),
        country: "DE".to_owned(),
    };
    let client = Client {
        ip: "192.0.2.7".parse().unwrap(),
        browser: "Firefox".to_owned(),
        os: "Linux".to_owned(),
    };
    let details = Details::Pay {
        amount: "12.50".to_owned(),
        currency: "EUR".to_owned(),
        to: "Shop".to_owned(),
    };
    let request = Request {
        act: Act::Action,
        place: Some(place.clone()),
        client: Some(client.clone()),
        details: Some(details.clone()),
        lifetime_s: Some(600),
        ..sign_in()
    };
    let asked = world.take(&Ask { request }).unwrap();
    let statement = phone.statement(&asked.message);
    assert_eq!(statement.act, Some(Act::Action));
    assert!(statement.place == Some(place));
    assert!(statement.client == Some(client));
    assert!(statement.details == Some(details));
    assert_eq!(statement.unknown, None);
    assert_eq!((statement.digits, statement.tries), (6, 3));
    assert_eq!(statement.expires_at.unix_s() - world.now().unix_s(), 600);
    assert_eq!(asked.number.as_str().len(), 6);
    // The number is on the sign-in screen and nowhere in the message.
    let claims = asked.message.as_str().split('.').nth(1).unwrap();
    let claims = countersign_protocol::base64url::parse(claims).unwrap();
    let claims = String::from_utf8(claims).unwrap();
    assert!(!claims.contains(asked.number.as_str()));
}

#[test]
fn what_no_device_would_take_is_refused_where_it_is_made() {
    let world = World::new();
    assert_eq!(world.try_ask().err(), Some(AskError::NoDevice));
    world.phone("Pixel");
    let refused = |change: &dyn Fn(&mut Request)| {
        let mut request = sign_in();
        change(&mut request);
        let refused = world.take(&Ask { request });
        assert!(matches!(refused, Err(AskError::Form(_))), "{refused:?}");
    };
    refused(&|request| request.app = "a".repeat(65));
    refused(&|request| request.origin = "Mail.example.org".to_owned());
    refused(&|request| request.user.clear());
    refused(&|request| request.act = Act::Action);
    refused(&|request| request.lifetime_s = Some(601));
    refused(&|request| request.lifetime_s = Some(0));
    // A test is made by the server itself, once for each device.
    refused(&|request| request.act = Act::Test);
}

#[test]
fn what_does_not_fit_into_a_qr_code_is_refused_where_it_is_made() {
    let world = World::new();
    for name in ["a", "b", "c", "d", "e"] {
        world.phone(name);
    }
    let long = |letter: &str| Request {
        app: letter.repeat(64),
        origin: format!("{}.{}", "a".repeat(63), "b".repeat(32)),
        user: letter.repeat(96),
        place: Some(Place {
            city: letter.repeat(48),
            country: "DE".to_owned(),
        }),
        client: Some(Client {
            ip: "2001:db8:1111:1111:1111:1111:1111:1111".parse().unwrap(),
            browser: letter.repeat(32),
            os: letter.repeat(32),
        }),
        ..sign_in()
    };
    let request = long("a");
    let made = world.take(&Ask { request });
    println!(
        "{:?}",
        made.as_ref().map(|made| made.message.as_str().len())
    );
    // Letters that JSON writes as six.
    let request = long("\u{1}");
    let open = world.person();
    assert_eq!(world.take(&Ask { request }).err(), Some(AskError::TooLarge));
    assert_eq!(world.person().version(), open.version());
}

#[test]
fn r3_a_wrong_number_gets_a_receipt_with_the_tries_left_and_the_third_ends_it() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    for left in [2, 1] {
        let wrong = approve_wrongly(&asked.number, u32::from(left));
        let receipt = world.answer(&phone, &asked.message, wrong);
        assert_eq!(receipt.outcome, Outcome::WrongNumber);
        assert_eq!(receipt.left, Some(left));
        assert!(receipt.answer_hash.is_some());
        assert_eq!(world.outcome(&asked.id).outcome, None);
    }
    let receipt = world.answer(&phone, &asked.message, approve_wrongly(&asked.number, 3));
    assert_eq!((receipt.outcome, receipt.left), (Outcome::Denied, Some(0)));
    // The right number comes too late.
    let receipt = world.answer(&phone, &asked.message, approve(&asked.number));
    assert_eq!((receipt.outcome, receipt.left), (Outcome::Denied, Some(0)));
    assert_eq!(world.outcome(&asked.id).outcome, Some(Outcome::Denied));
}

#[test]
fn a_number_of_another_length_is_a_wrong_number() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let longer = format!("{}0", asked.number.as_str());
    let number = Digits::parse(&longer, 7).unwrap();
    let receipt = world.answer(&phone, &asked.message, Decision::Approve { number });
    assert_eq!(receipt.outcome, Outcome::WrongNumber);
}

#[test]
fn the_identical_answer_gets_the_identical_receipt_and_counts_once() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let wrong = phone.answer(
        &asked.message,
        approve_wrongly(&asked.number, 1),
        world.now(),
    );
    let first = receipt_of(world.send(Kind::Answer, &wrong));
    for _ in 0..5 {
        assert_eq!(receipt_of(world.send(Kind::Answer, &wrong)), first);
    }
    assert_eq!(phone.receipt(&first).left, Some(2));
    let right = phone.answer(&asked.message, approve(&asked.number), world.now());
    let approved = receipt_of(world.send(Kind::Answer, &right));
    world.pass_s(3_600);
    assert_eq!(receipt_of(world.send(Kind::Answer, &right)), approved);
    // A late repetition of the first one too.
    assert_eq!(receipt_of(world.send(Kind::Answer, &wrong)), first);
    assert_eq!(count(&world, "wrong_number"), 1);
}

#[test]
fn r6_a_statement_expires_by_the_servers_clock_whatever_the_phone_believes() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let in_time = world.ask();
    world.pass_s(119);
    let receipt = world.answer(&phone, &in_time.message, approve(&in_time.number));
    assert_eq!(receipt.outcome, Outcome::Approved);
    let late = world.ask();
    let believed = world.now();
    world.pass_s(120);
    // Signed in time by the phone's clock, which stands still.
    let answer = phone.answer(&late.message, approve(&late.number), believed);
    let receipt = phone.receipt(&receipt_of(world.send(Kind::Answer, &answer)));
    assert_eq!(receipt.outcome, Outcome::Expired);
    assert_eq!(
        (receipt.by, receipt.answer_hash, receipt.via),
        (None, None, None)
    );
    assert_eq!(world.outcome(&late.id).outcome, Some(Outcome::Expired));
}

#[test]
fn a_device_clock_wrong_by_a_day_still_approves() {
    let world = World::new();
    let phone = world.phone("Pixel");
    for wrong_by_s in [-86_400_i64, 86_400] {
        let asked = world.ask();
        let believed = world.now().unix_s().checked_add_signed(wrong_by_s).unwrap();
        let believed = countersign_protocol::time::Timestamp::new(believed).unwrap();
        let answer = phone.answer(&asked.message, approve(&asked.number), believed);
        let receipt = phone.receipt(&receipt_of(world.send(Kind::Answer, &answer)));
        assert_eq!(receipt.outcome, Outcome::Approved);
    }
}

#[test]
fn r10_it_was_me_cancel_raises_no_alarm() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let receipt = world.answer(&phone, &asked.message, Decision::Cancel);
    assert_eq!(receipt.outcome, Outcome::Cancelled);
    assert!(!receipt.is_reported);
    assert_eq!(receipt.next, []);
    assert_eq!(count(&world, "reported"), 0);
    assert!(world.ask().is_listed);
}

#[test]
fn deny_ends_it_and_raises_no_alarm() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let receipt = world.answer(&phone, &asked.message, Decision::Deny);
    assert_eq!((receipt.outcome, receipt.left), (Outcome::Denied, None));
    let by = receipt.by.unwrap();
    assert_eq!(by.key, phone.id());
    assert_eq!(count(&world, "reported"), 0);
}

/// What comes of an answer with something changed in it.
fn tried(world: &World, change: impl FnOnce(&mut Answer)) -> Problem {
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let mut answer = phone.answering(&asked.message, Decision::Deny, world.now());
    change(&mut answer);
    let refused = world.refused(Kind::Answer, &phone.sign_answer(&answer));
    // And without it, it is taken.
    let receipt = world.answer(&phone, &asked.message, Decision::Deny);
    assert_eq!(receipt.outcome, Outcome::Denied);
    refused
}

#[test]
fn each_check_of_an_answer_refuses_by_itself() {
    let world = World::new();
    let other_id = Id::from_bytes([9; 16]);
    let elsewhere = "https://login.example.com".to_owned();
    let refused = tried(&world, |answer| answer.audience = elsewhere);
    assert_eq!(refused, Problem::Audience);
    let refused = tried(&world, |answer| answer.account = other_id);
    assert_eq!(refused, Problem::UnknownDevice);
    let refused = tried(&world, |answer| answer.statement = other_id);
    assert_eq!(refused, Problem::UnknownStatement);
    let hash = MessageHash::from_bytes([9; 32]);
    let refused = tried(&world, |answer| answer.statement_hash = hash);
    assert_eq!(refused, Problem::UnknownStatement);
}

#[test]
fn an_approval_is_the_approval_keys_and_everything_else_is_not() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let signed_by = |key, decision| {
        let answer = phone.answering(&asked.message, decision, world.now());
        world.refused(
            Kind::Answer,
            &Phone::sign(key, Kind::Answer, &answer.to_claims()),
        )
    };
    let refused = signed_by(&phone.key, approve(&asked.number));
    assert_eq!(refused, Problem::Signature);
    for decision in [Decision::Deny, Decision::Report, Decision::Cancel] {
        assert_eq!(signed_by(&phone.approval, decision), Problem::Signature);
    }
    assert_eq!(world.outcome(&asked.id).outcome, None);
}

#[test]
fn a_device_that_a_statement_does_not_address_cannot_answer_it() {
    let world = World::new();
    let old = world.phone("Pixel");
    let asked = world.ask();
    let new = world.phone("iPhone");
    assert!(world.fetch(&new).statements.is_empty());
    let answer = old.answering(&asked.message, Decision::Deny, world.now());
    let answer = new.sign_answer(&answer);
    assert_eq!(
        world.refused(Kind::Answer, &answer),
        Problem::UnknownStatement
    );
}

#[test]
fn a_device_that_was_removed_answers_nothing() {
    let world = World::new();
    let (pixel, _iphone) = (world.phone("Pixel"), world.phone("iPhone"));
    let asked = world.ask();
    world.take(&RemoveDevice { device: pixel.id() }).unwrap();
    let answer = pixel.answer(&asked.message, approve(&asked.number), world.now());
    assert_eq!(world.refused(Kind::Answer, &answer), Problem::NotActive);
    // It stays open for the other one.
    assert_eq!(world.outcome(&asked.id).outcome, None);
    // Nor does it report what has ended.
    world.take(&Withdraw {
        statement: asked.id,
    });
    let report = pixel.answer(&asked.message, Decision::Report, world.now());
    assert_eq!(world.refused(Kind::Answer, &report), Problem::NotActive);
}

#[test]
fn an_answer_of_a_stranger_is_refused() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let answer = phone.answering(&asked.message, Decision::Deny, world.now());
    let message = Phone::new("Stranger").sign_answer(&answer);
    assert_eq!(
        world.refused(Kind::Answer, &message),
        Problem::UnknownDevice
    );
    // One that names a key which it has not is not believed.
    let text = phone.sign_answer(&answer).as_str().to_owned();
    let (signed, _) = text.rsplit_once('.').unwrap();
    let (_, signature) = message.as_str().rsplit_once('.').unwrap();
    let forged = world.send_text(Kind::Answer, &format!("{signed}.{signature}"));
    assert_eq!(problem_of(forged), Problem::Signature);
}

#[test]
fn other_lines_on_the_device_are_recorded_and_not_refused() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let mut answer = phone.answering(&asked.message, approve(&asked.number), world.now());
    answer.shown = LinesHash::from_bytes([9; 32]);
    let receipt = receipt_of(world.send(Kind::Answer, &phone.sign_answer(&answer)));
    assert_eq!(phone.receipt(&receipt).outcome, Outcome::Approved);
    assert_eq!(count(&world, "shown_else"), 1);
}

#[test]
fn a_withdrawn_statement_is_answered_by_its_end() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    assert!(world.take(&Withdraw {
        statement: asked.id
    }));
    assert!(!world.take(&Withdraw {
        statement: asked.id
    }));
    let receipt = world.answer(&phone, &asked.message, approve(&asked.number));
    assert_eq!(receipt.outcome, Outcome::Withdrawn);
    assert_eq!(world.outcome(&asked.id).outcome, Some(Outcome::Withdrawn));
}

#[test]
fn r8_answering_one_statement_never_answers_another() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let [first, second] = [(); 2].map(|()| {
        world.pass_s(1);
        world.ask()
    });
    // Oldest first.
    let listed = world.fetch(&phone).statements;
    assert_eq!(listed, [first.message.clone(), second.message.clone()]);
    // The second one's number over the first one's bytes is a wrong number.
    if first.number != second.number {
        let receipt = world.answer(&phone, &first.message, approve(&second.number));
        assert_eq!(receipt.outcome, Outcome::WrongNumber);
    }
    world.answer(&phone, &second.message, approve(&second.number));
    assert_eq!(world.outcome(&first.id).outcome, None);
    assert_eq!(world.fetch(&phone).statements, [first.message]);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
}
