//! Invitations and enrolment (protocol, §2 and §3): each check has a case that fails by it alone.

use std::sync::Arc;

use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Attestation, Enrol, Policy, Presence, PresenceRule, Protection,
};
use countersign_protocol::problem::{Need, Problem};
use countersign_protocol::signing::SigningKey;
use countersign_verifier::keys::ServerKeys;
use countersign_verifier::person::{INVITATION_S, PROOF_TRIES};
use countersign_verifier::rules::Attestor;
use countersign_verifier::step::{AskForCode, Invite, NotInvited, WithdrawInvitation};
use countersign_verifier::store::MemoryStore;
use countersign_verifier::{Setup, VerifierError};

use crate::phone::{InvitationChoiceText, Known, Phone};
use crate::world::{World, account_of, problem_of, rules};

/// What comes of an enrolment with something changed in it.
fn tried(world: &World, phone: &Phone, known: &Known, change: impl FnOnce(&mut Enrol)) -> Problem {
    let mut enrol = phone.enrolment(known, world.now());
    change(&mut enrol);
    let message = Phone::sign(&phone.key, Kind::Enrol, &enrol.to_claims());
    world.refused(Kind::Enrol, &message)
}

fn is_accepted(world: &World, phone: &Phone, known: &Known) {
    world.enrol(phone, known);
}

#[test]
fn a_server_for_other_readers_refuses_before_it_looks_at_anything() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    let known = world.invite();
    let elsewhere = |enrol: &mut Enrol| enrol.audience = "https://login.example.com".to_owned();
    assert_eq!(tried(&world, &phone, &known, elsewhere), Problem::Audience);
    is_accepted(&world, &phone, &known);
}

#[test]
fn attack_relay_of_an_honest_server_from_another_url_is_refused() {
    let world = World::new();
    let known = world.invite_by_code();
    // The phone typed a wrong address; whoever is there passes its message on.
    let fooled = Phone::at("Pixel", "https://login.example.com");
    let message = fooled.enrol(&known, world.now());
    assert_eq!(world.refused(Kind::Enrol, &message), Problem::Audience);
    is_accepted(&world, &Phone::new("Pixel"), &known);
}

#[test]
fn a_device_that_speaks_other_versions_is_told_who_is_older() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    let enrol = phone.enrolment(&world.invite(), world.now());
    let claims = enrol.to_claims().format().unwrap();
    let claims = String::from_utf8(claims)
        .unwrap()
        .replace(r#""v":[1]"#, r#""v":[2,3]"#);
    let claims = countersign_protocol::json::Object::parse(claims.as_bytes()).unwrap();
    let message = Phone::sign(&phone.key, Kind::Enrol, &claims);
    let expected = Problem::UnsupportedVersion {
        server: 1,
        device: 3,
    };
    assert_eq!(world.refused(Kind::Enrol, &message), expected);
}

#[test]
fn a_message_without_its_form_size_or_signature_is_refused() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    let known = world.invite();
    let text = phone.enrol(&known, world.now()).as_str().to_owned();
    let refused = |text: &str| problem_of(world.send_text(Kind::Enrol, text));
    assert_eq!(refused("a.b"), Problem::Malformed);
    assert_eq!(refused(&"a".repeat(32 * 1024 + 1)), Problem::TooLarge);
    let other = Phone::new("Pixel").enrol(&known, world.now());
    let (_, signature) = other.as_str().rsplit_once('.').unwrap();
    let (signed, _) = text.rsplit_once('.').unwrap();
    assert_eq!(
        refused(&format!("{signed}.{signature}")),
        Problem::Signature
    );
    is_accepted(&world, &phone, &known);
}

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
    let world = World::new();
    let known = world.invite();
    let guess = Known::by_code("9990000000000000");
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
}

