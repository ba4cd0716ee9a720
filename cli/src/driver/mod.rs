//! The approvals' driver: does what the core says is next, and brings back what came. It holds no rule of its own.
//!
//! The vault stays on one thread. Each request is posted on a thread of its own, so that asking, which may take half a
//! minute, holds up no answer.

mod inbox;
mod trouble;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use countersign_core::approval::{
    ApprovalError, Attention, Errand, Event, Lane, NextAction, Outgoing, Reply, Unreachable,
    WorkView,
};
use countersign_core::companion::Companion;
use countersign_core::device::NoDeviceKeys;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{RecordId, VaultError};

use self::inbox::{Address, Inbox, Woken};
use self::trouble::Troubles;
use crate::failure::Failure;
use crate::http::{Came, Http};
use crate::session::Session;

pub(crate) use self::trouble::{Said, Tidings, Trouble};

/// What is done in one turn before the person is looked after again.
const ACTIONS_MAX: u32 = 64;
/// How long another process that writes is waited for.
const BUSY_PAUSE: Duration = Duration::from_millis(200);

/// A server that showed another time than was known, by so much, has perhaps said nothing else.
const CLOCK_MOVED_S: u64 = 60;

/// What a turn ended with.
#[derive(Debug)]
pub(crate) enum Turn {
    /// An answer of a server was taken; this happened.
    Events(Vec<Event>),
    /// The person typed something, or has gone.
    Input,
    /// Nothing; it is time to look again.
    Time,
}

/// What a thread brings.
struct Posted {
    errand: Errand,
    came: Came,
}

/// The way between one vault and its servers.
pub(crate) struct Driver<'a> {
    session: &'a Session,
    attention: Attention,
    http: Arc<Http>,
    inbox: Inbox<Posted>,
    /// What came and could not be stored yet.
    waiting: VecDeque<Posted>,
    /// How often each account's server has answered, on each lane.
    answers: BTreeMap<(RecordId, Lane), u32>,
    /// What is wrong with what the servers answer to this process.
    troubles: Troubles,
    /// Accounts whose server may have taken something that this process sent.
    taken: BTreeSet<RecordId>,
}

impl<'a> Driver<'a> {
    /// A driver with nothing under way.
    ///
    /// # Errors
    ///
    /// `usage` for a proxy that is none; as [`Failure::io`].
    pub(crate) fn new(session: &'a Session, attention: Attention) -> Result<Self, Failure> {
        Ok(Self {
            session,
            attention,
            http: Arc::new(Http::from_environment()?),
            inbox: Inbox::new().map_err(not_waited)?,
            waiting: VecDeque::new(),
            answers: BTreeMap::new(),
            troubles: Troubles::default(),
            taken: BTreeSet::new(),
        })
    }

    /// What is wrong with the last answers of this account's server to this process.
    pub(crate) fn trouble(&self, account: RecordId) -> Option<Trouble> {
        self.troubles.of(account)
    }

    /// The same, but for a silence that is over because another process has got an answer meanwhile.
    pub(crate) fn trouble_of(&self, view: &WorkView) -> Option<Trouble> {
        let is_over = |trouble: &Trouble| {
            matches!(trouble, Trouble::Silent(_)) && view.unreachable_since.is_none()
        };
        self.trouble(view.id).filter(|trouble| !is_over(trouble))
    }

    /// Why this account's server gave no answer the last time; none where it did.
    pub(crate) fn why_unreachable(&self, account: RecordId) -> Option<Unreachable> {
        match self.trouble(account) {
            Some(Trouble::Silent(why)) => why,
            _ => None,
        }
    }

    /// Whether this account's server gave no answer of the protocol the last time: none at all, or that it cannot now.
    pub(crate) fn is_silent(&self, account: RecordId) -> bool {
        matches!(self.trouble(account), Some(Trouble::Silent(_)))
    }

    /// Whether this account's server may have taken something that this process sent.
    pub(crate) fn may_be_taken(&self, account: RecordId) -> bool {
        self.taken.contains(&account)
    }

    /// How often this account's server has answered on a lane.
    pub(crate) fn answers(&self, account: RecordId, lane: Lane) -> u32 {
        self.answers
            .get(&(account, lane))
            .copied()
            .unwrap_or_default()
    }

    /// Does what is due, then waits for something to come from a server or from `input`, at most for `pause`.
    ///
    /// # Errors
    ///
    /// What the vault says, `locked` after the password was changed elsewhere. That somebody else writes right now is none.
    pub(crate) fn turn(
        &mut self,
        companion: &mut Companion,
        input: Option<BorrowedFd<'_>>,
        pause: Duration,
    ) -> Result<Turn, Failure> {
        match companion.refresh() {
            Ok(_) | Err(VaultError::Busy) => {}
            Err(error) => return Err(error.into()),
        }
        let pause = self.do_what_is_due(companion, pause)?;
        if let Some(posted) = self.waiting.pop_front() {
            return self.take(companion, posted);
        }
        match self.inbox.wait(input, pause).map_err(not_waited)? {
            Woken::Mail(posted) => self.take(companion, posted),
            Woken::Input => Ok(Turn::Input),
            Woken::Time => Ok(Turn::Time),
        }
    }

