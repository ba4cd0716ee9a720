//! The list as lines of text, in as many columns as there is room for.

use countersign_core::companion::AccountRow;
use countersign_core::time::UnixSeconds;

use super::tags_of;
use crate::rows::issuer_of;
use crate::terminal::{columns, fitted, padded, shown};

/// How the table looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Style {
    /// Nothing but text: codes as they are typed, so that `grep` and `awk` find them.
    Plain,
    /// On a terminal: codes in groups.
    Grouped,
    /// On a terminal with colours.
    Coloured,
}

/// Columns between columns.
const GAP: usize = 2;
/// A name column is not cut below this.
const NAME_MIN: usize = 6;
/// Below this a code is red: there is hardly time to type it.
const HURRY_S: u64 = 5;

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

/// What one line says.
struct Line {
    pin: &'static str,
    issuer: String,
    account: String,
    code: String,
    left: String,
    next: String,
    tags: String,
    is_urgent: bool,
}

impl Line {
    fn new(row: &AccountRow, now: UnixSeconds, style: Style) -> Self {
        let (code, left, next, is_urgent) = match &row.window {
            Some(window) => {
                let left_s = window.changes_at.since(now);
                // EXPOSE: the list shows codes.
                let (current, next) = (window.current.text(), window.next.text());
                (
                    grouped(current.expose(), style),
                    format!("{left_s} s"),
                    grouped(next.expose(), style),
                    left_s <= HURRY_S,
                )
            }
            None => {
                let counter = row.kind.counter().map_or(0, |counter| counter.value());
                (
                    format!("counter {counter}"),
                    String::new(),
                    String::new(),
                    false,
                )
            }
        };
        let issuer = issuer_of(&row.issuer, row.label_issuer.as_ref());
        Self {
            pin: if row.pinned { "*" } else { " " },
            issuer: if issuer.is_empty() { shown("") } else { issuer },
            account: shown(row.account.as_str()),
            code,
            left,
            next,
            tags: tags_of(row),
            is_urgent,
        }
    }
}

/// Two halves read and type more easily than six digits in a row.
fn grouped(code: &str, style: Style) -> String {
    if style == Style::Plain || code.len() < 6 {
        return code.into();
    }
    match code.split_at_checked(code.len() / 2) {
        Some((first, second)) => format!("{first} {second}"),
        None => code.into(),
    }
}

/// Columns that each part of a line takes; 0 leaves it out.
#[derive(Debug, Eq, PartialEq)]
struct Widths {
    issuer: usize,
    account: usize,
    code: usize,
    left: usize,
    next: usize,
    tags: usize,
}

impl Widths {
    /// Everything as wide as it needs.
    fn wanted(lines: &[Line]) -> Self {
        let widest = |part: fn(&Line) -> &str| {
            lines
                .iter()
                .map(|line| columns(part(line)))
                .max()
                .unwrap_or(0)
        };
        Self {
            issuer: widest(|line| &line.issuer),
            account: widest(|line| &line.account),
            code: widest(|line| &line.code),
            left: widest(|line| &line.left),
            next: widest(|line| &line.next),
            tags: widest(|line| &line.tags),
        }
    }

    /// The pin and its gap stand before all.
    fn total(&self) -> usize {
        let parts = [
            self.issuer,
            self.account,
            self.code,
            self.left,
            self.next,
            self.tags,
        ];
        1 + parts
            .iter()
            .filter(|width| **width > 0)
            .map(|width| width + GAP)
            .sum::<usize>()
    }

    /// Gives up what matters least until the line fits: tags, the next code, then letters of the names.
    /// The code and its seconds stay as long as anything does.
    fn fit(mut self, width: usize) -> Self {
        if self.total() > width {
            self.tags = 0;
        }
        if self.total() > width {
            self.next = 0;
        }
        while self.total() > width && self.issuer.max(self.account) > NAME_MIN {
            let over = self.total() - width;
            let (longer, shorter) = if self.account >= self.issuer {
                (&mut self.account, self.issuer)
            } else {
                (&mut self.issuer, self.account)
            };
            let floor = shorter.max(NAME_MIN);
            let cut = longer.saturating_sub(floor).clamp(1, over.max(1));
            *longer -= cut;
        }
        if self.total() > width {
            self.account = 0;
        }
        if self.total() > width {
            self.left = 0;
        }
        self
    }
}

