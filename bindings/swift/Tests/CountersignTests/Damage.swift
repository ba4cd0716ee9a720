import Countersign
import Foundation

/// The bytes of one page of a vault's file.
let pageBytes = 4_096

func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
}

func write(_ bytes: Data, _ path: String) throws {
    try bytes.write(to: URL(fileURLWithPath: path))
}

extension Desk {
    /// Changes the shut vault as who has its file and no key.
    func attack(_ statement: String) throws {
        try Sqlite.run(statement, in: place.path)
    }

    /// The vault's file and its write-ahead log, as a crash after a change leaves them.
    func logOfAChange(to account: RecordId) throws -> (file: Data, log: Data) {
        let companion = try opened()
        defer { companion.shut() }
        try companion.edit(id: account, edit: Edit.of(account: "eve"))
        return try (bytes(place.path), bytes(place.path + "-wal"))
    }
}

/// SQLite as this machine has it: Apple's systems come with it, and Debian's Swift needs it. It is found by name when a test wants
/// it, so that the package has nothing to link for its tests.
enum Sqlite {
    private typealias Texts = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private typealias EachRow = @convention(c) (UnsafeMutableRawPointer?, CInt, Texts?, Texts?) -> CInt
    private typealias Open = @convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<OpaquePointer?>) -> CInt
    private typealias Run = @convention(c) (OpaquePointer?, UnsafePointer<CChar>, EachRow?, UnsafeMutableRawPointer?, Texts?) -> CInt
    private typealias Close = @convention(c) (OpaquePointer?) -> CInt

    #if canImport(Darwin)
    private static let library = "/usr/lib/libsqlite3.dylib"
    #else
    private static let library = "libsqlite3.so.0"
    #endif

    private static func function<Function>(_ name: String) throws -> Function {
        guard let opened = dlopen(library, RTLD_NOW), let found = dlsym(opened, name) else {
            throw Unexpected("no \(name): is \(library) installed?")
        }
        return unsafeBitCast(found, to: Function.self)
    }

    /// Does one statement in a file; gives the first column of what it finds.
    @discardableResult
    static func run(_ statement: String, in path: String) throws -> [String] {
        let (open, run, close): (Open, Run, Close)
        (open, run, close) = try (function("sqlite3_open"), function("sqlite3_exec"), function("sqlite3_close"))
        var database: OpaquePointer?
        defer { _ = close(database) }
        guard open(path, &database) == 0 else { throw Unexpected("SQLite does not open the file") }
        let each: EachRow = { found, _, columns, _ in
            if let first = columns?.pointee {
                found?.assumingMemoryBound(to: [String].self).pointee.append(String(cString: first))
            }
            return 0
        }
        var found: [String] = []
        let result = withUnsafeMutablePointer(to: &found) { run(database, statement, each, $0, nil) }
        guard result == 0 else { throw Unexpected("SQLite says \(result) to \(statement)") }
        return found
    }
}
