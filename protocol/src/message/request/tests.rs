use super::*;
use crate::kind::Role;
use crate::message::Move;
use crate::signer::Signer;

const SERVER: &str = "https://login.example.org";

fn request() -> Request {
    Request {
        audience: SERVER.to_owned(),
        account: Id::from_bytes([1; 16]),
        made_at: Timestamp::new(1_800_000_000).unwrap(),
        id: Id::from_bytes([2; 16]),
    }
}

fn fetch() -> Fetch {
    Fetch {
        request: request(),
        have: 3,
        open: vec![Id::from_bytes([3; 16])],
        reveal: Some(DeviceNonce::copy_of(&[4; 16])),
        replaces: Some(Thumbprint::from_bytes([5; 32])),
        wants_secrets: true,
        wait_s: 25,
    }
}

fn signed(kind: Kind, claims: &Object) -> Verified {
    let role = match kind {
        Kind::Move => Role::Approval,
        _ => Role::Device,
    };
    Signer::new().verified(kind, role, claims)
}

fn read_fetch(claims: &Object) -> Result<Fetch, ClaimError> {
    Fetch::read(&signed(Kind::Fetch, claims), SERVER)
}

fn refused(name: &str, value: Option<&str>) -> Option<ClaimError> {
    read_fetch(&fetch().to_claims().changed(name, value)).err()
}

fn form(name: &'static str) -> Option<ClaimError> {
    Some(ClaimError::Form { name })
}

#[test]
fn a_fetch_is_read_as_it_was_written() {
    let least = Fetch {
        open: vec![],
        reveal: None,
        replaces: None,
        wants_secrets: false,
        wait_s: 0,
        ..fetch()
    };
    for written in [fetch(), least] {
        let claims = written.to_claims();
        let read = read_fetch(&claims).unwrap();
        assert_eq!(read.request, request());
        assert!(read.to_claims() == claims);
    }
}

