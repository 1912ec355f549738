import Basics
import Messages
import X509

/// A trust list that lacks nothing but its signature: everything that a token signs, and that can be inspected beforehand.
public struct UnsignedTrustList: Hashable, Sendable {
    /// The file, with zeros where the signature will be.
    public let file: TrustListFile
    /// Whose signature is missing. The list contains its certificate with the role SAST, and the header names it.
    public let signer: Certificate

    /// The file's bytes, with zeros where the signature will be.
    public var bytes: [UInt8] { file.encoded() }
    /// What is signed: the file without the place of its signature.
    public var message: [UInt8] { file.signedMessage() }

    /// - Parameter file: with zeros as its signature.
    init(_ file: TrustListFile, signer: Certificate) { (self.file, self.signer) = (file, signer) }

    /// Reads what ``bytes`` returns.
    ///
    /// - Throws: ``TrustListError`` if it is not a complete list, has a signature, or does not contain its signer.
    public init(decoding bytes: [UInt8]) throws(TrustListError) {
        let file = try TrustListFile(decoding: bytes)
        guard file.header.signature.allSatisfy({ $0 == 0 }), file.encoded() == bytes else {
            throw TrustListError(.badValue, localized("the place of its signature is not empty"))
        }
        guard let signer = file.signerRecord?.x509 else {
            throw TrustListError(
                .unusableSigner,
                localized("the signer's certificate has no record with the role \(Role.sast.text) in this list"))
        }
        guard signer.publicKey.isRSA, ModulusSize(bits: signer.publicKey.bits) == file.header.modulus else {
            throw TrustListError(
                .unusableSigner, localized("the place of its signature does not have the length of the signer's key"))
        }
        self.init(file, signer: signer)
    }

    /// The list with its signature, read back through the decoder, so that nothing is returned that a strict reader
    /// would refuse.
    ///
    /// - Throws: ``TrustListError`` (`signature-mismatch`) if it was not made with the signer's key over this list.
    public func signed(with signature: [UInt8]) throws -> TrustListFile {
        let (key, expected) = (signer.publicKey, file.header.modulus.signatureLength)
        guard signature.count == expected else {
            throw TrustListError(
                .signatureMismatch,
                localized(
                    "the signature is \(signature.count) bytes long; a key of \(key.bits) bits gives \(expected)"))
        }
        guard try key.isValid(signature: signature, message: message, digest: file.header.digest) else {
            throw TrustListError(
                .signatureMismatch, localized("the new signature does not verify with the signer's certificate"))
        }
        var bytes: [UInt8] = []
        for element in file.header.elements {
            let isPlace = element.tag == Header.Tag.signature
            (isPlace ? Element.value(tag: element.tag, bytes: signature[...]) : element).encode(into: &bytes)
        }
        for record in file.records { bytes += record.elements.bytes }
        return try TrustListFile(decoding: bytes)
    }
}
