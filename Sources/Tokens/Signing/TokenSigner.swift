import CPKCS11
import Messages
import Secrets
import TrustList
import X509

/// A key on a token, as the signer of a trust list. The session, and with it the login, ends when this object does.
public final class TokenSigner: TrustListSigner, @unchecked Sendable {
    // Used by one thread at a time, as its session is.

    /// How the digest is computed.
    enum Method: Equatable {
        /// The token hashes and signs (CKM_SHA1_RSA_PKCS and the like).
        case digestOnToken
        /// We hash, and the token signs the DigestInfo (CKM_RSA_PKCS).
        case digestHere
    }

    public let certificate: Certificate
    private let token: Token
    private let session: Session
    private let key: CK_OBJECT_HANDLE
    private let mechanisms: Set<UInt>
    private let wantsLoginEachTime: Bool
    private let pin: Secret?
    private let history: PINHistory

    private var label: String { token.info.plainLabel }

    /// - Parameters:
    ///   - session: logged in.
    ///   - mechanisms: the mechanisms that the token signs with (``Token/signingMechanisms()``).
    init(
        token: Token, session: Session, stored: StoredCertificate, mechanisms: Set<UInt>, pin: Secret?,
        history: PINHistory
    ) throws(TokenError) {
        certificate = stored.certificate
        self.token = token
        self.session = session
        self.mechanisms = mechanisms
        self.history = history
        let label = token.info.plainLabel
        key = try Self.key(of: stored, session, label)
        wantsLoginEachTime =
            try session.attribute(UInt(CKA_ALWAYS_AUTHENTICATE), of: key)?.contains { $0 != 0 } ?? false
        self.pin = wantsLoginEachTime ? pin : nil
    }

    /// The certificate's private key: the one with its CKA_ID, unless the moduli say otherwise. PKCS#11 only intends a
    /// certificate and its key to have the same CKA_ID (2.40, section 4.6.3), so that another id than the key's, or several
    /// keys with the same one, are possible; *unconfirmed* that any program writes tokens like that.
    private static func key(
        of stored: StoredCertificate, _ session: Session, _ label: String
    ) throws(TokenError) -> CK_OBJECT_HANDLE {
        func isModulus(of key: CK_OBJECT_HANDLE) throws(TokenError) -> Bool? {
            guard let modulus = try session.attribute(UInt(CKA_MODULUS), of: key)?.drop(while: { $0 == 0 }),
                modulus.count >= 64
            else { return nil }
            return stored.certificate.publicKey.rawKey.firstRange(of: Array(modulus)) != nil
        }
        let all = try session.find([AttributeValue(UInt(CKA_CLASS), number: UInt(CKO_PRIVATE_KEY))])
        var matching: [CK_OBJECT_HANDLE] = []
        var unknown: [CK_OBJECT_HANDLE] = []
        for key in all {
            switch try isModulus(of: key) {
            case true?: matching.append(key)
            case false?: break
            case nil: unknown.append(key)
            }
        }
        let withID = try session.find([
            AttributeValue(UInt(CKA_CLASS), number: UInt(CKO_PRIVATE_KEY)),
            AttributeValue(UInt(CKA_ID), bytes: stored.id),
        ])
        // The same key may be there twice; the one with the id is as good as any.
        if let key = matching.first(where: withID.contains) ?? matching.first { return key }
        let possible = withID.filter(unknown.contains)
        guard let key = possible.first else {
            let name = stored.certificate.subject.rendered(.cucm)
            throw TokenError(
                .keyNotFound, label,
                withID.isEmpty
                    ? localized("Token \(label) contains no private key for its certificate \(name).")
                    : localized(
                        "Token \(label) contains no private key for its certificate \(name): the key with its id is that of another certificate."
                    ))
        }
        guard possible.count == 1 else {
            throw TokenError(
                .ambiguous, label,
                localized("Token \(label) contains \(possible.count) private keys with the id of one certificate."))
        }
        return key
    }

    /// Refuses a certificate without its key before a PIN is tried, where the module shows private objects without a
    /// login. One whose CKA_PRIVATE is true appears only after it (PKCS#11 2.40, section 4.4); so where all that are shown
    /// are not private, others may still appear.
    static func checkKey(of stored: StoredCertificate, _ session: Session, _ label: String) throws(TokenError) {
        let all = try session.find([AttributeValue(UInt(CKA_CLASS), number: UInt(CKO_PRIVATE_KEY))])
        guard !all.isEmpty else { return }
        for key in all where try session.attribute(UInt(CKA_PRIVATE), of: key)?.contains(where: { $0 != 0 }) == true {
            _ = try Self.key(of: stored, session, label)
            return
        }
    }

    public func sign(_ message: [UInt8], digest: DigestAlgorithm) throws -> [UInt8] {
        try sign(message, digest: digest, by: method(for: digest))
    }

    /// The token hashes if it can.
    func method(for digest: DigestAlgorithm) throws(TokenError) -> Method {
        if mechanisms.contains(digest.rsaMechanism) { return .digestOnToken }
        if mechanisms.contains(UInt(CKM_RSA_PKCS)) { return .digestHere }
        throw TokenError(
            .mechanismMissing, label,
            localized(
                "Token \(label) offers neither \(digest.name) with RSA nor RSA PKCS #1, so it cannot sign a trust list."
            ))
    }

    func sign(_ message: [UInt8], digest: DigestAlgorithm, by method: Method) throws -> [UInt8] {
        let (data, mechanism) =
            switch method {
            case .digestOnToken: (message, digest.rsaMechanism)
            case .digestHere: (digest.digestInfoPrefix + Digest.compute(digest, message), UInt(CKM_RSA_PKCS))
            }
        let turn = wantsLoginEachTime ? try history.takeTurn() : nil
        let signature = try token.attempt(
            within: wantsLoginEachTime && pin == nil ? PINPad.patience : nil, as: .other
        ) {
            () throws(TokenError) in
            // The key may have a PIN, and tries, of its own.
            let now: PINHistory
            if self.wantsLoginEachTime {
                let current = try self.token.currentInfo()
                try current.checkLogin()
                // The number that the token reports is that of the user PIN.
                now = self.history.refreshed(current, told: nil, isForOperations: true)
            } else {
                now = self.history
            }
            return try self.session.sign(
                data, key: self.key, mechanism: CK_MECHANISM_TYPE(mechanism),
                signatureLength: (self.certificate.publicKey.bits + 7) / 8
            ) { () throws(TokenError) in
                if self.wantsLoginEachTime { try self.session.login(self.pin, for: .operation, now.attempt(in: turn)) }
            }
        }
        guard try certificate.publicKey.isValid(signature: signature, message: message, digest: digest) else {
            throw TokenError(
                .badSignature, label,
                localized("The signature that token \(label) made does not verify with its certificate."))
        }
        return signature
    }
}

extension DigestAlgorithm {
    /// The PKCS#11 mechanism that hashes and signs.
    var rsaMechanism: UInt {
        switch self {
        case .sha1: UInt(CKM_SHA1_RSA_PKCS)
        case .sha256: UInt(CKM_SHA256_RSA_PKCS)
        case .sha512: UInt(CKM_SHA512_RSA_PKCS)
        }
    }

    /// The prefix of the digest in a DigestInfo (RFC 8017, section 9.2, note 1).
    fileprivate var digestInfoPrefix: [UInt8] {
        switch self {
        case .sha1:
            [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14]
        case .sha256:
            [
                0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
                0x04, 0x20,
            ]
        case .sha512:
            [
                0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00,
                0x04, 0x40,
            ]
        }
    }
}
