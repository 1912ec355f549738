import Certificates
import Cluster
import Migration
import Phones
import TrustList

/// A cluster in memory that can be told to fail at a given call. What the real transports do is tested against the lab.
final class MemoryCluster: ClusterWorld {
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

    func fetch(_ kind: TrustListKind, from node: String, over transport: TrustListTransport) throws -> [UInt8]? {
        files[node]?[kind.fileName].map { corrupt(node, kind.fileName, $0) }
    }

    func deploy(_ bytes: [UInt8], to node: String) throws {
        try change("deploy \(node)")
        files[node, default: [:]]["CTLFile.tlv"] = bytes
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

    func restart(service: String, on node: String) throws { try change("restart \(service) \(node)") }
}
