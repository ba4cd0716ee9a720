//! Refusals: RFC 9457 documents whose `type` is `urn:countersign:problem:<name>`. The members beside it are typed and never
//! text from input.

use crate::claims::{self, Claims};
use crate::json::{Json, Object};

/// The media type of a refusal (RFC 9457 §3).
pub const MEDIA_TYPE: &str = "application/problem+json";

const PREFIX: &str = "urn:countersign:problem:";

/// Longest document of a refusal in bytes: what is longer is not read.
pub const DOCUMENT_BYTES_MAX: usize = 8 * 1024;

/// Most names in a refusal for too many devices.
const DEVICES_MAX: usize = 5;

/// Longest name of a device in bytes.
pub const DEVICE_NAME_BYTES_MAX: usize = 64;

/// What an organisation asks for that a device or key cannot give.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Need {
    /// An approval key whose every use needs the person's presence.
    Presence,
    /// Keys in hardware.
    Hardware,
    /// An attestation that the organisation accepts.
    Attestation,
}

const NEEDS: [(&str, Need); 3] = [
    ("presence", Need::Presence),
    ("hardware", Need::Hardware),
    ("attestation", Need::Attestation),
];

/// Why a server refused a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Problem {
    /// The message has not its form.
    Malformed,
    /// The message is longer than its kind may be.
    TooLarge,
    /// The signature does not fit, or a high s.
    Signature,
    /// The message is for another reader.
    Audience,
    /// The two ends speak no common version.
    UnsupportedVersion {
        /// The newest that the server speaks.
        server: u32,
        /// The newest that the device named.
        device: u32,
    },
    /// The invitation's secret was not proven.
    Proof {
        /// Tries that are left.
        left: u8,
    },
    /// There is no such invitation.
    UnknownInvitation,
    /// The invitation has ended.
    ExpiredInvitation,
    /// Another device took the invitation.
    UsedInvitation,
    /// The organisation asks for what this device or key cannot do.
    Policy {
        /// What it asks for.
        needs: Need,
    },
    /// The person has as many devices as they may have.
    DeviceLimit {
        /// Their names, one to five.
        devices: Vec<String>,
    },
    /// The device is not active.
    NotActive,
    /// The server knows no such device.
    UnknownDevice,
    /// The server knows no such statement.
    UnknownStatement,
    /// The message was received before.
    Replayed,
    /// A later message of the kind was received before.
    Order {
        /// The number of the last one.
        last: u64,
    },
    /// Too many requests.
    RateLimited,
    /// The server cannot answer now.
    Unavailable,
}

/// Whether and how a refused message may be sent again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Again {
    /// Never: it is a defect, an attack, or a fact.
    No,
    /// After the person corrected something.
    Corrected,
    /// Signed afresh.
    Fresh,
    /// After a while: an enrolment or an answer as the same bytes, a request signed afresh.
    Later,
}

impl Problem {
    /// Its name, and the HTTP status that goes with it (RFC 9110 §15).
    #[must_use]
    pub const fn name_and_status(&self) -> (&'static str, u16) {
        match self {
            Self::Malformed => ("malformed", 400),
            Self::TooLarge => ("too_large", 413),
            Self::Signature => ("signature", 401),
            Self::Audience => ("audience", 403),
            Self::UnsupportedVersion { .. } => ("unsupported_version", 400),
            Self::Proof { .. } => ("proof", 403),
            Self::UnknownInvitation => ("unknown_invitation", 404),
            Self::ExpiredInvitation => ("expired_invitation", 410),
            Self::UsedInvitation => ("used_invitation", 409),
            Self::Policy { .. } => ("policy", 403),
            Self::DeviceLimit { .. } => ("device_limit", 409),
            Self::NotActive => ("not_active", 403),
            Self::UnknownDevice => ("unknown_device", 401),
            Self::UnknownStatement => ("unknown_statement", 404),
            Self::Replayed => ("replayed", 409),
            Self::Order { .. } => ("order", 409),
            Self::RateLimited => ("rate_limited", 429),
            Self::Unavailable => ("unavailable", 503),
        }
    }

    /// Whether the message may be sent again.
    #[must_use]
    pub const fn again(&self) -> Again {
        match self {
            Self::Proof { .. } => Again::Corrected,
            Self::Replayed | Self::Order { .. } => Again::Fresh,
            Self::RateLimited | Self::Unavailable => Again::Later,
            _ => Again::No,
        }
    }

