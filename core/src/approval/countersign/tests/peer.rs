//! A server that does as it is told, for the device's half alone.

use countersign_protocol::digits::Digits;
use countersign_protocol::envelope::{Compact, Received, Unsigned, Verified};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::json::Object;
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::message::{
    Account, Act, Answer, Confirm, Decision, Ended, Enrol, Fetch, Outcome, Policy, PresenceRule,
    ReadEnrol, Receipt, Standing, State, Statement,
};
use countersign_protocol::problem::Problem;
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;

use crate::approval::countersign;
use crate::approval::exchange::{Attention, Errand, Event, Lane, Outgoing, Reply};
use crate::approval::work::{Kept, Preparing};
use crate::approval::{COUNTERSIGN, KeyPlace, NewWork, StatementId, WorkAccount};
use crate::device::NoDeviceKeys;
use crate::entropy::SystemEntropy;
use crate::time::UnixSeconds;
use crate::uri::TestMode;
use crate::uri::invitation::{Invitation, parse_code_and_url, parse_invitation};
use crate::vault::RecordId;

pub(crate) const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
pub(crate) const URL: &str = "https://login.example.org/mfa";
pub(crate) const PERSON: Id = Id::from_bytes([7; 16]);

pub(crate) fn time(at: UnixSeconds) -> Timestamp {
    Timestamp::new(at.0).unwrap()
}

pub(crate) fn id(byte: u8) -> Id {
    Id::from_bytes([byte; 16])
}

/// The server's side of one account.
pub(crate) struct Peer {
    pub(crate) keys: Vec<SigningKey>,
    pub(crate) confirm: Confirm,
    pub(crate) policy: Policy,
    pub(crate) version: u64,
    pub(crate) sequence: u64,
    pub(crate) device: Option<PublicKey>,
    pub(crate) approval: Option<PublicKey>,
    pub(crate) enrol_hash: Option<MessageHash>,
}

impl Peer {
    pub(crate) fn new() -> Self {
        Self {
            keys: vec![SigningKey::generate().unwrap()],
            confirm: Confirm::Compare,
            policy: Policy {
                presence: PresenceRule::Preferred,
                digits: 6,
                lifetime_s: 120,
                offline: true,
                may_move: true,
                export: true,
            },
            version: 1,
            sequence: 1,
            device: None,
            approval: None,
            enrol_hash: None,
        }
    }

    pub(crate) fn key(&self) -> &SigningKey {
        self.keys.last().unwrap()
    }

    pub(crate) fn invitation(&self) -> Invitation {
        let link = format!(
            "countersign://enrol?v=1&url={URL}&id={}&secret={}&key={}&exp=1800000600&issuer=ACME&account=ann",
            id(1).format(),
            id(2).format(),
            self.key().public().thumbprint().format(),
        );
        parse_invitation(&link, TestMode::Off).unwrap()
    }

    pub(crate) fn typed_invitation() -> Invitation {
        parse_code_and_url("1234 5678 9012 3456", URL, TestMode::Off).unwrap()
    }

    pub(crate) fn says(&self, kind: Kind, claims: &Object) -> Compact {
        signed(self.key(), kind, claims)
    }

    pub(crate) fn thumbprint(&self) -> Thumbprint {
        self.device.unwrap().thumbprint()
    }

    /// Takes an enrolment without asking, and answers with the account.
    pub(crate) fn take_enrol(&mut self, message: &str) -> Compact {
        let received = Received::parse(Kind::Enrol, message).unwrap();
        let verified = received.verify_with_own_key().unwrap();
        let ReadEnrol::Version1(enrol) = Enrol::read(&verified, URL).unwrap() else {
            panic!("version 1 is spoken");
        };
        self.device = Some(*verified.key());
        self.approval = Some(enrol.approval_key);
        self.enrol_hash = Some(MessageHash::of(message));
        self.account()
    }

