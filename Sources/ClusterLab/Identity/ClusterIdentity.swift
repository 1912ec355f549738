import Basics
import Dispatch
import Synchronization
import X509

/// The certificates of all nodes.
struct ClusterIdentity: Sendable {
    struct Node: Sendable {
        let name: String
        /// Purpose and credential, in CUCM's order.
        let all: [(purpose: String, credential: Credential)]
        let callManager: Credential
        let tomcat: Credential
        let tvs: Credential

        /// Only the publisher has one.
        var capf: Credential? { self["CAPF"] }
        /// Only from release 10.5(2) on.
        var itlRecovery: Credential? { self["ITLRecovery"] }

        subscript(_ purpose: String) -> Credential? { all.first { $0.purpose == purpose }?.credential }
    }

    /// In the order of the plan: the publisher first.
    let nodes: [Node]
    /// The security tokens with which the CTL file was written; empty if the cluster signed it itself.
    let tokens: [Credential]

    var publisher: Node { nodes[0] }

    func node(_ name: String) -> Node? { nodes.first { $0.name == name } }

    static let tokenNames = ["SAST-ADN0054f509", "SAST-ADN008580ef"]

    static func load(_ plan: LabPlan, _ folder: LabFolder) throws -> ClusterIdentity {
        ClusterIdentity(
            nodes: try plan.nodes.map { node in
                let all = try purposes(node, plan.release).map { purpose in
                    let keys = folder.keys(home(of: purpose, node, plan).name)
                    return (purpose: purpose, credential: try Credential(folder: keys, name: purpose))
                }
                func own(_ purpose: String) throws -> Credential {
                    guard let found = all.first(where: { $0.purpose == purpose }) else {
                        throw LabError(.notALab, "\(node.name) has no certificate \(purpose)")
                    }
                    return found.credential
                }
                return Node(
                    name: node.name, all: all, callManager: try own("CallManager"), tomcat: try own("tomcat"),
                    tvs: try own("TVS"))
            },
            tokens: try plan.tokens.map { try Credential(folder: folder.tokens, name: $0) })
    }

    /// The node that has the key: the cluster has one ITLRecovery certificate, the publisher's, and may share one
    /// CallManager certificate.
    static func home(of purpose: String, _ node: LabPlan.Node, _ plan: LabPlan) -> LabPlan.Node {
        let isShared = purpose == "ITLRecovery" || (purpose == "CallManager" && plan.hasMultiServerCertificate == true)
        return isShared ? plan.publisher : node
    }

    private static func purposes(_ node: LabPlan.Node, _ release: LabRelease) -> [String] {
        var list = ["tomcat", "ipsec"]
        if release.hasITLRecovery { list.append("ITLRecovery") }
        list.append("CallManager")
        if node.isPublisher { list.append("CAPF") }
        return list + ["TVS"]
    }

