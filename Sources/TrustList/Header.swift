import Basics
import Messages
import X509

/// The header of a trust list: who signed it, how, and when.
///
/// A decoded header keeps its elements unchanged and in order, so that it encodes to the same bytes again. Source:
/// docs/trust-list-format.md, "Header".
public struct Header: Hashable, Sendable {
    /// The header's tags.
    package enum Tag {
        package static let version: UInt8 = 1
        package static let headerLength: UInt8 = 2
        package static let signerID: UInt8 = 3
        package static let signerName: UInt8 = 4
        package static let serialNumber: UInt8 = 5
        package static let caName: UInt8 = 6
        package static let signatureInfo: UInt8 = 7
        package static let digestAlgorithm: UInt8 = 8
        package static let signatureAlgorithmInfo: UInt8 = 9
        package static let signatureAlgorithm: UInt8 = 10
        package static let signatureModulus: UInt8 = 11
        package static let signature: UInt8 = 12
        package static let fileName: UInt8 = 14
        package static let timestamp: UInt8 = 15
        package static let signerVersion: UInt8 = 28
        static let containers =
            Elements.bit(signerID) | Elements.bit(signatureInfo) | Elements.bit(signatureAlgorithmInfo)
        static let known: Set<UInt8> = Set(required + [signerVersion, Element.paddingTag])
        static let required = [
            version, headerLength, signerID, signerName, serialNumber, caName, signatureInfo, digestAlgorithm,
            signatureAlgorithmInfo, signatureAlgorithm, signatureModulus, signature, fileName, timestamp,
        ]
    }

    /// The elements in file order.
    public let elements: Elements

    /// Format version, major and minor; 1.2 in every known file.
    public let version: (major: UInt8, minor: UInt8)
    public let digest: DigestAlgorithm
    public let modulus: ModulusSize
    /// When it was created, in seconds since 1970.
    public let timestamp: UInt32
    /// The signature element, from its tag on.
    private let signatureElement: Range<Int>

    /// Subject of the signing certificate, as spelled in the file.
    public var signerName: String { elements.text(Tag.signerName) ?? "" }
    /// Serial number of the signing certificate: big-endian magnitude.
    public var serialNumber: [UInt8] { elements.array(Tag.serialNumber) ?? [] }
    /// Issuer of the signing certificate, as spelled in the file.
    public var caName: String { elements.text(Tag.caName) ?? "" }
    /// The file's own name inside it, `CTLFile.tlv` or `ITLFile.tlv`.
    public var fileName: String { elements.text(Tag.fileName) ?? "" }
    /// The RSA PKCS#1 v1.5 signature, as long as the modulus.
    public var signature: [UInt8] { Array(signatureBytes) }

    var signatureBytes: ArraySlice<UInt8> {
        elements.bytes[signatureElement.lowerBound + 3..<signatureElement.upperBound]
    }

    /// The length in bytes, including padding: the offset of the first record.
    public var length: Int { elements.length }

    public static func == (left: Header, right: Header) -> Bool { left.elements == right.elements }

    public func hash(into hasher: inout Hasher) { hasher.combine(elements) }

    /// The header's bytes without the signature element, in two pieces: what is signed, before the records.
    var signedPieces: (ArraySlice<UInt8>, ArraySlice<UInt8>) {
        (elements.bytes[..<signatureElement.lowerBound], elements.bytes[signatureElement.upperBound...])
    }

    /// - Parameters:
    ///   - bytes: the header of a file, from its first byte on, whose elements were read to the end.
    ///   - seen: their tags.
    init(checked bytes: ArraySlice<UInt8>, _ seen: SeenTags) throws(TrustListError) {
        let elements = Elements(checked: bytes, containers: Tag.containers)
        for tag in Tag.required where !seen.contains(tag) {
            throw TrustListError(.missingField, at: 0, localized("the header has no field \(tag)"))
        }
        func value(_ tag: UInt8, length: Int? = nil) throws(TrustListError) -> ArraySlice<UInt8> {
            guard let range = elements.range(tag) else {
                throw TrustListError(.missingField, at: 0, localized("the header has no field \(tag)"))
            }
            if let length, range.count != length {
                throw TrustListError(
                    .badLength, at: range.lowerBound - 3,
                    localized("header field \(tag) must be \(length) bytes long, but is \(range.count)"))
            }
            return bytes[range]
        }
        /// The only byte of a field that has one.
        func code(_ tag: UInt8) throws(TrustListError) -> UInt8 {
            let value = try value(tag, length: 1)
            return value[value.startIndex]
        }
        func offset(of tag: UInt8) -> Int? { elements.range(tag).map { $0.lowerBound - 3 } }
        self.elements = elements
        let versionBytes = try value(Tag.version, length: 2)
        let version = (major: versionBytes[versionBytes.startIndex], minor: versionBytes[versionBytes.startIndex + 1])
        self.version = version
        guard version.major == 1 else {
            throw TrustListError(
                .badValue, at: offset(of: Tag.version),
                localized("version \(version.major).\(version.minor) is not known; every known trust list has 1.x"))
        }
        let digestCode = try code(Tag.digestAlgorithm)
        guard let digest = DigestAlgorithm(rawValue: digestCode) else {
            throw TrustListError(
                .badValue, at: offset(of: Tag.digestAlgorithm),
                localized("digest algorithm \(digestCode) is not known (1 SHA-1, 2 SHA-256, 3 SHA-512)"))
        }
        self.digest = digest
        let algorithm = try code(Tag.signatureAlgorithm)
        guard algorithm == 0 else {
            throw TrustListError(
                .badValue, at: offset(of: Tag.signatureAlgorithm),
                localized("signature algorithm \(algorithm) is not known (0 RSA)"))
        }
        let modulusCode = try code(Tag.signatureModulus)
        guard let modulus = ModulusSize(rawValue: modulusCode) else {
            throw TrustListError(
                .badValue, at: offset(of: Tag.signatureModulus),
                localized("modulus size code \(modulusCode) is not known (0 to 3: 512, 1024, 2048, 4096 bit)"))
        }
        self.modulus = modulus
        let signature = try value(Tag.signature, length: modulus.signatureLength)
        signatureElement = signature.startIndex - 3..<signature.endIndex
        timestamp = try value(Tag.timestamp, length: 4).bigEndian()
    }
}
