import Basics
import Cluster
import Configuration
import Messages
import TrustList
import X509

extension ClusterClient {
    /// Checks every node: over TFTP and HTTP, and on the command line. Changes nothing. Failures are part of the
    /// result.
    ///
    /// - Parameter time: now, in seconds since 1970.
    public func status(at time: Int64) throws(ClusterError) -> ClusterStatus {
        let publisher = try publisher()
        let others = configuration.nodes.filter { !$0.isPublisher }
        let lists = ClusterTrustLists(try trustListHosts)

        // The publisher is logged in to first: a password that it refuses is not tried on the others.
        let (first, files) = Concurrently.both {
            NodeSurvey(of: publisher, in: self)
        } _: {
            (ctl: lists.read(.ctl), itl: lists.read(.itl))
        }
        var surveys = [first]
        if let refusal = first.refusal {
            surveys += others.map { NodeSurvey(of: $0, notAskedFor: refusal) }
        } else {
            surveys += Concurrently.map(others) { NodeSurvey(of: $0, in: self) }
        }
        return assemble(surveys, files.ctl, files.itl, at: time)
    }

    /// What matters for a change of the trust list besides the lists themselves, from the nodes' command lines:
    /// versions, services, replication, and the servers in the database. Changes nothing.
    ///
    /// - Throws: the error of a node that does not list its services: nothing can be changed there.
    public func condition(at time: Int64) throws(ClusterError) -> ClusterStatus {
        let first = NodeSurvey(of: try publisher(), in: self, isBrief: true)
        var surveys = [first]
        if first.services != nil {
            surveys += Concurrently.map(configuration.nodes.filter { !$0.isPublisher }) {
                NodeSurvey(of: $0, in: self, isBrief: true)
            }
        }
        for survey in surveys where survey.services == nil {
            if let failure = survey.failures.last { throw failure }
        }
        return assemble(surveys, nil, nil, at: time)
    }

    private func assemble(
        _ surveys: [NodeSurvey], _ ctl: DistributedFile?, _ itl: DistributedFile?, at time: Int64
    ) -> ClusterStatus {
        let publisher = surveys.first { $0.node.isPublisher }
        let names = publisher?.serverNames
        var lists: [ClusterStatus.TrustList] = []
        for file in [ctl, itl].compactMap(\.self) {
            lists += file.variants.map { ClusterStatus.TrustList($0, kind: file.kind, at: time) }
        }
        return ClusterStatus(
            cluster: configuration.name, taken: Timestamp(time), version: publisher?.version,
            securityMode: publisher?.mode,
            nodes: surveys.map { survey in
                let node = survey.node
                return ClusterStatus.Node(
                    name: node.name, address: node.address, isPublisher: node.isPublisher,
                    isConfiguredForTFTP: node.servesTFTP, version: survey.version, services: survey.services,
                    certificates: survey.certificates,
                    replication: publisher?.replication?.first { $0.isOf(node) }?.state,
                    tvsFailure: survey.tvsFailure,
                    ctl: ctl.flatMap { ClusterStatus.Served($0, node: node.name, stated: survey.ctl) },
                    itl: itl.flatMap { ClusterStatus.Served($0, node: node.name, stated: survey.itl) },
                    failures: (survey.failures + Self.unlisted(node, publisher?.replication))
                        .map(ClusterStatus.Failure.init))
            },
            trustLists: lists,
            serversNotConfigured: names?.filter { configuration.node(called: $0) == nil } ?? [],
            nodesNotInCluster: names.map { names in
                configuration.nodes.filter { node in !names.contains(where: node.isCalled) }.map(\.name)
            } ?? [], trusted: publisher?.trusted)
    }

    /// A node without a row is not one whose replication is good.
    private static func unlisted(
        _ node: NodeConfiguration, _ rows: [StatusAnswers.ReplicationRow]?
    ) -> [ClusterError] {
        guard let rows, !rows.isEmpty, !rows.contains(where: { $0.isOf(node) }) else { return [] }
        return [
            ClusterError(
                .notFound, operation: localized("read the database replication"), node: node.name,
                message: localized("`utils dbreplication runtimestate` on the publisher has no row for it"),
                found: rows.map(\.name).joined(separator: ", "))
        ]
    }
}

