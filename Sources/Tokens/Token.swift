import Basics
import CPKCS11
import Glibc
import Messages
import Secrets
import X509

/// A token in a slot of a module.
///
/// Every call ends: if the token does not answer for longer than ``PKCS11Module/patience``, it throws a ``TokenError``
/// (`no-answer`).
public struct Token: Sendable {
    public let module: PKCS11Module
    let slot: CK_SLOT_ID
    public let info: TokenInfo

    /// Logs in, and returns a signer for the certificate's key. The PIN is tried once.
    ///
    /// - Parameter pin: asked for the PIN once what is remembered about it, and the token's flags, allow a login; not
    ///   called if the reader has a PIN pad.
    /// - Throws: ``TokenError``, or what `pin` and ``PINLedger`` throw.
    public func signer(
        for stored: StoredCertificate, pin: (TokenInfo, PINHistory) throws -> Secret
    ) throws -> TokenSigner {
        let history = try pinHistory()
        try history.checkBeforePrompt()
        // Anything that would prevent signing is detected before a PIN is asked for.
        guard stored.certificate.publicKey.isRSA else {
            throw TokenError(
                .mechanismMissing, info.plainLabel,
                localized(
                    "The key of the certificate on token \(info.plainLabel) is not RSA, so it cannot sign a trust list."
                ))
        }
        let (mechanisms, before) = try attempt { () throws(TokenError) in
            (try signingMechanisms(), try currentInfo())
        }
        guard !mechanisms.isEmpty else {
            throw TokenError(
                .mechanismMissing, info.plainLabel,
                localized("Token \(info.plainLabel) offers no RSA PKCS #1 signature, so it cannot sign a trust list."))
        }
        try before.checkLogin()
        try attempt { () throws(TokenError) in try TokenSigner.checkKey(of: stored, Session(self), info.plainLabel) }
        let secret = before.hasPINPad ? nil : try pin(before, history)
        if let secret { try before.checkPossible(secret) }
        let turn = try history.takeTurn()
        return try attempt(within: secret == nil ? PINPad.patience : nil, as: .other) { () throws(TokenError) in
            // While the user typed, the token may have been exchanged, or used with a wrong PIN elsewhere.
            let current = try currentInfo()
            try current.checkLogin()
            let session = try Session(self)
            let now = history.refreshed(current, told: session.tries())
            try session.login(secret, for: .user, now.attempt(in: turn))
            do throws(TokenError) {
                return try TokenSigner(
                    token: self, session: session, stored: stored, mechanisms: mechanisms, pin: secret, history: now)
            } catch { throw error.afterLogin() }
        }
    }

    /// What is remembered about the token's PIN, and what the token reports about it.
    ///
    /// - Throws: what ``PINLedger`` throws.
    public func pinHistory() throws -> PINHistory {
        // A token that cannot be queried reports that when it is used.
        let told = try? attempt { () throws(TokenError) in try Session(self).tries() }
        return try PINHistory(info, in: module.pins, told: told ?? nil) {
            ((try? certificates()) ?? []).contains { SASTLikeness($0.certificate) == .full }
        }
    }

    /// The same with what was already read from the token, to show it: how many wrong PINs lock the token is then known
    /// even if none was tried.
    ///
    /// - Throws: what ``PINLedger`` throws.
    public func pinHistory(_ contents: TokenContents) throws -> PINHistory {
        try PINHistory(info, in: module.pins, told: contents.tries, asksAlways: true) {
            contents.certificates.contains { SASTLikeness($0.certificate) == .full }
        }
    }

    /// Runs work with the token, with a deadline. If it fails and the token is gone, that is the error: modules return
    /// all sorts of codes for it.
    ///
    /// - Parameter kind: what is remembered of the module if it ends the program.
    func attempt<Value>(
        within seconds: Int? = nil, as kind: ModuleCrash.Work = .reading,
        _ work: @escaping () throws(TokenError) -> Value
    ) throws(TokenError) -> Value {
        try module.attempt(
            on: info.plainLabel, called: localized("Token \(info.plainLabel)"),
            within: seconds.map { max($0, module.patience) }, as: kind
        ) {
            () throws(TokenError) in
            do throws(TokenError) {
                return try work()
            } catch {
                guard let value = error.returnValue, Self.afterPull.contains(value), isGone else { throw error }
                throw TokenError(
                    .tokenPulled, info.plainLabel,
                    [.login, .setPIN].contains(error.function)
                        ? localized(
                            "Token \(info.plainLabel) was removed while in use. One PIN attempt counts as used.")
                        : localized("Token \(info.plainLabel) was removed while in use."),
                    function: error.function, returnValue: error.returnValue)
            }
        }
    }

    /// What modules return after a removal.
    private static let afterPull: Set<ReturnValue> = [
        .generalError, .functionFailed, .deviceError, .deviceRemoved, .sessionClosed, .sessionHandleInvalid,
        .tokenNotPresent,
    ]

    /// Whether the token was removed. The smart card service takes up to half a second to notice. Only the slot is
    /// asked: OpenSC 0.23 never returns from C_GetTokenInfo on a PIV card that was removed during a login.
    var isGone: Bool {
        for _ in 0..<10 {
            var slotInfo = CK_SLOT_INFO()
            guard let function = module.functions.C_GetSlotInfo, function(slot, &slotInfo) == CKR_OK,
                slotInfo.flags & CK_FLAGS(CKF_TOKEN_PRESENT) != 0
            else { return true }
            interruptibleSleep(0.1)
        }
        return false
    }

    /// The token's current flags: a wrong PIN entered elsewhere in the meantime shows here.
    ///
    /// - Throws: ``TokenError`` (`token-not-found`) if the slot is empty or contains another token.
    func currentInfo() throws(TokenError) -> TokenInfo {
        let (tokens, failures) = try module.readSlots()
        guard let present = tokens.first(where: { $0.slot == slot }), present.info.serialNumber == info.serialNumber
        else {
            if tokens.isEmpty, let failure = failures.first { throw failure }
            throw TokenError(
                .tokenNotFound, info.plainLabel, localized("Token \(info.plainLabel) is no longer in its slot."))
        }
        return present.info
    }

    /// The mechanisms needed for trust lists with which the token can sign.
    func signingMechanisms() throws(TokenError) -> Set<UInt> {
        let useful = Set([UInt(CKM_RSA_PKCS)] + DigestAlgorithm.allCases.map(\.rsaMechanism))
        // Some mechanisms can only verify. A token that gives no details has to be tried.
        return Set(try mechanismList()).intersection(useful).filter {
            mechanismDetails($0).map { $0.flags & UInt(CKF_SIGN) != 0 } ?? true
        }
    }

    /// The mechanisms of the token, in the module's order.
    func mechanismList() throws(TokenError) -> [UInt] {
        var count: CK_ULONG = 0
        let functions = module.functions
        try module.call(.getMechanismList, functions.C_GetMechanismList, on: info.plainLabel) {
            $0(slot, nil, &count)
        }
        guard count > 0 else { return [] }
        var list = [CK_MECHANISM_TYPE](repeating: 0, count: Int(min(count, 4096)))
        count = CK_ULONG(list.count)
        try module.call(.getMechanismList, functions.C_GetMechanismList, on: info.plainLabel) {
            $0(slot, &list, &count)
        }
        return list.prefix(Int(min(count, CK_ULONG(list.count)))).map { UInt($0) }
    }
}

/// A reader on which the PIN is entered (protected authentication path; PKCS#11 2.40, section 5.6).
enum PINPad {
    /// How long to wait for the user, in seconds.
    static let patience = 120
}
