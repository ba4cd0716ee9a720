import Countersign
import Foundation
import Testing

/// What no port declares.
private struct Undeclared: Error, CustomStringConvertible {
    let description = marked
}

/// Another that says it in another way.
private struct Localized: LocalizedError {
    let errorDescription: String? = marked
}

/// An anchor that never works.
private final class BadAnchor: Anchor {
    func read(vault: VaultId) throws -> Data? { throw Undeclared() }
    func replace(vault: VaultId, expected: Data?, anchor: Data, flush: Bool) throws -> StoredAnchor { throw Undeclared() }
}

/// Calls the companion from inside a port, and notes which did.
private final class CallingBack: Sendable {
    let companion = Shared<Companion?>(nil)
    let personal = Shared("")
    let called = Shared<Set<String>>([])
    private let isInside = Shared(false)

    func from(_ port: String) throws {
        guard let companion = companion.now else { return }
        let isFirst = isInside.change { inside in
            defer { inside = true }
            return !inside
        }
        guard isFirst else { return }
        defer { isInside.now = false }
        if companion.state() == .unlocked {
            _ = try companion.list(now: start)
            try companion.edit(id: personal.now, edit: Edit.of(note: port), now: start)
            called.change { _ = $0.insert(port) }
        } else {
            _ = try companion.hasPassword()
            called.change { _ = $0.insert(port + ", locked") }
        }
    }
}

extension Scenarios {
    /// Ports: what they throw, what they call, and what works without them.
    @Suite struct PortsTests {
        let server: Server
        let folder: Folder

        init() async throws {
            server = try await Server()
            folder = try Folder()
        }

        @Test func whatAPortThrowsIsOneErrorWithoutItsText() async throws {
            let said = try await printed { try await throwing() }
            #expect(!said.contains(marked), "the bindings print no error of a port's either")
        }

        private func throwing() async throws {
            let isBad = Shared(false)
            let trouble = Shared<(any Error)?>(nil)
            let clock = StillClock { if isBad.now { throw Undeclared() } }
            let keys = MemoryKeys { _ in if let trouble = trouble.now { throw trouble } }
            let device = try await Device(server, folder, clock: clock, deviceKeys: keys).enrolled()
            let asked = try await server.ask()
            let statement = try await device.only()
            let companion = device.companion

            isBad.now = true
            #expect(try await failedPort { try companion.list() } == .clock)
            #expect(try await failedPort { try await companion.decide(id: statement.id, decision: .deny) } == .clock)
            #expect(try await failedPort { for try await _ in companion.ticks() {} } == .clock)
            #expect(try await failedPort { for try await _ in companion.events() {} } == .clock)
            #expect(try companion.list(now: start) == [])
            isBad.now = false

            for error in [Undeclared(), Localized(), CancellationError()] as [any Error] {
                trouble.now = error
                #expect(try await failedPort { try await companion.decide(id: statement.id, decision: .deny) } == .deviceKeys)
                #expect(try await failedPort { try await companion.checkKeys() } == .deviceKeys)
            }
            #expect(try companion.statement(id: statement.id).cannotApprove == nil)
            trouble.now = nil

            let key = WrappingKey(trouble: Undeclared())
            #expect(try await failedPort { try await companion.addPlatformKey(key: key, kind: .platform) } == .platformKey)
            key.trouble.now = nil
            try await companion.addPlatformKey(key: key, kind: .platform)
            try companion.lock()
            key.trouble.now = Undeclared()
            #expect(try await failedPort { try await companion.unlockWithPlatformKey(key: key) } == .platformKey)
            key.trouble.now = nil
            try await companion.unlockWithPlatformKey(key: key)
            try await device.decide(statement, .approve(number: asked.text("number")))
            #expect(try await server.outcome(asked) == "approved")
            companion.shut()
            try await reopened(device)
        }

        /// The same vault with a transport, a notifier and an anchor that fail.
        private func reopened(_ device: Device) async throws {
            let asked = try await server.ask()
            func opened(_ ports: Ports) throws -> Companion {
                let companion = try Companion.open(at: device.place, ports: ports)
                try companion.unlockWithRecovery(code: device.code)
                return companion
            }
            let keys = device.ports.deviceKeys
            let deaf = HookedTransport(before: { throw Undeclared() })
            let first = try opened(Ports(clock: device.clock, transport: deaf, deviceKeys: keys))
            #expect(try await first.settle(attention: .looking).failedPorts == [.transport])
            #expect(try first.workAccount(id: device.work).unreachableSince != nil)
            first.shut()
            let second = try opened(
                Ports(
                    clock: device.clock, transport: device.ports.transport, deviceKeys: keys, anchor: BadAnchor(),
                    notifier: HookedNotifier { _ in throw Undeclared() }
                )
            )
            let rung = try await second.settle(attention: .looking)
            #expect(rung.failedPorts == [.notifier])
            guard case .rings? = rung.events.first else { throw Unexpected("what was stored is told all the same") }
            let statement = try #require(second.pending().first)
            try await second.decide(id: statement.id, decision: .approve(number: asked.text("number")))
            #expect(try await second.settle(attention: .looking).failedPorts == [.notifier])
            #expect(try second.statement(id: statement.id).outcome == .approved)
            second.shut()
        }

