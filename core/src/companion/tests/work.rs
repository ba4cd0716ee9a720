//! Work accounts in the vault, as far as no server is needed.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::*;
use crate::approval::{
    ApprovalError, Attention, KeyPlace, Lane, NewWork, NextAction, Reply, Standing, Unreachable,
};
use crate::device::{DeviceKeys, KeyAlias, KeyError, KeyRequest, MadeKey, NoDeviceKeys};
use crate::uri::TestMode;
use crate::uri::invitation::{Invitation, parse_code_and_url};

const DAY_S: u64 = 24 * 60 * 60;

fn invitation() -> Invitation {
    invited("1234567890123456")
}

fn invited(code: &str) -> Invitation {
    let url = "https://login.example.org";
    parse_code_and_url(code, url, TestMode::Off).unwrap()
}

fn new(keys: KeyPlace) -> NewWork<'static> {
    NewWork {
        device_name: "Laptop",
        platform: "linux",
        app: "countersign",
        keys,
        replaces: None,
    }
}

fn next(companion: &Companion, now: UnixSeconds) -> NextAction {
    companion.next_action(Attention::Waiting, now)
}

/// A platform whose keys are only names.
#[derive(Default)]
struct Names {
    made: RefCell<BTreeSet<String>>,
    refuses: Option<KeyError>,
}

impl DeviceKeys for Names {
    fn create(&self, alias: &KeyAlias, _: &KeyRequest) -> Result<MadeKey, KeyError> {
        self.made.borrow_mut().insert(alias.as_str().to_owned());
        // The second key is never made: the app is killed, or the person goes away.
        Err(self.refuses.unwrap_or(KeyError::Cancelled))
    }

    fn exists(&self, alias: &KeyAlias) -> Result<bool, KeyError> {
        Ok(self.made.borrow().contains(alias.as_str()))
    }

    fn sign(&self, _: &KeyAlias, _: &[u8]) -> Result<Vec<u8>, KeyError> {
        Err(KeyError::NotAvailable)
    }

    fn delete(&self, alias: &KeyAlias) -> Result<(), KeyError> {
        self.made.borrow_mut().remove(alias.as_str());
        Ok(())
    }
}

#[test]
fn a14_an_account_is_planned_then_keyed_then_sent_and_each_step_lasts() {
    let (place, mut companion) = Place::new();
    let id = companion
        .add_work(&invitation(), &new(KeyPlace::Software), NOW)
        .unwrap();
    assert_eq!(next(&companion, NOW), NextAction::MakeKeys { account: id });
    drop(companion);
    let mut companion = place.unlock();
    assert_eq!(next(&companion, NOW), NextAction::MakeKeys { account: id });
    companion.make_keys(id, &NoDeviceKeys, NOW).unwrap();
    let again = companion.make_keys(id, &NoDeviceKeys, NOW);
    assert_eq!(again, Err(ApprovalError::NothingToSend));
    let send = NextAction::Send {
        account: id,
        lane: Lane::Say,
    };
    assert_eq!(next(&companion, NOW), send);
    let outgoing = companion
        .prepare(id, Lane::Say, Attention::Waiting, &NoDeviceKeys, NOW)
        .unwrap();
    assert_eq!(outgoing.url, "https://login.example.org/v1/enrolments");
    // One at a time on a lane.
    assert_eq!(next(&companion, NOW), NextAction::Nothing);
    let lost = Reply::Unreachable(Unreachable::NoConnection);
    let events = companion.take_reply(&outgoing.errand, &lost, NOW).unwrap();
    assert!(events.is_empty());
    let at = NOW.plus(1);
    assert_eq!(next(&companion, NOW), NextAction::WaitUntil { at });
    drop(companion);
    let mut companion = place.unlock();
    assert_eq!(
        companion.work_accounts(NOW)[0].standing,
        Standing::Enrolling
    );
    assert_eq!(companion.work_accounts(NOW)[0].unreachable_since, Some(NOW));
    let again = companion
        .prepare(id, Lane::Say, Attention::Waiting, &NoDeviceKeys, NOW)
        .unwrap();
    assert_eq!(again.body, outgoing.body);
}

