//! Every single message lost, answered and not heard, or repeated, and both ends killed around it, at each step of enrolment,
//! confirmation, test, answer, key rotation and move: what was begun is finished all the same, and once.

use countersign_protocol::message::Outcome as Said;
use countersign_verifier::step::Parked;

use super::network::{Packet, Request};
use super::person::{How, Says};
use super::phone::Acted;
use super::world::World;
use crate::approval::{MoveAsk, Standing};

/// What happens to one message.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It never reaches the server.
    RequestLost,
    /// What it did was done, and nobody is told.
    ReplyLost,
    /// It comes twice, and the first answer is heard.
    Repeated,
    /// It comes twice, and the answer to the second time is heard.
    RepeatedReply,
    /// The phone is killed after it was sent.
    PhoneKilled,
    /// The phone is killed once it has stored what came back.
    PhoneKilledAfter,
    /// The server is killed before it stores anything.
    ServerKilledBefore,
    /// The server is killed after it stored what was done.
    ServerKilledAfter,
    BothKilled,
}

const FAULTS: [Fault; 9] = [
    Fault::RequestLost,
    Fault::ReplyLost,
    Fault::Repeated,
    Fault::RepeatedReply,
    Fault::PhoneKilled,
    Fault::PhoneKilledAfter,
    Fault::ServerKilledBefore,
    Fault::ServerKilledAfter,
    Fault::BothKilled,
];

/// More messages than any story has.
const MESSAGES_MAX: usize = 200;

/// A story, told with a fault at one message or with none.
struct Telling {
    world: World,
    fault: Option<(usize, Fault)>,
    sent: usize,
    /// Fetches that the server holds.
    held: Vec<(Request, Parked)>,
}

impl Telling {
    fn hear(&mut self, request: Request, is_heard: bool) {
        match self.world.bring(request) {
            Packet::Parked(request, parked) => self.held.push((request, parked)),
            response if is_heard => self.world.deliver(response),
            _ => {}
        }
    }

    fn send(&mut self, request: Request) {
        let number = self.sent;
        self.sent += 1;
        let phone = request.phone;
        let fault = self
            .fault
            .filter(|(at, _)| *at == number)
            .map(|(_, fault)| fault);
        let Some(fault) = fault else {
            return self.hear(request, true);
        };
        match fault {
            Fault::RequestLost => {}
            Fault::ReplyLost => self.hear(request, false),
            Fault::Repeated => {
                self.hear(request.clone(), true);
                self.hear(request, true);
            }
            Fault::RepeatedReply => {
                self.hear(request.clone(), false);
                self.hear(request, true);
            }
            Fault::PhoneKilled => {
                self.world.phones[phone].restart();
                self.hear(request, true);
            }
            Fault::PhoneKilledAfter => {
                self.hear(request, true);
                self.world.phones[phone].restart();
            }
            Fault::ServerKilledBefore => self.world.server.restart(),
            Fault::ServerKilledAfter => {
                self.hear(request, false);
                self.world.server.restart();
            }
            Fault::BothKilled => {
                self.hear(request, false);
                self.world.server.restart();
                self.world.phones[phone].restart();
            }
        }
        self.world.phones[phone].time_out(self.world.now_s);
    }

    /// A phone goes on until it has nothing to do but to wait for news, and hears then that there are none.
    fn run(&mut self, phone: usize) {
        loop {
            assert!(self.sent < MESSAGES_MAX, "the story ends");
            match self.world.phones[phone].act(self.world.now_s) {
                Acted::Sends(request) => self.send(request),
                Acted::ByItself => {}
                Acted::Waits(wait_s) => self.world.now_s += wait_s,
                Acted::Nothing => break,
            }
        }
        for (request, parked) in std::mem::take(&mut self.held) {
            let reply = self.world.server.resume(&parked, true, self.world.now());
            self.world.drain(None, None);
            self.world.deliver(request.answered(reply));
        }
    }

    fn standing(&self, phone: usize) -> Standing {
        self.world.phones[phone].newest().unwrap().standing()
    }
}

/// Tells a story without a fault, and then with each fault at each of its messages.
fn with_each_fault(begin: &World, story: impl Fn(&mut Telling)) {
    let telling = |fault| Telling {
        world: begin.copy(),
        fault,
        sent: 0,
        held: vec![],
    };
    let mut whole = telling(None);
    story(&mut whole);
    assert!(whole.sent > 0);
    for at in 0..whole.sent {
        for fault in FAULTS {
            println!("{fault:?} at message {at}");
            let mut disturbed = telling(Some((at, fault)));
            story(&mut disturbed);
            disturbed.world.come_to_rest();
            disturbed.world.agree();
        }
    }
}

