//! What the generator's Swift is changed in.

use super::Changes;
use crate::process::Failure;

/// What holds for the Swift package.
pub(in crate::bindings) const SWIFT: Changes = Changes {
    language: "Swift",
    everywhere: &EVERYWHERE,
    behind: &[],
};

const EVERYWHERE: [(&str, usize, &str); 14] = [
    // What makes a companion is written by hand above it.
    (
        "public static func create(place: ",
        1,
        "package static func create(place: ",
    ),
    (
        "public static func `open`(place: ",
        1,
        "package static func `open`(place: ",
    ),
    // The generator's own renaming forgets what makes one.
    (
        "FfiConverterTypeCompanion_lift(",
        2,
        "FfiConverterTypeCompanionHandle_lift(",
    ),
    ("  -> Companion  {", 2, "  -> CompanionHandle  {"),
    // What a port throws may hold anything: its text crosses to nobody.
    (
        "FfiConverterString.lower(String(describing: error))",
        4,
        "FfiConverterString.lower(\"\")",
    ),
    ("    } catch let error {", 1, "    } catch {"),
    // A task that is cancelled cancels what it waits for; the future is dropped after its last poll.
    (
        "    freeFunc: (UInt64) -> (),",
        1,
        "    freeFunc: (UInt64) -> (),\n    cancelFunc: (UInt64) -> (),",
    ),
    (
        "    var pollResult: Int8;\n    repeat {",
        1,
        "    await withTaskCancellationHandler(operation: {\n    var pollResult: Int8\n    repeat {",
    ),
    (
        "    } while pollResult != UNIFFI_RUST_FUTURE_POLL_READY",
        1,
        "    } while pollResult != UNIFFI_RUST_FUTURE_POLL_READY\n    \
         }, onCancel: { cancelFunc(rustFuture) })",
    ),
    (
        "fatalError(\"Cancellation not supported yet\")",
        1,
        "throw CancellationError()",
    ),
    // Values are read where they lie.
    (
        "        var reader = createReader(data: Data(rustBuffer: buf))\n",
        1,
        "        var reader = UniffiReader(buf)\n",
    ),
    ("if hasRemaining(reader) {", 1, "if reader.hasRemaining {"),
    (
        "fileprivate extension Data {\n    init(rustBuffer: RustBuffer) {\n        self.init(\n            \
         bytesNoCopy: rustBuffer.data!,\n            count: Int(rustBuffer.len),\n            \
         deallocator: .none\n        )\n    }\n}\n",
        1,
        "",
    ),
    // What is lent may be a password.
    (
        "          var writer = createWriter()\n          write(value, into: &writer)\n",
        1,
        "          var writer = createWriter()\n          defer { wipe(&writer) }\n          \
         write(value, into: &writer)\n",
    ),
];

/// Steps that are also done for what they do alone: who leaves their result has forgotten nothing.
const RESULTS_LEFT: [&str; 14] = [
    "accept(now: ",
    "add(reading: ",
    "addChosen(reading: ",
    "addPassword(password: ",
    "addPlatformKey(key: ",
    "addRecoveryCode(code: ",
    "changeRecoveryCode(code: ",
    "forgetOtherDevices(last: ",
    "purgeExpired(now: ",
    "remove(id: ",
    "removeSlot(id: ",
    "renewKey(damaged: ",
    "settle(attention: ",
    "snapshot(now: ",
];

/// How the argument begins that frees a future; the rest of the line is the type of its result.
const FREES: &str = "freeFunc: ffi_countersign_rust_future_free_";

/// How the argument begins that cancels one.
const CANCELS: &str = "cancelFunc: ffi_countersign_rust_future_cancel_";

/// The source as it is compiled.
///
/// # Errors
///
/// A change whose place is not there, or not as often as it should be.
pub(in crate::bindings) fn adapted(source: &str) -> Result<String, Failure> {
    let mut changed = SWIFT.made_in(source)?;
    for step in RESULTS_LEFT {
        let declared = format!("\nopen func {step}");
        if changed.matches(&declared).count() != 1 {
            return Err(SWIFT.lost(step));
        }
        changed = changed.replace(&declared, &format!("\n@discardableResult{declared}"));
    }
    let cancelled = with_cancels(&changed).ok_or_else(|| SWIFT.lost(FREES))?;
    let read = with_a_reader(&cancelled).ok_or_else(|| SWIFT.lost(READER))?;
    with_small_cases(&read).ok_or_else(|| SWIFT.lost(ERROR))
}

/// Says beside each function that frees a future which one cancels it; none where there is no future.
fn with_cancels(source: &str) -> Option<String> {
    let mut lines = Vec::new();
    let mut count = 0;
    for line in source.lines() {
        lines.push(line.to_owned());
        if line.trim_start().starts_with(FREES) {
            lines.push(line.replacen(FREES, CANCELS, 1));
            count += 1;
        }
    }
    (count > 0).then(|| lines.join("\n") + "\n")
}

