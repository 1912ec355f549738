import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones
import TrustList
import X509

/// The state of the cluster before anything changes.
public struct Survey {
    public let version: ClusterVersion
    public let mode: SecurityMode
    /// The CTL file that every node serves; nil if none does.
    public let presentBytes: [UInt8]?
    public let present: TrustListFile?
    /// The ITL file of each node, by node name.
    public let itls: [String: [UInt8]]
    public let phones: [SurveyedPhone]
    /// The services that will be restarted, in order, and where they are activated; empty in a restored survey.
    let services: [(service: String, node: String)]
    public let world: WorldState
    /// Other problems of the cluster, as in `cluster status`; empty in a restored survey.
    public let findings: [StatusFinding]
    /// Names of the nodes, by their names in the current file.
    let nodeNames: [String: String]
    /// The ITL files, decoded.
    let itlLists: [String: TrustListFile]

    /// The ITL of phones about which nothing better is known: the publisher's, else any node's.
    public var itl: TrustListFile? { world.nodes.lazy.compactMap { itlLists[$0] }.first }

    /// Reads everything that a plan depends on. Changes nothing.
    init(of cluster: any ClusterAccess, backups: StateFolder) throws {
        version = try cluster.version()
        mode = try cluster.securityMode()
        (presentBytes, present) = try Self.presentFile(of: cluster, mode: mode)
        itls = try Self.readITLs(of: cluster)
        world = WorldState(
            version: version.description, mode: mode, nodes: cluster.nodes,
            ctl: presentBytes.map { Digest.sha256($0).hex }, itls: itls.mapValues { Digest.sha256($0).hex },
            trusted: try cluster.certificates(in: TrustStores.phoneSAST).map(\.fingerprint).sorted())
        itlLists = itls.compactMapValues { try? TrustListFile(decoding: $0) }
        // Every node's command line is needed once the new file is there; whether it is available shows here.
        findings = try cluster.findings()
        nodeNames = Self.nodeNames(present, cluster)
        services = try Planner.services(of: version).flatMap { service in
            try cluster.nodes(running: service).map { (service, $0) }
        }
        phones = try Self.phones(of: cluster, present: presentBytes, list: present, backups: backups)
    }

    /// The cluster as it was when a change was planned, from what was saved then. Only the phones are read again.
    ///
    /// - Parameter newFile: the file that the change created, once phones were told about it: those that cannot be
    ///   asked are assumed to hold it.
    init(
        restoring world: WorldState, of cluster: any ClusterAccess, backups: StateFolder, newFile: [UInt8]?
    ) throws {
        self.world = world
        guard let version = ClusterVersion(world.version) else {
            throw MigrationError(
                .planUnusable, localized("The plan's version, \(world.version), is not valid."),
                next: localized("Make the plan again."))
        }
        self.version = version
        mode = world.mode
        presentBytes = try world.ctl.map(backups.backup(sha256:))
        present = try presentBytes.map { try TrustListFile(decoding: $0) }
        itls = try world.itls.mapValues(backups.backup(sha256:))
        itlLists = itls.compactMapValues { try? TrustListFile(decoding: $0) }
        services = []
        findings = []
        nodeNames = Self.nodeNames(present, cluster)
        phones = try Self.phones(
            of: cluster, present: presentBytes, list: present, backups: backups,
            new: try newFile.map { ($0, try TrustListFile(decoding: $0)) })
    }

    private static func nodeNames(_ present: TrustListFile?, _ cluster: any ClusterAccess) -> [String: String] {
        let servers = Set((present?.records ?? []).compactMap(\.dnsName))
        return servers.reduce(into: [:]) { $0[$1] = cluster.nodeName(of: $1) }
    }

    /// Saves the files that a later run has to know.
    func backUp(to folder: StateFolder) throws {
        for bytes in [presentBytes].compactMap(\.self) + itls.values { _ = try folder.backUp(bytes) }
    }

    /// The current file, if a change requires one.
    func requirePresent() throws(MigrationError) -> (bytes: [UInt8], list: TrustListFile) {
        guard let presentBytes, let present else {
            throw MigrationError(
                .inconsistentFiles, localized("The cluster serves no CTL file."),
                next: localized("On the publisher, run utils ctl set-cluster mixed-mode."))
        }
        return (presentBytes, present)
    }

