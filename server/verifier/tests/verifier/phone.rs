//! A phone as tests play it: it signs what it says, and verifies what it is told with the keys that it knows.

use std::cell::RefCell;

use countersign_protocol::derive::{Proof, Proven, check_number, commitment};
use countersign_protocol::digits::{CheckNumber, Digits};
use countersign_protocol::envelope::{Compact, Received, Unsigned};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::json::Object;
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::lines::Lines;
use countersign_protocol::message::{
    Account, Answer, Capability, Decision, Delivery, Device, Enrol, Expected, Fetch,
    InvitationChoice, Leave, Move, MoveStep, Presence, Protection, Receipt, Request, Ring, State,
    Statement,
};
use countersign_protocol::secret::{DeviceNonce, InvitationSecret, ScannedSecret, TypedSecret};
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;

use crate::world::URL;

/// What a phone was shown or told of an invitation.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) choice: InvitationChoiceText,
    pub(crate) pinned: Option<Thumbprint>,
}

#[derive(Clone, Debug)]
pub(crate) enum InvitationChoiceText {
    Scanned { id: Id, secret: [u8; 16] },
    Typed { choice: u16, secret: String },
}

impl Known {
    /// What a link says.
    pub(crate) fn by_link(link: &str) -> Self {
        let query = link.strip_prefix("countersign://enrol?").unwrap();
        let field = |name: &str| {
            let mut fields = query.split('&').filter_map(|field| field.split_once('='));
            fields.find(|(known, _)| *known == name).unwrap().1
        };
        assert_eq!(field("v"), "1");
        let secret = countersign_protocol::base64url::parse_exact(field("secret")).unwrap();
        Self {
            choice: InvitationChoiceText::Scanned {
                id: Id::parse(field("id")).unwrap(),
                secret,
            },
            pinned: Some(Thumbprint::parse(field("key")).unwrap()),
        }
    }

    /// What somebody typed.
    pub(crate) fn by_code(code: &str) -> Self {
        let (choice, secret) = code.split_at(3);
        Self {
            choice: InvitationChoiceText::Typed {
                choice: choice.parse().unwrap(),
                secret: secret.to_owned(),
            },
            pinned: None,
        }
    }

    fn secret(&self) -> InvitationSecret {
        match &self.choice {
            InvitationChoiceText::Scanned { secret, .. } => {
                InvitationSecret::Scanned(ScannedSecret::copy_of(secret))
            }
            InvitationChoiceText::Typed { secret, .. } => {
                InvitationSecret::Typed(TypedSecret::parse(secret.as_bytes()).unwrap())
            }
        }
    }
}

pub(crate) struct Phone {
    pub(crate) name: String,
    pub(crate) key: SigningKey,
    pub(crate) approval: SigningKey,
    pub(crate) presence: Presence,
    pub(crate) protection: Protection,
    url: String,
    nonce: [u8; 16],
    known: RefCell<Option<Account>>,
    enrolled: RefCell<Option<(MessageHash, MessageHash)>>,
    next: RefCell<u64>,
}

impl Phone {
    pub(crate) fn new(name: &str) -> Self {
        Self::at(name, URL)
    }