    /// Returns how long may be waited then.
    fn do_what_is_due(
        &self,
        companion: &mut Companion,
        pause: Duration,
    ) -> Result<Duration, Failure> {
        for _ in 0..ACTIONS_MAX {
            let now = self.session.now();
            let done = match companion.next_action(self.attention, now) {
                NextAction::MakeKeys { account } => {
                    companion.make_keys(account, &NoDeviceKeys, now)
                }
                NextAction::RemoveKeys { account } => {
                    companion.remove_keys(account, &NoDeviceKeys, now)
                }
                NextAction::Send { account, lane } => companion
                    .prepare(account, lane, self.attention, &NoDeviceKeys, now)
                    .map(|outgoing| self.post(outgoing)),
                NextAction::WaitUntil { at } => {
                    return Ok(pause.min(Duration::from_secs(at.since(now))));
                }
                NextAction::Nothing => return Ok(pause),
            };
            match done {
                // Another process did it meanwhile.
                Ok(()) | Err(ApprovalError::NothingToSend) => {}
                Err(ApprovalError::Vault(VaultError::Busy)) => return Ok(pause.min(BUSY_PAUSE)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Duration::ZERO)
    }

    fn post(&self, outgoing: Outgoing) {
        let http = Arc::clone(&self.http);
        let now = self.session.now();
        let mut parcel = Parcel::new(self.inbox.address(), outgoing.errand.clone());
        // Without a thread the parcel is dropped, and brings that nothing came.
        drop(
            thread::Builder::new()
                .name("post".into())
                .spawn(move || parcel.put(http.post(&outgoing, now))),
        );
    }

    fn take(&mut self, companion: &mut Companion, posted: Posted) -> Result<Turn, Failure> {
        let account = posted.errand.account();
        let now = self.session.now();
        let ahead_s = ahead_s_of(companion, account, now);
        match companion.take_reply(&posted.errand, &posted.came.reply, now) {
            Ok(events) => {
                let moved_s = ahead_s.abs_diff(ahead_s_of(companion, account, now));
                self.note(&posted, moved_s);
                let view = companion.work_account(account, now).ok();
                let lane = (account, posted.errand.lane());
                let reply = &posted.came.reply;
                self.troubles.note(lane, reply, &events, view.as_ref(), now);
                Ok(Turn::Events(events))
            }
            Err(ApprovalError::Vault(VaultError::Busy)) => {
                self.waiting.push_back(posted);
                Ok(Turn::Time)
            }
            // The account went away while its server was asked.
            Err(ApprovalError::NoSuchAccount) => Ok(Turn::Time),
            Err(error) => Err(error.into()),
        }
    }

    /// Notes what came. `moved_s` is by how much it has changed what is known of the server's clock.
    fn note(&mut self, posted: &Posted, moved_s: u64) {
        let account = posted.errand.account();
        if posted.came.may_be_taken {
            self.taken.insert(account);
        }
        // Where the clocks were so far apart it said no more than that, and is asked again (C4).
        if matches!(posted.came.reply, Reply::Answered { .. }) && moved_s < CLOCK_MOVED_S {
            let lane = (account, posted.errand.lane());
            let answers = self.answers.entry(lane).or_default();
            *answers = answers.saturating_add(1);
        }
    }
}

/// One reply on its way. However a thread ends, it brings one: an account has one request at a time on each lane.
struct Parcel {
    address: Address<Posted>,
    errand: Errand,
    came: Came,
}

impl Parcel {
    /// Of a thread that ended early nobody knows how far it came.
    const NOTHING: Came = Came {
        reply: Reply::Unreachable(Unreachable::NoConnection),
        may_be_taken: true,
    };

    const fn new(address: Address<Posted>, errand: Errand) -> Self {
        Self {
            address,
            errand,
            came: Self::NOTHING,
        }
    }

    fn put(&mut self, came: Came) {
        self.came = came;
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        self.address.bring(Posted {
            errand: self.errand.clone(),
            came: std::mem::replace(&mut self.came, Self::NOTHING),
        });
    }
}

/// By how much this device's clock is ahead of an account's server's, as far as that is known.
fn ahead_s_of(companion: &Companion, account: RecordId, now: UnixSeconds) -> i64 {
    let view = companion.work_account(account, now);
    view.ok()
        .and_then(|view| view.clock_ahead_s)
        .unwrap_or_default()
}

fn not_waited(error: io::Error) -> Failure {
    Failure::io(&error, "terminal")
}
