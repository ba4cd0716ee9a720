//! What is asserted of any input. `fuzz/` feeds these functions with what libFuzzer finds, and
//! `tests/fuzz_corpus.rs` with the committed seeds, on the stable toolchain.

mod frame;
mod protocol;
mod row;
mod text;

use countersign_core::account::Account;
use countersign_core::time::UnixSeconds;
use countersign_core::uri;

pub use frame::qr_frame;
pub use protocol::{
    protocol_claims, protocol_der, protocol_envelope, protocol_json, protocol_problem,
};
pub use row::vault_row;
pub use text::{base32, link, manual, migration};

/// A name of `fuzz/fuzz_targets` and its function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 11] = [
    ("base32", base32),
    ("link", link),
    ("manual", manual),
    ("migration", migration),
    ("protocol_claims", protocol_claims),
    ("protocol_der", protocol_der),
    ("protocol_envelope", protocol_envelope),
    ("protocol_json", protocol_json),
    ("protocol_problem", protocol_problem),
    ("qr_frame", qr_frame),
    ("vault_row", vault_row),
];

/// What holds for every account that was read from anywhere: its link reads back as the same account, and its
/// code has as many characters as it says.
fn assert_sound(account: &Account) {
    let link = uri::format_otpauth(account);
    // EXPOSE: the link is read back, and shown nowhere.
    let read = uri::parse_otpauth(link.expose()).expect("a written link can be read");
    assert!(
        read.account == *account,
        "a written link reads as another account"
    );
    assert!(
        uri::format_otpauth(&read.account) == link,
        "a link is written in two ways"
    );
    let code = account.otp.generator().code(UnixSeconds(1_111_111_109));
    assert_eq!(
        code.text().expose().len(),
        usize::from(account.otp.kind().digits())
    );
}

/// The committed seeds of a target.
#[cfg(test)]
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus");
    let folder = std::path::Path::new(folder).join(target);
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}
