import Messages
import X509

/// What distinguishes ITL files.
extension TrustListFile {
    /// Roles whose certificates may sign an ITL file: up to 11.5 each TFTP server signs its own with its CallManager
    /// certificate, from 12.0 on ITLRecovery signs them all. Source: docs/phone-acceptance.md, "The ITL file".
    private static let itlSigners: Set<Role> = [.sast, .ccmTFTP, .tftp]

    /// Whether this CTL file has the certificate that signed an ITL file, with a role that may sign it.
    public func vouches(forITL itl: TrustListFile) -> Bool {
        records.contains { record in
            guard record.names(issuer: itl.header.caName, serialNumber: itl.header.serialNumber),
                record.role.map(Self.itlSigners.contains) == true, let certificate = record.x509
            else { return false }
            return (try? itl.isSigned(by: certificate)) == true
        }
    }

    /// Phones load no ITL file of more bytes, or more certificates. Source: Cisco's security guide for 14, chapter "Default
    /// Security Setup".
    public static let maximumITLLength = 65536
    public static let maximumITLCertificates = 39

    /// By how much this is too large for an ITL file, as the start of a sentence; nil if it is not too large, or not an ITL
    /// file.
    var itlExcess: LocalizableText? {
        guard isITL else { return nil }
        return Self.itlExcess(length: length, certificates: Set(records.compactMap(\.certificate)).count)
    }

    /// The same, from the file's length and its number of certificates.
    package static func itlExcess(length: Int, certificates: Int) -> LocalizableText? {
        if length > maximumITLLength {
            return localized("The file has \(length) bytes, more than \(maximumITLLength)")
        }
        if certificates > maximumITLCertificates {
            return localized("The file has \(certificates) certificates, more than \(maximumITLCertificates)")
        }
        return nil
    }
}
