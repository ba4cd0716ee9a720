import Countersign
import Foundation

/// What calls through the package cost, for `cargo xtask bench`: a line a measure, its name and the nanoseconds of each turn.
@main
struct Bench {
    private static let turns = 11
    private static let accounts = 1_000
    private static let now: UnixSeconds = 1_800_000_000

    /// What is measured, and how often in a turn.
    private struct Work {
        let name: String
        let times: Int
        let run: () throws -> Void
    }

    /// Nanoseconds of one call: the middle one of several.
    private static func turn(_ work: Work) throws -> UInt64 {
        var spent: [UInt64] = []
        for _ in 0..<work.times {
            let began = DispatchTime.now().uptimeNanoseconds
            try work.run()
            spent.append(DispatchTime.now().uptimeNanoseconds - began)
        }
        return spent.sorted()[work.times / 2]
    }

    static func main() async throws {
        let folder = NSTemporaryDirectory() + "countersign-bench-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let companion = try await Companion.create(at: VaultPlace(at: folder + "/vault"), recovery: RecoveryCode.generate())
        defer { companion.shut() }
        for index in 0..<accounts {
            let key = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
            let names = "Service%20\(index):person.\(index)@example.org"
            try companion.add(reading: examine(text: "otpauth://totp/\(names)?secret=\(key)&issuer=Service%20\(index)"))
        }
        precondition(try! companion.list(now: now).count == accounts && companion.codes(now: now).count == accounts)
        // A period later at each call: every code changes, which is when a list and a tick are dearest.
        var changing = now
        func next() -> UnixSeconds {
            changing += 30
            return changing
        }
        let works = [
            Work(name: "list", times: 51) { _ = try companion.list(now: next()) },
            Work(name: "tick", times: 51) { _ = try companion.codes(now: next()) },
            Work(name: "empty", times: 1_001) { _ = trashDays() },
        ]
        for work in works { _ = try turn(work) }
        var measured = works.map { _ in [UInt64]() }
        for _ in 0..<turns {
            for (place, work) in works.enumerated() { measured[place].append(try turn(work)) }
        }
        for (work, turns) in zip(works, measured) {
            print(work.name, turns.map(String.init).joined(separator: " "))
        }
    }
}
