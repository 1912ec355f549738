import Cluster

/// Phones that register with the same servers.
public struct CallManagerGroup: Sendable, Hashable {
    public let name: String
    /// In the order in which phones use them, by their names in the configuration.
    public let servers: [String]
    /// How many phones are in the device pools of the group.
    public let phones: Int

    public init(name: String, servers: [String], phones: Int) {
        (self.name, self.servers, self.phones) = (name, servers, phones)
    }
}

/// How the services of several nodes restart.
public enum RestartOrder: String, Codable, Sendable {
    /// One service after another.
    case oneByOne = "one-by-one"
    /// In waves, so that every phone keeps a server that is up. See ``RestartWave/all(of:order:groups:)``.
    case byGroups = "by-groups"
}

/// A service that restarts on several nodes at the same time. The next wave starts once it is up on all of them.
public struct RestartWave: Sendable, Hashable {
    public let service: String
    public let nodes: [String]

    public init(service: String, nodes: [String]) { (self.service, self.nodes) = (service, nodes) }

    /// The waves in which services restart.
    ///
    /// - Cisco Tftp everywhere at once: a registered phone does not need it, and one that starts meanwhile would
    ///   otherwise get either file, whichever node it asks.
    /// - Cisco CallManager of nodes of which no two are in one CallManager group: then every phone keeps all its servers
    ///   but one. No node gets more phones in a wave than if its neighbours restarted one by one: two servers with
    ///   the same backup restart one after the other.
    /// - All others one after another: which clients use which node is not known.
    ///
    /// - Parameters:
    ///   - services: in their order, each with the nodes where it is activated.
    ///   - groups: all of the cluster; nil if they are not known: then Cisco CallManager restarts one by one.
    public static func all(
        of services: [(service: String, nodes: [String])], order: RestartOrder, groups: [CallManagerGroup]?
    ) -> [RestartWave] {
        services.flatMap { service, nodes -> [RestartWave] in
            guard !nodes.isEmpty else { return [] }
            let parts: [[String]] =
                switch (order, service) {
                case (.byGroups, ClusterService.tftp): [nodes]
                case (.byGroups, ClusterService.callManager):
                    groups.map { CallManagerWaves(nodes, $0).parts } ?? nodes.map { [$0] }
                default: nodes.map { [$0] }
                }
            return parts.map { RestartWave(service: service, nodes: $0) }
        }
    }

    /// How long a wave may take on a real cluster, in seconds. *Unconfirmed*: no source gives times; these are what
    /// administrators report for clusters of some thousand phones.
    public var usualSeconds: Double {
        switch service {
        case ClusterService.tftp: 30
        case ClusterService.callManager: 180
        case ClusterService.trustVerification: 20
        default: 60
        }
    }
}

/// Divides nodes into as few waves as possible.
struct CallManagerWaves {
    /// In the order of their first nodes.
    private(set) var parts: [[String]] = []
    private let groups: [CallManagerGroup]
    /// The most phones that each node gets while another one restarts.
    private var limits: [String: Int] = [:]
    /// Attempts before a division with more waves is accepted: clusters are small, and a better one is not worth a wait.
    private var attempts = 20_000

    init(_ nodes: [String], _ groups: [CallManagerGroup]) {
        self.groups = groups
        for down in [[]] + nodes.map({ [$0] }) {
            limits.merge(Self.load(groups, without: Set(down))) { max($0, $1) }
        }
        // The node that shares groups with most others is placed first.
        let neighbours = nodes.map { node in
            groups.filter { $0.servers.contains(node) }.reduce(into: Set<String>()) { $0.formUnion($1.servers) }.count
        }
        let order = nodes.indices.sorted { (neighbours[$1], $0) < (neighbours[$0], $1) }.map { nodes[$0] }
        let least = groups.map { group in nodes.count(where: group.servers.contains) }.max() ?? 1
        var found: [[String]]?
        for count in max(least, 1)...max(nodes.count, least, 1) where found == nil {
            var copy = self
            found = copy.place(order[...], in: Array(repeating: [], count: count))
        }
        let places = Dictionary(nodes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        parts = (found ?? nodes.map { [$0] }).filter { !$0.isEmpty }
            .map { $0.sorted { places[$0, default: 0] < places[$1, default: 0] } }
            .sorted { places[$0[0], default: 0] < places[$1[0], default: 0] }
    }

    /// - Returns: nil if they do not fit into so many waves, or if that could not be determined in time.
    private mutating func place(_ nodes: ArraySlice<String>, in waves: [[String]]) -> [[String]]? {
        guard let node = nodes.first else { return waves }
        for index in waves.indices {
            guard attempts > 0 else { return nil }
            attempts -= 1
            var next = waves
            next[index].append(node)
            if isSafe(next[index]), let found = place(nodes.dropFirst(), in: next) { return found }
            // All empty waves are alike.
            if waves[index].isEmpty { break }
        }
        return nil
    }

    private func isSafe(_ wave: [String]) -> Bool {
        let down = Set(wave)
        return groups.allSatisfy { $0.servers.count(where: down.contains) <= 1 }
            && Self.load(groups, without: down).allSatisfy { $1 <= limits[$0, default: 0] }
    }

    /// How many phones each node has while these are down.
    private static func load(_ groups: [CallManagerGroup], without down: Set<String>) -> [String: Int] {
        groups.reduce(into: [:]) { load, group in
            guard let server = group.servers.first(where: { !down.contains($0) }) else { return }
            load[server, default: 0] += group.phones
        }
    }
}
