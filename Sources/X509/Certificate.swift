import Basics
import COpenSSL
import Messages

/// An X.509 certificate (RFC 5280), read by libcrypto, so that the RSA-1024 and SHA-1 certificates of tokens and old
/// clusters are read too.
public struct Certificate: Hashable, Sendable {
    /// The certificate, DER.
    public let der: [UInt8]
    public let subject: DistinguishedName
    public let issuer: DistinguishedName
    /// Big-endian magnitude, without the sign byte that DER may need.
    public let serialNumber: [UInt8]
    /// Start of validity, in seconds since 1970.
    public let notBefore: Int64
    /// End of validity, in seconds since 1970.
    public let notAfter: Int64
    public let publicKey: PublicKey
    /// Whether it may sign certificates (basic constraints with CA, RFC 5280, section 4.2.1.9).
    public let isAuthority: Bool
    /// The issuer's signature over the certificate, as long as the issuer's modulus.
    public let signatureValue: [UInt8]

    public static func == (left: Certificate, right: Certificate) -> Bool { left.der == right.der }
    public func hash(into hasher: inout Hasher) { hasher.combine(der) }

    /// Reads one DER certificate; nothing may follow it.
    ///
    /// - Throws: ``CertificateError`` with the code `not-a-certificate`, or `unsupported-key`.
    public init(der: [UInt8]) throws(CertificateError) {
        guard !der.isEmpty else { throw CertificateError(.notACertificate, localized("the input is empty")) }
        var consumed = 0
        let parsed: OpaquePointer? = der.withUnsafeBufferPointer { buffer in
            var pointer = buffer.baseAddress
            let x509 = d2i_X509(nil, &pointer, buffer.count)
            if let start = buffer.baseAddress, let pointer { consumed = pointer - start }
            return x509
        }
        guard let x509 = parsed else {
            throw .openSSL(.notACertificate, localized("the bytes are not a DER certificate"))
        }
        defer { X509_free(x509) }
        guard consumed == der.count else {
            throw CertificateError(
                .notACertificate, localized("\(der.count - consumed) extra bytes follow the certificate"))
        }
        try self.init(x509, der: der)
    }

    /// Reads the first certificate of a PEM text (RFC 7468).
    ///
    /// - Throws: ``CertificateError`` with the code `not-a-certificate`, or `unsupported-key`.
    public init(pem: String) throws(CertificateError) {
        var text = Array(pem.utf8)
        guard let bio = BIO_new_mem_buf(&text, Int32(clamping: text.count)) else {
            throw .openSSL(.cryptoFailed, localized("libcrypto is out of memory"))
        }
        defer { BIO_free(bio) }
        // The bytes of the block unchanged: libcrypto's own reader would re-encode them.
        var name: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var length = 0
        while PEM_read_bio(bio, &name, &header, &data, &length) == 1, let block = data {
            defer {
                CRYPTO_free(name, #fileID, #line)
                CRYPTO_free(header, #fileID, #line)
                CRYPTO_free(block, #fileID, #line)
            }
            guard name.map({ String(cString: $0) }) == "CERTIFICATE" else { continue }
            try self.init(der: Array(UnsafeBufferPointer(start: block, count: length)))
            return
        }
        throw .openSSL(.notACertificate, localized("the text contains no PEM certificate"))
    }

    private init(_ x509: OpaquePointer, der: [UInt8]) throws(CertificateError) {
        self.der = der
        subject = try DistinguishedName(x509Name: X509_get_subject_name(x509))
        issuer = try DistinguishedName(x509Name: X509_get_issuer_name(x509))
        serialNumber = try Self.magnitude(of: X509_get0_serialNumber(x509))
        notBefore = try Self.seconds(X509_get0_notBefore(x509))
        notAfter = try Self.seconds(X509_get0_notAfter(x509))
        guard let key = X509_get0_pubkey(x509) else {
            throw .openSSL(.unsupportedKey, localized("libcrypto cannot read the certificate's public key"))
        }
        publicKey = try PublicKey(key)
        isAuthority = X509_get_extension_flags(x509) & UInt32(EXFLAG_CA) != 0
        var signature: UnsafePointer<ASN1_BIT_STRING>?
        X509_get0_signature(&signature, nil, x509)
        guard let signature else {
            throw CertificateError(.notACertificate, localized("the certificate has no signature"))
        }
        signatureValue = Array(
            UnsafeBufferPointer(start: ASN1_STRING_get0_data(signature), count: Int(ASN1_STRING_length(signature))))
    }

    /// The certificate as PEM (RFC 7468), lines of 64 characters, ending with a line feed.
    public var pem: String { PEM.block("CERTIFICATE", der) }

    /// SHA-1 of the DER, as displayed by CUCM and the phones.
    public var sha1: [UInt8] { Digest.sha1(der) }
    /// SHA-256 of the DER.
    public var sha256: [UInt8] { Digest.sha256(der) }

    /// Whether the certificate is valid at this time (seconds since 1970).
    public func isValid(at time: Int64) -> Bool { notBefore <= time && time <= notAfter }

    private static func magnitude(of integer: UnsafePointer<ASN1_INTEGER>?) throws(CertificateError) -> [UInt8] {
        guard let number = ASN1_INTEGER_to_BN(integer, nil) else {
            throw .openSSL(.notACertificate, localized("the certificate has no serial number"))
        }
        defer { BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
        BN_bn2bin(number, &bytes)
        return bytes.isEmpty ? [0] : bytes
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) throws(CertificateError) -> Int64 {
        var broken = tm()
        guard ASN1_TIME_to_tm(time, &broken) == 1 else {
            throw .openSSL(.notACertificate, localized("the certificate's validity cannot be read"))
        }
        return Int64(timegm(&broken))
    }
}

extension Certificate {
    /// Its name in a sentence.
    public var text: LocalizableText { localized("\(subject.rendered(.cucm)) (serial \(serialNumber.colonHex))") }
}
