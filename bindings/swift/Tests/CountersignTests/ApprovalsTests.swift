import Countersign
import Foundation
import Testing

extension Scenarios {
    /// Sign-ins: from an invitation to a receipt, and how else they end.
    @Suite struct ApprovalsTests {
        let server: Server
        let folder: Folder

        init() async throws {
            server = try await Server()
            folder = try Folder()
        }

        private func device(keys: DeviceKeys? = nil) async throws -> Device {
            try await Device(server, folder, deviceKeys: keys)
        }

        @Test func aSignInIsApprovedFromInvitationToReceipt() async throws {
            let device = try await device()
            let companion = device.companion
            #expect(try companion.nextAction(attention: .idle) == .nothing)
            try await device.enrolled()
            let view = try device.view
            #expect(server.url.contains(view.host.expose()))
            #expect(view.label.expose() == "alice@work.example")
            #expect(view.isTestMode && view.hasSoftwareKeys && view.check == nil)
            let asked = try await server.ask()
            let events = try await device.settle()
            let statement = try await device.only()
            #expect(events.contains(.rings(account: device.work, statement: statement.id)))
            let lines = Dictionary(uniqueKeysWithValues: statement.lines.map { ($0.field, $0.text.expose()) })
            #expect(lines["user"] == "alice")
            #expect(lines["origin"]?.contains("work.example") == true)
            let number = try asked.text("number")
            #expect(statement.matching == .enterNumber(digits: UInt8(number.count)))
            #expect(statement.cannotApprove == nil && !statement.isTest)
            let short = try await approvalFault { try await device.decide(statement, .approve(number: "12")) }
            #expect(short == .number(digits: 6))
            let typed = " \(number.prefix(3)) \(number.dropFirst(3)) "
            #expect(try await outcomes(device.decide(statement, .approve(number: typed))) == [.approved])
            #expect(try await server.outcome(asked) == "approved")
            #expect(try companion.pending() == [])
            #expect(try companion.statement(id: statement.id).outcome == .approved)
            let again = try await approvalFault { try await companion.decide(id: statement.id, decision: .deny) }
            #expect(again == ApprovalFault.ended)
        }

        private func answered(_ decision: Decision, _ outcome: Outcome, _ atTheServer: String) async throws {
            let device = try await device().enrolled()
            let asked = try await server.ask()
            #expect(try await outcomes(device.decide(device.only(), decision)) == [outcome])
            #expect(try await server.outcome(asked) == atTheServer)
        }

        @Test func aSignInIsDenied() async throws { try await answered(.deny, .denied, "denied") }

        @Test func aSignInIsCancelled() async throws { try await answered(.cancel, .cancelled, "cancelled") }

        @Test func aSignInIsReportedAndTheAccountIsMute() async throws {
            let device = try await device().enrolled()
            _ = try await server.ask()
            #expect(try await outcomes(device.decide(device.only(), .report)) == [.reported])
            #expect(try device.view.mutedUntil != nil)
            let asked = try await server.ask()
            #expect(try asked.text("is_listed") == "false")
            #expect(try await device.pending() == [], "nobody is asked by somebody else's sign-ins")
            try device.companion.scanStatement(link: asked.text("link"), testMode: true)
            let scanned = try #require(device.companion.pending().first)
            #expect(try await outcomes(device.decide(scanned, .approve(number: asked.text("number")))) == [.approved])
        }

        @Test func aWrongNumberLeavesTries() async throws {
            let device = try await device().enrolled()
            let asked = try await server.ask()
            let statement = try await device.only()
            let number = try asked.text("number")
            let wrong = number == "000000" ? "111111" : "000000"
            #expect(try await outcomes(device.decide(statement, .approve(number: wrong))) == [.wrongNumber(left: 2)])
            #expect(try await device.only().triesLeft == 2)
            #expect(try await outcomes(device.decide(statement, .approve(number: number))) == [.approved])
        }

        @Test func aRequestThatExpiredIsNotApproved() async throws {
            let device = try await device().enrolled()
            let asked = try await server.ask(["lifetime_s": 60])
            let statement = try await device.only()
            device.clock.at += 90
            let approve = Decision.approve(number: try asked.text("number"))
            let late = try await approvalFault { try await device.companion.decide(id: statement.id, decision: approve) }
            guard case ApprovalFault.expired(let agoS) = late else { throw Unexpected("\(late)") }
            #expect((1...90).contains(agoS))
            try await device.putClocks(device.clock.at)
            try await device.settle()
            #expect(try device.companion.pending() == [])
            #expect(try await server.outcome(asked) == "expired")
        }

        @Test func aScannedRequestIsAnsweredOffline() async throws {
            let device = try await device().enrolled()
            let companion = device.companion
            try await server.network("drop", path: nil, always: true)
            let asked = try await server.ask()
            let link = try asked.text("link")
            #expect(try #require(examine(text: link, testMode: true).statement()).user.expose() == "alice")
            let statement = try companion.scanStatement(link: link, testMode: true)
            #expect(try companion.pending().map(\.id) == [statement])
            let response = try await companion.offlineResponse(id: statement).expose()
            #expect(response.wholeMatch(of: /[0-9]{8}/) != nil)
            try await server.ofAccount("respond", ["statement": .text(asked.text("id")), "response": .text(response)])
            #expect(try await server.outcome(asked) == "approved")
            try await server.control("network_clear")
            try companion.tryAtOnce()
            try await device.settle()
            try await device.settle()
            #expect(try companion.statement(id: statement).outcome == .approvedOffline)
            for text in ["", "countersign://approve?s=a.b.c", link.dropLast(4) + "AAAA"] {
                #expect(try await approvalFault { try companion.scanStatement(link: text, testMode: true) } == .notGenuine)
            }
        }

