import Basics
import Configuration
import Messages
import Operations
import TrustList
import X509

extension CandidateSigner {
    /// Who signs a file that does not exist yet.
    ///
    /// - Parameters:
    ///   - token: the certificate of the token that is to sign; nil if the cluster is.
    ///   - itl: the ITL file of phones about which nothing better is known.
    /// - Throws: ``MigrationError`` (`present-file-invalid`) if the cluster does not show which certificate it signs
    ///   with.
    public static func ofNewFile(
        signedBy token: Certificate?, present: TrustListFile?, itl: TrustListFile?, version: ClusterVersion,
        of cluster: String
    ) throws -> CandidateSigner {
        let record = try token.map { try Record.token($0, in: present) } ?? Record.clusterSigner(itl, version)
        guard let record, let offered = CandidateSigner(record: record) else {
            throw MigrationError(
                .presentFileInvalid,
                localized(
                    "The ITL file of cluster \(cluster) does not show which certificate the cluster signs with."),
                next:
                    localized(
                        "Restart the Trust Verification Service and Cisco Tftp on the publisher, and run the command again."
                    )
            )
        }
        return offered
    }
}

extension Survey {
    /// A token that is in the file keeps its record, with the names as spelled there.
    func record(ofToken certificate: Certificate) throws -> Record { try .token(certificate, in: present) }

    /// The record of a server whose certificate has changed; nil if it is the same, or if that cannot be determined.
    /// What a server has now, it states itself (`show cert own`); an ITL file says nothing about it.
    func renewed(_ record: Record) throws -> (record: Record, sentence: LocalizableText)? {
        guard let role = record.role, Role.servers.contains(role), let old = record.certificate,
            case .outdated(let own) = try servers.standing(of: record)
        else { return nil }
        let certificate = own.value
        let server = record.dnsName ?? ""
        let node = nodeNames[server] ?? server
        let name = node == server ? server : "\(node) (\(server))"
        return (
            try Record(
                certificate: certificate, role: role, dnsName: server,
                ipAddress: record.ipAddress ?? [0, 0, 0, 0], names: .cucm,
                withCertificateSignature: record.certificateSignature != nil),
            localized(
                "\(name): the \(role == .capf ? "CAPF" : "CallManager") certificate changes from SHA-1 \(Digest.sha1(old).hex) to \(certificate.sha1.hex) (\(own.proof.text))"
            )
        )
    }
}

extension Record {
    /// The record of a token: that of the current file, with the names as spelled there, or a new one.
    static func token(_ certificate: Certificate, in present: TrustListFile?) throws -> Record {
        try present?.records.first { $0.isToken && $0.certificate == certificate.der } ?? .token(certificate)
    }

    /// The certificate with which the cluster itself will sign a CTL file: ITLRecovery from 12.0 on, the publisher's
    /// CallManager before that; nil if its ITL does not show it. Source: docs/trust-list-format.md.
    static func clusterSigner(_ itl: TrustListFile?, _ version: ClusterVersion) -> Record? {
        let signers = (itl?.records ?? []).filter { $0.role == .sast && $0.certificate != nil }
        let recovery = version.major >= 12 ? signers.first(where: \.isITLRecovery) : nil
        return recovery ?? signers.first { !$0.isITLRecovery }
    }

    /// A token's name, as on its label: the common name of its certificate.
    var tokenName: String {
        x509?.commonName ?? subjectName ?? "?"
    }
}

extension Certificate {
    /// Without the spaces that pad it on a token.
    var commonName: String? {
        guard let name = subject.value(of: "CN"), let end = name.lastIndex(where: { $0 != " " }) else { return nil }
        return String(name[...end])
    }
}
