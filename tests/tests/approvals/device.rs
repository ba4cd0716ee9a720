//! A person's device: a vault on a disk, keys of a platform, and a shell's loop over servers that it reaches without a socket.

use countersign_core::approval::{
    ApprovalError, Attention, Decision, Event, KeyPlace, NewWork, NextAction, Outgoing, Reply,
    Standing, StatementId, StatementView, Typed, Unreachable, WorkView,
};
use countersign_core::companion::{Companion, LockedCompanion};
use countersign_core::entropy::SystemEntropy;
use countersign_core::time::UnixSeconds;
use countersign_core::uri::invitation::Invitation;
use countersign_core::vault::{
    AnchorFolder, Credential, KdfParams, NewVault, RecordId, RecoveryCode, SlotKind, VaultLocation,
};
use tempfile::TempDir;

use crate::keys::Platform;
use crate::server::Server;

pub(crate) struct Device {
    pub(crate) folder: TempDir,
    code: RecoveryCode,
    pub(crate) keys: Platform,
    place: KeyPlace,
    pub(crate) name: String,
    companion: Option<Companion>,
    /// What its clock is ahead of its servers'.
    pub(crate) ahead_s: i64,
    /// What it sent, in order.
    pub(crate) sent: Vec<(String, String)>,
}

impl Device {
    /// A phone, whose keys lie in its platform.
    pub(crate) fn new(name: &str) -> Self {
        Self::with(name, KeyPlace::Platform)
    }

    /// A terminal, whose keys are software.
    pub(crate) fn terminal(name: &str) -> Self {
        Self::with(name, KeyPlace::Software)
    }