#[test]
fn a_key_that_was_not_made_stores_nothing_and_can_be_made_again() {
    let (_place, mut companion) = Place::new();
    let id = companion
        .add_work(&invitation(), &new(KeyPlace::Platform), NOW)
        .unwrap();
    for error in [
        KeyError::Cancelled,
        KeyError::Failed,
        KeyError::LockedOut,
        KeyError::NotAvailable,
    ] {
        let names = Names {
            refuses: Some(error),
            ..Names::default()
        };
        let made = companion.make_keys(id, &names, NOW);
        assert_eq!(made, Err(ApprovalError::Key(error)));
        assert_eq!(companion.work_accounts(NOW)[0].standing, Standing::Planned);
        // Whoever does what comes next asks nobody again and again.
        assert_eq!(next(&companion, NOW), NextAction::Nothing);
        companion.try_at_once();
        assert_eq!(next(&companion, NOW), NextAction::MakeKeys { account: id });
    }
}

#[test]
fn keys_that_cannot_be_deleted_hold_nobody_up() {
    let (_place, mut companion) = Place::new();
    let ids = ["1234567890123456", "2234567890123456"].map(|code| {
        let new = new(KeyPlace::Platform);
        companion.add_work(&invited(code), &new, NOW).unwrap()
    });
    companion.leave(ids[0], NOW).unwrap();
    companion.leave(ids[1], NOW).unwrap();
    let mut asked = vec![];
    while let NextAction::RemoveKeys { account } = next(&companion, NOW) {
        let removed = companion.remove_keys(account, &NoDeviceKeys, NOW);
        assert_eq!(removed, Err(ApprovalError::Key(KeyError::NotAvailable)));
        asked.push(account);
        assert!(asked.len() <= 2, "the same again and again");
    }
    asked.sort();
    let mut expected = ids;
    expected.sort();
    assert_eq!(asked, expected);
    companion.try_at_once();
    assert!(matches!(
        next(&companion, NOW),
        NextAction::RemoveKeys { .. }
    ));
}

#[test]
fn an_account_that_leaves_is_not_taken_out_of_the_trash() {
    let (_place, mut companion) = Place::new();
    let id = companion
        .add_work(&invitation(), &new(KeyPlace::Software), NOW)
        .unwrap();
    companion.trash_work(id, NOW).unwrap();
    companion.leave(id, NOW).unwrap();
    let restored = companion.restore_work(id, NOW);
    assert_eq!(restored, Err(ApprovalError::NoSuchAccount));
}

#[test]
fn k5_a_work_account_in_the_trash_is_mute_and_leaves_when_its_time_is_over() {
    let (place, mut companion) = Place::new();
    let id = companion
        .add_work(&invitation(), &new(KeyPlace::Software), NOW)
        .unwrap();
    companion.trash_work(id, NOW).unwrap();
    assert_eq!(companion.trash_work(id, NOW), Err(ApprovalError::InTrash));
    assert_eq!(next(&companion, NOW), NextAction::Nothing);
    assert_eq!(companion.work_accounts(NOW)[0].trashed_at, Some(NOW));
    companion.restore_work(id, NOW).unwrap();
    assert_eq!(next(&companion, NOW), NextAction::MakeKeys { account: id });
    assert_eq!(
        companion.restore_work(id, NOW),
        Err(ApprovalError::NoSuchAccount)
    );
    companion.trash_work(id, NOW).unwrap();
    let over = NOW.plus(TRASH_DAYS * DAY_S);
    assert_eq!(companion.purge_expired(UnixSeconds(over.0 - 1)), Ok(0));
    assert_eq!(companion.purge_expired(over), Ok(1));
    assert_eq!(companion.purge_expired(over), Ok(0));
    // No server knows of it: what is left is to delete its keys and the entry.
    assert_eq!(
        next(&companion, over),
        NextAction::RemoveKeys { account: id }
    );
    companion.remove_keys(id, &NoDeviceKeys, over).unwrap();
    assert!(companion.work_accounts(over).is_empty());
    drop(companion);
    assert!(place.unlock().work_accounts(over).is_empty());
}

#[test]
fn a_clock_far_ahead_makes_no_account_leave_at_once() {
    let (_place, mut companion) = Place::new();
    let id = companion
        .add_work(&invitation(), &new(KeyPlace::Software), NOW)
        .unwrap();
    companion.trash_work(id, NOW).unwrap();
    let ahead = NOW.plus(400 * DAY_S);
    assert_eq!(companion.purge_expired(ahead), Ok(0));
    assert_eq!(companion.purge_expired(ahead.plus(DAY_S - 1)), Ok(0));
    assert_eq!(companion.purge_expired(ahead.plus(DAY_S)), Ok(1));
}

