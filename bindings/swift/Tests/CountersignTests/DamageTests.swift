import Countersign
import Foundation
import Testing

extension Scenarios {
    /// A vault's file that is older, damaged, or none at all.
    @Suite struct DamageTests {
        let desk: Desk

        init() throws {
            desk = try Desk()
        }

        @Test(arguments: [false, true])
        func anOlderCopyOfTheFileIsSeenByTheAnchor(isPort: Bool) async throws {
            let anchor = isPort ? MemoryAnchor() : nil
            let here = VaultPlace(path: desk.place.path, anchorFolder: isPort ? nil : desk.place.anchorFolder)
            let lent = Ports(clock: desk.clock, anchor: anchor)
            let bob = aliceLink.replacingOccurrences(of: "alice", with: "bob")
            let carol = aliceLink.replacingOccurrences(of: "alice", with: "carol")
            let made = try await desk.made(at: here, ports: lent)
            _ = try made.added()
            made.shut()
            if let anchor { #expect(anchor.stored.now.values.map { $0.count > 60 } == [true]) }
            let older = try bytes(here.path)
            let second = try desk.opened(at: here, ports: lent)
            #expect(try second.status().writeError == nil)
            #expect(try second.findings().lineage == nil)
            #expect(try !second.findings().anchorMissing)
            _ = try second.added(bob)
            second.shut()
            for beside in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: here.path + beside) }
            try write(older, here.path)
            let third = try desk.opened(at: here, ports: lent)
            #expect(try third.findings().lineage == .rolledBack)
            #expect(try third.list().count == 1, "it can be read")
            #expect(try await vaultFault { try third.added(carol) } == .rolledBack)
            #expect(try third.status().writeError == .rolledBack)
            try third.accept()
            _ = try third.added(carol)
            third.shut()
            let fourth = try desk.opened(at: here, ports: lent)
            #expect(try fourth.findings().lineage == nil)
        }

        @Test(arguments: [false, true])
        func aSnapshotIsPutInTheVaultsPlace(isPort: Bool) async throws {
            let lent = Ports(clock: desk.clock, anchor: isPort ? MemoryAnchor() : nil)
            let made = try await desk.made(ports: lent)
            let id = try made.added()
            #expect(try made.snapshot())
            #expect(try !made.snapshot())
            try made.edit(id: id, edit: Edit.of(account: "eve"))
            let snapshot = try #require(snapshots(place: desk.place).first)
            #expect(snapshot.takenAt == start)
            func restore(_ from: SnapshotInfo, _ code: RecoveryCode) throws -> Restored {
                try restoreSnapshot(place: desk.place, snapshot: from, credential: .recovery(code: code), older: .refuse, ports: lent)
            }
            #expect(try await vaultFault { try restore(snapshot, desk.code) } == .busy)
            made.shut()
            let other = try RecoveryCode.generate()
            #expect(try await vaultFault { try restore(snapshot, other) } == .wrongPassword)
            #expect(try restore(snapshot, desk.code).accountCount == 1)
            let restored = try desk.opened(ports: lent)
            #expect(try restored.row(id: id).account.expose() == "alice")
            #expect(try restored.findings().lineage == nil)
            #expect(try !restored.findings().anchorMissing)
            _ = try restored.added(aliceLink.replacingOccurrences(of: "alice", with: "bob"))
            restored.shut()
            let missing = SnapshotInfo(path: "/nowhere", takenAt: 1, generation: 1, bytes: 1)
            #expect(try await vaultFault { try restore(missing, desk.code) } == .noSuchSnapshot)
        }

