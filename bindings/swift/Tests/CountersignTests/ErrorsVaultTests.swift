import Countersign
import Foundation
import Testing

extension Scenarios {
    /// What an unlocked vault, or one that should unlock, says to what others did to it: one case a fact that no other scenario meets.
    @Suite struct ErrorsVaultTests {
        let desk: Desk
        let account: RecordId

        /// A vault with one account, shut.
        init() async throws {
            desk = try Desk()
            let companion = try await desk.made()
            account = try companion.added()
            companion.shut()
        }

        private func rename(in companion: Companion) throws {
            try companion.edit(id: account, edit: Edit.of(account: "changed"))
        }

        @Test func aSlotThatDoesNotHoldTogetherIsNoWrongPassword() async throws {
            try desk.attack("UPDATE slot SET sealed = zeroblob(84)")
            #expect(try await vaultFault { try desk.opened() } == .damagedSlot)
        }

        @Test func afterTenWrongTriesTheNextOneWaits() async throws {
            let wrong = try RecoveryCode.generate()
            let companion = try Companion.open(at: desk.place, ports: desk.ports)
            defer { companion.shut() }
            for _ in 0..<10 {
                #expect(try await vaultFault { try companion.unlockWithRecovery(code: wrong) } == .wrongPassword)
            }
            for code in [wrong, desk.code] {
                #expect(try await vaultFault { try companion.unlockWithRecovery(code: code) } == .wait(retryAfterS: 30))
            }
            desk.clock.at += 30
            try companion.unlockWithRecovery(code: desk.code)
            #expect(try companion.list().map(\.id) == [account])
        }

        @Test func aVaultThatSomebodyChangedIsReadAndNotWritten() async throws {
            try desk.attack("DELETE FROM record WHERE kind = 1")
            let companion = try desk.opened()
            defer { companion.shut() }
            #expect(try companion.findings().missing == [account])
            #expect(try companion.list() == [])
            #expect(try await vaultFault { try companion.added(counterLink) } == .tampered)
            #expect(try companion.status().writeError == .tampered)
        }

        @Test func aFileThatWentAnotherWayIsReadAndNotWritten() async throws {
            let elsewhere = VaultPlace(path: desk.folder.file("elsewhere"), anchorFolder: desk.folder.file("other anchors"))
            try write(bytes(desk.place.path), elsewhere.path)
            let here = try desk.opened()
            try rename(in: here)
            here.shut()
            let there = try desk.opened(at: elsewhere)
            for name in ["one", "two", "three"] { try there.edit(id: account, edit: Edit.of(name)) }
            there.shut()
            try write(bytes(elsewhere.path), desk.place.path)
            let companion = try desk.opened()
            defer { companion.shut() }
            #expect(try companion.findings().lineage == .forked)
            #expect(try await vaultFault { try rename(in: companion) } == .forked)
            #expect(try companion.row(id: account).issuer.expose() == "three")
        }

        @Test func aKeyThatWasChangedElsewhereLocksWhoeverHasTheOldOne() async throws {
            let before = try desk.opened()
            defer { before.shut() }
            let companion = try desk.opened()
            defer { companion.shut() }
            try companion.renewKey(damaged: .refuse)
            #expect(try await vaultFault { try rename(in: before) } == .locked)
            #expect(try await vaultFault { try before.refresh() } == .locked)
            #expect(before.state() == .locked, "it opens again with what opens the new key")
            try before.unlockWithRecovery(code: desk.code)
            #expect(try before.list().map(\.id) == [account])
        }

        @Test func aDamagedRecordIsUnreadableAndInTheWayOfANewKey() async throws {
            try desk.attack("UPDATE record SET body = zeroblob(length(body)) WHERE kind = 1")
            let companion = try desk.opened()
            defer { companion.shut() }
            #expect(try companion.findings().unreadable == [account])
            #expect(try await vaultFault { try companion.row(id: account) } == .unreadableRecord)
            #expect(try await vaultFault { try companion.renewKey(damaged: .refuse) } == .unreadableInTheWay(count: 1))
            let other = try companion.added(counterLink)
            #expect(try companion.list().map(\.id) == [other])
        }

        @Test func aSnapshotOfAnOlderKeyOrADamagedOneIsNotRestored() async throws {
            let companion = try desk.opened()
            #expect(try companion.snapshot())
            let snapshot = try #require(snapshots(place: desk.place).first)
            let kept = try bytes(snapshot.path)
            try companion.renewKey(damaged: .refuse)
            companion.shut()
            #expect(!FileManager.default.fileExists(atPath: snapshot.path), "it went with the old key")
            // It comes from a backup.
            try write(kept, snapshot.path)
            let file = try bytes(desk.place.path)
            func refused() async throws -> VaultError {
                try await vaultFault {
                    try restoreSnapshot(
                        place: desk.place, snapshot: snapshot, credential: .recovery(code: desk.code), older: .refuse,
                        ports: desk.ports
                    )
                }
            }
            #expect(try await refused() == .snapshotOlderKey)
            try write(Data(count: 2 * pageBytes), snapshot.path)
            #expect(try await refused() == .damagedSnapshot)
            #expect(try bytes(desk.place.path) == file)
        }

        @Test func aCounterOfAnOlderFileWaitsForThePersonsWord() async throws {
            let first = try desk.opened()
            let counter = try first.added(counterLink)
            first.shut()
            let older = try bytes(desk.place.path)
            let second = try desk.opened()
            for _ in 0..<2 { _ = try second.nextHotp(id: counter, doubtful: .refuse) }
            second.shut()
            try write(older, desk.place.path)
            let companion = try desk.opened()
            defer { companion.shut() }
            try companion.accept()
            #expect(try await vaultFault { try companion.nextHotp(id: counter, doubtful: .refuse) } == .counterDoubtful)
            #expect(try companion.nextHotp(id: counter, doubtful: .goOn).counter == 0)
        }

        @Test func aVaultHasRoomForTwentyThousandRecords() async throws {
            let batch = MigrationBatch()
            for part in UInt8(0)..<101 {
                let accounts = (0..<200).reduce(into: Data()) { accounts, number in
                    let name = "\(Int(part) * 200 + number)"
                    let secret = Data(name.utf8) + Data(count: 10 - name.utf8.count)
                    accounts += exported(secret: secret, names: field(2, Data(name.utf8)))
                }
                _ = try batch.add(link: exportLink(accounts, part: part, of: 101))
            }
            let whole = try batch.complete()
            #expect(whole.accounts().count == 20_200)
            let companion = try desk.opened()
            defer { companion.shut() }
            #expect(try await vaultFault { try companion.add(reading: whole) } == .tooManyRecords(max: 20_000))
            #expect(try companion.list().map(\.id) == [account])
        }
    }
}
