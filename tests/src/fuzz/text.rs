//! Text from outside: links, exports, typed entries and keys.

use countersign_core::doctor::{self, Content};
use countersign_core::encoding::{base32 as key_text, base64url, percent};
use countersign_core::manual::{ManualEntry, parse_manual};
use countersign_core::otp::{KEY_BYTES_MAX, Otp};
use countersign_core::secret::Secret;
use countersign_core::uri::migration::{MigrationPart, parse_payload, write_migration};
use countersign_core::uri::{self, TestMode};

use super::assert_sound;

/// Any text has an answer, the answer does not contradict itself, and what was accepted reads back.
pub fn link(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for test_mode in [TestMode::Off, TestMode::On] {
        let finding = doctor::examine(&text, test_mode);
        assert!(
            finding.is_accepted() || !matches!(finding.content, Content::Account(_)),
            "an account and an error at once"
        );
        for parsed in finding.accounts() {
            assert_sound(&parsed.account);
        }
    }
    if let Ok(parsed) = uri::parse_otpauth(&text) {
        assert_sound(&parsed.account);
    }
}

/// An export's payload, and the same bytes as the text of its link.
pub fn migration(data: &[u8]) {
    if let Ok(part) = parse_payload(&Secret::copy_of(data)) {
        assert_export(&part);
        let link = format!(
            "otpauth-migration://offline?data={}",
            base64url::encode(data)
        );
        if link.len() <= uri::LINK_BYTES_MAX {
            let from_link = uri::migration::parse_migration(&link);
            assert!(from_link == Ok(part), "the link says something else");
        }
    }
    let text = String::from_utf8_lossy(data);
    if let Ok(part) = uri::migration::parse_migration(&text) {
        assert_export(&part);
    }
}

/// What was read can be written, but for what the format has no room for, and keeps making the same codes.
fn assert_export(part: &MigrationPart) {
    assert!(
        !part.entries.is_empty() || !part.failures.is_empty(),
        "a part of nothing"
    );
    for parsed in &part.entries {
        assert_sound(&parsed.account);
    }
    let written = write_migration(part.entries.iter().map(|parsed| &parsed.account), 7);
    let mut again = Vec::new();
    for link in &written.parts {
        // EXPOSE: the link is read back, and shown nowhere.
        let part = uri::migration::parse_migration(link.expose()).expect("a written export reads");
        assert!(part.failures.is_empty(), "a written entry cannot be read");
        again.extend(part.entries.into_iter().map(|parsed| parsed.account.otp));
    }
    let is_left_out = |index: usize| written.left_out.iter().any(|left| left.index == index);
    let kept: Vec<&Otp> = (0..)
        .zip(&part.entries)
        .filter(|(index, _)| !is_left_out(*index))
        .map(|(_, parsed)| &parsed.account.otp)
        .collect();
    assert!(
        kept.into_iter().eq(&again),
        "an export makes other codes than its accounts"
    );
}

/// A form: its fields are the lines, the key first.
pub fn manual(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let mut field = || lines.next().unwrap_or_default();
    let entry = ManualEntry {
        secret: field(),
        issuer: field(),
        account: field(),
        kind: field(),
        algorithm: field(),
        digits: field(),
        period: field(),
        counter: field(),
    };
    let read = parse_manual(&entry);
    assert_eq!(
        doctor::examine_manual(&entry).is_accepted(),
        read.is_ok(),
        "the doctor disagrees with the form"
    );
    let Ok(read) = read else { return };
    assert_sound(&read.account);
    if !read.is_from_link {
        let typed = key_text::decode(entry.secret).expect("the form took the key");
        assert!(
            typed.bytes == *read.account.otp.key(),
            "the form changed the key"
        );
    }
}

/// Keys in Base32, and the two encodings beside it.
pub fn base32(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(read) = key_text::decode(&text) {
        assert!((1..=KEY_BYTES_MAX).contains(&read.bytes.len()));
        assert_key_reads_back(&read.bytes);
    }
    if (1..=KEY_BYTES_MAX).contains(&data.len()) {
        assert_key_reads_back(&Secret::copy_of(data));
    }

    let bytes = base64url::decode(&base64url::encode(data)).expect("our own encoding");
    // EXPOSE: the bytes are the input.
    assert!(bytes.expose() == data, "base64url changed the bytes");
    if let Ok(bytes) = base64url::decode(&text) {
        let again = base64url::encode(bytes.expose());
        assert!(again == text, "a second way to write base64url was taken");
    }

    let mut encoded = String::new();
    percent::encode_into(&mut encoded, &text);
    assert!(percent::is_well_formed(&encoded));
    for plus in [percent::Plus::Literal, percent::Plus::Space] {
        assert!(
            percent::decode(&encoded, plus) == text,
            "percent-encoding changed a text"
        );
    }
}

fn assert_key_reads_back(key: &Secret) {
    // EXPOSE: the text is read back, and shown nowhere.
    let written = key_text::encode(key.expose());
    let read = key_text::decode(written.expose()).expect("a written key can be read");
    assert!(read.bytes == *key, "a written key reads as another");
    assert!(read.has_canonical_length);
}
