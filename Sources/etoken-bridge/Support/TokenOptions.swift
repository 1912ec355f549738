import ArgumentParser
import Basics
import Cluster
import Configuration
import Messages
import Secrets
import Tokens
import X509

/// Where to look for tokens.
struct ModuleOptions: ParsableArguments {
    @Option(
        help: .localized(
            """
            A PKCS#11 module, for example /usr/lib/libeToken.so. May be repeated. Default: those in the configuration, \
            else those registered with p11-kit and in well-known places.
            """, valueName: "path"),
        completion: .file())
    var module: [String] = []

    @Option(
        help: .localized(
            "How many seconds a token may take for one operation before it counts as hung.", valueName: "seconds"))
    var tokenTimeout = defaultTimeout

    static let defaultTimeout = PKCS11Module.defaultPatience

    func validate() throws {
        guard (1...3600).contains(tokenTimeout) else {
            throw ValidationError(localized("--token-timeout must be a number of seconds from 1 to 3600."))
        }
    }

    /// Those specified here or in the configuration; empty to search for them.
    func named() throws -> [String] { try module.isEmpty ? ConfigurationFile.load().tokens.modules : module }

    func finder() throws -> TokenFinder {
        Terminal.keepResults()
        let finder = TokenFinder(modules: try named(), pins: try .standard, patience: tokenTimeout)
        if Terminal.isVerbose { for error in finder.skipped { Terminal.note(localized("Skipped: \(error)")) } }
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
        if pinFile != nil && pinFd != nil {
            throw ValidationError(localized("Specify --pin-file or --pin-fd, not both."))
        }
    }

    /// One PIN belongs to one token: tried on another, it would cost that one a try.
    ///
    /// - Parameter count: how many tokens the command logs in to.
    /// - Throws: with status 64 if the options specify one PIN for several tokens.
    func check(tokens count: Int) throws {
        guard count > 1, let option = pinFile != nil ? "--pin-file" : pinFd != nil ? "--pin-fd" : nil else { return }
        throw Failure(
            Status.usage,
            localized("\(option) contains the PIN of one token, and \(count) would get it; no PIN attempt was used."),
            next: localized(
                "Leave \(option) out, and enter each PIN; in a script, specify each token as a PKCS#11 URI with its own pin-source."
            ))
    }

    /// The PIN for a token: the options, then the URI's pin-source, then the user.
    func pin(for info: TokenInfo, uri: TokenURI?, _ history: PINHistory) throws -> Secret {
        if let warning = history.warning { Terminal.note(warning) }
        if let pinFile { return try Secret.read(file: pinFile) }
        if let pinFd { return try Secret.read(descriptor: pinFd) }
        if let source = uri?.pinSource { return try Secret.read(file: source) }
        return try PINPrompt.ask(for: info, history)
    }
}

/// Asks the user for a token's PIN.
enum PINPrompt {
    /// The code of a failure after which no try was used.
    static let nothingEntered = "pin-missing"

    /// With the configured pinentry, else on the terminal.
    static func ask(for info: TokenInfo, _ history: PINHistory) throws -> Secret {
        let token: LocalizableText = localized("token \(info.plainLabel) (serial \(info.serialNumber))")
        if let pinentry = try ConfigurationFile.load().tokens.pinentry {
            return try Pinentry.ask(
                pinentry,
                description: localized("The PIN of \(token). It is tried once; \(Self.tries(info, history))."),
                prompt: .verbatim("PIN:"))
        }
        try checkTerminal(info, options: localized("--pin-file FILE, --pin-fd N, or pin-source in the token's URI"))
        Terminal.note(localized("The PIN is tried once; \(tries(info, history))."))
        let prompt: LocalizableText = localized("PIN of \(token): ")
        if let secret = try Secret.askIfGiven(prompt) { return secret }
        // Pressing Return alone must not use up a try by accident.
        guard Terminal.confirm(localized("Nothing was entered. Try the factory PIN \(FactoryPIN.text)?")) else {
            throw Failure(
                Status.failed, localized("No PIN was entered for \(token)."), code: Self.nothingEntered,
                next: localized("Run the command again; no PIN attempt was used."))
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
        let second = try ask(localized("Repeat the new PIN of \(token)"))
        guard first.withBytes({ bytes in second.withBytes { $0.elementsEqual(bytes) } }) else {
            throw Failure(
                Status.failed, localized("The two new PINs differ; the PIN of \(token) is unchanged."),
                next: localized("Run the command again."))
        }
        return first
    }

    private static func tries(_ info: TokenInfo, _ history: PINHistory) -> LocalizableText {
        if let tries = history.tries, tries.source == .token { return tries.text }
        return switch info.pin {
        case .countLow: localized("a wrong one was entered before, and too many lock the token for good")
        default: localized("too many wrong ones lock the token for good")
        }
    }

    private static func checkTerminal(_ info: TokenInfo, options: LocalizableText) throws {
        guard Terminal.isInteractive else {
            throw Failure(
                Status.usage, localized("Token \(info.plainLabel) needs a PIN, and there is no terminal to prompt on."),
                next: localized("Specify \(options)."))
        }
    }
}

/// A token that the user specified, and its certificate.
struct NamedToken {
    let token: Token
    let uri: TokenURI?
    let stored: StoredCertificate

    init(token: Token, uri: TokenURI?, stored: StoredCertificate) {
        (self.token, self.uri, self.stored) = (token, uri, stored)
    }

    init(_ name: String, in finder: TokenFinder) throws {
        let name = try TokenName(name)
        uri = name.uri
        token = try finder.token(named: name)
        stored = try token.certificate(matching: uri)
    }

    init(token: Token, stored: StoredCertificate) { (self.token, uri, self.stored) = (token, nil, stored) }

    var label: String { token.info.plainLabel }

    /// Logs in. A PIN that everyone knows is worth a warning, once it has proved right.
    func signer(_ options: PINOptions) throws -> TokenSigner {
        var isFactoryPIN = false
        let certificate = stored.certificate
        if certificate.validityNow != .valid {
            Terminal.note(
                localized(
                    "Warning: the certificate on token \(label) is valid from \(Timestamp(certificate.notBefore)) to \(Timestamp(certificate.notAfter)), not now."
                ))
        }
        if certificate.endsSoon(at: Timestamp.now.seconds) {
            Terminal.note(
                localized("The certificate on token \(label) ends on \(Timestamp(certificate.notAfter).day)."))
        }
        if token.info.hasPINPad {
            if let warning = try token.pinHistory().warning { Terminal.note(warning) }
            Terminal.note(localized("Enter the PIN of token \(label) on its reader; it is tried once."))
        }
        let signer = try token.signer(for: stored) { info, history in
            let pin = try options.pin(for: info, uri: uri, history)
            isFactoryPIN = FactoryPIN.isEqual(to: pin)
            return pin
        }
        if isFactoryPIN {
            Terminal.note(
                localized(
                    "Token \(label) still has its factory PIN. Change it: etoken-bridge token change-pin \(word: label)"
                )
            )
        }
        return signer
    }
}
