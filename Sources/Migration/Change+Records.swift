import Basics
import Cluster
import Messages
import Phones
import TrustList
import X509

// What a change makes of the records of a CTL file, and whether it can.
extension Change {
    /// Whether the change fits the cluster.
    ///
    /// - Returns: who will sign the new file, and what becomes of server records, a sentence each.
    /// - Throws: ``MigrationError``, which says what is in the way.
    static func check(
        _ plan: ChangePlan, _ survey: Survey, _ tokens: [Certificate]
    ) throws -> (CandidateSigner, [String]) {
        let usesCommands = plan.kind == .setMixedMode || plan.kind == .setNonSecureMode || plan.signer == nil
        if usesCommands, !survey.version.hasTokenlessTrustList {
            throw MigrationError(
                .notApplicable,
                localized(
                    "Cluster \(plan.cluster) runs \(survey.version), which has no utils ctl command: only 10.0 and later can sign their trust list or set the mode from the command line."
                ),
                next: localized("Use tokens: etoken-bridge migrate to-etoken --cluster \(plan.cluster)"))
        }
        if plan.kind != .setMixedMode, plan.kind != .setNonSecureMode, survey.mode != .mixed {
            throw MigrationError(
                .notMixedMode,
                localized(
                    "Cluster \(plan.cluster) is in non-secure mode (ClusterSecurityMode 0), so its phones use no CTL file."
                ),
                next: localized(
                    "Set the cluster to mixed mode: etoken-bridge cluster set-mode mixed --cluster \(plan.cluster)"))
        }
        guard let signer = plan.signer else { return try (clusterSigner(plan, survey), recordChanges(plan, survey)) }
        try checkTokens(plan, survey, tokens)
        let record = try tokenRecord(tokens[signer], in: survey.present)
        guard let offered = CandidateSigner(record: record) else { preconditionFailure("the record was just made") }
        return (offered, try recordChanges(plan, survey))
    }

    private static func clusterSigner(_ plan: ChangePlan, _ survey: Survey) throws -> CandidateSigner {
        if plan.kind == .updateCertificates, survey.present?.signerRecord?.isToken == true {
            throw MigrationError(
                .unusableTokens,
                localized(
                    "A hardware token (\(survey.present?.header.signerName ?? "")) signed the CTL file of cluster \(plan.cluster), so one has to sign its successor."
                ),
                next: localized("Name the tokens: --token LABEL --token LABEL."))
        }
        guard let record = survey.clusterSigner(), let offered = CandidateSigner(record: record) else {
            throw MigrationError(
                .presentFileInvalid,
                localized(
                    "The ITL file of cluster \(plan.cluster) does not show with which certificate the cluster signs."),
                next:
                    localized(
                        "Restart the Trust Verification Service and Cisco Tftp on the publisher, and run the command again."
                    )
            )
        }
        return offered
    }

    private static func checkTokens(_ plan: ChangePlan, _ survey: Survey, _ tokens: [Certificate]) throws {
        let labels = plan.tokens.map(\.label).joined(separator: ", ")
        guard Set(tokens).count == tokens.count else {
            throw MigrationError(
                .unusableTokens, localized("The same token was named twice: \(labels)."),
                next: localized("Name two different tokens."))
        }
        let present = survey.present?.records.filter(\.isToken).compactMap(\.certificate) ?? []
        let keepsPresent = plan.kind == .updateCertificates
        guard Set(tokens.map(\.der)).union(keepsPresent ? present : []).count >= 2 else {
            throw MigrationError(
                .unusableTokens,
                localized(
                    "\(tokens.count) token was named; two are needed, so that a lost one does not lock the cluster out."
                ),
                next: localized("Name a second one: --token LABEL."))
        }
        for (token, certificate) in zip(plan.tokens, tokens) {
            let key = certificate.publicKey
            guard key.isRSA, ModulusSize(bits: key.bits) != nil else {
                throw MigrationError(
                    .unusableTokens,
                    localized(
                        key.isRSA
                            ? "The certificate on token \(token.label) has a key of \(key.bits) bits; a trust list knows RSA keys of 512, 1024, 2048 and 4096 bits."
                            : "The certificate on token \(token.label) has a key of \(key.bits) bits that is not RSA; a trust list knows RSA keys of 512, 1024, 2048 and 4096 bits."
                    ),
                    next: localized("Use another token."))
            }
        }
    }

