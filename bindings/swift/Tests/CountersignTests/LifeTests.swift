import Countersign
import Foundation
import Testing

extension Scenarios {
    /// A vault's life: made, locked, unlocked, changed, shut.
    @Suite struct LifeTests {
        let desk: Desk

        init() throws {
            desk = try Desk()
        }

        @Test func aVaultIsMadeLockedAndUnlockedByEachWay() async throws {
            let key = WrappingKey()
            let first = try await desk.made(password: "pass phrase")
            let id = try first.added()
            try await first.addPlatformKey(key: key, kind: .platform)
            try first.lock()
            #expect(first.state() == .locked)
            try first.lock()
            let vault = try first.vaultId()
            first.shut()
            let companion = try Companion.open(at: desk.place, ports: desk.ports)
            #expect(try companion.vaultId() == vault)
            #expect(try companion.hasPassword() && companion.hasRecovery() && companion.hasPlatformKey())
            #expect(try !companion.hasPorch())
            let typed = try RecoveryCode.parse(text: desk.code.format().expose().lowercased())
            let ways: [() async throws -> Void] = [
                { try await companion.unlockWithPassword("pass phrase") },
                { try companion.unlockWithRecovery(code: typed) },
                { try await companion.unlockWithPlatformKey(key: key) },
            ]
            for unlock in ways {
                try await unlock()
                #expect(companion.state() == .unlocked)
                #expect(try companion.list().map(\.id) == [id])
                try companion.lock()
            }
            #expect(isIdle(lastUsed: start, now: start + 60, autoLockS: 60))
            #expect(!isIdle(lastUsed: start, now: start + 59, autoLockS: 60))
        }

        @Test func aWrongPasswordLeavesTheVaultLocked() async throws {
            try await desk.made(password: "right").shut()
            let companion = try Companion.open(at: desk.place, ports: desk.ports)
            #expect(try await vaultFault { try await companion.unlockWithPassword("wrong") } == .wrongPassword)
            var half: [UInt8] = [0xED, 0xA0, 0x80]
            let noText = Password(wiping: &half)
            #expect(half == [0, 0, 0], "what was typed is wiped")
            #expect(try await vaultFault { try await companion.unlockWithPassword(noText) } == .passwordNotText)
            let other = try RecoveryCode.generate()
            #expect(try await vaultFault { try companion.unlockWithRecovery(code: other) } == .wrongPassword)
            #expect(companion.state() == .locked)
            try await companion.unlockWithPassword(Password("right"))
            func refusal(_ text: String) async throws -> RecoveryCodeError {
                let error = try await thrown(RecoveryCodeError.self) { try RecoveryCode.parse(text: text) }
                #expect(!"\(error) \(error.localizedDescription)".contains(text))
                return error
            }
            let isCharacter: (RecoveryCodeError) -> Bool = { if case .character = $0 { true } else { false } }
            #expect(isCharacter(try await refusal("unusual")))
            #expect(try await refusal("0123") == .length(got: 4))
            #expect(isCharacter(try await refusal(desk.code.format().expose().dropLast() + "*")))
            #expect(try await refusal(String(repeating: "0", count: 36)) == .check)
        }

        @Test func aKeyOfThePlatformUnlocksAndOneThatIsGoneIsPassedOver() async throws {
            let companion = try await desk.made()
            let key = WrappingKey()
            try companion.lock()
            #expect(try await vaultFault { try await companion.unlockWithPlatformKey(key: key) } == .noSuchSlot)
            try companion.unlockWithRecovery(code: desk.code)
            let slot = try await companion.addPlatformKey(key: key, kind: .platform)
            try companion.lock()
            let troubles = [
                (WrapError.cancelled, PlatformKeyError.cancelled),
                (WrapError.lockedOut, PlatformKeyError.lockedOut),
                (WrapError.notAvailable, PlatformKeyError.notAvailable),
                (WrapError.invalidated, PlatformKeyError.invalidated),
            ]
            for (error, said) in troubles {
                key.trouble.now = error
                let fault = try await vaultFault { try await companion.unlockWithPlatformKey(key: key) }
                #expect(fault == VaultError.platformKey(said))
                #expect(companion.state() == .locked)
            }
            try companion.unlockWithRecovery(code: desk.code)
            #expect(try !companion.slots().map(\.id).contains(slot), "what is gone for good is retired")
            let lost = WrappingKey(trouble: WrapError.cancelled)
            let fault = try await vaultFault { try await companion.addPlatformKey(key: lost, kind: .platform) }
            #expect(fault == .platformKey(.cancelled))
            #expect(try companion.slots().count == 1)
        }

