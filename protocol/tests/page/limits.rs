//! Every limit that the code has is a number of the page.

use countersign_protocol::bell::{BELL_BYTES_MAX, Bell};
use countersign_protocol::envelope::SERVER_KEYS_MAX;
use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    ACCOUNT_NAME_BYTES_MAX, ATTESTATION_BYTES_MAX, AUDIENCE_MAX, CLOCK_TOLERANCE_S,
    DELIVERY_BYTES_MAX, DEVICE_WORD_BYTES_MAX, HELP_BYTES_MAX, INVITATION_BYTES_MAX,
    LIFETIME_MAX_S, LISTED_MAX, OPEN_MAX, OTP_BYTES_MAX, STATEMENTS_MAX, URL_BYTES_MAX, WAIT_MAX_S,
};
use countersign_protocol::problem::{DEVICE_NAME_BYTES_MAX, DOCUMENT_BYTES_MAX};

use crate::{between, row_of, section};

#[test]
fn every_kind_of_message_has_its_row_and_its_size() {
    for kind in Kind::ALL {
        let row = row_of(section("2. Envelope"), &format!("`{}`", kind.typ()));
        let size = match kind.bytes_max() {
            1_600 => "1,600 bytes".to_owned(),
            bytes => format!("{} KiB", bytes / 1024),
        };
        assert_eq!(row[4], size, "{kind:?}");
    }
}

/// A row says this, once.
fn says(section_of: &str, first: &str, text: &str) {
    let row = row_of(section(section_of), first).join("|");
    assert_eq!(row.matches(text).count(), 1, "{first}: {text}");
}

#[test]
fn every_limit_of_a_claim_is_the_codes() {
    let bytes = |count: usize| format!("at most {count} bytes");
    let kib = |count: usize| format!("at most {} KiB", count / 1024);
    let (url, name) = (bytes(URL_BYTES_MAX), bytes(DEVICE_NAME_BYTES_MAX));
    let enrol = "5. Invitation and enrolment";
    for section_of in [enrol, "7. Requests of a device", "10. Answer"] {
        says(section_of, "`aud`", &url);
    }
    says("9. Statement", "`iss`", &url);
    says(enrol, "`device`", &name);
    says(enrol, "`device`", &bytes(DEVICE_WORD_BYTES_MAX));
    says(enrol, "`attestation`?", &kib(ATTESTATION_BYTES_MAX));
    says(
        "6. Account",
        "`issuer`, `label`",
        &bytes(ACCOUNT_NAME_BYTES_MAX),
    );
    says("6. Account", "`help`?", &bytes(HELP_BYTES_MAX));
    says(
        "6. Account",
        "`keys`",
        &format!("1 to {SERVER_KEYS_MAX} JWKs"),
    );
    says("6. Account", "`policy`", &format!("1 to {LIFETIME_MAX_S};"));
    let requests = "7. Requests of a device";
    says(requests, "`open`", &format!("at most {OPEN_MAX} ids"));
    says(requests, "`wait_s`", &format!("0 to {WAIT_MAX_S}"));
    says(requests, "`delivery`", &kib(DELIVERY_BYTES_MAX));
    assert!(section(requests).contains(&format!("more than {CLOCK_TOLERANCE_S} s")));
    let state = "8. State";
    says(
        state,
        "`statements`",
        &format!("at most {STATEMENTS_MAX} `cs-statement`"),
    );
    says(
        state,
        "`statements`",
        &format!("at most {LISTED_MAX} that are listed"),
    );
    says(
        state,
        "`closed`",
        &format!("at most {OPEN_MAX} `cs-receipt`"),
    );
    says(state, "`secrets`?", &kib(OTP_BYTES_MAX));
    says(state, "`move`?", &kib(INVITATION_BYTES_MAX));
    says(state, "`move`?", &name);
    says(state, "`moved`", &name);
    for (section_of, first) in [("9. Statement", "`aud`"), ("11. Receipt", "`aud`")] {
        says(
            section_of,
            first,
            &format!("1 to {AUDIENCE_MAX} thumbprints"),
        );
    }
    says(
        "9. Statement",
        "`iat`, `exp`",
        &format!("1 to {LIFETIME_MAX_S} seconds"),
    );
    says("11. Receipt", "`by`?", &name);
    let refusals = between("| name | status |", "| name | what the device does |");
    assert!(row_of(refusals, "`device_limit`")[3].contains(&name));
    let document = format!("longer than {} KiB", DOCUMENT_BYTES_MAX / 1024);
    assert!(section("12. Refusals").contains(&document));
}

#[test]
fn a_bell_is_the_one_of_the_page() {
    let page = section("7. Requests of a device");
    let token = Id::from_bytes([1; 16]);
    let document = String::from_utf8(Bell { token }.to_document()).unwrap();
    let written = document.replace(&token.format(), "<token>");
    assert!(page.contains(&format!("`{written}`")));
    assert!(page.contains(&format!("at most {BELL_BYTES_MAX} bytes")));
}

#[test]
fn requests_go_to_an_address_each() {
    let table = between("### HTTP", "## 3. Order of checks");
    for kind in [
        Kind::Enrol,
        Kind::Fetch,
        Kind::Answer,
        Kind::Delivery,
        Kind::Move,
        Kind::Leave,
    ] {
        let name = kind.typ().trim_end_matches("+jws");
        assert_eq!(table.matches(&format!("| `{name}` |")).count(), 1, "{name}");
    }
}
