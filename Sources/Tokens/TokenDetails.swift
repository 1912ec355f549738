import CPKCS11

/// Everything that a module says about itself, its slots and one token, in its own numbers: what is needed to judge a
/// token that this project has never seen. Source: PKCS#11 2.40, sections 3.1 (CK_INFO), 3.2 (CK_SLOT_INFO,
/// CK_TOKEN_INFO) and 3.5 (CK_MECHANISM_INFO).
public struct TokenDetails: Sendable {
    /// CK_VERSION.
    public struct Version: Sendable, Hashable, CustomStringConvertible {
        public let major, minor: Int

        init(_ version: CK_VERSION) { (major, minor) = (Int(version.major), Int(version.minor)) }

        /// For example `2.40`. The minor number has two digits in the standard's own versions only.
        public var description: String { "\(major).\(minor)" }
    }

    /// CK_INFO.
    public struct Library: Sendable {
        /// The version of PKCS#11 that the module implements.
        public let cryptoki: Version
        public let manufacturer, description: String
        public let flags: UInt
        public let version: Version
    }

    /// CK_SLOT_INFO.
    public struct Slot: Sendable {
        public let id: UInt
        public let description, manufacturer: String
        public let flags: UInt
        public let hardware, firmware: Version
    }

    /// CK_TOKEN_INFO. Numbers that the token does not report (CK_UNAVAILABLE_INFORMATION) are nil; for sessions, 0 means
    /// that there is no limit.
    public struct Token: Sendable {
        /// As the module shows it, with what ``TokenInfo/plainLabel`` leaves out.
        public let label, manufacturer, model, serialNumber: String
        public let flags: UInt
        public let mostSessions, sessions, mostWritableSessions, writableSessions: UInt?
        /// In bytes.
        public let shortestPIN, longestPIN: UInt?
        /// In bytes.
        public let publicMemory, freePublicMemory, privateMemory, freePrivateMemory: UInt?
        public let hardware, firmware: Version
        /// `YYYYMMDDhhmmss00`; only of a token with a clock.
        public let time: String
    }

    /// An entry of C_GetMechanismList, with its CK_MECHANISM_INFO.
    public struct Mechanism: Sendable {
        public let type: UInt
        /// CKM_..., if it is one of those that tokens for signatures have.
        public let name: String?
        /// Nil if the token gives no details.
        public let details: Details?

        public struct Details: Sendable {
            /// In bits or bytes, as the standard says for the mechanism.
            public let shortestKey, longestKey: UInt
            public let flags: UInt
        }
    }

    /// Nil if the module does not say.
    public let library: Library?
    public let slot: Slot
    public let token: Token
    /// In the module's order.
    public let mechanisms: [Mechanism]
    /// All slots of the module, including those without a token.
    public let slots: [Slot]
    /// What the module did not answer.
    public let failures: [TokenError]
}

extension Token {
    /// Asks the module for everything that it says without a login.
    ///
    /// - Throws: ``TokenError`` if the token is gone.
    public func details() throws(TokenError) -> TokenDetails {
        try attempt { () throws(TokenError) in
            var failures: [TokenError] = []
            func asked<Value>(_ ask: () throws(TokenError) -> Value) -> Value? {
                do throws(TokenError) { return try ask() } catch {
                    failures.append(error)
                    return nil
                }
            }
            let library = asked { () throws(TokenError) in try module.library() }
            let mechanisms =
                asked { () throws(TokenError) in
                    try mechanismList().map { TokenDetails.Mechanism(type: $0, details: mechanismDetails($0)) }
                } ?? []
            let slots = asked { () throws(TokenError) in try module.slots() } ?? []
            return TokenDetails(
                library: library, slot: try module.slotDetails(slot), token: try tokenDetails(), mechanisms: mechanisms,
                slots: slots, failures: failures)
        }
    }

    private func tokenDetails() throws(TokenError) -> TokenDetails.Token {
        var info = CK_TOKEN_INFO()
        try module.call(.getTokenInfo, module.functions.C_GetTokenInfo, on: self.info.plainLabel) { $0(slot, &info) }
        return TokenDetails.Token(info)
    }

    func mechanismDetails(_ type: UInt) -> TokenDetails.Mechanism.Details? {
        var details = CK_MECHANISM_INFO()
        guard let function = module.functions.C_GetMechanismInfo,
            ReturnValue(rawValue: UInt(function(slot, CK_MECHANISM_TYPE(type), &details))) == .ok
        else { return nil }
        return .init(
            shortestKey: UInt(details.ulMinKeySize), longestKey: UInt(details.ulMaxKeySize), flags: UInt(details.flags))
    }
}

extension PKCS11Module {
    /// The release of the library itself (CK_INFO), for example `10.9`; nil if the module does not say.
    public var release: String? {
        (try? attempt(on: path) { () throws(TokenError) in try self.library() })?.version.description
    }

    fileprivate func library() throws(TokenError) -> TokenDetails.Library {
        var info = CK_INFO()
        try call(.getInfo, functions.C_GetInfo) { $0(&info) }
        return TokenDetails.Library(
            cryptoki: .init(info.cryptokiVersion), manufacturer: TokenInfo.text(info.manufacturerID),
            description: TokenInfo.text(info.libraryDescription), flags: UInt(info.flags),
            version: .init(info.libraryVersion))
    }

    func slots() throws(TokenError) -> [TokenDetails.Slot] {
        var slots: [TokenDetails.Slot] = []
        for slot in try slotList(withToken: false) { slots.append(try slotDetails(slot)) }
        return slots
    }

