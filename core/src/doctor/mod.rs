//! What a scanned or pasted text is, whatever it is, and what to do next. Reading only: nothing is
//! stored and nothing is sent.

mod kind;

pub use kind::Kind;

use crate::encoding::invisible::is_typesetting;
use crate::manual::{ManualEntry, ManualError, parse_manual};
use crate::otp::OtpKind;
use crate::uri::foreign::{self, ForeignPush, PushActivation, Vendor};
use crate::uri::invitation::{self, Invitation, Pasted};
use crate::uri::link::{self, Link};
use crate::uri::migration::{self, Batch, MigrationPart, is_migration};
use crate::uri::statement::{self, Statement};
use crate::uri::{
    Field, Hint, LINK_BYTES_MAX, Parsed, TestMode, UriError, Warning, parse_otpauth, read_lines,
};

/// The longest pasted text, in bytes.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// What a text is.
#[derive(Debug, Eq, PartialEq)]
pub struct Finding {
    /// Which of all kinds it is; also known when it was refused.
    pub kind: Kind,
    /// What was read from it.
    pub content: Content,
    /// What is odd about it, in the accounts' order.
    pub warnings: Vec<Warning>,
    /// Why it was refused; none when it was accepted.
    pub error: Option<UriError>,
    /// The field that the error is shown at, where one is to blame.
    pub field: Option<Field>,
    /// What it looks like instead.
    pub hint: Option<Hint>,
    /// Whose protocol a foreign link belongs to.
    pub vendor: Option<Vendor>,
}

/// What was read from a text. What was refused may still be read: a foreign link is kept whole.
#[derive(Debug, Eq, PartialEq)]
pub enum Content {
    /// Nothing that this program uses.
    Nothing,
    /// One code account.
    Account(Box<Parsed>),
    /// An export's parts, at least one.
    Migration(Vec<MigrationPart>),
    /// Our own invitation.
    Invitation(Box<Invitation>),
    /// A statement of our own protocol.
    Statement(Box<Statement>),
    /// Another server's enrolment link.
    ForeignPush(Box<ForeignPush>),
    /// Microsoft's activation.
    PushActivation(Box<PushActivation>),
}

impl Finding {
    /// Whether this program can use the text.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        self.error.is_none()
    }

    /// The accounts that were read, in order.
    pub fn accounts(&self) -> impl Iterator<Item = &Parsed> {
        let (one, parts) = match &self.content {
            Content::Account(parsed) => (Some(&**parsed), [].as_slice()),
            Content::Migration(parts) => (None, parts.as_slice()),
            _ => (None, [].as_slice()),
        };
        one.into_iter()
            .chain(parts.iter().flat_map(|part| &part.entries))
    }

    fn accepted(kind: Kind, content: Content) -> Self {
        Self {
            kind,
            content,
            warnings: Vec::new(),
            error: None,
            field: None,
            hint: None,
            vendor: None,
        }
    }

    fn refused(kind: Kind, error: UriError) -> Self {
        Self {
            error: Some(error),
            field: error.field(),
            hint: kind.hint(),
            ..Self::accepted(kind, Content::Nothing)
        }
    }

    fn account(parsed: Parsed) -> Self {
        Self {
            warnings: parsed.warnings.clone(),
            ..Self::accepted(
                Kind::of_otp(parsed.account.otp.kind()),
                Content::Account(Box::new(parsed)),
            )
        }
    }
}

/// Says what a text is. Any text has an answer.
#[must_use]
pub fn examine(text: &str, test_mode: TestMode) -> Finding {
    if text.len() > TEXT_BYTES_MAX {
        return Finding::refused(Kind::Text, UriError::TooLong);
    }
    let text = link::trim(text);
    let is_known_link = |line: &str| Kind::of_scheme(line).is_some_and(Kind::is_link);
    let mut links = read_lines(text).filter(|(_, line)| is_known_link(line));
    match (links.next(), links.next()) {
        // One link of a file with comments; a link that is broken over lines begins the text.
        (Some((_, only)), None) if !is_known_link(text) && is_file_of_links(text) => {
            examine_link(only, test_mode)
        }
        (Some(_), Some(_)) if is_file_of_links(text) => examine_file(text),
        _ => examine_one(text, test_mode),
    }
}

