import CPKCS11
import Glibc
import Messages
import Synchronization

/// A PKCS#11 library in this process. PKCS#11 initialises and finalises a library once per process, no matter who uses
/// it: owners are counted, and the last one finalises it (PKCS#11 2.40, section 5.4).
struct LoadedLibrary: @unchecked Sendable {
    let functions: CK_FUNCTION_LIST
    private let handle: UnsafeMutableRawPointer

    private struct Use {
        var owners: Int
        /// Whether the library was initialised here, and not by someone else in this process.
        let isOurs: Bool
    }

    /// The users of one library. Its lock is held while the library is initialised, which may take forever: others have
    /// their own.
    private final class Users: Sendable {
        let use = Mutex<Use?>(nil)
    }

    private static let libraries = Mutex<[UInt: Users]>([:])

    /// By dlopen's handle, which is the same for the same library, whatever its path.
    private static func users(of handle: UnsafeMutableRawPointer) -> Users {
        let key = UInt(bitPattern: handle)
        return libraries.withLock { libraries in
            if let users = libraries[key] { return users }
            let users = Users()
            libraries[key] = users
            return users
        }
    }

    /// Loads and initialises the library, or shares one that already is.
    static func load(_ path: String) throws(TokenError) -> LoadedLibrary {
        guard !path.contains("/") || access(path, F_OK) == 0 else {
            throw TokenError(.moduleNotFound, path, localized("The PKCS#11 module \(path) does not exist."))
        }
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let reason = dlerror().map { .verbatim(String(cString: $0)) } ?? localized("no reason given")
            // Without a slash the dynamic linker looks in its own folders only.
            let isHere = !path.contains("/") && access(path, F_OK) == 0
            throw TokenError(
                .moduleNotUsable, path, localized("The PKCS#11 module \(path) cannot be loaded: \(reason)."),
                next: isHere ? localized("For the file in this folder specify --module ./\(word: path).") : nil)
        }
        do throws(TokenError) {
            let functions = try functionList(of: handle, path)
            let result = users(of: handle).use.withLock { use in
                Result { () throws(TokenError) in
                    if use != nil { use?.owners += 1 } else { use = Use(owners: 1, isOurs: try start(functions, path)) }
                }
            }
            try result.get()
            return LoadedLibrary(functions: functions, handle: handle)
        } catch {
            dlclose(handle)
            throw error
        }
    }

    /// Finalises the library unless someone else here uses it.
    func release() {
        Self.users(of: handle).use.withLock { use in
            use?.owners -= 1
            guard let last = use, last.owners == 0 else { return }
            use = nil
            if last.isOurs { _ = functions.C_Finalize?(nil) }
        }
        dlclose(handle)
    }

    private static func functionList(
        of handle: UnsafeMutableRawPointer, _ path: String
    ) throws(TokenError) -> CK_FUNCTION_LIST {
        guard let symbol = dlsym(handle, "C_GetFunctionList") else {
            throw TokenError(
                .moduleNotUsable, path, localized("\(path) is not a PKCS#11 module: it has no C_GetFunctionList."))
        }
        typealias GetFunctionList =
            @convention(c) (
                UnsafeMutablePointer<UnsafeMutablePointer<CK_FUNCTION_LIST>?>?
            ) -> CK_RV
        let getFunctionList = unsafeBitCast(symbol, to: GetFunctionList.self)
        var list: UnsafeMutablePointer<CK_FUNCTION_LIST>?
        let status = ReturnValue(rawValue: UInt(getFunctionList(&list)))
        guard status == .ok else {
            throw TokenError(
                .moduleNotUsable, path,
                localized("The PKCS#11 module \(path) provides no function list: \(status.sentence)."),
                function: .getFunctionList, returnValue: status)
        }
        guard let list else {
            throw TokenError(.moduleNotUsable, path, localized("The PKCS#11 module \(path) provides no function list."))
        }
        return list.pointee
    }

    /// Whether the library was initialised; false if it already is.
    private static func start(_ functions: CK_FUNCTION_LIST, _ path: String) throws(TokenError) -> Bool {
        var arguments = CK_C_INITIALIZE_ARGS()
        arguments.flags = CK_FLAGS(CKF_OS_LOCKING_OK)
        let value = ReturnValue(rawValue: UInt(functions.C_Initialize?(&arguments) ?? ReturnValue.missing.rawValue))
        guard value == .ok || value == .alreadyInitialized else {
            throw TokenError(
                .moduleNotUsable, path,
                localized("The PKCS#11 module \(path) cannot be initialised: \(value.sentence)."),
                function: .initialize, returnValue: value)
        }
        return value == .ok
    }
}
