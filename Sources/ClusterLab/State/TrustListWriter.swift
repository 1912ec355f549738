import Certificates
import TrustList

/// Writes the cluster's own trust lists, as CUCM's command line does.
struct TrustListWriter: Sendable {
    let plan: LabPlan
    let identity: ClusterIdentity

    /// The tokenless CTL file: the publisher's certificate twice, CAPF, then the other nodes; signed with the
    /// publisher's CallManager key. Source: docs/trust-list-format.md.
    func tokenlessCTL(time: Int64) throws -> [UInt8] {
        let publisher = plan.publisher
        var records = [
            try record(publisher, identity.publisher.callManager, .sast),
            try record(publisher, identity.publisher.callManager, .ccmTFTP),
        ]
        if let capf = identity.publisher.capf { records.append(try record(publisher, capf, .capf)) }
        for (node, own) in zip(plan.nodes, identity.nodes).dropFirst() {
            records.append(try record(node, own.callManager, .ccmTFTP))
        }
        return try sign(records, as: "CTLFile.tlv", with: identity.publisher.callManager, time: time)
    }

    /// The CTL file of a cluster in non-secure mode: the server records are emptied of their certificates.
    func nonSecureCTL(time: Int64) throws -> [UInt8] {
        let secure = try TrustListFile(decoding: tokenlessCTL(time: time))
        var bytes = Array(secure.encoded().prefix(secure.header.length))
        for record in secure.records {
            bytes += record.role == .ccmTFTP ? try emptied(record) : try encoded(record)
        }
        let records = try TrustListFile(decoding: bytes).records
        return try sign(records, as: "CTLFile.tlv", with: identity.publisher.callManager, time: time)
    }

    /// A node's ITL file, signed with that node's own CallManager key.
    func itl(of node: LabPlan.Node, time: Int64) throws -> [UInt8] {
        guard let own = identity.node(node.name) else { throw LabError(.badRequest, "there is no node \(node.name)") }
        let publisher = plan.publisher
        var records = [
            try record(node, own.callManager, .sast),
            try record(node, own.callManager, .ccmTFTP),
            try record(publisher, identity.publisher.tvs, .tvs),
        ]
        if let capf = identity.publisher.capf { records.append(try record(publisher, capf, .capf)) }
        return try sign(records, as: "ITLFile.tlv", with: own.callManager, time: time)
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
        let bits = credential.certificate.publicKey.bits
        return try draft.signed(by: credential.signer(), modulusBits: bits, verifier: X509SignatureVerifier()).encoded()
    }

    /// Only the length, the name, the role and the address stay. Source: Cisco technote 118892.
    private func emptied(_ record: Record) throws -> [UInt8] {
        try encoded(record) { [2, 4, 10].contains($0) }
    }

    private func encoded(_ record: Record, keeping: (UInt8) -> Bool = { _ in true }) throws -> [UInt8] {
        var body: [UInt8] = []
        for case .value(let tag, let bytes) in record.elements where tag != 1 && keeping(tag) {
            body += [tag, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)] + bytes
        }
        let length = body.count + 5
        return [1, 0, 2, UInt8(length >> 8), UInt8(length & 0xff)] + body
    }
}
