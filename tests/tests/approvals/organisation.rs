//! Scenarios O1–O3: what an organisation sees and decides, and what its log has.

use countersign_core::approval::{Decision, Rule, Sent};
use countersign_protocol::hash::MessageHash;
use countersign_protocol::message::Outcome as Said;
use countersign_verifier::event::Fact;
use countersign_verifier::store::Store as _;

use crate::device::Device;
use crate::server::Server;

#[test]
fn o1_what_acme_can_see_and_do_is_listed() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    let id = device.add(&server.scanned(), &server);
    let before = device.read().disclosure(id).unwrap();
    assert!(
        before.sent.is_empty() && before.rules.is_empty(),
        "nothing was sent yet"
    );
    device.activate(id, &server);
    let seen = device.read().disclosure(id).unwrap();
    for sent in [
        Sent::PublicKeys,
        Sent::KeyProtection,
        Sent::DeviceName,
        Sent::Platform,
        Sent::App,
        Sent::Capabilities,
        Sent::Clock,
        Sent::Answers,
        Sent::OpenRequests,
        Sent::NetworkAddress,
    ] {
        assert!(seen.sent.contains(&sent), "{sent:?}");
    }
    assert!(!seen.sent.contains(&Sent::PushAddress));
    let expected = [
        Rule::PresencePreferred,
        Rule::NumberDigits(6),
        Rule::LifetimeSeconds(120),
        Rule::OfflineAllowed,
        Rule::MoveAllowed,
        Rule::ExportAllowed,
    ];
    assert_eq!(seen.rules, expected);
}

#[test]
fn o1_changed_rules_are_shown_once_the_device_has_heard_of_them() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    let id = device.enrol(&server);
    server.change_rules(|rules| {
        rules.policy.digits = 8;
        rules.policy.may_move = false;
        rules.policy.lifetime_s = 60;
    });
    device.run(&[&server]);
    let rules = device.read().disclosure(id).unwrap().rules;
    for rule in [
        Rule::NumberDigits(8),
        Rule::NoMove,
        Rule::LifetimeSeconds(60),
    ] {
        assert!(rules.contains(&rule), "{rule:?}");
    }
    let asked = server.ask();
    device.run(&[&server]);
    assert_eq!(asked.number.as_str().len(), 8);
    let statement = device.only(&server);
    device
        .approve(statement.id, asked.number.as_str(), &server)
        .unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Approved));
}

#[test]
fn o2_no_export_is_a_rule_for_that_account_alone() {
    let (strict, lax) = (Server::new(), Server::at("https://id.bank.test", "Bank"));
    strict.change_rules(|rules| rules.policy.export = false);
    let mut device = Device::new("Pixel");
    let (kept, free) = (device.enrol(&strict), device.enrol(&lax));
    let now = device.now(&strict);
    assert_eq!(device.read().may_export_work(kept, now), Ok(false));
    assert_eq!(device.read().may_export_work(free, now), Ok(true));
    assert!(
        device
            .read()
            .disclosure(kept)
            .unwrap()
            .rules
            .contains(&Rule::NoExport)
    );
}

#[test]
fn o3_a_report_is_told_with_user_statement_reason_and_receipt_under_one_id() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    device.enrol(&server);
    server.facts();
    let asked = server.ask();
    device.run(&[&server]);
    let id = device.only(&server).id;
    device.sent.clear();
    device.decide(id, &Decision::Report, &server).unwrap();
    device.run(&[&server]);
    let store = server.verifier.store();
    let is_report = |fact: &Fact| matches!(fact, Fact::Reported { .. });
    let told = store.undelivered(usize::MAX).unwrap();
    let report: Vec<_> = told.iter().filter(|event| is_report(&event.fact)).collect();
    assert_eq!(report.len(), 1, "stored once");
    assert_eq!(report[0].account, server.account);
    let Fact::Reported {
        statement,
        hash,
        outcome,
        answer,
        receipt,
        ..
    } = &report[0].fact
    else {
        panic!("a report");
    };
    assert_eq!((*statement, *outcome), (asked.id, Said::Reported));
    assert_eq!(*hash, asked.message.hash());
    let (_, sent) = &device.sent[0];
    assert_eq!(answer, sent, "the signed words of the person");
    let receipt_hash = MessageHash::of(receipt);
    // Whoever stopped between taking and acknowledging gets it again under the same id.
    let again = store.undelivered(usize::MAX).unwrap();
    let again: Vec<_> = again
        .iter()
        .filter(|event| is_report(&event.fact))
        .collect();
    assert_eq!(again[0].id, report[0].id);
    store.delivered(&report[0].id).unwrap();
    let left = store.undelivered(usize::MAX).unwrap();
    assert!(left.iter().all(|event| !is_report(&event.fact)));
    assert_ne!(receipt_hash, *hash);
}
