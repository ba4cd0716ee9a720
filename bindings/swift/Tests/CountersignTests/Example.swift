import Countersign

// The examples of the README, word for word.

func example(path: String) async throws {
    let code = try RecoveryCode.generate()
    print("Keep this safe:", code.format().expose())
    let companion = try await Companion.create(at: VaultPlace(at: path), password: "correct horse", recovery: code)
    defer { companion.shut() }
    try companion.add(reading: examine(text: "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example"))
    for row in try companion.list() {
        print(row.issuer.expose(), row.account.expose(), row.window?.current.expose() ?? "-")
    }
}

func approve(_ companion: Companion, link: String, ask: (Statement) async -> String) async throws {
    guard let invitation = examine(text: link).invitation() else { return }
    let new = NewWork(deviceName: "Laptop", platform: "linux", app: "example 1", keys: .software)
    try companion.addWork(invitation: invitation, new: new)
    for try await event in companion.events() {
        if case .rings(_, let statement) = event {
            let number = await ask(try companion.statement(id: statement))
            try await companion.decide(id: statement, decision: .approve(number: number))
        }
    }
}