    /// A phone that speaks to the server at this address.
    pub(crate) fn at(name: &str, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            name: name.to_owned(),
            key: SigningKey::generate().unwrap(),
            approval: SigningKey::generate().unwrap(),
            presence: Presence::EachUse,
            protection: Protection::Hardware,
            nonce: [7; 16],
            known: RefCell::default(),
            enrolled: RefCell::default(),
            next: RefCell::new(1),
        }
    }

    pub(crate) fn id(&self) -> Thumbprint {
        self.key.public().thumbprint()
    }

    pub(crate) fn nonce(&self) -> DeviceNonce {
        DeviceNonce::copy_of(&self.nonce)
    }

    fn fresh_id(&self) -> Id {
        let mut next = self.next.borrow_mut();
        *next += 1;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&next.to_be_bytes());
        Id::from_bytes(bytes)
    }

    pub(crate) fn sign(key: &SigningKey, kind: Kind, claims: &Object) -> Compact {
        let unsigned = Unsigned::new(kind, key.public(), claims).unwrap();
        let signature = key.sign(unsigned.signing_input()).unwrap();
        unsigned.signed(&signature).unwrap()
    }

    /// What an enrolment says, for a test to change.
    pub(crate) fn enrolment(&self, known: &Known, now: Timestamp) -> Enrol {
        let commitment = commitment(&self.nonce());
        let proven = Proven {
            device: &self.id(),
            approval: &self.approval.public().thumbprint(),
            commitment: &commitment,
        };
        Enrol {
            audience: self.url.clone(),
            invitation: match &known.choice {
                InvitationChoiceText::Scanned { id, .. } => InvitationChoice::Scanned(*id),
                InvitationChoiceText::Typed { choice, .. } => InvitationChoice::Typed(*choice),
            },
            proof: Proof::new(&known.secret(), &proven),
            commitment,
            approval_key: *self.approval.public(),
            approval_protection: self.protection,
            presence: self.presence,
            device: Device {
                name: self.name.clone(),
                platform: "Android 16".to_owned(),
                app: "Countersign 1".to_owned(),
                protection: self.protection,
            },
            capabilities: vec![Capability::Scan, Capability::Offline, Capability::Otp],
            attestation: None,
            made_at: now,
            id: self.fresh_id(),
        }
    }

    pub(crate) fn enrol(&self, known: &Known, now: Timestamp) -> Compact {
        let claims = self.enrolment(known, now).to_claims();
        Self::sign(&self.key, Kind::Enrol, &claims)
    }

    /// Takes the first account document.
    pub(crate) fn keep(&self, enrol: &Compact, reply: &Compact, pinned: Option<&Thumbprint>) {
        let received = Received::parse(Kind::Account, reply.as_str()).unwrap();
        let verified = received.verify_first_account(pinned).unwrap();
        let account = Account::read(&verified, &self.id(), &enrol.hash()).unwrap();
        self.known.replace(Some(account));
        self.enrolled.replace(Some((enrol.hash(), reply.hash())));
    }

    /// Goes back to a document that it had before: its copy of the newer one was lost.
    pub(crate) fn lose(&self, earlier: Account) {
        self.known.replace(Some(earlier));
    }

    pub(crate) fn account(&self) -> Account {
        self.known.borrow().clone().unwrap()
    }

    /// The number that the phone shows.
    pub(crate) fn check(&self) -> CheckNumber {
        let (enrol, account) = self.enrolled.borrow().unwrap();
        check_number(&self.nonce(), &enrol, &account)
    }

    pub(crate) fn request(&self, now: Timestamp) -> Request {
        Request {
            audience: self.url.clone(),
            account: self.account().account,
            made_at: now,
            id: self.fresh_id(),
        }
    }

    pub(crate) fn fetching(&self, now: Timestamp) -> Fetch {
        Fetch {
            request: self.request(now),
            have: self.account().version,
            open: vec![],
            reveal: None,
            replaces: None,
            wants_secrets: false,
            wait_s: 0,
        }
    }

    pub(crate) fn fetch(&self, fetch: &Fetch) -> Compact {
        Self::sign(&self.key, Kind::Fetch, &fetch.to_claims())
    }

    pub(crate) fn delivery(&self, sequence: u64, ring: Ring, now: Timestamp) -> Compact {
        let delivery = Delivery {
            request: self.request(now),
            sequence,
            ring,
        };
        Self::sign(&self.key, Kind::Delivery, &delivery.to_claims())
    }

    pub(crate) fn step(&self, step: MoveStep, now: Timestamp) -> Compact {
        let step = Move {
            request: self.request(now),
            step,
        };
        Self::sign(&self.approval, Kind::Move, &step.to_claims())
    }

    pub(crate) fn leave(&self, now: Timestamp) -> Compact {
        let leave = Leave {
            request: self.request(now),
        };
        Self::sign(&self.key, Kind::Leave, &leave.to_claims())
    }

    fn server_keys(&self) -> Vec<PublicKey> {
        self.account().keys
    }

    /// Reads a state, and takes a newer document before anything else of it.
    pub(crate) fn state(&self, request: &Compact, reply: &Compact) -> State {
        let keys = self.server_keys();
        let received = Received::parse(Kind::State, reply.as_str()).unwrap();
        let verified = received.verify(keys.iter().map(|key| (Role::Server, key)));
        let state = State::read(&verified.unwrap(), &self.id(), &request.hash()).unwrap();
        if let Some(document) = &state.account {
            let received = Received::parse(Kind::Account, document.as_str()).unwrap();
            let verified = received.verify(keys.iter().map(|key| (Role::Server, key)));
            let (enrol, _) = self.enrolled.borrow().unwrap();
            let account = Account::read(&verified.unwrap(), &self.id(), &enrol).unwrap();
            assert!(account.version > self.account().version);
            self.known.replace(Some(account));
        }
        state
    }

    pub(crate) fn statement(&self, message: &Compact) -> Statement {
        let keys = self.server_keys();
        let received = Received::parse(Kind::Statement, message.as_str()).unwrap();
        let verified = received.verify(keys.iter().map(|key| (Role::Server, key)));
        let account = self.account().account;
        let expected = Expected {
            issuer: &self.url,
            device: &self.id(),
            account: &account,
        };
        Statement::read(&verified.unwrap(), &expected).unwrap()
    }

    pub(crate) fn receipt(&self, message: &Compact) -> Receipt {
        let keys = self.server_keys();
        let received = Received::parse(Kind::Receipt, message.as_str()).unwrap();
        let verified = received.verify(keys.iter().map(|key| (Role::Server, key)));
        Receipt::read(&verified.unwrap(), &self.id()).unwrap()
    }

    /// What an answer says, for a test to change.
    pub(crate) fn answering(
        &self,
        message: &Compact,
        decision: Decision,
        now: Timestamp,
    ) -> Answer {
        let statement = self.statement(message);
        Answer {
            audience: self.url.clone(),
            account: statement.account,
            statement: statement.id,
            statement_hash: message.hash(),
            decision,
            shown: Lines::of(&statement).hash(),
            made_at: now,
        }
    }

    pub(crate) fn answer(&self, message: &Compact, decision: Decision, now: Timestamp) -> Compact {
        self.sign_answer(&self.answering(message, decision, now))
    }

    pub(crate) fn sign_answer(&self, answer: &Answer) -> Compact {
        let key = match answer.decision {
            Decision::Approve { .. } => &self.approval,
            _ => &self.key,
        };
        Self::sign(key, Kind::Answer, &answer.to_claims())
    }
}

/// An approval with this number.
pub(crate) fn approve(number: &Digits) -> Decision {
    Decision::Approve {
        number: number.clone(),
    }
}

/// An approval with another number than this.
pub(crate) fn approve_wrongly(number: &Digits, by: u32) -> Decision {
    let digits = number.as_str().len();
    let wrong =
        (number.as_str().parse::<u32>().unwrap() + by) % 10_u32.pow(u32::try_from(digits).unwrap());
    let text = format!("{wrong:0digits$}");
    Decision::Approve {
        number: Digits::parse(&text, u8::try_from(digits).unwrap()).unwrap(),
    }
}
