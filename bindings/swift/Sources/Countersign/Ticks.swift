import CountersignGenerated

/// The codes now, and again each time when one of them changes; ends when none changes by itself. See ``Companion/ticks(pause:)``.
public struct Ticks: AsyncSequence, Sendable {
    let companion: Companion
    let pause: Pause

    public func makeAsyncIterator() -> Iterator {
        Iterator(companion: companion, pause: pause)
    }

    /// Asks the vault at each step, on whatever task asks it.
    public struct Iterator: AsyncIteratorProtocol {
        let companion: Companion
        let pause: Pause
        private var change: Change = .first

        private enum Change {
            case first
            case at(UnixSeconds)
            case never
        }

        init(companion: Companion, pause: @escaping Pause) {
            self.companion = companion
            self.pause = pause
        }

        public mutating func next() async throws -> [AccountCodes]? {
            switch change {
            case .first: break
            case .at(let second): try await wait(until: second)
            case .never: return nil
            }
            let now = try companion.now()
            let codes = try companion.codes(now: now)
            change = try companion.nextChange(now: now).map(Change.at) ?? .never
            return codes
        }

        private func wait(until second: UnixSeconds) async throws {
            // The clock decides, however long was waited.
            while try companion.now() < second {
                try await pause(Swift.max(companion.duration(until: second), .milliseconds(1)))
            }
        }
    }
}
