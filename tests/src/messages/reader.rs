//! Any verified message through the one reader of its kind.

use countersign_protocol::claims::ClaimError;
use countersign_protocol::envelope::Verified;
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::json::Object;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Account, Answer, Delivery, Enrol, Expected, Fetch, History, Leave, Move, ReadEnrol, Receipt,
    State, Statement,
};

/// What a reader knows before it reads.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The server's base URL.
    pub url: String,
    /// The device's key.
    pub device: Thumbprint,
    /// The hash of the message that is answered.
    pub answered: MessageHash,
    /// The person's account.
    pub account: Id,
}

/// What a message said.
pub enum Said {
    /// What its kind can say, as the claims that its own writer makes of it.
    Claims(Object),
    /// An enrolment, with its reader's word on it.
    Enrol(Box<Enrol>),
    /// A statement.
    Statement(Box<Statement>),
    /// An enrolment in other versions only, of which this is the newest.
    OtherVersions(u32),
}

/// Reads it.
///
/// # Errors
///
/// As the reader of its kind.
pub fn read(message: &Verified, reader: &Reader) -> Result<Said, ClaimError> {
    let (url, device, answered) = (&*reader.url, &reader.device, &reader.answered);
    let claims = match message.kind() {
        Kind::Enrol => {
            return Ok(match Enrol::read(message, url)? {
                ReadEnrol::Version1(enrol) => Said::Enrol(enrol),
                ReadEnrol::OtherVersions { newest } => Said::OtherVersions(newest),
            });
        }
        Kind::Statement => {
            let expected = Expected {
                issuer: url,
                device,
                account: &reader.account,
            };
            let statement = Statement::read(message, &expected)?;
            return Ok(Said::Statement(Box::new(statement)));
        }
        Kind::Account => Account::read(message, device, answered)?.to_claims(),
        Kind::Fetch => Fetch::read(message, url)?.to_claims(),
        Kind::State => State::read(message, device, answered)?.to_claims(),
        Kind::Answer => Answer::read(message, url)?.to_claims(),
        Kind::Receipt => Receipt::read(message, device)?.to_claims(),
        Kind::Delivery => Delivery::read(message, url)?.to_claims(),
        Kind::Move => Move::read(message, url)?.to_claims(),
        Kind::Leave => Leave::read(message, url)?.to_claims(),
        Kind::History => History::read(message)?.to_claims(),
    };
    Ok(Said::Claims(claims))
}
