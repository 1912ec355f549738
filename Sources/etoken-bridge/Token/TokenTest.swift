import ArgumentParser
import Messages
import Tokens

struct TokenTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: localized("Test before a change that tokens can sign."),
        discussion: localized(
            """
            Finds each token and its certificate, logs in, finds the key, and verifies a signature over random bytes. \
            Each PIN is tried once. A failure of one token does not keep the others from being tested. Nothing is changed.

            --pin-file and --pin-fd are for one token. Where nobody enters the PINs of several, each has a URI that says \
            where its PIN is.

            Example:
              etoken-bridge token test SAST-ADN0054f509 SAST-ADN008580ef
              etoken-bridge token test 'pkcs11:serial=0054f509?pin-source=file:/run/pin-1' \\
                'pkcs11:serial=008580ef?pin-source=file:/run/pin-2'
            """))

    @Argument(
        help: .localized("The tokens: labels, serial numbers, names of certificates, or PKCS#11 URIs (RFC 7512)."))
    var tokens: [String]

    @OptionGroup var pin: PINOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    private struct Step: Encodable {
        /// `token`, `certificate`, `validity`, `pin`, `key` or `signature`.
        let step: String
        /// `ok`, `warning` or `failed`; what comes after a failure is left out.
        let result: String
        let text: String
    }

    private struct Entry: Encodable {
        let name: String
        let label, serialNumber, module: String?
        let steps: [Step]

        init(_ name: String, _ test: SigningTest) {
            self.name = name
            label = test.token?.info.plainLabel
            serialNumber = test.token?.info.serialNumber
            module = test.token?.module.path
            steps = test.steps.map {
                Step(step: $0.name.rawValue, result: $0.result.rawValue, text: $0.text.localized)
            }
        }
    }

    private struct Report: Encodable { let tokens: [Entry] }

    func run() throws {
        try pin.check(tokens: tokens.count)
        let finder = try module.finder()
        try checkDifferent(finder)
        var entries: [Entry] = []
        var failures: [Failure] = []
        for name in tokens {
            let test = SigningTest(name, in: finder, describe: Failure.describe, logIn: pin.signer)
            entries.append(Entry(name, test))
            test.failure.map { failures.append(Failure(describing: $0)) }
            if !common.json { test.show(name) { Terminal.out($0) } }
        }
        if common.json {
            try Terminal.json(Report(tokens: entries))
        } else {
            Terminal.out(localized("\(entries.count - failures.count) of \(entries.count) tokens can sign."))
        }
        // Each failure was reported above.
        if let first = failures.first { throw ExitCode(first.status) }
    }

    /// Refuses two names for one token before any PIN is tried: a wrong one would cost it two tries.
    private func checkDifferent(_ finder: TokenFinder) throws {
        guard tokens.count > 1 else { return }
        var names: [String: String] = [:]
        for name in tokens {
            // What is wrong with a name is part of its test.
            guard let info = (try? finder.token(named: TokenName(name)))?.info else { continue }
            if let other = names.updateValue(name, forKey: info.uri) {
                throw Failure(
                    Status.usage,
                    localized(
                        "\"\(other)\" and \"\(name)\" are the same token, \(info.plainLabel); no PIN attempt was used."),
                    next: localized("Specify each token once."))
            }
        }
    }
}

extension PINOptions {
    /// Logs in to a token that is tested.
    func signer(_ token: Token, _ stored: StoredCertificate, _ uri: TokenURI?) throws -> TokenSigner {
        try NamedToken(token: token, uri: uri, stored: stored).signer(self)
    }
}

extension SigningTest {
    /// What was found, a line each; and on stderr what to do after a failure.
    ///
    /// - Parameter name: the user's name for the token.
    func show(_ name: String, _ line: (LocalizableText) -> Void) {
        line(token.map { localized("Token \($0.info.plainLabel)") } ?? localized("Token \(name)"))
        for step in steps { line(.verbatim("  \(Self.mark(step.result)) \(step.text.localized)")) }
        if let next = next { Terminal.note(localized("Next: \(next)")) }
    }

    private static func mark(_ result: Step.Result) -> String {
        switch result {
        case .ok: localized("ok      ").localized
        case .warning: localized("warning ").localized
        case .failed: localized("failed  ").localized
        }
    }
}
