//! What the generator's Kotlin is changed in.

use super::Changes;

/// What holds for the Kotlin package.
pub(in crate::bindings) const KOTLIN: Changes = Changes {
    language: "Kotlin",
    everywhere: &EVERYWHERE,
    behind: &BEHIND,
};

/// A port that is not set up when the library is loaded.
macro_rules! not_on_load {
    ($port:literal) => {
        (
            concat!(
                "        uniffiCallbackInterface",
                $port,
                ".register(this)\n"
            ),
            1,
            "",
        )
    };
}

/// A port that is set up when it is lent.
macro_rules! when_lent {
    ($port:literal) => {
        (
            concat!(
                "object FfiConverterType",
                $port,
                ": FfiConverter<",
                $port,
                ", Long> {"
            ),
            "return handleMap.insert(value)",
            concat!(
                "uniffiCallbackInterface",
                $port,
                ".ensureRegistered()\n            return handleMap.insert(value)"
            ),
        )
    };
}

const EVERYWHERE: [(&str, usize, &str); 19] = [
    // An object that is an argument is held to what its own methods are: closed it is refused, and nobody frees it meanwhile, the
    // garbage collector included.
    (
        "return value.uniffiCloneHandle()",
        12,
        "return value.callWithHandle { it }",
    ),
    // The bytes of a buffer begin at its position.
    (
        "com.sun.jna.Native.getDirectBufferPointer(value)",
        1,
        "com.sun.jna.Native.getDirectBufferPointer(value.slice())",
    ),
    // Half a character is written as the mark for it, as Kotlin's own conversion does it, and throws nothing that nobody declares.
    (
        "onMalformedInput(CodingErrorAction.REPORT)",
        1,
        "onMalformedInput(CodingErrorAction.REPLACE)\n            \
         replaceWith(byteArrayOf(0xEF.toByte(), 0xBF.toByte(), 0xBD.toByte()))",
    ),
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
        "val asked = java.util.concurrent.atomic.AtomicReference<Byte?>()\n            val pollResult = try { \
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
    // What a port is called through takes five milliseconds to set up: it is, when the first port of its kind is lent.
    not_on_load!("Anchor"),
    not_on_load!("Clock"),
    not_on_load!("DeviceKeys"),
    not_on_load!("Notifier"),
    not_on_load!("PlatformKey"),
    not_on_load!("Transport"),
    (
        "    internal fun register(lib: UniffiLib) {",
        6,
        "    init {\n        register(UniffiLib)\n    }\n\n    internal fun ensureRegistered() = Unit\n\n    \
         private fun register(lib: UniffiLib) {",
    ),
];

const BEHIND: [(&str, &str, &str); 18] = [
    (
        "data class NewWork (",
        COMPANION,
        "override fun toString(): String = \"NewWork([redacted])\"\n    companion object",
    ),
    (
        "data class MadeKey (",
        COMPANION,
        "override fun toString(): String = \"MadeKey([redacted])\"\n    companion object",
    ),
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
        "override fun toString(): String = \"HttpRequest([redacted])\"\n    companion object",
    ),
    // As above.
    when_lent!("Anchor"),
    when_lent!("Clock"),
    when_lent!("DeviceKeys"),
    when_lent!("Notifier"),
    when_lent!("PlatformKey"),
    when_lent!("Transport"),
];

/// With this the body of each of the generator's data classes ends.
const COMPANION: &str = "companion object";
