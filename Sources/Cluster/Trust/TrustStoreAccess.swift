import Basics
import Configuration
import Messages
import X509

/// An interface to the cluster's certificates, the best one first (docs/cluster-interfaces.md).
public enum TrustTransport: String, Sendable, Hashable, CaseIterable {
    /// The certificate REST interface, from 12.5 on.
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
    /// The file's name on the node: `SAST-ADN0054f509.pem`.
    public var name: String
    /// Nil if the command line prints a description without the certificate itself.
    public var certificate: Certificate?
    /// Big-endian, without leading zeros.
    public var serialNumber: [UInt8]

    public init(store: String, name: String, certificate: Certificate) {
        (self.store, self.name, self.certificate) = (store, name, certificate)
        serialNumber = certificate.serialNumber
    }

    init(store: String, name: String, serialNumber: [UInt8]) {
        (self.store, self.name, self.serialNumber) = (store, name, serialNumber)
    }

    /// Whether it is this certificate. If only its description is known, the serial number has to do.
    public func isSame(as other: Certificate) -> Bool {
        certificate.map { $0 == other } ?? (serialNumber == other.serialNumber)
    }
}

/// The trust stores of a cluster, over one interface. Every change goes to the publisher, which replicates it to the
/// others.
protocol TrustStoreAccess: Sendable {
    var transport: TrustTransport { get }

    /// - Throws: ``ClusterError``; `not-supported` if the store is not available over this interface.
    func list(_ store: String) throws(ClusterError) -> [TrustedCertificate]
    func upload(_ certificate: Certificate, to store: String, description: String) throws(ClusterError)
    func remove(_ certificate: TrustedCertificate) throws(ClusterError)
}

/// Over OS Administration.
struct WebTrustStore: TrustStoreAccess {
    let administration: OSAdministration
    let transport = TrustTransport.web

    func list(_ store: String) throws(ClusterError) -> [TrustedCertificate] {
        try administration.trustCertificates(unit: store).map {
            TrustedCertificate(store: $0.unit, name: $0.name, certificate: $0.certificate)
        }
    }

    func upload(_ certificate: Certificate, to store: String, description: String) throws(ClusterError) {
        try administration.uploadTrustCertificate(unit: store, pem: certificate.pem, description: description)
    }

    func remove(_ certificate: TrustedCertificate) throws(ClusterError) {
        try administration.deleteTrustCertificate(unit: certificate.store, name: certificate.name)
    }
}

/// Over the command line.
struct ShellTrustStore: TrustStoreAccess {
    let commandLine: PlatformCommandLine
    let transport = TrustTransport.ssh

    func list(_ store: String) throws(ClusterError) -> [TrustedCertificate] {
        var listed: [TrustedCertificate] = []
        for entry in try commandLine.trustCertificates() where entry.unit == store {
            listed.append(try certificate(entry))
        }
        return listed
    }

    /// Releases differ in whether they print the certificate below its description.
    private func certificate(_ entry: CertificateListEntry) throws(ClusterError) -> TrustedCertificate {
        let text = try commandLine.certificateText(entry)
        if let pem = PEM.certificate(in: text), let certificate = try? Certificate(pem: pem) {
            return TrustedCertificate(store: entry.unit, name: entry.name, certificate: certificate)
        }
        for line in text.split(separator: "\n") {
            let line = line.trimmed
            guard line.hasPrefix("Serial Number:") else { continue }
            let digits = line.dropFirst("Serial Number:".count).filter(\.isHexDigit)
            guard let number = [UInt8](hexNumber: digits)?.drop(while: { $0 == 0 }), !number.isEmpty else { continue }
            return TrustedCertificate(store: entry.unit, name: entry.name, serialNumber: Array(number))
        }
        throw ClusterError(
            .unexpectedAnswer, operation: localized("show the certificate \(entry.name)"), node: commandLine.shell.node,
            message: localized("the response contains neither a certificate nor its serial number"), found: text)
    }

    func upload(_ certificate: Certificate, to store: String, description: String) throws(ClusterError) {
        try commandLine.importTrustCertificate(pem: certificate.pem, unit: store)
    }

    func remove(_ certificate: TrustedCertificate) throws(ClusterError) {
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

    func upload(_ certificate: Certificate, to store: String, description: String) throws(ClusterError) {
        try service.uploadTrustCertificate(certificate, to: store, description: description)
    }

    func remove(_ certificate: TrustedCertificate) throws(ClusterError) {
        try service.deleteTrustCertificate(certificate)
    }
}