/// What the generator's converters read from.
const READER: &str = "(data: Data, offset: Data.Index)";

/// Where the functions begin that read, and where they end.
const READS: [&str; 2] = [
    "fileprivate func createReader(",
    "// Reads a float at the current offset.",
];

/// What they are here.
const READING: &str = "fileprivate func readInt<T: FixedWidthInteger>(_ reader: inout UniffiReader) throws -> T {
    guard let number: T = reader.number() else { throw UniffiInternalError.bufferOverflow }
    return number
}

fileprivate func readBytes(_ reader: inout UniffiReader, count: Int) throws -> UnsafeRawBufferPointer {
    guard let bytes = reader.next(count) else { throw UniffiInternalError.bufferOverflow }
    return bytes
}

";

/// Has values read by the package's own reader; none where the generator's is not what it was.
fn with_a_reader(source: &str) -> Option<String> {
    let [begin, end] = READS;
    let (before, rest) = source.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    let (before_remaining, rest) = after.split_once("fileprivate func hasRemaining(")?;
    let (_, after_remaining) = rest.split_once("}\n")?;
    let read = format!("{before}{READING}{end}{before_remaining}{after_remaining}");
    read.contains(READER)
        .then(|| read.replace(READER, "UniffiReader"))
}

/// What stands behind the name of an error.
const ERROR: &str = ": Swift.Error";

/// Begins the names of errors' cases with a small letter, as Swift's own; none where there is no error.
fn with_small_cases(source: &str) -> Option<String> {
    let mut lines = Vec::new();
    // The error whose declaration or converter this is, if any.
    let mut is_error = false;
    let mut count = 0;
    for line in source.lines() {
        let begins = line.trim_start();
        if begins.starts_with("enum ") && begins.contains(ERROR) {
            is_error = true;
            count += 1;
        } else if line.starts_with("public func ") || line.starts_with("public enum ") {
            is_error = false;
        }
        let is_comment = begins.starts_with(['*', '/']);
        lines.push(if is_error && !is_comment {
            small_case(line)
        } else {
            line.to_owned()
        });
    }
    (count > 0).then(|| lines.join("\n") + "\n")
}

/// The line with the case that it declares, matches or returns begun with a small letter.
fn small_case(line: &str) -> String {
    for before in ["case let .", "case .", "return .", "case "] {
        let Some((indent, name)) = line.split_once(before) else {
            continue;
        };
        if name.starts_with(|letter: char| letter.is_ascii_digit()) {
            continue;
        }
        let mut letters = name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        return format!(
            "{indent}{before}{}{}",
            first.map(String::from).unwrap_or_default(),
            letters.as_str()
        );
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_future_says_how_it_is_cancelled() {
        let source = "  freeFunc: ffi_countersign_rust_future_free_u32,\nother\n";
        let expected = "  freeFunc: ffi_countersign_rust_future_free_u32,\n  \
                        cancelFunc: ffi_countersign_rust_future_cancel_u32,\nother\n";
        assert_eq!(with_cancels(source).as_deref(), Some(expected));
        assert_eq!(with_cancels("other\n"), None);
    }

    #[test]
    fn values_are_read_by_the_packages_own_reader() {
        let source = "begin\nfileprivate func createReader(x) {}\nfunc readInt() {}\n// Reads a float at the current offset.\n\
            func a(_ reader: inout (data: Data, offset: Data.Index)) {}\n\
            fileprivate func hasRemaining(x) -> Bool {\n    return true\n}\nend\n";
        let read = with_a_reader(source).unwrap();
        assert!(
            read.starts_with("begin\nfileprivate func readInt"),
            "{read}"
        );
        let end = "// Reads a float at the current offset.\nfunc a(_ reader: inout UniffiReader) {}\nend\n";
        assert!(read.ends_with(end), "{read}");
        for gone in [
            "createReader(",
            "// Reads a float",
            "hasRemaining(",
            "(data: Data",
        ] {
            assert_eq!(with_a_reader(&source.replace(gone, "")), None, "{gone}");
        }
    }

    #[test]
    fn cases_of_errors_begin_with_a_small_letter_and_no_others() {
        let source = "public \nenum PartError: Swift.Error, Equatable {\n    * In case A is\n    case Apart(\n        fault: X)\n\
            public struct Converter {\n        case 1: return .Apart(\n        case let .Apart(fault):\n        case .NotHttp:\n\
            public func lift() {\n        case .Apart:\npublic enum Other {\n    case Big\n";
        let expected = "public \nenum PartError: Swift.Error, Equatable {\n    * In case A is\n    case apart(\n        fault: X)\n\
            public struct Converter {\n        case 1: return .apart(\n        case let .apart(fault):\n        case .notHttp:\n\
            public func lift() {\n        case .Apart:\npublic enum Other {\n    case Big\n";
        assert_eq!(with_small_cases(source).as_deref(), Some(expected));
        assert_eq!(with_small_cases("public enum Other {\n"), None);
    }
}