/// What one node reports on its command line.
private struct NodeSurvey: Sendable {
    let node: NodeConfiguration
    var version: String?
    var services: [ServiceStatus]?
    var certificates: [ClusterStatus.Certificate]?
    var failures: [ClusterError] = []
    /// What it says of its trust lists, if it serves any.
    var ctl: TrustListStatement?
    var itl: TrustListStatement?
    // Only for the publisher.
    var mode: SecurityMode?
    var serverNames: [String]?
    var replication: [StatusAnswers.ReplicationRow]?
    var tvsFailure: LocalizableText?
    var trusted: [ClusterStatus.Trusted]?

    /// Why no other node should be logged in to with the same password.
    var refusal: ClusterError? {
        failures.first(where: \.isRefusal)
    }

    init(of node: NodeConfiguration, notAskedFor refusal: ClusterError) {
        self.node = node
        var failure = ClusterError(
            refusal.code, operation: localized("log in to the command line"), node: node.name,
            message: localized(
                "not tried, because it failed on \(refusal.node.map { .verbatim($0) } ?? localized("another node"))"))
        failure.advice = refusal.next
        failures = [failure]
    }

    /// The default if the configuration specifies none.
    private static let tvsPort: UInt16 = 2445

    /// Why the port of the Trust Verification Service cannot be reached from here; nil if it can. Phones reach it from
    /// elsewhere: it may be closed to administrators.
    private static func tvsFailure(of node: NodeConfiguration) -> LocalizableText? {
        PortProbe.failure(host: node.address, port: node.tvsPort ?? tvsPort)
            ?? (node.tvsPort == nil ? localized("the configuration says that the node does not run it") : nil)
    }

    /// - Parameter isBrief: without the certificates, the mode, and what it says of its trust lists.
    init(of node: NodeConfiguration, in cluster: ClusterClient, isBrief: Bool = false) {
        self.node = node
        var isOver = false
        func ask<T>(_ question: (PlatformCommandLine) throws(ClusterError) -> T) -> T? {
            // One reason why the node is unavailable is enough.
            guard !isOver else { return nil }
            let line: PlatformCommandLine
            do throws(ClusterError) {
                line = try cluster.commandLine(of: node)
            } catch {
                failures.append(error)
                isOver = true
                return nil
            }
            do throws(ClusterError) {
                return try question(line)
            } catch {
                failures.append(error)
                isOver = [.timedOut, .closed].contains(error.code)
                return nil
            }
        }
        version = ask { (line) throws(ClusterError) in try line.version().description }
        services = ask { (line) throws(ClusterError) in
            try line.services()
        }
        let runsTVS = services?.contains { $0.name == ClusterService.trustVerification && $0.isRunning } == true
        tvsFailure = runsTVS ? Self.tvsFailure(of: node) : nil
        certificates =
            isBrief
            ? nil
            : ask { (line) throws(ClusterError) in
                var certificates: [ClusterStatus.Certificate] = []
                for entry in try line.ownCertificates() {
                    let text = try line.certificateText(entry, own: true)
                    certificates.append(StatusAnswers.certificate(text, entry: entry))
                }
                return certificates
            }
        if !isBrief, node.servesTFTP {
            ctl = ask { (line) throws(ClusterError) in try line.showCTL() }
            itl = ask { (line) throws(ClusterError) in try line.showITL() }
        }
        guard node.isPublisher else { return }
        mode = isBrief ? nil : ask { (line) throws(ClusterError) in try line.securityMode() }
        serverNames = ask { (line) throws(ClusterError) in try line.nodeNames() }
        replication = ask { (line) throws(ClusterError) in try line.replication() }
        trusted = isBrief ? nil : ask { (line) throws(ClusterError) in try Self.trusted(line) }
    }

    /// The stores that TVS and phones rely on. Others can be large.
    private static let stores: Set<String> = [TrustStores.phoneSAST, "CallManager-trust"]
    /// Each takes a command of about a second.
    private static let maximumTrusted = 60

    private static func trusted(_ line: PlatformCommandLine) throws(ClusterError) -> [ClusterStatus.Trusted] {
        var found: [ClusterStatus.Trusted] = []
        for entry in try line.trustCertificates().filter({ stores.contains($0.unit) }).prefix(maximumTrusted) {
            // A name that cannot be asked for is no reason to stop.
            guard let text = try? line.certificateText(entry),
                let date = StatusAnswers.certificate(text, entry: entry).notAfter
            else { continue }
            found.append(.init(store: entry.unit, name: entry.name, notAfter: date))
        }
        return found
    }
}
