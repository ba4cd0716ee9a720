//! Each control, over HTTP.

use countersign_protocol::derive::offline_response;
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::message::{Decision, MoveStep, Moving, Standing};
use countersign_scripted::{Path, Scripted};
use serde_json::json;

use crate::client::{Ann, control, post, refused, told};
use crate::phone::{Known, Phone, approve};

#[test]
fn the_clock_stands_where_it_was_set_and_goes_when_it_is_told() {
    let scripted = Scripted::start().unwrap();
    let clock = |body| told(&scripted, "clock", body)["now"].as_u64().unwrap();
    let system = clock(json!({}));
    assert_eq!(clock(json!({"set": 1_800_000_000})), 1_800_000_000);
    assert_eq!(clock(json!({})), 1_800_000_000);
    let ahead = clock(json!({"offset_s": 86_400})) - system;
    assert!((86_400..86_460).contains(&ahead), "{ahead}");
    // Read, it goes on as it was told; only an offset of none brings the system's time back.
    let ahead = clock(json!({})) - system;
    assert!((86_400..86_460).contains(&ahead), "{ahead}");
    let back = clock(json!({"offset_s": 0})) - system;
    assert!((0..60).contains(&back), "{back}");
    assert_eq!(refused(&scripted, "clock", json!({"set": -1})), "body");
}

#[test]
fn what_the_clock_has_passed_has_ended() {
    let ann = Ann::enrolled();
    let asked = told(&ann.scripted, "statement", ann.whose());
    let which = json!({"account": ann.account, "statement": asked["id"]});
    let outcome = || told(&ann.scripted, "outcome", which.clone())["outcome"].clone();
    assert_eq!(outcome(), json!(null));
    let ends = asked["expires_at"].as_u64().unwrap();
    told(&ann.scripted, "clock", json!({"set": ends - 1}));
    assert_eq!(outcome(), json!(null));
    told(&ann.scripted, "clock", json!({"set": ends}));
    assert_eq!(outcome(), "expired");
}

#[test]
fn a_person_is_invited_by_link_and_by_code() {
    let scripted = Scripted::start().unwrap();
    let whose = told(&scripted, "person", json!({"label": "ann"}));
    let invited = told(&scripted, "invitation", whose.clone());
    assert!(
        invited["link"]
            .as_str()
            .unwrap()
            .starts_with("countersign://enrol?v=1&url=http%3A%2F%2F127.0.0.1")
    );
    assert_eq!(invited["code"], json!(null));
    let coded = json!({"account": whose["account"], "code": true});
    let invited = told(&scripted, "invitation", coded);
    assert_eq!(invited["code"].as_str().unwrap().len(), 16);
    assert_eq!(invited["url"], scripted.url.as_str());
    assert_eq!(refused(&scripted, "person", json!({"label": ""})), "label");
    let stranger = json!({"account": Id::from_bytes([0; 16])});
    assert_eq!(refused(&scripted, "invitation", stranger), "no_such_person");
    let replaces = Thumbprint::from_bytes([0; 32]);
    let replacing = json!({"account": whose["account"], "replaces": replaces});
    assert_eq!(refused(&scripted, "invitation", replacing), "not_there");
}

