import Foundation

/// A field of the export's format (protocol buffers), whose numbers are below 128 here.
func field(_ number: UInt8, _ value: UInt8) -> Data {
    Data([number << 3, value])
}

func field(_ number: UInt8, _ value: Data) -> Data {
    Data([number << 3 | 2, UInt8(value.count)]) + value
}

/// An account of an export, whose codes change with the time.
func exported(secret: Data, names: Data) -> Data {
    field(1, field(1, secret) + names + field(4, 1) + field(5, 1) + field(6, 2))
}

/// One link of an export in so many parts.
func exportLink(_ accounts: Data, part: UInt8, of parts: UInt8, batch: UInt8 = 7) -> String {
    exportLink(accounts + field(2, 1) + field(3, parts) + field(4, part) + field(5, batch))
}

func exportLink(_ payload: Data) -> String {
    "otpauth-migration://offline?data=" + payload.base64EncodedString().replacingOccurrences(of: "+", with: "%2B")
}
