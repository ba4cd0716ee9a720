//! What the person is shown of a statement: a list of fields and texts that both ends make alike and hash.
//!
//! Texts come from outside: what cannot be seen, and what could make a text show as another, is written out.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use crate::hash::{LinesHash, sha256};
use crate::json::Json;
use crate::message::{Details, Statement};

/// Code points of a text; a longer one is cut, and "…" says so.
const TEXT_MAX: usize = 120;

/// Which line it is. A shell has words for them in the person's language.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Field {
    /// The host that the account was enrolled with.
    Server,
    /// What is to be approved: the word of the statement.
    Act,
    /// The application.
    App,
    /// The site that asks.
    Origin,
    /// Who signs in.
    User,
    /// From where.
    Place,
    /// The client's address.
    Ip,
    /// The client's browser.
    Browser,
    /// The client's operating system.
    Os,
    /// How much is paid.
    Amount,
    /// Who is paid.
    Payee,
    /// When it was asked.
    Time,
}

impl Field {
    /// Its name in the list that is hashed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Act => "act",
            Self::App => "app",
            Self::Origin => "origin",
            Self::User => "user",
            Self::Place => "place",
            Self::Ip => "ip",
            Self::Browser => "browser",
            Self::Os => "os",
            Self::Amount => "amount",
            Self::Payee => "payee",
            Self::Time => "time",
        }
    }
}

/// A line: what it is, and a text that is safe to show.
#[derive(Clone, Eq, PartialEq)]
pub struct Line {
    /// What it is.
    pub field: Field,
    /// The text.
    pub text: String,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Line({:?}, [redacted])", self.field)
    }
}

/// The lines of a statement in their order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lines(Vec<Line>);

impl Lines {
    /// The lines of a statement. One that cannot be approved has the lines of what is known.
    #[must_use]
    pub fn of(statement: &Statement) -> Self {
        let mut lines = Self(vec![]);
        lines.push(Field::Server, host(&statement.issuer));
        if let Some(act) = statement.act {
            lines.push(Field::Act, act.word());
        }
        lines.push(Field::App, &statement.app);
        lines.push(Field::Origin, &statement.origin);
        lines.push(Field::User, &statement.user);
        if let Some(place) = &statement.place {
            lines.push(Field::Place, &format!("{}, {}", place.city, place.country));
        }
        if let Some(client) = &statement.client {
            lines.push(Field::Ip, &client.ip.to_string());
            lines.push(Field::Browser, &client.browser);
            lines.push(Field::Os, &client.os);
        }
        match &statement.details {
            Some(Details::Pay {
                amount,
                currency,
                to,
            }) => {
                lines.push(Field::Amount, &format!("{amount} {currency}"));
                lines.push(Field::Payee, to);
            }
            None => {}
        }
        lines.push(Field::Time, &statement.made_at.format());
        lines
    }

    fn push(&mut self, field: Field, text: &str) {
        let text = shown(text);
        self.0.push(Line { field, text });
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0
    }

    /// What the answer says of them: SHA-256 over the list of [field, text] in the form of RFC 8785.
    ///
    /// # Panics
    ///
    /// Never: lists of texts have a form in JSON.
    #[must_use]
    pub fn hash(&self) -> LinesHash {
        let text = |text: &str| Json::Text(text.to_owned());
        let pairs = self
            .0
            .iter()
            .map(|line| Json::List(vec![text(line.field.name()), text(&line.text)]));
        // For lists of texts without controls serde's form is the canonical one (RFC 8785 §3.2.2.2).
        let list = Json::List(pairs.collect());
        let document = serde_json::to_vec(&list).expect("lists of texts have a form");
        LinesHash::from_bytes(sha256(&document))
    }
}

/// The host, and the port where there is one, of a base URL.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// A text with everything written out that cannot be seen, as `\u{202E}`, and cut to 120 code points: also for what the other end
/// calls itself, an account or a device.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_unseen(letter) {
            shown.push_str(&format!("\\u{{{:04X}}}", u32::from(letter)));
        } else {
            shown.push(letter);
        }
    }
    if shown.chars().count() > TEXT_MAX {
        shown = shown.chars().take(TEXT_MAX - 1).collect();
        shown.push('…');
    }
    shown
}