    pub(crate) fn document(&self) -> Account {
        Account {
            audience: self.thumbprint(),
            enrol_hash: self.enrol_hash.unwrap(),
            version: self.version,
            nonce: id(9),
            account: PERSON,
            issuer: "ACME".to_owned(),
            label: "ann@acme.test".to_owned(),
            keys: self.keys.iter().map(|key| *key.public()).collect(),
            policy: self.policy,
            confirm: self.confirm,
            help: None,
            vapid: None,
        }
    }

    pub(crate) fn account(&self) -> Compact {
        self.says(Kind::Account, &self.document().to_claims())
    }

    pub(crate) fn verified(&self, kind: Kind, message: &str) -> Verified {
        let received = Received::parse(kind, message).unwrap();
        let keys = [
            (Role::Device, self.device.as_ref().unwrap()),
            (Role::Approval, self.approval.as_ref().unwrap()),
        ];
        received.verify(keys).unwrap()
    }

    pub(crate) fn read_fetch(&self, message: &str) -> Fetch {
        Fetch::read(&self.verified(Kind::Fetch, message), URL).unwrap()
    }

    pub(crate) fn read_answer(&self, message: &str) -> Answer {
        Answer::read(&self.verified(Kind::Answer, message), URL).unwrap()
    }

    pub(crate) fn state(&self, request: &str, standing: Standing, now: UnixSeconds) -> State {
        State {
            audience: self.thumbprint(),
            request_hash: MessageHash::of(request),
            sequence: self.sequence,
            now: time(now),
            standing,
            statements: vec![],
            closed: vec![],
            account: None,
            secrets: None,
            moving: None,
            is_stale: false,
        }
    }

    pub(crate) fn statement(&self, number: u8, now: UnixSeconds) -> Statement {
        Statement {
            issuer: URL.to_owned(),
            audience: vec![self.thumbprint()],
            account: PERSON,
            id: id(number),
            made_at: time(now),
            expires_at: time(now.plus(120)),
            act: Some(Act::SignIn),
            app: "Mail".to_owned(),
            origin: "mail.example.org".to_owned(),
            user: "ann".to_owned(),
            place: None,
            client: None,
            details: None,
            digits: 6,
            tries: 3,
            unknown: None,
        }
    }

    pub(crate) fn signed_statement(&self, statement: &Statement) -> Compact {
        self.says(Kind::Statement, &statement.to_claims().unwrap())
    }

    /// A receipt for an answer of this device.
    pub(crate) fn receipt(&self, answer: &str, outcome: Outcome, now: UnixSeconds) -> Receipt {
        let read = self.read_answer(answer);
        let key = match read.decision {
            Decision::Approve { .. } => self.approval.unwrap(),
            _ => self.device.unwrap(),
        };
        Receipt {
            audience: vec![self.thumbprint()],
            statement: read.statement,
            statement_hash: read.statement_hash,
            answer_hash: Some(MessageHash::of(answer)),
            by: Some(Ended {
                key: key.thumbprint(),
                name: "Fairphone".to_owned(),
            }),
            via: None,
            outcome,
            left: None,
            is_reported: false,
            next: vec![],
            now: time(now),
        }
    }
}

pub(crate) fn signed(key: &SigningKey, kind: Kind, claims: &Object) -> Compact {
    let unsigned = Unsigned::new(kind, key.public(), claims).unwrap();
    key.sign_message(&unsigned).unwrap()
}

/// A device without a vault: its account goes through its record after each step, as if it had been killed and started.
pub(crate) struct Device {
    pub(crate) account: WorkAccount,
}

impl Device {
    pub(crate) fn new(invitation: &Invitation) -> Self {
        let new = NewWork {
            device_name: "Fairphone",
            platform: "android",
            app: "countersign 1",
            keys: KeyPlace::Software,
            replaces: None,
        };
        let record = RecordId::from_bytes([3; 16]);
        let entropy = SystemEntropy::new();
        let work = countersign::plan(record, invitation, &new, None, &entropy).unwrap();
        let account = WorkAccount::new(record, COUNTERSIGN, work);
        let mut device = Self { account };
        device.restart();
        device
    }

