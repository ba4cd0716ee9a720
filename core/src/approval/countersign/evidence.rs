//! Whether the messages of a history are genuine: each is signed by a key that an earlier message brought, back to the device's
//! own enrolment.

use countersign_protocol::envelope::{EnvelopeError, Received, Verified, server_keys};
use countersign_protocol::hash::MessageHash;
use countersign_protocol::json::{Json, Object};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::message::{Answer, Enrol, ReadEnrol};

use super::entry::Entry;
use super::named;
use crate::account::Name;
use crate::approval::evidence::{About, Evidence, Proof};
use crate::approval::history::{self, KeyOfAccount, Label, Message, NotGenuine};

/// The keys that signed an account's messages, as its history brings them.
#[derive(Debug, Default)]
pub(in crate::approval) struct Witness {
    keys: Vec<(Role, PublicKey)>,
}

impl Witness {
    /// With the keys that the account has now: where the history was cut, what brought them may be gone.
    pub(super) fn of(entry: &Entry) -> Self {
        let mut witness = Self::default();
        if let Some(keys) = entry.keys() {
            witness.learn(Role::Device, keys.device.public);
            witness.learn(Role::Approval, keys.approval.public);
        }
        if let Some(enrolled) = entry.enrolled() {
            for key in &enrolled.account.keys {
                witness.learn(Role::Server, *key);
            }
        }
        witness
    }

    fn learn(&mut self, role: Role, key: PublicKey) {
        if !self.keys.contains(&(role, key)) {
            self.keys.push((role, key));
        }
    }

    fn verified(&self, received: Received) -> Result<Verified, EnvelopeError> {
        received.verify(self.keys.iter().map(|(role, key)| (*role, key)))
    }

    /// Checks one message and takes the keys that it brings.
    fn meet(&mut self, message: &Message, entry: &history::Entry) -> Result<Proof, NotGenuine> {
        let kind = kind_of(&message.label).ok_or(NotGenuine)?;
        let received = Received::parse(kind, &message.text).map_err(|_| NotGenuine)?;
        let verified = match kind {
            Kind::Enrol => received.verify_with_own_key(),
            Kind::Account if entry.kind == history::Kind::Enrolled => {
                received.verify_first_account(None)
            }
            _ => self.verified(received),
        };
        let verified = match verified {
            Ok(verified) => verified,
            Err(EnvelopeError::UnknownKey) => return Ok(Proof::UnknownKey),
            Err(_) => return Err(NotGenuine),
        };
        match kind {
            Kind::Enrol => self.take_enrol(&verified)?,
            Kind::Account => {
                for key in server_keys(verified.claims()).map_err(|_| NotGenuine)? {
                    self.learn(Role::Server, key);
                }
            }
            Kind::Statement => {
                let hash = MessageHash::of(&message.text);
                (entry.statement == Some(*hash.bytes()))
                    .then_some(())
                    .ok_or(NotGenuine)?;
            }
            Kind::Answer => check_answer(&verified, entry)?,
            Kind::Receipt => check_receipt(&verified, entry)?,
            _ => {}
        }
        Ok(Proof::Proven)
    }

    fn take_enrol(&mut self, enrol: &Verified) -> Result<(), NotGenuine> {
        let audience = audience_of(enrol)?;
        let Ok(ReadEnrol::Version1(read)) = Enrol::read(enrol, &audience) else {
            return Err(NotGenuine);
        };
        self.learn(Role::Device, *enrol.key());
        self.learn(Role::Approval, read.approval_key);
        Ok(())
    }
}

impl Evidence for Witness {
    fn check(&mut self, entry: &history::Entry) -> Result<Proof, NotGenuine> {
        let mut proof = Proof::Proven;
        for message in &entry.messages {
            if self.meet(message, entry)? == Proof::UnknownKey {
                proof = Proof::UnknownKey;
            }
        }
        Ok(proof)
    }

    fn keys(&self) -> Vec<KeyOfAccount> {
        let keys = self.keys.iter();
        keys.filter_map(|(role, key)| {
            let role = match role {
                Role::Device => "device",
                Role::Approval => "approval",
                Role::Server => "server",
            };
            let jwk: Object = key.jwk();
            let jwk = String::from_utf8(jwk.format().ok()?).ok()?;
            let role = Label::new(role).ok()?;
            Some(KeyOfAccount { role, jwk })
        })
        .collect()
    }
}

/// The server that a message of the device was for, whichever that is.
fn audience_of(message: &Verified) -> Result<String, NotGenuine> {
    match message.claims().get("aud") {
        Some(Json::Text(audience)) => Ok(audience.clone()),
        _ => Err(NotGenuine),
    }
}

/// An answer says what the entry says of it, and the right key signed it.
fn check_answer(answer: &Verified, entry: &history::Entry) -> Result<(), NotGenuine> {
    let audience = audience_of(answer)?;
    let read = Answer::read(answer, &audience).map_err(|_| NotGenuine)?;
    let is_of_statement = entry.statement == Some(*read.statement_hash.bytes());
    is_of_statement.then_some(()).ok_or(NotGenuine)
}

/// A receipt of what was decided here is one of the answer that stands beside it, where it names one.
fn check_receipt(receipt: &Verified, entry: &history::Entry) -> Result<(), NotGenuine> {
    use history::{Decision, Outcome};
    let is_own = matches!(
        (entry.decision, entry.outcome),
        (
            Some(Decision::Approve | Decision::Deny | Decision::Cancel),
            Some(Outcome::Approved | Outcome::Denied | Outcome::Cancelled | Outcome::WrongNumber)
        )
    );
    let Some(Json::Text(answer_hash)) = receipt.claims().get("ath").filter(|_| is_own) else {
        return Ok(());
    };
    let mut answers = entry.messages.iter();
    let is_beside = answers.any(|message| {
        let is_answer = kind_of(&message.label) == Some(Kind::Answer);
        is_answer && MessageHash::of(&message.text).format() == *answer_hash
    });
    is_beside.then_some(()).ok_or(NotGenuine)
}

/// What an entry's messages tell of it.
pub(in crate::approval) fn told(entry: &history::Entry) -> About {
    let mut about = About::default();
    for message in &entry.messages {
        let Some(kind @ (Kind::Account | Kind::Statement)) = kind_of(&message.label) else {
            continue;
        };
        let Ok(received) = Received::parse(kind, &message.text) else {
            continue;
        };
        let text = |name: &str| match received.peek().get(name) {
            Some(Json::Text(text)) => named(text),
            _ => Name::EMPTY,
        };
        match kind {
            Kind::Account => (about.issuer, about.label) = (text("issuer"), text("label")),
            _ => {
                (about.act, about.app) = (text("act"), text("app"));
                (about.origin, about.user) = (text("origin"), text("user"));
            }
        }
    }
    about
}

/// What a label says, where it is one of this protocol's.
pub(in crate::approval) fn kind_of(label: &Label) -> Option<Kind> {
    Kind::ALL
        .into_iter()
        .find(|kind| kind.typ() == label.as_str())
}
