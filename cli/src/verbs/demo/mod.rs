//! `demo`
use crate::args::DemoArgs;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;

pub(crate) fn run(_session: &Session, _args: &DemoArgs) -> Result<Report, Failure> {
    Err(Failure::usage("x"))
}
