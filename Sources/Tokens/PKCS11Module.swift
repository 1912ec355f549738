import CPKCS11
import Glibc

/// A loaded PKCS#11 module.
///
/// Only `C_GetFunctionList` is looked up in it, as some modules export nothing else. It is finalised only where it was
/// initialised here. Source: PKCS#11 2.40, section 5.4.
public final class PKCS11Module: @unchecked Sendable {
    // Nothing here changes after init, and CKF_OS_LOCKING_OK makes the module itself safe for threads.

    /// The path, or name, that it was loaded by.
    public let path: String
    private let handle: UnsafeMutableRawPointer
    let functions: CK_FUNCTION_LIST
    private let isOurs: Bool

    /// Loads and initialises a module.
    ///
    /// - Parameter path: a path, or a file name that the dynamic linker finds.
    /// - Throws: ``TokenError`` (`module-not-found`, `module-not-usable`).
    public init(path: String) throws(TokenError) {
        self.path = path
        guard !path.contains("/") || access(path, F_OK) == 0 else {
            throw TokenError(.moduleNotFound, path, "The PKCS#11 module \(path) does not exist.")
        }
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let reason = dlerror().map { String(cString: $0) } ?? "no reason given"
            throw TokenError(.moduleNotUsable, path, "The PKCS#11 module \(path) cannot be loaded: \(reason).")
        }
        self.handle = handle
        guard let symbol = dlsym(handle, "C_GetFunctionList") else {
            dlclose(handle)
            throw TokenError(.moduleNotUsable, path, "\(path) is not a PKCS#11 module: it has no C_GetFunctionList.")
        }
        typealias GetFunctionList =
            @convention(c) (
                UnsafeMutablePointer<UnsafeMutablePointer<CK_FUNCTION_LIST>?>?
            ) -> CK_RV
        let getFunctionList = unsafeBitCast(symbol, to: GetFunctionList.self)
        var list: UnsafeMutablePointer<CK_FUNCTION_LIST>?
        let status = ReturnValue(rawValue: UInt(getFunctionList(&list)))
        guard status == .ok, let list else {
            dlclose(handle)
            throw TokenError(
                .moduleNotUsable, path, "The PKCS#11 module \(path) gives no functions: \(status.sentence).",
                function: "C_GetFunctionList", returnValue: status)
        }
        functions = list.pointee
        var arguments = CK_C_INITIALIZE_ARGS()
        arguments.flags = CK_FLAGS(CKF_OS_LOCKING_OK)
        let started = ReturnValue(rawValue: UInt(functions.C_Initialize?(&arguments) ?? ReturnValue.missing.rawValue))
        guard started == .ok || started == .alreadyInitialized else {
            dlclose(handle)
            throw TokenError(
                .moduleNotUsable, path, "The PKCS#11 module \(path) does not start: \(started.sentence).",
                function: "C_Initialize", returnValue: started)
        }
        isOurs = started == .ok
    }

    deinit {
        if isOurs { _ = functions.C_Finalize?(nil) }
        dlclose(handle)
    }

    /// The tokens that are in the module's slots now.
    ///
    /// - Throws: ``TokenError`` where a slot fails and no other holds a token; ``scan()`` tells of each.
    public func tokens() throws(TokenError) -> [Token] {
        let (tokens, failures) = try scan()
        if tokens.isEmpty, let failure = failures.first { throw failure }
        return tokens
    }

    /// The tokens that are in the module's slots now, and why slots that hold something could not be read: one broken
    /// card does not hide the others.
    ///
    /// - Throws: ``TokenError`` where the module does not list its slots.
    public func scan() throws(TokenError) -> (tokens: [Token], failures: [TokenError]) {
        var tokens: [Token] = []
        var failures: [TokenError] = []
        for slot in try slotsWithToken() {
            do throws(TokenError) {
                if let token = try token(in: slot) { tokens.append(token) }
            } catch {
                failures.append(error)
            }
        }
        return (tokens, failures)
    }

    /// The token in a slot; nil for one without a label, one that this module does not know, or one pulled just now.
    private func token(in slot: CK_SLOT_ID) throws(TokenError) -> Token? {
        let gone: Set<ReturnValue> = [.tokenNotRecognized, .tokenNotPresent, .deviceRemoved, .slotInvalid]
        var slotInfo = CK_SLOT_INFO()
        var tokenInfo = CK_TOKEN_INFO()
        do throws(TokenError) {
            try call("C_GetSlotInfo", functions.C_GetSlotInfo) { $0(slot, &slotInfo) }
            try call("C_GetTokenInfo", functions.C_GetTokenInfo, on: "The token in \(TokenInfo.name(of: slotInfo))") {
                $0(slot, &tokenInfo)
            }
        } catch {
            if let value = error.returnValue, gone.contains(value) { return nil }
            throw error
        }
        guard tokenInfo.flags & CK_FLAGS(CKF_TOKEN_INITIALIZED) != 0 else { return nil }
        return Token(module: self, slot: slot, info: TokenInfo(tokenInfo, slotInfo, slot: UInt(slot)))
    }

    private func slotsWithToken() throws(TokenError) -> [CK_SLOT_ID] {
        // The number of slots may change between the two calls.
        for _ in 0..<5 {
            var count: CK_ULONG = 0
            try call("C_GetSlotList", functions.C_GetSlotList) { $0(CK_BBOOL(CK_TRUE), nil, &count) }
            guard count > 0 else { return [] }
            var slots = [CK_SLOT_ID](repeating: 0, count: Int(min(count, 1024)))
            count = CK_ULONG(slots.count)
            let value = ReturnValue(
                rawValue: UInt(
                    functions.C_GetSlotList?(CK_BBOOL(CK_TRUE), &slots, &count) ?? ReturnValue.missing.rawValue))
            if value == .bufferTooSmall { continue }
            guard value == .ok else { throw TokenError("C_GetSlotList", value, path) }
            return Array(slots.prefix(Int(min(count, CK_ULONG(slots.count)))))
        }
        throw TokenError("C_GetSlotList", .bufferTooSmall, path)
    }

    /// Calls a function of the module, and makes an error of anything but CKR_OK.
    func call<Function>(
        _ name: String, _ function: Function?, on subject: String? = nil, _ body: (Function) -> CK_RV
    ) throws(TokenError) {
        guard let function else { throw TokenError(name, .missing, subject ?? path) }
        let value = ReturnValue(rawValue: UInt(body(function)))
        guard value == .ok else { throw TokenError(name, value, subject ?? path) }
    }
}

