use super::*;
use crate::work::request::tests::open_view;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

const fn id(n: u8) -> StatementId {
    StatementId::from_bytes([n; 16])
}

fn open(n: u8) -> StatementView {
    StatementView {
        id: id(n),
        received_at: NOW,
        expires_at: NOW.plus(120),
        ..open_view()
    }
}

fn answered(n: u8) -> StatementView {
    StatementView {
        cannot_approve: Some(CannotApprove::Answered),
        ..open(n)
    }
}

/// A look at what is open, with a server that answers; whose turn it is then.
fn look(queue: &mut Queue, open: &[StatementView]) -> Option<u8> {
    look_at(queue, open, NOW, false)
}

fn look_at(
    queue: &mut Queue,
    open: &[StatementView],
    now: UnixSeconds,
    is_silent: bool,
) -> Option<u8> {
    queue.take_ended(open);
    for view in open {
        queue.follow(view);
    }
    queue.choose(open, now, |_| is_silent);
    queue.shown().map(|id| id.bytes()[0])
}

#[test]
fn r8_the_oldest_has_its_turn_and_a_newer_one_does_not_take_it() {
    let mut queue = Queue::new();
    assert_eq!(look(&mut queue, &[]), None);
    assert_eq!(look(&mut queue, &[open(2), open(3)]), Some(2));
    // One that came late may be older by its own time.
    assert_eq!(look(&mut queue, &[open(1), open(2), open(3)]), Some(2));
    assert_eq!(look(&mut queue, &[open(1), open(3)]), Some(1));
    assert_eq!(look(&mut queue, &[]), None);
}

#[test]
fn a_turn_is_said_once_with_those_that_wait_after_it() {
    let mut queue = Queue::new();
    let both = [open(1), open(2)];
    let next = |view, others| Choice::Next { view, others };
    assert_eq!(queue.choose(&[], NOW, |_| false), Choice::Same);
    assert_eq!(queue.choose(&both, NOW, |_| false), next(&both[0], 1));
    assert_eq!(queue.choose(&both, NOW, |_| false), Choice::Same);
    assert_eq!(
        queue.choose(&both[1..], NOW, |_| false),
        next(&both[1], 0),
        "the first has ended"
    );
    assert_eq!(queue.choose(&[], NOW, |_| false), Choice::Nobody);
    assert_eq!(queue.choose(&[], NOW, |_| false), Choice::Same);
}

#[test]
fn nobody_has_a_turn_while_an_answer_is_about_to_be_confirmed() {
    let mut queue = Queue::new();
    look(&mut queue, &[open(1), open(2)]);
    assert!(!queue.answered(id(2), NOW), "it was not its turn");
    assert!(queue.answered(id(1), NOW));
    let sent = [answered(1), open(2)];
    assert_eq!(look(&mut queue, &sent), None);
    let nearly = NOW.plus(CONFIRMED_WITHIN_S - 1);
    assert_eq!(look_at(&mut queue, &sent, nearly, false), None);
    assert!(queue.is_sent());
    let late = NOW.plus(CONFIRMED_WITHIN_S);
    assert_eq!(look_at(&mut queue, &sent, late, false), Some(2));
    assert!(!queue.is_sent());
}

#[test]
fn a_server_that_is_silent_keeps_nobody_from_the_next_request() {
    let mut queue = Queue::new();
    look(&mut queue, &[open(1), open(2)]);
    queue.answered(id(1), NOW);
    let sent = [answered(1), open(2)];
    assert_eq!(look_at(&mut queue, &sent, NOW, true), Some(2));
}

#[test]
fn a_confirmed_answer_gives_the_turn_away_and_a_wrong_number_gives_it_back() {
    let mut queue = Queue::new();
    look(&mut queue, &[open(1), open(2)]);
    queue.answered(id(1), NOW);
    assert_eq!(look(&mut queue, &[answered(1), open(2)]), None);
    let wrong = StatementView {
        tries_left: Some(2),
        ..open(1)
    };
    assert_eq!(queue.follow(&wrong), Change::Tries);
    assert_eq!(queue.follow(&wrong), Change::Nothing);
    assert_eq!(look(&mut queue, &[wrong, open(2)]), Some(1));
    queue.answered(id(1), NOW);
    assert_eq!(look(&mut queue, &[open(2)]), Some(2));
}

#[test]
fn r5_what_was_left_stays_open_and_comes_around_again() {
    let mut queue = Queue::new();
    let all = [open(1), open(2), open(3)];
    let mut seen = vec![];
    for _ in 0..7 {
        seen.extend(look(&mut queue, &all));
        queue.skip();
    }
    assert_eq!(seen, [1, 2, 3, 1, 2, 3, 1]);
    assert!(all.iter().all(|view| queue.has(view.id)));
}

#[test]
fn a_new_request_comes_before_those_that_were_left() {
    let mut queue = Queue::new();
    look(&mut queue, &[open(1), open(2)]);
    queue.skip();
    look(&mut queue, &[open(1), open(2)]);
    assert_eq!(look(&mut queue, &[open(1), open(3)]), Some(3));
}

#[test]
fn what_has_ended_is_told_once() {
    let mut queue = Queue::new();
    look(&mut queue, &[open(1), open(2)]);
    assert_eq!(queue.take_ended(&[open(2)]), [id(1)]);
    assert_eq!(queue.take_ended(&[open(2)]), []);
    assert!(!queue.has(id(1)) && queue.has(id(2)));
    assert_eq!(queue.take_ended(&[]), [id(2)]);
    assert!(!queue.has(id(2)));
}
