import ArgumentParser
import Basics
import Cluster
import Configuration
import Glibc
import Messages
import Migration
import Operations

/// How several clusters are reported.
enum FleetFormat: String, ExpressibleByArgument, CaseIterable { case table, prometheus, nagios }

/// Several clusters read at the same time, none of which delays another.
struct Fleet: Encodable {
    let clusters: [ClusterOverview]

    /// Reads them all. Passwords that are asked for on the terminal are asked for one after the other.
    init(_ configurations: [ClusterConfiguration], expiryWarning: Int64) {
        clusters = Concurrently.map(configurations, maximumWidth: 64) { configuration in
            Self.read(configuration, expiryWarning)
        }
    }

    private static func read(_ configuration: ClusterConfiguration, _ expiryWarning: Int64) -> ClusterOverview {
        let start = ContinuousClock.now
        func seconds() -> Double { ((ContinuousClock.now - start) / .seconds(1) * 100).rounded() / 100 }
        let remembered = remembered(configuration.name)
        let cluster = ClusterClient(configuration, credentials: .standard)
        defer { cluster.close() }
        do {
            let status = try cluster.status(at: Int64(time(nil)))
            let findings = status.findings(expiryWarning: expiryWarning) + remembered.findings(on: status)
            return ClusterOverview(status, findings: findings, remembered: remembered, seconds: seconds())
        } catch {
            return ClusterOverview(
                unread: configuration.name, because: error, at: .now, remembered: remembered, seconds: seconds())
        }
    }

    /// What this machine remembers is not the cluster's state: what cannot be read of it is only reported.
    static func remembered(_ cluster: String) -> RememberedCluster {
        do { return try RememberedCluster(cluster, in: .standard()) } catch {
            Terminal.note(LocalizableText(describing: error))
            return RememberedCluster()
        }
    }

    /// The worst first.
    var table: String {
        var table = Table(
            localized("CLUSTER"), localized("STATE"), localized("MODE"), localized("SIGNED BY"), localized("TOKENS"),
            localized("STALE"), localized("EXPIRES"), localized("REPLICATION"), localized("LEFT BEHIND"),
            localized("NEXT"))
        for health in [ClusterOverview.Health.critical, .unknown, .warning, .ok] {
            for overview in clusters where overview.health == health {
                table.add(
                    overview.cluster, state(health), overview.mode?.name ?? "-", signer(overview),
                    "\(overview.tokens)", "\(overview.staleRecords)", overview.nextExpiry?.day ?? "-",
                    overview.replicates.map { $0 ? localized("good") : localized("BROKEN") } ?? .verbatim("-"),
                    "\(overview.strandedPhones)", next(overview))
            }
        }
        return table.text
    }

    private func state(_ health: ClusterOverview.Health) -> LocalizableText {
        switch health {
        case .ok: localized("ok")
        case .warning: localized("warning")
        case .critical: localized("ERROR")
        case .unknown: localized("NOT READ")
        }
    }

    private func signer(_ overview: ClusterOverview) -> LocalizableText {
        switch overview.signedBy {
        case .tokens: localized("tokens")
        case .cluster: localized("cluster")
        case nil: .verbatim("-")
        }
    }

    private func next(_ overview: ClusterOverview) -> LocalizableText {
        if overview.unfinishedChange != nil {
            return localized("etoken-bridge migrate status --cluster \(word: overview.cluster)")
        }
        guard overview.health != .ok else { return .verbatim("-") }
        return localized("etoken-bridge cluster status --cluster \(word: overview.cluster)")
    }

    /// The exit status: that of the worst cluster.
    func check() throws {
        let bad = clusters.filter { $0.health == .critical || $0.health == .unknown }
        guard !bad.isEmpty else { return }
        let isSilent = clusters.allSatisfy { $0.health == .unknown }
        throw Failure(
            isSilent ? Status.notReachable : Status.partlyDone,
            localized(
                bad.count,
                one: "One of \(clusters.count) clusters has an error or could not be read: \(bad[0].cluster).",
                other:
                    "\(bad.count) of \(clusters.count) clusters have errors or could not be read: \(bad.map(\.cluster).joined(separator: ", "))."
            ),
            next: localized("See one: etoken-bridge cluster status --cluster \(word: bad[0].cluster)"))
    }
}
