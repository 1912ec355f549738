import Basics
import Glibc
import Messages
import X509

/// Finds tokens, in the specified modules or in all that this machine knows.
public final class TokenFinder {
    private let named: [String]
    private let pins: PINLedger
    private let patience: Int
    private lazy var paths = named.isEmpty ? ModuleSearch.candidates() : named
    private var loaded: Loaded?

    private struct Loaded {
        let modules: [PKCS11Module]
        let failures: [TokenError]

        init(_ answers: [ModuleQuery.Answer]) {
            modules = answers.compactMap(\.module)
            failures = answers.compactMap { $0.module == nil ? $0.failure : nil }
        }
    }

    /// Nothing is loaded before the first query.
    ///
    /// - Parameters:
    ///   - modules: paths of PKCS#11 modules; empty to search for them (``ModuleSearch``).
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

    private var loading: Loaded {
        if let loaded { return loaded }
        _ = load(.loading)
        return loaded ?? Loaded([])
    }

    /// Loads the modules, and asks them, all in parallel.
    private func load(_ depth: ModuleQuery.Depth) -> [ModuleQuery.Answer] {
        let answers = paths.map { ModuleQuery(path: $0, pins, patience, depth) }.map { $0.answer() }
        loaded = Loaded(answers)
        return answers
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
        let answers = loaded.map { Self.ask($0.modules) } ?? load(.tokens)
        let failures = try unusable()
        let found = Self.found(answers)
        return (found.map(\.token), failures + Self.unread(answers))
    }

    /// The tokens of all modules with what is on them, or why that cannot be read; and why modules or slots could not be.
    ///
    /// - Throws: ``TokenError`` if no module can be used at all.
    public func readings() throws(TokenError) -> (
        readings: [(token: Token, contents: Result<TokenContents, TokenError>)], failures: [TokenError]
    ) {
        // Of several modules, more than one may know a token: it is read by the one that lists it.
        guard loaded == nil, paths.count == 1 else {
            let (tokens, failures) = try scan()
            let readings = tokens.map { token in
                (token: token, contents: Result { () throws(TokenError) in try token.contents() })
            }
            return (readings, failures)
        }
        let answers = load(.contents)
        let failures = try unusable()
        let readings = Self.found(answers).compactMap { found in
            found.contents.map { (token: found.token, contents: $0) }
        }
        return (readings, failures + Self.unread(answers))
    }

    /// Modules that cannot be used and are worth reporting: of specified ones each; of those that were found, only one
    /// that hangs or crashes, because it may hide a token.
    ///
    /// - Throws: ``TokenError`` if none can be used at all.
    private func unusable() throws(TokenError) -> [TokenError] {
        guard !modules.isEmpty else {
            throw skipped.first
                ?? TokenError(.moduleNotFound, "PKCS#11", localized("No PKCS#11 module is installed on this machine."))
        }
        return skipped.filter { !named.isEmpty || [.noAnswer, .moduleCrashes].contains($0.code) }
    }

    private static func ask(_ modules: [PKCS11Module]) -> [ModuleQuery.Answer] {
        modules.map { ModuleQuery($0) }.map { $0.answer() }
    }

    /// Each token once, and what is on it, as far as that was queried.
    private static func found(
        _ answers: [ModuleQuery.Answer]
    ) -> [(token: Token, contents: Result<TokenContents, TokenError>?)] {
        var found: [(token: Token, contents: Result<TokenContents, TokenError>?)] = []
        var seen: Set<[String]> = []
        for answer in answers {
            let tokens = answer.tokens ?? []
            for (index, token) in tokens.enumerated()
            where token.info.serialNumber.isEmpty || !seen.contains(token.info.identity) {
                found.append((token, index < answer.contents.count ? answer.contents[index] : nil))
            }
            // Within one module each slot counts: OpenSC gives a card one slot for each of its PINs.
            seen.formUnion(tokens.map(\.info.identity))
        }
        return found
    }

