//! The server and everything that it can be told.

use std::sync::Arc;

use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::signing::{SigningError, SigningKey};
use countersign_protocol::time::Timestamp;
use countersign_verifier::entropy::SystemEntropy;
use countersign_verifier::event::Event;
use countersign_verifier::keys::{KeysError, ServerKeys};
use countersign_verifier::rules::{Rules, RulesError};
use countersign_verifier::step::{
    AskError, Input, NotAskedAgain, NotConfirmed, NotInvited, NotTaken, NotThere,
};
use countersign_verifier::store::{MemoryStore, Store as _, StoreError};
use countersign_verifier::{Person, Setup, Verifier, VerifierError};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::deed::{Path, Rule, Script};
use crate::exchanges::{Exchange, Exchanges};

/// Why it could not do what it was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ServerError {
    /// The verifier refused it.
    #[error(transparent)]
    Verifier(#[from] VerifierError),
    /// The rules are such as no device would take.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// A key could not be made.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// These are not the keys that a server has.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// There is no invitation.
    #[error(transparent)]
    NotInvited(#[from] NotInvited),
    /// The device was not confirmed.
    #[error(transparent)]
    NotConfirmed(#[from] NotConfirmed),
    /// The test was not asked again.
    #[error(transparent)]
    NotAskedAgain(#[from] NotAskedAgain),
    /// No statement was made.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The response was not taken.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// There is no such device, or it does not have what this needs.
    #[error(transparent)]
    NotThere(#[from] NotThere),
    /// There is no such statement.
    #[error("no such statement")]
    NoSuchStatement,
    /// Not the digits that this takes.
    #[error("not so many digits")]
    Digits,
}

impl From<StoreError> for ServerError {
    fn from(error: StoreError) -> Self {
        Self::Verifier(error.into())
    }
}

/// A server that does what it is told.
pub struct Server {
    verifier: Arc<Verifier<MemoryStore>>,
    clock: Clock,
    script: Script,
    exchanges: Exchanges,
    /// How often everything that was held has been released.
    releases: watch::Sender<u64>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Server").finish_non_exhaustive()
    }
}

impl Server {
    /// A server with these rules, a fresh key and nobody in it.
    pub(crate) fn new(rules: Rules) -> Result<Self, ServerError> {
        let keys = ServerKeys::new(vec![SigningKey::generate()?], vec![])?;
        let setup = Setup { rules, keys };
        let entropy = Box::new(SystemEntropy::default());
        let verifier = Verifier::new(MemoryStore::default(), setup, entropy)?;
        Ok(Self {
            verifier: Arc::new(verifier),
            clock: Clock::default(),
            script: Script::default(),
            exchanges: Exchanges::default(),
            releases: watch::Sender::new(0),
        })
    }

    pub(crate) const fn verifier(&self) -> &Arc<Verifier<MemoryStore>> {
        &self.verifier
    }

    pub(crate) const fn script(&self) -> &Script {
        &self.script
    }

    /// The server's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Its clock stands still at this time. What has ended by then ends.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn set_clock(&self, at: Timestamp) -> Result<(), ServerError> {
        self.clock.set(at);
        self.pass_time()
    }

    /// Its clock goes so many seconds ahead of the system's, or behind it. What has ended by then ends.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn shift_clock(&self, offset_s: i64) -> Result<(), ServerError> {
        self.clock.follow(offset_s);
        self.pass_time()
    }

    /// Nobody else looks whose time has come, and devices that wait are to hear of it.
    fn pass_time(&self) -> Result<(), ServerError> {
        self.verifier.pass_time(self.now(), usize::MAX)?;
        Ok(())
    }

    /// Rules and keys as they are now.
    pub fn setup(&self) -> Arc<Setup> {
        self.verifier.setup()
    }

    /// Other rules.
    ///
    /// # Errors
    ///
    /// [`ServerError::Rules`], and the rules stay as they were.
    pub fn change_rules(&self, change: impl FnOnce(&mut Rules)) -> Result<(), ServerError> {
        let mut rules = self.setup().rules.clone();
        change(&mut rules);
        Ok(self.verifier.set_rules(rules)?)
    }

    /// Signs with a new key from now on; its thumbprint.
    ///
    /// # Errors
    ///
    /// [`ServerError::Signing`].
    pub fn rotate(&self) -> Result<Thumbprint, ServerError> {
        let key = SigningKey::generate()?;
        let thumbprint = key.public().thumbprint();
        self.verifier.rotate(key, self.now());
        Ok(thumbprint)
    }

    /// Takes any input of the verifier for a person.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn take<I: Input>(&self, account: &Id, input: &I) -> Result<I::Reply, ServerError> {
        Ok(self.verifier.take(account, input, self.now())?)
    }

    /// Adds a person.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn add_person(&self, label: &str) -> Result<Id, ServerError> {
        Ok(self.verifier.add_person(label, self.now())?)
    }

    /// Deletes a person whole. False where there is none.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn delete_person(&self, account: &Id) -> Result<bool, ServerError> {
        Ok(self.verifier.delete_person(account)?)
    }

    /// A person as they are now.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn person(&self, account: &Id) -> Result<Person, ServerError> {
        Ok(self.verifier.person(account, self.now())?)
    }

    /// What others were to be told and were not told yet.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn events(&self) -> Result<Vec<Event>, ServerError> {
        Ok(self.verifier.store().undelivered(usize::MAX)?)
    }

    /// Forgets the events so far: they were told.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn forget_events(&self) -> Result<(), ServerError> {
        for event in self.events()? {
            self.verifier.store().delivered(&event.id)?;
        }
        Ok(())
    }

    /// From now on this is done with requests.
    pub fn on(&self, rule: Rule) {
        self.script.add(rule);
    }

    /// A good server on a good network again. What is held stays held.
    pub fn clear(&self) {
        self.script.clear();
    }

    /// How many rules are not spent yet.
    pub fn rules_left(&self) -> usize {
        self.script.left()
    }

    /// Lets everything go that is held.
    pub fn release(&self) {
        self.releases.send_modify(|releases| *releases += 1);
    }

    /// Until the next release. What is released while nobody waits yet counts from this call on.
    pub(crate) fn released(&self) -> impl Future<Output = ()> + use<> {
        let mut releases = self.releases.subscribe();
        async move {
            // The sender lives as long as the server.
            drop(releases.changed().await);
        }
    }

    /// What came and what was answered.
    pub fn exchanged(&self) -> Vec<Exchange> {
        self.exchanges.all()
    }

    /// The requests of one path, in the order in which they came.
    pub fn requests(&self, path: Path) -> Vec<String> {
        let all = self.exchanges.all().into_iter();
        all.filter(|one| one.path == path)
            .map(|one| one.request)
            .collect()
    }

    /// Forgets what came so far.
    pub fn forget_exchanges(&self) {
        self.exchanges.forget();
    }

    pub(crate) const fn exchanges(&self) -> &Exchanges {
        &self.exchanges
    }
}