    /// A token that is in the file keeps its record, with the names as they are spelt there.
    private static func tokenRecord(_ certificate: Certificate, in present: TrustListFile?) throws -> Record {
        try present?.records.first { $0.isToken && $0.certificate == certificate.der } ?? .token(certificate)
    }

    /// The records of a file that a token signs, in the CTL Client's order and profile: the other tokens first, then the
    /// servers, then the signing token.
    ///
    /// - Parameter base: the file that the cluster serves, from which the server records come.
    func records(from base: TrustListFile) throws -> [Record] {
        guard let signer = plan.signer else { preconditionFailure("a token signs") }
        var servers = try base.records.filter { $0.role != .sast }.map { try $0.inCTLClientProfile() }
        switch plan.kind {
        case .setNonSecureMode: servers = try servers.map { $0.role == .ccmTFTP ? try $0.emptied() : $0 }
        case .updateCertificates: servers = try servers.map { try Self.renewed($0, survey)?.record ?? $0 }
        case .toEtoken, .toTokenless, .setMixedMode: break
        }
        let others = survey.present?.records.filter(\.isToken).filter { record in
            !certificates.contains { $0.der == record.certificate }
        }
        var named = certificates
        let signing = named.remove(at: signer)
        return try (others ?? []) + named.map { try Self.tokenRecord($0, in: survey.present) } + servers
            + [Self.tokenRecord(signing, in: survey.present)]
    }

    /// Who signed, who will, and what that means for phones; nil where the signer stays, or its change is the purpose.
    public var signerChange: String? {
        guard plan.kind == .updateCertificates, let present = survey.present,
            let old = present.signerRecord.flatMap(CandidateSigner.init(record:)),
            old.certificate != offered.certificate
        else { return nil }
        func name(_ signer: CandidateSigner) -> String {
            let certificate = signer.certificate
            return localized(
                "\(certificate.commonName ?? signer.name) (serial number \(certificate.serialNumber.hex))")
        }
        let isKnown = present.records.contains { $0.role == .sast && $0.certificate == offered.certificate.der }
        return isKnown
            ? localized(
                "The signer changes from \(name(old)) to \(name(offered)), which stands in the present file: phones that hold that take the new one. Those that hold an older file need not."
            )
            : localized(
                "The signer changes from \(name(old)) to \(name(offered)), which does not stand in the present file: only phones to which their ITL file or TVS vouches for it take the new one."
            )
    }

    // MARK: Certificates that were regenerated

    private static func recordChanges(_ plan: ChangePlan, _ survey: Survey) throws -> [String] {
        guard plan.kind == .updateCertificates else { return [] }
        return try survey.requirePresent().list.records.compactMap { try renewed($0, survey)?.sentence }
    }

    /// The record of a server whose certificate is another one now; nil where it is the same, or where no ITL file shows
    /// it. The ITL of a node is made anew with its certificates: it shows what phones will be shown.
    static func renewed(_ record: Record, _ survey: Survey) throws -> (record: Record, sentence: String)? {
        guard record.role == .ccmTFTP || record.role == .capf, let old = record.certificate else { return nil }
        let lists = survey.itls.values.compactMap { try? TrustListFile(decoding: $0) }
        let same = lists.lazy.flatMap(\.records).first { $0.role == record.role && $0.isServer(of: record) }
        guard let new = same?.certificate, new != old else { return nil }
        let certificate = try Certificate(der: new)
        let server = record.dnsName ?? ""
        let node = survey.nodeNames[server] ?? server
        let name = node == server ? server : "\(node) (\(server))"
        return (
            try Record(
                certificate: certificate, role: record.role ?? .ccmTFTP, dnsName: server,
                ipAddress: record.ipAddress ?? [0, 0, 0, 0], names: .cucm,
                withCertificateSignature: record.certificateSignature != nil),
            localized(
                "\(name): the \(record.role == .capf ? "CAPF" : "CallManager") certificate changes from SHA-1 \(Digest.sha1(old).hex) to \(certificate.sha1.hex)"
            )
        )
    }
}

extension Record {
    /// A token's name, as on its label: the common name of its certificate.
    var tokenName: String {
        x509?.commonName ?? subjectName ?? "?"
    }
}

extension Certificate {
    /// Without the spaces that pad it on a token.
    fileprivate var commonName: String? {
        guard let name = subject.value(of: "CN"), let end = name.lastIndex(where: { $0 != " " }) else { return nil }
        return String(name[...end])
    }
}
