import Certificates
import Cluster
import Phones
import TrustList

/// What the cluster looks like before anything changes.
public struct Survey {
    public struct SurveyedPhone: Sendable {
        public let phone: Phone
        public let held: HeldTrustList
        /// What it holds, for tables: "cluster's file", "none", "other (1a2b...)".
        public let summary: String
    }

    public let version: String
    /// The CTL file that every node serves.
    public let presentBytes: [UInt8]
    public let present: TrustListFile
    /// The ITL file of each node, by node name.
    public let itls: [String: TrustListFile]
    public let phones: [SurveyedPhone]

    /// Reads everything that a plan depends on. Changes nothing.
    public init(of cluster: some ClusterWorld, backups: StateFolder) throws {
        version = try cluster.version()
        guard try cluster.isMixedMode() else {
            throw MigrationError(
                .notMixedMode,
                "Cluster \(cluster.name) is in non-secure mode (ClusterSecurityMode 0), so its phones use no CTL file.",
                next: "Set the cluster to mixed mode first (on the publisher: utils ctl set-cluster mixed-mode).")
        }
        (presentBytes, present) = try Self.presentFile(of: cluster)
        var itls: [String: TrustListFile] = [:]
        for reading in cluster.trustLists.read(.itl).readings where itls[reading.node] == nil {
            if let error = reading.error { throw error }
            guard let bytes = reading.bytes else { continue }
            do {
                itls[reading.node] = try TrustListFile(decoding: bytes)
            } catch {
                throw MigrationError(
                    .presentFileInvalid,
                    "The ITLFile.tlv on node \(reading.node) is not a whole trust list: \(error).",
                    next:
                        "Restart the Trust Verification Service and Cisco Tftp on \(reading.node), then run the command again."
                )
            }
        }
        self.itls = itls
        let (bytes, list) = (presentBytes, present)
        phones = try cluster.phones().map {
            Self.survey($0, present: bytes, list: list, checksum: cluster.heldChecksum(of: $0), backups: backups)
        }
    }

    /// The ITL that phones hold: the publisher's, else any node's.
    func itl(publisherFirst nodes: [String]) -> TrustListFile? {
        nodes.lazy.compactMap { self.itls[$0] }.first
    }

    private static func presentFile(of cluster: some ClusterWorld) throws -> ([UInt8], TrustListFile) {
        let file = cluster.trustLists.read(.ctl)
        if let failure = file.failures.first { throw failure.error }
        if let reading = file.answers.first(where: { $0.bytes == nil }) {
            throw MigrationError(
                .inconsistentFiles,
                "Node \(reading.node) has no CTLFile.tlv (asked over \(reading.transport.rawValue.uppercased())), but the cluster's security mode is mixed: No CTL File exists on the server but the Call Manager Cluster Security Mode is in Secure Mode.",
                next:
                    "On the publisher, run utils ctl update CTLFile, restart Cisco Tftp on every node, and run this command again."
            )
        }
        guard let first = file.reference, let bytes = first.bytes else {
            preconditionFailure("a cluster has a publisher")
        }
        if let other = file.differing.first {
            throw MigrationError(
                .inconsistentFiles,
                "Nodes serve different CTL files: \(first.node) over \(first.transport.rawValue.uppercased()) has \(first.summary), \(other.node) over \(other.transport.rawValue.uppercased()) has \(other.summary).",
                next: "Restart Cisco Tftp on \(other.node), check database replication, and run this command again.")
        }
        let list: TrustListFile
        do {
            list = try TrustListFile(decoding: bytes)
        } catch {
            throw MigrationError(
                .presentFileInvalid,
                "The CTLFile.tlv that node \(first.node) serves is not a whole trust list: \(error).",
                next: "On the publisher, run utils ctl update CTLFile, and run this command again.")
        }
        guard let record = list.signerRecord, let signer = record.certificate.flatMap({ try? Certificate(der: $0) }),
            try list.isSigned(by: signer)
        else {
            throw MigrationError(
                .presentFileInvalid,
                "The CTLFile.tlv that the cluster serves does not verify with the signer that it names, \(list.header.signerName).",
                next: "On the publisher, run utils ctl update CTLFile, and run this command again.")
        }
        return (bytes, list)
    }

    private static func survey(
        _ phone: Phone, present: [UInt8], list: TrustListFile, checksum: HeldChecksum?, backups: StateFolder
    ) -> SurveyedPhone {
        switch checksum {
        case .notInstalled:
            return SurveyedPhone(phone: phone, held: .none, summary: "no CTL file")
        case .checksum(let text) where text == Digest.md5(present).hex || text == Digest.sha1(present).hex:
            return SurveyedPhone(phone: phone, held: .file(list), summary: "present file")
        case .checksum(let text):
            let short = text.prefix(8)
            if let bytes = backups.backup(withChecksum: text), let old = try? TrustListFile(decoding: bytes) {
                return SurveyedPhone(phone: phone, held: .file(old), summary: "older file \(short)")
            }
            return SurveyedPhone(
                phone: phone,
                held: .unknown(
                    "it holds another CTL file (checksum \(text)) than the cluster serves, and no copy is here"),
                summary: "other file \(short)")
        case nil:
            // Most phones have web access switched off. One that is registered took the cluster's file.
            return SurveyedPhone(phone: phone, held: .file(list), summary: "present file (assumed)")
        }
    }
}
