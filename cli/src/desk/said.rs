//! What a person's line or a script's line means. Nothing but a number ever approves.

use countersign_core::approval::{Decision, StatementId, Typed};
use serde::Deserialize;

/// What was said.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Said {
    /// A decision, over the request that a script names or that a person has before them.
    Decision {
        id: Option<StatementId>,
        decision: Decision,
    },
    /// It is to end.
    Quit,
    /// Nothing that counts, and why.
    Nothing(&'static str),
}

/// What a person typed.
pub(super) fn typed(line: &str) -> Said {
    let line = line.trim().to_ascii_lowercase();
    let decision = match line.as_str() {
        "" => return Said::Nothing("Nothing was typed, so nothing was sent."),
        "q" | "quit" => return Said::Quit,
        "d" | "deny" => Decision::Deny,
        "r" | "report" => Decision::Report,
        "c" | "cancel" => Decision::Cancel,
        number if is_number(number) => Decision::Approve {
            number: Typed::new(number),
        },
        _ => {
            return Said::Nothing(
                "That is no number, and none of d, r, c and q. Nothing was sent.",
            );
        }
    };
    Said::Decision { id: None, decision }
}

fn is_number(text: &str) -> bool {
    text.chars()
        .all(|letter| letter.is_ascii_digit() || letter == ' ')
}

/// One line of a script.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    id: String,
    decision: Word,
    number: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Approve,
    Deny,
    Report,
    Cancel,
}

/// What a script wrote.
pub(super) fn document(line: &str) -> Said {
    const FORM: Said = Said::Nothing(
        "A decision has the members id, decision (approve, deny, report or cancel) and, to approve, number. Nothing was sent.",
    );
    let Ok(document) = serde_json::from_str::<Document>(line) else {
        return FORM;
    };
    let Some(id) = id_from(&document.id) else {
        return FORM;
    };
    let decision = match (document.decision, document.number) {
        (Word::Approve, Some(number)) if !number.is_empty() && is_number(&number) => {
            Decision::Approve {
                number: Typed::new(&number),
            }
        }
        (Word::Deny, None) => Decision::Deny,
        (Word::Report, None) => Decision::Report,
        (Word::Cancel, None) => Decision::Cancel,
        _ => return FORM,
    };
    Said::Decision {
        id: Some(id),
        decision,
    }
}

/// A request's id from 32 hexadecimal digits.
fn id_from(text: &str) -> Option<StatementId> {
    let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| is_hex)?;
    Some(StatementId::from_bytes(number.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(said: Said) -> Option<Decision> {
        match said {
            Said::Decision { decision, .. } => Some(decision),
            Said::Quit | Said::Nothing(_) => None,
        }
    }

    #[test]
    fn r3_nothing_but_a_number_approves() {
        for line in [
            "",
            " ",
            "y",
            "yes",
            "approve",
            "a",
            "ok",
            "1a",
            "0x12",
            "-1",
            "１２３４５６",
            "12,34",
            "\u{1b}",
        ] {
            assert_eq!(decision(typed(line)), None, "{line:?}");
        }
        for line in ["123456", " 123 456 ", "00000000"] {
            let approved = matches!(decision(typed(line)), Some(Decision::Approve { .. }));
            assert!(approved, "{line:?}");
        }
    }

    #[test]
    fn letters_say_no_in_three_ways() {
        for (line, expected) in [
            ("d", Decision::Deny),
            ("D ", Decision::Deny),
            ("r", Decision::Report),
            ("c", Decision::Cancel),
        ] {
            assert_eq!(decision(typed(line)), Some(expected), "{line}");
        }
        assert_eq!(typed("q"), Said::Quit);
    }

    #[test]
    fn a_script_names_the_request_and_says_everything() {
        let id = "00112233445566778899aabbccddeeff";
        let line = format!(r#"{{"id":"{id}","decision":"approve","number":"123 456"}}"#);
        let Said::Decision {
            id: Some(read),
            decision,
        } = document(&line)
        else {
            panic!("{line}");
        };
        assert_eq!(read.bytes()[..2], [0x00, 0x11]);
        assert!(matches!(decision, Decision::Approve { .. }));
    }

    #[test]
    fn r3_a_script_that_says_anything_else_says_nothing() {
        let id = "00112233445566778899aabbccddeeff";
        for line in [
            "",
            "{}",
            "[]",
            "approve",
            &format!(r#"{{"id":"{id}","decision":"approve"}}"#),
            &format!(r#"{{"id":"{id}","decision":"approve","number":""}}"#),
            &format!(r#"{{"id":"{id}","decision":"approve","number":"x"}}"#),
            &format!(r#"{{"id":"{id}","decision":"approve","number":null}}"#),
            &format!(r#"{{"id":"{id}","decision":"deny","number":"123456"}}"#),
            &format!(r#"{{"id":"{id}","decision":"Deny"}}"#),
            &format!(r#"{{"id":"{id}","decision":"deny","more":1}}"#),
            &format!(r#"{{"id":"{id}0","decision":"deny"}}"#),
            r#"{"id":"+0112233445566778899aabbccddeeff","decision":"deny"}"#,
            r#"{"decision":"deny"}"#,
        ] {
            assert!(matches!(document(line), Said::Nothing(_)), "{line}");
        }
    }
}