    /// The document.
    #[must_use]
    pub fn to_document(&self) -> Object {
        let (name, status) = self.name_and_status();
        let document = Object::new()
            .with("type", Json::Text(format!("{PREFIX}{name}")))
            .with("status", Json::Integer(status.into()));
        match self {
            Self::UnsupportedVersion { server, device } => document
                .with("server", Json::Integer((*server).into()))
                .with("device", Json::Integer((*device).into())),
            Self::Proof { left } => document.with("left", Json::Integer((*left).into())),
            Self::Policy { needs } => document.with("needs", claims::word_of(&NEEDS, *needs)),
            Self::DeviceLimit { devices } => {
                let devices = devices.iter().cloned().map(Json::Text);
                document.with("devices", Json::List(devices.collect()))
            }
            Self::Order { last } => {
                // A number that no reader takes is said as the greatest that one does.
                let last = i64::try_from(*last).unwrap_or(i64::MAX);
                let last = last.min(crate::json::INTEGER_MAX - 1);
                document.with("last", Json::Integer(last))
            }
            _ => document,
        }
    }

    /// Reads a document that came with this status. None for anything that is no refusal of the protocol's: a proxy's page,
    /// a captive portal, a status that does not fit, more than [`DOCUMENT_BYTES_MAX`]. Nothing of it is shown, and an unsigned
    /// refusal changes no account.
    #[must_use]
    pub fn read(status: u16, document: &[u8]) -> Option<Self> {
        if document.len() > DOCUMENT_BYTES_MAX {
            return None;
        }
        let object = Object::parse(document).ok()?;
        let claims = Claims::of(&object);
        let name = claims.required("type", |value| match value {
            Json::Text(text) => text.strip_prefix(PREFIX),
            _ => None,
        });
        let problem = match name.ok()? {
            "malformed" => Self::Malformed,
            "too_large" => Self::TooLarge,
            "signature" => Self::Signature,
            "audience" => Self::Audience,
            "unsupported_version" => Self::UnsupportedVersion {
                server: claims.required("server", version).ok()?,
                device: claims.required("device", version).ok()?,
            },
            "proof" => Self::Proof {
                left: claims.required("left", claims::count(0..=u8::MAX)).ok()?,
            },
            "unknown_invitation" => Self::UnknownInvitation,
            "expired_invitation" => Self::ExpiredInvitation,
            "used_invitation" => Self::UsedInvitation,
            "policy" => Self::Policy {
                needs: claims.required("needs", claims::word(&NEEDS)).ok()?,
            },
            "device_limit" => Self::DeviceLimit {
                devices: claims
                    .required("devices", claims::list(1..=DEVICES_MAX, device_name))
                    .ok()?,
            },
            "not_active" => Self::NotActive,
            "unknown_device" => Self::UnknownDevice,
            "unknown_statement" => Self::UnknownStatement,
            "replayed" => Self::Replayed,
            "order" => Self::Order {
                last: claims.required("last", followed).ok()?,
            },
            "rate_limited" => Self::RateLimited,
            "unavailable" => Self::Unavailable,
            _ => return None,
        };
        (problem.name_and_status().1 == status).then_some(problem)
    }
}

fn version(value: &Json) -> Option<u32> {
    claims::counted(value).and_then(|number| u32::try_from(number).ok())
}

/// A number that another one follows: the device signs afresh with that one, and a message has to be able to say it.
fn followed(value: &Json) -> Option<u64> {
    claims::number(value).filter(|number| *number < crate::json::INTEGER_MAX.unsigned_abs())
}

