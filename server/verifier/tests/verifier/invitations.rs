//! Invitations (protocol, §2): one takes one enrolment, ever, and guessing does not help.

use std::collections::BTreeSet;

use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::problem::Problem;
use countersign_verifier::VerifierError;
use countersign_verifier::person::{INVITATION_S, PROOF_TRIES};
use countersign_verifier::step::{AskForCode, Invite, NotInvited, WithdrawInvitation};
use countersign_verifier::store::{Change, Store as _, StoreError, Stored};

use crate::enrolment::{is_accepted, tried};
use crate::phone::{InvitationChoiceText, Known, Phone};
use crate::world::{World, account_of};

#[test]
fn an_invitation_that_nobody_made_is_unknown() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    let unknown = Problem::UnknownInvitation;
    let mut known = world.invite();
    if let InvitationChoiceText::Scanned { id, .. } = &mut known.choice {
        *id = countersign_protocol::hash::Id::from_bytes([0; 16]);
    }
    assert_eq!(tried(&world, &phone, &known, |_| {}), unknown);
    // There is no code before somebody asked for one.
    for choice in 0..9 {
        let known = Known::by_code(&format!("{choice:03}0000000000000"));
        assert_eq!(tried(&world, &phone, &known, |_| {}), unknown);
    }
}

#[test]
fn w5_an_invitation_older_than_its_lifetime_is_refused_and_nothing_is_stored() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    let (scanned, typed) = (world.invite(), world.invite_by_code());
    world.pass_s(INVITATION_S);
    let version = world.person().version();
    let expired = Problem::ExpiredInvitation;
    assert_eq!(tried(&world, &phone, &scanned, |_| {}), expired);
    assert_eq!(tried(&world, &phone, &scanned, |_| {}), expired);
    assert_eq!(world.person().devices(), []);
    // The digits of a code are free again.
    let unknown = Problem::UnknownInvitation;
    assert_eq!(tried(&world, &phone, &typed, |_| {}), unknown);
    assert!(world.person().version() <= version + 1);
    // A fresh one works with the same phone.
    is_accepted(&world, &phone, &world.invite());
}

#[test]
fn an_invitation_works_until_its_last_second_and_not_when_it_was_withdrawn() {
    let world = World::new();
    let known = world.invite();
    world.pass_s(INVITATION_S - 1);
    is_accepted(&world, &Phone::new("Pixel"), &known);
    let invited = world.take(&Invite::default()).unwrap();
    let withdraw = WithdrawInvitation {
        invitation: invited.id,
    };
    world.take(&withdraw).unwrap();
    let known = Known::by_link(&invited.link);
    let phone = Phone::new("iPhone");
    assert_eq!(
        tried(&world, &phone, &known, |_| {}),
        Problem::ExpiredInvitation
    );
    assert_eq!(world.take(&withdraw), Err(NotInvited::NoSuchInvitation));
    let code = AskForCode {
        invitation: invited.id,
    };
    assert_eq!(world.take(&code), Err(NotInvited::NoSuchInvitation));
}

#[test]
fn w4_one_phone_scans_and_another_types_and_exactly_one_enrols() {
    for first_scans in [true, false] {
        let world = World::new();
        let invited = world.take(&Invite::default()).unwrap();
        let invitation = invited.id;
        let code = world.take(&AskForCode { invitation }).unwrap();
        let ways = [Known::by_link(&invited.link), Known::by_code(&code.code)];
        let [first, second] = if first_scans { [0, 1] } else { [1, 0] };
        let (taker, late) = (Phone::new("Pixel"), Phone::new("iPhone"));
        is_accepted(&world, &taker, &ways[first]);
        let used = Problem::UsedInvitation;
        for way in [second, first] {
            assert_eq!(tried(&world, &late, &ways[way], |_| {}), used);
        }
        // The page names the one that took it.
        let person = world.person();
        let view = person.invitation_view(&invitation).unwrap();
        assert_eq!(view.taken_by, Some(taker.id()));
        assert_eq!(person.devices().len(), 1);
        assert_eq!(person.devices()[0].name, "Pixel");
    }
}

#[test]
fn attack_photographed_qr_takes_the_invitation_once_and_the_page_shows_whose_phone_it_was() {
    let world = World::new();
    let known = world.invite();
    let (thief, owner) = (Phone::new("Thief"), Phone::new("Pixel"));
    is_accepted(&world, &thief, &known);
    assert_eq!(
        tried(&world, &owner, &known, |_| {}),
        Problem::UsedInvitation
    );
    // Not confirmed, it gets nothing of the person's.
    world.reveal(&thief);
    assert_eq!(world.person().devices()[0].name, "Thief");
    assert!(world.fetch(&thief).statements.is_empty());
    assert!(world.try_ask().is_err());
}

