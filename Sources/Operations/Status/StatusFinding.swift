import Messages

/// Something wrong with a cluster: an error if phones or nodes are treated differently, or will be. Its subject is a
/// node, or the whole cluster.
public typealias StatusFinding = Finding<StatusCode, String>

/// The kinds of what can be wrong with a cluster; stable across releases.
public enum StatusCode: String, Codable, Sendable, Hashable, CaseIterable {
    case nodeNotRead = "node-not-read"
    case versionsDiffer = "versions-differ"
    case nodesDiffer = "nodes-differ"
    case noFileInMixedMode = "no-file-in-mixed-mode"
    case fileInNonSecureMode = "file-in-non-secure-mode"
    case filesDiffer = "files-differ"
    /// What a node serves is not what it says itself that it has.
    case fileContradicted = "file-contradicted"
    case fileUnusable = "file-unusable"
    case certificateNotInFile = "certificate-not-in-file"
    case itlSignerNotInFile = "itl-signer-not-in-file"
    case itlTooLarge = "itl-too-large"
    case tokensNotSupported = "tokens-not-supported"
    case keyUnusable = "key-unusable"
    case trustExpired = "trust-expired"
    case certificateExpired = "certificate-expired"
    case certificateExpires = "certificate-expires"
    case serviceNotRunning = "service-not-running"
    case tftpRoleDiffers = "tftp-role-differs"
    case replicationBroken = "replication-broken"
    /// Known from this machine's journals, not from the cluster.
    case phonesLeftBehind = "phones-left-behind"
    /// The same.
    case changeUnfinished = "change-unfinished"
    /// The CTL file is not the one that the last change left, as this machine remembers it.
    case fileReplaced = "file-replaced"
    case tvsNotReached = "tvs-not-reached"
    case certificateNotRead = "certificate-not-read"
    // Of a plan: what the change would need later.
    case administrationNotUsable = "administration-not-usable"
    case phonesNotRestartable = "phones-not-restartable"
    case diskSpace = "disk-space"
}

extension StatusFinding {
    public var node: String? { subject }

    public init(code: Code, severity: Severity, node: String? = nil, text: LocalizableText, next: [LocalizableText]) {
        self.init(code: code, severity: severity, subject: node, text: text, next: next)
    }
}

extension StatusFinding: Codable {
    private enum Key: String, CodingKey { case code, severity, node, text, next }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            code: try container.decode(StatusCode.self, forKey: .code),
            severity: try container.decode(FindingSeverity.self, forKey: .severity),
            subject: try container.decodeIfPresent(String.self, forKey: .node),
            text: try container.decode(LocalizableText.self, forKey: .text),
            next: try container.decode([LocalizableText].self, forKey: .next))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(code, forKey: .code)
        try container.encode(severity, forKey: .severity)
        try container.encodeIfPresent(subject, forKey: .node)
        try container.encode(text, forKey: .text)
        try container.encode(next, forKey: .next)
    }
}
