import Basics

/// URLs, as far as needed for the pages.
enum QueryText {
    /// The parameters of a URL's query; the first of each name.
    static func parameters(of url: String) -> [String: String] {
        guard let mark = url.firstIndex(of: "?") else { return [:] }
        let query = url[url.index(after: mark)...].prefix { $0 != "#" }
        var parameters: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Percent.decodeForm(parts[0].utf8)
            if parameters[name] == nil { parameters[name] = parts.count > 1 ? Percent.decodeForm(parts[1].utf8) : "" }
        }
        return parameters
    }

    /// A reference in a page as an absolute URL (RFC 3986, section 5.2, without the removal of dot segments).
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
}
