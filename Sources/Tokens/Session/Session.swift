import CPKCS11
import Messages
import Secrets

/// A session with a token; it ends when this object does. Its calls have no deadline: use it within
/// ``PKCS11Module/attempt(on:within:_:)``.
///
/// Source: PKCS#11 2.40, sections 5.6 (sessions), 5.7 (objects) and 5.11 (signing).
final class Session: @unchecked Sendable {
    // Used by one thread at a time: a caller that waits for work does nothing else with it.

    private let token: Token
    private let handle: CK_SESSION_HANDLE
    private var module: PKCS11Module { token.module }
    private var label: String { token.info.plainLabel }
    private var isLoggedIn = false
    private var wasRefused = false

    /// - Parameter isWritable: for changes of the token, for example of its PIN.
    init(_ token: Token, isWritable: Bool = false) throws(TokenError) {
        self.token = token
        let (module, label) = (token.module, token.info.plainLabel)
        var handle: CK_SESSION_HANDLE = 0
        let flags = CKF_SERIAL_SESSION | (isWritable ? CKF_RW_SESSION : 0)
        try module.call(.openSession, module.functions.C_OpenSession, on: label) {
            $0(token.slot, CK_FLAGS(flags), nil, nil, &handle)
        }
        self.handle = handle
    }

    deinit {
        // The last owner may be on any thread; a token that hangs must not block it.
        let (functions, handle, isLoggedIn) = (module.functions, handle, isLoggedIn)
        _ = try? module.attempt(on: label, as: isLoggedIn ? .other : .reading) { () throws(TokenError) in
            if isLoggedIn { _ = functions.C_Logout?(handle) }
            _ = functions.C_CloseSession?(handle)
        }
    }

    /// Who logs in: the user, or the user again for one operation (CKA_ALWAYS_AUTHENTICATE).
    enum LoginPurpose {
        case user
        case operation
    }

    /// Tries the PIN once. Every failure counts as a used try, whatever code the module returns, unless the token
    /// itself reports that none was used: OpenSC, for example, reports a wrong PIN of some cards as CKR_GENERAL_ERROR
    /// or CKR_USER_NOT_LOGGED_IN. After a failure the session accepts no more PINs.
    ///
    /// - Parameters:
    ///   - pin: nil for a PIN pad at the reader.
    ///   - attempt: from the token's ``PINHistory``.
    func login(_ pin: Secret?, for purpose: LoginPurpose, _ attempt: consuming PINAttempt) throws(TokenError) {
        if let refusal = refusalOfBefore {
            attempt.wasNotMade()
            throw refusal
        }
        let user = CK_USER_TYPE(purpose == .user ? CKU_USER : CKU_CONTEXT_SPECIFIC)
        guard let function = module.functions.C_Login else {
            attempt.wasNotMade()
            throw TokenError(.login, .missing, label)
        }
        let value = ModuleCrash.within(module.path, .login) {
            Self.lend(pin) { pin, length in function(handle, user, pin, length) }
        }
        if value == .ok {
            isLoggedIn = true
            return attempt.wasRight()
        }
        // The token looked at no PIN.
        if value == .userAlreadyLoggedIn, purpose == .user { return attempt.wasNotMade() }
        wasRefused = true
        let use = use(of: attempt.toldLeft, attempt.isProven, value)
        if value == .pinExpired, use != .counted {
            // It had to be right for that.
            if use == .none { attempt.wasRight() } else { attempt.wasNotMade() }
            throw TokenError(
                .pinExpired, label,
                localized("The PIN of token \(label) is right, but has expired: it must be changed first."),
                function: .login, returnValue: value)
        }
        end(attempt, value, use)
        throw refusal(value, use, by: .login, what: localized("the login"))
    }

