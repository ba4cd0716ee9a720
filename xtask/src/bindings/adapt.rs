//! What the Kotlin source of the generator is changed in, so that it keeps what the package promises.
//!
//! A change that no longer finds its place fails the build: the generator has become another.

use crate::process::Failure;

/// Texts that are replaced wherever they stand, and how often that is.
const EVERYWHERE: [(&str, usize, &str); 9] = [
    // The generator's own renaming forgets what makes one.
    (
        "FfiConverterTypeCompanion.lift(",
        2,
        "FfiConverterTypeCompanionHandle.lift(",
    ),
    ("): Companion {", 2, "): CompanionHandle {"),
    // An error that is no exception must not hang what waits for the port.
    (
        "catch(e: kotlin.Exception)",
        4,
        "catch(e: kotlin.Throwable)",
    ),
    // A step ends only while it is asked: whoever is cancelled in that moment gets its result all the same, and nothing is lost.
    (
        "UniffiHandleMap<CancellableContinuation<Byte>>()",
        1,
        "UniffiHandleMap<kotlin.coroutines.Continuation<Byte>>()",
    ),
    (
        "val pollResult = suspendCancellableCoroutine<Byte> { continuation ->",
        1,
        "val asked = java.util.concurrent.atomic.AtomicReference<Byte>()\n            val pollResult = try { \
         suspendCancellableCoroutine<Byte> { continuation ->",
    ),
    (
        "uniffiContinuationHandleMap.insert(continuation)",
        1,
        "uniffiContinuationHandleMap.insert(object : kotlin.coroutines.Continuation<Byte> {\n                        \
         override val context = continuation.context\n                        \
         override fun resumeWith(result: Result<Byte>) {\n                            \
         asked.set(result.getOrNull())\n                            continuation.resumeWith(result)\n                        \
         }\n                    })",
    ),
    (
        "            }\n        } while (pollResult != UNIFFI_RUST_FUTURE_POLL_READY);",
        1,
        "            } } catch (e: kotlinx.coroutines.CancellationException) {\n                \
         if (asked.get() == UNIFFI_RUST_FUTURE_POLL_READY) UNIFFI_RUST_FUTURE_POLL_READY else throw e\n            \
         }\n        } while (pollResult != UNIFFI_RUST_FUTURE_POLL_READY);",
    ),
    // What a port throws may hold anything: its text crosses to nobody.
    (
        "val err = try { e.stackTraceToString() } catch(_: Throwable) { \"\" }",
        2,
        "val err = \"\"",
    ),
    (
        "FfiConverterString.lower(e.toString())",
        2,
        "FfiConverterString.lower(\"\")",
    ),
];

/// Texts that are replaced once behind a place: the place, the text, and what takes its place.
const BEHIND: [(&str, &str, &str); 10] = [
    // After its end a companion says so itself, as in every language.
    (
        "open class CompanionHandle:",
        "throw IllegalStateException(\"${this.javaClass.simpleName} object has already been destroyed\")",
        "throw CountersignException.Closed()",
    ),
    // A data class writes out its bytes.
    (
        "data class Password(",
        COMPANION,
        "override fun toString(): String = \"Password([redacted])\"\n        companion object",
    ),
    (
        "data class Platform(",
        COMPANION,
        "override fun toString(): String = \"Platform(slot=$slot, [redacted])\"\n        companion object",
    ),
    (
        "data class WebPush(",
        COMPANION,
        "override fun toString(): String = \"WebPush([redacted])\"\n        companion object",
    ),
    (
        "data class UnifiedPush(",
        COMPANION,
        "override fun toString(): String = \"UnifiedPush([redacted])\"\n        companion object",
    ),
    (
        "data class Gateway(",
        COMPANION,
        "override fun toString(): String = \"Gateway([redacted])\"\n        companion object",
    ),
    (
        "data class Approve(",
        COMPANION,
        "override fun toString(): String = \"Approve([redacted])\"\n        companion object",
    ),
    (
        "data class ManualFields (",
        COMPANION,
        "override fun toString(): String = \"ManualFields([redacted])\"\n    companion object",
    ),
    (
        "data class HttpReply (",
        COMPANION,
        "override fun toString(): String = \"HttpReply(status=$status)\"\n    companion object",
    ),
    (
        "data class HttpRequest (",
        COMPANION,
        "override fun toString(): String = \"HttpRequest(url=$url)\"\n    companion object",
    ),
];

/// With this the body of each of the generator's data classes ends.
const COMPANION: &str = "companion object";

/// The source as it is compiled.
///
/// # Errors
///
/// A change whose place is not there, or not as often as it should be.
pub(super) fn adapted(source: &str) -> Result<String, Failure> {
    let mut adapted = source.to_owned();
    for (from, count, to) in EVERYWHERE {
        if adapted.matches(from).count() != count {
            return Err(lost(from));
        }
        adapted = adapted.replace(from, to);
    }
    for (place, from, to) in BEHIND {
        let mut parts = adapted.splitn(3, place);
        let (Some(before), Some(after), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(lost(place));
        };
        if !after.contains(from) {
            return Err(lost(from));
        }
        adapted = format!("{before}{place}{}", after.replacen(from, to, 1));
    }
    Ok(adapted)
}

fn lost(place: &str) -> Failure {
    Failure::new(format!(
        "the generator's Kotlin is not what it was: {place:?} is not there, or elsewhere too"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> String {
        let mut lines: Vec<String> = Vec::new();
        for (from, count, _) in EVERYWHERE {
            lines.extend(std::iter::repeat_n(from.to_owned(), count));
        }
        for (place, from, _) in BEHIND {
            lines.push(format!("{place} {{ {from} }} {from}"));
        }
        lines.join("\n")
    }

    #[test]
    fn every_change_is_made_and_only_once_behind_its_place() {
        let adapted = adapted(&source()).unwrap();
        for (from, count, to) in EVERYWHERE {
            assert!(!adapted.contains(from), "{from}");
            assert_eq!(adapted.matches(to).count(), count, "{to}");
        }
        for (place, _, to) in BEHIND {
            assert!(adapted.contains(&format!("{place} {{ {to} }}")), "{place}");
        }
    }

    #[test]
    fn a_generator_that_writes_otherwise_is_refused() {
        for (from, _, _) in EVERYWHERE {
            assert!(adapted(&source().replacen(from, "", 1)).is_err(), "{from}");
            assert!(adapted(&format!("{from}{}", source())).is_err(), "{from}");
        }
        for (place, _, _) in BEHIND {
            assert!(adapted(&source().replace(place, "")).is_err(), "{place}");
            assert!(adapted(&format!("{place}{}", source())).is_err(), "{place}");
        }
    }
}