        @Test func aCompanionIsShutTwiceAndSaysSoAfterwards() async throws {
            let companion = try await desk.made()
            let reading = examine(text: aliceLink)
            companion.shut()
            companion.shut()
            #expect(companion.state() == .closed)
            let key = WrappingKey()
            let bell = Data(#"{"v":1,"bell":"BwcHBwcHBwcHBwcHBwcHBw"}"#.utf8)
            let steps: [() async throws -> Any] = [
                { try companion.list() },
                { try companion.codes() },
                { try companion.trash() },
                { try companion.status() },
                { try companion.check() },
                { try companion.snapshot() },
                { try companion.lock() },
                { try companion.vaultId() },
                { try companion.hasPassword() },
                { try companion.workAccounts() },
                { try companion.pending() },
                { try companion.tryAtOnce() },
                { try companion.history() },
                { try companion.verifyHistory() },
                { try companion.add(reading: reading) },
                { try companion.search(query: "") },
                { try await companion.unlockWithPassword("x") },
                { try companion.unlockWithRecovery(code: desk.code) },
                { try companion.bell(payload: bell) },
                { try companion.nextAction(attention: .idle) },
                { try await companion.unlockWithPlatformKey(key: key) },
                { try await companion.openPorch(key: key) },
                { try await companion.settle(attention: .idle) },
                { try await companion.checkKeys() },
                { try await companion.exportHistory(account: nil) },
                { try await companion.decide(id: "00", decision: .deny) },
                { try await companion.ticks().reduce(0) { count, _ in count + 1 } },
                { try await companion.events().reduce(0) { count, _ in count + 1 } },
            ]
            for (place, step) in steps.enumerated() {
                #expect(try await refusal(step) == CountersignError.closed, "step \(place)")
            }
            #expect(key.calls.now == 0)
        }

        @Test func aStepInAnotherStateSaysWhich() async throws {
            let companion = try await desk.made()
            #expect(try await refusal { try companion.unlockWithRecovery(code: desk.code) } == .notLocked)
            #expect(try await refusal { try companion.hasPassword() } == .notLocked)
            #expect(try await refusal { try companion.waiting() } == .notLocked)
            #expect(try await refusal { try await companion.openPorch(key: WrappingKey()) } == .notLocked)
            try companion.lock()
            #expect(try await refusal { try companion.list() } == .notUnlocked)
            #expect(try await refusal { try companion.pending() } == .notUnlocked)
            #expect(try await refusal { try companion.add(reading: examine(text: aliceLink)) } == .notUnlocked)
            let porch = try await refusal { try await companion.addPlatformKey(key: WrappingKey(), kind: .porch) }
            #expect(porch == .notUnlocked)
            try companion.unlockWithRecovery(code: desk.code)
            #expect(try companion.list() == [])
        }

        @Test func waysToUnlockAreChangedAndTheLastOneStays() async throws {
            let companion = try await desk.made()
            let slot = try #require(companion.slots().first)
            #expect(slot.kind == .recovery && slot.isInUse)
            let last = try await vaultFault { try companion.removeSlot(id: slot.id, last: .keep, damaged: .refuse) }
            #expect(last == .lastSlot)
            #expect(try await vaultFault { try companion.addRecoveryCode(code: desk.code) } == .slotExists)
            #expect(try await vaultFault { try await companion.addPassword("") } == .passwordEmpty)
            let weak = KdfParams(memoryKib: 1_024, passes: 1, lanes: 1)
            #expect(try await vaultFault { try await companion.addPassword("x", kdf: weak) } == .kdfOutOfBounds)
            _ = try await companion.addPassword("first")
            #expect(calibratedKdf(floorMs: 10_000).passes == 3)
            #expect(calibratedKdf(floorMs: 100).passes > 3)
            let epoch = try companion.status().epoch
            try await companion.changePassword("second", damaged: .refuse)
            let fresh = try RecoveryCode.generate()
            try companion.changeRecoveryCode(code: fresh, damaged: .refuse)
            try companion.renewKey(damaged: .refuse)
            try companion.forgetOtherDevices(last: .keep, damaged: .refuse)
            #expect(try companion.status().epoch == epoch + 4)
            try companion.lock()
            #expect(try await vaultFault { try companion.unlockWithRecovery(code: desk.code) } == .wrongPassword)
            #expect(try await vaultFault { try await companion.unlockWithPassword("first") } == .wrongPassword)
            try await companion.unlockWithPassword("second")
            let password = try #require(companion.slots().first { $0.kind == .password })
            try companion.removeSlot(id: password.id, last: .keep, damaged: .refuse)
            try companion.lock()
            #expect(try !companion.hasPassword())
            try companion.unlockWithRecovery(code: fresh)
        }

        @Test func threadsHammerOneVault() async throws {
            let companion = try await desk.made()
            let counter = try companion.added(counterLink)
            let stop = Shared(false)
            let seen = Shared<[UInt64]>([])
            let looked = Shared([0, 0, 0, 0])
            let failed = Shared<[String]>([])
            func thread(_ work: @escaping @Sendable () throws -> Void) -> Signal {
                let ended = Signal()
                Thread.detachNewThread {
                    do { try work() } catch { failed.change { $0.append("\(error)") } }
                    ended.raise()
                }
                return ended
            }
            let lookers = (0..<4).map { place in
                thread {
                    while !stop.now {
                        do {
                            _ = try (companion.list(), companion.codes(), companion.status())
                        } catch CountersignError.notUnlocked {
                            // It is locked for a moment.
                        }
                        looked.change { $0[place] += 1 }
                    }
                }
            }
            let counters = (0..<4).map { _ in
                thread {
                    for _ in 0..<25 {
                        let passed = try companion.nextHotp(id: counter, doubtful: .refuse)
                        seen.change { $0.append(passed.counter) }
                    }
                }
            }
            for counter in counters { await counter.wait() }
            for _ in 0..<5 {
                try companion.lock()
                try companion.unlockWithRecovery(code: desk.code)
            }
            stop.now = true
            for looker in lookers { await looker.wait() }
            #expect(failed.now == [])
            #expect(looked.now.allSatisfy { $0 > 0 })
            #expect(seen.now.sorted() == Array(0..<100), "no code twice, and none skipped")
            #expect(try companion.row(id: counter).kind == .hotp(algorithm: .sha1, digits: 6, counter: 100))
        }

        @Test func tenThousandTimesOpenAndShutKeepMemoryFlat() async throws {
            try await desk.made().shut()
            func visit(_ times: Int) throws -> Double {
                for _ in 0..<times {
                    let companion = try Companion.open(at: desk.place, ports: desk.ports)
                    try companion.unlockWithRecovery(code: desk.code)
                    companion.shut()
                }
                return Double(allocatedBytes())
            }
            let before = try visit(1_000)
            let after = try visit(9_000)
            // Less, where what other tests left is gone meanwhile.
            #expect(after - before <= before * 0.02, "\(before) bytes, then \(after)")
        }

        @Test func aClockThatStandsElsewhereIsAskedWhereNoTimeIsGiven() async throws {
            let companion = try await desk.made()
            let id = try companion.added()
            desk.clock.at = start + 1_000
            #expect(try companion.remove(id: id) == start + 1_000 + 30 * 86_400)
            #expect(try companion.trash().map(\.createdAt) == [start])
        }
    }
}
