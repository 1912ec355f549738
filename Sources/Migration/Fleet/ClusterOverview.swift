import Basics
import Cluster
import Messages
import Operations

/// One line about a cluster, for someone who looks after several, and for monitoring. Source: docs/monitoring.md.
public struct ClusterOverview: Codable, Sendable, Hashable {
    public enum Health: String, Codable, Sendable, Hashable, CaseIterable {
        case ok, warning, critical
        /// It could not be read.
        case unknown

        /// Exit status and wording of a Nagios plugin. Source: Monitoring Plugins Development Guidelines, "Return codes".
        public var pluginStatus: Int32 {
            switch self {
            case .ok: 0
            case .warning: 1
            case .critical: 2
            case .unknown: 3
            }
        }
    }

    public var cluster: String
    public var health: Health
    /// When the cluster was read.
    public var taken: Timestamp
    /// How long that took.
    public var seconds: Double
    public var version: String?
    public var mode: SecurityMode?
    public var signedBy: ClusterStatus.SigningParty?
    public var signer: String?
    /// Tokens in the CTL file.
    public var tokens: Int
    /// Records of the CTL file that a server no longer matches.
    public var staleRecords: Int
    public var nextExpiry: Timestamp?
    public var replicates: Bool?
    public var unfinishedChange: String?
    public var strandedPhones: Int
    /// Whether the CTL file is another one than the last change left; nil if there was none on this machine.
    public var drifted: Bool?
    public var findings: [StatusFinding]

    /// A cluster that was read.
    ///
    /// - Parameter findings: everything that was found, errors first.
    public init(
        _ status: ClusterStatus, findings: [StatusFinding], remembered: RememberedCluster, seconds: Double
    ) {
        self.init(status.cluster, taken: status.taken, remembered: remembered, findings: findings, seconds: seconds)
        let isRead = status.nodes.contains { $0.isPublisher && $0.version != nil }
        health =
            if !isRead { .unknown } else if findings.contains(where: { $0.severity == .error }) {
                .critical
            } else {
                findings.isEmpty ? .ok : .warning
            }
        (version, mode) = (status.version, status.securityMode)
        (signedBy, signer, tokens) = (status.signedBy, status.ctl?.signer, status.tokens)
        staleRecords = findings.count { $0.code == .certificateNotInFile }
        (nextExpiry, replicates) = (status.nextExpiry, status.replicates)
        drifted = remembered.last.map { _ in remembered.drifted(status) != nil }
    }

    /// A cluster that could not be queried at all, for example because there was no password.
    public init(
        unread cluster: String, because error: some UserError, at taken: Timestamp, remembered: RememberedCluster,
        seconds: Double
    ) {
        self.init(
            cluster, taken: taken, remembered: remembered,
            findings: [
                StatusFinding(
                    code: .nodeNotRead, severity: .error, text: error.text, next: [error.next].compactMap(\.self))
            ], seconds: seconds)
    }

    private init(
        _ cluster: String, taken: Timestamp, remembered: RememberedCluster, findings: [StatusFinding], seconds: Double
    ) {
        (self.cluster, self.taken, self.findings, self.seconds) = (cluster, taken, findings, seconds)
        (unfinishedChange, strandedPhones) = (remembered.unfinished, remembered.stranded)
        (health, tokens, staleRecords) = (.unknown, 0, 0)
    }

    /// The worst of several; ``Health/ok`` if there are none. An unknown state is worse than a warning, and less bad
    /// than a known error.
    public static func worst(_ overviews: [ClusterOverview]) -> Health {
        let worstFirst: [Health] = [.critical, .unknown, .warning]
        return worstFirst.first { health in overviews.contains { $0.health == health } } ?? .ok
    }
}
