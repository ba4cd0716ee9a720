//! A request as a person reads it, and what became of it.

use countersign_core::approval::{
    AfterReport, CannotApprove, Match, Outcome, ShownLine, StatementView,
};

use crate::terminal::{columns, padded, shown};

/// Columns of a line's name.
const FIELD_COLUMNS: usize = 10;

/// What a line's field is called; the specification's own word where none is known better.
fn field_words(field: &'static str) -> &'static str {
    match field {
        "server" => "Server",
        "act" => "To approve",
        "app" => "For",
        "origin" => "Asked by",
        "user" => "As",
        "place" => "From",
        "ip" => "Address",
        "browser" => "Browser",
        "os" => "System",
        "amount" => "Amount",
        "payee" => "To",
        "time" => "Asked at",
        other => other,
    }
}

/// What an act is called.
fn act_words(text: &str) -> String {
    match text {
        "test" => "a test of this device".into(),
        "sign-in" => "a sign-in".into(),
        "reset" => "a password reset".into(),
        "change" => "a change of how you sign in".into(),
        "action" => "an action".into(),
        other => shown(other),
    }
}

fn line(line: &ShownLine) -> String {
    let text = if line.field == "act" {
        act_words(&line.text)
    } else {
        shown(&line.text)
    };
    let field = padded(field_words(line.field), FIELD_COLUMNS);
    debug_assert!(columns(&field) >= FIELD_COLUMNS);
    format!("  {field} {text}\n")
}

/// Who asks and whose account it is.
pub(crate) fn title(view: &StatementView) -> String {
    crate::rows::named(&view.issuer, None, &view.label)
}

/// The whole request: everything that the signature will cover, and what can be done about it.
pub(crate) fn card(view: &StatementView, others: usize) -> String {
    let more = match others {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let mut text = format!("\nA request of {}{more}\n{}", title(view), lines(view));
    if let Some(why) = view.cannot_approve {
        text.push_str(&format!("{}\n", cannot_words(why)));
    } else if let Match::EnterNumber { digits } = view.matching {
        text.push_str(&format!(
            "Only if it is you: type the {digits}-digit number that the sign-in screen shows.\n"
        ));
    }
    if let Some(left) = view.tries_left {
        text.push_str(&format!("{}\n", tries_words(left)));
    }
    text.push_str("d: not now    r: it was not me");
    if may_cancel(view) {
        text.push_str("    c: it was me, stop");
    }
    text.push_str("    Esc: leave it open\n");
    text
}

/// Whether somebody may say that it was them: not over what this version does not know, which was seen by nobody.
pub(crate) fn may_cancel(view: &StatementView) -> bool {
    view.cannot_approve != Some(CannotApprove::Unknown)
}

/// The request alone, for a question of its own.
pub(crate) fn shown_card(view: &StatementView) -> String {
    format!("\nA request of {}\n{}", title(view), lines(view))
}

fn lines(view: &StatementView) -> String {
    view.lines.iter().map(line).collect()
}

/// What it is about, in a few words for a list.
pub(crate) fn summary(view: &StatementView) -> String {
    let text = |field: &str| {
        let found = view.lines.iter().find(|line| line.field == field);
        found.map(|line| line.text.as_str())
    };
    let act = text("act").map_or_else(|| "something unknown".into(), act_words);
    match text("app") {
        Some(app) => format!("{act} for {}", shown(app)),
        None => act,
    }
}

/// Why a request cannot be approved.
pub(crate) const fn cannot_words(why: CannotApprove) -> &'static str {
    match why {
        CannotApprove::Unknown => {
            "It says something that this version does not know, so it cannot be approved here: update the program."
        }
        CannotApprove::Expired => "Its time is over.",
        CannotApprove::Answered => "It has an answer, which is on its way.",
        CannotApprove::Ended => "It has ended.",
        CannotApprove::NotActive => "The account is not active here, so it cannot be approved.",
        CannotApprove::Suspended => "The account is suspended, so it cannot be approved.",
        CannotApprove::KeyGone => {
            "The account's key is gone, so it cannot be approved: activate the account again."
        }
        CannotApprove::InTrash => "The account is in the trash, so it cannot be approved.",
    }
}

/// The name of why a request cannot be approved.
pub(crate) const fn cannot_name(why: CannotApprove) -> &'static str {
    match why {
        CannotApprove::Unknown => "unknown",
        CannotApprove::Expired => "expired",
        CannotApprove::Answered => "answered",
        CannotApprove::Ended => "ended",
        CannotApprove::NotActive => "not_active",
        CannotApprove::Suspended => "suspended",
        CannotApprove::KeyGone => "key_gone",
        CannotApprove::InTrash => "in_trash",
    }
}

/// How many tries a number has left.
pub(crate) fn tries_words(left: u8) -> String {
    match left {
        1 => "That number was wrong. 1 try is left.".into(),
        left => format!("That number was wrong. {left} tries are left."),
    }
}

/// The name of an outcome.
pub(crate) const fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Approved => "approved",
        Outcome::Denied => "denied",
        Outcome::Reported => "reported",
        Outcome::Cancelled => "cancelled",
        Outcome::WrongNumber { .. } => "wrong_number",
        Outcome::Expired => "expired",
        Outcome::Withdrawn => "withdrawn",
        Outcome::Elsewhere { .. } => "elsewhere",
        Outcome::ApprovedOffline => "approved_offline",
        Outcome::Unknown => "unknown",
    }
}

