import Basics
import Messages
import X509

/// What a node says on its command line about a trust list file that it has: checksums and length, or that there is none.
///
/// TFTP and HTTP prove nothing by themselves; the command line is reached over SSH with a pinned key. Source:
/// docs/cluster-interfaces.md, "What counts as proven".
public enum TrustListStatement: Sendable, Hashable {
    /// - md5, sha1: lower-case hexadecimal.
    /// - length: bytes.
    case file(md5: String, sha1: String, length: Int)
    case absent

    /// The statement that describes these bytes; nil for no file.
    public init(of bytes: [UInt8]?) {
        guard let bytes else {
            self = .absent
            return
        }
        self = .file(md5: Digest.md5(bytes).hex, sha1: Digest.sha1(bytes).hex, length: bytes.count)
    }

    /// Whether it describes these bytes, or the absence of a file.
    public func fits(_ bytes: [UInt8]?) -> Bool { self == TrustListStatement(of: bytes) }

    /// `4947 bytes, SHA-1 1d97...`, or `no file`.
    public var summary: LocalizableText {
        switch self {
        case .file(_, let sha1, let length): localized("\(length) bytes, SHA-1 \(sha1)")
        case .absent: localized("no file")
        }
    }

    /// What `show ctl` or `show itl` prints: `HEX(MD5)` and `HEX(SHA1)` on lines of their own, `Length of CTL file: N`;
    /// where there is none, the length 0 and `CTL File not found.`
    ///
    /// Nil for anything else: output that is not understood says nothing, least of all that there is no file.
    public init?(_ kind: TrustListKind, answer text: String) {
        let name = kind == .ctl ? "CTL" : "ITL"
        var sums: [String: [String]] = [:]
        var lengths: [Int?] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            for (mark, digits) in [("(MD5)", 32), ("(SHA1)", 40)] where line.hasSuffix(mark) {
                let hex = line.dropLast(mark.count).trimmed.lowercased()
                guard hex.utf8.count == digits, hex.allSatisfy(\.isHexDigit), hex.utf8.count == hex.count else {
                    return nil
                }
                sums[mark, default: []].append(hex)
            }
            if let rest = Self.rest(of: line, after: "Length of \(name) file:") { lengths.append(Int(rest)) }
        }
        // Each once: output that mentions two files is not understood.
        guard lengths.count == 1, let length = lengths[0], length >= 0 else { return nil }
        let plain = TerminalText.collapsed(text)
        if length == 0, sums.isEmpty, plain.contains("\(name) File not found") {
            self = .absent
            return
        }
        guard length > 0, sums["(MD5)"]?.count == 1, sums["(SHA1)"]?.count == 1, let md5 = sums["(MD5)"]?[0],
            let sha1 = sums["(SHA1)"]?[0], !plain.contains("\(name) File not found")
        else { return nil }
        self = .file(md5: md5, sha1: sha1, length: length)
    }

    private static func rest(of line: String, after label: String) -> String? {
        line.hasPrefix(label) ? line.dropFirst(label.count).trimmed : nil
    }
}
