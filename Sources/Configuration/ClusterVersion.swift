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

    /// Whether this is a release or a later one. One in short form (`14.0`) stands for all of its builds, so it may be.
    public func mayBe(atLeast release: ClusterVersion) -> Bool {
        !(self < release) || release.description.hasPrefix(description + ".")
    }

    /// 14 SU3, from which on Cisco CTL Provider takes no tokens (Cisco 214231). *Unconfirmed*: that it is this build.
    public static let withoutTokens = ClusterVersion("14.0.1.13900")!

    /// Whether an upgrade to this release may regenerate ITLRecovery and leave the CTL file with the former one: 12.5
    /// before SU3 (Cisco field notice FN70613, bug CSCvv13565). *Unconfirmed*: that SU3 is this build.
    public var mayRegenerateITLRecovery: Bool { major == 12 && minor == 5 && self < Self.keepsITLRecovery }

    private static let keepsITLRecovery = ClusterVersion("12.5.1.13900")!

    /// Whether an upgrade to this release may leave out expired trust certificates: 12.5(1)SU6 and later ones of 12.5,
    /// 14SU2 and everything after it (Cisco's security guides). *Unconfirmed*: that they are these builds.
    public var mayDropExpiredTrust: Bool {
        major < 14 ? mayBe(atLeast: Self.dropsExpired12) : mayBe(atLeast: Self.dropsExpired14)
    }

    private static let dropsExpired12 = ClusterVersion("12.5.1.16900")!
    private static let dropsExpired14 = ClusterVersion("14.0.1.12900")!

    private var numbers: [Int] {
        description.split { $0 == "." || $0 == "-" }.map { Self.number($0) ?? 0 }
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ? Int(text) : nil
    }
}
