import Countersign
import Foundation
import Testing

extension Scenarios {
    /// A work account's life beside its sign-ins: where it rings, what is seen, its history, its end and its move.
    @Suite struct AccountTests {
        let server: Server
        let folder: Folder

        init() async throws {
            server = try await Server()
            folder = try Folder()
        }

        @Test func theServerHearsWhereToRing() async throws {
            let device = try await Device(server, folder).enrolled()
            let companion = device.companion
            let bad: [RingAddress] = [
                .gateway(to: "http://ring.example"),
                .unifiedPush(to: "no address"),
                .webPush(to: "https://push.example/a", p256dh: Data([1]), auth: Data([2])),
            ]
            for address in bad {
                #expect(try await approvalFault { try companion.ringAt(address: address) } == .notAllowed)
            }
            try companion.ringAt(address: .unifiedPush(to: "https://push.example/a"))
            #expect(try device.view.mayNotRing)
            try await device.settle()
            #expect(try !device.view.mayNotRing)
            #expect(try await server.requests("delivery").count == 1)
            try companion.ringAt(address: nil)
            try await device.settle()
            #expect(try await server.requests("delivery").count == 2)
        }

        @Test func whatTheOrganisationSeesIsShown() async throws {
            let device = try await Device(server, folder).enrolled()
            let companion = device.companion
            let disclosure = try companion.disclosure(id: device.work)
            #expect(disclosure.sent.contains(.publicKeys) && disclosure.sent.contains(.deviceName))
            #expect(!disclosure.sent.contains(.pushAddress))
            #expect(disclosure.rules.contains(.offlineAllowed) && disclosure.rules.contains(.numberDigits(6)))
            #expect(try companion.mayExportWork(id: device.work))
            let nobody = String(repeating: "00", count: 16)
            #expect(try await approvalFault { try companion.disclosure(id: nobody) } == .noSuchAccount)
        }

        @Test func theHistoryIsReadCheckedAndExported() async throws {
            let device = try await Device(server, folder).enrolled()
            let companion = device.companion
            let asked = try await server.ask()
            try await device.decide(device.only(), .approve(number: asked.text("number")))
            let items = try companion.history()
            #expect(items.map(\.seq) == Array((1...UInt64(items.count)).reversed()))
            guard case .entry(_, _, let decision, let outcome, _, let about)? = items.first?.kind else { throw Unexpected("none") }
            #expect(decision == .approve && outcome == .approved)
            #expect(about.user.expose() == "alice")
            #expect(try companion.history(account: device.work, count: 1) == Array(items.prefix(1)))
            let names = try #require(companion.historyNames().first)
            #expect(names.account == device.work && names.label.expose() == "alice@work.example")
            let report = try companion.verifyHistory()
            #expect(report.chain.entries == UInt64(items.count) && report.unproven == 0)
            #expect(try companion.verifyHistoryChain() == report.chain)
            let exported = try await companion.exportHistory(account: device.work)
            #expect(exported.exported.entries == UInt64(items.count) && exported.exported.signed == [device.work])
            let lines = try exported.document.expose().split(separator: "\n").map { try Json.parsed(Data($0.utf8)) }
            #expect(try #require(lines.first).text("line") == "history")
            #expect(try #require(lines.last).text("line") == "end")
            #expect(!"\(exported)".contains("alice"))
        }

        @Test func anAccountLeavesItsServer() async throws {
            let device = try await Device(server, folder).enrolled()
            let companion = device.companion
            try companion.trashWork(id: device.work)
            #expect(try await approvalFault { try companion.trashWork(id: device.work) } == .inTrash)
            _ = try await server.ask()
            #expect(try await device.pending() == [], "in the trash it is mute")
            try companion.restoreWork(id: device.work)
            try companion.leave(id: device.work)
            #expect(try device.view.isLeaving)
            try await device.settle()
            try await device.settle()
            #expect(try companion.workAccounts() == [])
            let stages = try await server.ofAccount("look").list("devices").map { $0["stage"]?["is"]?.plain }
            #expect(!stages.contains("active"))
            #expect(try !companion.history().isEmpty, "what happened stays")
        }

        @Test func anAccountMovesToAnotherDevice() async throws {
            let device = try await Device(server, folder).enrolled()
            let old = device.companion
            #expect(try await approvalFault { try old.confirmMove(id: device.work, check: "123456") } == .noMove)
            try old.beginMove(id: device.work)
            try await device.settle()
            try await device.settle()
            guard case .invited(let invitation, _, _, _)? = try device.view.moving else { throw Unexpected("not invited") }
            let second = try await Device(server, folder, name: "second")
            try second.invite(invitation.expose())
            try await second.settle()
            let check = try #require(second.view.check)
            #expect(try await approvalFault { try old.confirmMove(id: device.work, check: "12") } == .checkNumber)
            try await device.putClocks(second.clock.at)
            try old.confirmMove(id: device.work, check: check.number.expose())
            try await device.settle()
            try await device.settle()
            guard case .testing(let number, _, _)? = try device.view.moving else { throw Unexpected("no test") }
            try await second.putClocks(device.clock.at)
            try await second.settle()
            try await second.decide(second.only(), .approve(number: number.expose()))
            #expect(try second.view.standing == .active)
            try await device.putClocks(second.clock.at)
            try await device.settle()
            try await device.settle()
            guard case .moved = try device.view.standing else { throw Unexpected("not moved") }
        }
    }
}