#[test]
fn a14_an_invitation_that_is_taken_again_goes_on_with_what_it_began() {
    let (place, mut companion) = Place::new();
    let new = new(KeyPlace::Software);
    let id = companion.add_work(&invitation(), &new, NOW).unwrap();
    assert_eq!(companion.add_work(&invitation(), &new, NOW), Ok(id));
    companion.make_keys(id, &NoDeviceKeys, NOW).unwrap();
    drop(companion);
    let mut companion = place.unlock();
    assert_eq!(companion.add_work(&invitation(), &new, NOW), Ok(id));
    assert_eq!(companion.work_accounts(NOW).len(), 1);
    // Other digits, or another server, are another invitation.
    let other = invited("1234567890123457");
    assert_ne!(companion.add_work(&other, &new, NOW), Ok(id));
    let elsewhere =
        parse_code_and_url("1234567890123456", "https://b.example", TestMode::Off).unwrap();
    assert_ne!(companion.add_work(&elsewhere, &new, NOW), Ok(id));
    // What is in the trash is not taken out by it.
    companion.trash_work(id, NOW).unwrap();
    assert_ne!(companion.add_work(&invitation(), &new, NOW), Ok(id));
}

#[test]
fn each_try_at_keys_has_names_of_its_own_and_deletes_what_the_last_left() {
    let (_place, mut companion) = Place::new();
    let id = companion
        .add_work(&invitation(), &new(KeyPlace::Platform), NOW)
        .unwrap();
    let names = Names::default();
    let mut seen = BTreeSet::new();
    for _ in 0..40 {
        let _ = companion.make_keys(id, &names, NOW);
        assert_eq!(names.made.borrow().len(), 1);
        seen.extend(names.made.borrow().iter().cloned());
    }
    assert_eq!(seen.len(), 40);
    companion.leave(id, NOW).unwrap();
    companion.remove_keys(id, &names, NOW).unwrap();
    assert!(names.made.borrow().is_empty());
}

#[test]
fn keys_that_are_still_needed_are_not_deleted() {
    let (_place, mut companion) = Place::new();
    let id = companion
        .add_work(&invitation(), &new(KeyPlace::Platform), NOW)
        .unwrap();
    let names = Names::default();
    let _ = companion.make_keys(id, &names, NOW);
    assert_eq!(names.made.borrow().len(), 1);
    let removed = companion.remove_keys(id, &names, NOW);
    assert_eq!(removed, Err(ApprovalError::NotActive));
    companion.leave(id, NOW).unwrap();
    companion.remove_keys(id, &names, NOW).unwrap();
    assert!(names.made.borrow().is_empty());
    assert!(companion.work_accounts(NOW).is_empty());
}

#[test]
fn what_is_not_there_has_a_name() {
    let (_place, mut companion) = Place::new();
    let id = RecordId::from_bytes([1; 16]);
    let statement = crate::approval::StatementId::from_bytes([1; 16]);
    let none = Err(ApprovalError::NoSuchAccount);
    assert_eq!(companion.leave(id, NOW), none);
    assert_eq!(companion.make_keys(id, &NoDeviceKeys, NOW), none);
    assert_eq!(companion.begin_move(id, NOW), none);
    assert_eq!(
        companion.disclosure(id).err(),
        Some(ApprovalError::NoSuchAccount)
    );
    let deny = crate::approval::Decision::Deny;
    let decided = companion.decide(statement, &deny, &NoDeviceKeys, NOW);
    assert_eq!(decided, Err(ApprovalError::NoSuchStatement));
    assert_eq!(companion.take_bell("x", NOW), Ok(false));
    let replaces = NewWork {
        replaces: Some(id),
        ..new(KeyPlace::Software)
    };
    let added = companion.add_work(&invitation(), &replaces, NOW);
    assert_eq!(added, Err(ApprovalError::NoSuchAccount));
    let generation = companion.status().unwrap().generation;
    assert_eq!(
        companion.take_bell("AAAAAAAAAAAAAAAAAAAAAA", NOW),
        Ok(false)
    );
    // A wrong bell writes nothing.
    assert_eq!(companion.status().unwrap().generation, generation);
}
