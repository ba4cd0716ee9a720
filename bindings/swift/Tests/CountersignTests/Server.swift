import Countersign
import Foundation
import Testing

/// A running scripted server (docs/scripted-server.md), whose clock stands at `start` until it is put elsewhere.
final class Server: @unchecked Sendable {
    private let process = Process()
    private let input = Pipe()
    let url: String
    private(set) var account = ""

    private static let program =
        ProcessInfo.processInfo.environment["COUNTERSIGN_SCRIPTED"] ?? "../../target/debug/countersign-scripted"

    init() async throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Unexpected("the server said no address") }
            line += more
        }
        url = try Json.parsed(line).text("url")
        try await control("clock", ["set": .number(Decimal(start))])
        account = try await control("person", ["label": "alice@work.example"]).text("account")
    }

    deinit {
        // It ends with its input.
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    @discardableResult
    func control(_ name: String, _ what: [String: Json] = [:]) async throws -> Json {
        let asked = HttpRequest(
            url: "\(url)/control/\(name)",
            contentType: "application/json",
            body: try JSONEncoder().encode(what),
            timeoutS: 30,
            replyBytesMax: 10_000_000
        )
        let answer = try await URLSessionTransport().post(request: asked)
        guard answer.status == 200 else { throw Unexpected("\(name): \(String(decoding: answer.body, as: UTF8.self))") }
        return try Json.parsed(answer.body)
    }

    @discardableResult
    func ofAccount(_ name: String, _ what: [String: Json] = [:]) async throws -> Json {
        try await control(name, what.merging(["account": .text(account)]) { first, _ in first })
    }

    /// A sign-in that waits for an answer.
    func ask(_ what: [String: Json] = [:]) async throws -> Json {
        let sign: [String: Json] = ["act": "sign_in", "origin": "work.example", "user": "alice"]
        return try await ofAccount("statement", sign.merging(what) { first, _ in first })
    }

    func outcome(_ asked: Json) async throws -> String {
        try await ofAccount("outcome", ["statement": .text(asked.text("id"))]).text("outcome")
    }

    /// What the next request on a path meets, or all of them.
    func network(_ kind: String, _ more: [String: Json] = [:], path: String? = "fetch", always: Bool = false) async throws {
        var what: [String: Json] = ["do": .object(more.merging(["kind": .text(kind)]) { first, _ in first })]
        if let path { what["path"] = .text(path) }
        if always { what["times"] = .null }
        try await control("network", what)
    }

    func requests(_ path: String) async throws -> [Json] {
        try await control("requests", ["path": .text(path)]).list("requests")
    }

    /// What the server pushes to a device: its token stands in the last message of where to ring.
    func bell() async throws -> Data {
        guard let request = try await requests("delivery").last?.text("request") else { throw Unexpected("no delivery") }
        var claims = request.split(separator: ".")[1].replacingOccurrences(of: "-", with: "+")
        claims = claims.replacingOccurrences(of: "_", with: "/")
        claims += String(repeating: "=", count: (4 - claims.count % 4) % 4)
        let token = try Json.parsed(Data(base64Encoded: claims) ?? Data())["delivery"]?.text("bell")
        return Data(#"{"v":1,"bell":"\#(token ?? "")"}"#.utf8)
    }
}

/// A companion with one work account.
final class Device: @unchecked Sendable {
    let server: Server
    let ports: Ports
    let clock: StillClock
    let code: RecoveryCode
    let place: VaultPlace
    let companion: Companion
    private let name: String
    private let keys: KeyPlace
    private(set) var work = ""

    init(
        _ server: Server,
        _ folder: Folder,
        name: String = "phone",
        clock: StillClock = StillClock(),
        transport: Transport = URLSessionTransport(),
        deviceKeys: DeviceKeys? = nil,
        anchor: Anchor? = nil,
        notifier: Notifier? = nil
    ) async throws {
        self.server = server
        self.name = name
        self.clock = clock
        clock.at = UInt64(try await server.control("clock").text("now")) ?? 0
        ports = Ports(clock: clock, transport: transport, deviceKeys: deviceKeys, anchor: anchor, notifier: notifier)
        keys = deviceKeys == nil ? .software : .platform
        code = try RecoveryCode.generate()
        let own = try folder.folder(name)
        place = VaultPlace(path: own + "/vault", anchorFolder: own + "/anchors")
        companion = try await Companion.create(at: place, ports: ports, recovery: code)
    }

    deinit {
        companion.shut()
    }

    var view: WorkView {
        get throws { try companion.workAccount(id: work) }
    }

    func invite(_ link: String) throws {
        let invitation = try #require(examine(text: link, testMode: true).invitation())
        let new = NewWork(deviceName: name, platform: "test", app: "tests 1", keys: keys)
        work = try companion.addWork(invitation: invitation, new: new)
    }

    /// From invitation to the first approval, a test.
    @discardableResult
    func enrolled(canOffline: Bool = true) async throws -> Device {
        try invite(await server.ofAccount("invitation").text("link"))
        try await settle()
        #expect(try view.standing == .unconfirmed)
        let check = try #require(view.check)
        try await server.ofAccount("confirm", ["number": .text(check.number.expose())])
        try await settle()
        #expect(try view.standing == .confirmed)
        let stage = try await server.ofAccount("look").list("devices").last?["stage"]
        let test = try await only()
        #expect(test.isTest)
        try await decide(test, .approve(number: #require(stage).text("number")))
        try await settle()
        #expect(try view.standing == .active)
        #expect(try view.canOffline == canOffline)
        return self
    }

    /// Does what is due, puts the clocks to when more is, and does that.
    @discardableResult
    func settle() async throws -> [Event] {
        let events = try await settled()
        guard case .waitUntil(let second) = try companion.nextAction(attention: .looking) else { return events }
        try await putClocks(second)
        return try await events + settled()
    }

    private func settled() async throws -> [Event] {
        let done = try await companion.settle(attention: .looking)
        #expect(done.troubles == [])
        return done.events
    }

    func putClocks(_ at: UnixSeconds) async throws {
        clock.at = at
        try await server.control("clock", ["set": .number(Decimal(at))])
    }

    func pending() async throws -> [Statement] {
        try await settle()
        return try companion.pending()
    }

    /// The one request that waits.
    func only() async throws -> Statement {
        let pending = try await pending()
        guard pending.count == 1, let only = pending.first else { throw Unexpected("\(pending.count) requests") }
        return only
    }

    @discardableResult
    func decide(_ statement: Statement, _ decision: Decision) async throws -> [Event] {
        try await companion.decide(id: statement.id, decision: decision)
        return try await settle()
    }
}

func outcomes(_ events: [Event]) -> [Outcome] {
    events.compactMap { if case .outcome(_, _, let outcome) = $0 { outcome } else { nil } }
}