#[test]
fn the_identical_enrolment_gets_the_identical_reply_whenever_it_comes() {
    let world = World::new();
    for invite in [World::invite, World::invite_by_code] {
        let known = invite(&world);
        let phone = Phone::new("Pixel");
        let enrol = phone.enrol(&known, world.now());
        let reply = account_of(world.send(Kind::Enrol, &enrol));
        phone.keep(&enrol, &reply, known.pinned.as_ref());
        for wait_s in [1, 599, 3_600] {
            world.pass_s(wait_s);
            assert_eq!(account_of(world.send(Kind::Enrol, &enrol)), reply);
        }
    }
    assert_eq!(world.person().devices().len(), 2);
    let enrolled = world.words().into_iter().filter(|word| *word == "enrolled");
    assert_eq!(enrolled.count(), 2);
}

#[test]
fn attack_second_commit_of_one_device_is_refused() {
    let world = World::new();
    let known = world.invite();
    let phone = Phone::new("Pixel");
    is_accepted(&world, &phone, &known);
    // The same keys, the same proof, other bytes.
    assert_eq!(
        tried(&world, &phone, &known, |_| {}),
        Problem::UsedInvitation
    );
}

#[test]
fn twenty_wrong_proofs_burn_a_code_and_the_page_shows_a_new_one() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    let invited = world.take(&Invite::default()).unwrap();
    let ask = AskForCode {
        invitation: invited.id,
    };
    let code = world.take(&ask).unwrap().code;
    assert_eq!(
        world.take(&ask).unwrap().code,
        code,
        "asked again it is the same"
    );
    let guess = Known::by_code(&format!("{}0000000000000", &code[..3]));
    for left in (0..PROOF_TRIES).rev() {
        // From many places, or the source would have to wait.
        world
            .source
            .set(std::net::Ipv4Addr::from(u32::from(left)).into());
        let refused = tried(&world, &phone, &guess, |_| {});
        assert_eq!(refused, Problem::Proof { left });
    }
    assert!(world.words().contains(&"code_burnt"));
    let known = Known::by_code(&code);
    assert_eq!(
        tried(&world, &phone, &known, |_| {}),
        Problem::UnknownInvitation
    );
    assert!(
        !world
            .person()
            .invitation_view(&invited.id)
            .unwrap()
            .has_code
    );
    let new = world.take(&ask).unwrap().code;
    assert_ne!(new, code);
    is_accepted(&world, &phone, &Known::by_code(&new));
}

#[test]
fn guessing_codes_does_not_burn_the_scanned_way() {
    let world = World::new();
    let invited = world.take(&Invite::default()).unwrap();
    let ask = AskForCode {
        invitation: invited.id,
    };
    let code = world.take(&ask).unwrap().code;
    let guess = Known::by_code(&format!("{}0000000000000", &code[..3]));
    for host in 0..u32::from(PROOF_TRIES) {
        world.source.set(std::net::Ipv4Addr::from(host).into());
        tried(&world, &Phone::new("Guesser"), &guess, |_| {});
    }
    is_accepted(&world, &Phone::new("Pixel"), &Known::by_link(&invited.link));
}

#[test]
fn wrong_proofs_of_a_link_do_not_burn_the_code() {
    let world = World::new();
    let invited = world.take(&Invite::default()).unwrap();
    let code = world.take(&AskForCode {
        invitation: invited.id,
    });
    let mut guess = Known::by_link(&invited.link);
    if let InvitationChoiceText::Scanned { secret, .. } = &mut guess.choice {
        *secret = [0; 16];
    }
    for wrong in 0..u32::from(PROOF_TRIES) + 2 {
        world.source.set(std::net::Ipv4Addr::from(wrong).into());
        let left = u32::from(PROOF_TRIES).saturating_sub(wrong + 1);
        let left = u8::try_from(left).unwrap();
        let refused = tried(&world, &Phone::new("Guesser"), &guess, |_| {});
        assert_eq!(refused, Problem::Proof { left });
    }
    is_accepted(
        &world,
        &Phone::new("Pixel"),
        &Known::by_code(&code.unwrap().code),
    );
}

#[test]
fn ten_wrong_proofs_from_one_address_within_ten_minutes_are_enough() {
    for is_typed in [true, false] {
        let world = World::new();
        let (known, guess) = match is_typed {
            true => (world.invite_by_code(), nobodys_code()),
            false => (world.invite(), nobodys_link()),
        };
        for _ in 0..10 {
            tried(&world, &Phone::new("Guesser"), &guess, |_| {});
        }
        let right = Phone::new("Pixel");
        assert_eq!(tried(&world, &right, &known, |_| {}), Problem::RateLimited);
        // Others are not kept out by it.
        world.source.set("198.51.100.1".parse().unwrap());
        is_accepted(&world, &right, &known);
        world.source.set("192.0.2.1".parse().unwrap());
        world.pass_s(600);
        is_accepted(&world, &Phone::new("Guesser"), &world.invite());
        is_accepted(&world, &Phone::new("iPhone"), &world.invite_by_code());
    }
}

