//! Reading: any text, picture, frame or form says what it is. Nothing is stored, and nothing is sent.

pub mod invitation;
pub mod migration;
#[cfg(feature = "qr")]
pub mod pictures;
pub mod recovery_code;

use std::sync::Arc;

use countersign_core::account::{Account, Name};
use countersign_core::doctor::{self, Content, Finding};
use countersign_core::manual::{FORM_LIMITS, FormLimits, ManualEntry};
use countersign_core::otp::{Otp, OtpKind};
use countersign_core::secret::{Secret, SecretText};
use countersign_core::uri::foreign::{ForeignKind, Vendor};
use countersign_core::uri::migration::EntryFailure;
use countersign_core::uri::{self, Field, Parsed, TestMode, UriError, Warning};

use self::invitation::Invitation;
use crate::errors::CountersignError;

/// What a text is, and what was read from it. It holds the keys of what can be added; they do not cross.
#[derive(uniffi::Object)]
pub struct Reading(Finding);

/// An account that was read, without its key.
///
/// # Privacy
///
/// Names say where somebody has an account.
#[derive(Clone, Debug, Eq, PartialEq, uniffi::Record)]
pub struct ReadAccount {
    /// Who issued it; may be empty.
    pub issuer: Name,
    /// The label's prefix where it differs from the issuer.
    pub label_issuer: Option<Name>,
    /// Whose account it is; may be empty.
    pub account: Name,
    /// How its codes are made.
    pub kind: OtpKind,
    /// What is odd about it; the person decides.
    pub warnings: Vec<Warning>,
}

/// A form's fields as text, numbers too; an empty field takes the default.
#[derive(Clone, uniffi::Record)]
pub struct ManualFields {
    /// Who issued it.
    #[uniffi(default = "")]
    pub issuer: String,
    /// Whose account it is.
    #[uniffi(default = "")]
    pub account: String,
    /// The key in Base32, or a whole link.
    pub secret: String,
    /// `totp`, `hotp` or `steam`.
    #[uniffi(default = "")]
    pub kind: String,
    /// The hash.
    #[uniffi(default = "")]
    pub algorithm: String,
    /// Digits of a code.
    #[uniffi(default = "")]
    pub digits: String,
    /// The period in seconds.
    #[uniffi(default = "")]
    pub period: String,
    /// The counter.
    #[uniffi(default = "")]
    pub counter: String,
}

/// The defaults and limits of every form.
#[derive(Clone, Debug, Eq, PartialEq, uniffi::Record)]
pub struct ManualLimits {
    /// Types to choose from; the first is the default.
    pub types: Vec<String>,
    /// Hashes to choose from; the first is the default.
    pub algorithms: Vec<String>,
    /// Fewest digits.
    pub digits_min: u8,
    /// Most digits.
    pub digits_max: u8,
    /// Digits when none are named.
    pub digits_default: u8,
    /// Shortest period, in seconds.
    pub period_min_s: u32,
    /// Longest period, in seconds.
    pub period_max_s: u32,
    /// The period when none is named, in seconds.
    pub period_default_s: u32,
    /// The largest counter; the smallest and the default is 0.
    pub counter_max: u64,
    /// The longest key, in bytes.
    pub key_bytes_max: u64,
    /// The longest text of the key field when it holds a link, in bytes.
    pub link_bytes_max: u64,
}

/// A link that another server's approvals are set up with: recognised, and of no use here.
#[derive(Clone, Debug, Eq, PartialEq, uniffi::Record)]
pub struct ForeignLink {
    /// Whose protocol it is.
    pub vendor: Vendor,
    /// What it enrols.
    pub kind: ForeignKind,
    /// The label.
    pub label: Name,
}

/// A request to approve that stands in a link. Nothing in it is verified yet.
#[derive(Clone, Debug, Eq, PartialEq, uniffi::Record)]
pub struct StatementLink {
    /// The server that it says it is from.
    pub host: Name,
    /// The site that asks; empty when it does not say.
    pub origin: Name,
    /// Who signs in; empty when it does not say.
    pub user: Name,
}

#[uniffi::export]
impl Reading {
    /// Which of all kinds it is; also known when it was refused.
    #[must_use]
    pub fn kind(&self) -> doctor::Kind {
        self.0.kind
    }

    /// What it is, in plain words.
    #[must_use]
    pub fn explanation(&self) -> String {
        self.0.kind.explanation().to_owned()
    }

    /// What to do next, in plain words.
    #[must_use]
    pub fn next_step(&self) -> String {
        self.0.kind.next_step().to_owned()
    }

