import Basics
import TrustList

/// A cluster in a few words.
extension ClusterStatus {
    /// Who signed the CTL file.
    public enum SigningParty: String, Codable, Sendable, Hashable { case tokens, cluster }

    /// The CTL file that the publisher serves, if phones can use it.
    public var ctl: TrustList? { nodes.first(where: \.isPublisher).flatMap { ctl(of: $0) } }

    /// Nil without a file that names its own signer.
    public var signedBy: SigningParty? {
        ctl?.signerRecord.map { Self.isToken($0) ? .tokens : .cluster }
    }

    /// Tokens in the CTL file.
    public var tokens: Int { ctl?.records.filter { Self.isToken($0) }.count ?? 0 }

    /// When the first certificate expires of those that servers use, that the CTL file contains or that TVS vouches for.
    /// One that has expired counts.
    public var nextExpiry: Timestamp? {
        let own = nodes.flatMap { $0.certificates ?? [] }.compactMap(\.notAfter)
        let listed = ctl?.records.compactMap(\.notAfter) ?? []
        return (own + listed + (trusted ?? []).map(\.notAfter)).min()
    }

    /// Whether database replication is good on every node; nil if no node's is known.
    public var replicates: Bool? {
        let known = nodes.compactMap(\.replication)
        return known.isEmpty ? nil : known.allSatisfy(\.isGood)
    }
}
