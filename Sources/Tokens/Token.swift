import CPKCS11
import Certificates
import Secrets
import TrustList

/// A token in a slot of a module.
public struct Token {
    public let module: PKCS11Module
    let slot: CK_SLOT_ID
    public let info: TokenInfo

    /// A certificate on a token, and how the token names it.
    public struct StoredCertificate: Sendable {
        public let certificate: Certificate
        /// CKA_ID: the private key of the certificate has the same.
        public let id: [UInt8]
        /// CKA_LABEL.
        public let label: String
    }

    /// The X.509 certificates that can be seen without a login.
    ///
    /// - Throws: ``TokenError``; also where a certificate on the token cannot be read.
    public func certificates() throws(TokenError) -> [StoredCertificate] {
        let session = try Session(self)
        let objects = try session.find([
            AttributeValue(UInt(CKA_CLASS), number: UInt(CKO_CERTIFICATE)),
            AttributeValue(UInt(CKA_CERTIFICATE_TYPE), number: UInt(CKC_X_509)),
        ])
        var found: [StoredCertificate] = []
        for object in objects {
            guard let der = try session.attribute(UInt(CKA_VALUE), of: object), !der.isEmpty else { continue }
            let label = try session.attribute(UInt(CKA_LABEL), of: object) ?? []
            let certificate: Certificate
            do {
                certificate = try Certificate(der: der)
            } catch {
                throw TokenError(
                    .certificateNotFound, info.label,
                    "A certificate on token \(info.label) cannot be read: \(error.reason).")
            }
            found.append(
                StoredCertificate(
                    certificate: certificate, id: try session.attribute(UInt(CKA_ID), of: object) ?? [],
                    label: TokenInfo.printable(label)))
        }
        return found.sorted { $0.id.lexicographicallyPrecedes($1.id) }
    }

    /// The one certificate that a SAST token should hold, or the one that the URI names by `id` or `object`.
    ///
    /// - Throws: ``TokenError`` (`certificate-not-found`, `ambiguous`).
    public func certificate(matching uri: TokenURI? = nil) throws(TokenError) -> StoredCertificate {
        let all = try certificates()
        let matching = all.filter { stored in
            (uri?.id.map { $0 == stored.id } ?? true) && (uri?.object.map { $0 == stored.label } ?? true)
        }
        guard let first = matching.first else {
            let reason = all.isEmpty ? "holds no certificate" : "holds no certificate with that id or label"
            throw TokenError(.certificateNotFound, info.label, "Token \(info.label) \(reason).")
        }
        guard matching.count == 1 else {
            let list = matching.map { stored in
                let id = stored.id.map { "%" + [$0].hex }.joined()
                return "id=\(id), object \"\(stored.label)\", serial \(stored.certificate.serialNumber.colonHex)"
            }
            throw TokenError(
                .ambiguous, info.label,
                """
                Token \(info.label) holds \(matching.count) certificates where one was expected \
                (\(list.joined(separator: "; "))); choose one by id= or object= in the token's URI.
                """)
        }
        return first
    }

    /// Logs in, and gives a signer for the certificate's key. The PIN is tried once.
    ///
    /// - Parameter pin: asked for the PIN after the token's flags allowed a login; not called where the reader has a PIN
    ///   pad.
    /// - Throws: ``TokenError``, or what `pin` throws.
    public func signer(
        for stored: StoredCertificate, pin: (TokenInfo) throws -> Secret
    ) throws -> TokenSigner {
        // What makes the signing impossible is found before a PIN is asked for.
        guard stored.certificate.publicKey.isRSA else {
            throw TokenError(
                .mechanismMissing, info.label,
                "The key of the certificate on token \(info.label) is not RSA, so it cannot sign a trust list.")
        }
        let mechanisms = try signingMechanisms()
        guard !mechanisms.isEmpty else {
            throw TokenError(
                .mechanismMissing, info.label,
                "Token \(info.label) offers no RSA PKCS #1 signature, so it cannot sign a trust list.")
        }
        let current = try currentInfo()
        try current.checkLogin()
        var secret: Secret?
        if !current.hasPINPad {
            secret = try pin(current)
            // While the user typed, the token may have been exchanged, or used wrongly elsewhere.
            try currentInfo().checkLogin()
        }
        let session = try Session(self)
        try session.login(secret, for: .user)
        return try TokenSigner(token: self, session: session, stored: stored, mechanisms: mechanisms, pin: secret)
    }

    /// The token's flags as they are now: a wrong PIN given elsewhere since shows here.
    ///
    /// - Throws: ``TokenError`` (`token-not-found`) where the slot is empty or holds another token.
    func currentInfo() throws(TokenError) -> TokenInfo {
        guard let present = try module.tokens().first(where: { $0.slot == slot }),
            present.info.serialNumber == info.serialNumber
        else { throw TokenError(.tokenNotFound, info.label, "Token \(info.label) is not in its slot any more.") }
        return present.info
    }

    /// Those of the mechanisms that trust lists need which the token signs with.
    func signingMechanisms() throws(TokenError) -> Set<UInt> {
        let useful = Set([UInt(CKM_RSA_PKCS)] + DigestAlgorithm.allCases.map(\.rsaMechanism))
        return try mechanisms().intersection(useful).filter { mechanism in
            var details = CK_MECHANISM_INFO()
            // Some mechanisms are there to verify only. A token that gives no details has to be tried.
            guard let function = module.functions.C_GetMechanismInfo,
                ReturnValue(rawValue: UInt(function(slot, CK_MECHANISM_TYPE(mechanism), &details))) == .ok
            else { return true }
            return details.flags & CK_FLAGS(CKF_SIGN) != 0
        }
    }

    private func mechanisms() throws(TokenError) -> Set<UInt> {
        var count: CK_ULONG = 0
        let functions = module.functions
        try module.call("C_GetMechanismList", functions.C_GetMechanismList, on: info.label) { $0(slot, nil, &count) }
        guard count > 0 else { return [] }
        var list = [CK_MECHANISM_TYPE](repeating: 0, count: Int(min(count, 4096)))
        count = CK_ULONG(list.count)
        try module.call("C_GetMechanismList", functions.C_GetMechanismList, on: info.label) { $0(slot, &list, &count) }
        return Set(list.prefix(Int(min(count, CK_ULONG(list.count)))).map { UInt($0) })
    }
}
