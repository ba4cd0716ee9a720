import Countersign
import Foundation
import Testing

/// All scenarios, one after the other: how much is allocated is known of the whole program only.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct Scenarios {}

let start: UnixSeconds = 1_800_000_000
let aliceLink = "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example"
let counterLink = "otpauth://hotp/Bank:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=0"

/// What must not be shown anywhere.
let marked = "MARKED-SECRET-7f3a"

/// A value that several tasks use.
final class Shared<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) {
        self.value = value
    }

    var now: Value {
        get { lock.withLock { value } }
        set { lock.withLock { value = newValue } }
    }

    func change<Result>(_ step: (inout Value) throws -> Result) rethrows -> Result {
        try lock.withLock { try step(&value) }
    }
}

/// Happens once; whoever waits for it goes on then.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let sink: AsyncStream<Void>.Continuation

    init() {
        (stream, sink) = AsyncStream.makeStream()
    }

    func raise() {
        sink.yield()
    }

    func wait() async {
        for await _ in stream { return }
    }
}

/// Stands where it was put.
final class StillClock: FineClock {
    private let millis: Shared<UInt64>
    private let before: @Sendable () throws -> Void

    init(_ at: UnixSeconds = start, before: @escaping @Sendable () throws -> Void = {}) {
        millis = Shared(at * 1_000)
        self.before = before
    }

    var at: UnixSeconds {
        get { millis.now / 1_000 }
        set { millis.now = newValue * 1_000 }
    }

    func nowMillis() throws -> UInt64 {
        try before()
        return millis.now
    }

    func now() throws -> UnixSeconds {
        try nowMillis() / 1_000
    }

    /// Time passes here and nowhere else.
    func pass(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        millis.change { $0 += UInt64(seconds * 1_000 + attoseconds / 1_000_000_000_000_000) }
    }
}

/// A folder that is gone with it.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "countersign-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String) -> String {
        path + "/" + name
    }

    func folder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
        return file(name)
    }
}

/// A vault that only the recovery code opens: no key derivation to wait for.
final class Desk: Sendable {
    let folder: Folder
    let code: RecoveryCode
    let clock = StillClock()
    let ports: Ports
    let place: VaultPlace

    init() throws {
        folder = try Folder()
        code = try RecoveryCode.generate()
        ports = Ports(clock: clock)
        place = VaultPlace(path: folder.file("vault"), anchorFolder: folder.file("anchors"))
    }

    func made(at other: VaultPlace? = nil, ports lent: Ports? = nil, password: Password? = nil) async throws -> Companion {
        try await Companion.create(at: other ?? place, ports: lent ?? ports, password: password, recovery: code)
    }

    /// Opens what was made and unlocks it.
    func opened(at other: VaultPlace? = nil, ports lent: Ports? = nil) throws -> Companion {
        let companion = try Companion.open(at: other ?? place, ports: lent ?? ports)
        try companion.unlockWithRecovery(code: code)
        return companion
    }
}

extension Companion {
    /// The id of the account that a link adds.
    func added(_ link: String = aliceLink) throws -> RecordId {
        guard case .new(let id, _, _)? = try add(reading: examine(text: link)).first else { throw Unexpected("not new") }
        return id
    }
}

extension Edit {
    static func of(
        _ issuer: String? = nil,
        account: String? = nil,
        note: String? = nil,
        tags: [String]? = nil,
        pinned: Bool? = nil
    ) -> Edit {
        Edit(
            issuer: issuer.map(Concealed.init),
            account: account.map(Concealed.init),
            note: note.map(Concealed.init),
            tags: tags?.map(Concealed.init),
            pinned: pinned
        )
    }
}

/// The error of one type that a step ends with.
func thrown<Failure: Error, Result>(_ type: Failure.Type = Failure.self, _ step: () async throws -> Result) async throws -> Failure {
    do {
        _ = try await step()
    } catch let failure as Failure {
        return failure
    }
    throw Unexpected("it went well")
}

/// The companion's error.
func refusal<Result>(_ step: () async throws -> Result) async throws -> CountersignError {
    try await thrown(CountersignError.self, step)
}

/// The fact about the vault that a step fails with.
func vaultFault<Result>(_ step: () async throws -> Result) async throws -> VaultError {
    let error = try await refusal(step)
    guard case .vault(let fault) = error else { throw error }
    return fault
}

/// The fact about an approval that a step fails with.
func approvalFault<Result>(_ step: () async throws -> Result) async throws -> ApprovalFault {
    let error = try await refusal(step)
    guard case .approval(let fault) = error else { throw error }
    return fault
}

/// The port that a step fails with; what it threw is nowhere in the error.
func failedPort<Result>(_ step: () async throws -> Result) async throws -> Countersign.Port {
    let error = try await refusal(step)
    #expect(!"\(error) \(String(reflecting: error)) \(error.localizedDescription)".contains(marked))
    guard case .portFailed(let port) = error else { throw error }
    return port
}

extension Settled {
    /// The ports that failed in what was done all the same.
    var failedPorts: Set<Countersign.Port> {
        Set(troubles.compactMap { if case .portFailed(let port) = $0 { port } else { nil } })
    }
}

/// What a step prints, on both of the program's outputs.
func printed(_ step: () async throws -> Void) async throws -> String {
    let folder = try Folder()
    let path = folder.file("said")
    let file = open(path, O_WRONLY | O_CREAT, 0o600)
    let kept = [dup(1), dup(2)]
    fflush(nil)
    dup2(file, 1)
    dup2(file, 2)
    defer { close(file) }
    func restore() {
        fflush(nil)
        for (place, output) in kept.enumerated() {
            dup2(output, Int32(place + 1))
            close(output)
        }
    }
    do {
        try await step()
    } catch {
        restore()
        throw error
    }
    restore()
    return try String(contentsOfFile: path, encoding: .utf8)
}
