import Basics
import Messages
import X509

/// The header of a trust list: who signed it, how, and when.
///
/// A decoded header keeps its elements unchanged and in order, so that it encodes to the same bytes again. Source:
/// docs/trust-list-format.md, "Header".
public struct Header: Hashable, Sendable {
    /// The header's tags.
    enum Tag {
        static let version: UInt8 = 1
        static let headerLength: UInt8 = 2
        static let signerID: UInt8 = 3
        static let signerName: UInt8 = 4
        static let serialNumber: UInt8 = 5
        static let caName: UInt8 = 6
        static let signatureInfo: UInt8 = 7
        static let digestAlgorithm: UInt8 = 8
        static let signatureAlgorithmInfo: UInt8 = 9
        static let signatureAlgorithm: UInt8 = 10
        static let signatureModulus: UInt8 = 11
        static let signature: UInt8 = 12
        static let fileName: UInt8 = 14
        static let timestamp: UInt8 = 15
        static let signerVersion: UInt8 = 28
        static let containers = [signerID, signatureInfo, signatureAlgorithmInfo]
        static let known: Set<UInt8> = Set(required + [signerVersion, Element.paddingTag])
        static let required = [
            version, headerLength, signerID, signerName, serialNumber, caName, signatureInfo, digestAlgorithm,
            signatureAlgorithmInfo, signatureAlgorithm, signatureModulus, signature, fileName, timestamp,
        ]
    }

    /// The elements in file order.
    public let elements: [Element]

    /// Format version, major and minor; 1.2 in every known file.
    public let version: (major: UInt8, minor: UInt8)
    /// Subject of the signing certificate, as spelled in the file.
    public let signerName: String
    /// Serial number of the signing certificate: big-endian magnitude.
    public let serialNumber: [UInt8]
    /// Issuer of the signing certificate, as spelled in the file.
    public let caName: String
    public let digest: DigestAlgorithm
    public let modulus: ModulusSize
    /// The RSA PKCS#1 v1.5 signature, as long as the modulus.
    public let signature: [UInt8]
    /// The file's own name inside it, `CTLFile.tlv` or `ITLFile.tlv`.
    public let fileName: String
    /// When it was created, in seconds since 1970.
    public let timestamp: UInt32

    /// The length in bytes, including padding: the offset of the first record.
    public var length: Int { elements.reduce(0) { $0 + $1.encodedLength } }

    public static func == (left: Header, right: Header) -> Bool { left.elements == right.elements }

    public func hash(into hasher: inout Hasher) { hasher.combine(elements) }

    /// The header's bytes without the signature element: what is signed, before the records.
    func encodeWithoutSignature(into output: inout [UInt8]) {
        for element in elements where element.tag != Tag.signature { element.encode(into: &output) }
    }

    init(elements: [Element], startingAt offsets: [Int]) throws(TrustListError) {
        func offset(of tag: UInt8) -> Int? { elements.firstIndex { $0.tag == tag }.map { offsets[$0] } }
        func value(_ tag: UInt8, length: Int? = nil) throws(TrustListError) -> ArraySlice<UInt8> {
            guard let bytes = elements.bytes(tag) else {
                throw TrustListError(.missingField, at: 0, localized("the header has no field \(tag)"))
            }
            if let length, bytes.count != length {
                throw TrustListError(
                    .badLength, at: offset(of: tag),
                    localized("header field \(tag) must be \(length) bytes long, but is \(bytes.count)"))
            }
            return bytes
        }
        for tag in Tag.required where !elements.contains(where: { $0.tag == tag }) {
            throw TrustListError(.missingField, at: 0, localized("the header has no field \(tag)"))
        }
        self.elements = elements
        let versionBytes = Array(try value(Tag.version, length: 2))
        version = (versionBytes[0], versionBytes[1])
        guard versionBytes[0] == 1 else {
            throw TrustListError(
                .badValue, at: offset(of: Tag.version),
                localized("version \(versionBytes[0]).\(versionBytes[1]) is not known; every known trust list has 1.x"))
        }
        signerName = String(trustListText: try value(Tag.signerName))
        serialNumber = Array(try value(Tag.serialNumber))
        caName = String(trustListText: try value(Tag.caName))
        let digestCode = Array(try value(Tag.digestAlgorithm, length: 1))[0]
        guard let digest = DigestAlgorithm(rawValue: digestCode) else {
            throw TrustListError(
                .badValue, at: offset(of: Tag.digestAlgorithm),
                localized("digest algorithm \(digestCode) is not known (1 SHA-1, 2 SHA-256, 3 SHA-512)"))
        }
        self.digest = digest
        let algorithm = Array(try value(Tag.signatureAlgorithm, length: 1))[0]
        guard algorithm == 0 else {
            throw TrustListError(
                .badValue, at: offset(of: Tag.signatureAlgorithm),
                localized("signature algorithm \(algorithm) is not known (0 RSA)"))
        }
        let modulusCode = Array(try value(Tag.signatureModulus, length: 1))[0]
        guard let modulus = ModulusSize(rawValue: modulusCode) else {
            throw TrustListError(
                .badValue, at: offset(of: Tag.signatureModulus),
                localized("modulus size code \(modulusCode) is not known (0 to 3: 512, 1024, 2048, 4096 bit)"))
        }
        self.modulus = modulus
        signature = Array(try value(Tag.signature, length: modulus.signatureLength))
        fileName = String(trustListText: try value(Tag.fileName))
        let time = try value(Tag.timestamp, length: 4)
        timestamp = time.bigEndian()
    }
}
