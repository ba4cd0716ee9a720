/// A private text: a name, a code, an exported link, a note. Only ``expose()`` shows it; in logs, errors, `dump` and
/// interpolations it is `[redacted]`.
public struct Concealed: Hashable, Sendable {
    private let text: String

    /// Conceals a text.
    public init(_ text: String) {
        self.text = text
    }

    /// The text itself, for the person whose it is.
    public func expose() -> String {
        text
    }
}

extension Concealed: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "[redacted]" }
    public var debugDescription: String { "[redacted]" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