    /// The certificate with which the cluster itself signs a CTL file: ITLRecovery from 12.0 on, the publisher's
    /// CallManager before that; nil if its ITL does not show it. Source: docs/trust-list-format.md.
    func clusterSigner() -> Record? {
        guard let itl else { return nil }
        let signers = itl.records.filter { $0.role == .sast && $0.certificate != nil }
        let own = itl.signerRecord
        guard version.major >= 12 else { return own ?? signers.first }
        return signers.first { $0 != own } ?? own
    }

    private static func readITLs(of cluster: any ClusterAccess) throws -> [String: [UInt8]] {
        var itls: [String: [UInt8]] = [:]
        for reading in try cluster.trustLists.read(.itl).readings where itls[reading.node] == nil {
            if let error = reading.error { throw error }
            guard let bytes = reading.bytes else { continue }
            do { _ = try TrustListFile(decoding: bytes) } catch {
                throw MigrationError(
                    .presentFileInvalid,
                    localized("The ITLFile.tlv on node \(reading.node) is not a complete trust list: \(error)."),
                    next:
                        localized(
                            "Restart the services that create and serve it, then run the command again: etoken-bridge cluster restart-services --cluster \(cluster.name) --service tvs --service tftp --node \(reading.node)"
                        )
                )
            }
            itls[reading.node] = bytes
        }
        return itls
    }

    private static func presentFile(
        of cluster: any ClusterAccess, mode: SecurityMode
    ) throws -> ([UInt8]?, TrustListFile?) {
        let file = try cluster.trustLists.read(.ctl)
        if let failure = file.failures.first { throw failure.error }
        guard let first = file.reference else {
            throw MigrationError(
                .inconsistentFiles, localized("No node of cluster \(cluster.name) serves TFTP."),
                next: localized("Set tftp = true for one of them in the configuration."))
        }
        if mode == .mixed, let reading = file.answers.first(where: { $0.bytes == nil }) {
            throw MigrationError(
                .inconsistentFiles,
                localized(
                    "Node \(reading.node) has no CTLFile.tlv (asked over \(reading.transport.rawValue.uppercased())), but the cluster's security mode is mixed: No CTL File exists on the server but the Call Manager Cluster Security Mode is in Secure Mode."
                ),
                next:
                    localized(
                        "On the publisher, run utils ctl update CTLFile, restart Cisco Tftp on every node, and run this command again."
                    )
            )
        }
        if let other = file.differing.first {
            throw MigrationError(
                .inconsistentFiles,
                localized(
                    "Nodes serve different CTL files: \(first.node) over \(first.transport.rawValue.uppercased()) has \(first.summary), \(other.node) over \(other.transport.rawValue.uppercased()) has \(other.summary)."
                ),
                next: localized(
                    "If a restart does not help, check database replication. Restart Cisco Tftp there, then run this command again: etoken-bridge cluster restart-services --cluster \(cluster.name) --service tftp --node \(other.node)"
                ))
        }
        guard let bytes = first.bytes else { return (nil, nil) }
        let list: TrustListFile
        do {
            list = try TrustListFile(decoding: bytes)
        } catch {
            throw MigrationError(
                .presentFileInvalid,
                localized("The CTLFile.tlv that node \(first.node) serves is not a complete trust list: \(error)."),
                next: localized("On the publisher, run utils ctl update CTLFile, and run this command again."))
        }
        guard let signer = list.signerRecord?.x509, try list.isSigned(by: signer) else {
            throw MigrationError(
                .presentFileInvalid,
                localized(
                    "The CTLFile.tlv that the cluster serves does not verify with the signer that it names, \(list.header.signerName)."
                ),
                next: localized("On the publisher, run utils ctl update CTLFile, and run this command again."))
        }
        return (bytes, list)
    }

    private static func phones(
        of cluster: any ClusterAccess, present: [UInt8]?, list: TrustListFile?, backups: StateFolder,
        new: (bytes: [UInt8], list: TrustListFile)? = nil
    ) throws -> [SurveyedPhone] {
        let phones = try cluster.phones()
        return SurveyedPhone.all(
            phones, checksums: cluster.heldChecksums(of: phones),
            present: present.flatMap { bytes in list.map { (bytes, $0) } }, new: new
        ) { checksum in
            backups.backup(withChecksum: checksum).flatMap { try? TrustListFile(decoding: $0) }
        }
    }
}
