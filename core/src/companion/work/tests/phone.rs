//! One phone: its desk, its shell's loop, and its clock, which may be wrong by a day.

use countersign_protocol::envelope::Received;
use countersign_protocol::hash::Thumbprint;
use countersign_protocol::kind::Kind;

use super::super::desk::{Desk as _, Done};
use super::super::driving::{self, InFlight};
use super::desk::{MemoryDesk, Seeded};
use super::network::{Request, Response};
use crate::approval::{
    ApprovalError, Attention, Decision, Errand, Event, KeyPlace, NewWork, NextAction, Reply,
    StatementId, StatementView, Unreachable, WorkAccount, WorkView, plan,
};
use crate::device::NoDeviceKeys;
use crate::time::UnixSeconds;
use crate::uri::invitation::Invitation;
use crate::vault::RecordId;

pub(super) struct Phone {
    pub(super) number: usize,
    pub(super) desk: MemoryDesk,
    in_flight: InFlight,
    /// What its clock is ahead of the true time.
    pub(super) ahead_s: i64,
    /// Requests that its shell waits for.
    waiting: Vec<Errand>,
    accounts: u8,
}

impl Phone {
    pub(super) fn new(number: usize, ahead_s: i64, entropy: Seeded) -> Self {
        Self {
            number,
            desk: MemoryDesk::new(entropy),
            in_flight: InFlight::default(),
            ahead_s,
            waiting: vec![],
            accounts: 0,
        }
    }

    /// Another phone with the same content, started anew.
    pub(super) fn copy(&self) -> Self {
        let mut desk = self.desk.clone();
        desk.entropy = desk.entropy.fork();
        Self {
            desk,
            accounts: self.accounts,
            ..Self::new(self.number, self.ahead_s, self.desk.entropy.fork())
        }
    }

    pub(super) fn clock(&self, true_s: u64) -> UnixSeconds {
        UnixSeconds(true_s.checked_add_signed(self.ahead_s).unwrap())
    }

    /// Killed, and started from what is stored.
    pub(super) fn restart(&mut self) {
        self.in_flight = InFlight::default();
        self.waiting.clear();
    }

    /// Stores that an invitation is to become an account.
    pub(super) fn add(&mut self, invitation: &Invitation, replaces: Option<RecordId>) -> RecordId {
        self.accounts += 1;
        let name = format!("phone {}, {}", self.number, self.accounts);
        let new = NewWork {
            device_name: &name,
            platform: "android",
            app: "countersign 1",
            keys: KeyPlace::Software,
            replaces,
        };
        let mut id = [self.accounts; 16];
        id[0] = u8::try_from(self.number).unwrap();
        let id = RecordId::from_bytes(id);
        let earlier = replaces.map(|earlier| self.desk.load(earlier).unwrap());
        let account = plan(id, invitation, &new, earlier.as_ref(), &self.desk.entropy).unwrap();
        self.desk.put(&account);
        id
    }

    /// What its shell does next; what is to be sent is returned.
    pub(super) fn act(&mut self, true_s: u64) -> Acted {
        let now = self.clock(true_s);
        let attention = Attention::Waiting;
        match driving::next_action(&self.desk, &self.in_flight, attention, now) {
            NextAction::MakeKeys { account } => {
                let planned = self.desk.load(account).unwrap();
                let made = planned
                    .work
                    .make_keys(&NoDeviceKeys, &self.desk.entropy, now);
                let made = planned.with_work(&made.unwrap().0).unwrap();
                self.desk.put(&made);
                Acted::ByItself
            }
            NextAction::RemoveKeys { account } => {
                self.desk.remove(account);
                Acted::ByItself
            }
            NextAction::Send { account, lane } => {
                let (desk, in_flight) = (&mut self.desk, &mut self.in_flight);
                let lane = (account, lane);
                let keys = &NoDeviceKeys;
                let prepared = driving::prepare(desk, in_flight, lane, attention, keys, now);
                let outgoing = prepared.unwrap();
                self.waiting.push(outgoing.errand.clone());
                Acted::Sends(Request::new(self.number, outgoing))
            }
            NextAction::WaitUntil { at } => Acted::Waits(at.since(now)),
            NextAction::Nothing => Acted::Nothing,
        }
    }

    fn take(&mut self, errand: &Errand, reply: &Reply, true_s: u64) -> Vec<Event> {
        let now = self.clock(true_s);
        let (desk, in_flight) = (&mut self.desk, &mut self.in_flight);
        driving::take_reply(desk, in_flight, errand, reply, now).unwrap()
    }

    /// A response came; one that nobody waits for is dropped.
    pub(super) fn hear(&mut self, response: &Response, true_s: u64) -> Vec<Event> {
        let waiting = self.waiting.iter();
        let Some(index) = waiting.clone().position(|one| *one == response.errand) else {
            return vec![];
        };
        let errand = self.waiting.remove(index);
        self.take(&errand, &response.reply(), true_s)
    }

    /// Nothing came back for what it waits for.
    pub(super) fn time_out(&mut self, true_s: u64) {
        for errand in std::mem::take(&mut self.waiting) {
            self.take(&errand, &Reply::Unreachable(Unreachable::TimedOut), true_s);
        }
    }

    pub(super) fn change(
        &mut self,
        id: RecordId,
        step: impl FnOnce(&mut WorkAccount) -> Result<(), ApprovalError>,
        true_s: u64,
    ) -> Result<(), ApprovalError> {
        let now = self.clock(true_s);
        self.desk.change(id, now, |account| {
            step(account)?;
            Ok(Done::stored(()))
        })?;
        self.in_flight.forget_declined(id);
        Ok(())
    }

    pub(super) fn decide(
        &mut self,
        id: StatementId,
        decision: &Decision,
        true_s: u64,
    ) -> Result<(), ApprovalError> {
        let now = self.clock(true_s);
        let (desk, in_flight) = (&mut self.desk, &mut self.in_flight);
        driving::decide(desk, in_flight, id, decision, &NoDeviceKeys, now)
    }

    /// Accounts that are not superseded, in the order in which they were added.
    pub(super) fn accounts(&self) -> Vec<WorkAccount> {
        let mut accounts = self.desk.all().unwrap();
        accounts.retain(|account| !account.is_superseded);
        accounts
    }

    /// The last account that was added and is there.
    pub(super) fn newest(&self) -> Option<WorkAccount> {
        self.accounts().pop()
    }

    pub(super) fn view(&self, id: RecordId, true_s: u64) -> WorkView {
        self.desk.load(id).unwrap().view(self.clock(true_s))
    }

    pub(super) fn statements(&self, true_s: u64) -> Vec<StatementView> {
        let now = self.clock(true_s);
        let accounts = self.accounts().into_iter();
        let mut statements: Vec<_> = accounts
            .flat_map(|account| account.statements(now))
            .collect();
        statements.sort_by_key(|statement| (statement.received_at, statement.id));
        statements
    }
}

/// What a phone's shell did.
pub(super) enum Acted {
    Sends(Request),
    /// Something that needs nobody else.
    ByItself,
    /// Nothing for so many seconds.
    Waits(u64),
    Nothing,
}

/// The device that a message is from, by its key.
pub(super) fn key_of(kind: Kind, body: &str) -> Thumbprint {
    Received::parse(kind, body).unwrap().key_id()
}
