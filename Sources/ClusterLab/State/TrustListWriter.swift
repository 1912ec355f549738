import TrustList
import X509

/// Writes the cluster's own trust lists, as CUCM's command line or, before release 10, the CTL Client does.
struct TrustListWriter: Sendable {
    let plan: LabPlan
    let identity: ClusterIdentity
    /// Certificates of Phone-SAST-trust that a CTL file in mixed mode gets as signers.
    var sastTrust: [Certificate] = []

    /// Whose key signs a CTL file that the cluster writes itself.
    enum Signer: Sendable {
        /// What the release uses: ITLRecovery from 12.0 on, the publisher's CallManager before that.
        case usual
        /// The other certificate with the role SAST, after `utils ctl reset localkey`: for phones that do not know the
        /// usual one. Before 10.5(2) there is no other.
        case other
    }

    /// The CTL file of a cluster in mixed mode.
    func secureCTL(time: Int64, signer: Signer = .usual) throws -> [UInt8] {
        guard !plan.release.hasCTLCommands else { return try tokenlessCTL(time: time, signer: signer) }
        return try sign(clientRecords(), as: "CTLFile.tlv", with: try firstToken(), time: time)
    }

    /// A CTL file from before the certificate that signs the current one was generated: the same names, another key. A
    /// file signed by a token is still signed by that token.
    func formerCTL(time: Int64) throws -> [UInt8] {
        guard plan.release.hasCTLCommands else { return try secureCTL(time: time) }
        let purpose = plan.release.signsWithITLRecovery ? "ITLRecovery" : "CallManager"
        let former = try ClusterIdentity.certificate(
            purpose, plan.publisher, plan.release, PrivateKey.generate(bits: plan.release.keyBits(of: purpose)))
        let present = credential(.usual).certificate.der
        let records = try tokenlessRecords().map { old in
            guard old.certificate == present, let role = old.role else { return old }
            return try record(plan.publisher, former, role)
        }
        return try sign(records, as: "CTLFile.tlv", with: former, time: time)
    }

    /// The CTL file of a cluster in non-secure mode: the server records are emptied of their certificates.
    func nonSecureCTL(time: Int64, signer: Signer = .usual) throws -> [UInt8] {
        let records = try plan.release.hasCTLCommands ? tokenlessRecords() : clientRecords()
        return try sign(
            records.map { $0.role == .ccmTFTP ? try $0.emptied() : $0 }, as: "CTLFile.tlv",
            with: plan.release.hasCTLCommands ? credential(signer) : try firstToken(), time: time)
    }

    /// A node's ITL file: signed with that node's own CallManager key, from 12.0 on with ITLRecovery's.
    ///
    /// - Parameter isMixed: the node's CallManager certificate is that of a TFTP server in non-secure mode, and that of a
    ///   CallManager as well in mixed mode.
    func itl(of node: LabPlan.Node, time: Int64, isMixed: Bool) throws -> [UInt8] {
        guard let own = identity.node(node.name) else { throw LabError(.badRequest, "there is no node \(node.name)") }
        let publisher = plan.publisher
        var records = [
            try record(node, own.callManager, .sast),
            try record(node, own.callManager, isMixed ? .ccmTFTP : .tftp),
        ]
        for server in plan.tvsNodes {
            if let credential = identity.node(server.name)?.tvs { records.append(try record(server, credential, .tvs)) }
        }
        if let recovery = identity.publisher.itlRecovery { records.append(try record(publisher, recovery, .sast)) }
        if let capf = identity.publisher.capf { records.append(try record(publisher, capf, .capf)) }
        let recovery = plan.release.signsWithITLRecovery ? identity.publisher.itlRecovery : nil
        return try sign(records, as: "ITLFile.tlv", with: recovery ?? own.callManager, time: time)
    }

    // MARK: Tokenless

    private func tokenlessCTL(time: Int64, signer: Signer) throws -> [UInt8] {
        var records = try tokenlessRecords()
        for certificate in sastTrust where !records.contains(where: { $0.certificate == certificate.der }) {
            records.append(try Self.record(trusted: certificate))
        }
        return try sign(records, as: "CTLFile.tlv", with: credential(signer), time: time)
    }

    /// The signer, the publisher's CallManager, CAPF, and the other nodes; a certificate that all nodes share only once. The
    /// second signer follows CAPF up to 11.5, as in a real file of 2015. Source: docs/trust-list-format.md.
    private func tokenlessRecords() throws -> [Record] {
        let publisher = plan.publisher
        let callManager = identity.publisher.callManager
        let recovery = try identity.publisher.itlRecovery.map { try record(publisher, $0, .sast) }
        var records = plan.release.signsWithITLRecovery ? [recovery].compactMap(\.self) : []
        records.append(try record(publisher, callManager, .sast))
        records.append(try record(publisher, callManager, .ccmTFTP))
        if let capf = identity.publisher.capf { records.append(try record(publisher, capf, .capf)) }
        if let recovery, !plan.release.signsWithITLRecovery { records.append(recovery) }
        for (node, own) in zip(plan.nodes, identity.nodes).dropFirst()
        where own.callManager.certificate != callManager.certificate {
            records.append(try record(node, own.callManager, .ccmTFTP))
        }
        return records
    }

    private func credential(_ signer: Signer) -> Credential {
        let isRecovery = plan.release.signsWithITLRecovery == (signer == .usual)
        return isRecovery
            ? identity.publisher.itlRecovery ?? identity.publisher.callManager : identity.publisher.callManager
    }

    // MARK: CTL Client

    /// A record for each token, the servers by IP address, CAPF, and the second token at the end.
    private func clientRecords() throws -> [Record] {
        let tokens = try identity.tokens.map { token in
            try Record.token(token.certificate)
        }
        var records = Array(tokens.prefix(1))
        for (node, own) in zip(plan.nodes, identity.nodes) {
            records.append(try record(node, own.callManager, .ccmTFTP).inCTLClientProfile())
            if let capf = own.capf { records.append(try record(node, capf, .capf).inCTLClientProfile()) }
        }
        return records + tokens.dropFirst()
    }

    private func firstToken() throws -> Credential {
        guard let token = identity.tokens.first else { throw LabError(.badRequest, "this lab has no tokens") }
        return token
    }

    // MARK: Parts

    /// A signer that the cluster only knows by its certificate. Which names CUCM gives it is *unconfirmed*.
    private static func record(trusted certificate: Certificate) throws -> Record {
        let isServer = certificate.isServers
        return try Record(
            certificate: certificate, role: .sast, dnsName: isServer ? certificate.subject.value(of: "CN") ?? "" : "",
            ipAddress: [0, 0, 0, 0], names: isServer ? .cucm : .token, withCertificateSignature: true)
    }

    private func record(_ node: LabPlan.Node, _ credential: Credential, _ role: Role) throws -> Record {
        try Record(
            certificate: credential.certificate, role: role, dnsName: node.name, ipAddress: node.addressBytes,
            names: .cucm, withCertificateSignature: true)
    }

    private func sign(_ records: [Record], as name: String, with credential: Credential, time: Int64) throws -> [UInt8]
    {
        let draft = TrustListDraft(
            fileName: name, timestamp: UInt32(clamping: time), digest: .sha1, records: records)
        return try draft.signed(by: credential.signer()).encoded()
    }
}

extension Certificate {
    /// Whether it is a server's own, not one that a vendor issued for a token.
    var isServers: Bool { subject == issuer }
}
