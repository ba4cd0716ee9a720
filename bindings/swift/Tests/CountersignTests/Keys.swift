import Countersign
import Foundation

/// A key of a platform that is not there: what it wraps it remembers, with its context. `before` runs at each call.
final class WrappingKey: PlatformKey {
    private let kept = Shared<[Data: (context: Data, secret: Data)]>([:])
    private let before: @Sendable () throws -> Void
    private let made: Shared<Int>
    let trouble: Shared<(any Error)?>
    let calls = Shared(0)

    init(trouble: (any Error)? = nil, wrappedBytes: Int = 16, before: @escaping @Sendable () throws -> Void = {}) {
        self.trouble = Shared(trouble)
        self.before = before
        made = Shared(wrappedBytes)
    }

    func wrap(context: Data, secret: Data) async throws -> Data {
        try called()
        let wrapped = Data((0..<made.now).map { _ in UInt8.random(in: 0...255) })
        kept.change { $0[wrapped] = (context, secret) }
        return wrapped
    }

    func unwrap(context: Data, wrapped: Data) async throws -> Data {
        try called()
        guard let (known, secret) = kept.now[wrapped], known == context else { throw WrapError.invalidated }
        return secret
    }

    private func called() throws {
        calls.change { $0 += 1 }
        try before()
        if let trouble = trouble.now { throw trouble }
    }
}

/// A key store in memory, which signs with openssl. `before` runs at each call: to count, to call back, to refuse, to wait.
final class MemoryKeys: DeviceKeys {
    private let before: @Sendable (String) async throws -> Void
    let keys = Shared<[String: Data]>([:])
    let calls = Shared<[String]>([])

    init(before: @escaping @Sendable (String) async throws -> Void = { _ in }) {
        self.before = before
    }

    private func called(_ what: String) async throws {
        calls.change { $0.append(what) }
        try await before(what)
    }

    func create(alias: String, request: KeyRequest) async throws -> MadeKey {
        try await called("create")
        guard request.challenge.count == 32, keys.now[alias] == nil else { throw DeviceKeyError.failed }
        let key = try openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout"])
        let shown = try openssl(["ec", "-pubout", "-conv_form", "uncompressed", "-outform", "DER"], input: key)
        keys.change { $0[alias] = key }
        return MadeKey(
            public: shown.suffix(65),
            protection: .hardware,
            presence: request.presence ? .eachUse : .none,
            attestation: nil
        )
    }

    func exists(alias: String) async throws -> Bool {
        try await called("exists")
        return keys.now[alias] != nil
    }

    func sign(alias: String, message: Data) async throws -> Data {
        try await called("sign")
        guard let key = keys.now[alias] else { throw DeviceKeyError.invalidated }
        let folder = try Folder()
        try key.write(to: URL(fileURLWithPath: folder.file("key")))
        return try openssl(["dgst", "-sha256", "-sign", folder.file("key")], input: message)
    }

    func delete(alias: String) async throws {
        try await called("delete")
        keys.change { _ = $0.removeValue(forKey: alias) }
    }
}

/// What openssl says to its input.
private func openssl(_ words: [String], input: Data = Data()) throws -> Data {
    let process = Process()
    let (given, said) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = words
    process.standardInput = given
    process.standardOutput = said
    process.standardError = FileHandle.nullDevice
    try process.run()
    try given.fileHandleForWriting.write(contentsOf: input)
    try given.fileHandleForWriting.close()
    let output = try said.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Unexpected("openssl \(words.first ?? "")") }
    return output
}

/// Anchors in memory, compared and replaced as the port asks.
final class MemoryAnchor: Anchor {
    let stored = Shared<[String: Data]>([:])
    private let before: @Sendable () throws -> Void

    init(before: @escaping @Sendable () throws -> Void = {}) {
        self.before = before
    }

    func read(vault: VaultId) throws -> Data? {
        try before()
        return stored.now[vault]
    }

    func replace(vault: VaultId, expected: Data?, anchor: Data, flush: Bool) throws -> StoredAnchor {
        try before()
        return stored.change {
            guard $0[vault] == expected else { return .changed }
            $0[vault] = anchor
            return .done
        }
    }
}

/// A transport with something before and after each request.
final class HookedTransport: Transport {
    private let before: @Sendable () async throws -> Void
    private let after: @Sendable () async throws -> Void

    init(before: @escaping @Sendable () async throws -> Void, after: @escaping @Sendable () async throws -> Void = {}) {
        self.before = before
        self.after = after
    }

    func post(request: HttpRequest) async throws -> HttpReply {
        try await before()
        let reply = try await URLSessionTransport().post(request: request)
        try await after()
        return reply
    }
}

/// A notifier that does what it is given.
final class HookedNotifier: Notifier {
    private let told: @Sendable (Event) throws -> Void

    init(_ told: @escaping @Sendable (Event) throws -> Void) {
        self.told = told
    }

    func notify(event: Event) throws {
        try told(event)
    }
}
