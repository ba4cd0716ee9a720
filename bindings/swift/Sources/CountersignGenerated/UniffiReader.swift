import CountersignFFI
import Foundation

/// What the generator's converters read values from: the library's own bytes, without a copy. It takes the place of the generator's,
/// which goes through `Data` for each number and is several times slower.
@_documentation(visibility: private)
public struct UniffiReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// Reads from a buffer, which must outlive this.
    init(_ buffer: RustBuffer) {
        bytes = UnsafeRawBufferPointer(start: buffer.data, count: Int(buffer.len))
    }

    /// Whether there is more.
    var hasRemaining: Bool {
        offset < bytes.count
    }

    /// The next number, which has its largest byte first; nil past the end.
    @inline(__always)
    mutating func number<Number: FixedWidthInteger>() -> Number? {
        let size = MemoryLayout<Number>.size
        guard size <= bytes.count - offset else { return nil }
        defer { offset += size }
        return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// The next bytes; nil past the end.
    @inline(__always)
    mutating func next(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= bytes.count - offset else { return nil }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }
}
