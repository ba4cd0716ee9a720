//! The end of every schedule: over a network that is fair both ends come to rest, and then they agree.

use countersign_protocol::hash::Thumbprint;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::Outcome as Said;
use countersign_verifier::person::StageView;
use countersign_verifier::step::{Parked, PassTime};

use super::network::{Packet, Request};
use super::oracle::{Asked, claims_of};
use super::person::{How, Says};
use super::phone::Acted;
use super::world::World;
use crate::approval::{Outcome, Standing, StatementView, WorkAccount};
use crate::time::UnixSeconds;

/// More than any invitation, move, statement or unfinished device lasts, in seconds.
const ALL_ENDS_S: u64 = 700;
/// Most things that a phone does until it rests.
const ACTS_MAX: usize = 120;
/// How often all phones are gone round.
const ROUNDS_MAX: usize = 30;

/// Fetches that the server holds.
type Held = Vec<(Request, Parked)>;

impl World {
    /// A person with two phones that work and a third that is empty.
    pub(super) fn with_two_phones() -> Self {
        let mut world = Self::new();
        for phone in 0..2 {
            world.invite(phone, How::Scanned, false);
            world.rest();
            world.confirm(true);
            world.rest();
            assert!(world.decide(phone, 0, Says::Yes));
            world.rest();
        }
        assert_eq!(world.oracle.active.len(), 2);
        world
    }

    /// Nothing is lost any more, until nobody has anything to do; then all that ends by itself ends, and the same again.
    pub(super) fn come_to_rest(&mut self) {
        self.rest();
        if self.is_over() {
            return;
        }
        self.now_s += ALL_ENDS_S;
        self.server.take(&PassTime, self.now());
        self.drain(None, None);
        self.rest();
    }

    /// Whether nothing is left that time alone would end.
    fn is_over(&self) -> bool {
        let is_over = |account: &WorkAccount| {
            let standing = account.standing();
            !standing.is_unfinished() && account.view(UnixSeconds(0)).moving.is_none()
        };
        let mut phones = self.phones.iter();
        let mut asked = self.oracle.asked.iter();
        asked.all(|asked| asked.end.is_some())
            && phones.all(|phone| phone.accounts().iter().all(is_over))
    }

    /// What is on its way is lost, and then nothing is, until every phone only waits.
    pub(super) fn rest(&mut self) {
        self.network.clear();
        for phone in &mut self.phones {
            phone.time_out(self.now_s);
        }
        let mut held = vec![];
        for _ in 0..ROUNDS_MAX {
            let mut is_quiet = true;
            for phone in 0..self.phones.len() {
                is_quiet &= !self.work_off(phone, &mut held);
            }
            for (request, parked) in std::mem::take(&mut held) {
                match self.look_again(request, &parked) {
                    Packet::Parked(request, parked) => held.push((request, parked)),
                    released => {
                        is_quiet = false;
                        self.deliver(released);
                    }
                }
            }
            if is_quiet {
                return self.let_go(held);
            }
        }
        panic!("both ends come to rest");
    }

    /// The time of what the server holds is over. Nobody learns anything by it.
    fn let_go(&mut self, held: Held) {
        for (request, parked) in held {
            let reply = self.server.resume(&parked, true, self.now());
            self.drain(None, None);
            let Packet::Response(response) = request.answered(reply) else {
                panic!("a fetch whose time is over is answered");
            };
            let said = claims_of(str::from_utf8(&response.body).unwrap());
            assert!(said.get("account").is_none(), "the document is the newest");
            self.deliver(Packet::Response(response));
        }
    }

    /// One phone does all that it has to do. True when it did anything but wait.
    fn work_off(&mut self, phone: usize, held: &mut Held) -> bool {
        let mut did = false;
        for _ in 0..ACTS_MAX {
            match self.phones[phone].act(self.now_s) {
                Acted::Sends(request) => match self.bring(request) {
                    Packet::Parked(request, parked) => {
                        assert_eq!(request.kind, Kind::Fetch);
                        held.push((request, parked));
                    }
                    response => {
                        did = true;
                        self.deliver(response);
                    }
                },
                Acted::ByItself => did = true,
                Acted::Waits(wait_s) => {
                    did = true;
                    self.now_s += wait_s;
                }
                Acted::Nothing => return did,
            }
        }
        panic!("a phone comes to rest");
    }

    /// Both ends say the same of each device and each statement.
    pub(super) fn agree(&mut self) {
        let keys: Vec<_> = self.known_keys().collect();
        for ((phone, account), key) in keys {
            let has_it = self.phones[phone].desk.stored(account).is_some();
            let device = self.server.device(&key, self.now());
            if !has_it {
                let stage = device.map(|device| device.stage);
                let is_over = matches!(
                    stage,
                    None | Some(StageView::Moved { .. } | StageView::Removed { .. })
                );
                assert!(
                    is_over,
                    "what a phone has forgotten works no longer: {stage:?}"
                );
                continue;
            }
            let standing = self.phones[phone].view(account, self.now_s).standing;
            self.agree_on_device(&key, &standing, device.map(|device| device.stage));
        }
        for phone in 0..self.phones.len() {
            for view in self.statements(phone) {
                let asked = self.asked_of(phone, &view).clone();
                self.agree_on_statement(phone, &view, &asked);
            }
        }
    }

    fn agree_on_device(&self, key: &Thumbprint, standing: &Standing, stage: Option<StageView>) {
        let suspension = self.server.person(self.now()).suspension();
        let is_active = self.oracle.active.contains(key);
        let agrees = match (standing, &stage) {
            (Standing::Failed { .. }, None) => true,
            (Standing::Active, Some(StageView::Active { .. })) => is_active && suspension.is_none(),
            (Standing::Suspended { .. }, Some(StageView::Active { .. })) => {
                is_active && suspension.is_some()
            }
            (Standing::Moved { .. }, Some(StageView::Moved { .. }))
            | (Standing::Removed { .. }, Some(StageView::Removed { .. })) => !is_active,
            _ => false,
        };
        assert!(
            agrees,
            "a phone stands {standing:?}, the server says {stage:?}"
        );
    }

    fn agree_on_statement(&self, phone: usize, view: &StatementView, asked: &Asked) {
        let outcome = view.outcome.clone().expect("what is over has an outcome");
        let end = asked.end.clone().expect("what is over has an end");
        let key = self.key(phone, view.account).unwrap();
        let is_own = end.device == Some(key);
        let has_left = !self.oracle.active.contains(&key);
        let agrees = match (&outcome, end.outcome) {
            (Outcome::Approved, Said::Approved)
            | (Outcome::Denied, Said::Denied)
            | (Outcome::Reported, Said::Reported)
            | (Outcome::Cancelled, Said::Cancelled) => is_own,
            (Outcome::Expired, Said::Expired) | (Outcome::Withdrawn, Said::Withdrawn) => true,
            (Outcome::Elsewhere { approved, .. }, said) => {
                let is_an_answer = matches!(
                    said,
                    Said::Approved | Said::Denied | Said::Reported | Said::Cancelled
                );
                !is_own && is_an_answer && *approved == (said == Said::Approved)
            }
            // A device that has gone is not asked any more, whatever others answer.
            (Outcome::Withdrawn, _) => has_left && !is_own,
            (Outcome::Unknown, _) => has_left,
            _ => false,
        };
        assert!(agrees, "a phone says {outcome:?}, the server says {end:?}");
    }
}
