//! Attacks by name (protocol, §11): those that need both ends.

use countersign_core::approval::history::{ItemKind, Kind as NoteKind};
use countersign_core::approval::{
    Address, Cause, EnrolmentFailure, Event, Outgoing, Removed, Reply, Standing as Stands,
    Unreachable,
};
use countersign_core::uri::TestMode;
use countersign_core::uri::invitation::{parse_code_and_url, parse_invitation};
use countersign_protocol::digits::OfflineResponse;
use countersign_protocol::envelope::{Compact, Received, Unsigned};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::json::Object;
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::message::{
    Account, Fetch, Outcome as Said, Ring, Standing, State, Statement,
};
use countersign_protocol::problem::Problem;
use countersign_protocol::secret::DeviceNonce;
use countersign_protocol::signing::SigningKey;
use countersign_verifier::event::Fact;
use countersign_verifier::person::StageView;
use countersign_verifier::step::{
    Ask, AskError, CompareNumber, Invite, NotConfirmed, NotTaken, TypeNumber, TypeResponse,
};

use crate::device::Device;
use crate::server::Server;

mod enrolling;
mod signing_in;

fn ok(message: &Compact) -> Reply {
    Reply::Answered {
        status: 200,
        retry_after_s: None,
        body: message.as_str().as_bytes().to_vec(),
    }
}

fn problem_of(reply: &Reply) -> Option<Problem> {
    match reply {
        Reply::Answered { status, body, .. } => Problem::read(*status, body),
        Reply::Unreachable(_) => None,
    }
}

fn signed(key: &SigningKey, kind: Kind, claims: &Object) -> Compact {
    let unsigned = Unsigned::new(kind, key.public(), claims).unwrap();
    key.sign_message(&unsigned).unwrap()
}

/// A state that a server with this key makes up for the newest device.
fn made_up(
    server: &Server,
    asked: &Outgoing,
    reader: Thumbprint,
    change: impl FnOnce(&mut State),
) -> Reply {
    let mut state = State {
        audience: reader,
        request_hash: MessageHash::of(&asked.body),
        sequence: 1_000,
        now: server.now(),
        standing: Standing::Active,
        statements: vec![],
        closed: vec![],
        account: None,
        secrets: None,
        moving: None,
        is_stale: false,
    };
    change(&mut state);
    let setup = server.verifier.setup();
    ok(&signed(
        &setup.keys.current()[0],
        Kind::State,
        &state.to_claims(),
    ))
}