#[test]
fn a_proof_for_other_keys_or_another_commitment_is_wrong() {
    let world = World::new();
    let known = world.invite();
    let phone = Phone::new("Pixel");
    let other = *SigningKey::generate().unwrap().public();
    let with_key = |enrol: &mut Enrol| enrol.approval_key = other;
    let wrong = |left| Problem::Proof { left };
    assert_eq!(tried(&world, &phone, &known, with_key), wrong(19));
    let commitment = countersign_protocol::hash::Commitment::from_bytes([9; 32]);
    let with_commitment = |enrol: &mut Enrol| enrol.commitment = commitment;
    assert_eq!(tried(&world, &phone, &known, with_commitment), wrong(18));
    // Somebody signs another's proof with a key of their own.
    let enrol = phone.enrolment(&known, world.now());
    let thief = SigningKey::generate().unwrap();
    let message = Phone::sign(&thief, Kind::Enrol, &enrol.to_claims());
    assert_eq!(world.refused(Kind::Enrol, &message), wrong(17));
    is_accepted(&world, &phone, &known);
}

#[test]
fn policy_is_told_to_those_alone_who_proved_the_invitation() {
    let strict = Policy {
        presence: PresenceRule::Required,
        ..rules().policy
    };
    let world = World::with(|rules| rules.policy = strict);
    let known = world.invite();
    let mut phone = Phone::new("Pixel");
    phone.presence = Presence::Unlocked;
    let needs = Need::Presence;
    assert_eq!(
        tried(&world, &phone, &known, |_| {}),
        Problem::Policy { needs }
    );
    let mut guess = known.clone();
    if let InvitationChoiceText::Scanned { secret, .. } = &mut guess.choice {
        *secret = [0; 16];
    }
    assert_eq!(
        tried(&world, &phone, &guess, |_| {}),
        Problem::Proof { left: 19 }
    );
    phone.presence = Presence::EachUse;
    is_accepted(&world, &phone, &known);
}

#[test]
fn keys_in_software_are_refused_where_hardware_is_asked_for() {
    let world = World::with(|rules| rules.needs_hardware = true);
    let known = world.invite();
    let phone = Phone::new("Pixel");
    let refused = Problem::Policy {
        needs: Need::Hardware,
    };
    let device = |enrol: &mut Enrol| enrol.device.protection = Protection::Software;
    assert_eq!(tried(&world, &phone, &known, device), refused);
    let approval = |enrol: &mut Enrol| enrol.approval_protection = Protection::Software;
    assert_eq!(tried(&world, &phone, &known, approval), refused);
    is_accepted(&world, &phone, &known);
}

struct Says(&'static str);

impl Attestor for Says {
    fn accepts(&self, said: &Attestation, _: [&PublicKey; 2], challenge: &[u8; 32]) -> bool {
        said.device == self.0 && *challenge != [0; 32]
    }
}

#[test]
fn an_attestation_is_needed_where_somebody_judges_it() {
    let world = World::with(|rules| rules.attestor = Some(Arc::new(Says("good"))));
    let known = world.invite();
    let phone = Phone::new("Pixel");
    let refused = Problem::Policy {
        needs: Need::Attestation,
    };
    assert_eq!(tried(&world, &phone, &known, |_| {}), refused);
    let attested = |device: &str| {
        let said = Attestation {
            device: device.to_owned(),
            approve: "good".to_owned(),
        };
        move |enrol: &mut Enrol| enrol.attestation = Some(said)
    };
    assert_eq!(tried(&world, &phone, &known, attested("bad")), refused);
    let mut enrol = phone.enrolment(&known, world.now());
    attested("good")(&mut enrol);
    let message = Phone::sign(&phone.key, Kind::Enrol, &enrol.to_claims());
    account_of(world.send(Kind::Enrol, &message));
}

#[test]
fn w15_a_sixth_device_is_refused_with_the_names_of_the_five() {
    let world = World::new();
    let known = world.invite();
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        world.phone(name);
    }
    let sixth = Phone::new("f");
    let devices = names.map(str::to_owned).to_vec();
    let limit = Problem::DeviceLimit { devices };
    assert_eq!(tried(&world, &sixth, &known, |_| {}), limit);
    assert_eq!(world.take(&Invite::default()), Err(NotInvited::DeviceLimit));
}

