import X509

/// The contents of a virtual token.
public struct TokenContents: Sendable {
    public let label: String
    /// The serial number, which OpenSC shows as hexadecimal.
    public let serialNumber: [UInt8]
    public let manufacturer: String
    public let certificate: Certificate
    public let key: PrivateKey

    /// - Throws: ``VirtualTokenError`` if the key is not the certificate's, or not RSA of 1024 or 2048 bits.
    public init(
        label: String, serialNumber: [UInt8], manufacturer: String, certificate: Certificate, key: PrivateKey
    ) throws {
        guard try key.publicKey() == certificate.publicKey else {
            throw VirtualTokenError("The key of \(label) does not belong to its certificate.")
        }
        guard certificate.publicKey.isRSA, [1024, 2048].contains(certificate.publicKey.bits) else {
            throw VirtualTokenError("The key of \(label) must be RSA of 1024 or 2048 bits.")
        }
        self.label = label
        self.serialNumber = serialNumber
        self.manufacturer = manufacturer
        self.certificate = certificate
        self.key = key
    }

    var modulusLength: Int { certificate.publicKey.bits / 8 }

    /// The private-key operation on a block, or on what EMSA-PKCS1-v1_5 (RFC 8017, section 9.2) turns into a block; nil
    /// if it does not fit.
    func privateOperation(_ data: [UInt8]) -> [UInt8]? {
        guard data.count < modulusLength else { return try? key.rawOperation(data) }
        guard data.count <= modulusLength - 11 else { return nil }
        let padding = [UInt8](repeating: 0xff, count: modulusLength - data.count - 3)
        return try? key.rawOperation([0, 1] + padding + [0] + data)
    }
}

/// A virtual token cannot be set up, or lost its reader.
public struct VirtualTokenError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
