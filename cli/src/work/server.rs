//! What is said of a server that gave no answer.

use countersign_core::approval::{Unreachable, WorkView};

use crate::dates;
use crate::failure::Failure;
use crate::terminal::shown;

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

/// One line about a server that does not answer: which, why where it is known, and since when (R16). None where it does.
pub(crate) fn unreachable_words(view: &WorkView, why: Option<Unreachable>) -> Option<String> {
    let since = view.unreachable_since?;
    let host = shown(view.host.as_str());
    let reason = why.map_or("does not answer", reason);
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
pub(crate) fn unreachable_failure(host: &str, why: Unreachable) -> Failure {
    let name = match why {
        Unreachable::Redirect => "redirected",
        Unreachable::Certificate => "untrusted_server",
        _ => "unreachable",
    };
    Failure::new(name, format!("{} {}.", shown(host), reason(why)))
}
