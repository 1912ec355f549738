import Basics
import CPKCS11
import Glibc
import Messages
import Synchronization

/// A loaded PKCS#11 module.
///
/// Only `C_GetFunctionList` is looked up in it, because some modules export nothing else. It is finalised only if it
/// was initialised here, and by the last of its owners. Source: PKCS#11 2.40, section 5.4.
public final class PKCS11Module: @unchecked Sendable {
    // Nothing here changes after init, and CKF_OS_LOCKING_OK makes the module itself safe for threads.

    /// The path, or name, by which it was loaded.
    public let path: String
    /// How long it may take for one operation (reading a token, a login, a signature), in seconds.
    public let patience: Int
    /// What is remembered about the PINs of the module's tokens.
    public let pins: PINLedger
    private let library: LoadedLibrary
    /// Calls the module, where nobody has given up waiting for it.
    let worker: Worker
    private let hasGivenUp = Atomic(false)

    var functions: CK_FUNCTION_LIST { library.functions }

    /// Seconds. A signature on a slow token takes two; reading one over a slow reader about five.
    public static let defaultPatience = 30

    /// Whether a module ever failed to return from a function. The program must then end without unloading modules.
    public static var anyHangs: Bool { hangs.load(ordering: .relaxed) }
    private static let hangs = Atomic(false)

    /// Loads and initialises a module.
    ///
    /// - Parameters:
    ///   - path: a path, or a file name that the dynamic linker finds.
    ///   - pins: what is remembered about tokens' PINs.
    ///   - patience: how long the module may take for one operation, in seconds.
    /// - Throws: ``TokenError`` (`module-not-found`, `module-not-usable`, `module-crashes`, `no-answer`).
    public convenience init(
        path: String, pins: PINLedger, patience: Int = defaultPatience
    ) throws(TokenError) {
        try ModuleTrial.check(path, within: patience)
        let worker = Worker()
        let loading = BlockingTask(on: worker) { () throws(TokenError) in
            try ModuleCrash.within(path, .reading) { () throws(TokenError) in try LoadedLibrary.load(path) }
        }
        guard let loaded = loading.result(within: patience) else { throw Self.doesNotLoad(path, patience) }
        self.init(path, pins, patience, try loaded.get(), worker)
    }

    /// A module that was loaded by its worker.
    init(_ path: String, _ pins: PINLedger, _ patience: Int, _ library: LoadedLibrary, _ worker: Worker) {
        self.path = path
        self.pins = pins
        self.patience = patience
        self.library = library
        self.worker = worker
    }

    deinit {
        // A library that does not return cannot be unloaded, either.
        guard !hasGivenUp.load(ordering: .relaxed) else { return }
        let library = library
        // Anyone who waits for the worker has a deadline.
        let path = path
        let release = { ModuleCrash.within(path, .reading) { library.release() } }
        guard !worker.isCurrent else { return release() }
        if BlockingTask(on: worker, release).value(within: patience) == nil {
            Self.hangs.store(true, ordering: .relaxed)
        }
    }

    /// Runs work that calls the module, and gives up after a while: then, and from then on, it throws.
    ///
    /// - Parameters:
    ///   - subject: the token's label, or what else the work is about.
    ///   - name: its name in a sentence; nil for the subject itself.
    ///   - seconds: how long to wait; nil for ``patience``.
    ///   - kind: what is remembered of the module if it ends the program.
    ///   - work: calls the module. It runs on another thread and must own what it touches. Within other such work, it
    ///     is a part of that, and has the same deadline.
    /// - Throws: ``TokenError`` (`no-answer`), and what the work throws.
    func attempt<Value>(
        on subject: String, called name: LocalizableText? = nil, within seconds: Int? = nil,
        as kind: ModuleCrash.Work = .reading,
        _ work: @escaping () throws(TokenError) -> Value
    ) throws(TokenError) -> Value {
        let seconds = seconds ?? patience
        guard !hasGivenUp.load(ordering: .relaxed) else {
            throw Self.noAnswer(name ?? .verbatim(subject), subject, seconds)
        }
        guard !worker.isCurrent else { return try work() }
        let path = path
        let named = { () throws(TokenError) -> Value in try ModuleCrash.within(path, kind, work) }
        guard let result = BlockingTask(on: worker, named).result(within: seconds) else {
            giveUp()
            throw Self.noAnswer(name ?? .verbatim(subject), subject, seconds)
        }
        return try result.get()
    }

