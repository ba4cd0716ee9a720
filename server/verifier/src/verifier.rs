//! Store, keys, rules and steps, joined. It has no clock and no socket: whoever calls brings the time.

mod message;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use countersign_protocol::hash::Id;
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, generate_id};
use crate::event::Event;
use crate::keys::ServerKeys;
use crate::person::{Index, LabelError, Person, RequestId};
use crate::rules::{Rules, RulesError};
use crate::sources::Sources;
use crate::step::{Desk, Input, PassTime, Step, StepError, step};
use crate::store::{Change, ChangeError, RequestTaken, Store, StoreError, Stored};

/// How often a step is taken again when somebody else changes the person meanwhile.
const TRIES: u32 = 64;

/// For how many persons time passes when digits are short.
const DUE_AT_ONCE: usize = 32;

/// Why an input was not taken. Nothing was changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VerifierError {
    /// There is no such person.
    #[error("no such person")]
    NoSuchPerson,
    /// The label can be nobody's.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// Others changed the person again and again.
    #[error("changed by others again and again")]
    Busy,
    /// Somebody else is found by this already.
    #[error("somebody else is found by this already")]
    Taken {
        /// By which.
        by: Index,
    },
    /// A request with this `jti` was taken before.
    #[error("the request was taken before")]
    Replayed,
    /// The device asked so often that it has to wait.
    #[error("the device asked too often")]
    TooManyRequests,
    /// The step failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What every step has beside the person and the time.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The organisation's rules.
    pub rules: Rules,
    /// The server's keys.
    pub keys: ServerKeys,
}

impl Setup {
    fn check(&self) -> Result<(), RulesError> {
        self.rules.check(&self.keys.listed())
    }
}

/// A person as they are after a step, to be stored.
struct Changed {
    person: Person,
    document: Zeroizing<Vec<u8>>,
    events: Vec<Event>,
    request: Option<RequestId>,
    now: Timestamp,
}

/// Called with the account of a person whom something changed.
type Watcher = Box<dyn Fn(Id) + Send + Sync>;

/// The server's half of the protocol, over a store.
pub struct Verifier<S> {
    store: S,
    setup: RwLock<Arc<Setup>>,
    entropy: Box<dyn Entropy>,
    sources: Mutex<Sources>,
    watchers: RwLock<Vec<Watcher>>,
}

impl<S> std::fmt::Debug for Verifier<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl<S: Store> Verifier<S> {
    /// Joins them.
    ///
    /// # Errors
    ///
    /// [`RulesError`] for rules that no device would take.
    pub fn new(store: S, setup: Setup, entropy: Box<dyn Entropy>) -> Result<Self, RulesError> {
        setup.check()?;
        Ok(Self {
            store,
            setup: RwLock::new(Arc::new(setup)),
            entropy,
            sources: Mutex::default(),
            watchers: RwLock::default(),
        })
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Rules and keys as they are now.
    pub fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.setup.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Other rules. Each device gets a new version of its account document with its next fetch.
    ///
    /// # Errors
    ///
    /// [`RulesError`], and the rules stay as they were.
    pub fn set_rules(&self, rules: Rules) -> Result<(), RulesError> {
        let mut setup = self.setup.write().unwrap_or_else(PoisonError::into_inner);
        let changed = Setup {
            rules,
            keys: setup.keys.clone(),
        };
        changed.check()?;
        *setup = Arc::new(changed);
        Ok(())
    }

    /// Signs with a new key from now on. The earlier ones sign for devices that have not heard of it, for 90 days. The caller has
    /// stored the new key before.
    pub fn rotate(&self, new: SigningKey, now: Timestamp) {
        let mut setup = self.setup.write().unwrap_or_else(PoisonError::into_inner);
        *setup = Arc::new(Setup {
            rules: setup.rules.clone(),
            keys: setup.keys.rotated(new, now),
        });
    }

    /// Calls `watcher` with every account that was changed here, after it was stored.
    pub fn watch(&self, watcher: impl Fn(Id) + Send + Sync + 'static) {
        let mut watchers = self
            .watchers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        watchers.push(Box::new(watcher));
    }

    /// Adds a person. The id of their account is the caller's to remember.
    ///
    /// # Errors
    ///
    /// [`VerifierError::Label`], [`VerifierError::Step`], [`VerifierError::Store`].
    pub fn add_person(&self, label: &str, now: Timestamp) -> Result<Id, VerifierError> {
        let account = generate_id(&*self.entropy).map_err(StepError::from)?;
        let person = Person::new(account, label)?;
        let setup = self.setup();
        let step = step(person, &PassTime, &self.desk(&setup, now))?;
        let changed = Changed {
            document: step.person.encode(),
            person: step.person,
            events: step.events,
            request: None,
            now,
        };
        match self.save(0, &Default::default(), changed) {
            Ok(()) => Ok(account),
            Err(ChangeError::Conflict) => Err(VerifierError::Busy),
            Err(ChangeError::Request { taken }) => Err(refused(taken)),
            Err(ChangeError::Taken { by }) => Err(VerifierError::Taken { by }),
            Err(ChangeError::Store(error)) => Err(error.into()),
        }
    }

    /// Deletes a person and all that is known of them. Their devices are strangers from then on: nothing signed is left to be said,
    /// and they get `unknown_device`, which is a hint; remove the devices first, and wait, where they are to be told. False where
    /// there was no such person.
    ///
    /// # Errors
    ///
    /// [`VerifierError::Store`], and nothing was deleted.
    pub fn delete_person(&self, account: &Id) -> Result<bool, VerifierError> {
        let is_deleted = self.store.delete(account)?;
        // Fetches that wait are answered.
        self.tell_watchers(*account);
        Ok(is_deleted)
    }

    /// A person as they are now: what has ended by now has ended. Nothing is stored.
    ///
    /// # Errors
    ///
    /// [`VerifierError`].
    pub fn person(&self, account: &Id, now: Timestamp) -> Result<Person, VerifierError> {
        let setup = self.setup();
        let step = step(self.load(account)?, &PassTime, &self.desk(&setup, now))?;
        Ok(step.person)
    }

    /// Whose this is.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn find(&self, index: &Index) -> Result<Option<Id>, StoreError> {
        self.store.find(index)
    }