/// Controls, formats (bidirectional ones among them), separators of lines, and what has no meaning that both ends agree on.
fn is_unseen(letter: char) -> bool {
    matches!(
        letter.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{Id, Thumbprint};
    use crate::message::{Act, Client, Place};
    use crate::time::Timestamp;

    fn statement() -> Statement {
        Statement {
            issuer: "https://login.example.org:8443/base".into(),
            audience: vec![Thumbprint::from_bytes([1; 32])],
            account: Id::from_bytes([2; 16]),
            id: Id::from_bytes([3; 16]),
            made_at: Timestamp::new(1_800_000_000).unwrap(),
            expires_at: Timestamp::new(1_800_000_120).unwrap(),
            act: Some(Act::SignIn),
            app: "Mail".into(),
            origin: "mail.example.org".into(),
            user: "ann@example.org".into(),
            place: Some(Place {
                city: "Berlin".into(),
                country: "DE".into(),
            }),
            client: Some(Client {
                ip: "192.0.2.7".parse().unwrap(),
                browser: "Firefox".into(),
                os: "Linux".into(),
            }),
            details: Some(Details::Pay {
                amount: "12.50".into(),
                currency: "EUR".into(),
                to: "Shop".into(),
            }),
            digits: 6,
            tries: 3,
            unknown: None,
        }
    }

    fn pairs(statement: &Statement) -> Vec<(&'static str, String)> {
        let lines = Lines::of(statement);
        let pair = |line: &Line| (line.field.name(), line.text.clone());
        lines.lines().iter().map(pair).collect()
    }

    #[test]
    fn all_that_is_signed_for_is_shown_in_one_order() {
        let expected = [
            ("server", "login.example.org:8443"),
            ("act", "sign-in"),
            ("app", "Mail"),
            ("origin", "mail.example.org"),
            ("user", "ann@example.org"),
            ("place", "Berlin, DE"),
            ("ip", "192.0.2.7"),
            ("browser", "Firefox"),
            ("os", "Linux"),
            ("amount", "12.50 EUR"),
            ("payee", "Shop"),
            ("time", "2027-01-15 08:00:00 UTC"),
        ];
        let expected = expected.map(|(field, text)| (field, text.to_owned()));
        assert_eq!(pairs(&statement()), expected);
        let least = Statement {
            act: None,
            place: None,
            client: None,
            details: None,
            ..statement()
        };
        let fields = pairs(&least).into_iter().map(|(field, _)| field);
        let fields: Vec<&str> = fields.collect();
        assert_eq!(fields, ["server", "app", "origin", "user", "time"]);
    }

    #[test]
    fn each_line_is_in_the_hash() {
        let hash = Lines::of(&statement()).hash();
        // Computed apart, from the list in RFC 8785 form.
        let document = r#"[["server","login.example.org:8443"],["act","sign-in"],["app","Mail"],["origin","mail.example.org"],["user","ann@example.org"],["place","Berlin, DE"],["ip","192.0.2.7"],["browser","Firefox"],["os","Linux"],["amount","12.50 EUR"],["payee","Shop"],["time","2027-01-15 08:00:00 UTC"]]"#;
        assert_eq!(hash, LinesHash::from_bytes(sha256(document.as_bytes())));
        for changed in [
            Statement {
                app: "Mai1".into(),
                ..statement()
            },
            Statement {
                place: None,
                ..statement()
            },
            Statement {
                made_at: Timestamp::new(1_800_000_001).unwrap(),
                ..statement()
            },
        ] {
            assert_ne!(Lines::of(&changed).hash(), hash);
        }
        // Texts that only together say the same are other lines.
        let moved = Statement {
            app: "Mail\",\"x".into(),
            ..statement()
        };
        assert_ne!(Lines::of(&moved).hash(), hash);
    }

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        for (text, expected) in [
            ("plain", "plain"),
            ("Zoë 東京 👩", "Zoë 東京 👩"),
            ("a\u{202e}b", "a\\u{202E}b"),
            ("a\nb\0", "a\\u{000A}b\\u{0000}"),
            ("\u{200b}\u{feff}\u{2066}", "\\u{200B}\\u{FEFF}\\u{2066}"),
            ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
            ("\u{e000}\u{e0041}", "\\u{E000}\\u{E0041}"),
            ("a|b", "a|b"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let exact = "é".repeat(TEXT_MAX);
        assert_eq!(shown(&exact), exact);
        let cut = shown(&format!("{exact}é"));
        assert_eq!(cut.chars().count(), TEXT_MAX);
        assert!(cut.ends_with('…'));
        // What is written out counts as it is shown.
        assert!(shown(&"\u{202e}".repeat(20)).ends_with('…'));
    }

    #[test]
    fn nothing_is_shown_to_a_log() {
        assert!(!format!("{:?}", Lines::of(&statement())).contains("Mail"));
    }
}