    /// It did not return, and is never called again.
    func giveUp() {
        hasGivenUp.store(true, ordering: .relaxed)
        Self.hangs.store(true, ordering: .relaxed)
    }

    /// That a module was not loaded in time.
    static func doesNotLoad(_ path: String, _ patience: Int) -> TokenError {
        hangs.store(true, ordering: .relaxed)
        return noAnswer(localized("The PKCS#11 module \(path)"), path, patience)
    }

    static func noAnswer(_ what: LocalizableText, _ subject: String, _ seconds: Int) -> TokenError {
        TokenError(
            .noAnswer, subject,
            localized("\(what) did not answer within \(seconds) s: the token hangs, or another program is blocking it.")
        )
    }

    /// The tokens that are in the module's slots now.
    ///
    /// - Throws: ``TokenError`` if a slot fails and no other contains a token; ``scan()`` reports each.
    public func tokens() throws(TokenError) -> [Token] {
        let (tokens, failures) = try scan()
        if tokens.isEmpty, let failure = failures.first { throw failure }
        return tokens
    }

    /// The tokens that are in the module's slots now, and why non-empty slots could not be read: one broken card does
    /// not hide the others.
    ///
    /// - Throws: ``TokenError`` if the module does not list its slots.
    public func scan() throws(TokenError) -> (tokens: [Token], failures: [TokenError]) {
        try attempt(on: path) { () throws(TokenError) in try self.readSlots() }
    }

    /// ``scan()`` without a deadline.
    func readSlots() throws(TokenError) -> (tokens: [Token], failures: [TokenError]) {
        var tokens: [Token] = []
        var failures: [TokenError] = []
        for slot in try slotList(withToken: true) {
            do throws(TokenError) {
                if let token = try token(in: slot) { tokens.append(token) }
            } catch {
                failures.append(error)
            }
        }
        // A card with two PINs has a slot for each.
        let bySerial = Dictionary(grouping: tokens) { $0.info.normalizedSerialNumber }
        tokens = tokens.map { token in
            guard !token.info.serialNumber.isEmpty, bySerial[token.info.normalizedSerialNumber, default: []].count > 1
            else { return token }
            var info = token.info
            info.pinName = info.label
            return Token(module: token.module, slot: token.slot, info: info)
        }
        let byName = Dictionary(grouping: tokens) { [$0.info.normalizedSerialNumber, $0.info.plainLabel] }
        tokens = tokens.map { token in
            guard byName[[token.info.normalizedSerialNumber, token.info.plainLabel], default: []].count > 1 else {
                return token
            }
            var info = token.info
            info.isOnlyToldBySlot = true
            return Token(module: token.module, slot: token.slot, info: info)
        }
        return (tokens, failures)
    }

    /// The token in a slot; nil for one without a label, one that this module does not know, or one that was just
    /// removed.
    private func token(in slot: CK_SLOT_ID) throws(TokenError) -> Token? {
        let gone: Set<ReturnValue> = [.tokenNotRecognized, .tokenNotPresent, .deviceRemoved, .slotInvalid]
        var slotInfo = CK_SLOT_INFO()
        var tokenInfo = CK_TOKEN_INFO()
        do throws(TokenError) {
            try call(.getSlotInfo, functions.C_GetSlotInfo) { $0(slot, &slotInfo) }
            try call(
                .getTokenInfo, functions.C_GetTokenInfo,
                on: TokenInfo.name(of: slotInfo), called: localized("The token in \(TokenInfo.name(of: slotInfo))")
            ) {
                $0(slot, &tokenInfo)
            }
        } catch {
            if let value = error.returnValue, gone.contains(value) { return nil }
            throw error
        }
        guard tokenInfo.flags & CK_FLAGS(CKF_TOKEN_INITIALIZED) != 0 else { return nil }
        return Token(module: self, slot: slot, info: TokenInfo(tokenInfo, slotInfo, slot: UInt(slot)))
    }

