import Foundation

/// A value whose bytes are shown nowhere: not by `print`, not by `dump`, in no interpolation.
protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Redacted {
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Credential: Redacted {
    public var description: String {
        switch self {
        case .password: "password([redacted])"
        case .recovery: "recovery([redacted])"
        case .platform(let slot, _): "platform(slot: \(slot), [redacted])"
        }
    }
}

extension RingAddress: Redacted {
    public var description: String {
        switch self {
        case .gateway: "gateway([redacted])"
        case .unifiedPush: "unifiedPush([redacted])"
        case .webPush: "webPush([redacted])"
        }
    }
}

extension Decision: Redacted {
    public var description: String {
        switch self {
        case .approve: "approve([redacted])"
        case .deny: "deny"
        case .report: "report"
        case .cancel: "cancel"
        }
    }
}

extension ManualFields: Redacted {
    public var description: String { "ManualFields([redacted])" }
}

extension HttpRequest: Redacted {
    public var description: String { "HttpRequest(url: \(url))" }
}

extension HttpReply: Redacted {
    public var description: String { "HttpReply(status: \(status))" }
}

/// Overwrites what was lent to the core, which may have been a password.
func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes(wipe)
}

/// Overwrites bytes in a way that no compiler leaves out.
package func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    #if canImport(Darwin)
    memset_s(start, bytes.count, 0, bytes.count)
    #else
    explicit_bzero(start, bytes.count)
    #endif
}
