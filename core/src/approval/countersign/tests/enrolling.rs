//! Enrolment, step by step, with a kill after each (A14).

use countersign_protocol::derive::{Proof, Proven, check_number};
use countersign_protocol::envelope::Received;
use countersign_protocol::json::{Json, Object};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Account, Confirm, Enrol, ReadEnrol, RemovedWhy, Standing as Stands,
};
use countersign_protocol::problem::{Need, Problem};
use countersign_protocol::secret::{DeviceNonce, InvitationSecret, ScannedSecret};

use super::peer::*;
use super::platform::Platform;
use crate::account::Name;
use crate::approval::exchange::{Attention, Cause, Event, Lane, Reply, Unreachable};
use crate::approval::model::{EnrolmentFailure, Removed, Standing};
use crate::approval::{
    ApprovalError, COUNTERSIGN, KeyPlace, NewWork, WorkAccount, WorkView, countersign,
};
use crate::device::NoDeviceKeys;
use crate::entropy::SystemEntropy;
use crate::vault::RecordId;

fn view(device: &Device) -> WorkView {
    device.account.view(NOW)
}

#[test]
fn a14_each_step_is_stored_before_the_next_and_none_shows_a_half_account_as_working() {
    let mut peer = Peer::new();
    let mut device = Device::new(&peer.invitation());
    assert_eq!(view(&device).standing, Standing::Planned);
    assert!(view(&device).standing.is_unfinished());
    let contact = device.account.contact.clone();
    let due = device.account.work.due(Attention::Idle, &contact, NOW);
    assert!(due.needs_keys && due.say.is_none() && due.ask.is_none());
    device.make_keys(NOW);
    assert_eq!(view(&device).standing, Standing::Enrolling);
    // The same bytes for as long as nothing is answered.
    let first = device.request(Lane::Say, NOW);
    device.take_reply(
        &first.errand,
        &Reply::Unreachable(Unreachable::TimedOut),
        NOW,
    );
    device.restart();
    let second = device.request(Lane::Say, NOW.plus(60));
    assert_eq!(first.body, second.body);
    let account = peer.take_enrol(&second.body);
    let events = device.take(&second.errand, account.as_str(), NOW);
    let record = device.account.id;
    assert_eq!(events, [Event::Standing { account: record }]);
    assert_eq!(view(&device).standing, Standing::Unconfirmed);
    // Never again: what is to be said now is nothing.
    let preparing = crate::approval::work::Preparing {
        attention: Attention::Waiting,
        contact: &device.account.contact,
        kept: crate::approval::work::Kept::InTheVault,
        keys: &NoDeviceKeys,
        entropy: &SystemEntropy::new(),
        now: NOW,
    };
    let error = device.account.work.request(Lane::Say, preparing).err();
    assert_eq!(error, Some(ApprovalError::NothingToSend));
    device.fetch(&peer, Stands::Confirmed, NOW, |_| {});
    assert_eq!(view(&device).standing, Standing::Confirmed);
    device.fetch(&peer, Stands::Active, NOW, |_| {});
    assert_eq!(view(&device).standing, Standing::Active);
    assert!(!view(&device).standing.is_unfinished());
}

