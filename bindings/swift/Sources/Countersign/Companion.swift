import CountersignGenerated
import Foundation

/// A vault and everything one can do with it.
///
/// ``shut()`` forgets every key and closes the file, whoever still holds the object; each step after that throws
/// ``CountersignError/closed``. Safe to share between tasks and threads. What waits for a port is `async`; a cancelled task leaves
/// everything as it was stored. What derives a key from a password is `async` too, so that it is not computed where one draws.
/// Every other step is short and reads or writes the vault's file: call it where files may be read.
public final class Companion: CompanionHandle, @unchecked Sendable {
    let watchers: Watchers
    private let clock: Clock

    private init(_ made: CompanionHandle, clock: Clock, watchers: Watchers) {
        self.clock = clock
        self.watchers = watchers
        super.init(unsafeFromHandle: made.uniffiCloneHandle())
    }

    /// The generator's own way, which knows no clock; nobody calls it.
    @available(*, unavailable)
    public required init(unsafeFromHandle handle: UInt64) {
        fatalError("a companion is made by create or open")
    }

    /// Makes a vault where there is none, and leaves it unlocked; with a password, a recovery code that the person has stored
    /// already, or both. With a password it takes most of a second.
    ///
    /// Throws ``CountersignError/vault(fault:)``, among them ``VaultError/noWayIn`` without both: no vault was made then.
    public static func create(
        at place: VaultPlace,
        ports: Ports = .system,
        password: Password? = nil,
        recovery: RecoveryCode? = nil,
        kdf: KdfParams? = nil,
        now: UnixSeconds? = nil
    ) async throws -> Companion {
        let watchers = Watchers()
        let lent = ports.watched(by: watchers)
        let handle = try await deriving {
            func made(_ secret: Data?) throws -> CompanionHandle {
                try CompanionHandle.create(place: place, ports: lent, password: secret, recovery: recovery, kdf: kdf, now: now)
            }
            return try password.map { try $0.lend(made) } ?? made(nil)
        }
        return Companion(handle, clock: ports.clock, watchers: watchers)
    }

    /// Opens a vault's file without a secret.
    ///
    /// Throws ``CountersignError/vault(fault:)`` with what is wrong with the file, which is untouched.
    public static func open(at place: VaultPlace, ports: Ports = .system) throws -> Companion {
        let watchers = Watchers()
        let made = try CompanionHandle.open(place: place, ports: ports.watched(by: watchers))
        return Companion(made, clock: ports.clock, watchers: watchers)
    }

    /// The codes now, and again each time when one of them changes; ends when none changes by itself.
    ///
    /// Time is the clock port's; with a ``FineClock`` a code comes with its second.
    ///
    /// - Parameter pause: how to wait.
    public func ticks(pause: @escaping Pause = systemPause) -> Ticks {
        Ticks(companion: self, pause: pause)
    }

    /// What happens with work accounts, for as long as it is iterated: requests that come, and what became of them.
    ///
    /// Each account's two lanes are worked at once, so that asking holds up no answer, and a decision is sent as soon as
    /// ``decide(id:decision:)`` has stored it. Leaving the loop, or cancelling its task, cancels what is under way; nothing that was
    /// stored is lost.
    ///
    /// Throws what ``nextAction(attention:now:)`` and ``doAction(action:attention:)`` throw, ``CountersignError/closed`` and
    /// ``CountersignError/notUnlocked`` among them, which end it in any case.
    ///
    /// - Parameters:
    ///   - pause: how to wait; for how long is by the clock port.
    ///   - onTrouble: is told what could not be done for one account, as when the person turned down a prompt, and all goes on;
    ///     without it the first such trouble is thrown, behind the events that are there already.
    public func events(
        attention: Attention = .waiting,
        pause: @escaping Pause = systemPause,
        onTrouble: (@Sendable (CountersignError) -> Void)? = nil
    ) -> Events {
        Events(companion: self, attention: attention, pause: pause, onTrouble: onTrouble)
    }

    /// Unlocks with a password, which takes most of a second. What is wrong with it is in ``CountersignError/vault(fault:)``.
    public func unlockWithPassword(_ password: Password, now: UnixSeconds? = nil) async throws {
        try await deriving {
            try self.waking { try password.lend { try super.unlockWithPassword(password: $0, now: now) } }
        }
    }

    /// Adds a password as a way to unlock, and gives the id of its slot.
    @discardableResult
    public func addPassword(_ password: Password, kdf: KdfParams? = nil, now: UnixSeconds? = nil) async throws -> RecordId {
        try await deriving {
            try password.lend { try super.addPassword(password: $0, kdf: kdf, now: now) }
        }
    }

