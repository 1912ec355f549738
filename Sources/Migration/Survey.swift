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
    /// The CTL file that every node has, or that there is none: proven.
    public let before: Authenticated<[UInt8]?>
    public let present: TrustListFile?
    /// The ITL file of each node, by node name: proven.
    public let itls: [String: Authenticated<[UInt8]>]
    public let phones: [SurveyedPhone]
    /// Phones that earlier changes left behind.
    public let register: StrandedRegister
    /// The services that will be restarted, in order, and where they are activated; empty in a restored survey.
    let services: [(service: String, nodes: [String])]
    /// The CallManager groups; nil if they are not known.
    let groups: [CallManagerGroup]?
    public let world: WorldState
    /// Other problems of the cluster, as in `cluster status`; empty in a restored survey.
    public let findings: [StatusFinding]
    /// Names of the nodes, by their names in the current file.
    let nodeNames: [String: String]
    /// The ITL files, decoded.
    let itlLists: [String: TrustListFile]
    /// The cluster's servers and their certificates.
    let servers: ServerEvidence

    /// The bytes of the CTL file; nil if there is none.
    public var presentBytes: [UInt8]? { before.value }

    /// The ITL of phones about which nothing better is known: the publisher's, else any node's.
    public var itl: TrustListFile? { world.nodes.lazy.compactMap { itlLists[$0] }.first }

    /// Reads everything that a plan depends on. Changes nothing.
    ///
    /// - Parameter acceptingUnproven: whether what TFTP and HTTP say is accepted from a node that has no way to say what
    ///   it has.
    /// - Throws: `EvidenceError` if what is served is not what the nodes have, or cannot be proven.
    init(of cluster: any ClusterAccess, backups: StateFolder, acceptingUnproven: Bool) throws {
        version = try cluster.version()
        mode = try cluster.securityMode()
        let lists = try PresentTrustLists(
            of: cluster.trustLists, mode: mode, acceptingUnproven: acceptingUnproven)
        (before, present, itls, itlLists) = (lists.ctl, lists.list, lists.itls, lists.itlLists)
        servers = ServerEvidence(cluster)
        world = WorldState(
            version: version.description, mode: mode, nodes: cluster.nodes,
            ctl: before.value.map { Digest.sha256($0).hex }, proof: before.proof,
            itls: itls.mapValues { Digest.sha256($0.value).hex },
            trusted: try cluster.certificates(in: TrustStores.phoneSAST).map(\.fingerprint).sorted())
        // Every node's command line is needed once the new file is there; whether it is available becomes apparent here.
        findings = try cluster.findings()
        nodeNames = Self.nodeNames(present, cluster)
        services = try Planner.services(of: version).compactMap { service in
            let nodes = try cluster.nodes(running: service)
            return nodes.isEmpty ? nil : (service, nodes)
        }
        register = try StrandedRegister(of: cluster.name, in: backups)
        phones = try Self.phones(
            of: cluster, mode: mode, present: before.value, list: present, backups: backups, register: register)
        groups = cluster.callManagerGroups
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
                next: localized("Create the plan again."))
        }
        self.version = version
        mode = world.mode
        before = try world.ctl.map { try backups.recorded(sha256: $0).asOptional } ?? .recordedAsAbsent
        present = try before.value.map { try TrustListFile(decoding: $0) }
        itls = try world.itls.mapValues(backups.recorded(sha256:))
        itlLists = itls.compactMapValues { try? TrustListFile(decoding: $0.value) }
        servers = ServerEvidence(cluster)
        services = []
        findings = []
        nodeNames = Self.nodeNames(present, cluster)
        register = try StrandedRegister(of: cluster.name, in: backups)
        phones = try Self.phones(
            of: cluster, mode: mode, present: before.value, list: present, backups: backups, register: register,
            new: try newFile.map { ($0, try TrustListFile(decoding: $0)) })
        groups = cluster.callManagerGroups
    }

    /// The phones of device pools; all if none is named.
    func phones(in pools: [String]) -> [Phone] {
        phones.map(\.phone).filter { pools.isEmpty || pools.contains($0.place?.devicePool ?? "") }
    }

    /// The waves in which the services of a change restart.
    func waves(_ order: RestartOrder) -> [RestartWave] {
        RestartWave.all(of: services, order: order, groups: groups)
    }

    private static func nodeNames(_ present: TrustListFile?, _ cluster: any ClusterAccess) -> [String: String] {
        let servers = Set((present?.records ?? []).compactMap(\.dnsName))
        return servers.reduce(into: [:]) { $0[$1] = cluster.nodeName(of: $1) }
    }

    /// Saves the files that a later run has to know.
    func backUp(to folder: StateFolder) throws {
        for bytes in [presentBytes].compactMap(\.self) + itls.values.map(\.value) { _ = try folder.backUp(bytes) }
    }

    /// The current file, if a change requires one.
    func requirePresent() throws(MigrationError) -> (bytes: [UInt8], list: TrustListFile) {
        guard let presentBytes, let present else {
            throw MigrationError(
                .inconsistentFiles,
                mode == .mixed
                    ? localized(
                        "No CTL File exists on the server but the Call Manager Cluster Security Mode is in Secure Mode: there is none to bring up to date."
                    ) : localized("The cluster serves no CTL file."),
                next: version.hasTokenlessTrustList
                    ? localized(
                        mode == .mixed
                            ? "Create one: with tokens by migrate to-etoken, without them by migrate to-tokenless."
                            : "Set the cluster to mixed mode: etoken-bridge cluster set-mode mixed.")
                    : localized("Create one with tokens: etoken-bridge migrate to-etoken."))
        }
        return (presentBytes, present)
    }

    /// The certificate with which the cluster itself will sign a CTL file; nil if its ITL does not show it.
    func clusterSigner() -> Record? { Record.clusterSigner(itl, version) }

    private static func phones(
        of cluster: any ClusterAccess, mode: SecurityMode, present: [UInt8]?, list: TrustListFile?,
        backups: StateFolder,
        register: StrandedRegister, new: (bytes: [UInt8], list: TrustListFile)? = nil
    ) throws -> [SurveyedPhone] {
        let phones = try cluster.phones()
        return backups.surveyed(
            phones, checksums: cluster.heldChecksums(of: phones),
            present: present.flatMap { bytes in list.map { (bytes, $0) } }, new: new, mode: mode, register: register)
    }
}

extension StateFolder {
    /// Judges what phones hold: by what their web pages display, by what the cluster serves, and by the files and the
    /// register of earlier changes that are kept here. See `SurveyedPhone.all`.
    public func surveyed(
        _ phones: [Phone], checksums: [String: HeldChecksum], present: (bytes: [UInt8], list: TrustListFile)?,
        new: (bytes: [UInt8], list: TrustListFile)? = nil, mode: SecurityMode, register: StrandedRegister
    ) -> [SurveyedPhone] {
        // Thousands of phones were left with the same few files.
        var copies: [String: StrandedRegister.Copy?] = [:]
        func copy(_ sha256: String) -> StrandedRegister.Copy? {
            if let copy = copies[sha256] { return copy }
            let copy = (try? backup(sha256: sha256)).flatMap(StrandedRegister.Copy.init)
            copies[sha256] = copy
            return copy
        }
        return SurveyedPhone.all(
            phones, checksums: checksums, present: present, new: new, isMixed: mode == .mixed,
            leftBehind: { register.held(by: $0.name, present: (new ?? present)?.bytes, copy: copy) },
            copy: { checksum in backup(withChecksum: checksum).flatMap { try? TrustListFile(decoding: $0) } })
    }
}
