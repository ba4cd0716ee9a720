//! The last resort: a broken invariant ends a verb with a named error, never with a panic's own text.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Failure;

/// Where the last panic was. The default hook would print its message, which can hold anything.
type Place = Arc<Mutex<Option<String>>>;

/// Keeps panics silent from here on and remembers their place.
pub(crate) struct Guard(Place);

impl Guard {
    /// Takes the place of the default hook.
    pub(crate) fn stand() -> Self {
        let place = Place::default();
        let seen = Arc::clone(&place);
        panic::set_hook(Box::new(move |info| {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(place_of(info));
        }));
        Self(place)
    }

    /// Does `work`; a panic in it becomes the error `internal`, which names the place in the source and nothing else.
    pub(crate) fn catch<T>(&self, work: impl FnOnce() -> T) -> Result<T, Failure> {
        panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
            let place = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            Failure::new(
                "internal",
                format!(
                    "This is a mistake in countersign ({}). Please report it. The vault is as it was before or after, never between.",
                    place.unwrap_or_default()
                ),
            )
        })
    }
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
        let failure = Guard::stand()
            .catch(|| -> () { panic!("MARKED") })
            .unwrap_err();
        // Other tests of this process shall speak again.
        drop(panic::take_hook());
        assert_eq!(failure.name(), "internal");
        assert!(failure.message().contains("guard.rs line"));
        assert!(!failure.message().contains("MARKED"));
    }
}
