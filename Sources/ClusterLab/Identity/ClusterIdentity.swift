import Certificates
import Dispatch
import Synchronization
import TrustList

/// The certificates of all nodes.
struct ClusterIdentity: Sendable {
    struct Node: Sendable {
        let name: String
        let callManager: Credential
        let tomcat: Credential
        let tvs: Credential
        /// Only the publisher has one.
        let capf: Credential?

        /// Purpose and credential, in CUCM's order.
        var all: [(purpose: String, credential: Credential)] {
            var list = [("tomcat", tomcat), ("CallManager", callManager)]
            if let capf { list.append(("CAPF", capf)) }
            return list + [("TVS", tvs)]
        }
    }

    /// In the order of the plan: the publisher first.
    let nodes: [Node]

    var publisher: Node { nodes[0] }

    func node(_ name: String) -> Node? { nodes.first { $0.name == name } }

    static func load(_ plan: LabPlan, _ folder: LabFolder) throws -> ClusterIdentity {
        ClusterIdentity(
            nodes: try plan.nodes.map { node in
                let keys = folder.keys(node.name)
                return Node(
                    name: node.name,
                    callManager: try Credential(folder: keys, name: "CallManager"),
                    tomcat: try Credential(folder: keys, name: "tomcat"),
                    tvs: try Credential(folder: keys, name: "TVS"),
                    capf: node.isPublisher ? try Credential(folder: keys, name: "CAPF") : nil)
            })
    }

    /// Makes keys and certificates, all at once, and writes them.
    static func make(_ plan: LabPlan, _ folder: LabFolder) throws {
        let tasks = plan.nodes.flatMap { node in
            (node.isPublisher ? ["CallManager", "tomcat", "TVS", "CAPF"] : ["CallManager", "tomcat", "TVS"]).map {
                (node: node, purpose: $0)
            }
        }
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: tasks.count) { index in
            do {
                let (node, purpose) = tasks[index]
                try make(purpose, node, plan.release).write(folder: folder.keys(node.name), name: purpose)
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private static let keyUsage = "digitalSignature,keyEncipherment,dataEncipherment,keyAgreement,keyCertSign"

    private static func make(_ purpose: String, _ node: LabPlan.Node, _ release: LabRelease) throws -> Credential {
        let isOld = release == .release10
        let isSmall = purpose == "CallManager" || purpose == "CAPF"
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
        return try Credential.selfSigned(
            commonName: purpose == "CAPF" ? "CAPF-" + suffix.hex : node.name,
            keyBits: isSmall ? release.callManagerKeyBits : 2048,
            digest: isSmall && isOld ? .sha1 : .sha256,
            extensions: extensions)
    }
}
