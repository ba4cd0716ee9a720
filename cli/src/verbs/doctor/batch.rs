//! `doctor --batch`: one JSON line in, one JSON line out, in the same order, as they come.

use std::io::{self, BufRead, BufReader, Read, Write};

use countersign_core::doctor::{examine, examine_manual};
use countersign_core::manual::ManualEntry;
use countersign_core::uri::TestMode;
use serde_json::Value;
use zeroize::Zeroizing;

use super::request::{Fields, Question, Request};
use crate::failure::Failure;
use crate::verbs::answer::{self, Showing};
use crate::verbs::images;

/// The longest line that is read; the rest of a longer one is passed over without being kept.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// What some editors put before the first letter of a file in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Answers every line. A closed output ends it, and that is no error.
///
/// # Errors
///
/// `io` and its like when reading or writing fails otherwise.
pub(super) fn answer_all(
    input: impl Read,
    output: &mut impl Write,
    showing: Showing,
) -> Result<(), Failure> {
    let mut input = BufReader::new(input);
    let mut is_first = true;
    loop {
        let line = read_line(&mut input).map_err(|error| Failure::io(&error, "list"))?;
        let Some(mut line) = line else {
            return Ok(());
        };
        if std::mem::take(&mut is_first) && line.bytes.starts_with(BYTE_ORDER_MARK) {
            line.bytes.drain(..BYTE_ORDER_MARK.len());
        }
        let answer = Zeroizing::new(answer(&line, showing));
        match write_line(output, &answer) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Failure::io(&error, "output")),
        }
    }
}

fn write_line(output: &mut impl Write, line: &str) -> io::Result<()> {
    output.write_all(line.as_bytes())?;
    output.write_all(b"\n")?;
    output.flush()
}

/// A line without its end, with at most one byte more than is allowed; none at the end of the input.
struct Line {
    bytes: Zeroizing<Vec<u8>>,
    is_too_long: bool,
}

fn read_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Line {
        bytes: Zeroizing::new(Vec::new()),
        is_too_long: false,
    };
    let mut has_begun = false;
    loop {
        let buffer = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if buffer.is_empty() {
            return Ok(has_begun.then_some(line));
        }
        has_begun = true;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let (part, _) = buffer.split_at(end.unwrap_or(buffer.len()));
        let room = LINE_BYTES_MAX - line.bytes.len();
        line.is_too_long |= part.len() > room;
        line.bytes.extend(part.iter().take(room));
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

fn answer(line: &Line, showing: Showing) -> String {
    let Request { id, question } = Request::parse(&line.bytes);
    let about = match question {
        _ if line.is_too_long => answer::refused("text", "too_long", "A line has at most 1 MiB."),
        Some(Question::Text(text)) => answer::about(&examine(&text, TestMode::Off), showing),
        Some(Question::Manual(fields)) => answer::about(&examine_manual(&entry(&fields)), showing),
        Some(Question::Image(path)) => answer::about_image(
            &images::read_listed(&path),
            |text| examine(text, TestMode::Off),
            showing,
        ),
        None => answer::refused(
            "text",
            "bad_request",
            "The line is not a JSON object with exactly one of \"text\", \"manual\" and \"image\".",
        ),
    };
    let about = Zeroizing::new(Value::Object(about).to_string());
    let members = about.strip_prefix('{').unwrap_or(&about);
    format!("{{\"id\":{id},{members}")
}

fn entry(fields: &Fields) -> ManualEntry<'_> {
    ManualEntry {
        issuer: &fields.issuer,
        account: &fields.account,
        secret: &fields.secret,
        kind: &fields.kind,
        algorithm: &fields.algorithm,
        digits: &fields.digits,
        period: &fields.period,
        counter: &fields.counter,
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::time::UnixSeconds;

    use super::*;

    const HIDING: Showing = Showing {
        reveal: false,
        at: UnixSeconds(1_741_011_292),
    };

    fn answers(input: &[u8], showing: Showing) -> Vec<Value> {
        let mut output = Vec::new();
        answer_all(input, &mut output, showing).unwrap();
        str::from_utf8(&output)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn every_line_is_answered_in_order() {
        let input = b"{\"id\":1,\"text\":\"otpauth://totp/A:b?secret=JBSWY3DPEHPK3PXP\"}\n\nnonsense\n{\"id\":4,\"text\":\"x\"}";
        let answers = answers(input, HIDING);
        let names: Vec<_> = answers
            .iter()
            .map(|answer| (answer["id"].clone(), answer["error"]["name"].clone()))
            .collect();
        assert_eq!(
            names,
            [
                (1.into(), Value::Null),
                (Value::Null, "bad_request".into()),
                (Value::Null, "bad_request".into()),
                (4.into(), "not_otpauth".into()),
            ]
        );
        assert_eq!(answers[0]["accepted"], true);
        assert_eq!(answers[0]["accounts"][0]["period"], 30);
    }

    #[test]
    fn a_mark_before_the_first_line_is_no_part_of_it() {
        let answers = answers(b"\xef\xbb\xbf{\"id\":1,\"text\":\"x\"}\n", HIDING);
        assert_eq!(answers[0]["id"], 1);
        assert_eq!(answers[0]["error"]["name"], "not_otpauth");
    }

    #[test]
    fn secrets_and_codes_are_only_shown_on_demand() {
        let input = b"{\"id\":1,\"manual\":{\"account\":\"a\",\"secret\":\"JBSWY3DPEHPK3PXP\",\"digits\":8}}\n";
        let hidden = answers(input, HIDING);
        assert!(!hidden[0].to_string().contains("JBSWY3DPEHPK3PXP"));
        assert_eq!(hidden[0]["accounts"][0].get("code"), None);
        let showing = Showing {
            reveal: true,
            ..HIDING
        };
        let shown = answers(input, showing);
        assert_eq!(shown[0]["accounts"][0]["secret"], "JBSWY3DPEHPK3PXP");
        assert_eq!(
            shown[0]["accounts"][0]["code"].as_str().map(str::len),
            Some(8)
        );
    }

    #[test]
    fn a_line_beyond_the_cap_is_refused_with_its_id() {
        let mut input = b"{\"id\":\"big\",\"text\":\"".to_vec();
        input.resize(LINE_BYTES_MAX * 3, b'A');
        input.extend(b"\"}\n{\"id\":2,\"text\":\"x\"}\n");
        let answers = answers(&input, HIDING);
        assert_eq!(answers.len(), 2);
        assert_eq!(answers[0]["id"], "big");
        assert_eq!(answers[0]["error"]["name"], "too_long");
        assert_eq!(answers[1]["id"], 2);
    }

    #[test]
    fn an_image_that_is_not_there_is_an_answer() {
        let answers = answers(
            b"{\"id\":1,\"image\":\"/nonexistent\"}\n{\"id\":2,\"image\":\"/dev/zero\"}\n",
            HIDING,
        );
        for answer in answers {
            assert_eq!(answer["kind"], "image");
            assert_eq!(answer["error"]["name"], "not_an_image");
        }
    }
}
