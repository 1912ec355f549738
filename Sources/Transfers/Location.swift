import Messages

/// A URL parsed just far enough to check it, and to name the peer in an error without disclosing anything.
struct Location {
    let scheme: String
    /// Scheme, host, port and path.
    let text: String
    /// Scheme, host and port; equal for two URLs of one server.
    let peer: String

    init(_ url: String, operation: LocalizableText) throws(TransferError) {
        func invalid(_ message: LocalizableText) -> TransferError {
            TransferError(
                code: .invalidRequest, operation: operation, location: localized("the URL given"), message: message)
        }
        guard let end = url.firstRange(of: "://") else { throw invalid(localized("it has no scheme")) }
        scheme = url[..<end.lowerBound].lowercased()
        let rest = url[end.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty else { throw invalid(localized("it names no host")) }
        // Credentials in a URL end up in logs; there is a property for them.
        guard !authority.contains("@") else { throw invalid(localized("it contains credentials")) }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw invalid(localized("it contains a space or control character"))
        }
        let name = authority.lowercased()
        let port = name.last { $0 == ":" || $0 == "]" } == ":" ? "" : scheme == "https" ? ":443" : ":80"
        peer = "\(scheme)://\(name)\(port)"
        text = "\(scheme)://\(rest.prefix { $0 != "?" && $0 != "#" && $0 != ";" })"
    }

    /// A host in URL form: an IPv6 address in brackets.
    static func bracketed(_ host: String) -> String {
        host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
    }
}
