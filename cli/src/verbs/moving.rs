//! `move`: this device hands a work account over to another one, and goes on working until that one does (K8, K9).

use std::time::Duration;

use countersign_core::approval::{
    ApprovalError, Attention, Lane, MovingView, Standing, Typed, WorkView,
};
use countersign_core::companion::Companion;
use countersign_core::qr::{self, Matrix};
use countersign_core::secret::SecretText;
use countersign_core::vault::RecordId;

use crate::args::MoveArgs;
use crate::desk::{Heard, Input};
use crate::driver::{Driver, Turn};
use crate::failure::Failure;
use crate::findings;
use crate::new_file;
use crate::report::Report;
use crate::session::Session;
use crate::terminal::shown;
use crate::verbs::export::MODULE_PX;
use crate::work::{account, account_to_json, find_work, grouped, unreachable_words};

/// How often what other processes did is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a server is given to end a move.
const ABORT_S: u64 = 30;

/// Moves an account, or ends a move.
///
/// # Errors
///
/// `not_allowed`, `not_active`, `move_failed`; `not_confirmed` where nobody can be asked; those of unlocking and writing.
pub(crate) fn run(session: &Session, args: &MoveArgs) -> Result<Report, Failure> {
    if !args.abort && !session.console().can_ask() {
        return Err(Failure::new(
            "not_confirmed",
            "A move needs somebody who types the new device's check number. Run it on a terminal.",
        ));
    }
    session.with_vault_to_write(|companion| {
        let id = find_work(companion, &args.name, session.now())?;
        let done = if args.abort {
            abort(session, companion, id)
        } else {
            Moving::begin(session, args, companion, id)?.go_on(companion)
        };
        let report = Report::new().changed().fail(done.err());
        let report = match companion.work_account(id, session.now()) {
            Ok(view) => report
                .member("account", account_to_json(&view))
                .text(words(&view)),
            Err(_) => report,
        };
        Ok(findings::describe_for_one(report, companion.findings()))
    })
}

fn words(view: &WorkView) -> String {
    format!(
        "{}: {}.\n",
        account::title(view),
        account::standing_words(&view.standing)
    )
}

fn abort(session: &Session, companion: &mut Companion, id: RecordId) -> Result<(), Failure> {
    companion.abort_move(id, session.now())?;
    let _progress = session.console().progress("Ending the move");
    let mut driver = Driver::new(session, Attention::Idle)?;
    let begun = session.now();
    while companion.work_account(id, session.now())?.moving.is_some() {
        if session.now().since(begun) >= ABORT_S {
            return Err(Failure::new(
                "unreachable",
                "The server has not answered. The move ends by itself ten minutes after it began.",
            ));
        }
        driver.turn(companion, None, LOOK_EVERY)?;
    }
    Ok(())
}

fn tries_words(left: u8) -> String {
    match left {
        1 => "With one more wrong number the move ends.".to_owned(),
        left => format!("After {left} more wrong ones the move ends."),
    }
}

/// Which step the person was told of last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    None,
    Invited { is_scanned: bool },
    Testing,
}

struct Moving<'a> {
    session: &'a Session,
    args: &'a MoveArgs,
    id: RecordId,
    driver: Driver<'a>,
    input: Input,
    told: Step,
    /// What the server had answered when the last check number was sent.
    sent_after: Option<u32>,
    is_unreachable: bool,
}

impl<'a> Moving<'a> {
    /// A move that was begun before goes on.
    fn begin(
        session: &'a Session,
        args: &'a MoveArgs,
        companion: &mut Companion,
        id: RecordId,
    ) -> Result<Self, Failure> {
        let now = session.now();
        if companion.work_account(id, now)?.moving.is_none() {
            companion.begin_move(id, now)?;
        }
        Ok(Self {
            session,
            args,
            id,
            driver: Driver::new(session, Attention::Waiting)?,
            input: Input::of_person(session.console())?,
            told: Step::None,
            sent_after: None,
            is_unreachable: false,
        })
    }

    /// Until this device is the old one.
    fn go_on(mut self, companion: &mut Companion) -> Result<(), Failure> {
        loop {
            let view = companion.work_account(self.id, self.session.now())?;
            if matches!(view.standing, Standing::Moved { .. }) {
                return Ok(());
            }
            let Some(moving) = &view.moving else {
                return Err(Failure::new(
                    "move_failed",
                    "The move has ended: it took too long, its number was wrong too often, or it was stopped. This device goes on working.",
                ));
            };
            self.tell(&view, moving)?;
            let turn = self
                .driver
                .turn(companion, self.input.descriptor(), LOOK_EVERY)?;
            if matches!(turn, Turn::Input) && self.hear(companion)? {
                return Err(Failure::new(
                    "not_confirmed",
                    "The move stays open for its ten minutes. `countersign move NAME` goes on with it, and --abort ends it.",
                ));
            }
        }
    }

