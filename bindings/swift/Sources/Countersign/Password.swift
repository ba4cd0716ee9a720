import CountersignGenerated
import Foundation

/// A password's UTF-8 bytes, which are wiped when nobody holds it any more.
///
/// A `String` that it was made from is its owner's, and nobody can wipe it: take the bytes where the text comes from, if that is
/// possible, and hand them over with ``init(wiping:)``.
public final class Password: @unchecked Sendable, ExpressibleByStringLiteral {
    // Written only before anybody else has it, and wiped when nobody has it any more.
    private let bytes: UnsafeMutableRawBufferPointer

    /// Copies a text's UTF-8.
    public init(_ text: some StringProtocol) {
        bytes = .allocate(byteCount: text.utf8.count, alignment: 1)
        bytes.copyBytes(from: text.utf8)
    }

    /// As ``init(_:)``, for programs that have one in their text: examples and tests.
    public convenience init(stringLiteral text: String) {
        self.init(text)
    }

    /// Takes bytes over, as typed in UTF-8, and leaves zeros in their place.
    public init(wiping typed: inout [UInt8]) {
        bytes = .allocate(byteCount: typed.count, alignment: 1)
        bytes.copyBytes(from: typed)
        typed.withUnsafeMutableBytes(wipe)
    }

    deinit {
        wipe(bytes)
        bytes.deallocate()
    }

    /// Lends the bytes, which nothing copies here, for as long as `step` runs.
    func lend<Result>(_ step: (Data) throws -> Result) rethrows -> Result {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return try step(Data()) }
        return try withExtendedLifetime(self) {
            try step(Data(bytesNoCopy: start, count: bytes.count, deallocator: .none))
        }
    }
}

extension Password: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "[redacted]" }
    public var debugDescription: String { "[redacted]" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
