import Glibc

/// Finds modules, and tokens in them.
public final class TokenFinder {
    public let modules: [PKCS11Module]
    /// Why modules that were found could not be used, one sentence each.
    public let skipped: [TokenError]

    /// Loads the module named, or all that this machine knows: p11-kit's registry, then well-known places.
    ///
    /// - Parameter module: a path, or nil to search.
    /// - Throws: ``TokenError`` where the module named cannot be used, or the search finds none.
    public init(module: String? = nil) throws(TokenError) {
        if let module {
            modules = [try PKCS11Module(path: module)]
            skipped = []
            return
        }
        var modules: [PKCS11Module] = []
        var skipped: [TokenError] = []
        for path in Self.candidates() {
            do throws(TokenError) {
                modules.append(try PKCS11Module(path: path))
            } catch {
                skipped.append(error)
            }
        }
        guard !modules.isEmpty else {
            throw skipped.first
                ?? TokenError(.moduleNotFound, "PKCS#11", "No PKCS#11 module is installed on this machine.")
        }
        self.modules = modules
        self.skipped = skipped
    }

    /// The tokens of all modules; a token that two modules know is listed once.
    ///
    /// - Throws: ``TokenError`` where something fails and no token is found; ``scan()`` tells of every failure.
    public func tokens() throws(TokenError) -> [Token] {
        let (tokens, failures) = scan()
        if tokens.isEmpty, let failure = failures.first { throw failure }
        return tokens
    }

    /// The tokens of all modules, and why modules or slots could not be read.
    public func scan() -> (tokens: [Token], failures: [TokenError]) { Self.scan(modules) }

    private static func scan(_ modules: [PKCS11Module]) -> (tokens: [Token], failures: [TokenError]) {
        var tokens: [Token] = []
        var failures: [TokenError] = []
        var seen: Set<[String]> = []
        for module in modules {
            do throws(TokenError) {
                let (found, failed) = try module.scan()
                let new = found.filter { $0.info.serialNumber.isEmpty || !seen.contains(identity($0)) }
                // Within one module each slot counts: OpenSC gives a card a slot for each of its PINs.
                seen.formUnion(found.map(identity))
                tokens += new
                failures += failed
            } catch {
                failures.append(error)
            }
        }
        return (tokens, failures)
    }

    private static func identity(_ token: Token) -> [String] { [token.info.serialNumber, token.info.plainLabel] }

    /// The token with this name: a PKCS#11 URI, a label, or a serial number. Where a URI names a module by
    /// `module-path`, only that one is asked.
    ///
    /// - Throws: ``TokenError`` (`token-not-found`, `ambiguous`, `bad-uri`), naming the tokens that are there.
    public func token(named name: String) throws(TokenError) -> Token {
        let uri = name.lowercased().hasPrefix("pkcs11:") ? try TokenURI(name) : nil
        let (all, failures) =
            if let path = uri?.modulePath { Self.scan([try module(at: path)]) } else { scan() }
        let matching = all.filter { token in
            if let uri { return uri.matches(token.info) }
            return token.info.label == name || token.info.plainLabel == name || token.info.serialNumber == name
        }
        guard let first = matching.first else {
            // With nothing at all to choose from, what failed is the better answer.
            if all.isEmpty, let failure = failures.first { throw failure }
            let present =
                all.isEmpty ? "no token is there" : "there are: " + all.map(\.info.label).joined(separator: ", ")
            let unread =
                failures.isEmpty ? "" : " Not all could be read: \(failures.map(\.reason).joined(separator: " "))"
            throw TokenError(.tokenNotFound, name, "No token is called \"\(name)\"; \(present).\(unread)")
        }
        guard matching.count == 1 else {
            let list = matching.map { "\($0.info.label) (serial \($0.info.serialNumber))" }.joined(separator: ", ")
            throw TokenError(.ambiguous, name, "\(matching.count) tokens are called \"\(name)\": \(list).")
        }
        return first
    }

    /// The module at a path: the one that is loaded already, as it must not be started twice.
    private func module(at path: String) throws(TokenError) -> PKCS11Module {
        let wanted = Self.resolved(path)
        if let loaded = modules.first(where: { Self.resolved($0.path) == wanted }) { return loaded }
        return try PKCS11Module(path: path)
    }

    /// A path without links, or as it is where it does not exist.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    // MARK: - Where modules are

    /// p11-kit's registry on this machine, and where a module without a path is looked for.
    private static let registry = "/usr/share/p11-kit/modules"
    private static let moduleFolders = ["/usr/lib/\(architecture)/pkcs11", "/usr/lib/pkcs11"]
    private static let wellKnown = [
        "libeToken.so", "libeTPkcs11.so", "opensc-pkcs11.so",
    ].flatMap { name in ["/usr/lib/", "/usr/lib64/", "/usr/lib/\(architecture)/", "/usr/local/lib/"].map { $0 + name } }

    /// Debian's name for this processor: a module for another one cannot be loaded.
    private static var architecture: String {
        #if arch(arm64)
            "aarch64-linux-gnu"
        #else
            "x86_64-linux-gnu"
        #endif
    }

    static func candidates() -> [String] {
        var paths = registeredModules().map { module in
            module.hasPrefix("/")
                ? module : moduleFolders.map { "\($0)/\(module)" }.first { access($0, R_OK) == 0 } ?? module
        }
        paths += wellKnown.filter { access($0, R_OK) == 0 }
        // One module may be registered under several names.
        var seen: Set<String> = []
        return paths.filter { seen.insert(resolved($0)).inserted }
    }

    private static func registeredModules() -> [String] {
        guard let folder = opendir(registry) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".module") { names.append(name) }
        }
        return names.sorted().compactMap { registeredModule(in: "\(registry)/\($0)") }
    }

    /// The `module:` line of a registry file; nil for p11-kit's own trust module, which holds no tokens.
    private static func registeredModule(in path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        var module: String?
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            let parts = text.split(separator: ":", maxSplits: 1).map(trimmed)
            guard parts.count == 2, !parts[1].isEmpty else { continue }
            if parts[0] == "module" { module = parts[1] }
            if parts[0] == "trust-policy", parts[1] == "yes" { return nil }
        }
        return module
    }

    /// Without white space at either end; a path may hold some.
    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