    /// Killed, and started again from what is stored.
    pub(crate) fn restart(&mut self) {
        let body = self.account.encode(Kept::InTheVault);
        let mut again = WorkAccount::decode(self.account.id, &body).unwrap();
        for (id, flight) in self.account.work.flights() {
            again.work.take_flight(id, &flight).unwrap();
        }
        assert_eq!(again.encode(Kept::InTheVault), body);
        assert_eq!(again.work.flights(), self.account.work.flights());
        self.account = again;
    }

    pub(crate) fn make_keys(&mut self, now: UnixSeconds) {
        let entropy = SystemEntropy::new();
        let made = self
            .account
            .work
            .make_keys(&NoDeviceKeys, &entropy, now)
            .unwrap();
        self.account = self.account.with_work(&made.0).unwrap();
        self.restart();
    }

    pub(crate) fn request(&self, lane: Lane, now: UnixSeconds) -> Outgoing {
        let entropy = SystemEntropy::new();
        let preparing = Preparing {
            attention: Attention::Waiting,
            contact: &self.account.contact,
            kept: Kept::InTheVault,
            keys: &NoDeviceKeys,
            entropy: &entropy,
            now,
        };
        self.account.work.request(lane, preparing).unwrap()
    }

    pub(crate) fn take(&mut self, errand: &Errand, body: &str, now: UnixSeconds) -> Vec<Event> {
        self.take_reply(errand, &ok(body), now)
    }

    pub(crate) fn take_reply(
        &mut self,
        errand: &Errand,
        reply: &Reply,
        now: UnixSeconds,
    ) -> Vec<Event> {
        let took = self.account.take(errand, reply, now);
        self.restart();
        took.events
    }

    /// Fetches, and takes what `state` makes of the peer's plain state.
    pub(crate) fn fetch(
        &mut self,
        peer: &Peer,
        standing: Standing,
        now: UnixSeconds,
        bend: impl FnOnce(&mut State),
    ) -> Vec<Event> {
        let outgoing = self.request(Lane::Ask, now);
        let mut state = peer.state(&outgoing.body, standing, now);
        bend(&mut state);
        let reply = peer.says(Kind::State, &state.to_claims());
        self.take(&outgoing.errand, reply.as_str(), now)
    }

    pub(crate) fn statements(&self, now: UnixSeconds) -> Vec<crate::approval::StatementView> {
        self.account.statements(now)
    }

    pub(crate) fn only_statement(&self, now: UnixSeconds) -> StatementId {
        let statements = self.statements(now);
        assert_eq!(statements.len(), 1);
        statements[0].id
    }
}

pub(crate) fn ok(body: &str) -> Reply {
    Reply::Answered {
        status: 200,
        retry_after_s: None,
        body: body.as_bytes().to_vec(),
    }
}

/// An unsigned refusal.
pub(crate) fn refused(problem: &Problem) -> Reply {
    let (_, status) = problem.name_and_status();
    Reply::Answered {
        status,
        retry_after_s: None,
        body: problem.to_document().format().unwrap(),
    }
}

/// A device that its server has taken.
pub(crate) fn enrolled() -> (Peer, Device) {
    let mut peer = Peer::new();
    let mut device = Device::new(&peer.invitation());
    device.make_keys(NOW);
    let outgoing = device.request(Lane::Say, NOW);
    let account = peer.take_enrol(&outgoing.body);
    device.take(&outgoing.errand, account.as_str(), NOW);
    (peer, device)
}

/// One that works.
pub(crate) fn active() -> (Peer, Device) {
    let (peer, mut device) = enrolled();
    device.fetch(&peer, Standing::Active, NOW, |_| {});
    (peer, device)
}

/// One that works and has one statement.
pub(crate) fn asked() -> (Peer, Device, StatementId) {
    let (peer, mut device) = active();
    let statement = peer.signed_statement(&peer.statement(1, NOW));
    device.fetch(&peer, Standing::Active, NOW, |state| {
        state.statements.push(statement);
    });
    let id = device.only_statement(NOW);
    (peer, device, id)
}

pub(crate) fn number(digits: &str) -> Digits {
    Digits::parse(digits, 6).unwrap()
}
