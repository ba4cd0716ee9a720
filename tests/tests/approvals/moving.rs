//! Scenarios K8–K10: a new phone takes over, and a restored one is activated again.

use countersign_core::approval::{ApprovalError, MovingView, Outcome, Standing, Typed};
use countersign_core::uri::TestMode;
use countersign_core::uri::invitation::parse_invitation;
use countersign_core::vault::RecordId;
use countersign_protocol::message::Outcome as Said;
use countersign_verifier::person::StageView;

use crate::device::{Device, other};
use crate::server::Server;

struct Move {
    server: Server,
    old: Device,
    new: Device,
    from: RecordId,
    to: RecordId,
}

/// Begun: the new phone has scanned what the old one shows, and shows its number.
fn begun() -> Move {
    let server = Server::new();
    let (mut old, mut new) = (Device::new("Pixel"), Device::new("Fairphone"));
    let from = old.enrol(&server);
    let now = old.now(&server);
    old.companion().begin_move(from, now).unwrap();
    old.run(&[&server]);
    let Some(MovingView::Invited { invitation, .. }) = old.view(from, &server).moving else {
        panic!("it shows an invitation");
    };
    // EXPOSE: the new phone's camera reads it.
    let invitation = parse_invitation(invitation.expose(), TestMode::Off).unwrap();
    let to = new.add(&invitation, &server);
    new.run(&[&server]);
    Move {
        server,
        old,
        new,
        from,
        to,
    }
}

impl Move {
    fn shown(&self) -> String {
        let check = self.new.view(self.to, &self.server).check.unwrap();
        // EXPOSE: the person reads it.
        check.number.expose().to_owned()
    }

    fn type_into_old(&mut self, number: &str) {
        let now = self.old.now(&self.server);
        self.old
            .companion()
            .confirm_move(self.from, &Typed::new(number), now)
            .unwrap();
        self.old.run(&[&self.server]);
    }

    /// Both phones ask, and exactly one of them gets a real request.
    fn exactly_one_is_asked(&mut self) {
        let asked = self.server.ask();
        let mut got = 0;
        for device in [&mut self.old, &mut self.new] {
            device.run(&[&self.server]);
            let open = device.open(&self.server).into_iter();
            got += open.filter(|one| !one.is_test).count();
        }
        assert_eq!(got, 1);
        let withdraw = countersign_verifier::step::Withdraw {
            statement: asked.id,
        };
        self.server.take(&withdraw);
        self.old.run(&[&self.server]);
        self.new.run(&[&self.server]);
    }
}

#[test]
fn k8_with_a_wrong_number_nothing_moves_and_the_third_ends_it() {
    let mut one = begun();
    let shown = one.shown();
    for nth in 0..3 {
        one.exactly_one_is_asked();
        let wrong = other(&shown, nth);
        one.type_into_old(&wrong);
        let stage = one.server.newest().stage;
        assert!(!matches!(stage, StageView::Confirmed { .. }), "{stage:?}");
    }
    one.new.run(&[&one.server]);
    assert!(one.new.view(one.to, &one.server).standing.is_end());
    assert_eq!(
        one.old.view(one.from, &one.server).standing,
        Standing::Active
    );
    assert!(one.old.view(one.from, &one.server).moving.is_none());
    one.exactly_one_is_asked();
}

#[test]
fn k8_at_every_step_exactly_one_phone_gets_real_requests() {
    let mut one = begun();
    one.exactly_one_is_asked();
    let shown = one.shown();
    one.type_into_old(&shown);
    one.exactly_one_is_asked();
    one.new.run(&[&one.server]);
    one.exactly_one_is_asked();
    let Some(MovingView::Testing { number, device, .. }) =
        one.old.view(one.from, &one.server).moving
    else {
        panic!("the old phone shows the new one's number");
    };
    assert_eq!(device.as_str(), "Fairphone");
    let open = one.new.open(&one.server);
    let test = open.iter().find(|one| one.is_test).unwrap();
    // EXPOSE: the person reads it.
    one.new
        .approve(test.id, number.expose(), &one.server)
        .unwrap();
    one.exactly_one_is_asked();
    assert_eq!(one.new.view(one.to, &one.server).standing, Standing::Active);
}

