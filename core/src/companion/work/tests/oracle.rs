//! What has to be true whatever happens on the way, judged from outside: by the messages that came and by the events that the
//! server told.

use std::collections::{BTreeMap, BTreeSet};

use countersign_protocol::base64url;
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::message::{Outcome, RemovedWhy};
use countersign_verifier::event::Fact;
use countersign_verifier::person::NUMBER_TRIES;
use countersign_verifier::reply::Reply;
use serde_json::Value;

/// An answer as it came to the server.
pub(super) struct Answer {
    pub(super) hash: MessageHash,
    pub(super) statement: Id,
    pub(super) decision: String,
    pub(super) number: Option<String>,
}

impl Answer {
    pub(super) fn read(body: &str) -> Self {
        let claims = claims_of(body);
        let text = |name: &str| claims[name].as_str().map(str::to_owned);
        Self {
            hash: MessageHash::of(body),
            statement: Id::parse(claims["st"].as_str().unwrap()).unwrap(),
            decision: text("decision").unwrap(),
            number: text("number"),
        }
    }
}

pub(super) fn claims_of(body: &str) -> Value {
    let claims = body.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::parse(claims).unwrap()).unwrap()
}

/// A statement as the server made it.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) id: Id,
    /// How phones know it, unless it is a test.
    pub(super) app: String,
    pub(super) test_of: Option<Thumbprint>,
    pub(super) number: String,
    pub(super) message: String,
    pub(super) audience: Vec<Thumbprint>,
}

/// The same, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) made: Made,
    pub(super) end: Option<Ended>,
    wrong: BTreeSet<MessageHash>,
    reports: u32,
}