    /// Why loaded modules, or their slots, could not be read.
    private static func unread(_ answers: [ModuleQuery.Answer]) -> [TokenError] {
        answers.flatMap { answer in
            answer.module == nil ? [] : [answer.failure].compactMap(\.self) + answer.failures
        }
    }

    /// The token with this name. If a URI specifies a module by `module-path`, only that one is loaded and queried.
    ///
    /// - Throws: ``TokenError`` (`token-not-found`, `ambiguous`), naming the available tokens.
    public func token(named wanted: TokenName) throws(TokenError) -> Token {
        let name = wanted.text
        let (all, failures) =
            if let path = wanted.uri?.modulePath {
                try Self.scan(path, pins, patience)
            } else { try scan() }
        let matching = Self.matching(wanted, all)
        guard let first = matching.first else {
            // If there is nothing at all to choose from, the failure is the better error.
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
                ), next: Self.narrowing(matching, name))
        }
        return first
    }

    /// The tokens of one module alone.
    private static func scan(
        _ path: String, _ pins: PINLedger, _ patience: Int
    ) throws(TokenError) -> (tokens: [Token], failures: [TokenError]) {
        let answer = ModuleQuery(path: path, pins, patience, .tokens).answer()
        if answer.module == nil, let failure = answer.failure { throw failure }
        return (found([answer]).map(\.token), unread([answer]))
    }

    /// Those whose label or serial number is the name; else those for which it is another spelling of them; else those
    /// with a certificate of that name, for which they have to be read.
    private static func matching(_ wanted: TokenName, _ tokens: [Token]) -> [Token] {
        if let uri = wanted.uri { return tokens.filter { uri.matches($0.info) } }
        let exact = tokens.filter { $0.info.isNamed(wanted.text) }
        if !exact.isEmpty { return exact + misnamed(wanted.text, by: exact, tokens) }
        let loose = tokens.filter { $0.info.isNamedLoosely(wanted.text) }
        if !loose.isEmpty { return loose }
        return tokens.filter { TokenName.isName(wanted.text, in: $0.certificateNames) }
    }

    /// If someone called a token by the name of another SAST token's certificate, the name means both: nobody should try
    /// the PIN of one on the other.
    private static func misnamed(_ name: String, by exact: [Token], _ tokens: [Token]) -> [Token] {
        guard name.lowercased().hasPrefix("sast-"),
            !exact.contains(where: { TokenName.isName(name, in: $0.certificateNames) })
        else { return [] }
        return tokens.filter { token in
            !exact.contains { $0.info.slotID == token.info.slotID && $0.module === token.module }
                && (token.info.isNamedLoosely(name) || TokenName.isName(name, in: token.certificateNames))
        }
    }

    /// Each with what tells it apart from the others.
    private static func distinguished(_ tokens: [Token]) -> [String] {
        let names = tokens.map(\.shownName)
        return zip(tokens, names).map { token, name in
            names.count { $0 == name } == 1 ? name : "\(name), slot-id=\(token.info.slotID)"
        }
    }

    /// How one of them is specified.
    private static func narrowing(_ tokens: [Token], _ name: String) -> LocalizableText {
        let serials = Set(tokens.map(\.info.normalizedSerialNumber))
        if serials.count == tokens.count, !serials.contains("") {
            // One token's serial number may be another one's label.
            return serials.contains(TokenInfo.normalized(serialNumber: name))
                ? localized("Specify one by a PKCS#11 URI: \"\(tokens[0].info.uri)\".")
                : localized("Specify one by its serial number.")
        }
        if Set(tokens.map(\.info.plainLabel)).count == tokens.count {
            return localized("Specify one by its full label, with what is in brackets.")
        }
        return localized("Specify one by a PKCS#11 URI: \"pkcs11:slot-id=\(tokens[0].info.slotID)\".")
    }
}

extension Token {
    /// The names (CN) of its certificates; empty if they cannot be read.
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
