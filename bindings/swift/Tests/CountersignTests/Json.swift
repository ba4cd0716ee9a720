import Foundation

/// A JSON value.
enum Json: Codable, Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Decimal)
    case text(String)
    case list([Json])
    case object([String: Json])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Int64.self) {
            self = .number(Decimal(number))
        } else if let number = try? value.decode(Decimal.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([Json].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: Json].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let bool): try value.encode(bool)
        case .number(let number): try value.encode(number)
        case .text(let text): try value.encode(text)
        case .list(let list): try value.encode(list)
        case .object(let object): try value.encode(object)
        }
    }

    static func parsed(_ bytes: Data) throws -> Json {
        bytes.isEmpty ? .null : try JSONDecoder().decode(Json.self, from: bytes)
    }

    /// A member of an object; nil where it is missing.
    subscript(name: String) -> Json? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    /// The elements of a list; none of anything else.
    var elements: [Json] {
        if case .list(let list) = self { list } else { [] }
    }

    /// A text, number or truth as text; nil of anything else.
    var plain: String? {
        switch self {
        case .text(let text): text
        case .number(let number): "\(number)"
        case .bool(let bool): "\(bool)"
        case .null, .list, .object: nil
        }
    }

    func text(_ name: String) throws -> String {
        guard let text = self[name]?.plain else { throw Unexpected("no text \(name)") }
        return text
    }

    func text(_ name: String, or otherwise: String) -> String {
        self[name]?.plain ?? otherwise
    }

    func list(_ name: String) -> [Json] {
        self[name]?.elements ?? []
    }
}

extension Json: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral {
    init(stringLiteral text: String) { self = .text(text) }
    init(integerLiteral number: Int64) { self = .number(Decimal(number)) }
    init(booleanLiteral bool: Bool) { self = .bool(bool) }
    init(nilLiteral: ()) { self = .null }
}

extension Json: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral members: (String, Json)...) {
        self = .object(Dictionary(uniqueKeysWithValues: members))
    }
}

/// What a test did not expect.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