#[test]
fn a_key_that_was_seen_before_is_refused_tombstones_included() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let refused = |key: &SigningKey, approval: &PublicKey| {
        let known = world.invite();
        let mut other = Phone::new("iPhone");
        // EXPOSE: the key is used for a second account.
        other.key = SigningKey::from_pkcs8(key.expose_pkcs8()).unwrap();
        let mut enrol = other.enrolment(&known, world.now());
        if *approval != enrol.approval_key {
            enrol = re_proven(&other, &known, &world, approval);
        }
        let message = Phone::sign(&other.key, Kind::Enrol, &enrol.to_claims());
        world.refused(Kind::Enrol, &message)
    };
    let new = || SigningKey::generate().unwrap();
    let cases = || {
        assert_eq!(refused(&phone.key, new().public()), Problem::Malformed);
        assert_eq!(refused(&phone.approval, new().public()), Problem::Malformed);
        assert_eq!(refused(&new(), phone.key.public()), Problem::Malformed);
        assert_eq!(refused(&new(), phone.approval.public()), Problem::Malformed);
    };
    cases();
    world.send(Kind::Leave, &phone.leave(world.now()));
    cases();
    let server = *world.verifier.setup().keys.first().public();
    assert_eq!(refused(&new(), &server), Problem::Malformed);
}

/// An enrolment with another approval key, rightly proven.
fn re_proven(phone: &Phone, known: &Known, world: &World, approval: &PublicKey) -> Enrol {
    use countersign_protocol::derive::{Proof, Proven};
    use countersign_protocol::secret::{InvitationSecret, ScannedSecret};
    let InvitationChoiceText::Scanned { secret, .. } = &known.choice else {
        panic!("a scanned invitation");
    };
    let mut enrol = phone.enrolment(known, world.now());
    enrol.approval_key = *approval;
    let proven = Proven {
        device: &phone.id(),
        approval: &approval.thumbprint(),
        commitment: &enrol.commitment,
    };
    let secret = InvitationSecret::Scanned(ScannedSecret::copy_of(secret));
    enrol.proof = Proof::new(&secret, &proven);
    enrol
}

#[test]
fn a_key_of_another_persons_device_is_refused() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let ben = world
        .verifier
        .add_person("ben@example.org", world.now())
        .unwrap();
    let invited = world.verifier.take(&ben, &Invite::default(), world.now());
    let known = Known::by_link(&invited.unwrap().unwrap().link);
    let other = Phone::new("iPhone");
    let enrol = re_proven(&other, &known, &world, phone.key.public());
    let message = Phone::sign(&other.key, Kind::Enrol, &enrol.to_claims());
    assert_eq!(world.refused(Kind::Enrol, &message), Problem::Malformed);
    assert_eq!(
        world.verifier.person(&ben, world.now()).unwrap().devices(),
        []
    );
    let message = other.enrol(&known, world.now());
    account_of(world.send(Kind::Enrol, &message));
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

#[test]
fn a_key_that_was_replaced_between_scan_and_enrolment_still_signs_what_it_was_pinned_for() {
    let keys = ServerKeys::new(vec![SigningKey::generate().unwrap()], vec![]).unwrap();
    let setup = Setup {
        rules: rules(),
        keys,
    };
    let world = World::over(MemoryStore::default(), setup);
    let known = world.invite();
    world
        .verifier
        .rotate(SigningKey::generate().unwrap(), world.now());
    let phone = Phone::new("Pixel");
    // The phone checks that the pinned key signed and is listed.
    world.enrol(&phone, &known);
    assert_eq!(phone.account().keys.len(), 2);
    // With its next fetch it hears of the list as it is now.
    let state = world.fetch(&phone);
    assert!(state.account.is_some());
    assert_eq!(phone.account().keys.len(), 1);
    assert_eq!(phone.account().version, 2);
}
