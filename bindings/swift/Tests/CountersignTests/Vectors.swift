import Countersign
import Foundation

/// The cases of one file.
func vectors(_ name: String) throws -> [Json] {
    let text = try String(contentsOfFile: "../../tests/vectors/" + name, encoding: .utf8)
    return try text.split(separator: "\n").map { try Json.parsed(Data($0.utf8)) }
}

/// What is typed into the form of a case.
func form(_ input: Json) -> ManualFields {
    ManualFields(
        issuer: input.text("issuer", or: ""),
        account: input.text("account", or: ""),
        secret: input.text("secret", or: ""),
        kind: input.text("type", or: input.text("kind", or: "")),
        algorithm: input.text("algorithm", or: ""),
        digits: input.text("digits", or: ""),
        period: input.text("period", or: ""),
        counter: input.text("counter", or: "")
    )
}

/// What is wrong with the answer to a case; nil when nothing is.
func wrong(_ test: Json, _ reading: Reading) throws -> String? {
    guard let expected = test["expect"] else { throw Unexpected("no expectation") }
    let id = test.text("id", or: "?")
    let isPrimary = isExpected(reading, expected)
    let mayDiffer = test.text("level", or: "") != "must" && test.list("alt_expect").contains { isExpected(reading, $0) }
    if !isPrimary && !mayDiffer { return "\(id): \(reading.errorName() ?? "accepted"), not \(expected)" }
    let warnings = reading.warnings().map { snakeCase("\($0)") }
    let missing = test.list("warnings").compactMap(\.plain).filter { !warnings.contains($0) }
    return isPrimary && !missing.isEmpty ? "\(id): \(warnings), and not \(missing)" : nil
}

private func isExpected(_ reading: Reading, _ expected: Json) -> Bool {
    if expected["error"] != nil { return isRefused(reading, expected) }
    switch expected.text("kind", or: "") {
    case "push_activation":
        return reading.kind() == .pushActivation
    case "migration":
        let (entries, accounts) = (expected.list("entries"), reading.accounts())
        return accounts.count == entries.count
            && zip(accounts, entries).allSatisfy { isAccount($0, $1) }
            && reading.failures().map { "\($0.index)" } == expected.list("failures").map { $0.text("index", or: "") }
    default:
        guard reading.isAccepted(), let account = reading.accounts().first else { return false }
        return isAccount(account, expected)
    }
}

private func isRefused(_ reading: Reading, _ expected: Json) -> Bool {
    let name = expected.text("error", or: "")
    let names = [name] + (name == "unsupported_type" ? ["push_not_supported"] : [])
    let field = reading.field().map { $0 == .expiry ? "exp" : "\($0)" }
    return !reading.isAccepted()
        && names.contains(reading.errorName() ?? "")
        && (expected["field"] == nil || expected["field"]?.plain == field)
}

private func isAccount(_ account: ReadAccount, _ expected: Json) -> Bool {
    var found = ["issuer": account.issuer.expose(), "account": account.account.expose()]
    switch account.kind {
    case .totp(let algorithm, let digits, let period):
        found.merge(["kind": "totp", "algorithm": "\(algorithm)".uppercased(), "digits": "\(digits)", "period": "\(period)"]) { $1 }
    case .hotp(let algorithm, let digits, let counter):
        found.merge(["kind": "hotp", "algorithm": "\(algorithm)".uppercased(), "digits": "\(digits)", "counter": "\(counter)"]) { $1 }
    case .steam:
        found.merge(["kind": "steam", "algorithm": "SHA1", "digits": "5", "period": "30"]) { $1 }
    }
    return found.allSatisfy { expected[$0.key]?.plain == $0.value }
}

private func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
}
