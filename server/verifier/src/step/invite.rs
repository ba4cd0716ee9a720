//! Invitations: by a link that is scanned, by a code that is typed, or by both over one.

use countersign_protocol::base64url;
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::secret::{ScannedSecret, TypedSecret};
use countersign_protocol::time::Timestamp;
use zeroize::Zeroizing;

use super::{Input, StepError, Turn};
use crate::entropy::{generate_bytes, generate_digits, generate_id};
use crate::kept::Kept;
use crate::person::{ACTIVE_MAX, INVITATION_S, INVITATIONS_MAX, Invitation, Purpose, TypedCode};
use crate::rules::Rules;

/// Why there is no invitation.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotInvited {
    /// Five devices are active: one has to be removed first, or named as the one that is replaced.
    #[error("as many devices are active as may be")]
    DeviceLimit,
    /// There were too many invitations within a day.
    #[error("too many invitations within a day")]
    TooMany,
    /// There is no such device, or it is not active.
    #[error("no such device")]
    NoSuchDevice,
    /// There is no such invitation, or it is not open any more.
    #[error("no such invitation")]
    NoSuchInvitation,
}

/// Makes an invitation, to be scanned; a typed code is made when it is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Invite {
    /// The active device whose place the new one is to take.
    pub replaces: Option<Thumbprint>,
}

/// An invitation.
#[derive(Clone, Eq, PartialEq)]
pub struct Invited {
    /// Its id.
    pub id: Id,
    /// The link for the QR code. It has the secret in it.
    pub link: Zeroizing<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Invited {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Invited");
        shown.field("id", &self.id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for TypedInvitation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TypedInvitation([redacted])")
    }
}

/// Asks for the code of an invitation: the QR code cannot be scanned. Asked again it is the same one, or a new one once it was
/// tried wrongly too often.
#[derive(Clone, Copy, Debug)]
pub struct AskForCode {
    /// The invitation.
    pub invitation: Id,
}

/// A code and the address beside it.
#[derive(Clone, Eq, PartialEq)]
pub struct TypedInvitation {
    /// Sixteen digits; shown in groups of four.
    pub code: Zeroizing<String>,
    /// The server's base address.
    pub url: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Ends an invitation that nobody took.
#[derive(Clone, Copy, Debug)]
pub struct WithdrawInvitation {
    /// The invitation.
    pub invitation: Id,
}

impl Input for Invite {
    type Reply = Result<Invited, NotInvited>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        let purpose = match self.replaces {
            Some(earlier)
                if turn
                    .person
                    .device(&earlier)
                    .is_some_and(|one| one.is_active()) =>
            {
                Purpose::Replace(earlier)
            }
            Some(_) => return Ok(Err(NotInvited::NoSuchDevice)),
            None if turn.person.active().count() >= ACTIVE_MAX => {
                return Ok(Err(NotInvited::DeviceLimit));
            }
            None => Purpose::Add,
        };
        turn.invite(purpose)
    }
}

impl Input for AskForCode {
    type Reply = Result<TypedInvitation, NotInvited>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        let (now, entropy) = (turn.now(), turn.desk.entropy);
        let invitation = turn.person.invitation_mut(&self.invitation);
        let Some(invitation) = invitation.filter(|one| one.is_open(now)) else {
            return Ok(Err(NotInvited::NoSuchInvitation));
        };
        if invitation.code.is_none() {
            invitation.code = Some(generate_code(entropy)?);
        }
        let code = invitation.code.as_ref().map(|code| {
            // EXPOSE: the page shows it.
            let secret = code.secret.0.expose().iter().copied().map(char::from);
            Zeroizing::new(format!("{:03}{}", code.choice, secret.collect::<String>()))
        });
        Ok(Ok(TypedInvitation {
            code: code.unwrap_or_default(),
            url: turn.desk.rules.url.clone(),
            expires_at: invitation.expires_at,
        }))
    }
}

impl Input for WithdrawInvitation {
    type Reply = Result<(), NotInvited>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        let now = turn.now();
        let invitation = turn.person.invitation_mut(&self.invitation);
        let Some(invitation) = invitation.filter(|one| one.is_open(now)) else {
            return Ok(Err(NotInvited::NoSuchInvitation));
        };
        invitation.end(now);
        Ok(Ok(()))
    }
}

impl Turn<'_> {
    pub(super) fn invite(
        &mut self,
        purpose: Purpose,
    ) -> Result<Result<Invited, NotInvited>, StepError> {
        if self.person.invitations.len() >= INVITATIONS_MAX {
            return Ok(Err(NotInvited::TooMany));
        }
        let secret = Zeroizing::new(generate_bytes(self.desk.entropy)?);
        let invitation = Invitation {
            id: generate_id(self.desk.entropy)?,
            secret: Some(Kept(ScannedSecret::copy_of(&secret))),
            wrong: 0,
            code: None,
            pinned: self.desk.keys.first().public().thumbprint(),
            expires_at: self.now().plus_s(INVITATION_S),
            purpose,
            taken: None,
        };
        let invited = Invited {
            id: invitation.id,
            link: link(
                self.desk.rules,
                &self.person.label,
                &invitation,
                &ScannedSecret::copy_of(&secret),
            ),
            expires_at: invitation.expires_at,
        };
        self.person.invitations.push(invitation);
        Ok(Ok(invited))
    }
}

fn generate_code(entropy: &dyn crate::entropy::Entropy) -> Result<TypedCode, StepError> {
    let choice = generate_digits(entropy, 3)?;
    let secret = Zeroizing::new(generate_digits(entropy, 13)?);
    let secret = TypedSecret::parse(secret.as_bytes()).expect("thirteen digits were drawn");
    Ok(TypedCode {
        choice: choice.parse().expect("three digits were drawn"),
        secret: Kept(secret),
        wrong: 0,
    })
}

/// The link of an invitation (protocol, §2).
pub(super) fn link(
    rules: &Rules,
    label: &str,
    invitation: &Invitation,
    secret: &ScannedSecret,
) -> Zeroizing<String> {
    // EXPOSE: to bring it to the device is what the link is for.
    let secret = Zeroizing::new(base64url::format(secret.expose()));
    Zeroizing::new(format!(
        "countersign://enrol?v=1&url={}&id={}&secret={}&key={}&exp={}&issuer={}&account={}",
        encoded(&rules.url),
        invitation.id.format(),
        *secret,
        invitation.pinned.format(),
        invitation.expires_at.unix_s(),
        encoded(&rules.issuer),
        encoded(label),
    ))
}

/// Percent-encoded but for what needs no encoding anywhere (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_any_text() {
        assert_eq!(encoded("a-b_c.d~9"), "a-b_c.d~9");
        assert_eq!(encoded("https://a.example"), "https%3A%2F%2Fa.example");
        assert_eq!(encoded("A+B &\u{e9}"), "A%2BB%20%26%C3%A9");
    }
}
