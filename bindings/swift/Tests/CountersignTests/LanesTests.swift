import Countersign
import Foundation
import Testing

/// Never answers.
private final class Endless: Transport {
    let begun = Signal()
    let wasCancelled = Signal()

    func post(request: HttpRequest) async throws -> HttpReply {
        begun.raise()
        do {
            try await untilCancelled()
        } catch {
            wasCancelled.raise()
            throw error
        }
        throw TransportError.noConnection
    }
}

/// The transport that it is set to.
private final class Switch: Transport {
    let to = Shared<any Transport>(URLSessionTransport())

    func post(request: HttpRequest) async throws -> HttpReply {
        try await to.now.post(request: request)
    }
}

/// Waits for the task to be cancelled, and for nothing else.
private func untilCancelled() async throws {
    for await _ in AsyncStream<Void>.makeStream().stream {}
    try Task.checkCancellation()
}

extension Scenarios {
    /// What goes to the server and comes from it: cancelled, silent, lying, and as it happens.
    @Suite struct LanesTests {
        let server: Server
        let folder: Folder

        init() async throws {
            server = try await Server()
            folder = try Folder()
        }

        private func cancelled(_ begun: Signal, _ companion: Companion, _ work: @escaping @Sendable () async throws -> Void) async throws {
            let task = Task { try await work() }
            await begun.wait()
            #expect(try companion.list() == [])
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }

        @Test func aTaskThatIsCancelledLeavesAUsableCompanion() async throws {
            let prompt = Signal()
            let isPatient = Shared(false)
            let keys = MemoryKeys { what in
                guard isPatient.now, what == "sign" else { return }
                prompt.raise()
                try await untilCancelled()
            }
            let transport = Switch()
            let device = try await Device(server, folder, transport: transport, deviceKeys: keys).enrolled()
            let companion = device.companion
            let asked = try await server.ask()
            let statement = try await device.only()
            let approve = Decision.approve(number: try asked.text("number"))

            isPatient.now = true
            try await cancelled(prompt, companion) { try await companion.decide(id: statement.id, decision: approve) }
            isPatient.now = false
            #expect(try companion.statement(id: statement.id).cannotApprove == nil)
            try await companion.decide(id: statement.id, decision: approve)

            let action = try companion.nextAction(attention: .idle)
            guard case .send = action else { throw Unexpected("\(action)") }
            let endless = Endless()
            transport.to.now = endless
            try await cancelled(endless.begun, companion) { _ = try await companion.doAction(action: action, attention: .idle) }
            await endless.wasCancelled.wait()
            #expect(try companion.nextAction(attention: .idle) == action, "the lane is free again")
            transport.to.now = URLSessionTransport()
            #expect(try await outcomes(device.settle()) == [.approved])

            let late = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await companion.makeKeys(account: device.work)
            }
            await #expect(throws: CancellationError.self) { try await late.value }
        }

        @Test func aServerThatIsSilentOrLiesChangesNothing() async throws {
            let device = try await Device(server, folder).enrolled()
            let companion = device.companion
            let asked = try await server.ask()
            let fetch = NextAction.send(account: device.work, lane: .ask)
            let lies: [(String, [String: Json])] = [
                ("drop", [:]), ("unavailable", [:]), ("other_key", [:]), ("other_device", [:]),
                ("redirect", ["to": .text(server.url)]),
                ("raw", ["text": "no HTTP at all\r\n\r\n"]),
                ("huge", ["bytes": 5_000_000]),
                ("answer", ["status": 400, "headers": [:], "body": "{}"]),
            ]
            for (kind, more) in lies {
                try await server.network(kind, more)
                let events = try await companion.doAction(action: fetch, attention: .looking).events
                let isRefused = events.allSatisfy { if case .refused = $0 { true } else { false } }
                #expect(events.count <= 1 && isRefused, "\(kind)")
                #expect(try companion.pending() == [], "\(kind)")
                #expect(try device.view.standing == .active)
            }
            try await server.control("network_clear")
            func prepared() async throws -> OutgoingRequest {
                try await companion.prepare(account: device.work, lane: .ask, attention: .looking)
            }
            let first = try await prepared()
            #expect(first.errand.account() == device.work)
            #expect(first.request.url.hasPrefix(server.url))
            #expect(try await approvalFault { try await prepared() } == .nothingToSend, "one request at a time on each lane")
            #expect(try companion.takeSilence(errand: first.errand, why: .timedOut) == [])
            #expect(try device.view.unreachableSince != nil)
            try companion.tryAtOnce()
            try companion.giveUp(errand: await prepared().errand)
            // An errand that nobody has any more has no lane either.
            _ = try await prepared()
            let last = try await prepared()
            let reply = try await URLSessionTransport().post(request: last.request)
            guard case .rings? = try companion.takeReply(errand: last.errand, reply: reply).first else { throw Unexpected("silent") }
            #expect(try await outcomes(device.decide(device.only(), .approve(number: asked.text("number")))) == [.approved])
        }

        @Test func eventsComeAsTheyHappen() async throws {
            let device = try await Device(server, folder).enrolled()
            let companion = device.companion
            let asked = try await server.ask()
            var seen: [Event] = []
            for try await event in companion.events(pause: { [clock = device.clock] in clock.pass($0) }) {
                seen.append(event)
                if case .rings(_, let statement) = event {
                    try await companion.decide(id: statement, decision: .approve(number: asked.text("number")))
                }
                if case .outcome = event { break }
            }
            guard case .rings? = seen.first else { throw Unexpected("\(seen)") }
            #expect(outcomes(seen) == [.approved])
            #expect(try await server.outcome(asked) == "approved")
            try await free(companion, device.clock.at + 1)
            try companion.lock()
            #expect(try await refusal { for try await _ in companion.events() {} } == .notUnlocked)
        }

        /// Until what is under way has ended: no lane stays taken.
        private func free(_ companion: Companion, _ now: UnixSeconds? = nil) async throws {
            while true {
                if case .send = try companion.nextAction(attention: .waiting, now: now) { return }
                try Task.checkCancellation()
                await Task.yield()
            }
        }

        @Test func whoEndsTheLoopCancelsWhatIsUnderWay() async throws {
            let transport = Switch()
            let device = try await Device(server, folder, transport: transport).enrolled()
            let companion = device.companion
            let endless = Endless()
            transport.to.now = endless
            if case .waitUntil(let second) = try companion.nextAction(attention: .waiting) { device.clock.at = second }
            let looking = Task {
                for try await event in companion.events() { throw Unexpected("\(event)") }
            }
            await endless.begun.wait()
            looking.cancel()
            try await looking.value
            await endless.wasCancelled.wait()
            try await free(companion)
        }

        @Test func askingHoldsUpNoAnswer() async throws {
            let endless = Endless()
            let transport = Switch()
            let device = try await Device(server, folder, transport: transport).enrolled()
            let companion = device.companion
            let asked = try await server.ask()
            let statement = try await device.only()
            transport.to.now = endless
            if case .waitUntil(let second) = try companion.nextAction(attention: .waiting) { try await device.putClocks(second) }
            var events = companion.events().makeAsyncIterator()
            let number = try asked.text("number")
            let deciding = Task {
                await endless.begun.wait()
                transport.to.now = URLSessionTransport()
                try await companion.decide(id: statement.id, decision: .approve(number: number))
            }
            let first = try await events.next()
            #expect(outcomes([try #require(first)]) == [.approved])
            try await deciding.value
        }
    }
}
