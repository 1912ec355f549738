import ArgumentParser
import Cluster
import Configuration
import Messages
import Secrets
import Tokens
import X509

/// Where tokens are looked for.
struct ModuleOptions: ParsableArguments {
    @Option(
        help: .localized(
            """
            A PKCS#11 module, for example /usr/lib/libeToken.so. May be given more than once. Without it: those in the \
            configuration, else what p11-kit has registered and well-known places.
            """, valueName: "path"),
        completion: .file())
    var module: [String] = []

    @Option(
        help: .localized(
            "How many seconds a token may take for one piece of work, before it counts as hung.", valueName: "seconds"))
    var tokenTimeout = PKCS11Module.defaultPatience

    func validate() throws {
        guard (1...3600).contains(tokenTimeout) else {
            throw ValidationError(localized("--token-timeout wants a number of seconds from 1 to 3600."))
        }
    }

    /// Those named here or in the configuration; none to search for them.
    func named() throws -> [String] { try module.isEmpty ? ConfigurationFile.load().tokens.modules : module }

    func finder() throws -> TokenFinder {
        let finder = TokenFinder(modules: try named(), patience: tokenTimeout)
        if Terminal.isVerbose { for error in finder.skipped { Terminal.note(localized("Passed over: \(error)")) } }
        return finder
    }
}

/// Where the PIN comes from. Never from an argument or the environment.
struct PINOptions: ParsableArguments {
    @Option(
        help: .localized("Read the PIN from the first line of this file.", valueName: "file"), completion: .file())
    var pinFile: String?

    @Option(help: .localized("Read the PIN from the first line of this file descriptor.", valueName: "number"))
    var pinFd: Int32?

    func validate() throws {
        if pinFile != nil && pinFd != nil { throw ValidationError(localized("Give --pin-file or --pin-fd, not both.")) }
    }

    /// The PIN for a token: the options, then the URI's pin-source, then the user.
    func pin(for info: TokenInfo, uri: TokenURI?, _ history: PINHistory) throws -> Secret {
        if let warning = history.warning {
            Terminal.note(warning)
        } else if info.pin == .countLow {
            Terminal.note(
                localized(
                    "Warning: token \(info.plainLabel) says that a wrong PIN was given since the last right one; too many lock it for good."
                )
            )
        }
        if let pinFile { return try Secret.read(file: pinFile) }
        if let pinFd { return try Secret.read(descriptor: pinFd) }
        if let source = uri?.pinSource { return try Secret.read(file: source) }
        return try PINPrompt.ask(for: info)
    }
}

/// Asks the user for a token's PIN.
enum PINPrompt {
    /// By the pinentry that the configuration names, else on the terminal.
    static func ask(for info: TokenInfo) throws -> Secret {
        let token: LocalizableText = localized("token \(info.plainLabel) (serial \(info.serialNumber))")
        if let pinentry = try ConfigurationFile.load().tokens.pinentry {
            return try Pinentry.ask(
                pinentry, description: localized("The PIN of \(token). It is tried once; \(Self.tries(info))."),
                prompt: .verbatim("PIN:"))
        }
        try checkTerminal(info, options: localized("--pin-file FILE, --pin-fd N, or pin-source in the token's URI"))
        Terminal.note(localized("The PIN is tried once; \(tries(info))."))
        let prompt: LocalizableText = localized("PIN of \(token): ")
        if let secret = try Secret.askIfGiven(prompt) { return secret }
        // Return alone must not use up a try by accident.
        guard Terminal.confirm(localized("Nothing was typed. Try the factory PIN \(FactoryPIN.text)?")) else {
            throw Failure(
                Status.failed, localized("No PIN was given for \(token)."),
                next: localized("Run the command again; no try was used."))
        }
        var factory = Array(FactoryPIN.text.utf8)
        return Secret(consuming: &factory)
    }

    /// A new PIN, asked twice.
    static func askForNew(_ info: TokenInfo) throws -> Secret {
        let token: LocalizableText = localized("token \(info.plainLabel) (serial \(info.serialNumber))")
        let ask: (LocalizableText) throws -> Secret
        if let pinentry = try ConfigurationFile.load().tokens.pinentry {
            ask = { try Pinentry.ask(pinentry, description: $0, prompt: .verbatim("PIN:")) }
        } else {
            try checkTerminal(info, options: .verbatim("--new-pin-file FILE"))
            ask = { try Secret.ask(localized("\($0): ")) }
        }
        let first = try ask(localized("New PIN of \(token)"))
        let second = try ask(localized("The new PIN of \(token) once more"))
        guard first.withBytes({ bytes in second.withBytes { $0.elementsEqual(bytes) } }) else {
            throw Failure(
                Status.failed, localized("The two new PINs differ; the PIN of \(token) is as it was."),
                next: localized("Run the command again."))
        }
        return first
    }

    private static func tries(_ info: TokenInfo) -> LocalizableText {
        switch info.pin {
        case .countLow: localized("a wrong one was given before, and too many lock the token for good")
        default: localized("too many wrong ones lock the token for good")
        }
    }

    private static func checkTerminal(_ info: TokenInfo, options: LocalizableText) throws {
        guard Terminal.isInteractive else {
            throw Failure(
                Status.usage, localized("Token \(info.plainLabel) needs a PIN, and there is no terminal to ask on."),
                next: localized("Give \(options)."))
        }
    }
}

/// A token that the user named, and its certificate.
struct NamedToken {
    let token: Token
    let uri: TokenURI?
    let stored: StoredCertificate

    init(_ name: String, in finder: TokenFinder) throws {
        uri = name.lowercased().hasPrefix("pkcs11:") ? try TokenURI(name) : nil
        token = try finder.token(named: name)
        stored = try token.certificate(matching: uri)
    }

    var label: String { token.info.plainLabel }

    /// Logs in. A PIN that everybody knows is worth a word, once it has proved right.
    func signer(_ options: PINOptions) throws -> TokenSigner {
        var isFactoryPIN = false
        if token.info.hasPINPad {
            Terminal.note(localized("Type the PIN of token \(label) at its reader; it is tried once."))
        }
        let history = PINHistory(token, configured: try ConfigurationFile.load().tokens.pinTries)
        try history.check()
        let signer = try history.counting { isAboutToTry in
            // At a PIN pad nobody tells when the PIN is typed.
            if token.info.hasPINPad { isAboutToTry() }
            return try token.signer(for: stored) { info in
                let pin = try options.pin(for: info, uri: uri, history)
                isFactoryPIN = FactoryPIN.isEqual(to: pin)
                isAboutToTry()
                return pin
            }
        }
        if isFactoryPIN {
            Terminal.note(
                localized(
                    "Token \(label) still has the PIN that it left the factory with. Change it: etoken-bridge token change-pin \(label)"
                )
            )
        }
        return signer
    }
}
