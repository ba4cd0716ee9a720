//! The Countersign approval protocol on the device: `docs/protocol.md` has every message.

mod answer;
mod apply;
mod enrol;
mod enrolled;
mod entry;
pub(super) mod evidence;
mod flight;
mod keys;
mod receipts;
mod request;
mod statements;
mod steps;
mod stored;
mod stored_move;
mod stored_parts;
mod take;
mod view;
mod words;

#[cfg(test)]
pub(super) mod tests;

use countersign_protocol::claims::ClaimError;
use countersign_protocol::kind::Kind;
use countersign_protocol::lines::shown;
use zeroize::Zeroizing;

pub(super) use entry::Entry;
use entry::{InvitationTag, Progress};
use flight::Flight;
use statements::Came;

use super::NewWork;
use super::contact::Contact;
use super::disclosure::Disclosure;
use super::error::ApprovalError;
use super::evidence::Evidence;
use super::exchange::{Attention, Cause, Errand, Lane, Outgoing, Reply};
use super::history::Label;
use super::model::{Decision, Standing, StatementId};
use super::view::{StatementView, WorkView};
use super::work::{
    Address, Due, Freshness, Kept, MoveAsk, NotTaken, Preparing, SignedAnswer, Taken, WithKeys,
    Work,
};
use crate::account::Name;
use crate::device::{DeviceKeys, KeyAlias};
use crate::entropy::Entropy;
use crate::secret::SecretText;
use crate::time::UnixSeconds;
use crate::uri::ServerUrl;
use crate::uri::invitation::Invitation;
use crate::vault::RecordId;

/// Takes an account back from its record.
pub(super) fn restore(id: RecordId, body: &[u8]) -> Result<Box<dyn Work>, ApprovalError> {
    let entry = Entry::from_record(id, body).map_err(|_| ApprovalError::Unreadable)?;
    Ok(Box::new(entry))
}

/// An account that an invitation adds, in the place of an earlier one where there is one.
pub(super) fn plan(
    id: RecordId,
    invitation: &Invitation,
    new: &NewWork<'_>,
    earlier: Option<(RecordId, &[u8])>,
    entropy: &dyn Entropy,
) -> Result<Box<dyn Work>, ApprovalError> {
    let earlier = earlier.map(|(id, body)| Entry::from_record(id, body));
    // One of another server is not of the same account.
    let earlier = earlier
        .transpose()
        .map_err(|_| ApprovalError::Unreadable)?
        .filter(|earlier| earlier.url == invitation.url);
    let entry = Entry::plan(id, invitation, new, earlier.as_ref(), entropy)?;
    Ok(Box::new(entry))
}

impl Work for Entry {
    fn encode(&self, kept: Kept) -> Zeroizing<Vec<u8>> {
        self.to_record(kept)
    }

    fn flights(&self) -> Vec<(StatementId, Zeroizing<Vec<u8>>)> {
        let flights = self.flights.iter();
        flights.map(|(id, flight)| (*id, flight.encode())).collect()
    }

    fn take_flight(&mut self, id: StatementId, body: &[u8]) -> Result<(), ApprovalError> {
        let enrolled = self.enrolled().ok_or(ApprovalError::Unreadable)?;
        let device = enrolled.keys.device.thumbprint();
        let person = enrolled.account.account;
        let flight = Flight::decode(body, self.url.as_str(), &device, &person)
            .map_err(|_| ApprovalError::Unreadable)?;
        if Flight::id_of(self.id, &flight.statement.id, &flight.hash()) != id {
            return Err(ApprovalError::Unreadable);
        }
        self.flights.insert(id, flight);
        Ok(())
    }

    fn standing(&self) -> Standing {
        self.stands()
    }

    fn view(&self, now: UnixSeconds) -> WorkView {
        self.work_view(now)
    }

    fn statements(&self, now: UnixSeconds) -> Vec<StatementView> {
        self.statement_views(now)
    }

    fn due(&self, attention: Attention, contact: &Contact, now: UnixSeconds) -> Due {
        self.due_at(attention, contact, now)
    }

    fn make_keys(
        &self,
        keys: &dyn DeviceKeys,
        entropy: &dyn Entropy,
        now: UnixSeconds,
    ) -> Result<WithKeys, ApprovalError> {
        self.with_keys(keys, entropy, now)
    }

    fn claim_keys(&mut self, fresh: [KeyAlias; 2]) {
        if let Progress::Planned(plan) = &mut self.progress {
            plan.claim(fresh);
        }
    }

    fn own_aliases(&self) -> Vec<KeyAlias> {
        match &self.progress {
            Progress::Planned(plan) => plan.aliases(),
            _ => Self::aliases(self),
        }
    }

    fn is_of(&self, invitation: &Invitation) -> bool {
        self.url == invitation.url && self.invitation == Some(InvitationTag::of(invitation))
    }

    fn aliases(&self) -> Vec<KeyAlias> {
        Self::aliases(self)
    }

    fn request(&self, lane: Lane, preparing: Preparing<'_>) -> Result<Outgoing, ApprovalError> {
        self.outgoing(lane, preparing)
    }

    fn freshness(&self) -> Freshness {
        let enrolled = self.enrolled();
        enrolled.map_or_else(Freshness::default, |enrolled| Freshness {
            applied: enrolled.applied,
            sequence: enrolled.sequence,
        })
    }

