import Certificates
import TrustList

/// The change between mixed and non-secure mode, by the command that releases from 10.0 on have. It makes and signs a CTL
/// file of the cluster's own.
///
/// Source: docs/cluster-interfaces.md, "Command line".
public struct SecurityModeChange: Sendable {
    /// What the cluster was before.
    public let modeBefore: SecurityMode
    public let filesBefore: DistributedFile
    private let cluster: Cluster
    private let publisher: NodeConfiguration

    /// Looks at the cluster. Changes nothing.
    ///
    /// - Throws: `notSupported` for a release before 10.0; what nodes do wrong.
    public init(of cluster: Cluster) throws(ClusterError) {
        self.cluster = cluster
        publisher = try cluster.publisher()
        let commandLine = try cluster.commandLine(of: publisher)
        let version = try commandLine.version()
        guard version.hasTokenlessTrustList else {
            throw ClusterError(
                .notSupported, operation: "set the security mode", node: publisher.name,
                message:
                    "release \(version) has no utils ctl; there, only Cisco's CTL Client can set it, by a protocol that is not public"
            )
        }
        modeBefore = try commandLine.securityMode()
        filesBefore = TrustListDistribution(cluster.trustListHosts).read(.ctl)
        if let failure = filesBefore.failures.first { throw failure.error }
    }

    /// The signer of the present CTL file, where that is a hardware token: `utils ctl` would replace it by a file that the
    /// CallManager signs. A token's record has no host name, or the address 0.0.0.0.
    public var tokenThatSigned: String? {
        for bytes in filesBefore.variants {
            guard let list = try? TrustListFile(decoding: bytes), let record = list.signerRecord else { continue }
            let isToken = record.dnsName?.isEmpty ?? true || record.ipAddress == [0, 0, 0, 0]
            if isToken { return list.header.signerName }
        }
        return nil
    }

    /// What the cluster is after the command.
    public struct Result: Sendable {
        /// Nil where it could not be read.
        public let mode: SecurityMode?
        public let files: DistributedFile
        /// Why the command failed; nil when it reported success.
        public let failure: ClusterError?
        /// Whether mode and files are what they were before.
        public let isUnchanged: Bool
    }

    /// Runs the command, which is sent its yes only after its question was recognised, and looks at the cluster again.
    public func run(to mode: SecurityMode) -> Result {
        var failure: ClusterError?
        do throws(ClusterError) {
            try cluster.commandLine(of: publisher).setSecurityMode(mode)
        } catch {
            failure = error
        }
        let after = try? cluster.commandLine(of: publisher).securityMode()
        let files = TrustListDistribution(cluster.trustListHosts).read(.ctl)
        let isSameFile =
            files.readings.count == filesBefore.readings.count
            && zip(files.readings, filesBefore.readings).allSatisfy { $0.agrees(with: $1) }
        return Result(
            mode: after, files: files, failure: failure, isUnchanged: after == modeBefore && isSameFile)
    }
}

extension SecurityMode {
    /// `mixed`, `non-secure`
    public var name: String { self == .mixed ? "mixed" : "non-secure" }
}
