import Countersign
import Foundation

// The examples of docs/api/swift.md, word for word.

func createOrOpen(path: String) async throws -> Companion {
    if FileManager.default.fileExists(atPath: path) { return try Companion.open(at: VaultPlace(at: path)) }
    let code = try RecoveryCode.generate()
    print("Keep this safe:", code.format().expose())
    return try await Companion.create(at: VaultPlace(at: path), password: "correct horse", recovery: code)
}

func isRight(_ companion: Companion, _ password: Password) async throws -> Bool {
    do {
        try await companion.unlockWithPassword(password)
        return true
    } catch CountersignError.vault(fault: .wrongPassword) {
        return false
    }
}

func scanned(luma: Data, width: UInt32, height: UInt32) throws -> Reading? {
    do {
        let texts = try readFrame(luma: luma, widthPx: width, heightPx: height, strideBytes: width)
        return texts.first.map { examine(text: $0.text.expose()) }
    } catch QrError.noCode {
        return nil
    }
}

func addAll(_ companion: Companion, _ reading: Reading) throws -> [RecordId] {
    try companion.add(reading: reading).map { added in
        switch added {
        case .new(let id, _, _), .alreadyHere(let id, _): id
        }
    }
}

func showCodes(_ companion: Companion) async throws {
    for try await codes in companion.ticks() {
        for code in codes { print(code.id, code.window.current.expose()) }
    }
}

func rename(_ companion: Companion, _ id: RecordId, issuer: String) throws {
    try companion.edit(id: id, edit: Edit(issuer: Concealed(issuer)))
}

func isWell(_ companion: Companion) throws -> Bool {
    let found = try companion.check()
    return found.unreadable.isEmpty && found.missing.isEmpty && found.lineage == nil
}

func putBack(_ place: VaultPlace, _ code: RecoveryCode) throws -> Restored? {
    guard let newest = try snapshots(place: place).first else { return nil }
    return try restoreSnapshot(
        place: place, snapshot: newest, credential: .recovery(code: code), older: .refuse, ports: .system
    )
}

func join(_ companion: Companion, link: String) throws -> RecordId? {
    guard let invitation = examine(text: link).invitation() else { return nil }
    let new = NewWork(deviceName: "Phone", platform: "ios", app: "app example 1", keys: .platform)
    return try companion.addWork(invitation: invitation, new: new)
}

func ringing(_ companion: Companion, show: (Statement) -> Void) async throws {
    for try await event in companion.events() {
        if case .rings(_, let statement) = event { show(try companion.statement(id: statement)) }
    }
}

func answer(_ companion: Companion, _ id: StatementId, number: String) async throws -> Outcome? {
    try await companion.decide(id: id, decision: .approve(number: number))
    try await companion.settle(attention: .looking)
    return try companion.statement(id: id).outcome
}

func whileLocked(_ companion: Companion, _ key: PlatformKey) async throws -> [PorchStatement] {
    try await companion.openPorch(key: key)
    return try companion.waiting()
}

func proof(_ companion: Companion, of account: RecordId) async throws -> String {
    try await companion.exportHistory(account: account).document.expose()
}

func goAway(_ companion: Companion, from account: RecordId) async throws {
    try companion.leave(id: account)
    try await companion.settle(attention: .looking)
}

final class Doorbell: Notifier {
    func notify(event: Event) throws { print("something happened") }
}

func said(_ error: CountersignError) -> String {
    switch error {
    case .closed: "shut"
    case .notUnlocked: "locked"
    case .notLocked: "unlocked already"
    case .noPort(let port): "no \(port)"
    case .portFailed(let port): "\(port) failed"
    case .vault(let fault): "the vault: \(fault)"
    case .approval(let fault): "the request: \(fault)"
    case .key(let fault): "the key: \(fault)"
    case .noSuchName: "no such account"
    case .ambiguousName(let candidates): "\(candidates.count) accounts"
    case .nothingToAdd: "no code"
    case .badHistory(let place): "the history, from \(place.seq) on"
    case .changed: "look again"
    }
}