/// What became of a request.
pub(crate) fn outcome_words(outcome: &Outcome, next: &[AfterReport]) -> String {
    match outcome {
        Outcome::Approved => "Approved; the server has confirmed it.".into(),
        Outcome::Denied => "Denied. Nobody was signed in.".into(),
        Outcome::Reported => {
            let next: Vec<&str> = next.iter().map(|what| after_words(*what)).collect();
            let next = match next.is_empty() {
                true => String::new(),
                false => format!(" {}", next.join(" ")),
            };
            format!(
                "Reported. Nobody was signed in, and this account is quiet for 20 minutes.{next}"
            )
        }
        Outcome::Cancelled => "Stopped, as you wished. No alarm was raised.".into(),
        Outcome::WrongNumber { left } => tries_words(*left),
        Outcome::Expired => "Nobody answered in time.".into(),
        Outcome::Withdrawn => "The server took it back.".into(),
        Outcome::Elsewhere { by, approved } => {
            let what = if *approved { "approved" } else { "answered" };
            format!("It was {what} on {}.", shown(by.as_str()))
        }
        Outcome::ApprovedOffline => "Approved with the response from the sign-in page.".into(),
        Outcome::Unknown => "It has ended, and the server does not say how any more.".into(),
    }
}

const fn after_words(what: AfterReport) -> &'static str {
    match what {
        AfterReport::Locked => "The server has locked the account.",
        AfterReport::PasswordChange => "The password has to be changed.",
        AfterReport::AdminTold => "An administrator was told.",
    }
}

/// The name of what comes after a report.
pub(crate) const fn after_name(what: AfterReport) -> &'static str {
    match what {
        AfterReport::Locked => "locked",
        AfterReport::PasswordChange => "password_change",
        AfterReport::AdminTold => "admin_told",
    }
}

/// Seconds as people read a countdown.
pub(crate) fn left_words(left_s: i64) -> String {
    let left_s = left_s.max(0);
    format!("{}:{:02}", left_s / 60, left_s % 60)
}

#[cfg(test)]
pub(crate) mod tests {
    use countersign_core::account::Name;
    use countersign_core::approval::{StatementId, Strength};
    use countersign_core::time::UnixSeconds;
    use countersign_core::vault::RecordId;

    use super::*;

    /// A request that has just come.
    pub(crate) fn open_view() -> StatementView {
        StatementView {
            id: StatementId::from_bytes([1; 16]),
            reference: Name::EMPTY,
            account: RecordId::from_bytes([1; 16]),
            issuer: Name::EMPTY,
            label: Name::EMPTY,
            nth: 1,
            received_at: UnixSeconds(0),
            expires_at: UnixSeconds(120),
            left_s: 120,
            origin: Name::EMPTY,
            lines: vec![],
            matching: Match::EnterNumber { digits: 6 },
            strength: Strength::Typed,
            is_test: false,
            cannot_approve: None,
            tries_left: None,
            is_quiet: false,
            outcome: None,
            next: vec![],
        }
    }

    #[test]
    fn r19_a_line_cannot_leave_its_place() {
        let said = |field, text: &str| {
            line(&ShownLine {
                field,
                text: text.into(),
            })
        };
        assert_eq!(said("app", "VPN | Mail"), "  For        VPN | Mail\n");
        assert_eq!(said("act", "sign-in"), "  To approve a sign-in\n");
        for field in ["act", "user", "payee"] {
            let hostile = said(field, "a\u{1b}[2J\nApprove\u{2028}x");
            assert_eq!(hostile.lines().count(), 1, "{hostile:?}");
            assert!(!hostile.contains('\u{1b}') && !hostile.contains('\u{2028}'));
            let turned = said(field, "בנק");
            assert!(turned.ends_with("\u{2068}בנק\u{2069}\n"), "{turned:?}");
        }
    }

    #[test]
    fn what_is_not_known_can_be_denied_and_reported_and_nothing_else() {
        let mut view = open_view();
        assert!(card(&view, 0).contains("c: it was me, stop"));
        for why in [CannotApprove::NotActive, CannotApprove::KeyGone] {
            view.cannot_approve = Some(why);
            assert!(may_cancel(&view), "{why:?}");
        }
        view.cannot_approve = Some(CannotApprove::Unknown);
        let shown = card(&view, 1);
        assert!(!shown.contains("it was me"), "{shown}");
        assert!(shown.contains("d: not now    r: it was not me    Esc"));
    }

    #[test]
    fn a_card_does_not_say_whether_the_others_are_older() {
        let shown = card(&open_view(), 2);
        assert!(
            shown.starts_with("\nA request of -, and 2 more\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_countdown_stops_at_nothing() {
        for (left_s, expected) in [
            (119, "1:59"),
            (60, "1:00"),
            (5, "0:05"),
            (0, "0:00"),
            (-7, "0:00"),
        ] {
            assert_eq!(left_words(left_s), expected);
        }
    }

    #[test]
    fn tries_are_counted_in_words() {
        assert!(tries_words(1).ends_with("1 try is left."));
        assert!(tries_words(2).ends_with("2 tries are left."));
    }
}