#[test]
fn the_enrolment_proves_the_invitation_and_commits_to_what_is_revealed() {
    {
        let mut peer = Peer::new();
        let mut device = Device::new(&peer.invitation());
        device.make_keys(NOW);
        let outgoing = device.request(Lane::Say, NOW);
        let received = Received::parse(Kind::Enrol, &outgoing.body).unwrap();
        let verified = received.verify_with_own_key().unwrap();
        let ReadEnrol::Version1(enrol) = Enrol::read(&verified, URL).unwrap() else {
            panic!("version 1 is spoken");
        };
        let proven = Proven {
            device: &verified.key().thumbprint(),
            approval: &enrol.approval_key.thumbprint(),
            commitment: &enrol.commitment,
        };
        let secret = InvitationSecret::Scanned(ScannedSecret::copy_of(&[2; 16]));
        assert_eq!(Proof::new(&secret, &proven).format(), enrol.proof.format());
        // Nothing of the secret is in the message.
        assert!(!outgoing.body.contains(&id(2).format()));
        let account = peer.take_enrol(&outgoing.body);
        device.take(&outgoing.errand, account.as_str(), NOW);
        let fetch = peer.read_fetch(&device.request(Lane::Ask, NOW).body);
        let nonce: DeviceNonce = fetch.reveal.unwrap();
        let commitment = countersign_protocol::derive::commitment(&nonce);
        assert_eq!(commitment, enrol.commitment);
        let number = check_number(&nonce, &peer.enrol_hash.unwrap(), &account.hash());
        let check = view(&device).check.unwrap();
        // EXPOSE: the number is for the person.
        assert_eq!(check.number.expose(), number.as_str());
        assert!(!check.type_it);
    }
}

#[test]
fn nothing_is_revealed_once_it_is_active_and_the_number_is_gone_once_it_is_confirmed() {
    let (peer, mut device) = enrolled();
    device.fetch(&peer, Stands::Confirmed, NOW, |_| {});
    assert!(view(&device).check.is_none());
    let fetch = peer.read_fetch(&device.request(Lane::Ask, NOW).body);
    assert!(fetch.reveal.is_some());
    device.fetch(&peer, Stands::Active, NOW, |_| {});
    let fetch = peer.read_fetch(&device.request(Lane::Ask, NOW).body);
    assert!(fetch.reveal.is_none());
}

#[test]
fn after_a_typed_code_the_number_is_typed_whatever_the_server_says() {
    for confirm in [Confirm::Type, Confirm::Compare] {
        is_typed(confirm);
    }
}

/// A server that nothing pinned does not choose how it is told from another.
fn is_typed(confirm: Confirm) {
    let mut peer = Peer::new();
    peer.confirm = confirm;
    let mut device = Device::new(&Peer::typed_invitation());
    assert_eq!(view(&device).issuer.as_str(), "login.example.org");
    device.make_keys(NOW);
    let outgoing = device.request(Lane::Say, NOW);
    let account = peer.take_enrol(&outgoing.body);
    device.take(&outgoing.errand, account.as_str(), NOW);
    device.restart();
    assert!(view(&device).check.unwrap().type_it);
}

#[test]
fn kill_between_account_and_reveal_then_another_document() {
    let mut peer = Peer::new();
    let mut device = Device::new(&peer.invitation());
    device.make_keys(NOW);
    let outgoing = device.request(Lane::Say, NOW);
    let first = peer.take_enrol(&outgoing.body);
    device.take(&outgoing.errand, first.as_str(), NOW);
    let before = view(&device).check.unwrap();
    device.restart();
    // Whoever is in the middle answers the same enrolment again, with another document.
    let second = peer.account();
    assert_ne!(first, second);
    device.take(&outgoing.errand, second.as_str(), NOW);
    // EXPOSE: the number is compared.
    assert_eq!(
        view(&device).check.unwrap().number.expose(),
        before.number.expose()
    );
}

#[test]
fn second_account_document_is_no_first_one() {
    let mut peer = Peer::new();
    let mut device = Device::new(&peer.invitation());
    device.make_keys(NOW);
    let outgoing = device.request(Lane::Say, NOW);
    peer.take_enrol(&outgoing.body);
    peer.version = 2;
    let account = device.account.id;
    let events = device.take(&outgoing.errand, peer.account().as_str(), NOW);
    let cause = Cause::NotNewer;
    assert_eq!(events, [Event::Refused { account, cause }]);
    assert_eq!(view(&device).standing, Standing::Enrolling);
}

