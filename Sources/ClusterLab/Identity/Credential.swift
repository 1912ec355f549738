import Basics
import TrustList
import X509

/// A certificate of the cluster with its private key.
struct Credential: Sendable {
    let certificate: Certificate
    let key: PrivateKey

    func signer() throws(CertificateError) -> SoftwareSigner { try SoftwareSigner(certificate: certificate, key: key) }

    /// Reads `NAME.pem` and `NAME.key`.
    init(folder: String, name: String) throws {
        certificate = try Certificate(pem: try LabFiles.text("\(folder)/\(name).pem"))
        key = try PrivateKey(pem: try LabFiles.text("\(folder)/\(name).key"))
    }

    init(certificate: Certificate, key: PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    func write(folder: String, name: String) throws {
        try LabFiles.write(certificate.pem, to: "\(folder)/\(name).pem", mode: 0o644)
        try LabFiles.write(try key.pem(), to: "\(folder)/\(name).key", mode: 0o600)
    }

    /// A certificate as CUCM generates it for itself: self-signed, with a serial number of 16 bytes.
    ///
    /// - Parameter days: how long it will be valid from now on.
    static func selfSigned(
        commonName: String, key: PrivateKey, digest: DigestAlgorithm, extensions: [(name: String, value: String)],
        days: Int64
    ) throws -> Credential {
        // The order in the certificate is not the order in which CUCM writes the name in a trust list.
        let subject = DistinguishedName([
            "C": "PL", "O": "Cisco", "OU": "TAC", "CN": commonName, "ST": "Malopolska", "L": "Krakow",
        ])
        let serial = [UInt8.random(in: 0x40...0x7f)] + (1..<16).map { _ in UInt8.random(in: .min ... .max) }
        let start = Clock.now - 30 * 86400
        let builder = CertificateBuilder(
            subject: subject, serialNumber: serial, notBefore: start, notAfter: Clock.now + days * 86400,
            digest: digest,
            extensions: extensions + [
                ("subjectKeyIdentifier", Digest.sha1(try key.publicKey().rawKey).colonHex)
            ])
        return Credential(certificate: try builder.selfSigned(by: key), key: key)
    }
}