#[test]
fn each_claim_of_a_fetch_is_needed_and_named() {
    for name in ["aud", "account", "iat", "jti", "have", "open", "wait_s"] {
        assert_eq!(refused(name, None), Some(ClaimError::Missing { name }));
    }
    for name in [
        "aud", "account", "iat", "jti", "have", "open", "wait_s", "reveal", "replaces", "want",
    ] {
        for wrong in ["null", "true", "{}", "-1", r#""""#, "[7]"] {
            assert_eq!(refused(name, Some(wrong)), form(name), "{name}: {wrong}");
        }
    }
    assert_eq!(refused("have", Some("0")), form("have"));
    assert_eq!(refused("wait_s", Some("26")), form("wait_s"));
    assert_eq!(refused("want", Some(r#"["everything"]"#)), form("want"));
    assert_eq!(refused("want", Some("[]")), form("want"));
    let ids = |count| {
        let id = format!("\"{}\"", Id::from_bytes([7; 16]).format());
        format!("[{}]", vec![id; count].join(","))
    };
    assert_eq!(refused("open", Some(&ids(16))), None);
    assert_eq!(refused("open", Some(&ids(17))), form("open"));
}

#[test]
fn a_device_takes_anothers_place_only_while_it_reveals() {
    let missing = Some(ClaimError::Missing { name: "reveal" });
    assert_eq!(refused("reveal", None), missing);
    assert_eq!(refused("replaces", None), None);
}

#[test]
fn a_request_for_another_server_is_refused_before_all_else() {
    let elsewhere = Some(r#""https://login.example.com""#);
    let claims = fetch().to_claims().changed("aud", elsewhere);
    let fetch = read_fetch(&claims.changed("jti", None));
    assert_eq!(fetch.err(), Some(ClaimError::Audience));
    let claims = request().to_claims().changed("aud", elsewhere);
    let audience = Some(ClaimError::Audience);
    assert_eq!(
        Leave::read(&signed(Kind::Leave, &claims), SERVER).err(),
        audience
    );
    assert_eq!(
        Move::read(&signed(Kind::Move, &claims), SERVER).err(),
        audience
    );
    let delivery = Delivery::read(&signed(Kind::Delivery, &claims), SERVER);
    assert_eq!(delivery.err(), audience);
}

#[test]
fn a_request_is_fresh_for_five_minutes_either_way() {
    let at = |unix_s| Timestamp::new(unix_s).unwrap();
    for (now, is_fresh) in [
        (1_800_000_000, true),
        (1_800_000_300, true),
        (1_800_000_301, false),
        (1_799_999_700, true),
        (1_799_999_699, false),
        (0, false),
    ] {
        assert_eq!(request().is_fresh(at(now)), is_fresh, "{now}");
    }
}

fn delivery(ring: Ring) -> Delivery {
    Delivery {
        request: request(),
        sequence: 9,
        ring,
    }
}

fn rings() -> Vec<Ring> {
    let (to, bell) = (
        "https://push.example/a?b".to_owned(),
        Id::from_bytes([6; 16]),
    );
    vec![
        Ring::None,
        Ring::UnifiedPush {
            to: to.clone(),
            bell,
        },
        Ring::Gateway {
            to: to.clone(),
            bell,
        },
        Ring::WebPush {
            to,
            bell,
            p256dh: Signer::new().key(),
            auth: Id::from_bytes([8; 16]),
        },
    ]
}

#[test]
fn a_delivery_is_read_as_it_was_written() {
    for ring in rings() {
        let written = delivery(ring);
        let read = Delivery::read(&signed(Kind::Delivery, &written.to_claims()), SERVER);
        assert_eq!(read, Ok(written));
    }
}

#[test]
fn a_delivery_has_what_its_kind_needs() {
    let claims = delivery(Ring::None).to_claims();
    let refused = |name: &str, value: Option<&str>| {
        let claims = claims.changed(name, value);
        Delivery::read(&signed(Kind::Delivery, &claims), SERVER).err()
    };
    for name in ["seq", "delivery"] {
        assert_eq!(refused(name, None), Some(ClaimError::Missing { name }));
    }
    assert_eq!(refused("seq", Some("0")), form("seq"));
    let bell = Id::from_bytes([6; 16]).format();
    let of = |kind: &str, to: &str, rest: &str| {
        format!(r#"{{"kind":"{kind}","to":"{to}","bell":"{bell}"{rest}}}"#)
    };
    let long = format!("https://a.example/{}", "a".repeat(DELIVERY_BYTES_MAX));
    for wrong in [
        of("sms", "https://a.example", ""),
        of("gateway", "http://a.example", ""),
        of("gateway", "http://127.0.0.1.a.example/", ""),
        of("gateway", "http://127.0.0.1", ""),
        of("gateway", "http://localhost/", ""),
        of("gateway", "http://127.0.0.1/ a", ""),
        of("gateway", "http://127.0.0.1:0/", ""),
        of("gateway", "http://127.0.0.1/#a", ""),
        of("gateway", "https://a example", ""),
        of("gateway", "https://a..example/", ""),
        of("gateway", "https://a.example:0/", ""),
        of("gateway", "https://a.example/#b", ""),
        of("gateway", &long, ""),
        of("gateway", "https://a.example", "").replace(&bell, "short"),
        r#"{"kind":"gateway","to":"https://a.example"}"#.to_owned(),
        of("webpush", "https://a.example", ""),
        of(
            "webpush",
            "https://a.example",
            r#","p256dh":"AAAA","auth":"AAAA""#,
        ),
        "null".to_owned(),
    ] {
        assert_eq!(
            refused("delivery", Some(&wrong)),
            form("delivery"),
            "{wrong}"
        );
    }
}

#[test]
fn an_address_of_the_servers_own_machine_has_its_form_without_https() {
    for to in ["http://127.0.0.1:8080/a", "http://[::1]/a"] {
        let to = to.to_owned();
        let bell = Id::from_bytes([6; 16]);
        let written = delivery(Ring::UnifiedPush { to, bell });
        let read = Delivery::read(&signed(Kind::Delivery, &written.to_claims()), SERVER);
        assert_eq!(read, Ok(written));
    }
}

#[test]
fn a_leave_says_who_leaves() {
    let written = Leave { request: request() };
    let read = Leave::read(&signed(Kind::Leave, &written.to_claims()), SERVER);
    assert_eq!(read, Ok(written));
    for name in ["aud", "account", "iat", "jti"] {
        let claims = request().to_claims().changed(name, None);
        let read = Leave::read(&signed(Kind::Leave, &claims), SERVER);
        assert_eq!(read.err(), Some(ClaimError::Missing { name }));
    }
}

#[test]
fn no_address_and_no_nonce_is_shown() {
    let shown = format!("{:?} {:?}", fetch(), delivery(rings().remove(3)));
    let nonce = base64url::format(&[4; 16]);
    for hidden in ["push.example", nonce.as_str()] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
