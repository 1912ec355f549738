import Basics
import Cluster
import Configuration

/// Builds a cluster's configuration from the address of its publisher, which knows the other nodes. Nothing is sent to
/// a node, least of all a password, before its keys are confirmed.
public struct ClusterDiscovery {
    /// Name and accounts.
    private let cluster: ClusterConfiguration
    private let legacyTLS: Bool
    private let legacySSH: Bool
    /// Corrects where a node is reached (port forwarding, a lab); called with its names.
    private let correct: (inout NodeConfiguration, [String]) -> Void
    /// Shows the keys of nodes to someone who can compare them; throws if they are not confirmed.
    private let agree: ([FirstContact]) throws -> Void

    /// What was found.
    public struct Result {
        public let cluster: ClusterConfiguration
        /// The publisher's first.
        public let contacts: [FirstContact]
        /// The nodes on which the Trust Verification Service is activated, and whose port cannot be reached from here.
        public let unreachableTVS: [String]
    }

    /// - Parameters:
    ///   - cluster: name and accounts, without nodes.
    ///   - legacyTLS: allows old TLS with all nodes, and `legacySSH` old SSH.
    ///   - correct: gets a node and its names, and may change its address and ports.
    ///   - agree: gets what nodes present; throws if the keys are not theirs.
    public init(
        of cluster: ClusterConfiguration, legacyTLS: Bool = false, legacySSH: Bool = false,
        correct: @escaping (inout NodeConfiguration, [String]) -> Void = { _, _ in },
        agree: @escaping ([FirstContact]) throws -> Void
    ) {
        self.cluster = cluster
        self.legacyTLS = legacyTLS
        self.legacySSH = legacySSH
        self.correct = correct
        self.agree = agree
    }

    /// Asks the publisher for version and servers, and every server for its keys. A server is assumed to serve trust
    /// lists if the publisher does not say what it runs.
    ///
    /// - Parameters:
    ///   - address: the publisher's host name or address.
    ///   - credentials: where the platform account's password comes from.
    ///   - observe: called when the publisher's keys are confirmed.
    /// - Throws: ``ClusterError``, and what `agree` throws.
    public func run(
        publisher address: String, credentials: CredentialProvider, observe: () -> Void = {}
    ) throws -> Result {
        var cluster = cluster
        var first = node(address, at: address, as: ["publisher", address])
        first.isPublisher = true
        let contact = FirstContact(with: first)
        if let failure = contact.failures.first(where: { $0.purpose != .tvs }) { throw failure.error }
        try agree([contact])
        cluster.nodes = [contact.pinned]

        let client = ClusterClient(cluster, credentials: credentials)
        defer { client.close() }
        observe()
        let commandLine = try client.commandLine(of: contact.pinned)
        cluster.version = try commandLine.version()
        let servers = try commandLine.servers()
        var publisher = contact.pinned(runsTVS: servers[0].runsTVS)
        publisher.name = servers[0].name
        publisher.servesTFTP = servers[0].servesTFTP

        let others = servers.dropFirst().map { server in
            var node = node(server.name, at: server.address, as: [server.name])
            node.servesTFTP = server.servesTFTP
            return node
        }
        let contacts = Concurrently.map(others) { FirstContact(with: $0) }
        try agree(contacts)
        cluster.nodes =
            [publisher] + zip(contacts, servers.dropFirst()).map { $0.pinned(runsTVS: $1.runsTVS) }
        let unreachable = zip(cluster.nodes, servers).filter { $1.runsTVS == true && $0.tvsPin == nil }.map(\.0.name)
        return Result(cluster: cluster, contacts: [contact] + contacts, unreachableTVS: unreachable)
    }

    private func node(_ name: String, at address: String, as names: [String]) -> NodeConfiguration {
        var node = NodeConfiguration(name: name, address: address, legacyTLS: legacyTLS, legacySSH: legacySSH)
        correct(&node, names)
        return node
    }
}

extension ClusterServer {
    fileprivate var runsTVS: Bool? { services?.contains(ClusterService.trustVerification) }

    fileprivate var servesTFTP: Bool { services?.contains(ClusterService.tftp) ?? true }
}