fn add(telling: &mut Telling, how: How) {
    telling.world.invite(0, how, false);
    telling.run(0);
    assert_eq!(telling.standing(0), Standing::Unconfirmed);
    telling.world.confirm(true);
    telling.run(0);
    assert_eq!(telling.standing(0), Standing::Confirmed);
    assert!(telling.world.decide(0, 0, Says::Yes));
    telling.run(0);
    assert_eq!(telling.standing(0), Standing::Active);
    assert_eq!(telling.world.oracle.active.len(), 1);
}

fn end_of_last(telling: &Telling) -> Option<Said> {
    let last = telling.world.oracle.asked.last().unwrap();
    last.end.as_ref().map(|end| end.outcome)
}

#[test]
fn every_message_of_enrolment_confirmation_and_test_may_fail_after_a_scan() {
    with_each_fault(&World::new(), |telling| add(telling, How::Scanned));
}

#[test]
fn every_message_of_enrolment_confirmation_and_test_may_fail_after_a_typed_code() {
    with_each_fault(&World::new(), |telling| add(telling, How::Typed));
}

#[test]
fn every_message_of_an_answer_may_fail() {
    with_each_fault(&World::with_two_phones(), |telling| {
        telling.world.ask();
        telling.run(0);
        assert!(telling.world.decide(0, 0, Says::Wrong(0)));
        telling.run(0);
        let asked = telling.world.oracle.asked.last().unwrap();
        assert_eq!(asked.wrong_count(), 1, "counted once");
        assert!(telling.world.decide(0, 0, Says::Yes));
        telling.run(0);
        assert_eq!(end_of_last(telling), Some(Said::Approved));
    });
}

#[test]
fn every_message_of_a_denial_and_of_a_late_report_may_fail() {
    with_each_fault(&World::with_two_phones(), |telling| {
        telling.world.ask();
        telling.run(0);
        telling.run(1);
        assert!(telling.world.decide(0, 0, Says::Deny));
        telling.run(0);
        telling.run(1);
        // The sign-in was denied on one phone, and the other one knows more.
        let views = telling.world.statements(1).len();
        assert!(telling.world.decide(1, views - 1, Says::Report));
        telling.run(1);
        assert_eq!(end_of_last(telling), Some(Said::Denied));
        assert_eq!(telling.world.oracle.seen.0.get("report"), Some(&1));
    });
}

#[test]
fn every_message_around_a_key_rotation_may_fail() {
    with_each_fault(&World::with_two_phones(), |telling| {
        telling.world.ask();
        telling.run(0);
        telling.world.server.rotate(telling.world.now());
        assert!(telling.world.decide(0, 0, Says::Wrong(0)));
        telling.run(0);
        // The other phone hears of both the statement and the key only now.
        telling.run(1);
        telling.world.now_s += 1;
        telling.world.ask();
        telling.run(0);
        telling.run(1);
        assert!(telling.world.decide(0, 0, Says::Yes));
        telling.run(0);
        assert!(telling.world.decide(1, 1, Says::Yes));
        telling.run(1);
        telling.run(0);
        let ended = telling.world.oracle.asked.iter().rev().take(2);
        for asked in ended {
            let end = asked.end.as_ref().map(|end| end.outcome);
            assert_eq!(end, Some(Said::Approved));
        }
        let unknown = telling.world.oracle.seen.0.get("unknown_key");
        assert_eq!(unknown, None, "nothing that the server signs is refused");
    });
}

#[test]
fn every_message_of_a_move_may_fail() {
    with_each_fault(&World::with_two_phones(), |telling| {
        telling.world.move_on(0, &MoveAsk::Begin);
        telling.run(0);
        telling.world.follow(0, 2);
        telling.run(2);
        telling.world.confirm_move(0, 2, true);
        telling.run(0);
        telling.run(2);
        assert!(telling.world.decide(2, 0, Says::Yes));
        telling.run(2);
        telling.run(0);
        assert_eq!(telling.standing(2), Standing::Active);
        assert!(matches!(telling.standing(0), Standing::Moved { .. }));
        assert_eq!(telling.world.oracle.active.len(), 2);
    });
}

#[test]
fn every_message_of_leaving_may_fail() {
    with_each_fault(&World::with_two_phones(), |telling| {
        telling.world.leave(0);
        telling.run(0);
        assert!(telling.world.phones[0].accounts().is_empty());
        assert_eq!(telling.world.oracle.active.len(), 1);
    });
}
