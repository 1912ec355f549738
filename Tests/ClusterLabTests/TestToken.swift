import TrustList
import X509

/// A software key with a certificate like a token's.
struct TestToken {
    let certificate: Certificate
    let signer: SoftwareSigner

    private static let issuerKey = Result { try PrivateKey.generate(bits: 1024) }

    init(_ name: String, notAfter: Int64 = 4_000_000_000) throws {
        let key = try PrivateKey.generate(bits: 1024)
        let builder = CertificateBuilder(
            subject: DistinguishedName(["O": "Cisco Systems, Inc.", "OU": "IPCBU", "CN": name]),
            serialNumber: [0x83] + (0..<9).map { _ in UInt8.random(in: .min ... .max) }, notBefore: 900_000_000,
            notAfter: notAfter, digest: .sha1)
        certificate = try builder.issue(
            for: key.publicKey(),
            issuer: DistinguishedName(["O": "Cisco Systems", "CN": "Cisco Manufacturing CA"]),
            signedBy: Self.issuerKey.get())
        signer = try SoftwareSigner(certificate: certificate, key: key)
    }

    /// A server's certificate instead, self-signed.
    init(serverNamed name: String) throws {
        let key = try PrivateKey.generate(bits: 1024)
        certificate = try CertificateBuilder(
            subject: DistinguishedName(["O": "Cisco", "CN": name]),
            serialNumber: [0x41, UInt8.random(in: .min ... .max)],
            notBefore: 900_000_000, notAfter: 4_000_000_000, digest: .sha1
        ).selfSigned(by: key)
        signer = try SoftwareSigner(certificate: certificate, key: key)
    }

    /// A CTL file that this token signs, with the records of `old` (without its SAST records) and those of other tokens.
    func ctl(_ old: [UInt8], others: [TestToken] = []) throws -> [UInt8] {
        let kept = try TrustListFile(decoding: old).records.filter { $0.role != .sast }
        let tokens = try ([self] + others).map { try Record.token($0.certificate) }
        let draft = TrustListDraft(
            timestamp: 1_800_000_000, digest: .sha1,
            records: tokens + (try kept.map { try $0.inCTLClientProfile() }))
        return try draft.signed(by: signer).encoded()
    }
}
