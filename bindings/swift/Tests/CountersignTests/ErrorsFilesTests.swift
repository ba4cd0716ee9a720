import Countersign
import Foundation
import Testing

extension Scenarios {
    /// What is said of a vault's file that is damaged, is none, or may not be had: one case a fact that no other scenario meets.
    @Suite struct ErrorsFilesTests {
        let desk: Desk
        let account: RecordId

        /// A vault with one account, shut.
        init() async throws {
            desk = try Desk()
            let companion = try await desk.made()
            account = try companion.added()
            companion.shut()
        }

        private var file: Data {
            get throws { try bytes(desk.place.path) }
        }

        private func examined() async throws -> VaultError {
            try await vaultFault {
                try examineDamaged(place: desk.place, credential: .recovery(code: desk.code), ports: desk.ports)
            }
        }

        @Test func aFileOfAnotherFormatIsNotTouched() async throws {
            var content = try file
            content.replaceSubrange(60..<64, with: [0, 0, 0, 0])
            try write(content, desk.place.path)
            #expect(try await vaultFault { try desk.opened() } == .vaultTooOld(found: 0))
            #expect(try file == content)
        }

        @Test func tablesThatAreNoVaultsAreRefused() async throws {
            try desk.attack("CREATE TABLE more(a)")
            #expect(try await vaultFault { try desk.opened() } == .damagedSchema)
            try desk.attack("DROP TABLE more")
            #expect(try desk.opened().list().map(\.id) == [account])
        }

        @Test func aDamagedLogIsNoSilentRollback() async throws {
            let (file, log) = try desk.logOfAChange(to: account)
            try write(file, desk.place.path)
            var bent = log
            bent[32 + 24 + 100] ^= 0x10
            try write(bent, desk.place.path + "-wal")
            #expect(try await vaultFault { try desk.opened() } == .damagedLog)
            #expect(try bytes(desk.place.path + "-wal") == bent)
            try write(log, desk.place.path + "-wal")
            #expect(try desk.opened().row(id: account).account.expose() == "eve", "with its log it is whole")
        }

        @Test func pagesThatSqliteCannotReadAreNamed() async throws {
            let asked = "SELECT rootpage FROM sqlite_schema WHERE name = 'porch'"
            let root = try #require(Sqlite.run(asked, in: desk.place.path).first.flatMap { Int($0) })
            let (file, log) = try desk.logOfAChange(to: account)
            var content = file
            content.replaceSubrange((root - 1) * pageBytes..<root * pageBytes, with: Data(count: pageBytes))
            try write(content, desk.place.path)
            // After an unclean end all of it is looked at.
            try write(log, desk.place.path + "-wal")
            let companion = try desk.opened()
            defer { companion.shut() }
            #expect(try companion.findings().structure)
            let edit = Edit.of(account: "changed")
            #expect(try await vaultFault { try companion.edit(id: account, edit: edit) } == .damagedData)
            #expect(try companion.list().map(\.id) == [account], "what can be read is shown")
        }

        @Test func aFileOfZerosGivesNothingBack() async throws {
            let empty = Data(count: 20 * pageBytes)
            try write(empty, desk.place.path)
            #expect(try await examined() == .nothingRecovered)
            let report = SalvageReport(recovered: 0, expected: nil, lost: [], older: [], beyond: [], snapshotAt: nil)
            let salvaged = try await vaultFault {
                try salvage(
                    place: desk.place, credential: .recovery(code: desk.code), shown: report, beyond: .leave, ports: desk.ports
                )
            }
            #expect(salvaged == .nothingRecovered)
            #expect(try file == empty)
        }

        @Test func aFileLargerThanAnyVaultIsNotRead() async throws {
            #expect(truncate(desk.place.path, 1 << 40) == 0)
            guard case .fileTooLarge(let maxBytes) = try await examined() else { throw Unexpected("not too large") }
            #expect(maxBytes > 0 && maxBytes < 1 << 40)
        }

        @Test(.enabled(if: Nobody.canBe))
        func aFileThatMayNotBeReadIsNotOpened() async throws {
            try Nobody.letIn(desk)
            let before = try file
            #expect(chmod(desk.place.path, 0) == 0)
            #expect(try await Nobody.does { try await vaultFault { try desk.opened() } } == .noAccess)
            #expect(chmod(desk.place.path, 0o600) == 0)
            #expect(try file == before)
            #expect(try desk.opened().list().map(\.id) == [account])
        }

        @Test(.enabled(if: Nobody.canBe))
        func aVaultWhoseLockMayNotBeWrittenIsNotOpened() async throws {
            try Nobody.letIn(desk)
            let before = try file
            #expect(chmod(desk.place.path + ".lock", 0o444) == 0)
            #expect(try await Nobody.does { try await vaultFault { try desk.opened() } } == .readOnly)
            #expect(chmod(desk.place.path + ".lock", 0o600) == 0)
            #expect(try file == before)
            #expect(try desk.opened().list().map(\.id) == [account])
        }
    }
}

/// Another user than root, to whom no file's mode says no.
private enum Nobody {
    /// Where root is the only user, as in some containers, it cannot be another.
    static let canBe = {
        let was = geteuid()
        defer { _ = seteuid(was) }
        return was != 0 || seteuid(65_534) == 0
    }()

    /// Lets everybody go to a vault's files, and write the one that says who has it open.
    static func letIn(_ desk: Desk) throws {
        guard chmod(desk.folder.path, 0o755) == 0, chmod(desk.place.path + ".lock", 0o666) == 0 else {
            throw Unexpected("the vault is not one's own")
        }
    }

    static func does<Result>(_ step: () async throws -> Result) async throws -> Result {
        let was = geteuid()
        defer { _ = seteuid(was) }
        guard was != 0 || seteuid(65_534) == 0 else { throw Unexpected("still root") }
        return try await step()
    }
}
