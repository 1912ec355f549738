import Cluster
import Configuration
import Messages

/// Why what a cluster serves cannot be believed, or cannot be used.
public struct EvidenceError: UserError {
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// What a node serves is not what it says itself. Never accepted.
        case contradicted
        /// A node has no way to say what it has; only accepted if the user says so.
        case unproven
        /// Nodes have no file, or different ones.
        case inconsistent = "inconsistent-files"
        /// A file cannot be read, or its signature fails.
        case unusable = "present-file-invalid"
    }

    public let code: Code
    /// The node that it is about.
    public let node: String?
    public let text: LocalizableText
    public let next: LocalizableText?
    public let cause: (any Error)?

    init(
        _ code: Code, node: String? = nil, _ text: LocalizableText, next: LocalizableText?, cause: (any Error)? = nil
    ) {
        (self.code, self.node, self.text, self.next, self.cause) = (code, node, text, next, cause)
    }

    /// The option by which the user accepts what cannot be proven.
    public static let option = "--accept-unproven"

    /// - Parameter cluster: its name in the configuration, for the advice.
    static func contradicted(
        _ reading: TrustListReading, _ statement: TrustListStatement, _ kind: TrustListKind, cluster: String?
    ) -> EvidenceError {
        EvidenceError(
            .contradicted, node: reading.node,
            contradiction(
                node: reading.node, over: reading.transport.text, kind, served: reading.summary,
                stated: statement.summary),
            next: contradictionAdvice(reading.node, cluster: cluster))
    }

    static func contradiction(
        node: String, over way: String, _ kind: TrustListKind, served: LocalizableText, stated: LocalizableText
    ) -> LocalizableText {
        localized(
            "\(node) serves another \(kind.fileName) over \(way) (\(served)) than it says itself with \(kind.command) (\(stated)): someone answers in its place, or Cisco Tftp serves from memory."
        )
    }

    static func contradictionAdvice(_ node: String, cluster: String?) -> LocalizableText {
        localized(
            "Restart Cisco Tftp there: etoken-bridge cluster restart-services --cluster \(word: cluster ?? "NAME") --service tftp --node \(word: node). If it stays so, find out who answers in its place before you change anything."
        )
    }

    static func unproven(_ kind: TrustListKind, _ error: ClusterError, node: String) -> EvidenceError {
        EvidenceError(
            .unproven, node: node,
            localized(
                "Nothing proves that the \(kind.fileName) served at the address of \(node) is the node's own: \(kind.command) says nothing about it (\(error.clause))."
            ),
            next: localized(
                "Compare the checksums by hand, for example with show ctl on the node's console. If they are the same, add \(Self.option)."
            ), cause: error)
    }

    static func accepted(_ kind: TrustListKind, node: String) -> Proof {
        .accepted(
            localized("nothing proves that this \(kind.fileName) is that of \(node); \(Self.option) accepts it"))
    }
}

extension ClusterError {
    /// Whether a node has no way to say what was asked, rather than that it could not be asked.
    var isWithoutAWay: Bool { [.notSupported, .unexpectedAnswer].contains(code) }
}

extension TrustListKind {
    /// What states it on the command line.
    package var command: String { self == .ctl ? "show ctl" : "show itl" }
}