    /// Whether it can be used here.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.0.is_accepted()
    }

    /// Why it was refused; none when it was not.
    #[must_use]
    pub fn error(&self) -> Option<UriError> {
        self.0.error
    }

    /// The error's name in the closed list that shells translate.
    #[must_use]
    pub fn error_name(&self) -> Option<String> {
        self.0.error.map(|error| error.name().to_owned())
    }

    /// The field that the error is shown at, where one is to blame.
    #[must_use]
    pub fn field(&self) -> Option<Field> {
        self.0.field
    }

    /// What is odd about it, in the accounts' order.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.0.warnings.clone()
    }

    /// What it looks like instead.
    #[must_use]
    pub fn hint(&self) -> Option<uri::Hint> {
        self.0.hint
    }

    /// Whose protocol a foreign link belongs to.
    #[must_use]
    pub fn vendor(&self) -> Option<Vendor> {
        self.0.vendor
    }

    /// The accounts that were read, in order.
    #[must_use]
    pub fn accounts(&self) -> Vec<ReadAccount> {
        let accounts = self.0.accounts();
        accounts
            .map(|Parsed { account, warnings }| {
                let Account {
                    issuer,
                    label_issuer,
                    account,
                    otp,
                } = account;
                ReadAccount {
                    issuer: issuer.clone(),
                    label_issuer: label_issuer.clone(),
                    account: account.clone(),
                    kind: otp.kind(),
                    warnings: warnings.clone(),
                }
            })
            .collect()
    }

    /// The entries of an export that could not be read.
    #[must_use]
    pub fn failures(&self) -> Vec<EntryFailure> {
        match &self.0.content {
            Content::Migration(parts) => parts
                .iter()
                .flat_map(|part| part.failures.iter().copied())
                .collect(),
            _ => vec![],
        }
    }

    /// The foreign link, where it is one.
    #[must_use]
    pub fn foreign(&self) -> Option<ForeignLink> {
        match &self.0.content {
            Content::ForeignPush(push) => Some(ForeignLink {
                vendor: push.vendor,
                kind: push.kind,
                label: push.label.clone(),
            }),
            _ => None,
        }
    }

    /// The request to approve, where it is one: `Companion.scan_statement` takes the text.
    #[must_use]
    pub fn statement(&self) -> Option<StatementLink> {
        match &self.0.content {
            Content::Statement(statement) => Some(StatementLink {
                host: Name::new(statement.url.host()),
                origin: statement.origin.clone(),
                user: statement.user.clone(),
            }),
            _ => None,
        }
    }

    /// The invitation, where it is one.
    #[must_use]
    pub fn invitation(&self) -> Option<Arc<Invitation>> {
        match &self.0.content {
            Content::Invitation(invitation) => Some(Arc::new(Invitation::copy_of(invitation))),
            _ => None,
        }
    }
}

impl Reading {
    pub(crate) const fn of(finding: Finding) -> Self {
        Self(finding)
    }

    /// Copies of what can be added, so that a write that fails can be tried again.
    pub(crate) fn copied_accounts(&self) -> Result<Vec<Account>, CountersignError> {
        let copies: Vec<Account> = self
            .0
            .accounts()
            .filter_map(|parsed| copied(&parsed.account))
            .collect();
        match copies.is_empty() {
            true => Err(CountersignError::NothingToAdd),
            false => Ok(copies),
        }
    }
}

fn copied(account: &Account) -> Option<Account> {
    let Account {
        issuer,
        label_issuer,
        account,
        otp,
    } = account;
    // EXPOSE: the copy is a secret again.
    let key = Secret::copy_of(otp.key().expose());
    Some(Account {
        issuer: issuer.clone(),
        label_issuer: label_issuer.clone(),
        account: account.clone(),
        // The key has made one already, so it makes another.
        otp: Otp::new(key, otp.kind()).ok()?,
    })
}

pub(crate) const fn mode_of(test_mode: bool) -> TestMode {
    if test_mode {
        TestMode::On
    } else {
        TestMode::Off
    }
}

/// Says what a text is: a link, an export, an invitation with code and address, or nothing. Any text has an answer. In test mode
/// servers on this machine are taken.
#[uniffi::export(default(test_mode = false))]
#[must_use]
pub fn examine(text: &str, test_mode: bool) -> Arc<Reading> {
    Arc::new(Reading(doctor::examine(text, mode_of(test_mode))))
}

/// Says what a typed form is.
#[uniffi::export]
#[must_use]
pub fn examine_manual(fields: ManualFields) -> Arc<Reading> {
    let ManualFields {
        issuer,
        account,
        secret,
        kind,
        algorithm,
        digits,
        period,
        counter,
    } = &fields;
    let secret = SecretText::new(secret.clone());
    let entry = ManualEntry {
        issuer,
        account,
        // EXPOSE: it is read.
        secret: secret.expose(),
        kind,
        algorithm,
        digits,
        period,
        counter,
    };
    Arc::new(Reading(doctor::examine_manual(&entry)))
}

/// The defaults and limits of every form.
#[uniffi::export]
#[must_use]
pub fn manual_limits() -> ManualLimits {
    let FormLimits {
        types,
        algorithms,
        digits: (digits_min, digits_max),
        digits_default,
        period_s: (period_min_s, period_max_s),
        period_default_s,
        counter_max,
        key_bytes_max,
        link_bytes_max,
    } = FORM_LIMITS;
    let texts = |texts: [&str; 3]| texts.map(str::to_owned).to_vec();
    let bytes = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    ManualLimits {
        types: texts(types),
        algorithms: texts(algorithms),
        digits_min,
        digits_max,
        digits_default,
        period_min_s,
        period_max_s,
        period_default_s,
        counter_max,
        key_bytes_max: bytes(key_bytes_max),
        link_bytes_max: bytes(link_bytes_max),
    }
}
