//! What comes next where no vault is needed to say so.

use super::*;
use crate::approval::{self, KeyPlace, NewWork};
use crate::device::NoDeviceKeys;
use crate::entropy::{Entropy, SystemEntropy};
use crate::uri::TestMode;
use crate::uri::invitation::parse_code_and_url;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const ID: RecordId = RecordId::from_bytes([3; 16]);

/// A porch with one account, as its record.
struct OnePorch {
    body: Vec<u8>,
    entropy: SystemEntropy,
}

impl OnePorch {
    fn with(leaves: bool) -> Self {
        let entropy = SystemEntropy::new();
        let url = "https://login.example.org";
        let invitation = parse_code_and_url("1234567890123456", url, TestMode::Off).unwrap();
        let new = NewWork {
            device_name: "Phone",
            platform: "android",
            app: "countersign",
            keys: KeyPlace::Software,
            replaces: None,
        };
        let mut account = approval::plan(ID, &invitation, &new, None, &entropy).unwrap();
        if leaves {
            account.leave(NOW);
        } else {
            let made = account.work.make_keys(&NoDeviceKeys, &entropy, NOW);
            account = account.with_work(&made.unwrap().0).unwrap();
        }
        let body = account.encode(Kept::InTheVault).to_vec();
        Self { body, entropy }
    }
}

impl Desk for OnePorch {
    const KEPT: Kept = Kept::OnThePorch;

    fn all(&self) -> Result<Vec<WorkAccount>, ApprovalError> {
        self.load(ID).map(|account| vec![account])
    }

    fn load(&self, id: RecordId) -> Result<WorkAccount, ApprovalError> {
        WorkAccount::decode(id, &self.body)
    }

    fn change<R>(
        &mut self,
        id: RecordId,
        _now: UnixSeconds,
        step: impl FnOnce(&mut WorkAccount) -> Result<Done<R>, ApprovalError>,
    ) -> Result<R, ApprovalError> {
        let mut account = self.load(id)?;
        let done = step(&mut account)?;
        self.body = account.encode(Kept::InTheVault).to_vec();
        Ok(done.result)
    }

    fn entropy(&self) -> &dyn Entropy {
        &self.entropy
    }
}

#[test]
fn the_porch_deletes_no_keys_and_is_not_asked_to_for_ever() {
    let porch = OnePorch::with(true);
    assert!(porch.load(ID).unwrap().is_gone(NOW));
    let next = next_action(&porch, &InFlight::default(), Attention::Idle, NOW);
    assert_eq!(next, NextAction::Nothing);
}

#[test]
fn what_could_not_be_sent_for_want_of_anything_to_say_holds_up_nothing_later() {
    let mut porch = OnePorch::with(false);
    let mut in_flight = InFlight::default();
    let ask = (ID, Lane::Ask);
    let attention = Attention::Waiting;
    let prepared = prepare(
        &mut porch,
        &mut in_flight,
        ask,
        attention,
        &NoDeviceKeys,
        NOW,
    );
    assert_eq!(prepared.err(), Some(ApprovalError::NothingToSend));
    assert!(in_flight.is_free(ID, Lane::Ask));
    in_flight.decline(ID, Lane::Ask, ApprovalError::Key(KeyError::NotAvailable));
    assert!(!in_flight.is_free(ID, Lane::Ask));
    in_flight.try_at_once(ID);
    assert!(in_flight.is_free(ID, Lane::Ask));
}

#[test]
fn what_failed_is_tried_again_at_once_when_there_is_a_reason() {
    let mut porch = OnePorch::with(false);
    let mut in_flight = InFlight::default();
    let say = (ID, Lane::Say);
    let attention = Attention::Waiting;
    let outgoing = prepare(
        &mut porch,
        &mut in_flight,
        say,
        attention,
        &NoDeviceKeys,
        NOW,
    );
    let errand = outgoing.unwrap().errand;
    let lost = Reply::Unreachable(crate::approval::Unreachable::NoConnection);
    take_reply(&mut porch, &mut in_flight, &errand, &lost, NOW).unwrap();
    let at = NOW.plus(1);
    let next = |in_flight: &InFlight| next_action(&porch, in_flight, attention, NOW);
    assert_eq!(next(&in_flight), NextAction::WaitUntil { at });
    in_flight.try_at_once(ID);
    let send = NextAction::Send {
        account: ID,
        lane: Lane::Say,
    };
    assert_eq!(next(&in_flight), send);
}