#[test]
fn a_check_number_is_compared_or_typed() {
    let ann = Ann::new();
    let confirm = |more: serde_json::Value| {
        let mut body = ann.whose();
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let wrong = |more| refused(&ann.scripted, "confirm", confirm(more));
    assert_eq!(wrong(json!({"mine": true})), "not_there");
    told(&ann.scripted, "rules", json!({"confirm": "type"}));
    let known = Known::by_link(&ann.scripted.invite(&ann.account).unwrap().link);
    let enrol = ann.phone.enrol(&known, ann.scripted.now());
    let reply = ann.say(Path::Enrolments, &enrol).unwrap();
    let reply = crate::client::compact(countersign_protocol::kind::Kind::Account, &reply.body);
    ann.phone.keep(&enrol, &reply, known.pinned.as_ref());
    assert_eq!(wrong(json!({"number": "123456"})), "not_shown");
    ann.state(&ann.phone, |fetch| fetch.reveal = Some(ann.phone.nonce()));
    let number = ann.phone.check();
    assert_eq!(wrong(json!({"mine": true})), "must_type");
    assert_eq!(wrong(json!({"number": "12345"})), "digits");
    let other = match number.as_str() {
        "000000" => "000001",
        _ => "000000",
    };
    assert_eq!(wrong(json!({"number": other})), "wrong_number");
    let right = confirm(json!({"number": number.as_str(), "device": ann.phone.id()}));
    told(&ann.scripted, "confirm", right.clone());
    assert_eq!(refused(&ann.scripted, "confirm", right), "not_waiting");
    let stage = told(&ann.scripted, "look", ann.whose())["devices"][0]["stage"].clone();
    assert_eq!(stage["is"], "confirmed");
    assert_eq!(stage["number"].as_str().unwrap().len(), 6);
}

#[test]
fn w8_a_test_is_asked_again_three_times() {
    let ann = Ann::new();
    let again = |more: serde_json::Value| {
        let mut body = ann.whose();
        let members = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(members);
        body
    };
    let plain = || again(json!({}));
    assert_eq!(refused(&ann.scripted, "test_again", plain()), "not_there");
    let state = ann.until_tested(&ann.phone);
    let mut test = state.statements[0].clone();
    for _ in 0..3 {
        let ended = ann.phone.statement(&test).id;
        ann.answer(&ann.phone, &test, Decision::Deny);
        let asked = told(&ann.scripted, "test_again", plain());
        let named = again(json!({"device": ann.phone.id(), "ended": ended}));
        assert_eq!(told(&ann.scripted, "test_again", named), asked);
        test = ann.state(&ann.phone, |_| {}).statements[0].clone();
        assert_eq!(asked["test"], json!(ann.phone.statement(&test).id));
        assert_eq!(asked["number"].as_str().unwrap().len(), 6);
    }
    ann.answer(&ann.phone, &test, Decision::Deny);
    let too_many = refused(&ann.scripted, "test_again", plain());
    assert_eq!(too_many, "too_many_tests");
    let other = again(json!({"device": Thumbprint::from_bytes([0; 32])}));
    assert_eq!(refused(&ann.scripted, "test_again", other), "not_waiting");
    let ann = Ann::new();
    let state = ann.until_tested(&ann.phone);
    ann.answer(&ann.phone, &state.statements[0], Decision::Report);
    let reported = refused(&ann.scripted, "test_again", ann.whose());
    assert_eq!(reported, "reported");
}

#[test]
fn a_statement_is_made_scanned_answered_and_its_outcome_read() {
    let ann = Ann::enrolled();
    let body = json!({
        "account": ann.account,
        "act": "action",
        "app": "Bank",
        "place": {"city": "Bern", "country": "CH"},
        "client": {"ip": "192.0.2.7", "browser": "Firefox", "os": "Linux"},
        "pay": {"amount": "12.50", "currency": "CHF", "to": "Eve"},
        "lifetime_s": 60,
    });
    let asked = told(&ann.scripted, "statement", body);
    let scanned = asked["link"].as_str().unwrap();
    let scanned = scanned.strip_prefix("countersign://approve?s=").unwrap();
    let state = ann.state(&ann.phone, |_| {});
    assert_eq!(state.statements[0].as_str(), scanned);
    let statement = ann.phone.statement(&state.statements[0]);
    assert_eq!(statement.app, "Bank");
    assert_eq!(statement.place.unwrap().city, "Bern");
    assert!(statement.details.is_some());
    let number = asked["number"].as_str().unwrap();
    let number = countersign_protocol::digits::Digits::parse(number, 6).unwrap();
    ann.answer(&ann.phone, &state.statements[0], approve(&number));
    let which = json!({"account": ann.account, "statement": asked["id"]});
    let outcome = told(&ann.scripted, "outcome", which.clone());
    assert_eq!(outcome["outcome"], "approved");
    assert_eq!(
        (&outcome["via"], &outcome["by"]),
        (&json!("online"), &json!("Pixel"))
    );
    let withdrawn = told(&ann.scripted, "withdraw", which);
    assert_eq!(withdrawn["was_open"], false);
}

#[test]
fn a_statement_is_taken_back() {
    let ann = Ann::enrolled();
    let asked = told(&ann.scripted, "statement", ann.whose());
    let which = json!({"account": ann.account, "statement": asked["id"]});
    assert_eq!(
        told(&ann.scripted, "withdraw", which.clone())["was_open"],
        true
    );
    assert_eq!(
        told(&ann.scripted, "outcome", which)["outcome"],
        "withdrawn"
    );
    let nothing = json!({"account": ann.account, "statement": Id::from_bytes([0; 16])});
    assert_eq!(
        refused(&ann.scripted, "outcome", nothing),
        "no_such_statement"
    );
}

#[test]
fn statements_that_cannot_be_made_say_why() {
    let ann = Ann::new();
    let why = |body| refused(&ann.scripted, "statement", body);
    assert_eq!(why(ann.whose()), "no_device");
    ann.activate(&ann.phone);
    let with = |name: &str, value: serde_json::Value| {
        let mut body = ann.whose();
        body[name] = value;
        body
    };
    assert_eq!(why(with("act", json!("test"))), "form");
    assert_eq!(why(with("app", json!("a".repeat(65)))), "form");
    assert_eq!(why(with("act", json!("dance"))), "body");
    assert_eq!(why(with("application", json!("Mail"))), "body");
    told(&ann.scripted, "suspend", ann.whose());
    assert_eq!(why(ann.whose()), "suspended");
    told(&ann.scripted, "resume", ann.whose());
    told(&ann.scripted, "statement", ann.whose());
}

#[test]
fn an_offline_response_is_typed_into_the_page() {
    let ann = Ann::enrolled();
    let state = ann.state(&ann.phone, |fetch| fetch.wants_secrets = true);
    let key = state.secrets.unwrap().offline_key.unwrap();
    let asked = ann
        .scripted
        .ask(&ann.account, countersign_scripted::Server::sign_in("Mail"))
        .unwrap();
    let response = offline_response(&key, &asked.message.hash());
    let respond =
        |digits: &str| json!({"account": ann.account, "statement": asked.id, "response": digits});
    let other = match response.as_str() {
        "00000000" => "00000001",
        _ => "00000000",
    };
    let why = |body| refused(&ann.scripted, "respond", body);
    assert_eq!(why(respond("1234567")), "digits");
    assert_eq!(why(respond(other)), "wrong_response");
    told(&ann.scripted, "respond", respond(response.as_str()));
    assert_eq!(why(respond(response.as_str())), "not_open");
}

#[test]
fn suspensions_and_removals_reach_the_device() {
    let ann = Ann::enrolled();
    let until = ann.scripted.now().plus_s(60);
    let mut suspend = ann.whose();
    suspend["until"] = json!(until);
    told(&ann.scripted, "suspend", suspend);
    let standing = || ann.state(&ann.phone, |_| {}).standing;
    assert!(matches!(standing(), Standing::Suspended { until: Some(at), .. } if at == until));
    let look = || told(&ann.scripted, "look", ann.whose());
    assert_eq!(look()["suspended"]["until"], json!(until));
    told(&ann.scripted, "resume", ann.whose());
    assert_eq!(standing(), Standing::Active);
    let device = json!({"account": ann.account, "device": ann.phone.id()});
    told(&ann.scripted, "remove", device);
    assert!(matches!(standing(), Standing::Removed { .. }));
    assert_eq!(look()["devices"][0]["stage"]["is"], "removed");
    let nobody = json!({"account": ann.account, "device": Thumbprint::from_bytes([0; 32])});
    assert_eq!(refused(&ann.scripted, "remove", nobody), "not_there");
}

#[test]
fn other_rules_names_and_keys_are_a_new_document() {
    let ann = Ann::enrolled();
    let rules = told(
        &ann.scripted,
        "rules",
        json!({"digits": 8, "issuer": "Other"}),
    );
    assert_eq!(
        (&rules["digits"], &rules["lifetime_s"]),
        (&json!(8), &json!(120))
    );
    let mut rename = ann.whose();
    rename["label"] = json!("Ann B.");
    told(&ann.scripted, "rename", rename);
    let key = told(&ann.scripted, "rotate", json!({}))["key"].clone();
    ann.state(&ann.phone, |_| {});
    let account = ann.phone.account();
    assert_eq!(
        (account.policy.digits, account.issuer.as_str()),
        (8, "Other")
    );
    assert_eq!(account.label, "Ann B.");
    assert_eq!(json!(account.keys[0].thumbprint()), key);
    let number = told(&ann.scripted, "statement", ann.whose())["number"].clone();
    assert_eq!(number.as_str().unwrap().len(), 8);
    assert_eq!(
        refused(&ann.scripted, "rules", json!({"digits": 5})),
        "rules"
    );
}

#[test]
fn a_device_is_given_a_code() {
    let ann = Ann::enrolled();
    let link = "otpauth://totp/Example:ann?secret=JBSWY3DPEHPK3PXP&issuer=Example";
    let give = json!({"account": ann.account, "device": ann.phone.id(), "otp": link});
    told(&ann.scripted, "give_code", give);
    let state = ann.state(&ann.phone, |fetch| fetch.wants_secrets = true);
    assert_eq!(state.secrets.unwrap().otp.unwrap().expose(), link);
    let empty = json!({"account": ann.account, "device": ann.phone.id(), "otp": ""});
    assert_eq!(refused(&ann.scripted, "give_code", empty), "otp");
}

#[test]
fn events_are_read_and_forgotten() {
    let ann = Ann::enrolled();
    let words = |body| -> Vec<String> {
        let events = told(&ann.scripted, "events", body)["events"].clone();
        let facts = events.as_array().unwrap().iter();
        facts
            .map(|event| {
                event["fact"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .next()
                    .unwrap()
                    .clone()
            })
            .collect()
    };
    assert_eq!(words(json!({})), ["enrolled", "asked", "ended", "added"]);
    words(json!({"forget": true}));
    assert!(words(json!({})).is_empty());
    let asked = ann
        .scripted
        .ask(&ann.account, countersign_scripted::Server::sign_in("Mail"));
    ann.answer(&ann.phone, &asked.unwrap().message, Decision::Report);
    assert!(words(json!({})).contains(&"reported".to_owned()));
}

#[test]
fn a_person_who_is_deleted_is_nobody_and_their_device_a_stranger() {
    let ann = Ann::enrolled();
    let delete = || told(&ann.scripted, "delete", ann.whose())["was_there"].clone();
    assert_eq!(delete(), true);
    assert_eq!(delete(), false);
    let refused = refused(&ann.scripted, "look", ann.whose());
    assert_eq!(refused, "no_such_person");
    let fetch = ann.fetching(&ann.phone, |_| {});
    let response = ann.say(Path::Fetch, &fetch).unwrap();
    assert_eq!(response.status, 401);
    assert!(response.body.contains("unknown_device"));
}

#[test]
fn a_move_is_seen_from_its_page() {
    let ann = Ann::enrolled();
    let look = || told(&ann.scripted, "look", ann.whose())["move"].clone();
    assert_eq!(look(), json!(null));
    let now = ann.scripted.now();
    let start = ann.phone.step(MoveStep::Start, now);
    let reply = ann.say(Path::Moves, &start).unwrap();
    let reply = crate::client::compact(countersign_protocol::kind::Kind::State, &reply.body);
    let moving = ann.phone.state(&start, &reply).moving;
    assert_eq!(look()["from"], json!(ann.phone.id()));
    assert_eq!(look()["to"], json!(null));
    let Some(Moving::Invited { invitation, .. }) = moving else {
        panic!("the move has an invitation");
    };
    let newcomer = Phone::at("New", &ann.scripted.url);
    let enrol = newcomer.enrol(&Known::by_link(&invitation), now);
    assert_eq!(ann.say(Path::Enrolments, &enrol).unwrap().status, 201);
    assert_eq!(look()["to"], json!(newcomer.id()));
}

#[test]
fn what_is_no_control_is_refused_with_a_name() {
    let scripted = Scripted::start().unwrap();
    assert_eq!(refused(&scripted, "dance", json!({})), "no_such_control");
    let (status, document) = control(&scripted, "person", "{\"label\":\"s3cret\"");
    assert_eq!((status, &document["error"]), (400, &json!("body")));
    assert!(!document.to_string().contains("s3cret"));
    // A page in a browser can post text and forms to this machine, and no more.
    for media_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let response = post(&scripted, "/control/clock", media_type, "{}").unwrap();
        assert_eq!(response.status, 415, "{media_type}");
    }
    let get = "GET /control/clock HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n";
    assert!(
        crate::client::raw(&scripted, get)
            .unwrap()
            .contains(" 415 ")
    );
}