    fn refresh(&mut self, known: Freshness) {
        if let Some(enrolled) = self.enrolled_mut()
            && known.applied > enrolled.applied
        {
            enrolled.applied = known.applied;
            enrolled.sequence = known.sequence;
        }
    }

    fn take(&mut self, errand: &Errand, reply: &Reply, now: UnixSeconds) -> Taken {
        self.take_back(errand, reply, now)
    }

    fn is_addressed(&self, statement: &str) -> bool {
        self.is_for_this_device(statement)
    }

    fn scan(&mut self, statement: &str, now: UnixSeconds) -> Result<(StatementId, bool), NotTaken> {
        // Nobody would ever say how it ended.
        if self.enrolled().is_none_or(|one| one.standing.is_end()) {
            return Err(ApprovalError::NotActive.into());
        }
        match self.take_statement(statement, true, &[], now) {
            Came::New(id) => Ok((id, true)),
            Came::Known(id) => Ok((id, false)),
            Came::Over { ago_s } => Err(ApprovalError::Expired { ago_s }.into()),
            Came::NoRoom => Err(ApprovalError::TooMany.into()),
            Came::Refused(Cause::UnknownKey) => Err(ApprovalError::ConnectOnce.into()),
            Came::Refused(cause) => Err(NotTaken {
                error: ApprovalError::NotGenuine,
                cause: Some(cause),
            }),
        }
    }

    fn quieten(&mut self, id: StatementId) {
        if let Some(flight) = self.flights.get_mut(&id) {
            flight.is_quiet = true;
        }
    }

    fn answer(
        &self,
        id: StatementId,
        decision: &Decision,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<SignedAnswer, ApprovalError> {
        self.signed_answer(id, decision, keys, now)
    }

    fn store_answer(
        &mut self,
        answer: &SignedAnswer,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        self.keep_answer(answer, now)
    }

    fn offline_response(
        &self,
        id: StatementId,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<SecretText, ApprovalError> {
        self.response(id, keys, now)
    }

    fn shown_offline(&mut self, id: StatementId) {
        if let Some(flight) = self.flights.get_mut(&id) {
            flight.was_shown_offline = true;
        }
    }

    fn move_on(&mut self, ask: &MoveAsk) -> Result<(), ApprovalError> {
        self.take_step(ask)
    }

    fn leave(&mut self) {
        if let Some(enrolled) = self.enrolled_mut() {
            enrolled.is_leaving = true;
        }
    }

    fn has_server(&self) -> bool {
        // Whether one has taken an enrolment on its way is not known, and it ends by itself there.
        self.enrolled()
            .is_some_and(|enrolled| !enrolled.standing.is_end())
    }

    fn is_at(&self, url: &ServerUrl) -> bool {
        self.url == *url
    }

    fn works_on_the_porch(&self) -> bool {
        self.enrolled().is_some_and(|enrolled| {
            enrolled.nonce.is_none() && !enrolled.standing.is_end() && self.aliases().len() == 2
        })
    }

    fn has_left(&self) -> bool {
        self.has_been_left()
    }

    fn ring_at(&mut self, address: Option<&Address>) -> Result<(), ApprovalError> {
        self.deliver_to(address)
    }

    fn bell(&mut self, token: &str) -> bool {
        self.take_bell(token)
    }

    fn key_is_gone(&mut self) {
        if let Some(enrolled) = self.enrolled_mut() {
            enrolled.is_key_gone = true;
        }
    }

    fn take_over(
        &mut self,
        porch: &[u8],
        flights: &[(StatementId, Vec<u8>)],
    ) -> Result<(), ApprovalError> {
        self.merge(porch, flights)
    }

    fn server_time(&self, now: UnixSeconds) -> UnixSeconds {
        UnixSeconds(self.clock.server_time(now).unix_s())
    }

    fn otp_link(&self) -> Option<SecretText> {
        let link = self.enrolled()?.secrets.otp.as_ref()?;
        // EXPOSE: it is a secret text again.
        Some(SecretText::new(link.expose().to_owned()))
    }

    fn disclosure(&self) -> Disclosure {
        self.disclosed()
    }

    fn evidence(&self) -> Box<dyn Evidence> {
        Box::new(evidence::Witness::of(self))
    }

    fn history_end(
        &self,
        head: [u8; 32],
        count: u64,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<String, ApprovalError> {
        self.signed_end(head, count, keys, now)
    }
}

/// What a message is called in the history.
fn label(kind: Kind) -> Label {
    Label::new(kind.typ()).expect("types of messages are letters, a plus and a hyphen")
}

/// What the other end calls something: what cannot be seen is written out, as in lines.
fn named(text: &str) -> Name {
    Name::new(&shown(text))
}

/// What a refusal of claims is called.
const fn cause_of(error: ClaimError) -> Cause {
    match error {
        ClaimError::Missing { .. } | ClaimError::Form { .. } => Cause::Form,
        ClaimError::Audience => Cause::Audience,
        ClaimError::Reply => Cause::Reply,
        ClaimError::Issuer => Cause::Issuer,
        ClaimError::Account => Cause::Account,
        ClaimError::Role => Cause::Signature,
    }
}
