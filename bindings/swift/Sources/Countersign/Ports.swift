import CountersignGenerated

extension Ports {
    /// The system's clock and network. Work accounts keep software keys in the vault; see ``KeyPlace/software``.
    public static var system: Ports {
        Ports(clock: SystemClock(), transport: URLSessionTransport())
    }

    func watched(by watchers: Watchers) -> Ports {
        Ports(
            clock: clock,
            transport: transport.map { WatchedTransport($0, watchers: watchers) },
            deviceKeys: deviceKeys,
            anchor: anchor,
            notifier: notifier
        )
    }
}

extension VaultPlace {
    /// A vault's file with the anchor that shows older copies of it in a folder beside it.
    public init(at path: String) {
        self.init(path: path, anchorFolder: path + ".anchors")
    }
}

/// The transport that a companion was lent, which also tells who collects events that a request is on its way: its lane is taken
/// then, and the next thing can be looked for.
final class WatchedTransport: Transport {
    private let lent: Transport
    private let watchers: Watchers

    init(_ lent: Transport, watchers: Watchers) {
        self.lent = lent
        self.watchers = watchers
    }

    func post(request: HttpRequest) async throws -> HttpReply {
        watchers.wake()
        return try await lent.post(request: request)
    }
}
