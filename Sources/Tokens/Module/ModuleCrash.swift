import Basics
import Glibc
import Messages
import Synchronization

/// The last words of a program that a PKCS#11 module ends in the middle of its work, by a fault or a call of exit: without
/// them it would look like a fault of this program, and nobody would know which module it was. ``ModuleTrial`` keeps most
/// such modules out; this is for those that fail later, with a token or at a login.
public enum ModuleCrash {
    /// What is written, prepared beforehand: a signal handler may do little else.
    fileprivate struct Words {
        /// With a place for the number of the signal, or the status of exit.
        let signal, exit: [[UInt8]]
        /// The file that remembers what the module did, and what it says before the number.
        let memory: (file: [CChar], signal: [UInt8], exit: [UInt8])?
    }

    /// What a module is asked for.
    enum Work: Hashable {
        /// Its tokens and what is on them: one that fails there is not used until doctor has tried it again.
        case reading
        /// A PIN may be tried.
        case login
        /// The same, and changed.
        case change
        case other
    }

    fileprivate struct Key: Hashable {
        let path: String
        let work: Work
    }

    private typealias Action = sigaction

    // What the handlers need is written before they are installed, and stays.
    private nonisolated(unsafe) static var slot: pthread_key_t = 0
    private nonisolated(unsafe) static var before: [Action] = Array(repeating: Action(), count: 65)
    private nonisolated(unsafe) static var lastWords: [UInt8] = []
    private nonisolated(unsafe) static var process: pid_t = 0
    /// Of a program that has done its work and is about to end, or -1.
    private nonisolated(unsafe) static var lastStatus: Int32 = -1

    /// Set in a child that tries a module out: its parent sees how it ends.
    nonisolated(unsafe) static var isExpected = false

    /// Without those with which Swift's own checks end a program: they are not the module's.
    private static let faults = Faults.signals.filter { $0 != SIGILL && $0 != SIGTRAP }
    private static let prepared = Mutex<[Key: UnsafeMutablePointer<Words>]>([:])
    /// Where the number comes in a sentence.
    fileprivate static let place = "{number}"

    private static let isWatching: Void = {
        pthread_key_create(&slot, nil)
        process = getpid()
        for number in faults {
            var new = Action()
            new.__sigaction_handler.sa_handler = { ModuleCrash.end($0) }
            sigemptyset(&new.sa_mask)
            sigaction(number, &new, &before[Int(number)])
        }
        on_exit({ status, _ in ModuleCrash.exits(status) }, nil)
    }()

    /// The work is done, and its result written: what modules do when the program ends cannot change its status any more.
    public static func willExit(_ status: Int32) { lastStatus = status }

    /// What is also said, for example how to continue a change.
    public static func alsoSay(_ text: LocalizableText) { lastWords = Array((text.localized + "\n").visibleLines.utf8) }

    /// Does something that calls a module, on this thread.
    static func within<Value, Failure>(
        _ path: String, _ work: Work, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard !isExpected else { return try body() }
        _ = isWatching
        let outer = pthread_getspecific(slot)
        pthread_setspecific(slot, words(Key(path: path, work: work)))
        defer { pthread_setspecific(slot, outer) }
        return try body()
    }

    private static func words(_ key: Key) -> UnsafeMutablePointer<Words> {
        prepared.withLock { prepared in
            if let words = prepared[key] { return words }
            let words = UnsafeMutablePointer<Words>.allocate(capacity: 1)
            words.initialize(to: Words(of: key))
            prepared[key] = words
            return words
        }
    }

    // MARK: - The end

    private static func end(_ number: Int32) {
        guard getpid() == process else {
            // A child that the module has started.
            signal(number, SIG_DFL)
            raise(number)
            return
        }
        guard let words = pthread_getspecific(slot)?.assumingMemoryBound(to: Words.self) else {
            // Not known to be a module's, which may have threads of its own: as if nobody had asked.
            if lastStatus >= 0 { _exit(lastStatus) }
            sigaction(number, &before[Int(number)], nil)
            raise(number)
            return
        }
        write(words.pointee.signal, number)
        if let memory = words.pointee.memory { remember(memory.signal, number, in: memory.file) }
        _exit(1)
    }

    private static func exits(_ status: Int32) {
        guard getpid() == process, let words = pthread_getspecific(slot)?.assumingMemoryBound(to: Words.self) else {
            return
        }
        write(words.pointee.exit, status)
        if let memory = words.pointee.memory { remember(memory.exit, status, in: memory.file) }
        _exit(1)
    }

    private static func remember(_ start: [UInt8], _ number: Int32, in path: [CChar]) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        Output.write(bytes: start, to: file)
        write(number, to: file)
        close(file)
    }

    private static func write(_ parts: [[UInt8]], _ number: Int32) {
        for (index, part) in parts.enumerated() {
            if index > 0 { write(number, to: STDERR_FILENO) }
            Output.write(bytes: part, to: STDERR_FILENO)
        }
        Output.write(bytes: lastWords, to: STDERR_FILENO)
    }

    private static func write(_ number: Int32, to file: Int32) {
        var power: Int32 = 100
        while power > 0 {
            if number >= power || power == 1 {
                var digit = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10)
                _ = Glibc.write(file, &digit, 1)
            }
            power /= 10
        }
    }
}

extension ModuleCrash.Words {
    fileprivate init(of key: ModuleCrash.Key) {
        let place = LocalizableText.verbatim(ModuleCrash.place)
        let pin: LocalizableText? =
            switch key.work {
            case .login: localized("A PIN attempt counts as used.")
            case .change:
                localized("A PIN attempt counts as used, and the new PIN may already be valid: try that one first.")
            case .reading, .other: nil
            }
        let next: LocalizableText = localized("Next: See which modules can be used: etoken-bridge doctor")
        func parts(_ sentence: LocalizableText) -> [[UInt8]] {
            let text = [sentence, pin].compactMap(\.self).joined(separator: " ")
            let lines = "etoken-bridge: \(text.localized)\n\(next.localized)\n".visibleLines
            // The path comes before the number, in every language.
            let place = lines.ranges(of: ModuleCrash.place).last ?? lines.endIndex..<lines.endIndex
            return [lines[..<place.lowerBound], lines[place.upperBound...]].map { Array($0.utf8) }
        }
        signal = parts(localized("The PKCS#11 module \(key.path) ended this program (signal \(place))."))
        exit = parts(
            localized("The PKCS#11 module \(key.path) ended this program (a call of exit with status \(place))."))
        memory = key.work == .reading ? ModuleTrial.memory(of: key.path) : nil
    }
}
