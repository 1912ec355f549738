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
    /// - Throws: ``TokenError`` where no module answers; one that fails beside others is passed over.
    public func tokens() throws(TokenError) -> [Token] {
        var tokens: [Token] = []
        var seen: Set<String> = []
        var failure: TokenError?
        var answers = 0
        for module in modules {
            do throws(TokenError) {
                for token in try module.tokens()
                where seen.insert("\(token.info.serialNumber)\n\(token.info.plainLabel)").inserted {
                    tokens.append(token)
                }
                answers += 1
            } catch {
                failure = error
            }
        }
        if answers == 0, let failure { throw failure }
        return tokens
    }

    /// The token with this name: a PKCS#11 URI, a label, or a serial number.
    ///
    /// - Throws: ``TokenError`` (`token-not-found`, `ambiguous`, `bad-uri`), naming the tokens that are there.
    public func token(named name: String) throws(TokenError) -> Token {
        let all = try tokens()
        let uri = name.lowercased().hasPrefix("pkcs11:") ? try TokenURI(name) : nil
        let matching = all.filter { token in
            if let uri { return uri.matches(token.info) }
            return token.info.label == name || token.info.plainLabel == name || token.info.serialNumber == name
        }
        let present = all.isEmpty ? "no token is there" : "there are: " + all.map(\.info.label).joined(separator: ", ")
        guard let first = matching.first else {
            throw TokenError(.tokenNotFound, name, "No token is called \"\(name)\"; \(present).")
        }
        guard matching.count == 1 else {
            let list = matching.map { "\($0.info.label) (serial \($0.info.serialNumber))" }.joined(separator: ", ")
            throw TokenError(.ambiguous, name, "\(matching.count) tokens are called \"\(name)\": \(list).")
        }
        return first
    }

    // MARK: - Where modules are

    /// p11-kit's registry on this machine, and where a module without a path is looked for.
    private static let registry = "/usr/share/p11-kit/modules"
    private static let moduleFolders = [
        "/usr/lib/x86_64-linux-gnu/pkcs11", "/usr/lib/aarch64-linux-gnu/pkcs11", "/usr/lib/pkcs11",
    ]
    private static let wellKnown = [
        "libeToken.so", "libeTPkcs11.so", "opensc-pkcs11.so",
    ].flatMap { name in ["/usr/lib/", "/usr/lib64/", "/usr/lib/x86_64-linux-gnu/", "/usr/local/lib/"].map { $0 + name }
    }

    static func candidates() -> [String] {
        var paths = registeredModules().map { module in
            module.hasPrefix("/")
                ? module : moduleFolders.map { "\($0)/\(module)" }.first { access($0, R_OK) == 0 } ?? module
        }
        paths += wellKnown.filter { access($0, R_OK) == 0 }
        // One module may be registered under several names.
        var seen: Set<String> = []
        return paths.filter { path in
            let real = realpath(path, nil).map { pointer in
                defer { free(pointer) }
                return String(cString: pointer)
            }
            return seen.insert(real ?? path).inserted
        }
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
            let parts = text.split(separator: ":", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
            guard parts.count == 2 else { continue }
            if parts[0] == "module" { module = parts[1] }
            if parts[0] == "trust-policy", parts[1] == "yes" { return nil }
        }
        return module
    }
}