    fn with(name: &str, place: KeyPlace) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        std::fs::create_dir(folder.path().join("state")).unwrap();
        let code = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
        let setup = NewVault {
            password: None,
            recovery: Some(&code),
            kdf: KdfParams::DEFAULT,
        };
        let now = UnixSeconds(crate::server::START_S);
        let (location, anchors) = (location(&folder), anchors(&folder));
        let entropy = Box::new(SystemEntropy::new());
        let mut companion = Companion::create(&location, &setup, anchors, entropy, now).unwrap();
        let keys = Platform::default();
        if place == KeyPlace::Platform {
            companion
                .add_platform_key(&keys, SlotKind::Porch, now)
                .unwrap();
        }
        Self {
            folder,
            code,
            keys,
            place,
            name: name.to_owned(),
            companion: Some(companion),
            ahead_s: 0,
            sent: vec![],
        }
    }

    pub(crate) fn now(&self, server: &Server) -> UnixSeconds {
        let now_s = server.now_s.get();
        UnixSeconds(now_s.checked_add_signed(self.ahead_s).unwrap())
    }

    pub(crate) fn companion(&mut self) -> &mut Companion {
        self.companion.as_mut().unwrap()
    }

    pub(crate) fn read(&self) -> &Companion {
        self.companion.as_ref().unwrap()
    }

    /// Opens the vault a second time, as another process does.
    pub(crate) fn unlock_beside(&self) -> Companion {
        let locked = self.open_locked();
        let credential = Credential::Recovery(&self.code);
        locked
            .unlock(&credential, UnixSeconds(crate::server::START_S))
            .unwrap()
    }

    pub(crate) fn open_locked(&self) -> LockedCompanion {
        let entropy = Box::new(SystemEntropy::new());
        Companion::open(&location(&self.folder), anchors(&self.folder), entropy).unwrap()
    }

    /// Killed: what was not stored is gone.
    pub(crate) fn restart(&mut self) {
        self.companion = None;
        self.companion = Some(self.unlock_beside());
    }

    /// Locked, for the porch.
    pub(crate) fn lock(&mut self) {
        self.companion = None;
    }

    pub(crate) fn unlock(&mut self, now: UnixSeconds) {
        self.companion = Some(self.unlock_beside());
        self.companion().take_over_porch(now).unwrap();
    }

    pub(crate) fn add(&mut self, invitation: &Invitation, server: &Server) -> RecordId {
        self.add_in_place_of(invitation, None, server)
    }

    pub(crate) fn add_in_place_of(
        &mut self,
        invitation: &Invitation,
        replaces: Option<RecordId>,
        server: &Server,
    ) -> RecordId {
        let (name, keys, now) = (self.name.clone(), self.place, self.now(server));
        let new = NewWork {
            device_name: &name,
            platform: "android",
            app: "countersign 1",
            keys,
            replaces,
        };
        self.companion().add_work(invitation, &new, now).unwrap()
    }

    /// What its shell does next, and then; until it only waits. What a fetch that was held would say is not awaited.
    pub(crate) fn run(&mut self, servers: &[&Server]) -> Vec<Event> {
        let mut events = vec![];
        let mut held = vec![];
        for _ in 0..100 {
            match self.step(servers, Attention::Waiting) {
                Did::Sent(outgoing) => {
                    let mut all = servers.iter();
                    let server = all.find(|server| outgoing.url.starts_with(&server.url));
                    match server.map(|server| (server, server.answer(&outgoing))) {
                        Some((_, Ok(reply))) => {
                            events.extend(self.hear(&outgoing, &reply, servers[0]));
                        }
                        Some((server, Err(parked))) => {
                            held.push((outgoing, Some((*server, parked))));
                        }
                        // One that this test does not look at now.
                        None => held.push((outgoing, None)),
                    }
                }
                Did::Something => {}
                // It asks no faster than once a second.
                Did::Waits(1) => servers.iter().for_each(|server| server.pass_s(1)),
                Did::Waits(_) | Did::Nothing => {
                    for (outgoing, at) in held {
                        let reply = match at {
                            Some((server, parked)) => server.let_go(&parked),
                            None => Reply::Unreachable(Unreachable::TimedOut),
                        };
                        events.extend(self.hear(&outgoing, &reply, servers[0]));
                    }
                    return events;
                }
            }
        }
        panic!("{} comes to rest", self.name);
    }

    /// Its next request, whatever time has to pass until then.
    pub(crate) fn next(&mut self, server: &Server) -> Outgoing {
        loop {
            match self.step(&[server], Attention::Waiting) {
                Did::Sent(outgoing) => return outgoing,
                Did::Something => {}
                Did::Waits(wait_s) => server.pass_s(wait_s),
                Did::Nothing => panic!("there is something to send"),
            }
        }
    }

    /// One thing that its shell does.
    pub(crate) fn step(&mut self, servers: &[&Server], attention: Attention) -> Did {
        let now = self.now(servers[0]);
        let Self {
            companion, keys, ..
        } = self;
        let companion = companion.as_mut().unwrap();
        match companion.next_action(attention, now) {
            NextAction::MakeKeys { account } => {
                companion.make_keys(account, &*keys, now).unwrap();
                Did::Something
            }
            NextAction::RemoveKeys { account } => {
                companion.remove_keys(account, &*keys, now).unwrap();
                Did::Something
            }
            NextAction::Send { account, lane } => {
                match companion.prepare(account, lane, attention, &*keys, now) {
                    Ok(outgoing) => {
                        self.sent
                            .push((outgoing.url.clone(), outgoing.body.clone()));
                        Did::Sent(outgoing)
                    }
                    // The person turned it down: the shell goes on with what else there is.
                    Err(ApprovalError::Key(_)) => Did::Something,
                    Err(error) => panic!("{error}"),
                }
            }
            NextAction::WaitUntil { at } => Did::Waits(at.since(now)),
            NextAction::Nothing => Did::Nothing,
        }
    }

    pub(crate) fn hear(&mut self, sent: &Outgoing, reply: &Reply, server: &Server) -> Vec<Event> {
        let now = self.now(server);
        self.companion()
            .take_reply(&sent.errand, reply, now)
            .unwrap()
    }

    /// Enrols, has its number confirmed and passes its test.
    pub(crate) fn enrol(&mut self, server: &Server) -> RecordId {
        self.enrol_by(&server.scanned(), server)
    }

    pub(crate) fn enrol_by(&mut self, invitation: &Invitation, server: &Server) -> RecordId {
        let id = self.add(invitation, server);
        self.activate(id, server);
        id
    }

    pub(crate) fn activate(&mut self, id: RecordId, server: &Server) {
        self.run(&[server]);
        let check = self.view(id, server).check.unwrap();
        // EXPOSE: the person reads it.
        server.confirm(check.number.expose(), check.type_it);
        self.run(&[server]);
        self.pass_test(id, server);
        assert_eq!(self.view(id, server).standing, Standing::Active);
    }

    pub(crate) fn pass_test(&mut self, id: RecordId, server: &Server) {
        let test = self.open(server).into_iter();
        let test = test
            .clone()
            .find(|one| one.account == id && one.is_test)
            .unwrap();
        self.approve(test.id, &server.test_number(), server)
            .unwrap();
        self.run(&[server]);
    }

    pub(crate) fn view(&self, id: RecordId, server: &Server) -> WorkView {
        self.read().work_account(id, self.now(server)).unwrap()
    }

    /// Its open statements, oldest first.
    pub(crate) fn open(&self, server: &Server) -> Vec<StatementView> {
        self.read().statements(self.now(server))
    }

    pub(crate) fn only(&self, server: &Server) -> StatementView {
        let mut open = self.open(server);
        assert_eq!(open.len(), 1);
        open.pop().unwrap()
    }

    pub(crate) fn statement(&self, id: StatementId, server: &Server) -> StatementView {
        self.read().statement(id, self.now(server)).unwrap()
    }

    pub(crate) fn decide(
        &mut self,
        id: StatementId,
        decision: &Decision,
        server: &Server,
    ) -> Result<(), ApprovalError> {
        let now = self.now(server);
        let Self {
            companion, keys, ..
        } = self;
        companion
            .as_mut()
            .unwrap()
            .decide(id, decision, &*keys, now)
    }

    pub(crate) fn approve(
        &mut self,
        id: StatementId,
        number: &str,
        server: &Server,
    ) -> Result<(), ApprovalError> {
        self.decide(id, &approve(number), server)
    }
}

pub(crate) enum Did {
    Sent(Outgoing),
    Something,
    /// So many seconds.
    Waits(u64),
    Nothing,
}

pub(crate) fn approve(number: &str) -> Decision {
    Decision::Approve {
        number: Typed::new(number),
    }
}

/// Another number of as many digits.
pub(crate) fn other(number: &str, nth: u8) -> String {
    let last = number.len() - 1;
    let digit = (number.as_bytes()[last] - b'0' + 1 + nth) % 10;
    format!("{}{digit}", &number[..last])
}

fn location(folder: &TempDir) -> VaultLocation {
    VaultLocation::new(&folder.path().join("home/vault"))
}

fn anchors(folder: &TempDir) -> Box<AnchorFolder> {
    let state = Some(folder.path().join("state"));
    Box::new(AnchorFolder::new(state, &folder.path().join("home/vault")))
}