    /// Puts a new password in the place of the old one, and a new key in the vault.
    @discardableResult
    public func changePassword(
        _ newPassword: Password,
        damaged: Damaged,
        kdf: KdfParams? = nil,
        now: UnixSeconds? = nil
    ) async throws -> Rotated {
        try await deriving {
            try newPassword.lend { try super.changePassword(newPassword: $0, damaged: damaged, kdf: kdf, now: now) }
        }
    }

    /// What time the clock port says.
    func now() throws -> UnixSeconds {
        do {
            return try clock.now()
        } catch {
            throw CountersignError.portFailed(port: .clock)
        }
    }

    /// How long it is until the beginning of a second, by the clock port.
    func duration(until second: UnixSeconds) throws -> Duration {
        do {
            return try clock.duration(until: second)
        } catch {
            throw CountersignError.portFailed(port: .clock)
        }
    }

    // Steps after which whoever iterates events looks again at what is next, also where they failed half-way.

    public override func abortMove(id: RecordId, now: UnixSeconds? = nil) throws {
        try waking { try super.abortMove(id: id, now: now) }
    }

    @discardableResult
    public override func addWork(invitation: Invitation, new: NewWork, now: UnixSeconds? = nil) throws -> RecordId {
        try waking { try super.addWork(invitation: invitation, new: new, now: now) }
    }

    public override func beginMove(id: RecordId, now: UnixSeconds? = nil) throws {
        try waking { try super.beginMove(id: id, now: now) }
    }

    @discardableResult
    public override func bell(payload: Data, now: UnixSeconds? = nil) throws -> Bool {
        try waking { try super.bell(payload: payload, now: now) }
    }

    @discardableResult
    public override func checkKeys() async throws -> UInt32 {
        defer { watchers.wake() }
        return try await super.checkKeys()
    }

    public override func confirmMove(id: RecordId, check: Typed, now: UnixSeconds? = nil) throws {
        try waking { try super.confirmMove(id: id, check: check, now: now) }
    }

    public override func decide(id: StatementId, decision: Decision) async throws {
        defer { watchers.wake() }
        try await super.decide(id: id, decision: decision)
    }

    public override func giveUp(errand: Errand) throws {
        try waking { try super.giveUp(errand: errand) }
    }

    public override func leave(id: RecordId, now: UnixSeconds? = nil) throws {
        try waking { try super.leave(id: id, now: now) }
    }

    public override func lock() throws {
        try waking { try super.lock() }
    }

    public override func makeKeys(account: RecordId) async throws {
        defer { watchers.wake() }
        try await super.makeKeys(account: account)
    }

    public override func openPorch(key: PlatformKey) async throws {
        defer { watchers.wake() }
        try await super.openPorch(key: key)
    }

    @discardableResult
    public override func refresh() throws -> Bool {
        try waking { try super.refresh() }
    }

    public override func removeKeys(account: RecordId) async throws {
        defer { watchers.wake() }
        try await super.removeKeys(account: account)
    }

    public override func restoreWork(id: RecordId, now: UnixSeconds? = nil) throws {
        try waking { try super.restoreWork(id: id, now: now) }
    }

    public override func ringAt(address: RingAddress?, now: UnixSeconds? = nil) throws {
        try waking { try super.ringAt(address: address, now: now) }
    }

    @discardableResult
    public override func scanStatement(link: String, testMode: Bool = false, now: UnixSeconds? = nil) throws -> StatementId {
        try waking { try super.scanStatement(link: link, testMode: testMode, now: now) }
    }

    public override func shut() {
        waking { super.shut() }
    }

    public override func takeReply(errand: Errand, reply: HttpReply, now: UnixSeconds? = nil) throws -> [Event] {
        try waking { try super.takeReply(errand: errand, reply: reply, now: now) }
    }

    public override func takeSilence(errand: Errand, why: Unreachable, now: UnixSeconds? = nil) throws -> [Event] {
        try waking { try super.takeSilence(errand: errand, why: why, now: now) }
    }

    public override func tryAtOnce() throws {
        try waking { try super.tryAtOnce() }
    }

    public override func unlockWithPlatformKey(key: PlatformKey) async throws {
        defer { watchers.wake() }
        try await super.unlockWithPlatformKey(key: key)
    }

    public override func unlockWithRecovery(code: RecoveryCode, now: UnixSeconds? = nil) throws {
        try waking { try super.unlockWithRecovery(code: code, now: now) }
    }

    private func waking<Result>(_ step: () throws -> Result) rethrows -> Result {
        defer { watchers.wake() }
        return try step()
    }
}
