import Basics
import CPKCS11
import Glibc
import Messages
import Synchronization
import X509

/// Loads a module in a child first: one that ends the program that loads it, or calls exit, must not end this one.
///
/// What the child saw is remembered by the file's path, inode, size and time of change, so that nothing gets slower while
/// the file stays the same.
public enum ModuleTrial {
    /// How the child ended.
    enum Outcome: Hashable, Sendable {
        /// It ran to its end, whatever the module returned: that is for the real load to report.
        case survived
        case signal(Int32)
        /// The module called exit.
        case exit(Int32)
        /// It did not end in time. That is not remembered: a token may have hung.
        case hung

        fileprivate var word: String? {
            switch self {
            case .survived: "ok"
            case .signal(let number): "signal-\(number)"
            case .exit(let status): "exit-\(status)"
            case .hung: nil
            }
        }

        fileprivate init?(_ word: Substring) {
            func number(_ prefix: String) -> Int32? {
                word.hasPrefix(prefix) ? Int32(word.dropFirst(prefix.count)) : nil
            }
            if word == "ok" {
                self = .survived
            } else if let signal = number("signal-") {
                self = .signal(signal)
            } else if let status = number("exit-") {
                self = .exit(status)
            } else {
                return nil
            }
        }
    }

    private struct Setting {
        /// The program to start with a module's path as its last argument; it calls ``run(_:)``.
        let command: [String]
        /// Where results are remembered, or nil.
        let folder: String?
        var isFresh = false
    }

    private static let setting = Mutex<Setting?>(nil)
    private static let known = Mutex<[String: Outcome]>([:])

    /// The status of a child that ran to its end. A module that calls exit is not expected to choose it.
    private static let survivor: Int32 = 77

    /// Turns the trials on, which need a program of ours that can be a child.
    public static func configure(command: [String], folder: String?) {
        setting.withLock { $0 = Setting(command: command, folder: folder) }
    }

    /// From now on, modules that failed before are tried again: something that they need may have been installed.
    public static func forgetFailures() { setting.withLock { $0?.isFresh = true } }

    /// The child's part: loads the module, asks for its slots, and unloads it.
    public static func run(_ path: String) -> Never {
        // Swift's runtime catches some of these to print a backtrace, which takes seconds.
        for number in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGQUIT] { signal(number, SIG_DFL) }
        if let library = try? LoadedLibrary.load(path) {
            var count: CK_ULONG = 0
            _ = library.functions.C_GetSlotList?(CK_BBOOL(CK_TRUE), nil, &count)
            library.release()
        }
        _exit(survivor)
    }

    /// Refuses a module that would end this program.
    ///
    /// - Parameter seconds: how long the child may take.
    /// - Throws: ``TokenError`` (`module-crashes`, `module-not-usable`, `no-answer`).
    static func check(_ path: String, within seconds: Int) throws(TokenError) {
        if ModuleFile.isCutShort(path) {
            throw TokenError(
                .moduleNotUsable, path,
                localized("The PKCS#11 module \(path) is damaged: the file ends before its contents do."))
        }
        guard let setting = setting.withLock({ $0 }), Files.exists(path) else { return }
        let outcome = outcome(of: path, setting, seconds)
        let what: LocalizableText
        switch outcome {
        case .survived: return
        case .hung:
            throw TokenError(
                .noAnswer, path,
                localized(
                    "The PKCS#11 module \(path) did not answer within \(seconds) s: the token hangs, or another program is blocking it."
                ))
        case .signal(let number):
            let name = strsignal(number).map { String(cString: $0) } ?? ""
            what = localized("signal \(number), \(name)")
        case .exit(let status): what = localized("a call of exit with status \(status)")
        }
        throw TokenError(
            .moduleCrashes, path,
            localized("The PKCS#11 module \(path) ends every program that loads it (\(what)), so it is not used."),
            next: localized(
                "Install a release of it that fits this system, or remove it; etoken-bridge doctor tries it again."))
    }

    private static func outcome(of path: String, _ setting: Setting, _ seconds: Int) -> Outcome {
        let path = Files.absolute(path)
        guard let key = key(of: path) else { return .survived }
        let memory = "\(setting.folder ?? "")/\(Digest.sha256(Array(path.utf8)).hex.prefix(32))"
        if let outcome = known.withLock({ $0[key] }) { return outcome }
        if setting.folder != nil, let bytes = try? Files.read(memory, limit: 8192) {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.lastIndex(of: " "), text[..<end] == key,
                let outcome = Outcome(text[text.index(after: end)...]), outcome == .survived || !setting.isFresh
            {
                known.withLock { $0[key] = outcome }
                return outcome
            }
        }
        let outcome = trial(path, setting.command, seconds)
        guard let word = outcome.word else { return outcome }
        known.withLock { $0[key] = outcome }
        // If the outcome cannot be saved, only time is lost.
        guard let folder = setting.folder else { return outcome }
        try? Files.makeFolder(folder)
        try? Files.write(Array("\(key) \(word)".utf8), to: memory, permissions: 0o600, replacing: true)
        return outcome
    }

    private static func key(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return "\(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(path)"
    }

    private static func trial(_ path: String, _ command: [String], _ seconds: Int) -> Outcome {
        guard
            let child = try? Subprocess(
                command + [path], input: .null, output: .null, errors: .null)
        else { return .survived }
        guard let ending = BlockingTask({ child.wait() }).value(within: seconds) else {
            kill(child.id, SIGKILL)
            return .hung
        }
        return switch ending {
        case .status(survivor): .survived
        case .status(let status): .exit(status)
        case .signal(let number): .signal(number)
        }
    }
}
