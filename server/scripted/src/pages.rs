//! What an organisation's pages do: they invite, confirm, ask for sign-ins and show what became of them.

use countersign_protocol::digits::{CheckNumber, OfflineResponse};
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::message::Act;
use countersign_protocol::time::Timestamp;
use countersign_verifier::person::{DeviceView, StageView, StatementView};
use countersign_verifier::step::{
    Ask, AskForCode, AskTestAgain, AskedStatement, CompareNumber, Invite, Invited, RemoveDevice,
    Request, ResumeApprovals, SuspendApprovals, TypeNumber, TypeResponse, TypedInvitation,
    Withdraw,
};

use crate::server::{Server, ServerError};

/// What a statement's link begins with; the compact message follows.
const APPROVE: &str = "countersign://approve?s=";

impl Server {
    /// The setup page's invitation. Its link is the text of the QR code.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotInvited`], [`ServerError::Verifier`].
    pub fn invite(&self, account: &Id) -> Result<Invited, ServerError> {
        Ok(self.take(account, &Invite::default())??)
    }

    /// Its code and URL.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotInvited`], [`ServerError::Verifier`].
    pub fn code_of(&self, account: &Id, invitation: Id) -> Result<TypedInvitation, ServerError> {
        Ok(self.take(account, &AskForCode { invitation })??)
    }

    /// The devices, tombstones included, in the order in which they were enrolled.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn devices(&self, account: &Id) -> Result<Vec<DeviceView>, ServerError> {
        Ok(self.person(account)?.devices())
    }

    /// The newest device that waits for its check number.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotThere`], [`ServerError::Verifier`].
    pub fn unconfirmed(&self, account: &Id) -> Result<DeviceView, ServerError> {
        let devices = self.devices(account)?;
        let mut newest = devices.into_iter().rev();
        let found = newest.find(|device| matches!(device.stage, StageView::Unconfirmed { .. }));
        found.ok_or(countersign_verifier::step::NotThere.into())
    }

    /// The number of a device's test, to be typed on that device; none where it waits for none.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn test_number(&self, account: &Id) -> Result<Option<String>, ServerError> {
        let devices = self.devices(account)?;
        Ok(devices
            .into_iter()
            .rev()
            .find_map(|device| match device.stage {
                StageView::Confirmed { number, .. } => number.map(|one| one.as_str().to_owned()),
                _ => None,
            }))
    }

    /// Asks for a device's test again that has ended; the test that it has now.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotAskedAgain`], [`ServerError::Verifier`].
    pub fn ask_test_again(
        &self,
        account: &Id,
        device: Thumbprint,
        ended: Id,
    ) -> Result<Id, ServerError> {
        Ok(self.take(account, &AskTestAgain { device, ended })??)
    }

    /// The newest device that waits for its test, and that test.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotThere`], [`ServerError::Verifier`].
    pub fn untested(&self, account: &Id) -> Result<(Thumbprint, Id), ServerError> {
        let devices = self.devices(account)?;
        let mut newest = devices.into_iter().rev();
        let found = newest.find_map(|device| match device.stage {
            StageView::Confirmed { test, .. } => Some((device.id, test)),
            _ => None,
        });
        found.ok_or(countersign_verifier::step::NotThere.into())
    }

    /// The person types a phone's check number into the page.
    ///
    /// # Errors
    ///
    /// [`ServerError::Digits`], [`ServerError::NotConfirmed`], [`ServerError::Verifier`].
    pub fn type_number(
        &self,
        account: &Id,
        device: Thumbprint,
        number: &str,
    ) -> Result<(), ServerError> {
        let number = CheckNumber::parse(number).map_err(|_| ServerError::Digits)?;
        Ok(self.take(account, &TypeNumber { device, number })??)
    }

    /// The person has compared the numbers, and says whether it is their phone.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotConfirmed`], [`ServerError::Verifier`].
    pub fn compare(
        &self,
        account: &Id,
        device: Thumbprint,
        is_mine: bool,
    ) -> Result<(), ServerError> {
        Ok(self.take(account, &CompareNumber { device, is_mine })??)
    }

    /// Makes a statement.
    ///
    /// # Errors
    ///
    /// [`ServerError::Ask`], [`ServerError::Verifier`].
    pub fn ask(&self, account: &Id, request: Request) -> Result<AskedStatement, ServerError> {
        Ok(self.take(account, &Ask { request })??)
    }

    /// What a sign-in to this application asks for, where nothing more is said.
    #[must_use]
    pub fn sign_in(app: &str) -> Request {
        Request {
            act: Act::SignIn,
            app: app.to_owned(),
            origin: "mail.example.org".to_owned(),
            user: "ann@example.org".to_owned(),
            place: None,
            client: None,
            details: None,
            lifetime_s: None,
        }
    }

    /// The text of the sign-in page's QR code.
    #[must_use]
    pub fn scan_link(asked: &AskedStatement) -> String {
        format!("{APPROVE}{}", asked.message.as_str())
    }

    /// A statement as its page shows it.
    ///
    /// # Errors
    ///
    /// [`ServerError::NoSuchStatement`], [`ServerError::Verifier`].
    pub fn statement(&self, account: &Id, id: &Id) -> Result<StatementView, ServerError> {
        let view = self.person(account)?.statement_view(id);
        view.ok_or(ServerError::NoSuchStatement)
    }

    /// The sign-in was given up; whether the statement was open.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn withdraw(&self, account: &Id, statement: Id) -> Result<bool, ServerError> {
        self.take(account, &Withdraw { statement })
    }

    /// The person types an offline response into the page.
    ///
    /// # Errors
    ///
    /// [`ServerError::Digits`], [`ServerError::NotTaken`], [`ServerError::Verifier`].
    pub fn type_response(
        &self,
        account: &Id,
        statement: Id,
        response: &str,
    ) -> Result<(), ServerError> {
        let response = OfflineResponse::parse(response).map_err(|_| ServerError::Digits)?;
        let typed = TypeResponse {
            statement,
            response,
        };
        Ok(self.take(account, &typed)??)
    }

    /// An administrator suspends approvals, until a time or until they are resumed.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn suspend(&self, account: &Id, until: Option<Timestamp>) -> Result<(), ServerError> {
        self.take(account, &SuspendApprovals { until })
    }

    /// And resumes them.
    ///
    /// # Errors
    ///
    /// [`ServerError::Verifier`].
    pub fn resume(&self, account: &Id) -> Result<(), ServerError> {
        self.take(account, &ResumeApprovals)
    }

    /// An administrator removes a device.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotThere`], [`ServerError::Verifier`].
    pub fn remove(&self, account: &Id, device: Thumbprint) -> Result<(), ServerError> {
        Ok(self.take(account, &RemoveDevice { device })??)
    }
}