        @Test func aTroubleIsToldAndTheEventsGoOn() async throws {
            let device = try await Device(server, folder).enrolled()
            device.companion.shut()
            let deaf = Ports(
                clock: device.clock, transport: device.ports.transport, notifier: HookedNotifier { _ in throw Undeclared() }
            )
            func answered(_ onTrouble: (@Sendable (CountersignError) -> Void)?) async throws -> [Event] {
                let asked = try await server.ask()
                let companion = try Companion.open(at: device.place, ports: deaf)
                defer { companion.shut() }
                try companion.unlockWithRecovery(code: device.code)
                try companion.tryAtOnce()
                var seen: [Event] = []
                for try await event in companion.events(onTrouble: onTrouble) {
                    if case .outcome = event { break }
                    seen.append(event)
                    if case .rings(_, let statement) = event {
                        try await companion.decide(id: statement, decision: .approve(number: asked.text("number")))
                    }
                }
                #expect(try await server.outcome(asked) == "approved")
                return seen
            }
            let troubles = Shared<[CountersignError]>([])
            let seen = try await answered { trouble in troubles.change { $0.append(trouble) } }
            guard case .rings? = seen.first else { throw Unexpected("\(seen)") }
            #expect(Settled(events: [], troubles: troubles.now).failedPorts == [.notifier])
            #expect(try await failedPort { try await answered(nil) } == .notifier)
        }

        @Test func everyPortMayCallTheCompanionBack() async throws {
            let back = CallingBack()
            let key = WrappingKey { try back.from("platform key") }
            let device = try await Device(
                server,
                folder,
                clock: StillClock { try back.from("clock") },
                transport: HookedTransport(before: { try back.from("transport") }, after: { try back.from("transport, after") }),
                deviceKeys: MemoryKeys { try back.from("device keys, \($0)") },
                anchor: MemoryAnchor { try back.from("anchor") },
                notifier: HookedNotifier { _ in try back.from("notifier") }
            )
            let companion = device.companion
            back.personal.now = try companion.added()
            back.companion.now = companion
            try await device.enrolled()
            let asked = try await server.ask()
            try await device.decide(device.only(), .approve(number: asked.text("number")))
            try await companion.addPlatformKey(key: key, kind: .platform)
            #expect(try await companion.checkKeys() == 0)
            try companion.lock()
            try await companion.unlockWithPlatformKey(key: key)
            try companion.leave(id: device.work)
            try await device.settle()
            try await device.settle()
            #expect(try companion.workAccounts() == [])
            let ports = [
                "clock", "transport", "transport, after", "notifier", "platform key", "platform key, locked", "anchor",
                "anchor, locked", "device keys, create", "device keys, sign", "device keys, exists", "device keys, delete",
            ]
            let missing: [String] = ports.filter { !back.called.now.contains($0) }
            #expect(missing == [])
            companion.shut()
            back.companion.now = nil
            let again = try Companion.open(at: device.place, ports: device.ports)
            try again.unlockWithRecovery(code: device.code)
            #expect(try again.findings().lineage == nil, "the anchor was brought along")
        }

        @Test func noPortIsNeededForCodes() async throws {
            let desk = try Desk()
            let companion = try await desk.made()
            _ = try companion.added()
            #expect(try companion.codes().count == 1)
            func invitation() async throws -> Invitation {
                let link = try await server.ofAccount("invitation").text("link")
                return try #require(examine(text: link, testMode: true).invitation())
            }
            let first = try await invitation()
            let new = NewWork(deviceName: "x", platform: "x", app: "x", keys: .software)
            let work = try companion.addWork(invitation: first, new: new)
            #expect(try await refusal { try await companion.settle(attention: .idle) } == .noPort(port: .transport))
            #expect(try companion.workAccount(id: work).standing == .enrolling)
            #expect(try companion.earlierWork(invitation: first) == [work])
            #expect(try companion.addWork(invitation: first, new: new) == work, "one that is begun goes on")
            let platform = NewWork(deviceName: "x", platform: "x", app: "x", keys: .platform)
            let second = try companion.addWork(invitation: await invitation(), new: platform)
            #expect(try await refusal { try await companion.makeKeys(account: second) } == .key(fault: .notAvailable))
        }

        @Test func aCompanionMayBeLentToManyTasks() async throws {
            let companion = try await Desk().made()
            _ = try companion.added()
            let looked = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask { try companion.search(query: "alice", now: start).count + companion.list(now: start).count }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(looked == Array(repeating: 2, count: 20))
        }
    }
}
