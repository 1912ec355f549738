import Cluster
import Messages
import TrustList
import X509

/// What a CTL file must be like before it replaces the one that a cluster serves. What phones will do with it is another
/// question: see `Forecast`.
public struct DeploymentRules: Sendable {
    private let list: TrustListFile

    public init(for list: TrustListFile) { self.list = list }

    /// Whether it calls itself `CTLFile.tlv`. Phones refuse a file that does not.
    public var isCTLFile: Bool { list.header.fileName == TrustListKind.ctl.fileName }

    /// The checks of ``TrustListVerification`` that it fails.
    ///
    /// - Parameter time: now, in seconds since 1970.
    public func failedChecks(at time: Int64) -> [TrustListVerification.Check] {
        TrustListVerification(of: list, at: time).checks.filter { $0.severity == .error }
    }

    /// The servers that a current file contains and this one lacks, by name, each once: phones would no longer trust them.
    ///
    /// A server whose record is emptied is still there: that is what a file looks like in non-secure mode.
    public func missingServers(replacing present: DistributedFile) -> [String] {
        let servers = present.variants.compactMap { try? TrustListFile(decoding: $0) }.flatMap(\.records)
            .filter { record in [Role.ccm, .ccmTFTP, .tftp].contains { $0 == record.role } }
        let missing = servers.filter { server in !list.records.contains { $0.isServer(of: server) } }
        return Set(missing.map { $0.dnsName ?? "-" }).sorted()
    }

    /// Whether phones that hold the current file know the signer from it. Those that do not know it accept this file
    /// only if TVS vouches for the signer (docs/phone-acceptance.md). Also true if there is no readable current file.
    public func isSignerKnown(to present: DistributedFile) -> Bool {
        guard let before = present.variants.first, before != list.encoded(),
            let old = try? TrustListFile(decoding: before)
        else { return true }
        // As phones do: by the names, and then by the key of the first record that has them (rule 2). The same names
        // with a different key belong to a different signer.
        guard let record = list.signerRecord, let signer = CandidateSigner(record: record) else { return false }
        let known = old.records.first {
            $0.role == .sast && $0.certificate != nil
                && $0.names(issuer: list.header.caName, serialNumber: list.header.serialNumber)
        }
        return known?.certificate.map(signer.isKey(of:)) ?? false
    }
}
