import Basics
import Glibc
import Messages

/// Finds tokens, in the specified modules or in all that this machine knows.
public final class TokenFinder {
    private let named: [String]
    private let pins: PINLedger
    private let patience: Int
    private lazy var loading = Self.load(named.isEmpty ? ModuleSearch.candidates() : named, pins, patience)

    /// Nothing is loaded before the first query.
    ///
    /// - Parameters:
    ///   - modules: paths of PKCS#11 modules; none to search for them (``ModuleSearch``).
    ///   - pins: what is remembered about tokens' PINs.
    ///   - patience: how long a module may take for one operation, in seconds.
    public init(modules: [String] = [], pins: PINLedger, patience: Int = PKCS11Module.defaultPatience) {
        named = modules
        self.pins = pins
        self.patience = patience
    }

    /// The modules that could be loaded.
    public var modules: [PKCS11Module] { loading.modules }

    /// Why others could not, one sentence each.
    public var skipped: [TokenError] { loading.failures }

    /// All in parallel: one that hangs delays the others for no longer than its deadline.
    private static func load(
        _ paths: [String], _ pins: PINLedger, _ patience: Int
    ) -> (modules: [PKCS11Module], failures: [TokenError]) {
        let tasks = paths.map { path in
            BlockingTask { () throws(TokenError) in try PKCS11Module(path: path, pins: pins, patience: patience) }
        }
        var modules: [PKCS11Module] = []
        var failures: [TokenError] = []
        for task in tasks {
            // The module has its own deadline; this one is for the thread's own end.
            switch task.result(within: patience + 5) {
            case .success(let module)?: modules.append(module)
            case .failure(let error)?: failures.append(error)
            case nil: break
            }
        }
        return (modules, failures)
    }

    /// The tokens of all modules; a token that two modules know is listed once.
    ///
    /// - Throws: ``TokenError`` if something fails and no token is found; ``scan()`` reports every failure.
    public func tokens() throws(TokenError) -> [Token] {
        let (tokens, failures) = try scan()
        if tokens.isEmpty, let failure = failures.first { throw failure }
        return tokens
    }

    /// The tokens of all modules, and why modules or slots could not be read.
    ///
    /// - Throws: ``TokenError`` if no module can be used at all.
    public func scan() throws(TokenError) -> (tokens: [Token], failures: [TokenError]) {
        guard !modules.isEmpty else {
            throw skipped.first
                ?? TokenError(.moduleNotFound, "PKCS#11", localized("No PKCS#11 module is installed on this machine."))
        }
        let (tokens, failures) = Self.scan(modules)
        // For specified modules, one that cannot be used is worth reporting; for those that were found, only one that
        // hangs, because it may hide a token.
        return (tokens, skipped.filter { !named.isEmpty || $0.code == .noAnswer } + failures)
    }

    private static func scan(_ modules: [PKCS11Module]) -> (tokens: [Token], failures: [TokenError]) {
        let tasks = modules.map { module in
            BlockingTask { () throws(TokenError) in try module.scan() }
        }
        var tokens: [Token] = []
        var failures: [TokenError] = []
        var seen: Set<[String]> = []
        for (module, task) in zip(modules, tasks) {
            switch task.result(within: module.patience + 5) {
            case .success((let found, let failed))?:
                let new = found.filter { $0.info.serialNumber.isEmpty || !seen.contains($0.info.identity) }
                // Within one module each slot counts: OpenSC gives a card one slot for each of its PINs.
                seen.formUnion(found.map(\.info.identity))
                tokens += new
                failures += failed
            case .failure(let error)?: failures.append(error)
            case nil: break
            }
        }
        return (tokens, failures)
    }

    /// The token with this name. If a URI specifies a module by `module-path`, only that one is loaded and queried.
    ///
    /// - Throws: ``TokenError`` (`token-not-found`, `ambiguous`), naming the available tokens.
    public func token(named wanted: TokenName) throws(TokenError) -> Token {
        let name = wanted.text
        let (all, failures) =
            if let path = wanted.uri?.modulePath {
                Self.scan([try PKCS11Module(path: path, pins: pins, patience: patience)])
            } else { try scan() }
        let matching = all.filter { wanted.matches($0.info) }
        guard let first = matching.first else {
            // If there is nothing at all to choose from, what failed is the better answer.
            if all.isEmpty, let failure = failures.first { throw failure }
            let present =
                all.isEmpty
                ? localized("no token was found")
                : localized("found: \(all.map(\.info.plainLabel).joined(separator: ", "))")
            let unread = failures.map(\.text).joined(separator: " ")
            throw TokenError(
                .tokenNotFound, name,
                failures.isEmpty
                    ? localized("No token is called \"\(name)\"; \(present).")
                    : localized("No token is called \"\(name)\"; \(present). Not all could be read: \(unread)"))
        }
        guard matching.count == 1 else {
            let list = matching.map { localized("\($0.info.plainLabel) (serial \($0.info.serialNumber))") }.joined(
                separator: ", ")
            throw TokenError(.ambiguous, name, localized("\(matching.count) tokens are called \"\(name)\": \(list)."))
        }
        return first
    }
}