#[test]
fn whoever_guesses_codes_keeps_nobody_at_their_address_from_scanning_and_the_other_way_round() {
    let world = World::new();
    for _ in 0..20 {
        tried(&world, &Phone::new("Guesser"), &nobodys_code(), |_| {});
    }
    is_accepted(&world, &Phone::new("Pixel"), &world.invite());
    let world = World::new();
    for _ in 0..20 {
        tried(&world, &Phone::new("Guesser"), &nobodys_link(), |_| {});
    }
    is_accepted(&world, &Phone::new("Pixel"), &world.invite_by_code());
}

#[test]
fn an_accepted_enrolment_is_answered_the_same_from_an_address_that_has_to_wait() {
    let world = World::new();
    for invite in [World::invite, World::invite_by_code] {
        let known = invite(&world);
        let phone = Phone::new("Pixel");
        let enrol = phone.enrol(&known, world.now());
        let reply = account_of(world.send(Kind::Enrol, &enrol));
        for _ in 0..10 {
            tried(&world, &Phone::new("Guesser"), &nobodys_code(), |_| {});
            tried(&world, &Phone::new("Guesser"), &nobodys_link(), |_| {});
        }
        assert_eq!(account_of(world.send(Kind::Enrol, &enrol)), reply);
        // Other bytes of the same keys are a guess like any other.
        assert_eq!(tried(&world, &phone, &known, |_| {}), Problem::RateLimited);
        world.pass_s(600);
    }
}

fn nobodys_code() -> Known {
    Known::by_code("9990000000000000")
}

/// The link of an invitation that nobody made.
fn nobodys_link() -> Known {
    let (id, secret) = (Id::from_bytes([9; 16]), [0; 16]);
    Known {
        choice: InvitationChoiceText::Scanned { id, secret },
        pinned: None,
    }
}

#[test]
fn no_two_codes_begin_with_the_same_digits() {
    let world = World::new();
    let mut begun = std::collections::BTreeSet::new();
    for person in 0..60 {
        let label = format!("person {person}");
        let account = world.verifier.add_person(&label, world.now()).unwrap();
        let invited = world
            .verifier
            .take(&account, &Invite::default(), world.now());
        let invitation = invited.unwrap().unwrap().id;
        let code = world
            .verifier
            .take(&account, &AskForCode { invitation }, world.now());
        let code = code.unwrap().unwrap().code;
        assert_eq!(code.len(), 16);
        assert!(begun.insert(code[..3].to_owned()), "{}", &code[..3]);
    }
}

#[test]
fn digits_of_codes_that_nobody_asked_after_are_free_again_when_their_time_is_over() {
    let world = World::new();
    let code = |label: &str| {
        let account = world.verifier.add_person(label, world.now()).unwrap();
        let invited = world
            .verifier
            .take(&account, &Invite::default(), world.now());
        let invitation = invited.unwrap().unwrap().id;
        world
            .verifier
            .take(&account, &AskForCode { invitation }, world.now())
    };
    // Until hardly any are left.
    let taken = (0..=1_000).find_map(|person| code(&format!("person {person}")).err());
    assert!(
        matches!(taken, Some(VerifierError::Taken { .. })),
        "{taken:?}"
    );
    world.pass_s(INVITATION_S);
    assert!(code("late").is_ok());
}

#[test]
fn a_person_who_cannot_be_read_holds_nobody_else_up() {
    let world = World::new();
    let invitation = world.take(&Invite::default()).unwrap().id;
    world.take(&AskForCode { invitation }).unwrap();
    let damaged = Id::from_bytes([0; 16]);
    let change = Change {
        account: damaged,
        based_on: 0,
        stored: Stored {
            version: 1,
            document: b"{}".to_vec().into(),
        },
        added: BTreeSet::new(),
        removed: BTreeSet::new(),
        // The longest due.
        due_at: Some(world.now()),
        events: &[],
        request: None,
        now: world.now(),
    };
    world.verifier.store().change(&change).unwrap();
    world.pass_s(INVITATION_S);
    let passed = world.verifier.pass_time(world.now(), 10);
    assert_eq!(passed, Err(VerifierError::Store(StoreError::Damaged)));
    let due = world.verifier.store().due(world.now(), 10).unwrap();
    assert_eq!(due, [damaged]);
}

#[test]
fn no_invitation_shows_its_secret_to_a_log() {
    let world = World::new();
    let invited = world.take(&Invite::default()).unwrap();
    let invitation = invited.id;
    let code = world.take(&AskForCode { invitation }).unwrap();
    let shown = format!("{invited:?} {code:?} {:?}", world.person());
    let secret = invited.link.split("secret=").nth(1).unwrap();
    let secret = secret.split('&').next().unwrap();
    assert!(!shown.contains(secret));
    assert!(!shown.contains(&code.code[3..]));
    assert!(!shown.contains("ann"));
}

#[test]
fn a_day_has_only_so_many_invitations() {
    let world = World::new();
    for _ in 0..32 {
        world.take(&Invite::default()).unwrap();
    }
    assert_eq!(world.take(&Invite::default()), Err(NotInvited::TooMany));
    world.pass_s(INVITATION_S + 24 * 3_600);
    world.take(&Invite::default()).unwrap();
}
