import COpenSSL
import Messages

/// Creates X.509 v3 certificates, for the lab's cluster and for tests.
public struct CertificateBuilder: Sendable {
    public var subject: DistinguishedName
    /// Big-endian magnitude, 1 to 20 bytes.
    public var serialNumber: [UInt8]
    /// Start of validity, in seconds since 1970.
    public var notBefore: Int64
    /// End of validity, in seconds since 1970.
    public var notAfter: Int64
    /// The digest that the issuer's signature is made over.
    public var digest: DigestAlgorithm
    /// X.509 v3 extensions in libcrypto's configuration syntax, for example `("keyUsage", "digitalSignature")`.
    public var extensions: [(name: String, value: String)]

    public init(
        subject: DistinguishedName, serialNumber: [UInt8], notBefore: Int64, notAfter: Int64,
        digest: DigestAlgorithm = .sha256, extensions: [(name: String, value: String)] = []
    ) {
        self.subject = subject
        self.serialNumber = serialNumber
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.digest = digest
        self.extensions = extensions
    }

    /// A certificate that its own key signs.
    public func selfSigned(by key: PrivateKey) throws(CertificateError) -> Certificate {
        try issue(for: key.publicKey(), issuer: subject, signedBy: key)
    }

    /// A certificate for a public key, signed by an issuer's key.
    public func issue(
        for publicKey: PublicKey, issuer: DistinguishedName, signedBy issuerKey: PrivateKey
    ) throws(CertificateError) -> Certificate {
        func check(_ status: Int32) throws(CertificateError) {
            guard status > 0 else { throw .openSSL(.cryptoFailed, localized("libcrypto cannot build the certificate")) }
        }
        guard let x509 = X509_new() else { throw .openSSL(.cryptoFailed, localized("libcrypto is out of memory")) }
        defer { X509_free(x509) }
        try check(X509_set_version(x509, 2))
        guard let number = BN_bin2bn(serialNumber, Int32(serialNumber.count), nil) else {
            throw .openSSL(.cryptoFailed, localized("libcrypto refuses the serial number"))
        }
        defer { BN_free(number) }
        guard BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != nil,
            ASN1_TIME_set(X509_getm_notBefore(x509), time_t(notBefore)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(x509), time_t(notAfter)) != nil
        else { throw .openSSL(.cryptoFailed, localized("libcrypto cannot build the certificate")) }
        let subjectName = try subject.makeX509Name()
        defer { X509_NAME_free(subjectName) }
        try check(X509_set_subject_name(x509, subjectName))
        let issuerName = try issuer.makeX509Name()
        defer { X509_NAME_free(issuerName) }
        try check(X509_set_issuer_name(x509, issuerName))
        try check(publicKey.withKey { X509_set_pubkey(x509, $0) })
        for (name, value) in extensions {
            guard let item = X509V3_EXT_conf(nil, nil, name, value) else {
                throw .openSSL(.cryptoFailed, localized("libcrypto refuses the extension \(name)"))
            }
            defer { X509_EXTENSION_free(item) }
            try check(X509_add_ext(x509, item, -1))
        }
        try check(X509_sign(x509, issuerKey.key, digest.method))
        return try Certificate(der: try derBytes(localized("the certificate")) { i2d_X509(x509, $0) })
    }
}
