import CountersignGenerated
import Foundation

/// A clock that knows the part of the second too. Loops that wait go by it, so that a code changes with its second; by another
/// clock they are up to a second late.
public protocol FineClock: Clock {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    func nowMillis() throws -> UInt64
}

/// The system's clock.
public final class SystemClock: FineClock {
    /// It has no state.
    public init() {}

    public func nowMillis() throws -> UInt64 {
        UInt64(max(0, Date().timeIntervalSince1970) * 1_000)
    }

    public func now() throws -> UnixSeconds {
        try nowMillis() / 1_000
    }
}

/// Waits for so long; a task that is cancelled meanwhile throws. ``systemPause`` is the real one.
public typealias Pause = @Sendable (Duration) async throws -> Void

/// Waits in real time.
public let systemPause: Pause = { try await Task.sleep(for: $0) }

extension Clock {
    /// How long it is until the beginning of a second; zero where that is over.
    func duration(until second: UnixSeconds) throws -> Duration {
        if let fine = self as? FineClock {
            let millis = try fine.nowMillis()
            let end = second.multipliedReportingOverflow(by: 1_000)
            // Far ahead is as good as for ever, and does not overflow.
            let at = end.overflow ? UInt64.max : end.partialValue
            return at <= millis ? .zero : .milliseconds(Int64(min(at - millis, farMillis)))
        }
        let now = try now()
        return second <= now ? .zero : .milliseconds(Int64(min(second - now, farMillis / 1_000) * 1_000))
    }
}

/// A year, in milliseconds.
private let farMillis: UInt64 = 365 * 86_400 * 1_000
