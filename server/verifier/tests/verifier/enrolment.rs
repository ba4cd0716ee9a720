//! Invitations and enrolment (protocol, §2 and §3): each check has a case that fails by it alone.

use std::sync::Arc;

use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Attestation, Enrol, Policy, Presence, PresenceRule, Protection,
};
use countersign_protocol::problem::{Need, Problem};
use countersign_protocol::signing::SigningKey;
use countersign_verifier::Setup;
use countersign_verifier::keys::ServerKeys;
use countersign_verifier::rules::Attestor;
use countersign_verifier::step::{Invite, NotInvited};
use countersign_verifier::store::MemoryStore;

use crate::phone::{InvitationChoiceText, Known, Phone};
use crate::world::{World, account_of, problem_of, rules};

/// What comes of an enrolment with something changed in it.
pub(crate) fn tried(
    world: &World,
    phone: &Phone,
    known: &Known,
    change: impl FnOnce(&mut Enrol),
) -> Problem {
    let mut enrol = phone.enrolment(known, world.now());
    change(&mut enrol);
    let message = Phone::sign(&phone.key, Kind::Enrol, &enrol.to_claims());
    world.refused(Kind::Enrol, &message)
}

pub(crate) fn is_accepted(world: &World, phone: &Phone, known: &Known) {
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
}
