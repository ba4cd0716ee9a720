import Countersign
import Foundation
import Testing

extension Scenarios {
    /// The package itself: its README.
    @Suite struct PackageTests {
        @Test func theExampleOfTheReadmeRuns() async throws {
            let folder = try Folder()
            let said = try await printed { try await example(path: folder.file("my.vault")) }
            let lines = said.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.first?.wholeMatch(of: /Keep this safe: ([0-9A-Z]{4}-){8}[0-9A-Z]{4}/) != nil)
            #expect(lines.last?.wholeMatch(of: /Example alice \d{6}/) != nil)
            #expect(FileManager.default.fileExists(atPath: folder.file("my.vault")))
        }

        @Test func theExamplesOfTheReadmeAreThoseThatCompile() throws {
            let shown = try String(contentsOfFile: "README.md", encoding: .utf8).matches(of: /```swift\n(func [\s\S]*?)```/)
            let compiled = try String(contentsOfFile: "Tests/CountersignTests/Example.swift", encoding: .utf8)
            #expect(shown.map { compiled.contains($0.1) } == [true, true])
        }
    }
}