    /// Creates certificates, all in parallel, and writes them and their keys.
    static func make(_ plan: LabPlan, _ folder: LabFolder, keys: KeySource) throws {
        var tasks: [@Sendable () throws -> Void] = []
        let release = plan.release
        if !plan.tokens.isEmpty {
            try LabFiles.makeFolder(folder.tokens)
            let authority = keys.next(bits: 2048)
            let tokens = plan.tokens.map { (name: $0, key: keys.next(bits: 1024)) }
            tasks.append { try TokenAuthority.issue(tokens, authority: authority(), in: folder.tokens) }
        }
        for node in plan.nodes {
            let own = purposes(node, release).filter { home(of: $0, node, plan).name == node.name }
            for group in keySharing(own, node, plan) {
                let key = keys.next(bits: group == [ssh] ? 2048 : release.keyBits(of: group.last ?? ssh))
                tasks.append { try write(key(), group, node, release, folder.keys(node.name)) }
            }
        }
        let failure = Mutex<(any Error)?>(nil)
        let all = tasks
        DispatchQueue.concurrentPerform(iterations: all.count) { index in
            do { try all[index]() } catch { failure.withLock { $0 = error } }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private static let ssh = "ssh"

    /// Which purposes share one key. Nobody ever sees the keys of IPsec and of a subscriber's TVS; in a large cluster,
    /// which would otherwise take long to start, each subscriber has one key of each size.
    private static func keySharing(_ own: [String], _ node: LabPlan.Node, _ plan: LabPlan) -> [[String]] {
        guard !node.isPublisher else {
            return [[ssh], ["tomcat", "ipsec"]] + own.filter { !["tomcat", "ipsec"].contains($0) }.map { [$0] }
        }
        guard plan.nodes.count > separateKeyNodes else {
            return [[ssh], ["tomcat", "ipsec", "TVS"]]
                + own.filter { !["tomcat", "ipsec", "TVS"].contains($0) }.map { [$0] }
        }
        let sizes = Dictionary(grouping: [ssh] + own) { $0 == ssh ? 2048 : plan.release.keyBits(of: $0) }
        return Array(sizes.values)
    }

    private static let separateKeyNodes = 4

    private static func write(
        _ key: PrivateKey, _ purposes: [String], _ node: LabPlan.Node, _ release: LabRelease, _ folder: String
    ) throws {
        for purpose in purposes {
            if purpose == ssh {
                try LabFiles.write(try key.pem(), to: folder + "/ssh_host_key", mode: 0o600)
            } else {
                try certificate(purpose, node, release, key).write(folder: folder, name: purpose)
            }
        }
    }

    /// Generates the keys that a node has instead of its own during a fault, unless that has been done.
    func makeOtherKeys(
        for faults: Set<Fault>, _ node: LabPlan.Node, _ folder: LabFolder, _ release: LabRelease
    ) throws(LabError) {
        let keys = folder.keys(node.name)
        do {
            if faults.contains(.tlsKey), !Files.exists(keys + "/tomcat-other.pem") {
                let key = try PrivateKey.generate(bits: release.keyBits(of: "tomcat"))
                try Self.certificate("tomcat", node, release, key).write(folder: keys, name: "tomcat-other")
            }
            if faults.contains(.expiring) {
                let key = try Credential(folder: keys, name: "ipsec").key
                try Self.certificate("ipsec", node, release, key, days: 5).write(folder: keys, name: "ipsec-other")
            }
            if faults.contains(.sshKey), !Files.exists(keys + "/ssh_host_key-other") {
                try LabFiles.write(
                    try PrivateKey.generate(bits: 2048).pem(), to: keys + "/ssh_host_key-other", mode: 0o600)
            }
        } catch {
            throw LabError(.fileFailed, "the other keys of \(node.name) cannot be made: \(error)")
        }
    }

    static let keyUsage = "digitalSignature,keyEncipherment,dataEncipherment,keyAgreement,keyCertSign"

    static func certificate(
        _ purpose: String, _ node: LabPlan.Node, _ release: LabRelease, _ key: PrivateKey, days: Int64? = nil
    ) throws -> Credential {
        var extensions: [(name: String, value: String)] = [
            ("keyUsage", keyUsage),
            (
                "extendedKeyUsage",
                purpose == "CAPF" ? "serverAuth,ipsecEndSystem" : "serverAuth,clientAuth,ipsecEndSystem"
            ),
        ]
        if purpose == "tomcat" {
            extensions.append(("subjectAltName", "DNS:\(node.name),IP:\(node.address)"))
        }
        let suffix = (0..<4).map { _ in UInt8.random(in: .min ... .max) }
        let name =
            switch purpose {
            case "CAPF": "CAPF-" + suffix.hex
            case "ITLRecovery": "ITLRECOVERY_\(node.name).\(CommandLine.domain)"
            default: node.name
            }
        return try Credential.selfSigned(
            commonName: name, key: key, digest: release.isSHA1(purpose) ? .sha1 : .sha256, extensions: extensions,
            days: days ?? (purpose == "ITLRecovery" ? 20 * 365 : 5 * 365 - 30))
    }
}
