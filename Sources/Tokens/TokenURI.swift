import Basics
import Messages

/// A PKCS#11 URI (RFC 7512), as far as it names a token, an object on it, and where its PIN is.
public struct TokenURI: Hashable, Sendable {
    /// The path attributes that name the token itself.
    public private(set) var token: String?
    public private(set) var serial: String?
    public private(set) var manufacturer: String?
    public private(set) var model: String?
    /// The slot that the token is in.
    public private(set) var slotDescription: String?
    public private(set) var slotID: UInt?
    /// CKA_LABEL of the object.
    public private(set) var object: String?
    /// CKA_ID of the object.
    public private(set) var id: [UInt8]?
    /// Where the PIN is read from: a path, including `file:` URIs.
    public private(set) var pinSource: String?
    /// The module to load.
    public private(set) var modulePath: String?

    /// Parses a URI. An attribute that narrows the choice but is not understood here is refused, because ignoring it
    /// could select a different token than intended; vendor attributes (`x-...`) are ignored. `pin-value` is refused,
    /// because a PIN has no place in an argument.
    ///
    /// - Throws: ``TokenError`` (`bad-uri`).
    public init(_ text: String) throws(TokenError) {
        func bad(_ reason: LocalizableText) -> TokenError {
            // A malformed URI may contain a PIN: the query is not repeated, nor any text that mentions one.
            let path = String(text.prefix { $0 != "?" })
            let shown = path.lowercased().contains("pin") ? "pkcs11:..." : path
            return TokenError(.badURI, shown, localized("\"\(shown)\" is not a PKCS#11 URI: \(reason)."))
        }
        guard Self.isScheme(of: text) else { throw bad(localized("it does not start with pkcs11:")) }
        let parts = text.dropFirst(7).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        do throws(Fault) {
            for (name, value) in try Self.attributes(parts[0], separator: ";", plain: Self.pathCharacters) {
                try take(path: name, value)
            }
            guard parts.count > 1 else { return }
            for (name, value) in try Self.attributes(parts[1], separator: "&", plain: Self.queryCharacters) {
                try take(query: name, value)
            }
        } catch {
            throw bad(error.reason)
        }
    }

    /// Whether a text is meant as a PKCS#11 URI.
    static func isScheme(of text: String) -> Bool { text.lowercased().hasPrefix("pkcs11:") }

    private struct Fault: Error { let reason: LocalizableText }

    private mutating func take(path name: Substring, _ value: [UInt8]) throws(Fault) {
        if name == "id" {
            id = value
            return
        }
        // Like the token's own attributes: in the form that is shown.
        let string = try Self.text(value, of: name).visible
        switch name {
        case "token": token = string
        case "serial": serial = string
        case "manufacturer": manufacturer = string
        case "model": model = string
        case "object": object = string
        case "slot-description": slotDescription = string
        case "slot-id":
            guard !string.isEmpty, string.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = UInt(string)
            else { throw Fault(reason: localized("slot-id=\(string) is not a number")) }
            slotID = number
        case "type":
            guard ["cert", "private"].contains(string) else {
                throw Fault(reason: localized("type=\(string) is not a certificate or key"))
            }
        default: try Self.passOver(name)
        }
    }

    private mutating func take(query name: Substring, _ value: [UInt8]) throws(Fault) {
        let string = try Self.text(value, of: name)
        switch name {
        case "pin-source": pinSource = string.hasPrefix("file:") ? try Self.path(fileURI: string) : string
        case "module-path": modulePath = string
        default: try Self.passOver(name)
        }
        guard pinSource != "", modulePath != "" else { throw Fault(reason: localized("\"\(name)\" names no file")) }
    }

    private static func passOver(_ name: Substring) throws(Fault) {
        // It belongs in the query, but is often written in the path.
        guard name != "pin-value" else {
            throw Fault(
                reason: localized(
                    "pin-value is refused, because every user of this machine can see a PIN in an argument"))
        }
        guard name.hasPrefix("x-") else {
            throw Fault(reason: localized("the attribute \"\(name)\" is not supported here"))
        }
    }

    /// Whether a token matches. An attribute that the URI omits matches everything.
    func matches(_ info: TokenInfo) -> Bool {
        (token.map { $0 == info.label || $0 == info.plainLabel } ?? true)
            && (serial.map { TokenInfo.normalized(serialNumber: $0) == info.normalizedSerialNumber } ?? true)
            && (manufacturer.map { $0 == info.manufacturer } ?? true)
            && (model.map { $0 == info.model } ?? true)
            && (slotDescription.map { $0 == info.slotDescription } ?? true)
            && (slotID.map { $0 == info.slotID } ?? true)
    }

    // MARK: - Syntax

    private static func attributes(
        _ part: Substring, separator: Character, plain: Set<UInt8>
    ) throws(Fault) -> [(name: Substring, value: [UInt8])] {
        guard !part.isEmpty else { return [] }
        var seen: Set<Substring> = []
        var result: [(name: Substring, value: [UInt8])] = []
        for item in part.split(separator: separator, omittingEmptySubsequences: false) {
            guard let equals = item.firstIndex(of: "=") else {
                throw Fault(reason: localized("a part of it does not have the form name=value"))
            }
            let name = item[..<equals]
            guard !name.isEmpty, seen.insert(name).inserted else {
                throw Fault(reason: localized("the attribute \"\(name)\" appears twice or has no name"))
            }
            guard let value = decode(item[item.index(after: equals)...], plain) else {
                throw Fault(
                    reason: localized("the value of \"\(name)\" contains a character that must be written as %XX"))
            }
            result.append((name, value))
        }
        return result
    }

    /// Characters that need no escaping in a value, before the question mark and after it (RFC 7512, section 2.3). The
    /// separators are among the first set; the text has already been split at them.
    private static let pathCharacters = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:[]@!$'()*+,=&".utf8)
    private static let queryCharacters = pathCharacters.union("/?|".utf8).subtracting("&".utf8)

    private static func decode(_ text: Substring, _ plain: Set<UInt8>) -> [UInt8]? {
        let isPlain = text.utf8.allSatisfy { $0 == UInt8(ascii: "%") || plain.contains($0) }
        return isPlain && Percent.isWhole(text.utf8) ? Percent.decode(text.utf8) : nil
    }

    /// A value as text. No label, and no path that C understands, contains a NUL.
    private static func text(_ value: [UInt8], of name: Substring) throws(Fault) -> String {
        guard let string = String(validating: value, as: UTF8.self), !value.contains(0) else {
            throw Fault(reason: localized("the value of \"\(name)\" is not text"))
        }
        return string
    }

    /// The path of `file:/path`, `file:///path` and `file://localhost/path` (RFC 8089), and of `file:name`.
    private static func path(fileURI: String) throws(Fault) -> String {
        let rest = fileURI.dropFirst(5)
        guard rest.hasPrefix("//") else { return String(rest) }
        let host = rest.dropFirst(2).prefix { $0 != "/" }
        guard host.isEmpty || host == "localhost" else {
            throw Fault(reason: localized("pin-source names a file on another machine"))
        }
        return String(rest.dropFirst(2 + host.count))
    }
}
