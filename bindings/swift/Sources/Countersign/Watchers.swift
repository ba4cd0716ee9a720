import Foundation

/// Who has to look again at what is next when something changed.
final class Watchers: @unchecked Sendable {
    private let lock = NSLock()
    private var wakers: [UInt64: @Sendable () -> Void] = [:]
    private var last: UInt64 = 0

    /// Has `waker` called at each change until it is removed by the number that this returns.
    func add(_ waker: @escaping @Sendable () -> Void) -> UInt64 {
        lock.withLock {
            last += 1
            wakers[last] = waker
            return last
        }
    }

    func remove(_ number: UInt64) {
        lock.withLock { _ = wakers.removeValue(forKey: number) }
    }

    func wake() {
        // What is called may add or remove itself.
        for waker in lock.withLock({ Array(wakers.values) }) {
            waker()
        }
    }
}
