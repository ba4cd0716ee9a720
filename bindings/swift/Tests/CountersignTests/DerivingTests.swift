import Countersign
import Testing

extension Scenarios {
    /// What others do while a password's key is derived.
    @Suite struct DerivingTests {
        let desk: Desk

        init() throws {
            desk = try Desk()
        }

        /// A step that derives for long finds afterwards that others went on.
        @Test func nobodyWaitsWhileAKeyIsDerived() async throws {
            let begun = Signal()
            let telling = StillClock { begun.raise() }
            let long = KdfParams(memoryKib: 256 * 1_024, passes: 16, lanes: 1)
            @Sendable func password() -> Password { Password("correct horse battery staple") }
            let shared = try await desk.made(ports: Ports(clock: telling))
            await begun.wait()
            let steps: [@Sendable () async throws -> Void] = [
                { try await shared.addPassword(password(), kdf: long) },
                { try await shared.changePassword(password(), damaged: .refuse, kdf: long) },
            ]
            for step in steps {
                let running = Task { try await step() }
                await begun.wait()
                try shared.lock()
                #expect(try await refusal { try await running.value } == .notUnlocked)
                #expect(try !shared.hasPassword(), "nothing was added")
                try shared.unlockWithRecovery(code: desk.code, now: start)
            }
            try await shared.addPassword(password(), kdf: long, now: start)
            try shared.lock()
            let running = Task { try await shared.unlockWithPassword(password()) }
            await begun.wait()
            #expect(shared.state() == .locked)
            try shared.unlockWithRecovery(code: desk.code, now: start)
            #expect(try await refusal { try await running.value } == .notLocked)
            #expect(shared.state() == .unlocked)
            shared.shut()
        }
    }
}
