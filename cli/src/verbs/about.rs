//! `about`: what an organisation can see and do (O1).

use countersign_core::approval::{Disclosure, Rule, Sent};
use serde_json::{Value, json};

use crate::args::AboutArgs;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::session::Session;
use crate::work::{account, account_to_json, find_work};

/// Says it in plain words.
///
/// # Errors
///
/// Those of finding and unlocking.
pub(crate) fn run(session: &Session, args: &AboutArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| {
        let now = session.now();
        let id = find_work(companion, &args.name, now)?;
        let disclosure = companion.disclosure(id)?;
        let view = companion.work_account(id, now).ok();
        let title = view.as_ref().map_or_else(String::new, account::title);
        let sent: Vec<&str> = disclosure
            .sent
            .iter()
            .map(|sent| sent_name(*sent))
            .collect();
        let rules: Vec<Value> = disclosure
            .rules
            .iter()
            .map(|rule| rule_json(*rule))
            .collect();
        let report = Report::new()
            .member("account", view.as_ref().map(account_to_json))
            .member("sent", sent)
            .member("rules", rules)
            .text(words(&title, &disclosure));
        Ok(findings::describe_for_one(report, companion.findings()))
    })
}

fn words(title: &str, disclosure: &Disclosure) -> String {
    let mut text = format!("What the organisation behind {title} can see:\n");
    for sent in &disclosure.sent {
        text.push_str(&format!("  {}\n", sent_words(*sent)));
    }
    text.push_str(
        "It sees no other account, no code, no secret and nothing else on this device.\nWhat it has decided:\n",
    );
    for rule in &disclosure.rules {
        text.push_str(&format!("  {}\n", rule_words(*rule)));
    }
    text.push_str("It can end this account, and it can erase nothing else.\n");
    text
}

const fn sent_words(sent: Sent) -> &'static str {
    match sent {
        Sent::PublicKeys => {
            "the public halves of this account's two keys, which no other account has"
        }
        Sent::KeyProtection => {
            "that the keys are software, and that their use asks nothing more of you"
        }
        Sent::Attestation => "what the platform says of the keys",
        Sent::DeviceName => "the name that you gave this device",
        Sent::Platform => "which system it is",
        Sent::App => "this program's name and version",
        Sent::Capabilities => "what it can do: scan, answer without a network, keep codes",
        Sent::Clock => "this device's clock, with every message",
        Sent::Answers => {
            "your decisions, the numbers typed for them, and a hash of what you were shown"
        }
        Sent::OpenRequests => "which of its requests this device holds",
        Sent::PushAddress => "where this device can be rung",
        Sent::NetworkAddress => "the network address that this device connects from",
    }
}

const fn sent_name(sent: Sent) -> &'static str {
    match sent {
        Sent::PublicKeys => "public_keys",
        Sent::KeyProtection => "key_protection",
        Sent::Attestation => "attestation",
        Sent::DeviceName => "device_name",
        Sent::Platform => "platform",
        Sent::App => "app",
        Sent::Capabilities => "capabilities",
        Sent::Clock => "clock",
        Sent::Answers => "answers",
        Sent::OpenRequests => "open_requests",
        Sent::PushAddress => "push_address",
        Sent::NetworkAddress => "network_address",
    }
}

fn rule_words(rule: Rule) -> String {
    match rule {
        Rule::PresenceRequired => "each approval has to ask for you anew".into(),
        Rule::PresencePreferred => {
            "each approval should ask for you anew, where the device can".into()
        }
        Rule::NumberDigits(digits) => format!("the number of a sign-in has {digits} digits"),
        Rule::LifetimeSeconds(seconds) => format!("a request is open for {seconds} seconds"),
        Rule::OfflineAllowed => "a sign-in may be answered without a network".into(),
        Rule::NoOffline => "no sign-in is answered without a network".into(),
        Rule::MoveAllowed => "you may move the account to another device".into(),
        Rule::NoMove => "you may not move the account to another device".into(),
        Rule::ExportAllowed => "the account's codes may leave the vault".into(),
        Rule::NoExport => {
            "the account's codes stay in the vault; your other accounts are not touched by this"
                .into()
        }
    }
}

fn rule_json(rule: Rule) -> Value {
    let (name, value) = match rule {
        Rule::PresenceRequired => ("presence_required", None),
        Rule::PresencePreferred => ("presence_preferred", None),
        Rule::NumberDigits(digits) => ("number_digits", Some(u64::from(digits))),
        Rule::LifetimeSeconds(seconds) => ("lifetime_s", Some(seconds)),
        Rule::OfflineAllowed => ("offline_allowed", None),
        Rule::NoOffline => ("no_offline", None),
        Rule::MoveAllowed => ("move_allowed", None),
        Rule::NoMove => ("no_move", None),
        Rule::ExportAllowed => ("export_allowed", None),
        Rule::NoExport => ("no_export", None),
    };
    json!({"name": name, "value": value})
}
