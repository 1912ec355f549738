/// Names of hosts, as a cluster spells them.
public enum HostName {
    /// Whether two names belong to one host: letter case does not matter, and a short name matches a full one that
    /// starts with it. An address only matches itself.
    public static func areSame(_ first: String, _ second: String) -> Bool {
        let (a, b) = (first.lowercased(), second.lowercased())
        if a == b { return true }
        guard !isAddress(a), !isAddress(b), !a.isEmpty, !b.isEmpty, a.contains(".") != b.contains(".") else {
            return false
        }
        return a.prefix { $0 != "." } == b.prefix { $0 != "." }
    }

    /// Whether it is an IPv4 or IPv6 address.
    public static func isAddress(_ text: String) -> Bool {
        text.contains(":") || text.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
    }
}
