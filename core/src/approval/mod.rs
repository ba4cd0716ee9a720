//! Approvals: work accounts, their servers' statements, and what the person says to them. Without sockets and clocks: a shell
//! sends what it is given and brings back what came.

mod error;
mod exchange;
mod model;

pub use error::ApprovalError;
pub use exchange::{
    Attention, Cause, Errand, Event, Lane, MESSAGE_TYPE, NextAction, Outgoing, Reply, Unreachable,
};
pub use model::{
    AfterReport, CannotApprove, CheckView, Decision, EnrolmentFailure, Match, MovingView, Outcome,
    Removed, ShownLine, Standing, StatementId, StatementView, Strength, Typed, WorkView,
};
