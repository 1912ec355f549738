import X509

/// A certificate in a node's lists: one of its own, or one that it trusts.
struct CertificateEntry: Sendable {
    let unit: String
    /// With `.pem`.
    let file: String
    let certificate: Certificate
    let isOwn: Bool

    /// Where it is on a real node.
    var path: String { "/usr/local/cm/.security/\(unit)/\(isOwn ? "certs" : "trust-certs")/\(file)" }

    /// How the command line names it.
    var name: String { "\(unit)/\(file)" }

    var origin: String { CertificateText.origin(certificate) }

    static func own(_ cluster: LabCluster, _ node: NodeRuntime) -> [CertificateEntry] {
        (cluster.identity.node(node.plan.name)?.all ?? []).map { purpose, credential in
            var certificate = credential.certificate
            if purpose == "ipsec", node.has(.expiring),
                let other = try? Credential(folder: cluster.folder.keys(node.plan.name), name: "ipsec-other")
            {
                certificate = other.certificate
            }
            return CertificateEntry(unit: purpose, file: "\(purpose).pem", certificate: certificate, isOwn: true)
        }
    }

    static func trusted(_ cluster: LabCluster, _ node: NodeRuntime) -> [CertificateEntry] {
        cluster.trustStore.entries(at: node.plan.name).map {
            CertificateEntry(unit: $0.unit, file: $0.file, certificate: $0.certificate, isOwn: false)
        }
    }

    static func all(_ cluster: LabCluster, _ node: NodeRuntime) -> [CertificateEntry] {
        own(cluster, node) + trusted(cluster, node)
    }
}
