//! What is said of a server that gave no answer, or none that can be taken.

use countersign_core::approval::{Cause, Hint, Unreachable, WorkView};
use countersign_core::uri::ServerUrl;
use serde_json::{Map, Value};

use super::account::cause_name;
use crate::dates;
use crate::driver::{Tidings, Trouble};
use crate::failure::Failure;
use crate::terminal::shown;

/// A server's host, with its port where it is not the usual one: whoever looks at it sees all that tells it from another.
pub(crate) fn host(url: &ServerUrl) -> &str {
    let text = url.as_str();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

/// What is said where nothing more is known.
const NO_ANSWER: &str = "does not answer";

/// Why a server gave no answer, as the end of a sentence that begins with its name.
const fn reason(why: Unreachable) -> &'static str {
    match why {
        Unreachable::NoConnection => {
            "cannot be reached: no network, no such host, or nobody listens"
        }
        Unreachable::TimedOut => "did not answer in time",
        Unreachable::Certificate => {
            "shows a certificate that this machine does not trust; nothing was sent to it"
        }
        Unreachable::Redirect => "sends requests elsewhere, which is not followed",
        Unreachable::TooLong => "answers with more than any answer may have",
        Unreachable::NotHttp => {
            "does not speak HTTP; perhaps the network asks you to sign in first"
        }
    }
}

/// The name of why a server gave no answer; `unavailable` where it said that it cannot now, or nothing more is known.
const fn unreachable_name(why: Option<Unreachable>) -> &'static str {
    match why {
        Some(Unreachable::NoConnection) => "no_connection",
        Some(Unreachable::TimedOut) => "timed_out",
        Some(Unreachable::Certificate) => "certificate",
        Some(Unreachable::Redirect) => "redirect",
        Some(Unreachable::TooLong) => "too_long",
        Some(Unreachable::NotHttp) => "not_http",
        None => "unavailable",
    }
}

/// One line about a server that does not answer: which, why where it is known, and since when (R16). None where it does.
pub(crate) fn unreachable_words(view: &WorkView, why: Option<Unreachable>) -> Option<String> {
    let since = view.unreachable_since?;
    let host = shown(view.host.as_str());
    let reason = why.map_or(NO_ANSWER, reason);
    let last = view.last_answer_at.map_or_else(
        || "it has never answered".to_owned(),
        |at| format!("it last answered at {} UTC", dates::minute(at)),
    );
    Some(format!(
        "{host} {reason}, since {} UTC; {last}. Codes work all the same.",
        dates::minute(since)
    ))
}

/// The same as the end of a verb that needed an answer.
pub(crate) fn unreachable_failure(host: &str, why: Option<Unreachable>) -> Failure {
    let name = match why {
        Some(Unreachable::Redirect) => "redirected",
        Some(Unreachable::Certificate) => "untrusted_server",
        _ => "unreachable",
    };
    let reason = why.map_or(NO_ANSWER, reason);
    Failure::new(name, format!("{} {reason}.", shown(host))).with("why", unreachable_name(why))
}

/// What is wrong with what a server answered, as the end of a sentence that begins with its name.
const fn fault(cause: Cause) -> &'static str {
    match cause {
        Cause::Form => "answered with what is no message",
        Cause::Signature | Cause::UnknownKey => "gave an answer that its key has not signed",
        Cause::Audience => "gave an answer that is for another device",
        Cause::Reply => "gave an answer to something else",
        Cause::Issuer | Cause::Account => "gave an answer about another account",
        Cause::Reused | Cause::NotNewer | Cause::Older => "gave an answer that is an older one",
    }
}

/// A server's answer that was not taken.
fn refused_words(host: &str, cause: Cause) -> String {
    format!(
        "{} {}: a defect, or an attack. It is not taken, and the server is asked again.",
        shown(host),
        fault(cause)
    )
}

/// The same as the end of a verb that needed an answer.
pub(crate) fn refused_failure(host: &str, cause: Cause) -> Failure {
    Failure::new(
        "refused_reply",
        format!("{} {}: a defect, or an attack.", shown(host), fault(cause)),
    )
    .with("why", cause_name(cause))
}

/// What a server claims, as the end of a sentence.
const fn claim(hint: Hint) -> &'static str {
    match hint {
        Hint::NotActive => "this device is not active there",
        Hint::UnknownDevice => "it does not know this device",
        Hint::UnknownStatement => "it does not know the request",
        Hint::Defect => "what this device sent is not right",
    }
}

const fn hint_name(hint: Hint) -> &'static str {
    match hint {
        Hint::NotActive => "not_active",
        Hint::UnknownDevice => "unknown_device",
        Hint::UnknownStatement => "unknown_request",
        Hint::Defect => "defect",
    }
}

/// One line about what is wrong with a server's answers.
pub(crate) fn trouble_words(view: &WorkView, trouble: Trouble) -> String {
    let host = view.host.as_str();
    match trouble {
        Trouble::Silent(why) => unreachable_words(view, why)
            .unwrap_or_else(|| format!("{} {}.", shown(host), why.map_or(NO_ANSWER, reason))),
        Trouble::Refused(cause) => refused_words(host, cause),
        Trouble::Hint(hint) => format!(
            "{} says without proof that {}; nothing changed.",
            shown(host),
            claim(hint)
        ),
    }
}

/// One line about what is new with a server's answers.
pub(crate) fn tidings_words(view: &WorkView, tidings: Tidings) -> String {
    match tidings {
        Tidings::Begun(trouble) => trouble_words(view, trouble),
        Tidings::Over => format!("{} answers as it should again.", shown(view.host.as_str())),
    }
}

/// The name of what is wrong with a server's answers.
pub(crate) const fn trouble_name(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Silent(_) => "unreachable",
        Trouble::Refused(_) => "refused",
        Trouble::Hint(_) => "hint",
    }
}

/// The name of what is new with a server's answers.
pub(crate) const fn tidings_name(tidings: Tidings) -> &'static str {
    match tidings {
        Tidings::Begun(trouble) => trouble_name(trouble),
        Tidings::Over => "answers_again",
    }
}

/// What exactly is wrong, as a member of its own for each kind of trouble.
pub(crate) fn trouble_to_json(trouble: Trouble) -> Map<String, Value> {
    let (member, name) = match trouble {
        Trouble::Silent(why) => ("why", unreachable_name(why)),
        Trouble::Refused(cause) => ("cause", cause_name(cause)),
        Trouble::Hint(hint) => ("hint", hint_name(hint)),
    };
    [(member.to_owned(), name.into())].into_iter().collect()
}

/// The same of what is new; nothing is to be said of what is over.
pub(crate) fn tidings_to_json(tidings: Tidings) -> Map<String, Value> {
    match tidings {
        Tidings::Begun(trouble) => trouble_to_json(trouble),
        Tidings::Over => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::uri::TestMode;

    use super::*;

    #[test]
    fn a_host_is_shown_with_a_port_that_is_not_the_usual_one() {
        for (text, expected) in [
            ("https://mfa.example", "mfa.example"),
            ("https://mfa.example:443/x/y", "mfa.example"),
            ("https://mfa.example:8443", "mfa.example:8443"),
            ("https://mfa.example:8443/x", "mfa.example:8443"),
        ] {
            let url = ServerUrl::parse_typed(text, TestMode::Off).unwrap();
            assert_eq!(host(&url), expected);
        }
    }
}