    fileprivate func slotDetails(_ slot: CK_SLOT_ID) throws(TokenError) -> TokenDetails.Slot {
        var info = CK_SLOT_INFO()
        try call(.getSlotInfo, functions.C_GetSlotInfo) { $0(slot, &info) }
        return TokenDetails.Slot(
            id: UInt(slot), description: TokenInfo.name(of: info), manufacturer: TokenInfo.text(info.manufacturerID),
            flags: UInt(info.flags), hardware: .init(info.hardwareVersion), firmware: .init(info.firmwareVersion))
    }
}

extension TokenDetails.Token {
    fileprivate init(_ info: CK_TOKEN_INFO) {
        func known(_ number: CK_ULONG) -> UInt? { number == CK_ULONG.max ? nil : UInt(number) }
        label = TokenInfo.text(info.label)
        manufacturer = TokenInfo.text(info.manufacturerID)
        model = TokenInfo.text(info.model)
        serialNumber = TokenInfo.text(info.serialNumber)
        flags = UInt(info.flags)
        (mostSessions, sessions) = (known(info.ulMaxSessionCount), known(info.ulSessionCount))
        (mostWritableSessions, writableSessions) = (known(info.ulMaxRwSessionCount), known(info.ulRwSessionCount))
        (shortestPIN, longestPIN) = (known(info.ulMinPinLen), known(info.ulMaxPinLen))
        (publicMemory, freePublicMemory) = (known(info.ulTotalPublicMemory), known(info.ulFreePublicMemory))
        (privateMemory, freePrivateMemory) = (known(info.ulTotalPrivateMemory), known(info.ulFreePrivateMemory))
        (hardware, firmware) = (.init(info.hardwareVersion), .init(info.firmwareVersion))
        // Without a clock the field's contents mean nothing.
        time = info.flags & CK_FLAGS(CKF_CLOCK_ON_TOKEN) == 0 ? "" : TokenInfo.text(info.utcTime)
    }
}

extension TokenDetails.Mechanism {
    fileprivate init(type: UInt, details: Details?) {
        self.init(type: type, name: Self.names[type], details: details)
    }

    /// PKCS#11 2.40, mechanisms, appendix A: those of eTokens, PIV cards and SoftHSM. A test compares them with the
    /// header.
    static let names: [UInt: String] = [
        0x0: "CKM_RSA_PKCS_KEY_PAIR_GEN", 0x1: "CKM_RSA_PKCS", 0x2: "CKM_RSA_9796", 0x3: "CKM_RSA_X_509",
        0x4: "CKM_MD2_RSA_PKCS", 0x5: "CKM_MD5_RSA_PKCS", 0x6: "CKM_SHA1_RSA_PKCS", 0x8: "CKM_RIPEMD160_RSA_PKCS",
        0x9: "CKM_RSA_PKCS_OAEP", 0xd: "CKM_RSA_PKCS_PSS", 0xe: "CKM_SHA1_RSA_PKCS_PSS", 0x10: "CKM_DSA_KEY_PAIR_GEN",
        0x12: "CKM_DSA_SHA1", 0x20: "CKM_DH_PKCS_KEY_PAIR_GEN", 0x21: "CKM_DH_PKCS_DERIVE", 0x40: "CKM_SHA256_RSA_PKCS",
        0x41: "CKM_SHA384_RSA_PKCS", 0x42: "CKM_SHA512_RSA_PKCS", 0x43: "CKM_SHA256_RSA_PKCS_PSS",
        0x44: "CKM_SHA384_RSA_PKCS_PSS", 0x45: "CKM_SHA512_RSA_PKCS_PSS", 0x100: "CKM_RC2_KEY_GEN",
        0x101: "CKM_RC2_ECB", 0x105: "CKM_RC2_CBC_PAD", 0x110: "CKM_RC4_KEY_GEN", 0x111: "CKM_RC4",
        0x120: "CKM_DES_KEY_GEN", 0x121: "CKM_DES_ECB", 0x122: "CKM_DES_CBC", 0x123: "CKM_DES_MAC",
        0x125: "CKM_DES_CBC_PAD", 0x130: "CKM_DES2_KEY_GEN", 0x131: "CKM_DES3_KEY_GEN", 0x132: "CKM_DES3_ECB",
        0x133: "CKM_DES3_CBC", 0x134: "CKM_DES3_MAC", 0x135: "CKM_DES3_MAC_GENERAL", 0x136: "CKM_DES3_CBC_PAD",
        0x138: "CKM_DES3_CMAC", 0x200: "CKM_MD2", 0x210: "CKM_MD5", 0x211: "CKM_MD5_HMAC",
        0x220: "CKM_SHA_1", 0x221: "CKM_SHA_1_HMAC", 0x222: "CKM_SHA_1_HMAC_GENERAL", 0x240: "CKM_RIPEMD160",
        0x250: "CKM_SHA256", 0x251: "CKM_SHA256_HMAC", 0x260: "CKM_SHA384", 0x261: "CKM_SHA384_HMAC",
        0x270: "CKM_SHA512", 0x271: "CKM_SHA512_HMAC", 0x350: "CKM_GENERIC_SECRET_KEY_GEN",
        0x1040: "CKM_EC_KEY_PAIR_GEN", 0x1041: "CKM_ECDSA", 0x1042: "CKM_ECDSA_SHA1", 0x1050: "CKM_ECDH1_DERIVE",
        0x1051: "CKM_ECDH1_COFACTOR_DERIVE", 0x1080: "CKM_AES_KEY_GEN", 0x1081: "CKM_AES_ECB", 0x1082: "CKM_AES_CBC",
        0x1083: "CKM_AES_MAC", 0x1085: "CKM_AES_CBC_PAD", 0x1086: "CKM_AES_CTR", 0x1087: "CKM_AES_GCM",
    ]
}
