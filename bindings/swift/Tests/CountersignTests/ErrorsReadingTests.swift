import Countersign
import Foundation
import Testing

private func link(_ more: String, type: String = "totp", secret: String = "secret=JBSWY3DPEHPK3PXP&") -> String {
    "otpauth://\(type)/a?\(secret)\(more)"
}

private let origin = "https%3A%2F%2Flogin.example.org"

private func invitation(version: String = "1", url: String = "url=\(origin)&") -> String {
    "countersign://enrol?v=\(version)&\(url)id=uzGIKXqS2Kx9wC8s3QDm7w&secret=94SNirR0PejRBCF2Lqd-Zg"
        + "&key=jOpXdG9OpnBBtOxoy-KhkrbjvGBKhkSYSHVeKcgdOh0&exp=1800000600"
}

/// Texts, and what each is refused with.
private let texts: [(String, UriError)] = [
    (aliceLink + "&secret=GEZDGNBVGY3TQOJQ", .duplicateParameter(field: .secret)),
    (exportLink(Data(), part: 0, of: 1), .emptyPayload),
    (link("", secret: "secret="), .emptySecret),
    (invitation(url: "url=http%3A%2F%2Flogin.example.org&"), .insecureUrl),
    (link("counter=x", type: "hotp"), .invalidCounter(at: 0)),
    (link("digits=eleven"), .invalidDigits(at: 0)),
    (exportLink(Data([0, 0, 0])), .invalidPayload),
    (link("period=0"), .invalidPeriod(at: nil)),
    (link("", secret: "secret=JBSWY3DP1"), .invalidSecret(at: 8, replacement: nil)),
    (invitation(version: ""), .malformed(field: .version)),
    ("otpauth-migration://offline?data=", .missingData),
    (link("", secret: ""), .missingSecret),
    (invitation(url: ""), .missingUrl),
    ("hello", .notOtpauth),
    ("otpauth://push/a", .pushNotSupported),
    (link("", secret: "secret=" + String(repeating: "A", count: 1_000)), .secretTooLong),
    (link("issuer=" + String(repeating: "a", count: 9_000)), UriError.tooLong),
    (link("algorithm=MD5"), .unsupportedAlgorithm),
    (aliceLink + "&2step_salt=8", .unsupportedTwoStep),
    (link("", type: "motp"), .unsupportedType),
    (invitation(version: "2"), .unsupportedVersion),
]

/// What is typed into the form, and what it is refused with.
private let forms: [(ManualFields, UriError)] = [
    (ManualFields(secret: "JBSWY3DPEHPK3PXP"), .missingName),
    (ManualFields(account: "alice", secret: invitation()), .wrongKind),
]

extension Scenarios {
    /// What is said against what is read: one text a fact.
    @Suite struct ErrorsReadingTests {
        @Test(arguments: texts)
        func eachFaultOfATextIsNamed(text: String, fault: UriError) {
            let reading = examine(text: text)
            #expect(reading.error() == fault)
            #expect(!reading.isAccepted() && reading.accounts() == [] && reading.invitation() == nil)
        }

        @Test(arguments: forms)
        func eachFaultOfAFormIsNamed(fields: ManualFields, fault: UriError) {
            let reading = examineManual(fields: fields)
            #expect(reading.error() == fault)
            #expect(!reading.isAccepted() && reading.accounts() == [])
        }
    }
}