impl Asked {
    pub(super) fn wrong_count(&self) -> usize {
        self.wrong.len()
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) device: Option<Thumbprint>,
}

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Oracle {
    pub(super) asked: Vec<Asked>,
    /// Devices that get real statements.
    pub(super) active: BTreeSet<Thumbprint>,
    gone: BTreeSet<Thumbprint>,
    /// What people decided: device, statement, decision, number.
    decided: BTreeSet<(Thumbprint, Id, &'static str, String)>,
    /// What receipts of answers that had an effect say, without which key signed them.
    receipts: BTreeMap<MessageHash, String>,
    pub(super) seen: Seen,
}

/// How often something happened, so that no test is content with nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(pub(super) BTreeMap<&'static str, u64>);

impl Seen {
    pub(super) fn note(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }
}

impl Oracle {
    pub(super) fn decided(
        &mut self,
        by: Thumbprint,
        statement: Id,
        word: &'static str,
        number: &str,
    ) {
        self.decided
            .insert((by, statement, word, number.to_owned()));
    }

    fn asked_mut(&mut self, id: &Id) -> &mut Asked {
        self.asked
            .iter_mut()
            .find(|asked| asked.made.id == *id)
            .unwrap()
    }

    /// A statement was made: for all that are active, or a test for one device.
    pub(super) fn made(&mut self, made: Made) {
        let addressed: BTreeSet<Thumbprint> = made.audience.iter().copied().collect();
        if made.test_of.is_none() {
            assert_eq!(
                addressed, self.active,
                "a statement is for those that are active"
            );
        }
        self.seen.note("asked");
        self.asked.push(Asked {
            made,
            end: None,
            wrong: BTreeSet::new(),
            reports: 0,
        });
    }

    /// Judges what the server told after one input.
    pub(super) fn judge(&mut self, facts: &[Fact], answer: Option<&Answer>, reply: Option<&Reply>) {
        let was_open = answer.is_some_and(|answer| {
            let asked = self
                .asked
                .iter()
                .find(|asked| asked.made.id == answer.statement);
            asked.is_some_and(|asked| asked.end.is_none())
        });
        let mut had_effect = false;
        for fact in facts {
            match fact {
                Fact::Asked { .. } | Fact::Ring { .. } | Fact::Enrolled { .. } => {}
                Fact::WrongNumber {
                    statement, left, ..
                } => {
                    had_effect = true;
                    self.wrong_number(*statement, *left, answer.unwrap());
                }
                Fact::Ended {
                    statement,
                    outcome,
                    device,
                    answer: by,
                    ..
                } => {
                    had_effect |= by.is_some();
                    self.ended(*statement, *outcome, *device, *by, answer);
                }
                Fact::Reported {
                    statement, device, ..
                } => {
                    had_effect = true;
                    self.reported(*statement, *device, answer.unwrap());
                }
                Fact::Added { device, .. } => {
                    self.seen.note("added");
                    assert!(self.active.insert(*device));
                    assert!(!self.gone.contains(device));
                }
                Fact::Moved { from, to, .. } => {
                    self.seen.note("moved");
                    assert!(self.active.remove(from), "only an active device moves");
                    assert!(self.active.insert(*to));
                    self.gone.insert(*from);
                }
                Fact::Removed { device, why, .. } => {
                    self.seen.note(removed_word(*why));
                    self.active.remove(device);
                    assert!(self.gone.insert(*device), "a device ends once");
                }
                Fact::Suspended { .. } => self.seen.note("suspended"),
                Fact::ShownElse { .. } => panic!("both ends show the same lines"),
                Fact::CodeBurnt { .. } | Fact::OfflineStopped => panic!("nobody guesses here"),
            }
        }
        let (Some(answer), Some(Reply::Receipt(receipt))) = (answer, reply) else {
            assert!(!had_effect || answer.is_none(), "an effect has a receipt");
            return;
        };
        let claims = receipt.as_str().split('.').nth(1).unwrap();
        if had_effect {
            let earlier = self.receipts.insert(answer.hash, claims.to_owned());
            assert_eq!(earlier, None, "an answer counts once");
        } else if let Some(earlier) = self.receipts.get(&answer.hash) {
            self.seen.note("repeated");
            assert_eq!(earlier, claims, "the same answer has the same receipt");
        } else {
            let has_ended = self.asked_mut(&answer.statement).end.is_some();
            assert!(!was_open || has_ended, "an answer to what is open counts");
        }
    }

    fn wrong_number(&mut self, statement: Id, left: u8, answer: &Answer) {
        assert_eq!(answer.statement, statement);
        assert_eq!(answer.decision, "approve");
        let asked = self.asked_mut(&statement);
        assert_eq!(asked.end, None, "what has ended is not guessed at");
        assert_ne!(answer.number.as_ref(), Some(&asked.made.number));
        assert!(
            asked.wrong.insert(answer.hash),
            "a wrong number counts once"
        );
        let wrong = u8::try_from(asked.wrong.len()).unwrap();
        assert_eq!(left, NUMBER_TRIES - wrong, "tries are counted exactly");
        self.seen.note("wrong number");
    }

    fn ended(
        &mut self,
        statement: Id,
        outcome: Outcome,
        device: Option<Thumbprint>,
        by: Option<MessageHash>,
        answer: Option<&Answer>,
    ) {
        let asked = self.asked_mut(&statement);
        assert_eq!(asked.end, None, "one end a statement");
        asked.end = Some(Ended { outcome, device });
        let asked = asked.clone();
        self.seen.note(outcome_word(outcome));
        let Some(by) = by else {
            let is_nobodys = matches!(outcome, Outcome::Expired | Outcome::Withdrawn);
            assert!(is_nobodys, "without an answer: {outcome:?}");
            return;
        };
        let (answer, device) = (answer.unwrap(), device.unwrap());
        assert_eq!(answer.hash, by);
        assert!(
            asked.made.audience.contains(&device),
            "only who was asked answers"
        );
        let said = answer.decision.as_str();
        let number = answer.number.clone().unwrap_or_default();
        let decided = |word| {
            self.decided
                .contains(&(device, statement, word, number.clone()))
        };
        match outcome {
            Outcome::Approved => {
                assert_eq!(number, asked.made.number);
                assert!(
                    said == "approve" && decided("approve"),
                    "nobody approved it"
                );
            }
            Outcome::Denied if said == "approve" => {
                assert_eq!(asked.wrong.len(), usize::from(NUMBER_TRIES));
            }
            Outcome::Denied => assert!(said == "deny" && decided("deny")),
            Outcome::Reported => assert!(said == "report" && decided("report")),
            Outcome::Cancelled => assert!(said == "cancel" && decided("cancel")),
            other => panic!("no answer brings {other:?}"),
        }
    }

    fn reported(&mut self, statement: Id, device: Thumbprint, answer: &Answer) {
        self.seen.note("report");
        let word = (device, statement, "report", String::new());
        assert!(answer.decision == "report" && self.decided.contains(&word));
        let asked = self.asked_mut(&statement);
        asked.reports += 1;
        assert_eq!(asked.reports, 1, "a report is told once");
    }
}

const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Approved => "approved",
        Outcome::Denied => "denied",
        Outcome::Reported => "reported",
        Outcome::Cancelled => "cancelled",
        Outcome::Expired => "expired",
        Outcome::Withdrawn => "withdrawn",
        Outcome::WrongNumber => "no end",
    }
}

const fn removed_word(why: RemovedWhy) -> &'static str {
    match why {
        RemovedWhy::WrongCheck => "wrong check",
        RemovedWhy::WrongReveal => "wrong reveal",
        RemovedWhy::TimedOut => "timed out",
        RemovedWhy::Left => "left",
        RemovedWhy::Replaced => "replaced",
        RemovedWhy::TooMany => "too many",
        RemovedWhy::MoveEnded => "move ended",
        RemovedWhy::Administrator => "removed",
    }
}
