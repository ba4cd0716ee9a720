//! The line on which the person types.

use countersign_core::approval::{Match, StatementView};

use crate::work::request::{left_words, may_cancel};

/// What it asks: for an answer to the request that stands there, or for patience.
/// `answers` are on their way, the last one since a moment ago where `is_sent`.
pub(super) fn question(
    view: Option<&StatementView>,
    is_sent: bool,
    answers: usize,
    looks: u64,
) -> String {
    match view {
        Some(view) => {
            let what = match (view.cannot_approve, &view.matching) {
                (None, Match::EnterNumber { digits }) => format!("{digits} digits, or d, r, c:"),
                _ if may_cancel(view) => "d, r, c:".into(),
                _ => "d, r:".into(),
            };
            format!("{} left. {what}", left_words(view.left_s))
        }
        None if is_sent => "Waiting for the server to confirm it".into(),
        None if answers > 0 => format!(
            "{} Waiting, with {answers} on its way (q and Enter end it)",
            spinner(looks)
        ),
        None => format!("{} Waiting (q and Enter end it)", spinner(looks)),
    }
}

const fn spinner(looks: u64) -> char {
    match looks % 4 {
        0 => '|',
        1 => '/',
        2 => '-',
        _ => '\\',
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::approval::CannotApprove;

    use super::*;
    use crate::work::request::tests::open_view;

    #[test]
    fn only_letters_that_count_are_asked_for() {
        let mut view = open_view();
        let asked = |view: &StatementView| question(Some(view), false, 0, 0);
        assert!(asked(&view).ends_with("6 digits, or d, r, c:"));
        view.cannot_approve = Some(CannotApprove::Suspended);
        assert!(asked(&view).ends_with("left. d, r, c:"));
        view.cannot_approve = Some(CannotApprove::Unknown);
        assert!(asked(&view).ends_with("left. d, r:"));
    }

    #[test]
    fn without_a_request_nothing_asks_for_a_number() {
        for looks in 0..5 {
            for is_sent in [false, true] {
                let asked = question(None, is_sent, usize::from(is_sent), looks);
                assert!(
                    asked.contains("Waiting") && !asked.contains("digits"),
                    "{asked}"
                );
            }
        }
        assert_ne!(question(None, false, 0, 0), question(None, false, 0, 1));
        assert!(question(None, false, 2, 0).contains("2 on its way"));
    }
}
