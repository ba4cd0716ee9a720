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

        /// What a text shows in Swift.
        private func shown(_ text: String) throws -> [String] {
            try String(contentsOfFile: text, encoding: .utf8).matches(of: /```swift\n([\s\S]*?)```/).map { String($0.1) }
        }

        private func compiled(_ name: String) throws -> String {
            try String(contentsOfFile: "Tests/CountersignTests/\(name).swift", encoding: .utf8)
        }

        @Test func theExamplesOfTheReadmeAreThoseThatCompile() throws {
            let compiled = try compiled("Example")
            #expect(try shown("README.md").map { compiled.contains($0) } == [true, true])
        }

        @Test func theExamplesOfThePageAreThoseThatCompile() throws {
            let compiled = try compiled("Pages")
            // Declarations alone have no body.
            let examples = try shown("../../docs/api/swift.md").filter { $0.contains("{\n") }
            #expect(examples.count > 10)
            #expect(examples.filter { !compiled.contains($0) } == [])
        }
    }
}
