//! The last resort: a broken invariant ends a verb with a named error, never with a panic's own text.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Failure;
use crate::report::Report;

/// Does `work`; a panic in it becomes the error `internal`, which names the place in the source and nothing else.
pub(crate) fn catch(work: impl FnOnce() -> Result<Report, Failure>) -> Result<Report, Failure> {
    let place = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&place);
    // The default hook would print the panic's message, which can hold anything.
    panic::set_hook(Box::new(move |info| {
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(place_of(info));
    }));
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| {
        let place = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        Err(Failure::new(
            "internal",
            format!(
                "This is a mistake in countersign ({}). Nothing was written half. Please report it.",
                place.unwrap_or_default()
            ),
        ))
    })
}

/// The file's own name and line: the path before it belongs to whoever built the program.
fn place_of(info: &PanicHookInfo<'_>) -> String {
    info.location().map_or_else(String::new, |location| {
        let file = Path::new(location.file()).file_name().unwrap_or_default();
        format!("{} line {}", file.to_string_lossy(), location.line())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_without_its_text() {
        let failure = catch(|| panic!("MARKED")).unwrap_err();
        // Other tests of this process shall speak again.
        drop(panic::take_hook());
        assert_eq!(failure.name(), "internal");
        assert!(failure.message().contains("guard.rs line"));
        assert!(!failure.message().contains("MARKED"));
    }
}