extension ReturnValue {
    static let ok = ReturnValue(rawValue: 0)
    /// For a function that the module's list leaves out.
    static let missing = ReturnValue(rawValue: UInt(CKR_FUNCTION_NOT_SUPPORTED))
    static let alreadyInitialized = ReturnValue(rawValue: UInt(CKR_CRYPTOKI_ALREADY_INITIALIZED))
    static let bufferTooSmall = ReturnValue(rawValue: UInt(CKR_BUFFER_TOO_SMALL))
    static let slotInvalid = ReturnValue(rawValue: UInt(CKR_SLOT_ID_INVALID))
    static let deviceRemoved = ReturnValue(rawValue: UInt(CKR_DEVICE_REMOVED))
    static let tokenNotPresent = ReturnValue(rawValue: UInt(CKR_TOKEN_NOT_PRESENT))
    static let tokenNotRecognized = ReturnValue(rawValue: UInt(CKR_TOKEN_NOT_RECOGNIZED))
    static let attributeTypeInvalid = ReturnValue(rawValue: UInt(CKR_ATTRIBUTE_TYPE_INVALID))
    static let pinLocked = ReturnValue(rawValue: UInt(CKR_PIN_LOCKED))
    static let userAlreadyLoggedIn = ReturnValue(rawValue: UInt(CKR_USER_ALREADY_LOGGED_IN))
}