/// Says what a typed entry is.
#[must_use]
pub fn examine_manual(entry: &ManualEntry<'_>) -> Finding {
    match parse_manual(entry) {
        Ok(read) => Finding {
            hint: read.hint,
            ..Finding::account(Parsed {
                account: read.account,
                warnings: read.warnings,
            })
        },
        Err(ManualError { error, field, hint }) => Finding {
            field,
            hint,
            ..Finding::refused(Kind::of_typed(entry), error)
        },
    }
}

fn examine_one(text: &str, test_mode: TestMode) -> Finding {
    if Kind::of_scheme(text).is_some_and(Kind::is_link) {
        return examine_link(text, test_mode);
    }
    if let Some(found) = examine_pasted(text, test_mode) {
        return found;
    }
    let error = if text.len() > LINK_BYTES_MAX {
        UriError::TooLong
    } else {
        UriError::NotOtpauth
    };
    if let Some(kind) = Kind::of_scheme(text) {
        return Finding::refused(kind, error);
    }
    let digits = text.chars().filter(|&letter| !is_typesetting(letter));
    let is_digits = digits.clone().all(|letter| letter.is_ascii_digit());
    let count = digits.count();
    if !is_digits || count == 0 {
        return Finding::refused(Kind::Text, error);
    }
    Finding {
        hint: (6..=8).contains(&count).then_some(Hint::LooksLikeCode),
        ..Finding::refused(Kind::Digits, error)
    }
}

/// A text that begins with the scheme of a link that sets something up.
fn examine_link(text: &str, test_mode: TestMode) -> Finding {
    let found = examine_scheme(text, test_mode);
    Finding {
        // Also a broken link says by its scheme whose it is.
        vendor: found.vendor.or_else(|| Vendor::of_scheme(text)),
        ..found
    }
}

fn examine_scheme(text: &str, test_mode: TestMode) -> Finding {
    let kind = Kind::of_scheme(text).unwrap_or(Kind::Text);
    let link = match Link::split(text) {
        Ok(link) => link,
        Err(error) => return Finding::refused(kind, error),
    };
    match kind {
        Kind::Migration => examine_migration(text),
        Kind::Invitation | Kind::Statement => examine_own(&link, text, test_mode),
        Kind::PushActivation => examine_activation(text),
        _ if foreign::vendor_and_kind(&link).is_some() => examine_foreign(text),
        Kind::ForeignPush => Finding::refused(kind, UriError::PushNotSupported),
        _ => match parse_otpauth(text) {
            Ok(parsed) => Finding::account(parsed),
            Err(UriError::NotOtpauth) => Finding::refused(kind, UriError::UnsupportedType),
            Err(error) => Finding::refused(Kind::of_host(&link), error),
        },
    }
}

fn examine_migration(text: &str) -> Finding {
    match migration::parse_migration(text) {
        Ok(part) => found_parts(vec![part]),
        Err(error) => Finding::refused(Kind::Migration, error),
    }
}

fn found_parts(parts: Vec<MigrationPart>) -> Finding {
    let entries = parts.iter().flat_map(|part| &part.entries);
    let first_failure = parts.iter().find_map(|part| part.failures.first());
    // One good entry is enough; without any, the first failure says why.
    let error = match (entries.clone().next(), first_failure) {
        (None, Some(failure)) => Some(failure.error),
        (None, None) => Some(UriError::EmptyPayload),
        (Some(_), _) => None,
    };
    // What holds for the whole export is said once, before what holds for its accounts.
    let mut warnings = Vec::new();
    for warning in parts.iter().flat_map(|part| &part.warnings) {
        if !warnings.contains(warning) {
            warnings.push(*warning);
        }
    }
    warnings.extend(entries.flat_map(|entry| &entry.warnings).copied());
    Finding {
        warnings,
        error,
        field: error.and_then(|error| error.field()),
        ..Finding::accepted(Kind::Migration, Content::Migration(parts))
    }
}

fn examine_own(link: &Link<'_>, text: &str, test_mode: TestMode) -> Finding {
    if link.has_host("approve") {
        return match statement::parse_statement(text, test_mode) {
            Ok(read) => Finding::accepted(Kind::Statement, Content::Statement(Box::new(read))),
            Err(error) => Finding::refused(Kind::Statement, error),
        };
    }
    found_invitation(invitation::parse_invitation(text, test_mode))
}