    /// Changes the user's PIN. The old one is tried once, as in ``login(_:for:_:)``.
    ///
    /// - Parameters:
    ///   - old: nil for a PIN pad at the reader, as `new` is then.
    ///   - attempt: from the token's ``PINHistory``; it knows that the PIN is being changed.
    func changePIN(from old: Secret?, to new: Secret?, _ attempt: consuming PINAttempt) throws(TokenError) {
        if let refusal = refusalOfBefore {
            attempt.wasNotMade()
            throw refusal
        }
        guard let function = module.functions.C_SetPIN else {
            attempt.wasNotMade()
            throw TokenError(.setPIN, .missing, label)
        }
        let value = ModuleCrash.within(module.path, .change) {
            Self.lend(old) { old, oldLength in
                Self.lend(new) { new, newLength in function(handle, old, oldLength, new, newLength) }.code
            }
        }
        guard value != .ok else { return attempt.wasRight(.done) }
        wasRefused = true
        let use = use(of: attempt.toldLeft, attempt.isProven, value)
        let change: PINRecord.UnfinishedChange? =
            Self.saysThatNothingChanged(value) ? nil : value == .generalError && !token.isGone ? .doubtful : .asked
        if change == nil { end(attempt, value, use) } else { attempt.wasRefused(change) }
        if Self.isAboutTheNewPIN(value) {
            throw TokenError(
                .pinUnsuitable, label,
                localized(
                    "Token \(label) does not accept the new PIN: \(value.sentence). The current one still holds. \(use.sentence)"
                ), function: .setPIN, returnValue: value)
        }
        if Self.forbidsTheChange(value) {
            throw TokenError(
                .failed, label,
                localized(
                    "Token \(label) does not let its PIN be changed here: \(value.sentence). The current one still holds. \(use.sentence)"
                ), next: localized("Change the PIN with the token's own software."), function: .setPIN,
                returnValue: value)
        }
        throw refusal(value, use, by: .setPIN, what: localized("the change of its PIN"))
    }

    /// Codes of C_SetPIN that are about the new PIN; tokens have rules for its length, characters and predecessors.
    private static func isAboutTheNewPIN(_ value: ReturnValue) -> Bool {
        [.pinInvalid, .pinLengthRange, .pinTooWeak].contains(value)
    }

    private static func forbidsTheChange(_ value: ReturnValue) -> Bool {
        [.missing, .writeProtected, .sessionReadOnly].contains(value)
    }

    /// Whether C_SetPIN cannot have changed anything.
    static func saysThatNothingChanged(_ value: ReturnValue) -> Bool {
        isAboutTheNewPIN(value) || forbidsTheChange(value)
            || [.pinIncorrect, .pinLocked, .userNotLoggedIn].contains(value)
    }

    // MARK: - What a try cost

    /// Whether the token counted a PIN as wrong.
    private enum Use {
        /// It says so, or its tries went down.
        case counted
        /// The code does not tell, and the token reports no tries.
        case unknown
        /// Its tries did not go down.
        case none

        var sentence: LocalizableText {
            switch self {
            case .counted: localized("One PIN attempt has been used.")
            case .unknown: localized("A PIN attempt may have been used.")
            case .none: localized("No PIN attempt was used.")
            }
        }
    }

    /// - Parameter isProven: whether a number that stays the same shows that nothing was counted.
    private func use(of before: Int?, _ isProven: Bool, _ value: ReturnValue) -> Use {
        // Whatever number the token reports: it may be wrong.
        if Self.wrongPIN.contains(value) { return .counted }
        guard let before, let after = tries()?.left else { return .unknown }
        return after < before ? .counted : isProven ? .none : .unknown
    }

    /// What modules return for a wrong PIN: OpenSC the last two, for some cards.
    private static let wrongPIN: Set<ReturnValue> = [.pinIncorrect, .pinLocked, .generalError, .userNotLoggedIn]

    private func end(_ attempt: consuming PINAttempt, _ value: ReturnValue, _ use: Use) {
        guard use != .none else { return attempt.wasNotMade() }
        // A number that does not go down after a wrong PIN is not a number of tries.
        let wentDown = attempt.toldLeft.flatMap { before in (tries()?.left).map { $0 < before } }
        attempt.wasRefused(
            isLocked: value == .pinLocked, isUntold: Self.wrongPIN.contains(value) && wentDown == false,
            isTold: wentDown == true, isCounted: use == .counted)
    }

