//! What the person does: at the server's pages and on the phones.

use countersign_protocol::digits::CheckNumber;
use countersign_protocol::hash::Thumbprint;
use countersign_protocol::message::Confirm;
use countersign_verifier::person::StageView;
use countersign_verifier::step::{
    Ask, AskForCode, CompareNumber, Invite, RemoveDevice, Rename, ResumeApprovals,
    SuspendApprovals, TypeNumber, Withdraw,
};

use super::oracle::Made;
use super::server::{URL, sign_in};
use super::world::World;
use crate::approval::{Decision, MoveAsk, MovingView, Typed, WorkAccount};
use crate::uri::TestMode;
use crate::uri::invitation::{Invitation, parse_code_and_url, parse_invitation};

/// What is said to a statement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Says {
    Yes,
    /// With a number that is not on the sign-in screen; each has another one.
    Wrong(u8),
    Deny,
    Report,
    Cancel,
}

/// How an invitation gets to a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum How {
    Scanned,
    Typed,
}

/// Another number of as many digits.
pub(super) fn other_number(number: &str, nth: u8) -> String {
    let mut digits = number.as_bytes().to_vec();
    let last = digits.last_mut().unwrap();
    *last = b'0' + (*last - b'0' + 1 + nth % 9) % 10;
    String::from_utf8(digits).unwrap()
}

impl World {
    pub(super) fn invitation(&mut self, how: How) -> Option<Invitation> {
        let invited = self.server.take(&Invite::default(), self.now()).ok()?;
        self.drain(None, None);
        Some(match how {
            How::Scanned => parse_invitation(&invited.link, TestMode::Off).unwrap(),
            How::Typed => {
                let ask = AskForCode {
                    invitation: invited.id,
                };
                let typed = self.server.take(&ask, self.now()).unwrap();
                parse_code_and_url(&typed.code, URL, TestMode::Off).unwrap()
            }
        })
    }

    /// An invitation is brought to a phone, in the place of what it has at this server where that is said.
    pub(super) fn invite(&mut self, phone: usize, how: How, takes_place: bool) {
        if let Some(invitation) = self.invitation(how) {
            let earlier = self.phones[phone].newest().filter(|_| takes_place);
            let earlier = earlier.map(|account| account.id);
            self.phones[phone].add(&invitation, earlier);
        }
    }

    /// The check number of the oldest device that waits for it, as its phone shows it.
    fn unconfirmed(&self) -> Option<(Thumbprint, Confirm, String)> {
        let devices = self.server.person(self.now()).devices();
        devices.into_iter().find_map(|device| {
            let StageView::Unconfirmed {
                confirm, number, ..
            } = device.stage
            else {
                return None;
            };
            let (phone, account) = self.owner(&device.id)?;
            let accounts = self.phones[phone].accounts();
            accounts.iter().find(|one| one.id == account)?;
            let shown = self.phones[phone].view(account, self.now_s).check?;
            // EXPOSE: the person reads it.
            let shown = shown.number.expose().to_owned();
            if let Some(number) = number {
                assert_eq!(number.as_str(), shown, "both ends have the same number");
            }
            Some((device.id, confirm, shown))
        })
    }

    /// The person compares or types the check number; a wrong one is of somebody else's phone.
    pub(super) fn confirm(&mut self, is_right: bool) {
        let Some((device, confirm, shown)) = self.unconfirmed() else {
            return;
        };
        let typed = match is_right {
            true => shown,
            false => other_number(&shown, 0),
        };
        let now = self.now();
        // A newcomer's number is typed into the old phone: the page takes none.
        let _ = match confirm {
            Confirm::Compare => {
                let is_mine = is_right;
                self.server.take(&CompareNumber { device, is_mine }, now)
            }
            Confirm::Type => {
                let number = CheckNumber::parse(&typed).unwrap();
                self.server.take(&TypeNumber { device, number }, now)
            }
        };
        self.drain(None, None);
    }

    /// Somebody signs in.
    pub(super) fn ask(&mut self) {
        let app = format!("Mail {}", self.oracle.asked.len());
        let request = sign_in(&app);
        let made = self.server.take(&Ask { request }, self.now());
        if let Ok(made) = made {
            let message = made.message.as_str().to_owned();
            let claims = super::oracle::claims_of(&message);
            let audience = claims["aud"].as_array().unwrap().iter();
            self.oracle.made(Made {
                id: made.id,
                app,
                test_of: None,
                number: made.number.as_str().to_owned(),
                audience: audience
                    .map(|device| Thumbprint::parse(device.as_str().unwrap()).unwrap())
                    .collect(),
                message,
            });
        }
        self.drain(None, None);
    }

    pub(super) fn withdraw(&mut self, nth: usize) {
        if let Some(nth) = nth.checked_rem(self.oracle.asked.len()) {
            let made = &self.oracle.asked[nth].made;
            if made.test_of.is_none() {
                let statement = made.id;
                self.server.take(&Withdraw { statement }, self.now());
                self.drain(None, None);
            }
        }
    }

