//! The verbs, one file or folder each.

mod answer;
mod doctor;
mod images;

use crate::args::Verb;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;

/// Does what the command line asks.
///
/// # Errors
///
/// Whatever stood in the way, named.
pub(crate) fn run(session: &Session, verb: &Verb) -> Result<Report, Failure> {
    match verb {
        Verb::Doctor(args) => doctor::run(session, args),
        _ => Err(Failure::usage("")),
    }
}
