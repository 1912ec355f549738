import Basics
import Configuration
import Messages
import X509

/// An interface to the cluster's certificates, the best one first (docs/cluster-interfaces.md).
public enum TrustTransport: String, Sendable, Hashable, CaseIterable {
    /// The certificate REST interface, from 14 on.
    case rest
    /// OS Administration.
    case web
    /// The command line.
    case ssh

    /// Whether a release has this interface. If the release is not known it is tried: it reports by itself that it is
    /// missing.
    func exists(in version: ClusterVersion?) -> Bool { self != .rest || version?.hasCertificateREST ?? true }
}

/// A certificate in a trust store, as far as the interface describes it.
public struct TrustedCertificate: Sendable, Hashable {
    /// `Phone-SAST-trust` ...
    public var store: String
    /// The file's name on the node: `SAST-ADN0054f509.pem`; empty if the interface does not name it.
    public var name: String
    /// Nil if there is only a description, as the command line prints it.
    public var certificate: Certificate?
    /// Big-endian, without leading zeros.
    public var serialNumber: [UInt8]
    /// As described, if the certificate itself is not known: names in the node's own order and spelling.
    public var issuer: String?
    /// The same: the SHA-1 of the certificate.
    public var sha1: [UInt8]?

    public init(store: String, name: String, certificate: Certificate) {
        (self.store, self.name, self.certificate) = (store, name, certificate)
        serialNumber = certificate.serialNumber
    }

    public init(store: String, name: String, serialNumber: [UInt8], issuer: String? = nil, sha1: [UInt8]? = nil) {
        (self.store, self.name, self.serialNumber) = (store, name, serialNumber)
        (self.issuer, self.sha1) = (issuer, sha1)
    }

    /// Nil if not even the serial number is described.
    init?(store: String, name: String, _ description: CertificateDescription) {
        if let certificate = description.certificate {
            self.init(store: store, name: name, certificate: certificate)
        } else if let number = description.serialNumber {
            self.init(
                store: store, name: name, serialNumber: number, issuer: description.issuer, sha1: description.sha1)
        } else {
            return nil
        }
    }

    /// Whether it is this certificate. One that is only described is identified by its SHA-1, otherwise by serial
    /// number and issuer, which together are unique (RFC 5280, 4.1.2.2).
    public func isSame(as other: Certificate) -> Bool {
        if let certificate { return certificate == other }
        if let sha1 { return sha1 == other.sha1 }
        guard serialNumber == other.serialNumber else { return false }
        guard let issuer = issuer.map({ TerminalText.collapsed($0).lowercased() }) else { return true }
        // Nodes order and spell the types of a name in their own way; its values are the same.
        return other.issuer.attributes.allSatisfy { issuer.contains(TerminalText.collapsed($0.value).lowercased()) }
    }

    /// The file's name; if the interface does not name it, the certificate's common name.
    public var title: String {
        name.isEmpty ? certificate?.subject.value(of: "CN") ?? serialNumber.hex : name
    }

    /// What identifies it in a list: the SHA-256 of the certificate in hexadecimal digits; of one that is only described,
    /// `sha1:` or `serial:` and what is known.
    public var fingerprint: String {
        if let certificate { return Digest.sha256(certificate.der).hex }
        return sha1.map { "sha1:" + $0.hex } ?? "serial:" + serialNumber.hex
    }

    /// The fingerprints under which a certificate may be in a list.
    public static func fingerprints(of certificate: Certificate) -> Set<String> {
        [
            Digest.sha256(certificate.der).hex, "sha1:" + certificate.sha1.hex,
            "serial:" + certificate.serialNumber.hex,
        ]
    }
}

/// The trust stores of a node, over one interface. An upload to the publisher reaches the others; so does a deletion,
/// from 11.0 on.
protocol TrustStoreAccess: Sendable {
    var transport: TrustTransport { get }

    /// - Throws: ``ClusterError``; `not-supported` if the store is not available over this interface.
    func list(_ store: String) throws(ClusterError) -> [TrustedCertificate]
    /// What it says about the outcome proves nothing: read it back.
    ///
    /// - Returns: its words; nil if it has none.
    func upload(_ certificate: Certificate, to store: String, description: String) throws(ClusterError) -> String?
    /// The same for a deletion.
    func remove(_ certificate: TrustedCertificate) throws(ClusterError) -> String?
}

/// Over OS Administration.
struct WebTrustStore: TrustStoreAccess {
    let administration: OSAdministration
    let transport = TrustTransport.web

    func list(_ store: String) throws(ClusterError) -> [TrustedCertificate] {
        try administration.trustCertificates(unit: store)
    }

    func upload(_ certificate: Certificate, to store: String, description: String) throws(ClusterError) -> String? {
        try administration.uploadTrustCertificate(unit: store, pem: certificate.pem, description: description)
    }

    func remove(_ certificate: TrustedCertificate) throws(ClusterError) -> String? {
        try administration.deleteTrustCertificate(unit: certificate.store, name: certificate.name)
    }
}

/// Over the command line.
struct ShellTrustStore: TrustStoreAccess {
    let commandLine: PlatformCommandLine
    let transport = TrustTransport.ssh

    func list(_ store: String) throws(ClusterError) -> [TrustedCertificate] {
        var listed: [TrustedCertificate] = []
        for entry in try commandLine.trustCertificates() where entry.unit.lowercased() == store.lowercased() {
            listed.append(try certificate(entry))
        }
        return listed
    }

    /// Releases differ in whether they print the certificate below its description.
    private func certificate(_ entry: CertificateListEntry) throws(ClusterError) -> TrustedCertificate {
        let text = try commandLine.certificateText(entry)
        guard
            let certificate = TrustedCertificate(
                store: entry.unit, name: entry.name, CertificateDescription(text))
        else {
            throw ClusterError(
                .unexpectedAnswer, operation: localized("show the certificate \(entry.name)"),
                node: commandLine.shell.node,
                message: localized("the response contains neither a certificate nor its serial number"), found: text)
        }
        return certificate
    }

    func upload(_ certificate: Certificate, to store: String, description: String) throws(ClusterError) -> String? {
        try commandLine.importTrustCertificate(pem: certificate.pem, unit: store)
    }

    func remove(_ certificate: TrustedCertificate) throws(ClusterError) -> String? {
        try commandLine.deleteTrustCertificate(unit: certificate.store, name: certificate.name)
    }
}

/// Over the certificate REST interface.
struct RESTTrustStore: TrustStoreAccess {
    let service: CertificateREST
    let transport = TrustTransport.rest

    func list(_ store: String) throws(ClusterError) -> [TrustedCertificate] {
        try service.trustCertificates(of: store)
    }

    func upload(_ certificate: Certificate, to store: String, description: String) throws(ClusterError) -> String? {
        try service.uploadTrustCertificate(certificate, to: store, description: description)
        return nil
    }

    func remove(_ certificate: TrustedCertificate) throws(ClusterError) -> String? {
        try service.deleteTrustCertificate(certificate)
        return nil
    }
}