    /// The wrong PINs that the token still accepts, from the object in which SafeNet's module shows them; nil if there
    /// is none.
    func tries() -> PINTries? {
        guard
            let object = try? find([
                AttributeValue(UInt(CKA_CLASS), number: UInt(CKO_HW_FEATURE)),
                AttributeValue(UInt(CKA_HW_FEATURE_TYPE), number: PINTriesObject.featureType),
            ]).first, let left = try? attribute(PINTriesObject.userTriesLeft, of: object)?.first
        else { return nil }
        let most = (try? attribute(PINTriesObject.userTriesMost, of: object))?.first.map { Int($0) }
        // More than there can be is not a number of tries.
        guard Int(left) <= most ?? 255 else { return nil }
        return PINTries(left: Int(left), most: most == 0 ? nil : most, source: .token)
    }

    /// PKCS#11 takes a PIN through a non-const pointer, but does not write there.
    private static func lend(
        _ secret: Secret?, _ body: (UnsafeMutablePointer<CK_UTF8CHAR>?, CK_ULONG) -> CK_RV
    ) -> ReturnValue {
        guard let secret else { return ReturnValue(rawValue: UInt(body(nil, 0))) }
        return ReturnValue(
            rawValue: UInt(
                secret.withBytes { body(UnsafeMutablePointer(mutating: $0.baseAddress), CK_ULONG($0.count)) }))
    }

    private func refusal(
        _ value: ReturnValue, _ use: Use, by function: PKCS11Function, what: LocalizableText
    ) -> TokenError {
        if value == .pinLocked {
            return TokenError(
                .pinLocked, label, localized("The PIN of token \(label) is locked."), function: function,
                returnValue: value)
        }
        let isOpenSC = use == .counted && [.generalError, .userNotLoggedIn].contains(value)
        let reason =
            isOpenSC ? localized("most likely the PIN is wrong (the module says \(value.name))") : value.sentence
        return TokenError(
            .pinRefused, label, localized("Token \(label) refused \(what): \(reason). \(use.sentence)"),
            next: value == .pinIncorrect || isOpenSC
                ? nil
                : localized(
                    "Remove the token and insert it again. Before the next attempt, make sure of the PIN; too many wrong ones lock the token for good."
                ), function: function, returnValue: value)
    }

    /// Why a PIN is not tried a second time; nil if none was refused.
    private var refusalOfBefore: TokenError? {
        guard wasRefused else { return nil }
        return TokenError(
            .pinRefused, label,
            localized("Token \(label) already refused the login; the PIN is not tried a second time."))
    }

    /// The objects that have all these attributes.
    func find(_ template: [AttributeValue]) throws(TokenError) -> [CK_OBJECT_HANDLE] {
        var found: [CK_OBJECT_HANDLE] = []
        try withTemplate(template) { (attributes: inout [CK_ATTRIBUTE]) throws(TokenError) in
            try module.call(.findObjectsInit, module.functions.C_FindObjectsInit, on: label) {
                $0(handle, &attributes, CK_ULONG(attributes.count))
            }
        }
        defer { _ = module.functions.C_FindObjectsFinal?(handle) }
        while found.count < 4096 {
            var batch = [CK_OBJECT_HANDLE](repeating: 0, count: 64)
            var count: CK_ULONG = 0
            try module.call(.findObjects, module.functions.C_FindObjects, on: label) {
                $0(handle, &batch, CK_ULONG(batch.count), &count)
            }
            if count == 0 { break }
            found += batch.prefix(Int(min(count, CK_ULONG(batch.count))))
        }
        return found
    }