#[test]
fn k8_a_link_that_drops_at_any_step_leaves_it_to_be_ended_or_begun_again() {
    let mut one = begun();
    one.server.is_down.set(true);
    let now = one.old.now(&one.server);
    one.old.companion().abort_move(one.from, now).unwrap();
    one.old.run(&[&one.server]);
    one.old.restart();
    one.server.is_down.set(false);
    one.server.pass_s(70);
    one.old.run(&[&one.server]);
    one.new.run(&[&one.server]);
    assert!(one.old.view(one.from, &one.server).moving.is_none());
    assert!(one.new.view(one.to, &one.server).standing.is_end());
    let now = one.old.now(&one.server);
    one.old.companion().begin_move(one.from, now).unwrap();
    one.old.run(&[&one.server]);
    assert!(one.old.view(one.from, &one.server).moving.is_some());
    one.exactly_one_is_asked();
}

#[test]
fn k8_a_move_that_nobody_goes_on_with_ends_by_itself() {
    let mut one = begun();
    one.server.pass_s(601);
    one.exactly_one_is_asked();
    assert!(one.new.view(one.to, &one.server).standing.is_end());
    assert_eq!(
        one.old.view(one.from, &one.server).standing,
        Standing::Active
    );
}

#[test]
fn k9_after_the_move_the_old_phone_says_where_to_and_its_key_signs_nothing_any_more() {
    let mut one = begun();
    let waiting = one.server.ask();
    one.old.run(&[&one.server]);
    let shown = one.shown();
    one.type_into_old(&shown);
    one.new.run(&[&one.server]);
    // It has decided, and is not heard before the move is done.
    let id = one.old.only(&one.server).id;
    one.old
        .approve(id, waiting.number.as_str(), &one.server)
        .unwrap();
    one.new.pass_test(one.to, &one.server);
    one.old.run(&[&one.server]);
    let standing = one.old.view(one.from, &one.server).standing;
    let Standing::Moved { to } = standing else {
        panic!("moved, not {standing:?}");
    };
    assert_eq!(to.as_str(), "Fairphone");
    assert_eq!(
        one.server.statement(&waiting.id).outcome,
        Some(Said::Withdrawn)
    );
    assert_eq!(
        one.old.statement(id, &one.server).outcome,
        Some(Outcome::Withdrawn)
    );
    let now = one.old.now(&one.server);
    let refused = one.old.companion().begin_move(one.from, now);
    assert_eq!(refused, Err(ApprovalError::NotActive));
    one.exactly_one_is_asked();
    one.old.read().verify_history().unwrap().unwrap();
}

#[test]
fn k10_on_another_device_it_asks_to_be_activated_again_and_keeps_its_history() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    let id = device.enrol(&server);
    let earlier = server.newest().id;
    let entries = device.read().history(Some(id), 100).unwrap().len();
    // The vault came along and the platform's keys did not.
    device.keys.forget_all();
    device.restart();
    let now = device.now(&server);
    let keys = std::mem::take(&mut device.keys);
    assert_eq!(device.companion().check_keys(&keys, now), Ok(1));
    device.keys = keys;
    assert_eq!(
        device.view(id, &server).standing,
        Standing::NeedsReactivation
    );
    let invitation = server.scanned();
    assert_eq!(device.read().earlier_work(&invitation.url), [id]);
    let again = device.add_in_place_of(&invitation, Some(id), &server);
    device.activate(again, &server);
    // One entry, with the history of both, and one living key.
    let views = device.read().work_accounts(device.now(&server));
    assert_eq!(views.len(), 1);
    assert_eq!(views[0].id, again);
    assert!(device.read().history(Some(again), 100).unwrap().len() > entries);
    assert_eq!(server.active().len(), 1);
    assert!(!server.active().contains(&earlier));
    device.read().verify_history().unwrap().unwrap();
}

#[test]
fn k10_until_it_is_active_the_earlier_one_is_what_it_was() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    let id = device.enrol(&server);
    let again = device.add_in_place_of(&server.scanned(), Some(id), &server);
    device.run(&[&server]);
    assert_eq!(device.view(id, &server).standing, Standing::Active);
    assert_eq!(device.view(again, &server).standing, Standing::Unconfirmed);
    assert_eq!(server.active().len(), 1);
    // Nobody confirms it.
    server.pass_s(601);
    device.run(&[&server]);
    assert!(device.view(again, &server).standing.is_end());
    let asked = server.ask();
    device.run(&[&server]);
    let statement = device.only(&server);
    assert_eq!(statement.account, id);
    device
        .approve(statement.id, asked.number.as_str(), &server)
        .unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Approved));
}
