import Basics
import Cluster
import Configuration
import Messages
import X509

/// A node's own certificates, as it prints them on its command line: what phones and other servers meet there now.
///
/// Source: docs/cluster-interfaces.md, "What counts as proven".
public struct NodeCertificates: Sendable {
    public let node: String
    /// By unit: `CallManager`, `CAPF`, `ITLRecovery`, `TVS`.
    public let certificates: [String: Authenticated<Certificate>]
    /// Units that the node lists but whose certificates it does not print in a form that can be read.
    public let unreadable: [String]

    /// The units that appear in trust lists.
    public static let units = ["CallManager", "CAPF", "ITLRecovery", "TVS"]

    public subscript(unit: String) -> Authenticated<Certificate>? { certificates[unit] }

    /// Reads `show cert list own`, and `show cert own` for each unit that is listed.
    ///
    /// - Throws: ``ClusterError``: `notSupported` or `unexpectedAnswer` if the node has no such command.
    public init(
        of node: String, from line: PlatformCommandLine, units: [String] = Self.units
    ) throws(ClusterError) {
        var (certificates, unreadable): ([String: Authenticated<Certificate>], [String]) = ([:], [])
        for entry in try line.ownCertificates() where units.contains(entry.unit) && certificates[entry.unit] == nil {
            let text = try line.certificateText(entry, own: true)
            if let pem = PEM.certificate(in: text), let certificate = try? Certificate(pem: pem) {
                certificates[entry.unit] = Authenticated(
                    certificate, .ownCertificate("\(entry.unit)/\(entry.name)", of: node))
            } else {
                unreadable.append(entry.unit)
            }
        }
        (self.node, self.certificates, self.unreadable) = (node, certificates, unreadable)
    }
}
