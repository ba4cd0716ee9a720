//! The verbs, one file or folder each.

mod about;
mod add;
mod answer;
mod approve;
mod aside;
mod code;
mod demo;
pub(crate) mod doctor;
mod edit;
mod export;
mod history;
mod images;
mod init;
mod leave;
mod list;
mod moving;
mod passwd;
mod recovery;
mod requests;
mod trash;
mod vault;
mod watch;

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
        Verb::Init(args) => init::run(session, args),
        Verb::Add(args) => add::run(session, args),
        Verb::List(args) => list::run(session, args),
        Verb::Code(args) => code::code(session, args),
        Verb::Next(args) => code::next(session, args),
        Verb::Edit(args) => edit::run(session, args),
        Verb::Remove(args) => trash::remove(session, args),
        Verb::Restore(args) => trash::restore(session, args),
        Verb::Export(args) => export::run(session, args),
        Verb::Approve(args) => approve::run(session, args),
        Verb::Requests(args) => requests::run(session, args),
        Verb::Watch(args) => watch::run(session, args),
        Verb::History(args) => history::run(session, args),
        Verb::About(args) => about::run(session, args),
        Verb::Move(args) => moving::run(session, args),
        Verb::Leave(args) => leave::run(session, args),
        Verb::Passwd(args) => passwd::run(session, args),
        Verb::Vault(args) => vault::run(session, &args.verb),
        Verb::Doctor(args) => doctor::run(session, args),
        Verb::Demo(args) => demo::run(session, args),
    }
}