#[test]
fn grinding_in_the_middle_fails_at_the_pinned_key() {
    let mut peer = Peer::new();
    let mut device = Device::new(&peer.invitation());
    device.make_keys(NOW);
    let outgoing = device.request(Lane::Say, NOW);
    // Somebody in the middle signs documents with a key of their own until the number suits them.
    let mut middle = Peer::new();
    let account = device.account.id;
    for _ in 0..20 {
        let forged = middle.take_enrol(&outgoing.body);
        let events = device.take(&outgoing.errand, forged.as_str(), NOW);
        let cause = Cause::UnknownKey;
        assert_eq!(events, [Event::Refused { account, cause }]);
    }
    assert_eq!(view(&device).standing, Standing::Enrolling);
    let genuine = peer.take_enrol(&outgoing.body);
    device.take(&outgoing.errand, genuine.as_str(), NOW);
    assert_eq!(view(&device).standing, Standing::Unconfirmed);
}

#[test]
fn what_answers_an_enrolment_is_for_this_device_and_this_enrolment() {
    let mut peer = Peer::new();
    let mut device = Device::new(&peer.invitation());
    device.make_keys(NOW);
    let outgoing = device.request(Lane::Say, NOW);
    peer.take_enrol(&outgoing.body);
    let account = device.account.id;
    let mut document = peer.document();
    document.audience = peer.key().public().thumbprint();
    let says = |document: &Account| peer.says(Kind::Account, &document.to_claims());
    let for_another = says(&document);
    let mut document = peer.document();
    document.enrol_hash = for_another.hash();
    let of_another = says(&document);
    for (body, cause) in [
        (for_another.as_str(), Cause::Audience),
        (of_another.as_str(), Cause::Reply),
        ("a.b.c", Cause::Form),
        ("", Cause::Form),
    ] {
        let events = device.take(&outgoing.errand, body, NOW);
        assert_eq!(events, [Event::Refused { account, cause }], "{cause:?}");
        assert_eq!(view(&device).standing, Standing::Enrolling);
    }
}

#[test]
fn each_refusal_of_an_enrolment_says_what_to_do() {
    let fails = |refusal: &Problem| {
        let peer = Peer::new();
        let mut device = Device::new(&peer.invitation());
        device.make_keys(NOW);
        let outgoing = device.request(Lane::Say, NOW);
        device.take_reply(&outgoing.errand, &refused(refusal), NOW);
        match view(&device).standing {
            Standing::Failed { why } => Some(why),
            _ => None,
        }
    };
    use EnrolmentFailure as Why;
    for (refusal, why) in [
        (Problem::UnknownInvitation, Why::UnknownInvitation),
        (Problem::ExpiredInvitation, Why::ExpiredInvitation),
        (Problem::UsedInvitation, Why::UsedInvitation),
        (Problem::Proof { left: 3 }, Why::WrongCode { left: 3 }),
        (
            Problem::Policy {
                needs: Need::Presence,
            },
            Why::NeedsPresence,
        ),
        (
            Problem::Policy {
                needs: Need::Hardware,
            },
            Why::NeedsHardware,
        ),
        (
            Problem::Policy {
                needs: Need::Attestation,
            },
            Why::NeedsAttestation,
        ),
        (
            Problem::DeviceLimit {
                devices: vec!["Pixel".to_owned()],
            },
            Why::DeviceLimit,
        ),
        (Problem::Malformed, Why::Refused),
        (Problem::TooLarge, Why::Refused),
        (Problem::Signature, Why::Refused),
        (Problem::Audience, Why::Refused),
    ] {
        assert_eq!(fails(&refusal), Some(why), "{refusal:?}");
    }
    assert_eq!(fails(&Problem::Unavailable), None);
    assert_eq!(fails(&Problem::RateLimited), None);
}