fn found_invitation(read: Result<Invitation, UriError>) -> Finding {
    match read {
        Ok(read) => Finding::accepted(Kind::Invitation, Content::Invitation(Box::new(read))),
        Err(error) => Finding::refused(Kind::Invitation, error),
    }
}

/// An invitation in the middle of a text: its link, or an address and beside it digits that are meant
/// as a code.
fn examine_pasted(text: &str, test_mode: TestMode) -> Option<Finding> {
    if text.len() > LINK_BYTES_MAX {
        return None;
    }
    let pasted = Pasted::find(text);
    let is_meant = pasted.url.is_some() && pasted.has_more_than_url && pasted.has_digits;
    (is_meant || invitation::link_in(text).is_some())
        .then(|| found_invitation(invitation::parse_pasted(text, test_mode)))
}

fn examine_foreign(text: &str) -> Finding {
    let refused = Finding::refused(Kind::ForeignPush, UriError::PushNotSupported);
    match foreign::parse_foreign_push(text) {
        Ok(push) => Finding {
            vendor: Some(push.vendor),
            content: Content::ForeignPush(Box::new(push)),
            ..refused
        },
        Err(error) => Finding::refused(Kind::ForeignPush, error),
    }
}

fn examine_activation(text: &str) -> Finding {
    let (content, error) = match foreign::parse_activation(text) {
        Ok(read) => (
            Content::PushActivation(Box::new(read)),
            UriError::PushNotSupported,
        ),
        Err(UriError::UnsupportedType) => (Content::Nothing, UriError::PushNotSupported),
        Err(error) => (Content::Nothing, error),
    };
    Finding {
        content,
        ..Finding::refused(Kind::PushActivation, error)
    }
}

/// Whether every line is a link, a comment or blank.
fn is_file_of_links(text: &str) -> bool {
    read_lines(text).all(|(_, line)| Kind::of_scheme(line).is_some_and(Kind::is_link))
}

/// Several links, one a line: an export's parts are one answer; a list of keys is a file to import.
fn examine_file(text: &str) -> Finding {
    let mut batch: Option<Batch> = None;
    for (_, line) in read_lines(text) {
        if !link::split_scheme(line).is_some_and(|(scheme, _)| is_migration(scheme)) {
            return Finding::refused(Kind::Text, UriError::NotOtpauth);
        }
        let part = match migration::parse_migration(line) {
            Ok(part) => part,
            Err(error) => return Finding::refused(Kind::Migration, error),
        };
        // A part that stands twice counts once; parts of two exports do not make one.
        let joined = match &mut batch {
            Some(batch) => batch.add(part).map(|_| ()),
            None => Batch::new(part).map(|first| batch = Some(first)),
        };
        if joined.is_err() {
            return Finding::refused(Kind::Migration, UriError::InvalidPayload);
        }
    }
    found_parts(batch.map_or_else(Vec::new, Batch::accept_partial))
}

impl Kind {
    /// The kind of a code account.
    #[must_use]
    pub const fn of_otp(kind: OtpKind) -> Self {
        match kind {
            OtpKind::Totp { .. } => Self::Totp,
            OtpKind::Hotp { .. } => Self::Hotp,
            OtpKind::Steam => Self::Steam,
        }
    }

    /// What a refused entry was meant as.
    fn of_typed(entry: &ManualEntry<'_>) -> Self {
        if let Some(kind) = Self::of_scheme(link::trim(entry.secret)) {
            return match Link::split(entry.secret) {
                Ok(link) if kind == Self::OtherOtp => Self::of_host(&link),
                _ => kind,
            };
        }
        match entry.kind.trim() {
            kind if kind.eq_ignore_ascii_case("hotp") => Self::Hotp,
            kind if kind.eq_ignore_ascii_case("steam") => Self::Steam,
            "" => Self::Totp,
            kind if kind.eq_ignore_ascii_case("totp") => Self::Totp,
            _ => Self::OtherOtp,
        }
    }

    /// What a refused link was meant as.
    fn of_host(link: &Link<'_>) -> Self {
        if foreign::vendor_and_kind(link).is_some() {
            return Self::ForeignPush;
        }
        if link.has_scheme("steam") || link.has_host("steam") {
            Self::Steam
        } else if link.has_host("totp") {
            Self::Totp
        } else if link.has_host("hotp") {
            Self::Hotp
        } else {
            Self::OtherOtp
        }
    }
}

#[cfg(test)]
mod tests;