    fn tell(&mut self, view: &WorkView, moving: &MovingView) -> Result<(), Failure> {
        let console = self.session.console();
        let why = self.driver.why_unreachable(self.id);
        if why.is_some() != self.is_unreachable {
            self.is_unreachable = why.is_some();
            if let Some(words) = unreachable_words(view, why) {
                self.input.clear();
                console.say(&format!("{words}\n"))?;
            }
        }
        match moving {
            MovingView::Asked => {
                self.input.draw("Asking the server (q and Enter leave it)");
            }
            MovingView::Invited {
                invitation,
                device,
                tries_left,
                ..
            } => {
                if self.told == Step::None {
                    self.input.clear();
                    self.show_code(invitation)?;
                    self.told = Step::Invited { is_scanned: false };
                }
                if let (Some(device), Step::Invited { is_scanned: false }) = (device, self.told) {
                    self.input.clear();
                    let device = shown(device.as_str());
                    console.say(&format!(
                        "{device} has scanned it. Only if that is your new device, type the check number that it shows.\n"
                    ))?;
                    self.told = Step::Invited { is_scanned: true };
                }
                match self.sent_after {
                    Some(before) if self.said() == before => {
                        self.input.draw("Asking the server about that number");
                    }
                    sent => {
                        if sent.is_some() {
                            self.sent_after = None;
                            self.input.clear();
                            console.say(&format!(
                                "That is not the number that the new device shows. {}\n",
                                tries_words(*tries_left)
                            ))?;
                        }
                        self.input
                            .draw("Check number of the new device, 6 digits (q leaves it):");
                    }
                }
            }
            MovingView::Testing { number, device, .. } => {
                if self.told != Step::Testing {
                    self.input.clear();
                    // EXPOSE: the number is there to be typed into the new device.
                    console.say(&format!(
                        "{} shows a test. Its number: {}\n",
                        shown(device.as_str()),
                        grouped(number.expose())
                    ))?;
                    self.told = Step::Testing;
                }
                self.input
                    .draw("Waiting for the new device (q and Enter leave it)");
            }
        }
        Ok(())
    }

    fn show_code(&self, invitation: &SecretText) -> Result<(), Failure> {
        let console = self.session.console();
        let too_large = |_| {
            Failure::new(
                "too_large_for_qr",
                "The invitation is too large for a QR code.",
            )
        };
        let code: Matrix = qr::encode(invitation).map_err(too_large)?;
        if let Some(path) = &self.args.qr_png {
            let png = code.to_png(MODULE_PX).map_err(too_large)?;
            // EXPOSE: the file is where the person wants the code.
            new_file::write(path, png.expose())?;
        }
        let text = if console.has_colour() {
            code.to_terminal_text()
        } else {
            code.to_plain_terminal_text()
        };
        // EXPOSE: the picture is for the new device.
        console.say(&format!(
            "{}Scan this with the new device, within ten minutes. This device works until the new one does.\n",
            text.expose()
        ))
    }

    /// How many messages of this account its server has answered.
    fn said(&self) -> u32 {
        self.driver.answers(self.id, Lane::Say)
    }

    /// True when the person leaves it.
    fn hear(&mut self, companion: &mut Companion) -> Result<bool, Failure> {
        for heard in self.input.read() {
            let line = match heard {
                Heard::End => return Ok(true),
                Heard::Line(line) => line,
                Heard::Escape | Heard::Document(_) => continue,
            };
            match line.trim() {
                "q" | "Q" => return Ok(true),
                "" => {}
                // One at a time: another number would take the place of the one that is on its way.
                _ if self.sent_after.is_some() => {}
                check => self.confirm(companion, check)?,
            }
        }
        Ok(false)
    }

    fn confirm(&mut self, companion: &mut Companion, check: &str) -> Result<(), Failure> {
        match companion.confirm_move(self.id, &Typed::new(check), self.session.now()) {
            Ok(()) => {
                self.sent_after = Some(self.said());
                Ok(())
            }
            Err(error @ ApprovalError::Vault(_)) => Err(error.into()),
            Err(error) => {
                self.input.clear();
                let failure = Failure::from(error);
                let words = format!("{} Nothing was sent.\n", failure.message());
                self.session.console().say(&words)
            }
        }
    }
}
