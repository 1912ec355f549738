import Basics
import Cluster
import Configuration
import Messages
import Operations
import TrustList
import X509

extension ClusterVersion {
    /// Whether files that tokens sign also name the cluster's own signers, ITLRecovery and CallManager, as SAST. Phones go
    /// back to a tokenless file by them, and check their ITL file with them. Source: docs/trust-list-format.md, "Who signs, by
    /// release".
    var namesClusterSigners: Bool { self >= Self.eleven5 }

    private static let eleven5 = ClusterVersion("11.5")!
}

/// The records of a file that a token will sign, in the CTL Client's order and profile: the other tokens first, then the
/// cluster's own signers, then the servers, then the signing token. *Unconfirmed*: where the cluster's own signers are
/// placed (docs/proven.md).
///
/// Servers and cluster's signers are those that the nodes show themselves (`show cert own`). Source:
/// docs/trust-list-format.md.
struct NewRecords {
    private let survey: Survey
    private let cluster: any ClusterAccess
    /// The named tokens, in the plan's order, and which of them signs.
    private let tokens: [Certificate]
    private let signing: Certificate
    let base: PlannedStep.BaseFile
    let servers: PlannedStep.ServerRecords
    private let signers: PlannedStep.ClusterSigners
    private let settings: ChangePlan.Settings

    /// Nil if no token signs.
    init?(
        _ plan: ChangePlan, _ tokens: [Certificate], _ survey: Survey, of cluster: any ClusterAccess,
        for file: ChangeFile = .new
    ) {
        guard let (sha1, base, servers, signers) = plan.signing(of: file),
            let signing = tokens.first(where: { $0.sha1.hex == sha1 })
        else { return nil }
        (self.survey, self.cluster, self.tokens, self.signing) = (survey, cluster, tokens, signing)
        (self.base, self.servers, self.signers) = (base, servers, signers)
        settings = plan.settings
    }

    /// - Parameter base: the file whose records are carried over; nil to build one from nothing.
    /// - Throws: ``MigrationError`` (`unproven`), or the error of a node.
    func records(from base: TrustListFile?) throws -> [Record] {
        let others = (survey.present?.records ?? []).filter { record in
            record.isToken && !tokens.contains { $0.der == record.certificate } && !settings.drops(record)
        }
        return try others + tokens.filter { $0 != signing }.map(survey.record(ofToken:)) + clusterSigners(base)
            + serverRecords(base) + [survey.record(ofToken: signing)]
    }

    // MARK: The cluster's own signers

    private func clusterSigners(_ base: TrustListFile?) throws -> [Record] {
        guard signers == .named else { return [] }
        let present = (base?.records ?? []).filter { $0.role == .sast && !$0.isToken }
        var records: [Record] = []
        for unit in ["ITLRecovery", "CallManager"] {
            switch try survey.servers.certificate(unit, of: cluster.publisher) {
            case .success(let own):
                if let known = present.first(where: { $0.certificate == own.value.der }) {
                    records.append(try known.inCTLClientProfile())
                } else {
                    records.append(try record(of: own.value, .sast, on: cluster.publisher))
                }
            // An older release's own file does without; only a file that introduces the cluster's signer names them there.
            case .failure where unit == "ITLRecovery" && !survey.version.namesClusterSigners: continue
            case .failure(let missing):
                guard settings.acceptsUnproven else { throw missing.error(unit, cluster.publisher, survey.version) }
                // What is there is better than nothing: without it, phones lose the way back.
                records += try present.filter { $0.isITLRecovery == (unit == "ITLRecovery") }
                    .map { try $0.inCTLClientProfile() }
            }
        }
        return records
    }

    // MARK: The servers

    private func serverRecords(_ base: TrustListFile?) throws -> [Record] {
        let kept = try (base?.records ?? []).filter { $0.role != .sast }.map { try $0.inCTLClientProfile() }
        if servers == .kept { return kept }
        var renewed = try kept.map { record in
            if servers == .emptied, record.role == .ccmTFTP { return try record.emptied() }
            return try survey.renewed(record)?.record ?? record
        }
        guard servers == .renewed else { return renewed }
        renewed = try withoutSharedCertificates(renewed)
        return renewed + (try missingServers(renewed, base))
    }

