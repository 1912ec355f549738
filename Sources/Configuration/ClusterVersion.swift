/// A release of CUCM, as `show version active` prints it: `10.5.1.10000-7`.
public struct ClusterVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// As printed.
    public let description: String
    public let major: Int
    public let minor: Int

    /// Nil unless the text starts with two numbers.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, let major = Self.number(parts[0]), let minor = Self.number(parts[1]),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), text.utf8.count < 64
        else { return nil }
        description = text
        self.major = major
        self.minor = minor
    }

    public static func == (left: ClusterVersion, right: ClusterVersion) -> Bool {
        left.description == right.description
    }

    public static func < (left: ClusterVersion, right: ClusterVersion) -> Bool {
        let (a, b) = (left.numbers, right.numbers)
        for index in 0..<max(a.count, b.count) {
            let (x, y) = (index < a.count ? a[index] : 0, index < b.count ? b[index] : 0)
            if x != y { return x < y }
        }
        return false
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(description) }

    /// The version of the AXL schema: `10.5`.
    public var axl: String { "\(major).\(minor)" }

    /// Commands `utils ctl ...` exist from 10.0 on.
    public var hasTokenlessTrustList: Bool { major >= 10 }

    /// OS Administration takes logins at another path from 11 on, and hands out Struts tokens.
    public var hasStrutsTokens: Bool { major >= 11 }

    /// The certificate REST interface: Cisco documents it for 14 and later.
    public var hasCertificateREST: Bool { major >= 14 }

    /// Before 11.0 a trust certificate has to be deleted on every node, or Cisco Certificate Change Notification brings
    /// it back (Cisco technote 211300).
    public var deletesTrustOnOneNode: Bool { major < 11 }

    /// From 11.6 on `utils ctl` asks for a restart of Cisco CTIManager as well.
    public var asksForCTIManager: Bool { major > 11 || (major == 11 && minor >= 6) }

    private var numbers: [Int] {
        description.split { $0 == "." || $0 == "-" }.map { Self.number($0) ?? 0 }
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ? Int(text) : nil
    }
}