    /// Takes one input: a call of a page, or a device's message whose person is known. Of a device's message the person's own refusals
    /// are replies; [`Verifier::message`] makes replies of all.
    ///
    /// # Errors
    ///
    /// [`VerifierError`]: a `jti` that the store knows is [`VerifierError::Replayed`].
    pub fn take<I: Input>(
        &self,
        account: &Id,
        input: &I,
        now: Timestamp,
    ) -> Result<I::Reply, VerifierError> {
        let mut taken = VerifierError::Busy;
        let mut was_refused = false;
        for _ in 0..TRIES {
            let person = self.load(account)?;
            let (based_on, before) = (person.version(), person.indexes());
            let setup = self.setup();
            let step = step(person, input, &self.desk(&setup, now))?;
            let Step {
                person,
                reply,
                events,
                request,
                changed: Some(document),
            } = step
            else {
                self.note(step.request, now)?;
                return Ok(step.reply);
            };
            let changed = Changed {
                person,
                document,
                events,
                request,
                now,
            };
            match self.save(based_on, &before, changed) {
                Ok(()) => return Ok(reply),
                Err(ChangeError::Conflict) => {}
                // Where the same bytes were taken meanwhile, the person says so now.
                Err(ChangeError::Request { taken }) if was_refused => {
                    return Err(refused(taken));
                }
                Err(ChangeError::Request { .. }) => was_refused = true,
                // Ids and digits are drawn anew; a device's key is what it is.
                Err(ChangeError::Taken {
                    by: Index::Key(key),
                }) => {
                    return Err(VerifierError::Taken {
                        by: Index::Key(key),
                    });
                }
                Err(ChangeError::Taken { by }) => {
                    taken = VerifierError::Taken { by };
                    self.free(&by, now);
                }
                Err(ChangeError::Store(error)) => return Err(error.into()),
            }
        }
        Err(taken)
    }

    /// Notes a request that changed nobody.
    fn note(&self, request: Option<RequestId>, now: Timestamp) -> Result<(), VerifierError> {
        let Some(request) = request else {
            return Ok(());
        };
        match self.store.take_request(&request, now)? {
            RequestTaken::First => Ok(()),
            taken => Err(refused(taken)),
        }
    }

    /// Frees the digits of codes whose time is over: nobody may have asked after their persons since.
    fn free(&self, by: &Index, now: Timestamp) {
        if let Index::Choice(_) = by {
            // Whose digits could not be freed keeps them, and others are drawn.
            let _ = self.pass_time(now, DUE_AT_ONCE);
        }
    }

    /// Lets time pass for persons for whom something has ended by now, at most so many. How many there were.
    ///
    /// # Errors
    ///
    /// The first [`VerifierError`]: for whom there was none time has passed all the same.
    pub fn pass_time(&self, now: Timestamp, at_most: usize) -> Result<usize, VerifierError> {
        let due = self.store.due(now, at_most)?;
        // One who cannot be read holds nobody else up.
        let passed: Vec<_> = due
            .iter()
            .map(|account| self.take(account, &PassTime, now))
            .collect();
        passed.into_iter().collect::<Result<(), _>>()?;
        Ok(due.len())
    }

    fn desk<'a>(&'a self, setup: &'a Setup, now: Timestamp) -> Desk<'a> {
        Desk {
            now,
            entropy: &*self.entropy,
            keys: &setup.keys,
            rules: &setup.rules,
        }
    }

    fn load(&self, account: &Id) -> Result<Person, VerifierError> {
        let stored = self.store.load(account)?;
        let stored = stored.ok_or(VerifierError::NoSuchPerson)?;
        let person = Person::decode(stored.version, &stored.document);
        person.map_err(|_| StoreError::Damaged.into())
    }

    fn save(
        &self,
        based_on: u64,
        before: &std::collections::BTreeSet<Index>,
        changed: Changed,
    ) -> Result<(), ChangeError> {
        let Changed {
            person,
            document,
            events,
            request,
            now,
        } = changed;
        let after = person.indexes();
        let account = person.account();
        self.store.change(&Change {
            account,
            based_on,
            stored: Stored {
                version: person.version(),
                document,
            },
            added: after.difference(before).copied().collect(),
            removed: before.difference(&after).copied().collect(),
            due_at: person.due_at(),
            events: &events,
            request,
            now,
        })?;
        self.tell_watchers(account);
        Ok(())
    }

    fn tell_watchers(&self, account: Id) {
        let watchers = self.watchers.read().unwrap_or_else(PoisonError::into_inner);
        for watcher in &*watchers {
            watcher(account);
        }
    }
}

/// Why a request was not taken.
const fn refused(taken: RequestTaken) -> VerifierError {
    match taken {
        RequestTaken::First | RequestTaken::Again => VerifierError::Replayed,
        RequestTaken::NoSuchDevice => VerifierError::NoSuchPerson,
        RequestTaken::TooMany => VerifierError::TooManyRequests,
    }
}
