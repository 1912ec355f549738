import Basics
import Glibc

/// The composition of a lab: decided once, when it is first started, and kept in `plan.json`.
struct LabPlan: Codable, Sendable {
    struct Node: Codable, Sendable {
        let name: String
        let isPublisher: Bool
        let address: String
        let tftpPort: UInt16
        let httpPort: UInt16
        let httpsPort: UInt16
        let sshPort: UInt16
        /// Whether it runs Cisco Tftp.
        let servesTFTP: Bool
        /// Only nodes that run the Trust Verification Service have one.
        let tvsPort: UInt16?
        /// Whether phones can register there.
        let runsCallManager: Bool

        var addressBytes: [UInt8] { address.split(separator: ".").compactMap { UInt8($0) } }
    }

    struct Phone: Codable, Sendable {
        /// `SEP` and the MAC address.
        let name: String
        let model: PhoneModel
        let address: String
        /// Its device pool, if it is not in the first one.
        var pool: String?
        /// Its security profile, if it is not the usual one.
        var profile: String?
    }

    let release: LabRelease
    let nodes: [Node]
    let phones: [Phone]
    /// Phones in addition to `phones`, in their pools.
    let population: PhonePopulation
    let phoneWebPort: UInt16
    /// Cisco Tftp serves a file as it was when it started.
    let tftpCache: Bool
    /// What it does differently from usual.
    var manners: [Manner]?
    /// As `show version active` prints it, if it is not the release's usual one.
    let version: String?
    /// The names of the security tokens whose keys the lab has: those with which the CTL file was written.
    let tokens: [String]
    /// All nodes have one CallManager certificate, with their names as alternative names.
    var hasMultiServerCertificate: Bool?
    /// What `utils ctl update CTLFile` includes from Phone-SAST-trust, if that is not what the release usually does.
    var sastTrust: SASTTrust?
    /// How long services and phones take; nil for at once.
    var durations: LabDurations?

    /// The AXL versions that are served: the release's, and that of the version itself.
    var axlVersions: [String] {
        let own = fullVersion.split(separator: ".").prefix(2).joined(separator: ".")
        return release.axlVersions + (release.axlVersions.contains(own) ? [] : [own])
    }

    func has(_ manner: Manner) -> Bool { manners?.contains(manner) == true }

    /// How long a phone takes to start without ``durations``.
    static let phoneSeconds = 0.2

    /// The cluster's DNS domain, which exists on paper only.
    static let domain = "lab.example"

    /// A node's name in the database.
    func databaseName(_ node: Node) -> String {
        if has(.namesCapital) { return node.name.uppercased() }
        if has(.namesFull) { return "\(node.name).\(Self.domain)" }
        return has(.namesAddress) ? node.address : node.name
    }

    var fullVersion: String { version ?? release.fullVersion }

    var publisher: Node { nodes[0] }

    /// In the order in which phones try them.
    var tftpNodes: [Node] { nodes.filter(\.servesTFTP) }
    /// In the order in which phones ask them.
    var tvsNodes: [Node] { nodes.filter { $0.tvsPort != nil } }

    /// The device pool of one of `phones`.
    func pool(of phone: Phone) -> PhonePopulation.Pool? {
        population.pools.first { $0.name == phone.pool } ?? population.pools.first
    }

    func node(_ name: String) -> Node? { nodes.first { $0.name == name } }

    /// The nodes where phones of a device pool register, in their order.
    func servers(ofPool name: String) -> [String] {
        population.group(ofPool: name)?.members ?? nodes.map(\.name)
    }

    /// A new plan on its own network under 127.0.0.0/8 and on ports that are free there, so that labs can run side by
    /// side.
    static func make(_ options: LabOptions) throws(LabError) -> LabPlan {
        let network = newNetwork()
        var nodes: [Node] = []
        for index in 0..<options.nodeCount {
            nodes.append(
                try newNode(
                    index, index == 0 ? "cucm-1051-a-pub" : "cucm-1051-a-sub\(index)", network: network,
                    isPublisher: index == 0, servesTFTP: index < options.tftpNodeCount,
                    runsTVS: index < options.tvsNodeCount, runsCallManager: true))
        }
        let models: [PhoneModel] =
            options.deskPhones?.map { PhoneModel(named: "CP-\($0)") } ?? [.cp7975, .cp8861, .cp7960]
        let phones = models.enumerated().map { index, model in
            Phone(name: newPhoneName(), model: model, address: "\(network).\(101 + index)")
        }
        let release = options.release ?? .release10
        return LabPlan(
            release: release, nodes: nodes, phones: phones,
            population: options.phones.map {
                .usual(
                    $0 - phones.count, nodes: nodes.map(\.name), groups: options.groups,
                    seed: .random(in: .min ... .max))
            } ?? .none(nodes: nodes.map(\.name)),
            phoneWebPort: try commonPort(phones.map(\.address)), tftpCache: options.tftpCache ?? false,
            manners: options.manners, version: nil, tokens: release.hasCTLCommands ? [] : ClusterIdentity.tokenNames,
            hasMultiServerCertificate: options.multiServerCertificate, sastTrust: options.sastTrust)
    }