/// The table's lines, at most `width` columns each where one is given.
pub(crate) fn render(
    accounts: &[AccountRow],
    now: UnixSeconds,
    style: Style,
    width: Option<usize>,
) -> Vec<String> {
    let lines: Vec<Line> = accounts
        .iter()
        .map(|row| Line::new(row, now, style))
        .collect();
    let wanted = Widths::wanted(&lines);
    let widths = match width {
        Some(width) => wanted.fit(width),
        None => wanted,
    };
    lines
        .iter()
        .map(|line| written(line, &widths, style))
        .collect()
}

fn written(line: &Line, widths: &Widths, style: Style) -> String {
    let gap = " ".repeat(GAP);
    let mut text = String::from(line.pin);
    let parts = [
        (&line.issuer, widths.issuer, ""),
        (&line.account, widths.account, ""),
        (
            &line.code,
            widths.code,
            if line.is_urgent { RED } else { BOLD },
        ),
        (
            &line.left,
            widths.left,
            if line.is_urgent { RED } else { "" },
        ),
        (&line.next, widths.next, DIM),
        (&line.tags, widths.tags, DIM),
    ];
    for (part, width, colour) in parts {
        if width == 0 {
            continue;
        }
        let cell = padded(&fitted(part, width), width);
        text.push_str(&gap);
        if style == Style::Coloured && !colour.is_empty() {
            text.push_str(&format!("{colour}{cell}{RESET}"));
        } else {
            text.push_str(&cell);
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use countersign_core::account::Name;
    use countersign_core::otp::{Otp, OtpKind};
    use countersign_core::secret::Secret;

    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_741_011_292);

    fn row(issuer: &str, account: &str, kind: OtpKind) -> AccountRow {
        let otp = Otp::new(Secret::copy_of(b"12345678901234567890"), kind).unwrap();
        AccountRow {
            id: "00112233445566778899aabbccddeeff".parse().unwrap(),
            kind,
            issuer: Name::new(issuer),
            label_issuer: None,
            account: Name::new(account),
            tags: vec![Name::new("work")],
            has_note: false,
            pinned: false,
            window: otp.generator().window(NOW),
            created_at: NOW,
            trashed_at: None,
        }
    }

    #[test]
    fn a_plain_line_has_the_code_as_it_is_typed() {
        let rows = [row("Acme", "ann", OtpKind::TOTP)];
        let window = rows[0].window.as_ref().unwrap();
        let lines = render(&rows, NOW, Style::Plain, None);
        assert_eq!(
            lines,
            [format!(
                "   Acme  ann  {}  8 s  {}  #work",
                window.current.text().expose(),
                window.next.text().expose()
            )]
        );
    }

    #[test]
    fn a_counter_account_shows_no_code() {
        let kind = OtpKind::Hotp {
            algorithm: Default::default(),
            digits: countersign_core::otp::Digits::DEFAULT,
            counter: countersign_core::otp::Counter::new(7).unwrap(),
        };
        let lines = render(&[row("Bank", "ann", kind)], NOW, Style::Plain, None);
        assert_eq!(lines, ["   Bank  ann  counter 7  #work"]);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let rows = [
            row("Acme", "ann@acme.example", OtpKind::TOTP),
            row(
                "漢字漢字漢字漢字漢字",
                "山田太郎@example.jp",
                OtpKind::Steam,
            ),
            row("בנק הפועלים", &"x".repeat(900), OtpKind::TOTP),
        ];
        for width in 22..200 {
            for line in render(&rows, NOW, Style::Grouped, Some(width)) {
                assert!(columns(&line) <= width, "{} > {width}", columns(&line));
            }
        }
    }

    #[test]
    fn the_code_outlives_everything_else() {
        let rows = [row(
            "A very long issuer",
            "a very long account",
            OtpKind::TOTP,
        )];
        let window = rows[0].window.as_ref().unwrap();
        for width in [20, 30, 40] {
            let lines = render(&rows, NOW, Style::Plain, Some(width));
            assert!(lines[0].contains(window.current.text().expose()), "{width}");
        }
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        let rows = [row("Acme", "a\u{1b}[31mb", OtpKind::TOTP)];
        for style in [Style::Plain, Style::Grouped] {
            assert!(!render(&rows, NOW, style, Some(80))[0].contains('\u{1b}'));
        }
        assert!(render(&rows, NOW, Style::Coloured, Some(80))[0].contains(BOLD));
    }
}
