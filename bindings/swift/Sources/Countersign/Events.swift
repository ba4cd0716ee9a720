import CountersignGenerated
import Foundation

/// What happens with work accounts, for as long as it is iterated. See ``Companion/events(attention:pause:onTrouble:)``.
public struct Events: AsyncSequence, Sendable {
    let companion: Companion
    let attention: Attention
    let pause: Pause
    let onTrouble: (@Sendable (CountersignError) -> Void)?

    public func makeAsyncIterator() -> Iterator {
        let (events, sink) = AsyncThrowingStream.makeStream(of: Event.self)
        let driver = Driver(companion: companion, attention: attention, pause: pause, onTrouble: onTrouble) { sink.yield($0) }
        let driving = Task {
            do {
                try await driver.drive()
                sink.finish()
            } catch is CancellationError {
                sink.finish()
            } catch {
                sink.finish(throwing: error)
            }
        }
        // Also where the iterator is gone because its loop was left.
        sink.onTermination = { _ in driving.cancel() }
        return Iterator(events: events.makeAsyncIterator())
    }

    /// Ends what is under way when it is gone.
    public struct Iterator: AsyncIteratorProtocol {
        var events: AsyncThrowingStream<Event, any Error>.Iterator

        public mutating func next() async throws -> Event? {
            try await events.next()
        }
    }
}

/// Where one thing is done at a time: an account's keys, or one of its two lanes.
private struct Track: Hashable {
    let account: RecordId
    let lane: Lane?
}

/// What is under way, and what it failed with first.
private final class Tracks: @unchecked Sendable {
    private let lock = NSLock()
    private var running: Set<Track> = []
    private var failure: (any Error)?

    /// Whether it was not under way already.
    func begin(_ track: Track) -> Bool {
        lock.withLock { running.insert(track).inserted }
    }

    func end(_ track: Track, _ failed: (any Error)?) {
        lock.withLock {
            running.remove(track)
            failure = failure ?? failed
        }
    }

    func check() throws {
        if let failure = lock.withLock({ failure }) { throw failure }
        try Task.checkCancellation()
    }
}

/// Does what is next as soon as it is, on all tracks at once, until it is cancelled.
private struct Driver: Sendable {
    let companion: Companion
    let attention: Attention
    let pause: Pause
    let onTrouble: (@Sendable (CountersignError) -> Void)?
    let give: @Sendable (Event) -> Void

    /// Two clocks may disagree for a moment; nobody spins meanwhile.
    private static let pauseMin: Duration = .milliseconds(50)

    func drive() async throws {
        // One reason to look again is as good as many.
        let (reasons, reason) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let watching = companion.watchers.add { reason.yield() }
        defer { companion.watchers.remove(watching) }
        var wakes = reasons.makeAsyncIterator()
        let tracks = Tracks()
        try await withThrowingDiscardingTaskGroup { group in
            while true {
                try tracks.check()
                // What is due is said by the clock that what is done goes by.
                let action = try companion.nextAction(attention: attention)
                let track: Track
                switch action {
                case .makeKeys(let account), .removeKeys(let account): track = Track(account: account, lane: nil)
                case .send(let account, let lane): track = Track(account: account, lane: lane)
                case .waitUntil(let second):
                    let length = max(try companion.duration(until: second), Self.pauseMin)
                    let pausing = Task {
                        try await pause(length)
                        reason.yield()
                    }
                    _ = await wakes.next()
                    pausing.cancel()
                    continue
                case .nothing:
                    _ = await wakes.next()
                    continue
                }
                guard tracks.begin(track) else {
                    // It is being done, or about to begin: its end and its request are reasons to look again.
                    _ = await wakes.next()
                    continue
                }
                group.addTask {
                    tracks.end(track, await failure(of: action))
                    reason.yield()
                }
            }
        }
    }

    /// Does one thing and gives what happened; what ends all is returned.
    private func failure(of action: NextAction) async -> (any Error)? {
        do {
            let done = try await companion.doAction(action: action, attention: attention)
            for event in done.events { give(event) }
            for trouble in done.troubles { try told(trouble) }
        } catch let trouble as CountersignError {
            do { try told(trouble) } catch { return error }
        } catch {
            return error
        }
        return nil
    }

    private func told(_ trouble: CountersignError) throws {
        switch trouble {
        // Nothing more can be done.
        case .closed, .notUnlocked, .noPort: throw trouble
        default:
            guard let onTrouble else { throw trouble }
            onTrouble(trouble)
        }
    }
}