        @Test func aBellIsTakenWithTheVaultOpenAndOnThePorch() async throws {
            let device = try await device(keys: MemoryKeys()).enrolled()
            let companion = device.companion
            try companion.ringAt(address: .gateway(to: "https://ring.example/x"))
            try await device.settle()
            let bell = try await server.bell()
            let newer = String(decoding: bell, as: UTF8.self).replacingOccurrences(of: "\"v\":1", with: "\"v\":2")
            for nothing in ["", "{}", newer, #"{"v":1,"bell":"BwcHBwcHBwcHBwcHBwcHBw"}"#] {
                #expect(try !companion.bell(payload: Data(nothing.utf8)), "\(nothing)")
            }
            #expect(try !companion.bell(payload: Data([255])))
            func due() throws -> UnixSeconds {
                guard case .waitUntil(let second) = try companion.nextAction(attention: .idle) else { throw Unexpected("no wait") }
                return second
            }
            let before = try due()
            #expect(try companion.bell(payload: bell))
            #expect(try due() <= device.clock.at + 1 && device.clock.at + 1 < before)

            let key = WrappingKey()
            try await companion.addPlatformKey(key: key, kind: .porch)
            try companion.takeOverPorch()
            try companion.lock()
            #expect(try await refusal { try companion.bell(payload: bell) } == .notUnlocked)
            #expect(try companion.hasPorch())
            try await companion.openPorch(key: key)
            #expect(companion.state() == .onThePorch)
            #expect(try await refusal { try companion.list() } == .notUnlocked)
            #expect(try await refusal { try companion.workAccounts() } == .notUnlocked)
            let asked = try await server.ask()
            #expect(try companion.bell(payload: bell))
            try await device.settle()
            let waiting = try #require(companion.waiting().first)
            #expect(waiting.label.expose() == "alice@work.example")
            #expect(!waiting.isQuiet)
            let statement = try #require(companion.pending().first)
            #expect(waiting.id == statement.id)
            #expect(try await outcomes(device.decide(statement, .approve(number: asked.text("number")))) == [.approved])
            #expect(try await server.outcome(asked) == "approved")
            try companion.unlockWithRecovery(code: device.code)
            #expect(try companion.statement(id: statement.id).outcome == .approved)
            let kinds = try companion.history().compactMap { item -> HistoryKind? in
                if case .entry(_, let kind, _, _, _, _) = item.kind { kind } else { nil }
            }
            #expect(kinds.first == .answered, "what the porch did is in the history")
            _ = try companion.verifyHistory()
        }

        @Test func keysOfThePlatformSignWithNothingHeld() async throws {
            let seen = Shared<[Int]>([])
            let desk = Shared<(companion: Companion, personal: RecordId)?>(nil)
            let keys = MemoryKeys { what in
                guard let (companion, personal) = desk.now else { throw Unexpected("no companion") }
                let count = try companion.workAccounts().count
                seen.change { $0.append(count) }
                if what == "sign" { try companion.edit(id: personal, edit: Edit.of(note: "signed")) }
                _ = try await Task.detached { try companion.list() }.value
            }
            let device = try await device(keys: keys)
            desk.now = (device.companion, try device.companion.added())
            try await device.enrolled()
            #expect(keys.calls.now.filter { $0 == "create" }.count == 2)
            #expect(keys.keys.now.count == 2)
            let asked = try await server.ask()
            #expect(try await outcomes(device.decide(device.only(), .approve(number: asked.text("number")))) == [.approved])
            #expect(seen.now.count == keys.calls.now.count && seen.now.count > 4 && seen.now.allSatisfy { $0 == 1 })
            #expect(try !device.view.hasSoftwareKeys)
            #expect(try await device.companion.checkKeys() == 0)
            #expect(try await device.companion.exportHistory(account: nil).exported.signed == [device.work])
            keys.keys.now = [:]
            #expect(try await device.companion.checkKeys() == 1)
            #expect(try device.view.standing == .needsReactivation)
        }

        @Test func aPromptThatWasCancelledCanBeAnsweredAgain() async throws {
            let trouble = Shared<DeviceKeyError?>(nil)
            let keys = MemoryKeys { what in if what == "sign", let trouble = trouble.now { throw trouble } }
            let device = try await device(keys: keys).enrolled()
            let companion = device.companion
            let asked = try await server.ask()
            let statement = try await device.only()
            let approve = Decision.approve(number: try asked.text("number"))
            let troubles = [
                (DeviceKeyError.cancelled, KeyError.cancelled),
                (DeviceKeyError.failed, KeyError.failed),
                (DeviceKeyError.lockedOut, KeyError.lockedOut),
                (DeviceKeyError.notAvailable, KeyError.notAvailable),
            ]
            for (error, said) in troubles {
                trouble.now = error
                let refused = try await refusal { try await companion.decide(id: statement.id, decision: approve) }
                #expect(refused == CountersignError.key(fault: said))
                #expect(try companion.statement(id: statement.id).cannotApprove == nil)
            }
            trouble.now = nil
            #expect(try await outcomes(device.decide(statement, approve)) == [.approved])
            _ = try await server.ask()
            let other = try await device.only()
            trouble.now = DeviceKeyError.invalidated
            let gone = try await refusal { try await companion.decide(id: other.id, decision: approve) }
            #expect(gone == .key(fault: KeyError.invalidated))
            #expect(try device.view.standing == .needsReactivation)
        }
    }
}