    static func newNetwork() -> String { "127.\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254))" }

    /// A node on ports that are free.
    static func newNode(
        _ index: Int, _ name: String, network: String, isPublisher: Bool, servesTFTP: Bool, runsTVS: Bool,
        runsCallManager: Bool
    ) throws(LabError) -> Node {
        let address = "\(network).\(11 + index)"
        var taken: Set<UInt16> = []
        // Two calls may return the same port, because nothing holds the port in between.
        func port(_ kind: Sockets.Kind) throws(LabError) -> UInt16 {
            while true {
                let port = try Sockets.freePort(kind, on: address)
                if taken.insert(port).inserted { return port }
            }
        }
        return Node(
            name: name, isPublisher: isPublisher, address: address, tftpPort: try port(.udp),
            httpPort: try port(.tcp), httpsPort: try port(.tcp), sshPort: try port(.tcp), servesTFTP: servesTFTP,
            tvsPort: runsTVS ? try port(.tcp) : nil, runsCallManager: runsCallManager)
    }

    /// `SEP` and a MAC address.
    static func newPhoneName() -> String {
        let mac = (0..<6).map { $0 == 0 ? 0x00 : UInt8.random(in: .min ... .max) }
        return "SEP" + mac.hex.uppercased()
    }

    static func commonPort(_ addresses: [String]) throws(LabError) -> UInt16 {
        for _ in 0..<20 {
            let port = try Sockets.freePort(.tcp, on: addresses[0])
            if addresses.allSatisfy({ Sockets.isFree(.tcp, $0, port) }) { return port }
        }
        throw LabError(.portTaken, "no port is free on all of \(addresses.joined(separator: ", "))")
    }
}

// MARK: A plan from a file

extension LabPlan {
    /// Reads the plan of a lab that was started before.
    ///
    /// - Throws: ``LabError`` if it is not one that the lab wrote: its names and addresses become paths, and lines of
    ///   nginx's configuration.
    static func read(_ path: String) throws(LabError) -> LabPlan {
        let plan = try LabFiles.read(LabPlan.self, path)
        guard let problem = plan.problem else { return plan }
        throw LabError(.notALab, "\(path) is not what the lab wrote: \(problem)")
    }

    /// What shows that the lab did not write it; nil if nothing does.
    var problem: String? {
        guard (1...LabOptions.nodeCounts.upperBound).contains(nodes.count), nodes[0].isPublisher,
            nodes.dropFirst().allSatisfy({ !$0.isPublisher })
        else { return "it has no nodes, too many, or not one publisher" }
        let names = nodes.map(\.name) + phones.map(\.name) + tokens
        if let name = names.first(where: { !Snapshot.isName($0) }) { return "\(name.debugDescription) is no name" }
        guard Set(nodes.map(\.name)).count == nodes.count else { return "two nodes have the same name" }
        let addresses = nodes.map(\.address) + phones.map(\.address)
        if let address = addresses.first(where: { !Self.isLoopback($0) }) {
            return "\(address.debugDescription) is no address in 127.0.0.0/8"
        }
        guard (version ?? "").utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), (version ?? "").utf8.count < 64 else {
            return "its version is none"
        }
        let kinds = population.kinds
        guard phones.count <= 100, kinds.count <= 10_000,
            kinds.allSatisfy({ LabOptions.phoneCounts.upperBound >= $0.count && $0.count >= 0 }),
            population.count <= LabOptions.phoneCounts.upperBound
        else { return "it has more phones than a lab has" }
        return nil
    }

    private static func isLoopback(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }
}
