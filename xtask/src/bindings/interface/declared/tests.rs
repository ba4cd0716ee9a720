use super::*;

/// Heads, a line each, those inside of others after two spaces.
fn lines(source: &str, language: Language) -> Vec<String> {
    fn add(all: &[Declared], before: &str, lines: &mut Vec<String>) {
        for one in all {
            lines.push(format!("{before}{}", one.head));
            add(&one.members, &format!("  {before}"), lines);
        }
    }
    let mut lines = Vec::new();
    add(&declared(source, language), "", &mut lines);
    lines
}

#[test]
fn kotlin_is_read_without_bodies_and_without_what_is_private() {
    let source = r#"
@file:Suppress("x")
package app
import java.io.IOException

public interface CodesInterface {
    /** It has { braces. */
    @Throws(Exception::class)
    fun `list`(`now`: ULong? = null): List<Row>

    suspend fun `send`(): Unit
    companion object
}
open class Codes: AutoCloseable, CodesInterface
{
    constructor(a: Int) { init(a) }
    constructor() : this(1)
    private val hidden = 1
    protected val handle: Long
    override fun `list`(`now`: ULong?): List<Row> {
        return run { listOf() }
    }
    companion object {
        @Throws(Exception::class) fun `open`(`path`: String): Codes {
            return Codes(1)
        }
    }
}
data class Row (
    /** Its name. */
    val `name`: String
    ,
    val `age`: Int = 3
){
    companion object
}
enum class Kind {
    /** One. */
    ONE,
    TWO;

    companion object
}
sealed class Event {
    object Nothing : Event()
    data class Rings(val id: String) : Event()
    {
    }
}
fun direct(bytes: ByteArray, ask: () -> Long = { 1L }): Int = bytes
    .size.let { it + 1 }

/** By itself. */
val LAZY: String by lazy { "" }
internal fun none() = 1
typealias Id = kotlin.String
"#;
    let expected = "\
public interface CodesInterface
  fun list(now: ULong? = null): List<Row>
  suspend fun send(): Unit
  companion object
open class Codes: AutoCloseable, CodesInterface
  constructor(a: Int)
  constructor()
  companion object
    fun open(path: String): Codes
data class Row(val name: String, val age: Int = 3)
  companion object
enum class Kind
  ONE
  TWO
  companion object
sealed class Event
  object Nothing: Event()
  data class Rings(val id: String): Event()
fun direct(bytes: ByteArray, ask: () -> Long =): Int
val LAZY: String by lazy
typealias Id = kotlin.String";
    assert_eq!(lines(source, Language::Kotlin).join("\n"), expected);
}

#[test]
fn swift_is_read_without_bodies_and_without_what_is_private() {
    let source = r#"
#if canImport(codesFFI)
import codesFFI
#endif
fileprivate extension Buffer {
    init(bytes: [UInt8]) { self.init() }
}
public protocol Clock: AnyObject, Sendable {
    func now() throws -> UInt64
}
open class Codes: CodesProtocol, @unchecked Sendable {
    fileprivate let handle: UInt64
#if swift(>=5.8)
    @_documentation(visibility: private)
#endif
    public init(noHandle: NoHandle) {
        self.handle = 0
    }
    deinit { free() }
open func list(now: UInt64? = nil)throws  -> [Row]  {
    return try lift { $0 }
}
public static func `open`(
    /** Where. */path: String)throws  -> Codes  {
    "}"
}
}
public struct Row: Equatable {
    public let name: String
    let hidden: Int
    public init(name: String) { self.name = name }
}
public enum Event {
    case nothing
    case rings(
        /** Which. */id: String
    )
    public var text: String? {
        String(reflecting: self)
    }
}
extension Row: Sendable {}
public extension Row {
    func shown() -> String { name }
}
public typealias Id = String
"#;
    let expected = "\
public protocol Clock: AnyObject, Sendable
  func now() throws -> UInt64
open class Codes: CodesProtocol, @unchecked Sendable
  public init(noHandle: NoHandle)
  open func list(now: UInt64? = nil) throws -> [Row]
  public static func open(path: String) throws -> Codes
public struct Row: Equatable
  public let name: String
  public init(name: String)
public enum Event
  case nothing
  case rings(id: String)
  public var text: String?
extension Row: Sendable
public extension Row
  func shown() -> String
public typealias Id = String";
    assert_eq!(lines(source, Language::Swift).join("\n"), expected);
}
