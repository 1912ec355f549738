import X509

/// The signer of a trust list that will be offered to phones: what its header will say, and the certificate that its
/// signature will verify with.
public struct CandidateSigner: Sendable {
    /// Subject as spelled in the header.
    public let name: String
    /// Issuer as spelled in the header.
    public let issuer: String
    /// Big-endian magnitude.
    public let serialNumber: [UInt8]
    public let certificate: Certificate

    /// The signer as this record will name it in the header; nil if the record lacks a name, or a readable certificate.
    public init?(record: Record) {
        guard let name = record.subjectName, let issuer = record.issuerName, let serial = record.serialNumber,
            let certificate = record.x509
        else { return nil }
        (self.name, self.issuer, serialNumber, self.certificate) = (name, issuer, serial, certificate)
    }

    /// The signer that a header names, with the certificate that verified its signature.
    public init(header: Header, certificate: Certificate) {
        (name, issuer, serialNumber) = (header.signerName, header.caName, header.serialNumber)
        self.certificate = certificate
    }

    /// Whether a certificate (DER) has the key that the file is signed with.
    public func isKey(of der: [UInt8]) -> Bool {
        der == certificate.der || (try? Certificate(der: der).publicKey) == certificate.publicKey
    }
}

extension TrustListFile {
    /// Who signed the file: as its header names the signer, with the certificate of that one's record; nil if that is not
    /// readable.
    public var candidateSigner: CandidateSigner? {
        signerRecord?.x509.map { CandidateSigner(header: header, certificate: $0) }
    }
}
