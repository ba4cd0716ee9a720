//! What came and what was answered, in the order in which it came.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::deed::Path;

/// Most exchanges that are kept; beyond them the oldest are forgotten.
const KEPT_MAX: usize = 4096;

/// A request and what it was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exchange {
    /// Where it went.
    pub path: Path,
    /// Its body.
    pub request: String,
    /// The status that was answered; none before, and where nothing was.
    pub status: Option<u16>,
    /// The body that the server gave. A lie about it came after.
    pub reply: Option<String>,
}

/// The record.
#[derive(Debug)]
pub(crate) struct Exchanges {
    kept: Mutex<VecDeque<(u64, Exchange)>>,
    /// The number of the next one.
    next: watch::Sender<u64>,
}

impl Default for Exchanges {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            next: watch::Sender::new(0),
        }
    }
}

impl Exchanges {
    /// A request came. Returns its number.
    pub(crate) fn begin(&self, path: Path, request: String) -> u64 {
        let mut kept = self.kept();
        let number = *self.next.borrow();
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        let exchange = Exchange {
            path,
            request,
            status: None,
            reply: None,
        };
        kept.push_back((number, exchange));
        self.next.send_replace(number + 1);
        number
    }

    /// The server has answered it.
    pub(crate) fn replied(&self, number: u64, reply: String) {
        self.change(number, |exchange| exchange.reply = Some(reply));
    }

    /// This status was sent.
    pub(crate) fn sent(&self, number: u64, status: u16) {
        self.change(number, |exchange| exchange.status = Some(status));
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Exchange)) {
        let mut kept = self.kept();
        if let Some((_, exchange)) = kept.iter_mut().find(|(own, _)| *own == number) {
            change(exchange);
        }
    }

    /// All that are kept, the oldest first.
    pub(crate) fn all(&self) -> Vec<Exchange> {
        let kept = self.kept();
        kept.iter().map(|(_, exchange)| exchange.clone()).collect()
    }

    pub(crate) fn forget(&self) {
        self.kept().clear();
    }

    /// The `back`-th reply before the exchange of this number on the same path.
    pub(crate) fn earlier_reply(&self, path: Path, number: u64, back: usize) -> Option<String> {
        let kept = self.kept();
        let earlier = kept.iter().rev().filter(|(own, _)| *own < number);
        let mut replies = earlier
            .filter(|(_, exchange)| exchange.path == path)
            .filter_map(|(_, exchange)| exchange.reply.clone());
        replies.nth(back.checked_sub(1)?)
    }

    /// Until so many requests of a path have come.
    pub(crate) async fn wait(&self, path: Path, count: usize) {
        let mut next = self.next.subscribe();
        while self.all().iter().filter(|one| one.path == path).count() < count {
            // The sender lives as long as this record.
            if next.changed().await.is_err() {
                return;
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(u64, Exchange)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_reply_is_of_the_same_path() {
        let exchanges = Exchanges::default();
        for (path, reply) in [
            (Path::Fetch, "first"),
            (Path::Answers, "other"),
            (Path::Fetch, "second"),
        ] {
            let number = exchanges.begin(path, String::new());
            exchanges.replied(number, reply.to_owned());
        }
        let now = exchanges.begin(Path::Fetch, String::new());
        exchanges.replied(now, "this one".to_owned());
        let back = |back| exchanges.earlier_reply(Path::Fetch, now, back);
        assert_eq!(back(1).as_deref(), Some("second"));
        assert_eq!(back(2).as_deref(), Some("first"));
        assert_eq!((back(0), back(3)), (None, None));
    }

    #[test]
    fn the_record_has_an_end() {
        let exchanges = Exchanges::default();
        for _ in 0..KEPT_MAX + 3 {
            exchanges.begin(Path::Fetch, String::new());
        }
        assert_eq!(exchanges.all().len(), KEPT_MAX);
        // One that is forgotten is not answered in the place of another.
        exchanges.sent(0, 200);
        assert!(exchanges.all().iter().all(|one| one.status.is_none()));
    }
}
