@testable import Countersign
import Foundation
import Testing

/// What a transport names when there is no reply.
private let silences = [
    TransportError.noConnection,
    TransportError.timedOut,
    TransportError.certificate,
    TransportError.redirect,
    TransportError.tooLong,
    TransportError.notHttp,
]

/// Changes of the history by who has the file, and what is said of which place then.
private let attacks: [(String, ChainFault, UInt64)] = [
    ("DELETE FROM log WHERE seq = 2", ChainFault.missing, 2),
    ("UPDATE log SET body = zeroblob(length(body)) WHERE seq = 2", ChainFault.unreadable, 2),
    ("INSERT INTO log SELECT 1000, epoch, nonce, body FROM log WHERE seq = 2", ChainFault.extra, 4),
]

extension Scenarios {
    /// What stands against a step of a work account: one case a fact that no other scenario meets.
    @Suite struct ErrorsApprovalTests {
        let server: Server
        let folder: Folder
        let nobodys = String(repeating: "00", count: 16)

        init() async throws {
            server = try await Server()
            folder = try Folder()
        }

        /// A device with an active work account, its keys in the vault.
        private func enrolled() async throws -> Device {
            try await Device(server, folder).enrolled()
        }

        /// The device's vault, opened again with other ports.
        private func reopened(_ device: Device, _ ports: Ports) throws -> Companion {
            device.companion.shut()
            let companion = try Companion.open(at: device.place, ports: ports)
            try companion.unlockWithRecovery(code: device.code)
            return companion
        }

        @Test func aRequestThatNobodyMadeCannotBeAnswered() async throws {
            let device = try await enrolled()
            let decided = try await approvalFault { try await device.companion.decide(id: nobodys, decision: .deny) }
            #expect(decided == .noSuchStatement)
            #expect(try await approvalFault { try device.companion.statement(id: nobodys) } == .noSuchStatement)
        }

        @Test func aRequestIsAnsweredOnce() async throws {
            let device = try await enrolled()
            let asked = try await server.ask()
            let approve = Decision.approve(number: try asked.text("number"))
            let statement = try await device.only()
            try await device.companion.decide(id: statement.id, decision: approve)
            for decision in [.deny, approve] {
                let again = try await approvalFault { try await device.companion.decide(id: statement.id, decision: decision) }
                #expect(again == ApprovalFault.answered)
            }
            #expect(try await outcomes(device.settle()) == [.approved], "the first answer stays")
        }

        @Test func aSuspendedAccountDoesNotMove() async throws {
            let device = try await enrolled()
            try await server.ofAccount("suspend")
            try await device.settle()
            guard case .suspended = try device.view.standing else { throw Unexpected("not suspended") }
            #expect(try await approvalFault { try device.companion.beginMove(id: device.work) } == .suspended)
            try await server.ofAccount("resume")
            try await device.settle()
            try device.companion.beginMove(id: device.work)
        }

        @Test func anAccountThatIsNotActiveDoesNotMove() async throws {
            let device = try await Device(server, folder)
            try device.invite(await server.ofAccount("invitation").text("link"))
            #expect(try await approvalFault { try device.companion.beginMove(id: device.work) } == .notActive)
            #expect(try device.view.standing == .planned)
        }

        @Test func aRequestUnderANewKeyMeansConnectOnce() async throws {
            let device = try await enrolled()
            let companion = device.companion
            try await server.control("rotate")
            let link = try await server.ask().text("link")
            #expect(try await approvalFault { try companion.scanStatement(link: link, testMode: true) } == .connectOnce)
            #expect(try companion.pending() == [])
            try await device.settle()
            try companion.scanStatement(link: link, testMode: true)
        }

        @Test func anOrganisationWithoutOfflineResponsesGetsNone() async throws {
            try await server.control("rules", ["offline": false])
            let device = try await Device(server, folder).enrolled(canOffline: false)
            _ = try await server.ask()
            let statement = try await device.only()
            #expect(try await approvalFault { try await device.companion.offlineResponse(id: statement.id) } == .noOffline)
            #expect(try device.companion.pending() == [statement])
        }