fn device_name(value: &Json) -> Option<String> {
    claims::text(DEVICE_NAME_BYTES_MAX)(value).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Problem> {
        vec![
            Problem::Malformed,
            Problem::TooLarge,
            Problem::Signature,
            Problem::Audience,
            Problem::UnsupportedVersion {
                server: 2,
                device: 1,
            },
            Problem::Proof { left: 19 },
            Problem::UnknownInvitation,
            Problem::ExpiredInvitation,
            Problem::UsedInvitation,
            Problem::Policy {
                needs: Need::Presence,
            },
            Problem::Policy {
                needs: Need::Hardware,
            },
            Problem::Policy {
                needs: Need::Attestation,
            },
            Problem::DeviceLimit {
                devices: vec!["Pixel".into(), "Fairphone".into()],
            },
            Problem::NotActive,
            Problem::UnknownDevice,
            Problem::UnknownStatement,
            Problem::Replayed,
            Problem::Order { last: 7 },
            Problem::RateLimited,
            Problem::Unavailable,
        ]
    }

    fn written(problem: &Problem) -> Vec<u8> {
        problem.to_document().format().unwrap()
    }

    #[test]
    fn each_is_read_as_it_was_written_and_with_its_status_alone() {
        for problem in all() {
            let (_, status) = problem.name_and_status();
            let document = written(&problem);
            assert_eq!(Problem::read(status, &document), Some(problem.clone()));
            for other in [200, 400, 401, 403, 404, 409, 410, 413, 429, 500, 503] {
                let expected = (other == status).then(|| problem.clone());
                assert_eq!(Problem::read(other, &document), expected);
            }
        }
    }

    #[test]
    fn a_document_says_its_type_and_status() {
        let document = written(&Problem::Proof { left: 3 });
        let expected = br#"{"type":"urn:countersign:problem:proof","status":403,"left":3}"#;
        assert_eq!(document, expected);
    }

    #[test]
    fn what_is_no_refusal_of_ours_is_none() {
        for document in [
            "",
            "<html>Not Found</html>",
            "[]",
            "{}",
            r#"{"type":"about:blank"}"#,
            r#"{"type":"proof"}"#,
            r#"{"type":"urn:countersign:problem:"}"#,
            r#"{"type":"urn:countersign:problem:Signature"}"#,
            r#"{"type":"urn:countersign:problem:new_in_version_2"}"#,
            r#"{"type":7}"#,
        ] {
            for (status, _) in [(400, ()), (403, ()), (404, ()), (410, ())] {
                assert_eq!(
                    Problem::read(status, document.as_bytes()),
                    None,
                    "{document}"
                );
            }
        }
    }

    #[test]
    fn a_member_that_has_not_its_form_makes_it_none() {
        let read = |status, name: &str, members: &str| {
            let document = format!(r#"{{"type":"{PREFIX}{name}"{members}}}"#);
            Problem::read(status, document.as_bytes())
        };
        assert!(read(403, "proof", r#","left":0"#).is_some());
        assert!(read(409, "order", r#","last":9007199254740990"#).is_some());
        let six = r#","devices":["a","b","c","d","e","f"]"#;
        let long = format!(r#","devices":["{}"]"#, "a".repeat(65));
        for (status, name, members) in [
            (403, "proof", ""),
            (403, "proof", r#","left":-1"#),
            (403, "proof", r#","left":256"#),
            (403, "proof", r#","left":"3""#),
            (400, "unsupported_version", r#","server":1"#),
            (
                400,
                "unsupported_version",
                r#","server":1,"device":4294967296"#,
            ),
            (400, "unsupported_version", r#","server":0,"device":1"#),
            (403, "policy", r#","needs":"something else""#),
            (409, "device_limit", r#","devices":[]"#),
            (409, "device_limit", r#","devices":[7]"#),
            (409, "device_limit", r#","devices":[""]"#),
            (409, "device_limit", six),
            (409, "device_limit", &long),
            (409, "order", r#","last":-1"#),
            (409, "order", r#","last":null"#),
            (409, "order", r#","last":9007199254740991"#),
        ] {
            assert_eq!(read(status, name, members), None, "{name} {members}");
        }
    }

    #[test]
    fn a_document_without_end_is_not_read() {
        let empty = format!(r#"{{"type":"{PREFIX}replayed","detail":""}}"#);
        let of_length = |length: usize| {
            let detail = "x".repeat(length - empty.len());
            let document = empty.replace(r#""""#, &format!("\"{detail}\""));
            assert_eq!(document.len(), length);
            Problem::read(409, document.as_bytes())
        };
        assert_eq!(of_length(DOCUMENT_BYTES_MAX), Some(Problem::Replayed));
        assert_eq!(of_length(DOCUMENT_BYTES_MAX + 1), None);
    }

    #[test]
    fn only_what_helps_is_sent_again() {
        for problem in all() {
            let expected = match problem {
                Problem::Proof { .. } => Again::Corrected,
                Problem::Replayed | Problem::Order { .. } => Again::Fresh,
                Problem::RateLimited | Problem::Unavailable => Again::Later,
                _ => Again::No,
            };
            assert_eq!(problem.again(), expected);
        }
    }
}
