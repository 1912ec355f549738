/// A PKCS#11 URI (RFC 7512), as far as it names a token, an object on it, and where its PIN is.
public struct TokenURI: Hashable, Sendable {
    /// The path attributes that name the token itself.
    public private(set) var token: String?
    public private(set) var serial: String?
    public private(set) var manufacturer: String?
    public private(set) var model: String?
    /// CKA_LABEL of the object.
    public private(set) var object: String?
    /// CKA_ID of the object.
    public private(set) var id: [UInt8]?
    /// Where the PIN is read from: a path, `file:` URIs included.
    public private(set) var pinSource: String?
    /// The module to load.
    public private(set) var modulePath: String?

    /// Reads a URI. Attributes that do not matter here are checked for their form and passed over; `pin-value` is
    /// refused, as a PIN has no place in an argument.
    ///
    /// - Throws: ``TokenError`` (`bad-uri`).
    public init(_ text: String) throws(TokenError) {
        func bad(_ reason: String) -> TokenError {
            TokenError(.badURI, text, "\"\(text)\" is not a PKCS#11 URI: \(reason).")
        }
        guard text.lowercased().hasPrefix("pkcs11:") else { throw bad("it does not start with pkcs11:") }
        let parts = text.dropFirst(7).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var seen: Set<Substring> = []
        func attributes(_ part: Substring, _ separator: Character) throws(TokenError) -> [(Substring, [UInt8])] {
            var result: [(Substring, [UInt8])] = []
            for item in part.split(separator: separator, omittingEmptySubsequences: false) where !part.isEmpty {
                guard let equals = item.firstIndex(of: "=") else { throw bad("\"\(item)\" is not an attribute") }
                let name = item[..<equals]
                guard !name.isEmpty, seen.insert(name).inserted else {
                    throw bad("\"\(name)\" stands twice or is empty")
                }
                guard let value = Self.decode(item[item.index(after: equals)...]) else {
                    throw bad("\"\(name)\" holds a character that must be written as %XX")
                }
                result.append((name, value))
            }
            return result
        }
        for (name, value) in try attributes(parts[0], ";") {
            let string = String(decoding: value, as: UTF8.self)
            switch name {
            case "token": token = string
            case "serial": serial = string
            case "manufacturer": manufacturer = string
            case "model": model = string
            case "object": object = string
            case "id": id = value
            case "type":
                guard ["cert", "private"].contains(string) else {
                    throw bad("type=\(string) is not a certificate or key")
                }
            default: break
            }
        }
        for (name, value) in try attributes(parts.count > 1 ? parts[1] : "", "&") {
            let string = String(decoding: value, as: UTF8.self)
            switch name {
            case "pin-source": pinSource = string.hasPrefix("file:") ? Self.path(fileURI: string) : string
            case "module-path": modulePath = string
            case "pin-value":
                throw TokenError(
                    .badURI, "pkcs11:",
                    "pin-value is refused: a PIN in an argument can be seen by every user of this machine.")
            default: break
            }
        }
    }

    /// Whether a token fits. An attribute that the URI leaves out fits everything.
    func matches(_ info: TokenInfo) -> Bool {
        (token.map { $0 == info.label || $0 == info.plainLabel } ?? true)
            && (serial.map { $0 == info.serialNumber } ?? true)
            && (manufacturer.map { $0 == info.manufacturer } ?? true)
            && (model.map { $0 == info.model } ?? true)
    }

    /// `file:/path` and `file:///path`.
    private static func path(fileURI: String) -> String {
        let rest = fileURI.dropFirst(5)
        return rest.hasPrefix("//") ? String(rest.dropFirst(2)) : String(rest)
    }

    /// Characters that stand for themselves (RFC 7512, section 2.3), and `%XX`.
    private static func decode(_ text: Substring) -> [UInt8]? {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:[]@!$'()*+,=/&|".utf8)
        var output: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard bytes.count >= 2,
                    let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                output.append(value)
                bytes = bytes.dropFirst(2)
            } else {
                guard plain.contains(byte) else { return nil }
                output.append(byte)
            }
        }
        return output
    }
}
