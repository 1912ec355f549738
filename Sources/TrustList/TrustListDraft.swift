import Basics
import Messages
import X509

/// A trust list to be signed.
public struct TrustListDraft: Sendable {
    /// The file's own name inside it.
    public var fileName: String
    /// Its timestamp, in seconds since 1970.
    public var timestamp: UInt32
    public var digest: DigestAlgorithm
    public var records: [Record]

    public init(fileName: String = "CTLFile.tlv", timestamp: UInt32, digest: DigestAlgorithm, records: [Record]) {
        self.fileName = fileName
        self.timestamp = timestamp
        self.digest = digest
        self.records = records
    }

    /// A list that replaces another, or is the first one.
    ///
    /// - Parameters:
    ///   - old: the header of the list that it replaces.
    ///   - now: seconds since 1970.
    ///   - digest: nil for that of the list that it replaces, or SHA-1, which every phone supports.
    public init(
        replacing old: Header?, fileName: String = "CTLFile.tlv", at now: UInt32, digest: DigestAlgorithm? = nil,
        records: [Record]
    ) {
        self.init(
            fileName: fileName, timestamp: Self.timestamp(replacing: old, at: now),
            digest: digest ?? Self.digest(replacing: old), records: records)
    }

    /// The timestamp of a list: now, but always later than the one that it replaces. A file that is not newer than its
    /// predecessor would confuse anyone who compares them.
    public static func timestamp(replacing old: Header?, at now: UInt32) -> UInt32 {
        max(now, (old?.timestamp ?? 0) &+ 1)
    }

    /// The digest of a list if none is specified: that of the one that it replaces, or SHA-1, which every phone
    /// supports.
    public static func digest(replacing old: Header?) -> DigestAlgorithm { old?.digest ?? .sha1 }

    /// The record that lets a certificate sign this list: its own, with the role SAST.
    public func signerRecord(of certificate: Certificate) -> Record? {
        records.first { $0.role == .sast && $0.certificate == certificate.der }
    }

    /// The certificate of this key that may sign the list: that of a record with the role SAST.
    public func signer(with key: PublicKey) -> Certificate? {
        records.lazy.filter { $0.role == .sast }.compactMap(\.x509).first { $0.publicKey == key }
    }

    /// Signs the list, and verifies the signature with the certificate's public key before returning it.
    ///
    /// The header names the signer with the bytes of the signer's own record, so that the two can never disagree.
    ///
    /// - Parameter signer: the key; its certificate must be in a record with the role SAST.
    /// - Throws: ``TrustListError`` (`unusable-signer`, `signature-mismatch`), or what the signer throws.
    public func signed(by signer: some TrustListSigner) throws -> TrustListFile {
        let list = try unsigned(for: signer.certificate)
        return try list.signed(with: signer.sign(list.message, digest: digest))
    }

    /// Everything but the signature.
    ///
    /// - Parameter certificate: who is to sign; it must be in a record with the role SAST.
    /// - Throws: ``TrustListError`` (`unusable-signer`).
    public func unsigned(for certificate: Certificate) throws(TrustListError) -> UnsignedTrustList {
        guard let record = signerRecord(of: certificate) else {
            throw TrustListError(
                .unusableSigner,
                localized("the signer's certificate has no record with the role \(Role.sast.text) in this list"))
        }
        guard let modulus = ModulusSize(bits: certificate.publicKey.bits) else {
            throw TrustListError(
                .unusableSigner,
                localized(
                    "a trust list cannot be signed with a \(certificate.publicKey.bits)-bit key; 512, 1024, 2048 and 4096 bits are supported"
                ))
        }
        return UnsignedTrustList(try file(signedBy: record, modulus: modulus), signer: certificate)
    }

    /// The file with zeros for a signature, read back through the decoder, so that nothing is returned that a strict reader
    /// would refuse.
    private func file(signedBy record: Record, modulus: ModulusSize) throws(TrustListError) -> TrustListFile {
        let signature = [UInt8](repeating: 0, count: modulus.signatureLength)
        func copy(_ tag: UInt8, as headerTag: UInt8) throws(TrustListError) -> Element {
            guard let bytes = record.elements.bytes(tag) else {
                throw TrustListError(.unusableSigner, localized("the signer's record has no field \(tag)"))
            }
            return .value(tag: headerTag, bytes: bytes)
        }
        let signerID = [
            try copy(Record.Tag.subjectName, as: Header.Tag.signerName),
            try copy(Record.Tag.serialNumber, as: Header.Tag.serialNumber),
            try copy(Record.Tag.issuerName, as: Header.Tag.caName),
        ]
        func elements(headerLength: Int) -> [Element] {
            [
                .value(tag: Header.Tag.version, bytes: [1, 2]),
                .value(
                    tag: Header.Tag.headerLength, bytes: [UInt8](bigEndian: UInt16(headerLength))[...]),
                .container(tag: Header.Tag.signerID, length: signerID.reduce(0) { $0 + $1.encodedLength }),
            ] + signerID + [
                .container(tag: Header.Tag.signatureInfo, length: 15),
                .value(tag: Header.Tag.digestAlgorithm, bytes: [digest.rawValue]),
                .container(tag: Header.Tag.signatureAlgorithmInfo, length: 8),
                .value(tag: Header.Tag.signatureAlgorithm, bytes: [0]),
                .value(tag: Header.Tag.signatureModulus, bytes: [modulus.rawValue]),
                .value(tag: Header.Tag.signature, bytes: signature[...]),
                .value(tag: Header.Tag.fileName, bytes: ArraySlice(trustListText: fileName)),
                .value(
                    tag: Header.Tag.timestamp,
                    bytes: stride(from: 24, through: 0, by: -8).map { UInt8(timestamp >> $0 & 0xff) }[...]),
            ]
        }
        let bare = elements(headerLength: 0).reduce(0) { $0 + $1.encodedLength }
        let padding = (4 - bare % 4) % 4
        guard bare + padding <= UInt16.max else {
            throw TrustListError(
                .badLength, localized("the header would be \(bare) bytes long; the limit is \(UInt16.max)"))
        }
        let header = elements(headerLength: bare + padding) + Array(repeating: .padding, count: padding)
        var bytes: [UInt8] = []
        header.encode(into: &bytes)
        for record in records { bytes += record.elements.bytes }
        return try TrustListFile(decoding: bytes)
    }
}