    /// The module's slots, or only those with a token.
    func slotList(withToken: Bool) throws(TokenError) -> [CK_SLOT_ID] {
        let filter = CK_BBOOL(withToken ? CK_TRUE : CK_FALSE)
        // The number of slots may change between the two calls.
        for _ in 0..<5 {
            var count: CK_ULONG = 0
            try call(.getSlotList, functions.C_GetSlotList) { $0(filter, nil, &count) }
            guard count > 0 else { return [] }
            var slots = [CK_SLOT_ID](repeating: 0, count: Int(min(count, 1024)))
            count = CK_ULONG(slots.count)
            let value = ReturnValue(
                rawValue: UInt(
                    functions.C_GetSlotList?(filter, &slots, &count) ?? ReturnValue.missing.rawValue))
            if value == .bufferTooSmall { continue }
            guard value == .ok else { throw TokenError(.getSlotList, value, path) }
            return Array(slots.prefix(Int(min(count, CK_ULONG(slots.count)))))
        }
        throw TokenError(.getSlotList, .bufferTooSmall, path)
    }

    /// Calls a function of the module, and turns anything but CKR_OK into an error.
    func call<Function>(
        _ name: PKCS11Function, _ function: Function?, on subject: String? = nil, called phrase: LocalizableText? = nil,
        _ body: (Function) -> CK_RV
    ) throws(TokenError) {
        guard let function else { throw TokenError(name, .missing, subject ?? path, called: phrase) }
        let value = ReturnValue(rawValue: UInt(body(function)))
        guard value == .ok else { throw TokenError(name, value, subject ?? path, called: phrase) }
    }
}

extension ReturnValue {
    static let ok = ReturnValue(rawValue: 0)
    /// For a function that the module's list omits.
    static let missing = ReturnValue(rawValue: UInt(CKR_FUNCTION_NOT_SUPPORTED))
    static let alreadyInitialized = ReturnValue(rawValue: UInt(CKR_CRYPTOKI_ALREADY_INITIALIZED))
    static let bufferTooSmall = ReturnValue(rawValue: UInt(CKR_BUFFER_TOO_SMALL))
    static let slotInvalid = ReturnValue(rawValue: UInt(CKR_SLOT_ID_INVALID))
    static let generalError = ReturnValue(rawValue: UInt(CKR_GENERAL_ERROR))
    static let functionFailed = ReturnValue(rawValue: UInt(CKR_FUNCTION_FAILED))
    static let deviceError = ReturnValue(rawValue: UInt(CKR_DEVICE_ERROR))
    static let sessionClosed = ReturnValue(rawValue: UInt(CKR_SESSION_CLOSED))
    static let sessionHandleInvalid = ReturnValue(rawValue: UInt(CKR_SESSION_HANDLE_INVALID))
    static let deviceRemoved = ReturnValue(rawValue: UInt(CKR_DEVICE_REMOVED))
    static let tokenNotPresent = ReturnValue(rawValue: UInt(CKR_TOKEN_NOT_PRESENT))
    static let tokenNotRecognized = ReturnValue(rawValue: UInt(CKR_TOKEN_NOT_RECOGNIZED))
    static let attributeTypeInvalid = ReturnValue(rawValue: UInt(CKR_ATTRIBUTE_TYPE_INVALID))
    static let pinIncorrect = ReturnValue(rawValue: UInt(CKR_PIN_INCORRECT))
    static let pinInvalid = ReturnValue(rawValue: UInt(CKR_PIN_INVALID))
    static let pinLengthRange = ReturnValue(rawValue: UInt(CKR_PIN_LEN_RANGE))
    static let pinExpired = ReturnValue(rawValue: UInt(CKR_PIN_EXPIRED))
    static let writeProtected = ReturnValue(rawValue: UInt(CKR_TOKEN_WRITE_PROTECTED))
    static let sessionReadOnly = ReturnValue(rawValue: UInt(CKR_SESSION_READ_ONLY))
    static let sessionCount = ReturnValue(rawValue: UInt(CKR_SESSION_COUNT))
    static let keyNotPermitted = ReturnValue(rawValue: UInt(CKR_KEY_FUNCTION_NOT_PERMITTED))
    /// CKR_PIN_TOO_WEAK, which older headers do not have.
    static let pinTooWeak = ReturnValue(rawValue: 0x1c3)
    static let pinLocked = ReturnValue(rawValue: UInt(CKR_PIN_LOCKED))
    static let userNotLoggedIn = ReturnValue(rawValue: UInt(CKR_USER_NOT_LOGGED_IN))
    static let userAlreadyLoggedIn = ReturnValue(rawValue: UInt(CKR_USER_ALREADY_LOGGED_IN))
}
