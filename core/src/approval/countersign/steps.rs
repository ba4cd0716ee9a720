//! What the person or the platform does with an account beside answering: moving, leaving, a new push address, a bell; and
//! what the porch has got further with.

use countersign_protocol::digits::CheckNumber;
use countersign_protocol::envelope::{Received, Unsigned};
use countersign_protocol::hash::{HistoryHead, Id};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{History, Moving, Ring, Standing, is_push_address};
use countersign_protocol::time::Timestamp;
use zeroize::Zeroizing;

use super::entry::{Entry, Progress, Step};
use super::flight::{Flight, Stage};
use crate::approval::ApprovalError;
use crate::approval::model::StatementId;
use crate::approval::work::{Address, MoveAsk};
use crate::device::DeviceKeys;
use crate::time::UnixSeconds;

impl Entry {
    pub(super) fn take_step(&mut self, ask: &MoveAsk) -> Result<(), ApprovalError> {
        let enrolled = self.enrolled_mut().ok_or(ApprovalError::NotActive)?;
        let step = match ask {
            MoveAsk::Begin => {
                match enrolled.standing {
                    Standing::Active => {}
                    Standing::Suspended { .. } => return Err(ApprovalError::Suspended),
                    _ => return Err(ApprovalError::NotActive),
                }
                if !enrolled.account.policy.may_move {
                    return Err(ApprovalError::NotAllowed);
                }
                Step::Start
            }
            MoveAsk::Confirm(typed) => {
                let Some(Moving::Invited { id, .. }) = enrolled.moving else {
                    return Err(ApprovalError::NoMove);
                };
                CheckNumber::parse(typed.as_str()).map_err(|_| ApprovalError::CheckNumber)?;
                Step::Confirm(id, Zeroizing::new(typed.as_str().to_owned()))
            }
            MoveAsk::Abort => {
                let Some(moving) = &enrolled.moving else {
                    // Nothing was heard of it: what was to be sent is not.
                    return enrolled.step.take().map(drop).ok_or(ApprovalError::NoMove);
                };
                Step::Abort(moving.id())
            }
        };
        enrolled.step = Some(step);
        Ok(())
    }

    pub(super) fn deliver_to(&mut self, address: Option<&Address>) -> Result<(), ApprovalError> {
        let bell = self.bell;
        let checked = |to: &String| {
            // Another one would be refused as a defect of this device.
            let is_address = to.starts_with("https://") && is_push_address(to);
            is_address
                .then(|| to.clone())
                .ok_or(ApprovalError::NotAllowed)
        };
        let ring = match address {
            None => Ring::None,
            Some(Address::UnifiedPush { to }) => Ring::UnifiedPush {
                to: checked(to)?,
                bell,
            },
            Some(Address::Gateway { to }) => Ring::Gateway {
                to: checked(to)?,
                bell,
            },
            Some(Address::WebPush { to, p256dh, auth }) => Ring::WebPush {
                to: checked(to)?,
                bell,
                p256dh: PublicKey::from_point(p256dh).map_err(|_| ApprovalError::NotAllowed)?,
                auth: Id::from_bytes(*auth),
            },
        };
        if self.delivery.ring != ring {
            self.delivery.ring = ring;
            self.delivery.sequence += 1;
            self.delivery.is_told = false;
        }
        Ok(())
    }

    /// Whether a token is this account's, without an early end.
    pub(super) fn take_bell(&mut self, token: &str) -> bool {
        let Ok(token) = Id::parse(token) else {
            return false;
        };
        let pairs = token.bytes().iter().zip(self.bell.bytes());
        let is_own = pairs.fold(0, |seen, (a, b)| seen | (a ^ b)) == 0;
        self.has_bell |= is_own;
        is_own
    }

    pub(super) fn is_for_this_device(&self, statement: &str) -> bool {
        let Some(device) = self.device() else {
            return false;
        };
        // Nothing is proven by it: it only says whose checks are asked.
        let received = Received::parse(Kind::Statement, statement);
        received.is_ok_and(|received| received.names_reader(&device))
    }

    /// Takes over what the porch has got further with. Nothing goes back: an answer and an end stay what they are.
    pub(super) fn merge(
        &mut self,
        porch: &[u8],
        flights: &[(StatementId, Vec<u8>)],
    ) -> Result<(), ApprovalError> {
        let unreadable = |_| ApprovalError::Unreadable;
        let mut porch = Self::from_record(self.id, porch).map_err(unreadable)?;
        for (id, body) in flights {
            // One that cannot be read is as if it had not come.
            let _ = crate::approval::work::Work::take_flight(&mut porch, *id, body);
        }
        let (Progress::Enrolled(own), Progress::Enrolled(theirs)) =
            (&mut self.progress, porch.progress)
        else {
            return Ok(());
        };
        if theirs.applied > own.applied && theirs.sequence >= own.sequence {
            if theirs.account.version > own.account.version {
                own.account = theirs.account;
                own.document = theirs.document;
                own.signer = theirs.signer;
                // Its rules may bring what they did not before, and the porch asks for no secrets.
                own.wants_secrets = true;
            }
            own.standing = theirs.standing;
            own.sequence = theirs.sequence;
            own.applied = theirs.applied;
            own.nonce = own.nonce.take().filter(|_| theirs.nonce.is_some());
            if own.standing.is_end() {
                own.clear();
            }
            self.clock = porch.clock;
            self.delivery.is_told |=
                porch.delivery.is_told && porch.delivery.sequence == self.delivery.sequence;
        }
        own.is_key_gone |= theirs.is_key_gone;
        self.has_bell |= porch.has_bell;
        for (id, theirs) in porch.flights {
            match self.flights.get_mut(&id) {
                None => {
                    self.flights.insert(id, theirs);
                }
                Some(own) if progress_of(&theirs) > progress_of(own) => *own = theirs,
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The end of an exported history, signed by this account's device key.
    pub(super) fn signed_end(
        &self,
        head: [u8; 32],
        count: u64,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<String, ApprovalError> {
        let enrolled = self.enrolled().ok_or(ApprovalError::NotActive)?;
        let history = History {
            account: enrolled.account.account,
            head: HistoryHead::from_bytes(head),
            count,
            made_at: Timestamp::new(now.0).unwrap_or(Timestamp::MAX),
        };
        let key = &enrolled.keys.device;
        let unsigned = Unsigned::new(Kind::History, &key.public, &history.to_claims())
            .map_err(|_| ApprovalError::TooMany)?;
        Ok(key.sign(&unsigned, keys)?.as_str().to_owned())
    }
}

/// How far a statement has come: what is further never goes back. A wrong number opens it again, with fewer tries: that is
/// further than the answer that had it, and the next answer further still.
const fn progress_of(flight: &Flight) -> (bool, u8, bool, bool) {
    let wrong = match flight.tries_left {
        Some(left) => u8::MAX - left,
        None => 0,
    };
    let is_answered = matches!(flight.stage, Stage::Answered { .. });
    let is_reported = flight.report.is_some() || flight.was_reported;
    (flight.is_ended(), wrong, is_answered, is_reported)
}