        @Test func aDamagedVaultIsExaminedAndSalvaged() async throws {
            let made = try await desk.made()
            for n in 0..<50 { _ = try made.added(aliceLink.replacingOccurrences(of: "alice", with: "person\(n)")) }
            made.shut()
            let credential = Credential.recovery(code: desk.code)
            let whole = try examineDamaged(place: desk.place, credential: credential, ports: desk.ports)
            #expect(whole.recovered == 50 && whole.expected == 50 && whole.lost == [])
            var damaged = try bytes(desk.place.path)
            let place = damaged.count - 3 * 4_096
            damaged.replaceSubrange(place..<place + 4_096, with: (0..<4_096).map { _ in UInt8.random(in: 0...255) })
            try write(damaged, desk.place.path)
            let shown = try examineDamaged(place: desk.place, credential: credential, ports: desk.ports)
            #expect((1...50).contains(shown.recovered))
            let other = SalvageReport(
                recovered: shown.recovered + 1, expected: shown.expected, lost: shown.lost, older: shown.older,
                beyond: shown.beyond, snapshotAt: shown.snapshotAt
            )
            func taken(_ report: SalvageReport) throws -> Salvaged {
                try salvage(place: desk.place, credential: credential, shown: report, beyond: .leave, ports: desk.ports)
            }
            #expect(try await refusal { try taken(other) } == CountersignError.changed)
            let salvaged = try taken(shown)
            #expect(salvaged.accountCount == shown.recovered)
            #expect(try FileManager.default.fileExists(atPath: #require(salvaged.setAside)))
            let companion = try desk.opened()
            #expect(try companion.list().count == Int(shown.recovered))
            #expect(try !companion.status().damagedCopies.isEmpty)
        }

        @Test func eachErrorThatCanBeMadeHasItsVariant() async throws {
            let other = desk.folder.file("other")
            func opening(_ content: Data?) async throws -> VaultError {
                try? FileManager.default.removeItem(atPath: other)
                if let content { try write(content, other) }
                return try await vaultFault { try Companion.open(at: VaultPlace(path: other, anchorFolder: nil), ports: desk.ports) }
            }
            #expect(try await opening(nil) == .noVault)
            #expect(try await opening(Data()) == .emptyFile)
            #expect(try await opening(Data("not a vault at all".utf8)) == .notAVault)
            let good = VaultPlace(path: desk.folder.file("good"), anchorFolder: nil)
            #expect(try await vaultFault { try await Companion.create(at: good, ports: desk.ports) } == .noWayIn)
            try await desk.made(at: good).shut()
            #expect(try await vaultFault { try await desk.made(at: good) } == .vaultExists)
            var newer = try bytes(good.path)
            newer.replaceSubrange(60..<64, with: [0, 0, 3, 231])
            guard case .vaultTooNew(found: 999, known: _) = try await opening(newer) else { throw Unexpected("not too new") }
            try write(bytes(good.path), desk.folder.file("lost.snap-1-1"))
            let lost = VaultPlace(path: desk.folder.file("lost"), anchorFolder: nil)
            #expect(try await vaultFault { try await desk.made(at: lost) } == .leftovers)
            let below = VaultPlace(path: desk.folder.file("good/vault"), anchorFolder: nil)
            #expect(try await vaultFault { try await desk.made(at: below) } == .io)
            let companion = try desk.opened(at: good)
            let id = try companion.added()
            let tags = Edit.of(tags: (0..<40).map { "tag \($0)" })
            guard case .tooManyTags = try await vaultFault({ try companion.edit(id: id, edit: tags) }) else {
                throw Unexpected("tags")
            }
            let note = Edit.of(note: String(repeating: "x", count: 20_000))
            guard case .noteTooLong = try await vaultFault({ try companion.edit(id: id, edit: note) }) else {
                throw Unexpected("note")
            }
            func adding(_ key: WrappingKey, _ kind: SlotKind) async throws -> VaultError {
                try await vaultFault { try await companion.addPlatformKey(key: key, kind: kind) }
            }
            for kind in [SlotKind.password, .recovery] {
                #expect(try await adding(WrappingKey(), kind) == .noSuchSlot)
            }
            #expect(try await adding(WrappingKey(wrappedBytes: 5_000), .platform) == .wrappedTooLong)
            let key = WrappingKey()
            try await companion.addPlatformKey(key: key, kind: .porch)
            #expect(try await adding(key, .porch) == .slotExists)
            for _ in 0..<8 { try await companion.addPlatformKey(key: key, kind: .platform) }
            #expect(try await adding(key, .platform) == .tooManySlots(max: 8))
        }
    }
}
