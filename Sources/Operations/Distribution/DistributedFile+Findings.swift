import Cluster
import Configuration
import Messages

extension DistributedFile {
    /// Nodes that serve no file, and those whose file differs from the others'. Every node has its own ITL file, which
    /// is only compared across its transports; a CTL file must be the same everywhere.
    ///
    /// - Parameter cluster: its name in the configuration, for the advice.
    public func findings(of cluster: String) -> [StatusFinding] {
        var findings = failures.map {
            StatusFinding(
                code: .nodeNotRead, severity: .error, node: $0.node,
                text: localized("\($0.node) could not be read: \($0.error.message)."),
                next: [
                    localized(
                        "Check that \($0.node) is up and that its ports can be reached: etoken-bridge doctor --cluster \(word: cluster)"
                    )
                ])
        }
        for reading in kind == .itl ? differingWithinNodes : differing {
            guard let other = kind == .itl ? answer(of: reading.node) : reference else { continue }
            findings.append(
                .filesDiffer(
                    kind, of: cluster, (reading.node, reading.transport, reading.summary),
                    (other.node, other.transport, other.summary)))
        }
        return findings
    }
}

extension StatusFinding {
    /// A node serves a different file than another one, or over another transport.
    ///
    /// - Parameters:
    ///   - one: the node that has to be fixed, the transport, and what it serves in a few words.
    ///   - other: what that is compared with.
    static func filesDiffer(
        _ kind: TrustListKind, of cluster: String,
        _ one: (node: String, transport: TrustListTransport, what: LocalizableText),
        _ other: (node: String, transport: TrustListTransport, what: LocalizableText)
    ) -> StatusFinding {
        StatusFinding(
            code: .filesDiffer, severity: .error, node: one.node,
            text: localized(
                "\(one.node) serves a different \(kind.fileName) over \(one.transport.text) than \(other.node) over \(other.transport.text): \(one.what); there \(other.what)."
            ), next: [restartTFTP(on: one.node, of: cluster)])
    }

    static func restartTFTP(on node: String, of cluster: String) -> LocalizableText {
        localized(
            "Restart Cisco Tftp there: etoken-bridge cluster restart-services --cluster \(word: cluster) --service tftp --node \(word: node)"
        )
    }
}

extension TrustListTransport {
    /// `TFTP`, `HTTP`
    package var text: String { rawValue.uppercased() }
}
