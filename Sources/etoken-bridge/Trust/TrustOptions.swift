import ArgumentParser
import Basics
import Cluster
import Messages
import X509

extension TrustTransport: ExpressibleByArgument {}

/// Which trust store, and over which interface.
struct TrustOptions: ParsableArguments {
    @OptionGroup var cluster: ClusterOptions

    @Option(
        help: .localized("The trust store.", valueName: "name"),
        completion: .list(TrustStores.known))
    var store = TrustStores.phoneSAST

    @Option(
        help: .localized(
            "The interface to use; default: the first of these that answers. REST exists from 12.5 on, web is OS Administration.",
            valueName: "way"))
    var via: TrustTransport?

    func validate() throws {
        guard store.hasSuffix("-trust"), store.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
        else {
            throw ValidationError(
                localized(
                    "--store \(store) is not a trust store. Available: \(TrustStores.known.joined(separator: ", "))."))
        }
    }

    /// Works on the stores, and closes the connections.
    func withStores<Value>(_ body: (TrustStores) throws -> Value) throws -> Value {
        let cluster = try cluster.configured()
        defer { cluster.close() }
        return try body(TrustStores(of: cluster, by: via))
    }
}

/// A certificate of a trust store as JSON.
struct TrustedCertificateDocument: Encodable {
    let store, name, serialNumber: String
    let subject, issuer, sha1: String?
    let notBefore, notAfter: Timestamp?

    init(_ listed: TrustedCertificate) {
        (store, name, serialNumber) = (listed.store, listed.name, listed.serialNumber.hex)
        let certificate = listed.certificate
        subject = certificate?.subject.rendered(.cucm)
        // Otherwise as the node prints it.
        issuer = certificate?.issuer.rendered(.cucm) ?? listed.issuer
        notBefore = certificate.map { Timestamp($0.notBefore) }
        notAfter = certificate.map { Timestamp($0.notAfter) }
        sha1 = certificate?.sha1.hex ?? listed.sha1?.hex
    }
}

/// What was changed in a trust store, as JSON.
struct TrustChangeDocument: Encodable {
    struct Entry: Encodable {
        let outcome, via: String
        let certificates: [TrustedCertificateDocument]
    }

    let store: String
    let changes: [Entry]

    init(_ store: String, _ changes: [TrustStores.Change]) {
        self.store = store
        self.changes = changes.map { change in
            Entry(
                outcome: change.outcome.rawValue, via: change.transport.rawValue,
                certificates: change.certificates.map(TrustedCertificateDocument.init))
        }
    }
}

extension TrustStores.Change {
    /// Reports why better interfaces were skipped.
    func tellPassedOver() {
        for error in passedOver { Terminal.note(localized("Another interface was used, because \(error).")) }
    }
}
