import Countersign
import Testing

extension Scenarios {
    /// What others do while a password's key is derived.
    @Suite struct DerivingTests {
        let desk: Desk

        init() throws {
            desk = try Desk()
        }

        @Test func nobodyWaitsWhileAKeyIsDerived() async throws {
            let begun = Signal()
            // About a second: what is done beside it takes milliseconds.
            let long = KdfParams(memoryKib: 256 * 1_024, passes: 4, lanes: 1)
            @Sendable func password() -> Password { Password("correct horse battery staple") }
            let shared = try await desk.made(ports: Ports(clock: StillClock { begun.raise() }))
            await begun.wait()
            /// Begins a step, and comes back while it derives.
            func begin(_ step: @escaping @Sendable () async throws -> Void) async throws -> Task<Void, any Error> {
                let ended = Shared(false)
                let running = Task {
                    defer { ended.now = true }
                    try await step()
                }
                await begun.wait()
                for _ in 0..<1_000 { _ = shared.state() }
                #expect(!ended.now, "it held the companion for as long as it derived")
                return running
            }
            let steps: [@Sendable () async throws -> Void] = [
                { try await shared.addPassword(password(), kdf: long) },
                { try await shared.changePassword(password(), damaged: .refuse, kdf: long) },
            ]
            for step in steps {
                let running = try await begin(step)
                try shared.lock()
                // Who comes back is another session: what was begun before does nothing in it.
                try shared.unlockWithRecovery(code: desk.code, now: start)
                #expect(try await refusal { try await running.value } == .notUnlocked)
                try shared.lock()
                #expect(try !shared.hasPassword(), "nothing was added")
                try shared.unlockWithRecovery(code: desk.code, now: start)
            }
            try await shared.addPassword(password(), kdf: long, now: start)
            try shared.lock()
            let unlock: @Sendable () async throws -> Void = { try await shared.unlockWithPassword(password()) }
            let late = try await begin(unlock)
            try shared.unlockWithRecovery(code: desk.code, now: start)
            #expect(try await refusal { try await late.value } == .notLocked)
            try shared.lock()
            // It is locked again while it is unlocked: it stays locked.
            let locked = try await begin(unlock)
            try shared.lock()
            #expect(try await vaultFault { try await locked.value } == .locked)
            #expect(shared.state() == .locked)
            // Of two at once one unlocks.
            let both = [try await begin(unlock), try await begin(unlock)]
            var errors: [CountersignError] = []
            for running in both {
                do { try await running.value } catch let error as CountersignError { errors.append(error) }
            }
            #expect(errors == [.notLocked])
            #expect(shared.state() == .unlocked)
            let changing = try await begin { try await shared.changePassword(password(), damaged: .refuse, kdf: long) }
            shared.shut()
            #expect(try await refusal { try await changing.value } == .closed)
        }
    }
}
