//! `export`: one account leaves the vault, secret included, as a link or a QR code.

use std::num::NonZeroU8;
use std::path::Path;

use countersign_core::companion::Companion;
use countersign_core::qr::{self, Matrix, QrError};
use countersign_core::vault::RecordId;

use crate::args::ExportArgs;
use crate::failure::Failure;
use crate::findings;
use crate::new_file;
use crate::report::Report;
use crate::rows::{self, Place};
use crate::session::Session;

/// Pixels of a module in a PNG: large enough for any camera.
pub(crate) const MODULE_PX: NonZeroU8 = NonZeroU8::new(8).expect("eight is not zero");
/// What whoever sees it can do.
const IS_SECRET: &str = "Whoever sees this can make the account's codes.";

/// Hands out one account.
///
/// # Errors
///
/// `file_exists`, `too_large_for_qr`, and those of finding and unlocking.
pub(crate) fn run(session: &Session, args: &ExportArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| hand_out(session, companion, args))
}

fn hand_out(
    session: &Session,
    companion: &Companion,
    args: &ExportArgs,
) -> Result<Report, Failure> {
    let now = session.now();
    let id = rows::find(companion, Place::List, &args.name, now)?;
    let report = Report::new().member("id", id.to_string());
    let form = &args.form;
    let report = if form.uri {
        // EXPOSE: the link is what was asked for.
        let uri = companion.export_uri(id)?;
        report
            .member("uri", uri.expose())
            .text(format!("{}\n", uri.expose()))
            .note(IS_SECRET)
    } else if form.qr {
        let code = matrix(companion, id)?;
        let text = if session.console().has_colour() {
            code.to_terminal_text()
        } else {
            code.to_plain_terminal_text()
        };
        // EXPOSE: the picture is what was asked for.
        report
            .member("qr", text.expose())
            .text(text.expose())
            .note(IS_SECRET)
    } else if let Some(path) = &form.qr_png {
        let png = matrix(companion, id)?
            .to_png(MODULE_PX)
            .map_err(qr_failure)?;
        // EXPOSE: the file is where the person wants the code.
        written(report, path, png.expose())?
    } else if let Some(path) = &form.qr_svg {
        let svg = matrix(companion, id)?.to_svg();
        // EXPOSE: the file is where the person wants the code.
        written(report, path, svg.expose().as_bytes())?
    } else {
        return Err(Failure::usage(
            "Say how: --uri, --qr, --qr-png or --qr-svg.",
        ));
    };
    Ok(findings::describe_for_one(report, companion.findings()))
}

fn matrix(companion: &Companion, id: RecordId) -> Result<Matrix, Failure> {
    qr::encode(&companion.export_uri(id)?).map_err(qr_failure)
}

fn qr_failure(error: QrError) -> Failure {
    match error {
        QrError::TextTooLong | QrError::ImageTooLarge => Failure::new(
            "too_large_for_qr",
            "This account is too large for a QR code. Use --uri.",
        ),
        other => Failure::new(other.name(), other.to_string()),
    }
}

fn written(report: Report, path: &Path, bytes: &[u8]) -> Result<Report, Failure> {
    if path == Path::new("-") {
        return Err(Failure::usage(
            "An image goes into a file; for the terminal there is --qr.",
        ));
    }
    new_file::write(path, bytes)?;
    Ok(report
        .member("file", path.to_string_lossy().as_ref())
        .text(format!("Written. {IS_SECRET}\n")))
}
