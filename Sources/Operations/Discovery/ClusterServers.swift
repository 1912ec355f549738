import Cluster
import Configuration
import Messages

/// A server of a cluster, as the publisher knows it.
public struct ClusterServer: Sendable, Hashable {
    /// As in the table processnode: a host name, a fully qualified name or an address.
    public var name: String
    /// Where it can be reached.
    public var address: String
    public var isPublisher: Bool
    /// `callmanager`, `cups` ...; nil if the publisher does not say.
    public var product: String?
    /// The services that are activated on it; nil if the publisher does not say.
    public var services: Set<String>?

    public init(
        name: String, address: String, isPublisher: Bool = false, product: String? = nil, services: Set<String>? = nil
    ) {
        self.name = name
        self.address = address
        self.isPublisher = isPublisher
        self.product = product
        self.services = services
    }
}

/// A line of `show network cluster`.
package struct NetworkClusterLine: Hashable {
    /// Address, fully qualified name and host name.
    package var names: [String]
    package var isPublisher: Bool
    var product: String?

    /// Whether it is the line of a server of the database, which may spell it in another way.
    func isOf(_ name: String) -> Bool { names.contains { HostName.areSame($0, name) } }

    /// `192.168.125.10 cucm15.example.com cucm15 Publisher callmanager DBPub authenticated`. Nil for other lines.
    package init?(_ line: Substring) {
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let role = words.firstIndex(where: { $0 == "Publisher" || $0 == "Subscriber" }), role > 0 else {
            return nil
        }
        names = Array(words[..<role])
        isPublisher = words[role] == "Publisher"
        product = words.count > role + 1 ? words[role + 1] : nil
    }
}

extension PlatformCommandLine {
    /// Which services are activated where.
    static let servicesQuery =
        "select pn.name as node, ts.name as service from processnodeservice ps, processnode pn, typeservice ts"
        + " where ps.fkprocessnode=pn.pkid and ps.tkservice=ts.enum and ps.isactive='t'"

    /// The cluster's servers, the publisher first. The names come from the database; addresses and roles from `show
    /// network cluster`, services from the database if it returns them.
    ///
    /// - Throws: `unexpectedAnswer` if no server is the publisher.
    public func servers() throws(ClusterError) -> [ClusterServer] {
        let names = try nodeNames()
        let text = try shell.run(ShellCommand("show network cluster"))
        let lines = text.split(separator: "\n").compactMap(NetworkClusterLine.init)
        let services = try activatedServices()
        var servers = names.map { name in
            let line = lines.first { $0.isOf(name) }
            return ClusterServer(
                name: name, address: line?.names.first ?? name, isPublisher: line?.isPublisher ?? false,
                product: line?.product, services: services.map { $0[name.lowercased()] ?? [] })
        }
        if servers.count == 1 { servers[0].isPublisher = true }
        guard servers.filter(\.isPublisher).count == 1 else {
            throw ClusterError(
                .unexpectedAnswer, operation: localized("find the nodes of the cluster"), node: shell.node,
                message: localized(
                    "`show network cluster` does not list exactly one publisher among \(names.joined(separator: ", "))"),
                found: text)
        }
        return servers.filter(\.isPublisher) + servers.filter { !$0.isPublisher }
    }

    /// What each server of the database is called: its name there, and the names and addresses of `show network cluster`
    /// if the node prints them.
    public func serverNames() throws(ClusterError) -> [[String]] {
        let names = try nodeNames()
        let text = try shell.run(ShellCommand("show network cluster"))
        let lines = text.split(separator: "\n").compactMap(NetworkClusterLine.init)
        return names.map { name in
            [name] + (lines.first { line in line.names.contains { HostName.areSame($0, name) } }?.names ?? [])
        }
    }

    /// The activated services by server name in lower case; nil if this release's tables differ.
    private func activatedServices() throws(ClusterError) -> [String: Set<String>]? {
        let table: SQLTable
        do throws(ClusterError) {
            table = try runSQL(Self.servicesQuery)
        } catch {
            // *Unconfirmed*: the tables' details (docs/cluster-interfaces.md).
            if error.code == .unexpectedAnswer { return nil }
            throw error
        }
        guard let nodes = table["node"], let names = table["service"], !nodes.isEmpty else { return nil }
        return zip(nodes, names).reduce(into: [:]) { $0[$1.0.lowercased(), default: []].insert($1.1) }
    }
}
