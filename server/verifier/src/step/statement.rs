//! Statements: asking a person's devices to approve something.

use countersign_protocol::claims::ClaimError;
use countersign_protocol::digits::Digits;
use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::lines::Lines;
use countersign_protocol::message::{Act, Client, Details, Outcome, Place, Statement};
use countersign_protocol::time::Timestamp;

use super::{Input, StepError, Turn};
use crate::entropy::{generate_id, generate_number};
use crate::event::Fact;
use crate::kept::Kept;
use crate::person::{Asked, Message, NUMBER_TRIES, OPEN_STATEMENTS_MAX};

/// What a sign-in page asks for.
#[derive(Clone, Eq, PartialEq)]
pub struct Request {
    /// What is to be approved; anything but a test, which a device gets once.
    pub act: Act,
    /// The application, at most 64 bytes.
    pub app: String,
    /// The site that asks: a host of A-labels, with a port where it is not the usual one.
    pub origin: String,
    /// Who signs in, at most 96 bytes.
    pub user: String,
    /// From where, where the server knows it.
    pub place: Option<Place>,
    /// With what, where the server knows it.
    pub client: Option<Client>,
    /// What exactly; needed with [`Act::Action`].
    pub details: Option<Details>,
    /// How long it is open, in seconds, where not as the rules say: 1 to 600.
    pub lifetime_s: Option<u64>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Request").field(&self.act).finish()
    }
}

/// A statement that was made.
#[derive(Clone, Debug)]
pub struct AskedStatement {
    /// Its `jti`.
    pub id: Id,
    /// Its bytes: the page's QR code is `countersign://approve?s=` and these.
    pub message: Compact,
    /// The number for the sign-in screen.
    pub number: Digits,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether devices get it by fetching. If not the page offers the QR code first.
    pub is_listed: bool,
}

/// Why no statement was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AskError {
    /// The person has no active device.
    #[error("no active device")]
    NoDevice,
    /// Approvals are suspended.
    #[error("approvals are suspended")]
    Suspended {
        /// Until when; none where somebody has to end it.
        until: Option<Timestamp>,
    },
    /// Twenty are open.
    #[error("too many statements are open")]
    TooManyOpen,
    /// With all of its texts it does not fit into a QR code.
    #[error("longer than a statement may be")]
    TooLarge,
    /// No device would take it.
    #[error("no device would take it: {0}")]
    Form(ClaimError),
}

/// Makes a statement for all of the person's active devices.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What is asked for.
    pub request: Request,
}

impl Input for Ask {
    type Reply = Result<AskedStatement, AskError>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        if let Some(suspended) = turn.person.calm.suspended() {
            let until = suspended.until;
            return Ok(Err(AskError::Suspended { until }));
        }
        if self.request.act == Act::Test {
            return Ok(Err(AskError::Form(ClaimError::Form { name: "act" })));
        }
        let real = turn.person.statements.iter();
        let real = real.filter(|asked| asked.is_open() && asked.act != Act::Test);
        let (open, ringing) = (
            real.clone().count(),
            real.filter(|asked| asked.is_listed).count(),
        );
        if open >= OPEN_STATEMENTS_MAX {
            return Ok(Err(AskError::TooManyOpen));
        }
        let audience: Vec<_> = turn.person.active().map(|device| device.id).collect();
        if audience.is_empty() {
            return Ok(Err(AskError::NoDevice));
        }
        let is_listed = turn.person.calm.may_ring(ringing);
        let made = turn.ask(&self.request, audience, is_listed, NUMBER_TRIES)?;
        if let Ok(made) = &made
            && is_listed
        {
            let now = turn.now();
            turn.person.calm.rang(made.id, now);
        }
        Ok(made)
    }
}

/// Takes a statement back that is still open: the sign-in was given up.
#[derive(Clone, Copy, Debug)]
pub struct Withdraw {
    /// Its `jti`.
    pub statement: Id,
}

impl Input for Withdraw {
    /// Whether it was open.
    type Reply = bool;

    fn take(&self, turn: &mut Turn<'_>) -> Result<bool, StepError> {
        let asked = turn.person.statement(&self.statement);
        if !asked.is_some_and(Asked::is_open) {
            return Ok(false);
        }
        turn.end_unanswered(&self.statement, Outcome::Withdrawn)?;
        Ok(true)
    }
}

impl Turn<'_> {
    /// Makes a statement whose number may be typed so often, and rings where it is listed.
    pub(super) fn ask(
        &mut self,
        request: &Request,
        audience: Vec<Thumbprint>,
        is_listed: bool,
        tries: u8,
    ) -> Result<Result<AskedStatement, AskError>, StepError> {
        let (now, rules) = (self.now(), self.desk.rules);
        let lifetime_s = request.lifetime_s.unwrap_or(rules.policy.lifetime_s);
        let statement = Statement {
            issuer: rules.url.clone(),
            audience,
            account: self.person.account,
            id: generate_id(self.desk.entropy)?,
            made_at: now,
            expires_at: now.plus_s(lifetime_s),
            act: Some(request.act),
            app: request.app.clone(),
            origin: request.origin.clone(),
            user: request.user.clone(),
            place: request.place.clone(),
            client: request.client.clone(),
            details: request.details.clone(),
            digits: rules.policy.digits,
            tries,
            unknown: None,
        };
        let claims = match statement.to_claims() {
            Ok(claims) => claims,
            Err(error) => return Ok(Err(AskError::Form(error))),
        };
        let message = match Self::sign(self.desk.keys.first(), Kind::Statement, &claims) {
            Err(StepError::TooLarge) => return Ok(Err(AskError::TooLarge)),
            signed => signed?,
        };
        let number = generate_number(self.desk.entropy, rules.policy.digits)?;
        self.person.statements.push(Asked {
            id: statement.id,
            message: Some(Message(message.as_str().to_owned())),
            hash: message.hash(),
            key: self.desk.keys.first().public().thumbprint(),
            act: request.act,
            number: Kept(number.clone()),
            audience: statement.audience.clone(),
            made_at: now,
            expires_at: statement.expires_at,
            is_listed,
            tries_left: tries,
            wrong_responses: 0,
            shown: Lines::of(&statement).hash(),
            answers: vec![],
            end: None,
        });
        self.tell(Fact::Asked {
            statement: statement.id,
            hash: message.hash(),
            act: request.act,
            is_listed,
        })?;
        if is_listed {
            self.ring(&statement.audience)?;
        }
        Ok(Ok(AskedStatement {
            id: statement.id,
            message,
            number,
            expires_at: statement.expires_at,
            is_listed,
        }))
    }

    fn ring(&mut self, audience: &[Thumbprint]) -> Result<(), StepError> {
        for id in audience {
            let enrolled = self.person.device(id);
            let enrolled = enrolled.and_then(|device| device.enrolled.as_ref());
            let ring = enrolled.and_then(|enrolled| enrolled.ring.clone());
            if let Some(to) = ring {
                self.tell(Fact::Ring { device: *id, to })?;
            }
        }
        Ok(())
    }
}
