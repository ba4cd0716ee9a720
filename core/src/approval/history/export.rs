//! The history as JSON lines that anybody can check: every line says what the chain takes of it, and the last ones are signed
//! by the accounts' own keys. `docs/history.md` describes them.

use serde_json::{Map, Value, json};

use super::entry::{Entry, Label};
use crate::encoding::base64url;
use crate::time::UnixSeconds;
use crate::vault::{BadPlace, ChainHead, Link, RecordId, Vault, VaultError};

/// Whose entries are written out. The others stand there as hashes, so that the chain can be followed all the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Those of all accounts.
    All,
    /// Those of one account, and of those whose place it has taken.
    Account(RecordId),
}

/// Whose entries are written out, by the records that an account has had.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// Those of all accounts.
    All,
    /// An account and those whose place it has taken.
    Of(Vec<RecordId>),
}

impl Wanted {
    fn includes(&self, account: RecordId) -> bool {
        match self {
            Self::All => true,
            Self::Of(records) => records.contains(&account),
        }
    }
}

/// A public key that signed messages of an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyOfAccount {
    /// Whose it is and what it signs.
    pub role: Label,
    /// The key as a JSON object (RFC 7517).
    pub jwk: String,
}

/// The public keys of an account: those of its server and the device's own, earlier ones included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountKeys {
    /// The account, by its record.
    pub account: RecordId,
    /// Its keys.
    pub keys: Vec<KeyOfAccount>,
}

/// Where the exported history ends: what an account's device key signs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ending {
    /// What the chain comes to.
    pub head: ChainHead,
    /// Places ever written.
    pub count: u64,
    /// When it was exported, by this device's clock.
    pub made_at: UnixSeconds,
}

/// What was exported.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Exported {
    /// Entries written out.
    pub entries: u64,
    /// Entries of other accounts, written as hashes.
    pub withheld: u64,
    /// Accounts whose key signed the end.
    pub signed: Vec<RecordId>,
    /// Accounts whose key did not, since it is gone or was not allowed to.
    pub unsigned: Vec<RecordId>,
}

/// Why nothing that can be relied on was exported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExportError {
    /// The history is not as it was written, from this place on.
    Bad(BadPlace),
    /// An account's key is no JSON object.
    Key,
    /// A line was not taken.
    NotWritten,
}

impl From<BadPlace> for ExportError {
    fn from(place: BadPlace) -> Self {
        Self::Bad(place)
    }
}

/// Writes the history, a line at a time without its newline. `sign` gives the message by which an account's device key signs
/// the end, none where that key does not sign; `write` says whether it took the line.
///
/// # Errors
///
/// [`VaultError::DamagedData`], [`VaultError::Io`].
pub fn export(
    vault: &Vault,
    wanted: &Wanted,
    accounts: &[AccountKeys],
    made_at: UnixSeconds,
    mut sign: impl FnMut(RecordId, &Ending) -> Option<String>,
    mut write: impl FnMut(&str) -> bool,
) -> Result<Result<Exported, ExportError>, VaultError> {
    let mut put = |line: Value| match write(&line.to_string()) {
        true => Ok(()),
        false => Err(ExportError::NotWritten),
    };
    let (count, head) = vault.history_end();
    let ending = Ending {
        head,
        count,
        made_at,
    };
    let mut exported = Exported::default();
    let accounts: Vec<&AccountKeys> = accounts
        .iter()
        .filter(|account| wanted.includes(account.account))
        .collect();
    let begun = put(first_line(&ending)).and_then(|()| {
        let mut lines = accounts.iter().map(|account| keys_line(account));
        lines.try_for_each(|line| put(line?))
    });
    if let Err(error) = begun {
        return Ok(Err(error));
    }
    let walked = vault.walk_history(|seq, link| put(line(seq, link, wanted, &mut exported)))?;
    if let Err(error) = walked {
        return Ok(Err(error));
    }
    for AccountKeys { account, .. } in accounts {
        let Some(message) = sign(*account, &ending) else {
            exported.unsigned.push(*account);
            continue;
        };
        exported.signed.push(*account);
        let line = json!({"line": "end", "account": account.to_string(), "message": message});
        if let Err(error) = put(line) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(exported))
}

fn first_line(ending: &Ending) -> Value {
    json!({
        "line": "history",
        "version": 1,
        "at": ending.made_at.0,
        "count": ending.count,
        "head": base64url::encode(ending.head.bytes()),
    })
}

fn keys_line(account: &AccountKeys) -> Result<Value, ExportError> {
    let mut keys = vec![];
    for key in &account.keys {
        let jwk: Map<String, Value> =
            serde_json::from_str(&key.jwk).map_err(|_| ExportError::Key)?;
        keys.push(json!({"role": key.role.as_str(), "jwk": jwk}));
    }
    Ok(json!({"line": "keys", "account": account.account.to_string(), "keys": keys}))
}

/// The line of one place.
fn line(seq: u64, link: &Link, wanted: &Wanted, exported: &mut Exported) -> Value {
    match link {
        Link::Cut { at, start } => json!({
            "line": "cut", "seq": seq, "at": at.0, "start": base64url::encode(start.bytes()),
        }),
        Link::Lost { at, count } => {
            json!({"line": "lost", "seq": seq, "at": at.0, "count": count})
        }
        Link::PorchLost { at, count } => {
            json!({"line": "porch_lost", "seq": seq, "at": at.0, "count": count})
        }
        Link::Entry(bytes) => {
            // EXPOSE: the person exports it.
            let entry = Entry::decode(bytes.expose()).ok();
            if let Some(entry) = entry.filter(|entry| wanted.includes(entry.account)) {
                exported.entries += 1;
                return entry_line(seq, &entry);
            }
            // Of another account, or of a newer version: its hash keeps the chain together.
            exported.withheld += 1;
            let (_, hash) = link.number_and_hash();
            json!({"line": "withheld", "seq": seq, "hash": base64url::encode(&hash)})
        }
    }
}

fn entry_line(seq: u64, entry: &Entry) -> Value {
    let messages = entry.messages.iter();
    let messages: Vec<Value> = messages
        .map(|message| json!({"label": message.label.as_str(), "text": message.text}))
        .collect();
    json!({
        "line": "entry",
        "seq": seq,
        "at": entry.at.0,
        "account": entry.account.to_string(),
        "kind": entry.kind.name(),
        "statement": entry.statement.map(|hash| base64url::encode(&hash)),
        "decision": entry.decision.map(super::names::Decision::name),
        "outcome": entry.outcome.map(super::names::Outcome::name),
        "cause": entry.cause.as_ref().map(Label::as_str),
        "messages": messages,
    })
}
