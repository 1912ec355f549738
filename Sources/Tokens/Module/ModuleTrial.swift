import Basics
import CPKCS11
import Glibc
import Messages
import Synchronization
import X509

/// Loads a module in a child first: one that ends the program that loads it, or calls exit, must not end this one.
///
/// What the child saw is remembered by the file's path, inode, size and time of change, and by when the system's libraries
/// changed last, so that nothing gets slower while all that stays the same.
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
        var triesEverything = false
    }

    private static let setting = Mutex<Setting?>(nil)
    private static let known = Mutex<[String: Outcome]>([:])

    /// The status of a child that ran to its end. A module that calls exit is not expected to choose it.
    private static let survivor: Int32 = 77

    /// For all that can be asked, in seconds: what takes longer is left to the program itself, which reports it.
    private static let mostForEverything = 10

    /// Turns the trials on, which need a program of ours that can be a child.
    public static func configure(command: [String], folder: String?) {
        setting.withLock { $0 = Setting(command: command, folder: folder) }
    }

    /// From now on every module is tried again, with all that can be asked without a login: something that it needs may have
    /// been installed, and a token may have been inserted.
    public static func tryEverything() { setting.withLock { $0?.triesEverything = true } }

    /// The child's part: loads the module, asks for its slots, and unloads it.
    ///
    /// - Parameter arguments: the module's path; before it the time in seconds to ask for everything, if that is wanted.
    public static func run(_ arguments: [String]) -> Never {
        ModuleCrash.isExpected = true
        // One that calls exit has not survived, whatever the status.
        on_exit({ status, _ in if status == ModuleTrial.survivor { _exit(1) } }, nil)
        let path = arguments.last ?? ""
        if let library = try? LoadedLibrary.load(path) {
            var count: CK_ULONG = 0
            _ = library.functions.C_GetSlotList?(CK_BBOOL(CK_TRUE), nil, &count)
            if arguments.count > 1, let seconds = Int(arguments[0]) { askEverything(path, seconds) }
            library.release()
        }
        _exit(survivor)
    }

    /// What a token says, as the program itself asks. One that hangs is for the program to report, and to bear.
    private static func askEverything(_ path: String, _ seconds: Int) {
        // Loaded twice, and so released twice.
        guard let library = try? LoadedLibrary.load(path) else { return }
        signal(SIGALRM) { _ in _exit(ModuleTrial.survivor) }
        var timer = itimerval()
        timer.it_value = timeval(tv_sec: seconds - 1, tv_usec: 700_000)
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
        let nothing = PINLedger(folder: "/dev/null", settings: "") { _ in nil }
        let module = PKCS11Module(path, nothing, seconds, library, Worker())
        for token in (try? module.readSlots())?.tokens ?? [] {
            _ = try? token.contents()
            _ = try? token.details()
        }
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
        guard let setting = setting.withLock({ $0 }), Files.exists(path) || !path.contains("/") else { return }
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
            localized("The PKCS#11 module \(path) ends the program that uses it (\(what)), so it is not used."),
            next: localized(
                "Install a release of it that fits this system, or remove it; etoken-bridge doctor tries it again."))
    }

    private static func outcome(of path: String, _ setting: Setting, _ seconds: Int) -> Outcome {
        // A bare name is looked for by the dynamic linker, and may mean another file each time.
        guard path.contains("/") else { return trial(path, setting, seconds) }
        let path = Files.absolute(path)
        guard let key = key(of: path) else { return .survived }
        let memory = memory(of: path, setting)
        if let outcome = known.withLock({ $0[key] }) { return outcome }
        if !setting.triesEverything, let memory, let bytes = try? Files.read(memory, limit: 8192) {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.lastIndex(of: " "), text[..<end] == key,
                let outcome = Outcome(text[text.index(after: end)...])
            {
                known.withLock { $0[key] = outcome }
                return outcome
            }
        }
        let outcome = trial(path, setting, seconds)
        guard let word = outcome.word else { return outcome }
        known.withLock { $0[key] = outcome }
        // If the outcome cannot be saved, only time is lost.
        guard let folder = setting.folder, let memory else { return outcome }
        try? Files.makeFolder(folder)
        try? Files.write(Array("\(key) \(word)".utf8), to: memory, permissions: 0o600, replacing: true)
        return outcome
    }

    /// The file that remembers the outcome.
    private static func memory(of path: String, _ setting: Setting) -> String? {
        setting.folder.map { "\($0)/\(Digest.sha256(Array(path.utf8)).hex.prefix(32))" }
    }

    /// Where it is remembered what the module did, and what is written there before the number of the signal or the status of
    /// exit that it ended with (``ModuleCrash``). Nil if nothing is remembered.
    static func memory(of path: String) -> (file: [CChar], signal: [UInt8], exit: [UInt8])? {
        let path = Files.absolute(path)
        guard let setting = setting.withLock({ $0 }), let file = memory(of: path, setting), let key = key(of: path)
        else { return nil }
        return (Array(file.utf8CString), Array("\(key) signal-".utf8), Array("\(key) exit-".utf8))
    }

    private static func key(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        // What the module needs may have been installed or removed since.
        let libraries = Files.modified("/etc/ld.so.cache") ?? 0
        return
            "\(libraries) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(path)"
    }

    private static func trial(_ path: String, _ setting: Setting, _ seconds: Int) -> Outcome {
        guard
            let child = try? Subprocess(
                setting.command + (setting.triesEverything ? ["\(min(seconds, mostForEverything))"] : []) + [path],
                input: .null,
                output: .null, errors: .null)
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
