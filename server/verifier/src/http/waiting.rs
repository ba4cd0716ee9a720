//! Fetches that wait, by the account whose change wakes them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_protocol::hash::Id;
use tokio::sync::watch;

/// Most fetches that wait at once: each holds a connection.
const WAITING_MAX: usize = 10_000;

/// Who waits.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<Accounts>);

#[derive(Debug, Default)]
struct Accounts {
    by_account: HashMap<Id, watch::Sender<()>>,
    waiting: usize,
}

/// One that waits; it stops when it is dropped, as it is when its connection ends.
#[derive(Debug)]
pub(super) struct Waiter {
    waiting: Arc<Waiting>,
    account: Id,
    changed: watch::Receiver<()>,
}

impl Waiting {
    /// Waits for changes of this account from now on. None when too many wait.
    pub(super) fn join(self: &Arc<Self>, account: Id) -> Option<Waiter> {
        let mut accounts = self.accounts();
        if accounts.waiting >= WAITING_MAX {
            return None;
        }
        accounts.waiting += 1;
        let sender = accounts.by_account.entry(account);
        let changed = sender.or_insert_with(|| watch::Sender::new(())).subscribe();
        Some(Waiter {
            waiting: Arc::clone(self),
            account,
            changed,
        })
    }

    /// Wakes whoever waits for this account.
    pub(super) fn wake(&self, account: &Id) {
        if let Some(sender) = self.accounts().by_account.get(account) {
            sender.send_replace(());
        }
    }

    fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Until the account changes. A change since the last call counts.
    pub(super) async fn woken(&mut self) {
        if self.changed.changed().await.is_err() {
            // The sender stays as long as somebody waits, so this does not come; if it did, time alone would wake it.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut accounts = self.waiting.accounts();
        accounts.waiting = accounts.waiting.saturating_sub(1);
        let sender = accounts.by_account.get(&self.account);
        // This one is still counted.
        if sender.is_some_and(|sender| sender.receiver_count() <= 1) {
            accounts.by_account.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNTS: [Id; 2] = [Id::from_bytes([1; 16]), Id::from_bytes([2; 16])];

    #[tokio::test]
    async fn a_change_wakes_whoever_waits_for_its_account_alone() {
        let waiting = Arc::new(Waiting::default());
        let mut first = waiting.join(ACCOUNTS[0]).unwrap();
        let mut second = waiting.join(ACCOUNTS[1]).unwrap();
        waiting.wake(&ACCOUNTS[0]);
        first.woken().await;
        assert!(!second.changed.has_changed().unwrap());
        waiting.wake(&ACCOUNTS[1]);
        second.woken().await;
    }

    #[test]
    fn nothing_is_kept_of_those_who_are_gone() {
        let waiting = Arc::new(Waiting::default());
        let waiters = [(); 3].map(|()| waiting.join(ACCOUNTS[0]).unwrap());
        assert_eq!(waiting.accounts().waiting, 3);
        drop(waiters);
        assert_eq!(waiting.accounts().waiting, 0);
        assert!(waiting.accounts().by_account.is_empty());
    }

    #[test]
    fn no_more_wait_than_there_is_room_for() {
        let waiting = Arc::new(Waiting::default());
        waiting.accounts().waiting = WAITING_MAX;
        assert!(waiting.join(ACCOUNTS[0]).is_none());
    }
}
