import Basics
import Glibc
import Messages
import X509

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
        // hangs or crashes, because it may hide a token.
        return (tokens, skipped.filter { !named.isEmpty || [.noAnswer, .moduleCrashes].contains($0.code) } + failures)
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
        let matching = Self.matching(wanted, all)
        guard let first = matching.first else {
            // If there is nothing at all to choose from, what failed is the better answer.
            if all.isEmpty, let failure = failures.first { throw failure }
            let present =
                all.isEmpty
                ? localized("no token was found")
                : localized("found: \(all.map(\.shownName).joined(separator: ", "))")
            let unread = failures.map(\.text).joined(separator: " ")
            throw TokenError(
                .tokenNotFound, name,
                failures.isEmpty
                    ? localized("No token is called \"\(name)\"; \(present).")
                    : localized("No token is called \"\(name)\"; \(present). Not all could be read: \(unread)"))
        }
        guard matching.count == 1 else {
            throw TokenError(
                .ambiguous, name,
                localized(
                    "\(matching.count) tokens are called \"\(name)\": \(Self.distinguished(matching).joined(separator: ", "))."
                ), next: Self.narrowing(matching))
        }
        return first
    }

    /// Those whose label or serial number is the name; else those for which it is another spelling of them; else those
    /// with a certificate of that name, for which they have to be read.
    private static func matching(_ wanted: TokenName, _ tokens: [Token]) -> [Token] {
        if let uri = wanted.uri { return tokens.filter { uri.matches($0.info) } }
        let exact = tokens.filter { $0.info.isNamed(wanted.text) }
        if !exact.isEmpty { return exact }
        let loose = tokens.filter { $0.info.isNamedLoosely(wanted.text) }
        if !loose.isEmpty { return loose }
        return tokens.filter { TokenName.isName(wanted.text, in: $0.certificateNames) }
    }

    /// Each with what tells it apart from the others.
    private static func distinguished(_ tokens: [Token]) -> [String] {
        let names = tokens.map(\.shownName)
        return zip(tokens, names).map { token, name in
            names.count { $0 == name } == 1 ? name : "\(name), slot-id=\(token.info.slotID)"
        }
    }

    /// How one of them is specified.
    private static func narrowing(_ tokens: [Token]) -> LocalizableText {
        let serials = Set(tokens.map(\.info.normalizedSerialNumber))
        if serials.count == tokens.count, !serials.contains("") {
            return localized("Specify one by its serial number.")
        }
        if Set(tokens.map(\.info.plainLabel)).count == tokens.count {
            return localized("Specify one by its full label, with what is in brackets.")
        }
        return localized("Specify one by a PKCS#11 URI: \"pkcs11:slot-id=\(tokens[0].info.slotID)\".")
    }
}

extension Token {
    /// The names (CN) of its certificates; none if they cannot be read.
    public var certificateNames: [String] {
        ((try? certificates()) ?? []).compactMap { $0.certificate.subject.value(of: "CN")?.trimmed }
    }

    /// For messages: label, serial number, and the name of a certificate that is called differently.
    var shownName: String {
        let names = certificateNames.filter { $0 != info.plainLabel }
        let details = [localized("serial \(info.serialNumber)").localized] + names.prefix(2)
        return "\(info.plainLabel) (\(details.joined(separator: ", ")))"
    }
}
