//! Random schedules of phones, pages and time, with messages that are lost and repeated: what must always hold, holds.

use std::collections::BTreeMap;

use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Decision, MoveStep, Moving, Outcome, Standing};
use countersign_verifier::Person;
use countersign_verifier::person::{ACTIVE_MAX, StageView};
use countersign_verifier::reply::Reply;
use countersign_verifier::step::{AskedStatement, Invite, Withdraw};
use countersign_verifier::store::Store as _;

use crate::phone::{Known, Phone, approve, approve_wrongly};
use crate::world::World;

/// Schedules of an ordinary run.
const SCHEDULES: u64 = 40;
const STEPS: usize = 100;

/// splitmix64: the seed of a schedule repeats it.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        match all.len() {
            0 => None,
            count => all.get(self.below(count)),
        }
    }
}

struct Run {
    world: World,
    chance: Chance,
    phones: Vec<Phone>,
    asked: Vec<AskedStatement>,
    invitations: Vec<Known>,
    /// The phone that was last shown an invitation of its own.
    mover: Option<usize>,
    /// The invitation of the move that was last seen.
    moving: Option<Id>,
    /// Everything that a phone ever sent, to be repeated.
    sent: Vec<(Kind, Compact)>,
    /// The end of each statement, when it was first seen.
    ends: BTreeMap<Id, Outcome>,
    approvals_with_the_number: Vec<Id>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let world = World::new();
        let phones = vec![world.phone("first"), world.phone("second")];
        Self {
            world,
            chance: Chance(seed),
            phones,
            asked: vec![],
            invitations: vec![],
            mover: None,
            moving: None,
            sent: vec![],
            ends: BTreeMap::new(),
            approvals_with_the_number: vec![],
        }
    }

    /// Sends it; one in four replies is lost, and what was sent may come again at any time.
    fn send(&mut self, kind: Kind, message: Compact) -> Option<Reply> {
        let reply = self.world.send(kind, &message);
        self.sent.push((kind, message));
        (self.chance.below(4) > 0).then_some(reply)
    }

    fn phone(&mut self) -> Option<usize> {
        // Half of the time one of the newest: those are in the middle of something.
        let count = self.phones.len();
        let from = self.chance.below(2) * count.saturating_sub(2);
        (count > 0).then(|| from + self.chance.below(count - from))
    }

    fn step(&mut self) {
        match self.chance.below(15) {
            0 => self.invite(),
            1 | 2 => self.enrol(),
            3..=5 => self.fetch(),
            6 => self.confirm(),
            7 => self.ask(),
            8 | 9 => self.answer(),
            10 => self.repeat(),
            11 | 12 => self.move_on(),
            13 => {
                let seconds = [1, 1, 10, 10, 30, 30, 119, 600];
                self.world.pass_s(*self.chance.one_of(&seconds).unwrap());
            }
            _ => self.leave_or_withdraw(),
        }
    }

    fn invite(&mut self) {
        if let Ok(invited) = self.world.take(&Invite::default()) {
            self.invitations.push(Known::by_link(&invited.link));
        }
    }

    fn enrol(&mut self) {
        let recent = self.invitations.len().saturating_sub(2);
        let Some(known) = self.chance.one_of(&self.invitations[recent..]).cloned() else {
            return self.invite();
        };
        let phone = Phone::new(&format!("phone {}", self.phones.len()));
        let enrol = phone.enrol(&known, self.world.now());
        self.send(Kind::Enrol, enrol.clone());
        // A phone whose reply was lost sends the same bytes again until it has one.
        if let Reply::Account(reply) = self.world.send(Kind::Enrol, &enrol) {
            phone.keep(&enrol, &reply, known.pinned.as_ref());
            self.phones.push(phone);
        }
    }

    fn fetch(&mut self) {
        let Some(index) = self.phone() else { return };
        let phone = &self.phones[index];
        let mut fetch = phone.fetching(self.world.now());
        fetch.reveal = Some(phone.nonce());
        fetch.open = self
            .asked
            .iter()
            .rev()
            .take(16)
            .map(|asked| asked.id)
            .collect();
        let request = phone.fetch(&fetch);
        let Some(Reply::State(reply)) = self.send(Kind::Fetch, request.clone()) else {
            return;
        };
        let phone = &self.phones[index];
        let state = phone.state(&request, &reply);
        if let Some(Moving::Invited { id, invitation, .. }) = &state.moving {
            self.moving = Some(*id);
            self.invitations.push(Known::by_link(invitation));
            self.mover = Some(index);
        }
        if state.standing == Standing::Confirmed
            && let Some(test) = state.statements.first()
        {
            let number = self.world.outcome(&phone.statement(test).id).number;
            let answer = phone.answer(test, approve(&number), self.world.now());
            self.send(Kind::Answer, answer);
        }
    }

    fn confirm(&mut self) {
        let Some(index) = self.phone() else { return };
        let phone = &self.phones[index];
        let device = phone.id();
        let number = phone.check();
        let _ = self
            .world
            .take(&countersign_verifier::step::TypeNumber { device, number });
    }

    fn ask(&mut self) {
        if let Ok(asked) = self.world.try_ask() {
            self.asked.push(asked);
        }
    }

    fn answer(&mut self) {
        let Some(index) = self.phone() else { return };
        let Some(asked) = self.chance.one_of(&self.asked).cloned() else {
            return;
        };
        let right = self.chance.below(2) == 0;
        let by = u32::try_from(self.chance.below(999)).unwrap() + 1;
        let decision = match self.chance.below(24) {
            0..=2 => Decision::Deny,
            3 => Decision::Report,
            4..=6 => Decision::Cancel,
            _ if right => approve(&asked.number),
            _ => approve_wrongly(&asked.number, by),
        };
        let phone = &self.phones[index];
        let knows = phone.account().keys.iter().any(|key| {
            let received = countersign_protocol::envelope::Received::parse(
                Kind::Statement,
                asked.message.as_str(),
            );
            received.unwrap().key_id() == key.thumbprint()
        });
        // A phone that a statement does not address does not read it.
        let is_its = self.addressed(&asked, &phone.id());
        if !knows || !is_its {
            return;
        }
        if decision == approve(&asked.number) {
            self.approvals_with_the_number.push(asked.id);
        }
        let answer = phone.answer(&asked.message, decision, self.world.now());
        self.send(Kind::Answer, answer);
    }

    fn addressed(&self, asked: &AskedStatement, phone: &Thumbprint) -> bool {
        let claims = asked.message.as_str().split('.').nth(1).unwrap();
        let claims = countersign_protocol::base64url::parse(claims).unwrap();
        String::from_utf8(claims).unwrap().contains(&phone.format())
    }

    fn repeat(&mut self) {
        if let Some((kind, message)) = self.chance.one_of(&self.sent) {
            self.world.send(*kind, message);
        }
    }

    fn move_on(&mut self) {
        let mover = self.mover.filter(|_| self.chance.below(4) > 0);
        let Some(index) = mover.or_else(|| self.phone()) else {
            return;
        };
        let newest = self.phones.last().map(Phone::check);
        let step = match (self.chance.below(6), self.moving, newest) {
            (0, Some(invitation), _) => MoveStep::Abort { invitation },
            (3.., Some(invitation), Some(check)) => MoveStep::Confirm { invitation, check },
            _ => MoveStep::Start,
        };
        let message = self.phones[index].step(step, self.world.now());
        self.send(Kind::Move, message);
    }

    fn leave_or_withdraw(&mut self) {
        if self.chance.below(6) == 0 {
            let Some(index) = self.phone() else { return };
            let message = self.phones[index].leave(self.world.now());
            self.send(Kind::Leave, message);
        } else if let Some(asked) = self.chance.one_of(&self.asked) {
            self.world.take(&Withdraw {
                statement: asked.id,
            });
        }
    }

    /// What must hold after every step.
    fn check(&mut self) {
        let person = self.world.person();
        let active = person
            .devices()
            .into_iter()
            .filter(|device| matches!(device.stage, StageView::Active { .. }));
        assert!(active.count() <= ACTIVE_MAX);
        for asked in &self.asked {
            let Some(view) = person.statement_view(&asked.id) else {
                continue;
            };
            // One end a statement: it is never another one later.
            if let Some(outcome) = view.outcome {
                let first = *self.ends.entry(asked.id).or_insert(outcome);
                assert_eq!(outcome, first);
            } else {
                assert!(!self.ends.contains_key(&asked.id));
            }
            if view.outcome == Some(Outcome::Approved) {
                assert!(self.approvals_with_the_number.contains(&asked.id));
            }
        }
        // What is stored is what is loaded, and everything in it is found.
        let stored = self.world.verifier.store().load(&self.world.account);
        let stored = stored.unwrap().unwrap();
        let loaded = Person::decode(stored.version, &stored.document).unwrap();
        assert!(loaded.encode() == stored.document);
        for index in loaded.indexes() {
            let found = self.world.verifier.find(&index).unwrap();
            assert_eq!(found, Some(self.world.account), "{index:?}");
        }
    }

    /// In the end every phone learns how it stands, and it is how the server sees it.
    fn finish(&self) {
        let devices = self.world.person().devices();
        for phone in &self.phones {
            let state = self.world.fetch_as(phone, |fetch| {
                fetch.reveal = Some(phone.nonce());
            });
            let device = devices
                .iter()
                .find(|device| device.id == phone.id())
                .unwrap();
            let agrees = match &device.stage {
                StageView::Unconfirmed { .. } => state.standing == Standing::Unconfirmed,
                StageView::Confirmed { .. } => state.standing == Standing::Confirmed,
                StageView::Active { .. } => {
                    matches!(
                        state.standing,
                        Standing::Active | Standing::Suspended { .. }
                    )
                }
                StageView::Moved { .. } => matches!(state.standing, Standing::Moved { .. }),
                StageView::Removed { why, .. } => state.standing == Standing::Removed { why: *why },
            };
            assert!(agrees, "{:?} {:?}", device.stage, state.standing);
        }
    }
}

#[test]
fn whatever_comes_in_whatever_order_the_server_keeps_its_promises() {
    let mut approved = 0;
    let mut moved = 0;
    for seed in 0..SCHEDULES {
        println!("seed {seed}");
        let mut run = Run::new(seed);
        for _ in 0..STEPS {
            run.step();
            run.check();
        }
        run.finish();
        let ends = run.ends.values();
        approved += ends.filter(|end| **end == Outcome::Approved).count();
        moved += run
            .world
            .words()
            .iter()
            .filter(|word| **word == "moved")
            .count();
    }
    // The schedules come to something.
    println!("{approved} approvals, {moved} moves");
    assert!(approved > 10 && moved > 0);
}
