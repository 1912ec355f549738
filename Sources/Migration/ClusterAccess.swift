import Cluster
import Configuration
import Operations
import Phones
import TrustList
import X509

/// What a migration needs from a cluster. ``LiveCluster`` is the real one; tests may substitute another.
public protocol ClusterAccess: AnyObject {
    /// The name by which the user knows the cluster.
    var name: String { get }
    /// The node that holds the database.
    var publisher: String { get }
    /// The nodes that serve TFTP, the publisher first.
    var nodes: [String] { get }

    func version() throws -> ClusterVersion
    func securityMode() throws -> SecurityMode
    /// `utils ctl set-cluster` on the publisher, which writes a CTL file that the cluster signs.
    func setSecurityMode(_ mode: SecurityMode) throws
    /// `utils ctl update CTLFile` on the publisher, which writes a CTL file that the cluster signs.
    func updateTrustList() throws
    /// `utils ctl reset localkey` on the publisher, which writes a CTL file signed by the other of the cluster's own
    /// signers.
    func resetLocalKey() throws

    /// Problems besides the trust lists: versions, services, replication, servers that are not configured.
    ///
    /// - Throws: the error of a node on whose command line nothing can be changed.
    func findings() throws -> [StatusFinding]
    /// The name of the node with this name or address; nil if it does not belong to this cluster.
    func nodeName(of server: String) -> String?

    /// The servers in the cluster's database: the names and addresses of each.
    func serverNames() throws -> [[String]]
    /// The own certificates of every node of the configuration, by node, as it prints them itself; or why not.
    func ownCertificates() throws -> [String: Result<NodeCertificates, ClusterError>]

    /// The trust list files of these nodes, in the same order.
    ///
    /// - Throws: if no node serves them.
    var trustLists: ClusterTrustLists { get throws }

    /// The certificates in a trust store of the cluster; some interfaces only describe them.
    func certificates(in store: String) throws -> [TrustedCertificate]
    func upload(_ certificate: Certificate, to store: String) throws
    func remove(_ certificate: Certificate, from store: String) throws

    /// Asks every TVS server for a signer, as this phone would.
    func askTVS(for signer: CandidateSigner, as phone: Phone?, trusting itl: TrustListFile?) -> [TVSReply]
    /// How long TVS is given to read a CTL file that the cluster has written, in seconds.
    var tvsReadingTime: Double { get }

    func phones() throws -> [Phone]
    /// The CallManager groups of the phones that were read last; nil if they are not known.
    var callManagerGroups: [CallManagerGroup]? { get }
    /// What the phones' web pages say about the CTL files that they hold, by phone name. Phones whose page does not
    /// answer are left out.
    func heldChecksums(of phones: [Phone]) -> [String: HeldChecksum]
    /// Where these phones are registered now: the node, by the phone's name. Those that are not registered are left out.
    ///
    /// - Throws: `ClusterError`; `interrupted` if that was asked for meanwhile.
    func registrations(of phones: [String], isInterrupted: () -> Bool) throws(ClusterError) -> [String: String]
    func restart(_ phone: Phone) throws
    /// Logs in to OS Administration of these nodes, once each, and keeps the sessions. A node whose command line refused
    /// the account is not tried. Writes nothing.
    ///
    /// - Returns: by node, in the same order, why it cannot be used; nil if it can.
    func connectToAdministration(of nodes: [String]) -> [(node: String, failure: ClusterError?)]
    /// Whether the configuration names an account for AXL.
    var hasApplicationAccount: Bool { get }
    /// Reads something over AXL.
    func tryApplicationAccount() throws(ClusterError)
    /// The nodes on which a service is activated, the publisher first.
    func nodes(running service: String) throws -> [String]
    /// Restarts a service and waits until it has started.
    ///
    /// - Parameter isInterrupted: yes ends the wait.
    /// - Throws: `ClusterError`; `interrupted`.
    func restart(service: String, on node: String, isInterrupted: () -> Bool) throws
    /// Restarts a service on several nodes at the same time, and waits until it has started on all of them. Where one
    /// fails, the others are still waited for.
    ///
    /// - Parameters:
    ///   - isInterrupted: yes ends the wait.
    ///   - meanwhile: what this thread does while they restart; nil for nothing.
    ///   - restarted: called for each node as soon as the service has started there, and `meanwhile` has returned.
    /// - Throws: what `meanwhile` and `restarted` throw; `ClusterError`; `interrupted`.
    func restart(
        service: String, on nodes: [String], isInterrupted: () -> Bool, meanwhile: SimultaneousRestart.Meanwhile?,
        restarted: (String) throws -> Void) throws
    /// Waits until a service is no longer starting or stopping on any node: an earlier run may have left it in that
    /// state. One that is stopped, or a node that does not answer, is not waited for.
    func awaitRest(of service: String, isInterrupted: () -> Bool)
}

extension ClusterAccess {
    /// In the trace of Cisco technote 213407 it takes less than three minutes.
    public var tvsReadingTime: Double { 240 }

    /// Asks every TVS server for a signer, as those of the phones would that ask TVS at all: the models do it in the same way.
    public func askTVS(
        for signer: CandidateSigner, asOneOf phones: some Sequence<Phone>, trusting itl: TrustListFile?
    ) -> [TVSReply] {
        askTVS(for: signer, as: phones.first { $0.model.securityByDefault == .supported }, trusting: itl)
    }

    func restart(service: String, on node: String) throws {
        try restart(service: service, on: node, isInterrupted: { false })
    }
}
