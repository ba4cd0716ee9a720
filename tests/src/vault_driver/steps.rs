//! What the child can be told to do. A new operation of the vault is a line in the table.

use countersign_core::account::{Account, Name};
use countersign_core::companion::{DoubtfulCounter, Edit};
use countersign_core::secret::{Secret, SecretText};
use countersign_core::uri::parse_otpauth;
use countersign_core::vault::{Damaged, KdfParams, VaultError};

use super::NOW;
use super::session::Session;

/// Does a step; what stands behind its `=` comes with it.
pub(super) type Perform = fn(&mut Session, &str) -> Result<(), VaultError>;

/// `NAME` or `NAME=ABOUT`; where there are two parts in ABOUT, a colon is between them.
const STEPS: [(&str, Perform); 22] = [
    ("init", |session, password| {
        let password = Some(password).filter(|password| !password.is_empty());
        let password = password.map(|password| Secret::copy_of(password.as_bytes()));
        session.create(password.as_ref())
    }),
    ("unlock", |session, _| {
        session.companion()?.refresh().map(|_| ())
    }),
    ("snapshot", |session, _| {
        session.companion()?.snapshot(NOW).map(|_| ())
    }),
    ("rotate", |session, _| {
        session
            .companion()?
            .renew_key(Damaged::Refuse, NOW)
            .map(|_| ())
    }),
    ("recover-newest", |session, _| session.restore_newest()),
    ("salvage", |session, _| session.salvage()),
    ("lock", |session, _| {
        session.lock();
        Ok(())
    }),
    ("close", |session, _| {
        session.close();
        Ok(())
    }),
    ("work", |session, text| session.work(text)),
    ("porch", |session, _| session.build_porch()),
    ("leave", |session, text| session.leave(text)),
    ("take-over", |session, _| session.take_over()),
    ("add", |session, name| {
        let account = account(&format!("totp/{name}?secret=GEZDGNBVGY3TQOJQ"));
        session.companion()?.add(account, NOW).map(|_| ())
    }),
    ("count", |session, name| {
        let account = account(&format!("hotp/{name}?secret=GEZDGNBVGY3TQOJQ&counter=0"));
        session.companion()?.add(account, NOW).map(|_| ())
    }),
    ("next", |session, name| {
        let id = session.find(name)?;
        let companion = session.companion()?;
        // After a restore or a salvage the counter is in doubt; the child wants to go on.
        let passed = companion.next_hotp(id, DoubtfulCounter::GoOn, NOW);
        passed.map(|_| ())
    }),
    ("rename", |session, about| {
        edit(session, about, |name| Edit {
            account: Some(Name::new(name)),
            ..Edit::default()
        })
    }),
    ("note", |session, about| {
        edit(session, about, |note| Edit {
            note: Some(SecretText::new(note.to_owned())),
            ..Edit::default()
        })
    }),
    ("tag", |session, about| {
        edit(session, about, |tag| Edit {
            tags: Some(vec![Name::new(tag)]),
            ..Edit::default()
        })
    }),
    ("remove", |session, name| {
        let id = session.find(name)?;
        session.companion()?.remove(id, NOW).map(|_| ())
    }),
    ("restore", |session, name| {
        let id = session.find(name)?;
        session.companion()?.restore(id, NOW)
    }),
    ("purge", |session, name| {
        let id = session.find(name)?;
        session.companion()?.purge(id, NOW)
    }),
    ("password", |session, password| {
        let password = Secret::copy_of(password.as_bytes());
        let companion = session.companion()?;
        let kdf = KdfParams::DEFAULT;
        let rotated = companion.change_password(&password, kdf, Damaged::Refuse, NOW);
        rotated.map(|_| ())
    }),
];

/// The step that is meant, and what it is about.
pub(super) fn find(step: &str) -> Option<(Perform, &str)> {
    let (name, about) = step.split_once('=').unwrap_or((step, ""));
    let known = STEPS.iter().find(|(known, _)| *known == name)?;
    Some((known.1, about))
}

fn edit(
    session: &mut Session,
    about: &str,
    change: impl Fn(&str) -> Edit,
) -> Result<(), VaultError> {
    let (name, new) = about.split_once(':').unwrap_or((about, ""));
    let id = session.find(name)?;
    session.companion()?.edit(id, change(new), NOW)
}

fn account(link: &str) -> Account {
    let parsed = parse_otpauth(&format!("otpauth://{link}"));
    parsed.expect("the names of steps fit into links").account
}
