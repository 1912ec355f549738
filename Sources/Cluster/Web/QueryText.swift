/// URLs, as far as the pages need them.
enum QueryText {
    /// A value for a query: everything but letters, digits and `-._~` in percent form (RFC 3986).
    static func escape(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(Character(UnicodeScalar(byte)))
            default:
                result += ["%", digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return result
    }

    /// The parameters of a URL's query; the first of each name.
    static func parameters(of url: String) -> [String: String] {
        guard let mark = url.firstIndex(of: "?") else { return [:] }
        let query = url[url.index(after: mark)...].prefix { $0 != "#" }
        var parameters: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = unescape(parts[0])
            if parameters[name] == nil { parameters[name] = parts.count > 1 ? unescape(parts[1]) : "" }
        }
        return parameters
    }

    /// A reference from a page as a whole URL (RFC 3986, section 5.2, without the removal of dot segments).
    static func resolve(_ reference: String, against base: String) -> String {
        if reference.contains("://") { return reference }
        guard let scheme = base.firstRange(of: "://") else { return reference }
        let authorityEnd = base[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" } ?? base.endIndex
        if reference.hasPrefix("//") { return base[..<scheme.lowerBound] + ":" + reference }
        if reference.hasPrefix("/") { return base[..<authorityEnd] + reference }
        let path = base[authorityEnd...].prefix { $0 != "?" && $0 != "#" }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return base[..<authorityEnd] + folder + reference
    }

    private static func unescape(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
