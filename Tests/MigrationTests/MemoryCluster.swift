import Certificates
import Cluster
import Migration
import Phones
import TrustList

/// A cluster in memory that can be told to fail at a given call. What the real transports do is tested against the lab.
/// It is used by one thread: its nodes are read and written one after the other.
final class MemoryCluster: ClusterWorld, @unchecked Sendable {
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    let name = "memory"
    let nodes = ["pub", "sub"]
    var files: [String: [String: [UInt8]]] = [:]
    var store: [Certificate] = []
    var mixedMode = true
    var fleet: [Phone] = []
    var held: [String: [UInt8]] = [:]
    /// Every call that changes something, in order.
    var changes: [String] = []
    /// Called with each change before it happens; throws to make it fail.
    var onChange: (String) throws -> Void = { _ in }
    /// Changes what a node gives back.
    var corrupt: (_ node: String, _ file: String, [UInt8]) -> [UInt8] = { $2 }
    var tvsKnowsUploads = true

    private func change(_ what: String) throws {
        try onChange(what)
        changes.append(what)
    }

    func version() -> String { "10.5.1.10000-7" }
    func isMixedMode() -> Bool { mixedMode }

    var trustLists: TrustListDistribution {
        TrustListDistribution(nodes.map { Host(node: $0, cluster: self) }, isParallel: false)
    }

    private struct Host: TrustListHost {
        let node: String
        let cluster: MemoryCluster

        func fetch(_ kind: TrustListKind, over transport: TrustListTransport, timeout: Double) -> [UInt8]? {
            cluster.files[node]?[kind.fileName].map { cluster.corrupt(node, kind.fileName, $0) }
        }

        func deploy(_ contents: [UInt8]) throws(ClusterError) {
            try change("deploy")
            cluster.files[node, default: [:]]["CTLFile.tlv"] = contents
        }

        func delete() throws(ClusterError) {
            try change("delete")
            cluster.files[node]?["CTLFile.tlv"] = nil
        }

        private func change(_ what: String) throws(ClusterError) {
            do { try cluster.change("\(what) \(node)") } catch {
                throw ClusterError(.refused, operation: what, node: node, message: "\(error)")
            }
        }
    }

    func certificates(in store: String) -> [Certificate] { self.store }

    func upload(_ certificate: Certificate, to store: String) throws {
        try change("upload \(certificate.subject.value(of: "CN") ?? "")")
        self.store.append(certificate)
    }

    func remove(_ certificate: Certificate, from store: String) throws {
        try change("remove \(certificate.subject.value(of: "CN") ?? "")")
        self.store.removeAll { $0 == certificate }
    }

    func askTVS(for signer: OfferedSigner, as phone: Phone?, trusting itl: TrustListFile?) -> [TVSReply] {
        let known = tvsKnowsUploads && store.contains(signer.certificate)
        return [
            TVSReply(
                server: "pub",
                answer: known ? .vouches(certificate: signer.certificate.der, roles: [.sast]) : .doesNotKnow)
        ]
    }

    func phones() -> [Phone] { fleet }

    func heldChecksum(of phone: Phone) -> HeldChecksum? {
        held[phone.name].map { .checksum(Digest.sha1($0).hex) } ?? .notInstalled
    }

    /// A phone that takes every file whose signer it can trust, by the same two facts that the lab's phones look at.
    func restart(_ phone: Phone) throws {
        try change("restart \(phone.name)")
        guard let bytes = files["pub"]?["CTLFile.tlv"] else { return }
        if phone.model.securityByDefault == .supported { held[phone.name] = bytes }
    }

    func nodes(running service: String) -> [String] { nodes }

    func restart(service: String, on node: String) throws { try change("restart \(service) \(node)") }
}