#[test]
fn the_devices_that_leave_no_room_are_named() {
    let peer = Peer::new();
    let mut device = Device::new(&peer.invitation());
    device.make_keys(NOW);
    let outgoing = device.request(Lane::Say, NOW);
    let names = ["Pixel", "iPad\u{202e}gnp"];
    let refusal = Problem::DeviceLimit {
        devices: names.map(str::to_owned).to_vec(),
    };
    device.take_reply(&outgoing.errand, &refused(&refusal), NOW);
    device.restart();
    let expected = ["Pixel", "iPad\\u{202E}gnp"].map(Name::new);
    assert_eq!(view(&device).full_with, expected);
}

#[test]
fn a15_which_side_is_older_is_said() {
    for (server, speaks, why) in [
        (1, 2, EnrolmentFailure::ServerOlder),
        (2, 1, EnrolmentFailure::DeviceOlder),
    ] {
        let peer = Peer::new();
        let mut device = Device::new(&peer.invitation());
        device.make_keys(NOW);
        let outgoing = device.request(Lane::Say, NOW);
        let refusal = Problem::UnsupportedVersion {
            server,
            device: speaks,
        };
        device.take_reply(&outgoing.errand, &refused(&refusal), NOW);
        assert_eq!(view(&device).standing, Standing::Failed { why });
    }
}

#[test]
fn a15_a_document_of_a_later_version_says_that_the_device_is_older() {
    let mut peer = Peer::new();
    let mut device = Device::new(&peer.invitation());
    device.make_keys(NOW);
    let outgoing = device.request(Lane::Say, NOW);
    peer.take_enrol(&outgoing.body);
    let mut claims = Object::new();
    let plain = peer.document().to_claims();
    for name in plain.names() {
        let value = match name {
            "v" => Json::Integer(2),
            _ => plain.get(name).unwrap().clone(),
        };
        claims = claims.with(name, value);
    }
    let later = peer.says(Kind::Account, &claims);
    device.take(&outgoing.errand, later.as_str(), NOW);
    let why = EnrolmentFailure::DeviceOlder;
    assert_eq!(view(&device).standing, Standing::Failed { why });
}

#[test]
fn an_unfinished_device_that_is_removed_says_why() {
    for (why, said) in [
        (RemovedWhy::WrongCheck, Removed::WrongCheck),
        (RemovedWhy::WrongReveal, Removed::WrongReveal),
        (RemovedWhy::TimedOut, Removed::TimedOut),
        (RemovedWhy::TooMany, Removed::TooMany),
    ] {
        let (peer, mut device) = enrolled();
        device.fetch(&peer, Stands::Removed { why }, NOW, |_| {});
        assert_eq!(view(&device).standing, Standing::Removed { why: said });
        // Nothing more is asked.
        let contact = device.account.contact.clone();
        let due = device.account.work.due(Attention::Waiting, &contact, NOW);
        assert_eq!((due.say, due.ask), (None, None));
    }
}

#[test]
fn the_platforms_keys_of_an_enrolment_that_came_to_nothing_are_known_until_they_are_deleted() {
    let new = NewWork {
        device_name: "Fairphone",
        platform: "android",
        app: "countersign 1",
        keys: KeyPlace::Platform,
        replaces: None,
    };
    let (record, entropy) = (RecordId::from_bytes([3; 16]), SystemEntropy::new());
    let invitation = Peer::new().invitation();
    let work = countersign::plan(record, &invitation, &new, None, &entropy).unwrap();
    let account = WorkAccount::new(record, COUNTERSIGN, work);
    let platform = Platform::default();
    let made = account.work.make_keys(&platform, &entropy, NOW).unwrap();
    let account = account.with_work(&made.0).unwrap();
    let mut device = Device { account };
    assert_eq!(platform.names().len(), 2);
    let outgoing = device.request(Lane::Say, NOW);
    device.take_reply(&outgoing.errand, &refused(&Problem::UsedInvitation), NOW);
    assert!(matches!(view(&device).standing, Standing::Failed { .. }));
    let aliases = device.account.work.aliases();
    let mut names: Vec<_> = aliases.iter().map(|alias| alias.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, platform.names());
}
