//! What a code is, for a person.

use countersign_core::doctor::{Content, Finding};
use countersign_core::encoding::base32;
use countersign_core::uri::invitation::Proof;
use countersign_core::uri::{Parsed, UriError};

use crate::rows::{named, parameters};
use crate::terminal::shown;
use crate::verbs::answer::Showing;
use crate::words;
use crate::work::host;

/// The explanation in lines.
pub(crate) fn words(found: &Finding, showing: Showing) -> String {
    if let Some(error) = found.error.filter(|_| words::makes_codes(found.kind)) {
        return refused_account(found, error);
    }
    let mut lines = vec![found.kind.explanation().to_owned()];
    lines.extend(found.accounts().map(|parsed| account(parsed, showing)));
    if let Content::Migration(parts) = &found.content {
        for part in parts {
            lines.push(format!(
                "Part {} of {}.",
                part.place.index.saturating_add(1),
                part.place.size
            ));
            for failure in &part.failures {
                lines.push(format!(
                    "Entry {} cannot be added: {}",
                    failure.index.saturating_add(1),
                    words::error(failure.error)
                ));
            }
        }
    }
    lines.extend(names(&found.content));
    for warning in &found.warnings {
        lines.push(words::warning(*warning).to_owned());
    }
    // That something else is no link for codes is what its explanation says already.
    let error = found.error.filter(|error| *error != UriError::NotOtpauth);
    lines.extend(error.map(words::error));
    lines.extend(words::told_hint(found).map(str::to_owned));
    lines.push(format!("Next: {}", words::next_step(found)));
    lines.join("\n") + "\n"
}

/// What was meant as an account and has a mistake in it.
fn refused_account(found: &Finding, error: UriError) -> String {
    let mut lines = vec![
        "This is meant to set up codes, but has a mistake in it.".to_owned(),
        words::error(error),
    ];
    lines.extend(words::told_hint(found).map(str::to_owned));
    lines.push(
        "Next: compare it with what the website shows, or read its QR code with --qr.".to_owned(),
    );
    lines.join("\n") + "\n"
}

fn account(parsed: &Parsed, showing: Showing) -> String {
    let account = &parsed.account;
    let mut line = format!(
        "  {}  ({}, {})",
        named(
            &account.issuer,
            account.label_issuer.as_ref(),
            &account.account
        ),
        account.otp.kind().name(),
        parameters(account.otp.kind())
    );
    if showing.reveal {
        // EXPOSE: `--reveal` asks for the key and the code.
        let secret = base32::encode(account.otp.key().expose());
        let code = account.otp.generator().code(showing.at).text();
        line.push_str(&format!(
            "  secret {}  code {}",
            secret.expose(),
            code.expose()
        ));
    }
    line
}

fn names(content: &Content) -> Vec<String> {
    match content {
        Content::Invitation(invitation) => {
            let mut lines = vec![format!("  Server: {}", shown(host(&invitation.url)))];
            if let Proof::Scanned(scanned) = &invitation.proof {
                lines.push(format!(
                    "  {}",
                    named(&scanned.issuer, None, &scanned.account)
                ));
            }
            lines
        }
        Content::Statement(statement) => {
            vec![format!("  Server: {}", shown(host(&statement.url)))]
        }
        _ => Vec::new(),
    }
}
