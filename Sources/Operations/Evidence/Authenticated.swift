import Basics
import Messages
import TrustList
import X509

/// A value that came over an authenticated channel, or was compared with one, and how.
///
/// What a token signs, what is restored, and what lets a change continue has this type. Only the readers of this module
/// can create it. Source: docs/architecture.md, "What is believed".
public struct Authenticated<Value: Sendable>: Sendable {
    public let value: Value
    public let proof: Proof

    init(_ value: Value, _ proof: Proof) {
        self.value = value
        self.proof = proof
    }
}

extension Authenticated<[UInt8]> {
    /// A file that an earlier run created or proved: what is stored at this path must have the SHA-256 that the run recorded.
    ///
    /// - Returns: nil if it has another one.
    /// - Throws: `FileError`.
    public static func recorded(as sha256: String, at path: String) throws(FileError) -> Authenticated<[UInt8]>? {
        let bytes = try Files.read(path)
        guard Digest.sha256(bytes).hex == sha256 else { return nil }
        return .init(bytes, .earlierRun(sha256: sha256))
    }

    /// The same where there may be no file.
    public var asOptional: Authenticated<[UInt8]?> { Authenticated<[UInt8]?>(value, proof) }
}

extension Authenticated<[UInt8]?> {
    /// That an earlier run recorded that there was no file.
    public static var recordedAsAbsent: Authenticated<[UInt8]?> { .init(nil, .earlierRun(sha256: nil)) }

    /// The file, where there is one.
    public var file: Authenticated<[UInt8]>? { value.map { .init($0, proof) } }
}

/// How a value is known to be authentic.
public struct Proof: Sendable, Hashable, Codable {
    /// The stable kinds.
    public enum Way: String, Sendable, Hashable, Codable, CaseIterable {
        /// Read on a node's command line, over SSH with a pinned key.
        case commandLine = "command-line"
        /// Read over TFTP and HTTP, and compared with checksums and length that the node prints on its command line.
        case statement
        /// A node's own certificate, from `show cert own`.
        case ownCertificate = "own-certificate"
        /// Created or proven by an earlier run, and recorded by its SHA-256.
        case earlierRun = "earlier-run"
        /// Not proven; the user accepted that.
        case accepted
    }

    public let way: Way
    /// One clause, for people.
    public let text: LocalizableText

    /// A text that was saved and read again is the same if it says the same.
    public static func == (one: Proof, other: Proof) -> Bool {
        one.way == other.way && one.text.localized == other.text.localized
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(way) }

    static func statement(_ kind: String, of nodes: [String]) -> Proof {
        Proof(
            way: .statement,
            text: localized("MD5, SHA-1 and length are those that \(kind) prints on \(nodes.joined(separator: ", "))"))
    }

    static func ownCertificate(_ unit: String, of node: String) -> Proof {
        Proof(way: .ownCertificate, text: localized("from show cert own \(unit) on \(node)"))
    }

    static func commandLine(_ command: String, of node: String) -> Proof {
        Proof(way: .commandLine, text: localized("from \(command) on \(node)"))
    }

    static func earlierRun(sha256: String?) -> Proof {
        Proof(
            way: .earlierRun,
            text: sha256.map { localized("recorded by an earlier run, SHA-256 \($0)") }
                ?? localized("recorded by an earlier run: no file"))
    }

    static func accepted(_ what: LocalizableText) -> Proof { Proof(way: .accepted, text: what) }
}