    /// With a multi-server certificate only the publisher's record is in the file.
    private func withoutSharedCertificates(_ records: [Record]) throws -> [Record] {
        guard case .success(let own) = try survey.servers.certificate("CallManager", of: cluster.publisher) else {
            return records
        }
        return try records.filter { record in
            guard record.role == .ccmTFTP, record.certificate == own.value.der else { return true }
            let node = try survey.servers.node(of: record)
            return node == nil || node == cluster.publisher
        }
    }

    /// Servers that run Cisco CallManager or Cisco Tftp and have no record yet, and the publisher's CAPF.
    ///
    /// *Unconfirmed*: that a server that runs only one of the two also has the role CCM+TFTP (docs/proven.md).
    private func missingServers(_ records: [Record], _ base: TrustListFile?) throws -> [Record] {
        let present = try Set(records.filter { $0.role != .capf }.compactMap { try survey.servers.node(of: $0) })
        let wanted = try Set([ClusterService.callManager, ClusterService.tftp].flatMap(cluster.nodes(running:)))
        let shared = try? survey.servers.certificate("CallManager", of: cluster.publisher).get().value
        var missing: [Record] = []
        for node in [cluster.publisher] + wanted.subtracting([cluster.publisher]).sorted()
        where wanted.contains(node) && !present.contains(node) {
            let own: Certificate
            switch try survey.servers.certificate("CallManager", of: node) {
            case .success(let shown): own = shown.value
            case .failure(let missing):
                // A file that is built from nothing cannot do without any server.
                guard settings.acceptsUnproven, base != nil else {
                    throw missing.error("CallManager", node, survey.version)
                }
                continue
            }
            // A multi-server certificate: the publisher's record stands for all.
            if node != cluster.publisher, own == shared { continue }
            missing.append(try record(of: own, .ccmTFTP, on: node))
        }
        if base == nil, case .success(let capf) = try survey.servers.certificate("CAPF", of: cluster.publisher) {
            missing.insert(try record(of: capf.value, .capf, on: cluster.publisher), at: min(1, missing.count))
        }
        return missing
    }

    private func record(
        of certificate: Certificate, _ role: Role, on node: String
    ) throws -> Record {
        guard let address = try survey.servers.address(of: node) else {
            throw MigrationError(
                .unproven,
                localized(
                    "The address of \(node) is not known: show network cluster on the publisher does not name it."),
                next: localized(
                    "Check the server's entry: show network cluster on the publisher, and etoken-bridge cluster status --cluster \(word: cluster.name)"
                ))
        }
        return try Record(
            certificate: certificate, role: role, dnsName: address.map(String.init).joined(separator: "."),
            ipAddress: address, names: .cucm, withCertificateSignature: false)
    }
}

/// Why a node's own certificate is not known.
struct MissingCertificate: Error {
    let why: LocalizableText

    func error(_ unit: String, _ node: String, _ version: ClusterVersion) -> MigrationError {
        MigrationError(
            .unproven,
            localized(
                "A file of CUCM \(version) names the \(unit) certificate of \(node), but that is not known: \(why)."),
            next: localized(
                "Look at it on the node: show cert list own. To do without what nodes do not show, add \(EvidenceError.option)."
            ))
    }
}

// MARK: - How they change

/// How a file differs from the one before it, a line for each record: `+` for one that is new, `-` for one that goes, `~`
/// for one whose certificate changes.
enum RecordChanges {
    static func lines(from old: [Record], to new: [Record]) -> [LocalizableText] {
        TrustListDiff.records(from: old, to: new).compactMap { change in
            switch change {
            case .added(let record): localized("+ \(name(record)): \(certificate(record))")
            case .removed(let record): localized("- \(name(record)): \(certificate(record))")
            case .rekeyed(let old, let new):
                localized("~ \(name(new)): \(certificate(old)) becomes \(certificate(new))")
            case .respelt, .reordered, .signer, .digest, .fileName: nil
            }
        }
    }

    private static func name(_ record: Record) -> LocalizableText {
        let role = record.role?.text ?? "?"
        if record.isToken { return localized("\(role) token \(record.tokenName)") }
        return localized("\(role) \(record.x509?.subject.value(of: "CN") ?? record.dnsName ?? "?")")
    }

    private static func certificate(_ record: Record) -> LocalizableText {
        guard let certificate = record.x509 else { return localized("no certificate") }
        return localized("serial number \(certificate.serialNumber.colonHex), SHA-1 \(certificate.sha1.hex)")
    }
}