        @Test func moreOpenRequestsThanAreKeptAreNotScanned() async throws {
            let device = try await enrolled()
            func scanned() async throws -> StatementId {
                let asked = try await server.ask()
                // The server forgets it, which the device does not hear.
                try await server.ofAccount("withdraw", ["statement": .text(asked.text("id"))])
                return try device.companion.scanStatement(link: asked.text("link"), testMode: true)
            }
            var ids: Set<StatementId> = []
            for _ in 0..<64 { ids.insert(try await scanned()) }
            #expect(try await approvalFault { try await scanned() } == .tooMany)
            #expect(try Set(device.companion.pending().map(\.id)) == ids)
        }

        @Test(arguments: silences)
        func aServerThatCannotBeReachedIsNoError(silence: TransportError) async throws {
            let device = try await enrolled()
            let deaf = HookedTransport(before: { throw silence })
            let companion = try reopened(device, Ports(clock: device.clock, transport: deaf))
            defer { companion.shut() }
            let fetch = NextAction.send(account: device.work, lane: .ask)
            #expect(try await companion.doAction(action: fetch, attention: .looking) == Settled(events: [], troubles: []))
            #expect(try companion.workAccount(id: device.work).unreachableSince != nil)
        }

        @Test func aPortThatSaysThatItFailedHasFailed() async throws {
            let desk = try Desk()
            let trouble = Shared<(any Error)?>(nil)
            let failing: @Sendable () throws -> Void = { if let trouble = trouble.now { throw trouble } }
            try await desk.made().shut()
            let companion = try Companion.open(at: desk.place, ports: Ports(clock: StillClock(before: failing)))
            for error in [PortError.failed, PortError.unexpected] {
                trouble.now = error
                let failed = try await refusal { try companion.unlockWithRecovery(code: desk.code) }
                #expect(failed == .portFailed(port: .clock))
                #expect(companion.state() == .locked)
            }
            trouble.now = nil
            try companion.unlockWithRecovery(code: desk.code)
            let key = WrappingKey(trouble: WrapError.unexpected)
            #expect(try await failedPort { try await companion.addPlatformKey(key: key, kind: .platform) } == .platformKey)
            #expect(try companion.slots().count == 1)

            let keys = MemoryKeys { _ in try failing() }
            let device = try await Device(server, folder, deviceKeys: keys).enrolled()
            // Another port's error is not declared.
            for error in [DeviceKeyError.unexpected, TransportError.unexpected] as [any Error] {
                trouble.now = error
                #expect(try await failedPort { try await device.companion.checkKeys() } == .deviceKeys)
            }
            #expect(try device.view.standing == .active)
            trouble.now = nil
            let deaf = HookedTransport(before: { throw TransportError.unexpected })
            let again = try reopened(device, Ports(clock: device.clock, transport: deaf, deviceKeys: keys))
            defer { again.shut() }
            let fetch = NextAction.send(account: device.work, lane: .ask)
            #expect(try await again.doAction(action: fetch, attention: .looking).failedPorts == [.transport])
        }

        @Test(arguments: attacks)
        func aHistoryThatIsNotAsItWasWrittenSaysWhere(attack: String, fault: ChainFault, seq: UInt64) async throws {
            let device = try await enrolled()
            device.companion.shut()
            try Sqlite.run(attack, in: device.place.path)
            let companion = try reopened(device, device.ports)
            defer { companion.shut() }
            let steps: [() async throws -> Any] = [
                { try companion.verifyHistory() },
                { try companion.verifyHistoryChain() },
                { try await companion.exportHistory(account: nil) },
            ]
            for step in steps {
                #expect(try await refusal(step) == .badHistory(place: BadEntry(seq: seq, fault: .chain(fault))))
            }
        }

        @Test func aStepThatFailsHalfWayIsAReasonToLookAgainToo() async throws {
            let desk = try Desk()
            let companion = try await desk.made()
            let woken = Shared(0)
            _ = companion.watchers.add { woken.change { $0 += 1 } }
            let scanned = try await refusal { try companion.scanStatement(link: "", testMode: true) }
            #expect(scanned == .approval(fault: .notGenuine))
            #expect(woken.now == 1)
            let decided = try await refusal { try await companion.decide(id: nobodys, decision: .deny) }
            #expect(decided == .approval(fault: .noSuchStatement))
            #expect(woken.now == 2)
            try companion.lock()
            #expect(try await vaultFault { try await companion.unlockWithPassword("no such") } == .noSuchSlot)
            #expect(woken.now == 4)
        }
    }
}
