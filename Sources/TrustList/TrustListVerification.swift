import Basics
import Messages
import X509

/// What a careful check finds in a trust list: signature, signer, every certificate against its record.
///
/// It does not say whether a particular phone would accept the file; that depends on what the phone holds (module
/// Phones).
public struct TrustListVerification: Sendable {
    /// One check, of a record, by its number from 1, or of the whole file. Its code is one of ``CheckCode``, or that of
    /// a ``TrustListWarning``.
    public typealias Check = Finding<String, Int>

    /// The stable kinds of checks.
    public enum CheckCode: String, Sendable, CaseIterable {
        case signerDiffers = "signer-differs"
        case signerUnreadable = "signer-unreadable"
        case signerNotInFile = "signer-not-in-file"
        case signatureWrong = "signature-wrong"
        case signatureVerified = "signature-verified"
        case noCertificate = "no-certificate"
        case certificateUnreadable = "certificate-unreadable"
        case certificateDiffers = "certificate-differs"
        case certificateNotValid = "certificate-not-valid"
        case nameSpelling = "name-spelling"
        case recordVerified = "record-verified"
        case tokenless
        case tooFewTokens = "too-few-tokens"
        case tokens
        case itlTooLarge = "itl-too-large"
        case itlSignerInFile = "itl-signer-in-file"
        case itlSignerNotInFile = "itl-signer-not-in-file"
    }

    public private(set) var checks: [Check] = []
    /// The certificate that the signature was checked with, or nil if none was found.
    public private(set) var signer: Certificate?

    /// Whether nothing failed. Warnings are allowed.
    public var isValid: Bool { !checks.contains { $0.severity == .error } }

    /// Checks a list.
    ///
    /// - Parameters:
    ///   - file: the decoded list.
    ///   - signer: the certificate that should have signed it, or nil for the one that the list names.
    ///   - time: the time at which certificates must be valid, in seconds since 1970.
    public init(of file: TrustListFile, signer expected: Certificate? = nil, at time: Int64) {
        for warning in file.warnings where warning.code != .noCertificate {
            checks.append(
                Check(
                    code: warning.code.rawValue, severity: .warning, subject: warning.subject, text: warning.sentence))
        }
        checkSigner(of: file, expected: expected)
        for (index, record) in file.records.enumerated() {
            checkRecord(record, number: index + 1, at: time)
        }
        checkTokens(of: file)
        if let excess = file.itlExcess {
            add(.warning, .itlTooLarge, localized("\(excess): phones fail to load such an ITL file."))
        }
    }

    /// Adds a check: whether a phone that has accepted this CTL file as its first one can then verify the ITL file that
    /// it is offered. It does not know any TVS server yet. Source: docs/phone-acceptance.md, "The ITL file".
    public mutating func check(_ file: TrustListFile, against itl: TrustListFile) {
        guard !file.isITL, itl.isITL else { return }
        if file.vouches(forITL: itl) {
            add(
                .ok, .itlSignerInFile,
                localized("The signer of the ITL file, \(itl.header.signerName), is in this file."))
        } else {
            add(
                .warning, .itlSignerNotInFile,
                localized(
                    "The signer of the ITL file, \(itl.header.signerName), is not in this file as one that may sign: a new or erased phone takes this CTL file and cannot verify the ITL file."
                ))
        }
    }

    private mutating func add(
        _ severity: FindingSeverity, _ code: CheckCode, record: Int? = nil, _ text: LocalizableText
    ) {
        checks.append(Check(code: code.rawValue, severity: severity, subject: record, text: text))
    }