    /// The person says something to the nth open statement of a phone. Those that ended can be reported.
    pub(super) fn decide(&mut self, phone: usize, nth: usize, says: Says) -> bool {
        let mut views = self.statements(phone);
        match says {
            Says::Report => views.sort_by_key(|view| view.outcome.is_some()),
            _ => views.retain(|view| view.outcome.is_none()),
        }
        let Some(nth) = nth.checked_rem(views.len()) else {
            return false;
        };
        let view = &views[nth];
        let made = self.asked_of(phone, view).made.clone();
        let (word, number) = match says {
            Says::Yes => ("approve", made.number),
            Says::Wrong(nth) => ("approve", other_number(&made.number, nth)),
            Says::Deny => ("deny", String::new()),
            Says::Report => ("report", String::new()),
            Says::Cancel => ("cancel", String::new()),
        };
        let decision = match says {
            Says::Yes | Says::Wrong(_) => Decision::Approve {
                number: Typed::new(&number),
            },
            Says::Deny => Decision::Deny,
            Says::Report => Decision::Report,
            Says::Cancel => Decision::Cancel,
        };
        let decided = self.phones[phone].decide(view.id, &decision, self.now_s);
        if decided.is_ok() {
            let key = self.key(phone, view.account).unwrap();
            self.oracle.decided(key, made.id, word, &number);
        }
        decided.is_ok()
    }

    /// A statement's QR code is scanned from its page.
    pub(super) fn scan(&mut self, phone: usize, nth: usize) {
        let Some(nth) = nth.checked_rem(self.oracle.asked.len()) else {
            return;
        };
        let message = self.oracle.asked[nth].made.message.clone();
        let accounts = self.phones[phone].accounts();
        let account = accounts.iter().find(|one| one.work.is_addressed(&message));
        if let Some(account) = account.map(|account| account.id) {
            let now = self.phones[phone].clock(self.now_s);
            let scanned = |account: &mut WorkAccount| {
                let scanned = account.work.scan(&message, now);
                scanned.map(drop).map_err(|refused| refused.error)
            };
            // One that has ended, or whose key is not known here, is refused.
            let _ = self.phones[phone].change(account, scanned, self.now_s);
        }
    }

    /// A step of a move on the phone that has the account.
    pub(super) fn move_on(&mut self, phone: usize, ask: &MoveAsk) {
        if let Some(account) = self.phones[phone].newest() {
            // What cannot be done now is refused, and nothing changes.
            let _ = self.phones[phone].change(
                account.id,
                |account| account.work.move_on(ask),
                self.now_s,
            );
        }
    }

    /// The new phone scans what the old one shows.
    pub(super) fn follow(&mut self, from: usize, to: usize) {
        let shown = self.phones[from]
            .newest()
            .and_then(|account| account.view(self.phones[from].clock(self.now_s)).moving);
        if let Some(MovingView::Invited { invitation, .. }) = shown {
            // EXPOSE: the new phone's camera reads it.
            let invitation = parse_invitation(invitation.expose(), TestMode::Off).unwrap();
            self.phones[to].add(&invitation, None);
        }
    }

    /// The number that the new phone shows, typed into the old one.
    pub(super) fn confirm_move(&mut self, from: usize, to: usize, is_right: bool) {
        let newest = self.phones[to].newest();
        let view = newest.map(|account| account.view(self.phones[to].clock(self.now_s)));
        if let Some(check) = view.and_then(|view| view.check) {
            // EXPOSE: the person reads it.
            let number = check.number.expose().to_owned();
            let number = match is_right {
                true => number,
                false => other_number(&number, 3),
            };
            self.move_on(from, &MoveAsk::Confirm(Typed::new(&number)));
        }
    }

    pub(super) fn leave(&mut self, phone: usize) {
        if let Some(account) = self.phones[phone].newest() {
            let now = self.phones[phone].clock(self.now_s);
            let leave = |account: &mut WorkAccount| {
                account.leave(now);
                Ok(())
            };
            self.phones[phone]
                .change(account.id, leave, self.now_s)
                .unwrap();
        }
    }

    pub(super) fn remove(&mut self, nth: usize) {
        let devices = self.server.person(self.now()).devices();
        if let Some(nth) = nth.checked_rem(devices.len()) {
            let device = devices[nth].id;
            self.server
                .take(&RemoveDevice { device }, self.now())
                .unwrap();
            self.drain(None, None);
        }
    }

    pub(super) fn rename(&mut self) {
        let label = format!("ann {}", self.now_s);
        self.server.take(&Rename { label }, self.now()).unwrap();
        self.drain(None, None);
    }

    pub(super) fn suspend(&mut self) {
        self.server
            .take(&SuspendApprovals { until: None }, self.now());
        self.drain(None, None);
    }

    pub(super) fn resume(&mut self) {
        self.server.take(&ResumeApprovals, self.now());
        self.drain(None, None);
    }
}
