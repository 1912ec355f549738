import ArgumentParser
import Certificates
import Secrets
import Tokens

/// Where tokens are looked for.
struct ModuleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The PKCS#11 module, for example /usr/lib/libeToken.so.",
            discussion: "Without it: what p11-kit has registered, then well-known places."),
        completion: .file())
    var module: String?

    func finder() throws -> TokenFinder {
        let finder = try TokenFinder(module: module)
        if Terminal.isVerbose { for error in finder.skipped { Terminal.note("Passed over: \(error)") } }
        return finder
    }
}

/// Where the PIN comes from. Never from an argument or the environment.
struct PINOptions: ParsableArguments {
    @Option(help: "Read the PIN from the first line of this file.", completion: .file())
    var pinFile: String?

    @Option(help: "Read the PIN from the first line of this file descriptor.")
    var pinFd: Int32?

    func validate() throws {
        if pinFile != nil && pinFd != nil { throw ValidationError("Give --pin-file or --pin-fd, not both.") }
    }

    /// The PIN for a token: the options, then the URI's pin-source, then a prompt that names the token.
    func pin(for info: TokenInfo, uri: TokenURI?) throws -> Secret {
        if info.pin == .countLow {
            Terminal.note(
                "Warning: token \(info.label) says that a wrong PIN was given since the last right one; too many lock it for good."
            )
        }
        if let pinFile { return try Secret.read(file: pinFile) }
        if let pinFd { return try Secret.read(descriptor: pinFd) }
        if let source = uri?.pinSource { return try Secret.read(file: source) }
        guard Terminal.isInteractive else {
            throw Failure(
                Status.usage, "Token \(info.label) needs a PIN, and there is no terminal to ask on.",
                next: "Give --pin-file FILE, --pin-fd N, or pin-source in the token's URI.")
        }
        return try Secret.ask("PIN of token \(info.label) (serial \(info.serialNumber)), tried once: ")
    }
}

/// A token that the user named, and its certificate.
struct NamedToken {
    let token: Token
    let uri: TokenURI?
    let stored: Token.StoredCertificate

    init(_ name: String, in finder: TokenFinder) throws {
        uri = name.lowercased().hasPrefix("pkcs11:") ? try TokenURI(name) : nil
        token = try finder.token(named: name)
        stored = try token.certificate(matching: uri)
    }

    var label: String { token.info.plainLabel }
}