    /// An attribute of an object, or nil if the object does not have it.
    func attribute(_ type: UInt, of object: CK_OBJECT_HANDLE) throws(TokenError) -> [UInt8]? {
        var attribute = CK_ATTRIBUTE(type: CK_ATTRIBUTE_TYPE(type), pValue: nil, ulValueLen: 0)
        guard let function = module.functions.C_GetAttributeValue else {
            throw TokenError(.getAttributeValue, .missing, label)
        }
        let value = ReturnValue(rawValue: UInt(function(handle, object, &attribute, 1)))
        if value == .attributeTypeInvalid { return nil }
        guard value == .ok else { throw TokenError(.getAttributeValue, value, label) }
        // CK_UNAVAILABLE_INFORMATION means that there is none.
        if attribute.ulValueLen == CK_ULONG.max { return nil }
        guard attribute.ulValueLen <= 1 << 20 else {
            throw TokenError(
                .failed, label, localized("Token \(label) announces an attribute of \(attribute.ulValueLen) bytes."))
        }
        let announced = Int(attribute.ulValueLen)
        var bytes = [UInt8](repeating: 0, count: announced)
        let second = bytes.withUnsafeMutableBytes { buffer in
            attribute.pValue = buffer.baseAddress
            return ReturnValue(rawValue: UInt(function(handle, object, &attribute, 1)))
        }
        guard second == .ok else { throw TokenError(.getAttributeValue, second, label) }
        guard attribute.ulValueLen <= CK_ULONG(announced) else {
            throw TokenError(.failed, label, localized("Token \(label) returned more bytes than it announced."))
        }
        return Array(bytes.prefix(Int(attribute.ulValueLen)))
    }

    /// An attribute that is a CK_ULONG.
    func number(_ type: UInt, of object: CK_OBJECT_HANDLE) throws(TokenError) -> UInt? {
        guard let bytes = try attribute(type, of: object), bytes.count == MemoryLayout<CK_ULONG>.size else {
            return nil
        }
        return UInt(bytes.withUnsafeBytes { $0.loadUnaligned(as: CK_ULONG.self) })
    }

    /// Signs with a key. `beforeSigning` runs between C_SignInit and C_Sign, for keys that require their own login.
    func sign(
        _ data: [UInt8], key: CK_OBJECT_HANDLE, mechanism: CK_MECHANISM_TYPE, signatureLength: Int,
        beforeSigning: () throws(TokenError) -> Void
    ) throws(TokenError) -> [UInt8] {
        if let refusalOfBefore { throw refusalOfBefore }
        var choice = CK_MECHANISM(mechanism: mechanism, pParameter: nil, ulParameterLen: 0)
        try module.call(.signInit, module.functions.C_SignInit, on: label) { $0(handle, &choice, key) }
        try beforeSigning()
        var input = data
        var signature = [UInt8](repeating: 0, count: signatureLength)
        var length = CK_ULONG(signatureLength)
        try module.call(.sign, module.functions.C_Sign, on: label) {
            $0(handle, &input, CK_ULONG(input.count), &signature, &length)
        }
        guard length == CK_ULONG(signatureLength) else {
            throw TokenError(
                .badSignature, label,
                localized(
                    "Token \(label) returned a signature of \(length) bytes; its key requires \(signatureLength)."))
        }
        return signature
    }

    private func withTemplate<Result>(
        _ template: [AttributeValue], _ body: (inout [CK_ATTRIBUTE]) throws(TokenError) -> Result
    ) throws(TokenError) -> Result {
        var buffers: [UnsafeMutableBufferPointer<UInt8>] = []
        defer { for buffer in buffers { buffer.deallocate() } }
        var attributes: [CK_ATTRIBUTE] = []
        for item in template {
            let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, item.bytes.count))
            _ = buffer.initialize(from: item.bytes)
            buffers.append(buffer)
            attributes.append(
                CK_ATTRIBUTE(
                    type: CK_ATTRIBUTE_TYPE(item.type), pValue: buffer.baseAddress,
                    ulValueLen: CK_ULONG(item.bytes.count)))
        }
        return try body(&attributes)
    }
}

/// An attribute to search for.
struct AttributeValue {
    let type: UInt
    let bytes: [UInt8]

    init(_ type: UInt, bytes: [UInt8]) {
        self.type = type
        self.bytes = bytes
    }

    /// A CK_ULONG, in this machine's byte order.
    init(_ type: UInt, number: UInt) {
        self.init(type, bytes: withUnsafeBytes(of: CK_ULONG(number)) { Array($0) })
    }
}