    private mutating func checkSigner(of file: TrustListFile, expected: Certificate?) {
        if let expected {
            signer = expected
            if expected.serialNumber != file.header.serialNumber {
                add(
                    .error, .signerDiffers,
                    localized(
                        "The header names a signer with serial \(file.header.serialNumber.colonHex); the given certificate has \(expected.serialNumber.colonHex)."
                    )
                )
            }
        } else if let record = file.signerRecord {
            signer = record.x509
            if signer == nil {
                add(.error, .signerUnreadable, localized("The signer's record contains no readable certificate."))
            }
        } else if file.isITL, let match = Self.anyRecord(of: file) {
            // An ITL may be signed by a certificate that it contains with a role other than SAST.
            signer = match
        } else {
            add(
                .error, .signerNotInFile,
                localized(
                    "The signer \(file.header.signerName) (serial \(file.header.serialNumber.colonHex)) has no record with the role \(Role.sast.text) in this file."
                )
            )
        }
        guard let signer else { return }
        guard (try? file.isSigned(by: signer)) == true else {
            add(
                .error, .signatureWrong,
                localized(
                    "The signature does not verify with the signer's certificate: the file was modified or damaged."))
            return
        }
        add(
            .ok, .signatureVerified,
            localized(
                "The signature verifies: \(file.header.digest.name) with RSA \(signer.publicKey.bits), by \(file.header.signerName)."
            )
        )
    }

    private static func anyRecord(of file: TrustListFile) -> Certificate? {
        file.records
            .first { $0.names(issuer: file.header.caName, serialNumber: file.header.serialNumber) }?.x509
    }

    private mutating func checkRecord(_ record: Record, number: Int, at time: Int64) {
        let what = localized("Record \(number) (\(record.role.map { .verbatim($0.text) } ?? localized("no role")))")
        guard let parsed = record.parsedCertificate else {
            // CCM+TFTP records of a non-secure cluster are emptied, and ITL files may contain hashes only.
            add(
                .warning, .noCertificate, record: number,
                localized(
                    record.certificateHash == nil
                        ? "\(what) contains no certificate." : "\(what) contains no certificate, only the hash of one.")
            )
            return
        }
        let certificate: Certificate
        do {
            certificate = try parsed.get()
        } catch {
            add(
                .error, .certificateUnreadable, record: number,
                localized("\(what) contains an unreadable certificate: \(error.reason)."))
            return
        }
        var faults: [LocalizableText] = []
        if record.serialNumber != certificate.serialNumber {
            faults.append(
                localized("its serial number differs from the certificate's, \(certificate.serialNumber.colonHex)"))
        }
        if record.publicKey != certificate.publicKey.rawKey {
            faults.append(localized("its public key differs from the certificate's"))
        }
        if let signature = record.certificateSignature, signature != certificate.signatureValue {
            faults.append(localized("its SIGNATURE differs from the certificate's"))
        }
        guard faults.isEmpty else {
            add(.error, .certificateDiffers, record: number, localized("\(what): \(faults.joined(separator: "; "))."))
            return
        }
        if !Self.spells(record.subjectName, certificate.subject) || !Self.spells(record.issuerName, certificate.issuer)
        {
            add(
                .warning, .nameSpelling, record: number,
                localized(
                    "\(what) spells a name in an unknown way: \(record.subjectName.map { .verbatim($0) } ?? localized("none"))."
                ))
        }
        if !certificate.isValid(at: time) {
            // Phones ignore the dates of a trust list's certificates; CUCM refuses to upload expired ones.
            let state = localized(time < certificate.notBefore ? "not valid yet" : "expired")
            add(.warning, .certificateNotValid, record: number, localized("\(what): the certificate is \(state)."))
        }
        add(
            .ok, .recordVerified, record: number,
            localized(
                "\(what): \(record.subjectName ?? "") serial \(certificate.serialNumber.colonHex), \(certificate.publicKey.bits) bit."
            )
        )
    }

    private static func spells(_ name: String?, _ certificateName: DistinguishedName) -> Bool {
        name.flatMap(ParsedName.init)?.spells(certificateName) == true
    }

    private mutating func checkTokens(of file: TrustListFile) {
        guard !file.isITL else { return }
        let tokens = file.records.filter(\.isToken)
        let signedByToken = file.signerRecord?.isToken == true
        guard !tokens.isEmpty || signedByToken else {
            add(.ok, .tokenless, localized("Tokenless: a server's certificate signs, not a hardware token."))
            return
        }
        let distinct = Set(tokens.compactMap(\.certificate)).count
        if distinct < 2 {
            add(
                .error, .tooFewTokens,
                localized(
                    "The file contains \(distinct) token; two are required, so that losing one does not lock you out of the cluster."
                ))
        } else {
            add(.ok, .tokens, localized("The file contains \(distinct) tokens."))
        }
    }
}
