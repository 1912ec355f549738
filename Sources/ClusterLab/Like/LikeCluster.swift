import TrustList
import X509

/// Creates a lab's certificates, trust lists and trust store modelled on those of a snapshot.
struct LikeCluster: Sendable {
    let snapshot: Snapshot
    let plan: LabPlan
    let remade: RemadeCertificates

    init(_ snapshot: Snapshot, _ plan: LabPlan, _ folder: LabFolder) {
        self.snapshot = snapshot
        self.plan = plan
        remade = RemadeCertificates(folder: folder.like)
    }

    // MARK: Certificates

    /// Recreates every certificate of the snapshot, and gives the nodes these instead of their own.
    func makeCertificates(_ folder: LabFolder) throws {
        var originals = snapshot.trust.compactMap { $0.der?.bytes }
        for node in snapshot.nodes {
            originals += node.certificates.compactMap { $0.der?.bytes }
            originals += (snapshot.itlFile(of: node)?.records ?? []).compactMap(\.certificate)
        }
        originals += (snapshot.ctlFile?.records ?? []).compactMap(\.certificate)
        try RemadeCertificates.make(originals, nodes: plan.nodes, folder: remade.folder)
        for (node, planned) in zip(snapshot.nodes, plan.nodes) {
            for (purpose, der) in certificates(of: node) {
                guard let credential = remade.credential(for: der) else { continue }
                try credential.write(folder: folder.keys(planned.name), name: purpose)
            }
        }
        for record in snapshot.ctlFile?.records.filter(\.isToken) ?? [] {
            guard let der = record.certificate, let credential = remade.credential(for: der) else { continue }
            try LabFiles.makeFolder(folder.tokens)
            try credential.write(folder: folder.tokens, name: TrustStore.fileName(credential.certificate))
        }
    }

    /// What is known about a node's own certificates, by purpose.
    private func certificates(of node: Snapshot.Node) -> [(purpose: String, der: [UInt8])] {
        var found: [(purpose: String, der: [UInt8])] = []
        func add(_ purpose: String, _ der: [UInt8]?) {
            if let der, !found.contains(where: { $0.purpose == purpose }) { found.append((purpose, der)) }
        }
        // Up to 11.5 a node signs its ITL file with its CallManager key, from 12.0 on with ITLRecovery's.
        if let itl = snapshot.itlFile(of: node) {
            let isRecovery = itl.signerRecord?.isITLRecovery == true
            if !isRecovery || node.isPublisher {
                add(isRecovery ? "ITLRecovery" : "CallManager", itl.signerRecord?.certificate)
            }
        }
        let lists = (snapshot.ctlFile.map { [$0] } ?? []) + snapshot.nodes.compactMap(snapshot.itlFile)
        for record in lists.flatMap(\.records) {
            let isHere = isRecord(record, of: node)
            switch record.role {
            case .ccm?, .ccmTFTP?: if isHere { add("CallManager", record.certificate) }
            case .tvs?: if isHere { add("TVS", record.certificate) }
            case .capf?: if node.isPublisher { add("CAPF", record.certificate) }
            case .sast?:
                if node.isPublisher, record.isITLRecovery {
                    add("ITLRecovery", record.certificate)
                }
            default: break
            }
        }
        for certificate in node.certificates where certificate.unit != "CallManager" && certificate.unit != "TVS" {
            add(certificate.unit, certificate.der?.bytes)
        }
        for certificate in node.certificates { add(certificate.unit, certificate.der?.bytes) }
        return found.filter { ["tomcat", "ipsec", "ITLRecovery", "CallManager", "CAPF", "TVS"].contains($0.purpose) }
    }

    private func isRecord(_ record: Record, of node: Snapshot.Node) -> Bool {
        if let name = record.dnsName, name == node.name || name == node.address || name.hasPrefix(node.name + ".") {
            return true
        }
        return dotted(record.ipAddress) == node.address
    }

    private func dotted(_ address: [UInt8]?) -> String? { address?.map(String.init).joined(separator: ".") }

    // MARK: Trust lists

    /// The cluster's CTL file with the lab's keys; nil if it has none, or none that can be recreated.
    func ctl() throws -> [UInt8]? { try snapshot.ctlFile.flatMap { try remake($0) } }

    /// A node's ITL file likewise.
    func itl(of name: String) throws -> [UInt8]? {
        guard let node = snapshot.nodes.first(where: { $0.name == name }) else { return nil }
        return try snapshot.itlFile(of: node).flatMap { try remake($0) }
    }

    private func remake(_ list: TrustListFile) throws -> [UInt8]? {
        guard let der = list.signerRecord?.certificate, let signer = remade.credential(for: der) else { return nil }
        let draft = TrustListDraft(
            fileName: list.header.fileName, timestamp: list.header.timestamp, digest: list.header.digest,
            records: try list.records.map(remake))
        return try draft.signed(by: signer.signer()).encoded()
    }

    /// The same record with the lab's certificate and address; a record without a certificate is left unchanged.
    private func remake(_ record: Record) throws -> Record {
        guard let der = record.certificate, let credential = remade.credential(for: der),
            let subject = record.subjectName, let issuer = record.issuerName, let serial = record.serialNumber,
            let role = record.role
        else { return record }
        let node = zip(snapshot.nodes, plan.nodes).first { isRecord(record, of: $0.0) }?.1
        // A record written by the CTL Client has an address where others have a name.
        let isDotted = record.dnsName == dotted(record.ipAddress)
        return try Record(
            dnsName: node.flatMap { isDotted ? $0.address : nil } ?? record.dnsName ?? "", subjectName: subject,
            role: role, issuerName: issuer, serialNumber: serial,
            publicKey: credential.certificate.publicKey.rawKey,
            certificateSignature: record.certificateSignature == nil ? nil : credential.certificate.signatureValue,
            certificate: credential.certificate.der,
            ipAddress: node?.addressBytes ?? record.ipAddress ?? [0, 0, 0, 0])
    }

    /// The contents of the trust store besides the cluster's own certificates.
    var trusted: [(unit: String, certificate: Certificate)] {
        snapshot.trust.compactMap { entry in
            entry.der.flatMap { remade.credential(for: $0.bytes) }.map { (entry.store, $0.certificate) }
        }.filter { TrustStore.units.contains($0.unit) }
    }
}
