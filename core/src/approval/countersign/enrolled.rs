//! What came of an enrolment: the first account document and the number to compare, or why not.

use countersign_protocol::claims::ClaimError;
use countersign_protocol::derive::check_number;
use countersign_protocol::envelope::{Compact, EnvelopeError, Received};
use countersign_protocol::hash::MessageHash;
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Account, Confirm, Secrets, Standing};
use countersign_protocol::problem::{Need, Problem};

use super::entry::{Enrolled, Enrolling, Entry, Failed, Progress};
use super::{label, named};
use crate::account::Name;
use crate::approval::exchange::Cause;
use crate::approval::history::{Entry as Note, Kind as NoteKind};
use crate::approval::model::EnrolmentFailure;
use crate::approval::view::CheckView;
use crate::approval::work::{Taken, Verdict};
use crate::secret::SecretText;
use crate::time::UnixSeconds;

impl Entry {
    /// Takes what the server answered to the enrolment.
    pub(super) fn take_enrolled(&mut self, status: u16, body: &[u8], now: UnixSeconds) -> Taken {
        let Progress::Enrolling(enrolling) = &self.progress else {
            // Another process was faster: the first document is stored, and no other is taken.
            return Taken::new(Verdict::Answered);
        };
        if !matches!(status, 200 | 201) {
            return self.take_refusal(status, body);
        }
        let (document, signer, account) = match first_document(enrolling, body) {
            Ok(first) => first,
            Err(NoDocument::Newer) => return self.fail(EnrolmentFailure::DeviceOlder),
            Err(NoDocument::Refused(cause)) => {
                let mut taken = Taken::new(Verdict::Failed {
                    retry_after_s: None,
                });
                taken.refused.push(cause);
                return taken;
            }
        };
        let mut taken = Taken::new(Verdict::Answered);
        let note = Note::new(now, self.id, NoteKind::Enrolled)
            .with_message(label(Kind::Enrol), enrolling.message.as_str())
            .with_message(label(Kind::Account), document.as_str());
        taken.notes.push(note);
        let placeholder = Progress::Failed(Failed {
            why: EnrolmentFailure::PeerMisbehaved,
            aliases: vec![],
            others: vec![],
        });
        let Progress::Enrolling(enrolling) = std::mem::replace(&mut self.progress, placeholder)
        else {
            return taken;
        };
        // Another account at the same server is nobody's successor.
        self.replaces = self
            .replaces
            .filter(|replaced| replaced.account == account.account);
        self.progress = Progress::Enrolled(Box::new(Enrolled {
            enrol_hash: enrolling.message.hash(),
            keys: enrolling.keys,
            first_hash: document.hash(),
            nonce: Some(enrolling.nonce),
            must_type: enrolling.pinned.is_none(),
            document,
            signer,
            account,
            standing: Standing::Unconfirmed,
            sequence: 0,
            applied: 0,
            secrets: Secrets::default(),
            wants_secrets: true,
            moving: None,
            step: None,
            is_leaving: false,
            is_key_gone: false,
        }));
        taken.standing_changed = true;
        taken.changed = true;
        taken
    }

    fn take_refusal(&mut self, status: u16, body: &[u8]) -> Taken {
        let Some(problem) = Problem::read(status, body) else {
            return Taken::new(Verdict::Failed {
                retry_after_s: None,
            });
        };
        let why = match problem {
            Problem::Proof { left } => EnrolmentFailure::WrongCode { left },
            Problem::UnknownInvitation => EnrolmentFailure::UnknownInvitation,
            Problem::ExpiredInvitation => EnrolmentFailure::ExpiredInvitation,
            Problem::UsedInvitation => EnrolmentFailure::UsedInvitation,
            Problem::Policy { needs } => match needs {
                Need::Presence => EnrolmentFailure::NeedsPresence,
                Need::Hardware => EnrolmentFailure::NeedsHardware,
                Need::Attestation => EnrolmentFailure::NeedsAttestation,
            },
            Problem::DeviceLimit { devices } => {
                let others = devices.iter().map(|name| named(name)).collect();
                return self.fail_beside(EnrolmentFailure::DeviceLimit, others);
            }
            Problem::UnsupportedVersion { server, device } if server < device => {
                EnrolmentFailure::ServerOlder
            }
            Problem::UnsupportedVersion { .. } => EnrolmentFailure::DeviceOlder,
            Problem::RateLimited | Problem::Unavailable => {
                return Taken::new(Verdict::Failed {
                    retry_after_s: None,
                });
            }
            Problem::Malformed
            | Problem::TooLarge
            | Problem::Signature
            | Problem::Audience
            | Problem::NotActive
            | Problem::UnknownDevice
            | Problem::UnknownStatement
            | Problem::Replayed
            | Problem::Order { .. } => EnrolmentFailure::Refused,
        };
        self.fail(why)
    }

    /// The enrolment came to nothing.
    fn fail(&mut self, why: EnrolmentFailure) -> Taken {
        self.fail_beside(why, vec![])
    }

    fn fail_beside(&mut self, why: EnrolmentFailure, others: Vec<Name>) -> Taken {
        let aliases = self.aliases();
        self.invitation = None;
        self.progress = Progress::Failed(Failed {
            why,
            aliases,
            others,
        });
        let mut taken = Taken::new(Verdict::Answered);
        taken.standing_changed = true;
        taken.changed = true;
        taken
    }

    /// The number that this device shows until it is confirmed.
    pub(super) fn check(&self) -> Option<CheckView> {
        let enrolled = self.enrolled()?;
        if enrolled.standing != Standing::Unconfirmed {
            return None;
        }
        let nonce = enrolled.nonce.as_ref()?;
        let number = check_number(nonce, &enrolled.enrol_hash, &enrolled.first_hash);
        Some(CheckView {
            number: SecretText::new(number.as_str().to_owned()),
            // Whoever answers an invitation that was typed may be anybody: what they say of it does not count.
            type_it: enrolled.must_type || enrolled.account.confirm == Confirm::Type,
        })
    }
}

/// Why an answer is no first document.
enum NoDocument {
    /// The server chose a version that this device does not speak.
    Newer,
    Refused(Cause),
}

impl From<Cause> for NoDocument {
    fn from(cause: Cause) -> Self {
        Self::Refused(cause)
    }
}

/// The account document that answers an enrolment, and the key that signed it.
fn first_document(
    enrolling: &Enrolling,
    body: &[u8],
) -> Result<(Compact, PublicKey, Account), NoDocument> {
    let text = str::from_utf8(body).map_err(|_| Cause::Form)?;
    let received = Received::parse(Kind::Account, text).map_err(|_| Cause::Form)?;
    let verified = received
        .verify_first_account(enrolling.pinned.as_ref())
        .map_err(|error| match error {
            EnvelopeError::UnknownKey => Cause::UnknownKey,
            EnvelopeError::Signature => Cause::Signature,
            _ => Cause::Form,
        })?;
    let device = enrolling.keys.device.thumbprint();
    let enrol: MessageHash = enrolling.message.hash();
    let account = Account::read(&verified, &device, &enrol).map_err(|error| match error {
        ClaimError::Form { name: "v" } => NoDocument::Newer,
        other => super::cause_of(other).into(),
    })?;
    if account.version != 1 {
        return Err(Cause::NotNewer.into());
    }
    Ok((verified.compact().clone(), *verified.key(), account))
}
