import Basics

/// What a card says when it is powered up: its answer to reset. Source: ISO/IEC 7816-3, section 8.
public struct ATR: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Parameter text: hexadecimal, in pairs, with or without colons or spaces between them.
    public init?(_ text: String) {
        guard let bytes = [UInt8](hex: text), !bytes.isEmpty else { return nil }
        self.init(bytes)
    }
}

extension ATR: CustomStringConvertible {
    /// For example `3B:F2:18:00:02:C1:0A:31:FE:58:C8:08:74`.
    public var description: String { bytes.colonHex }
}
