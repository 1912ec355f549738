import ArgumentParser
import Basics
import Glibc
import Messages
import Tokens
import X509

struct TokenTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: localized("Test before a change that tokens can sign."),
        discussion: localized(
            """
            Finds each token and its certificate, logs in, finds the key, and verifies a signature over random bytes. \
            Each PIN is tried once; with --pin-file the same one for all. A failure of one token does not keep the \
            others from being tested. Nothing is changed.

            Example:
              etoken-bridge token test SAST-ADN0054f509 SAST-ADN008580ef
            """))

    @Argument(
        help: .localized("The tokens: labels, serial numbers, names of certificates, or PKCS#11 URIs (RFC 7512)."))
    var tokens: [String]

    @OptionGroup var pin: PINOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    fileprivate struct Step: Encodable {
        /// `token`, `certificate`, `validity`, `pin`, `key` or `signature`.
        let step: String
        /// `ok`, `warning` or `failed`; what comes after a failure is left out.
        let result: String
        let text: String
    }

    fileprivate struct Entry: Encodable {
        let name: String
        var label, serialNumber, module: String?
        var steps: [Step] = []
        var isGood: Bool { !steps.contains { $0.result == "failed" } }

        private enum CodingKeys: String, CodingKey { case name, label, serialNumber, module, steps }
    }

    private struct Report: Encodable { let tokens: [Entry] }

    func run() throws {
        let finder = try module.finder()
        var entries: [Entry] = []
        var failures: [Failure] = []
        for name in tokens {
            var entry = Entry(name: name)
            do { try test(name, finder, &entry) } catch {
                let failure = Failure(describing: error)
                failures.append(failure)
                entry.steps.append(Step(step: Self.step(of: error), result: "failed", text: failure.what.localized))
            }
            if !common.json {
                Terminal.out(entry.label.map { localized("Token \($0)") } ?? localized("Token \(name)"))
                for step in entry.steps { Terminal.out("  \(Self.mark(step.result)) \(step.text)") }
                if !entry.isGood, let next = failures.last?.next { Terminal.note(localized("Next: \(next)")) }
            }
            entries.append(entry)
        }
        if common.json { try Terminal.json(Report(tokens: entries)) }
        let good = entries.count(where: \.isGood)
        if !common.json {
            Terminal.out(localized("\(good) of \(entries.count) tokens can sign."))
        }
        // Each failure was reported above.
        if let first = failures.first { throw ExitCode(first.status) }
    }

    private func test(_ name: String, _ finder: TokenFinder, _ entry: inout Entry) throws {
        let name = try TokenName(name)
        let token = try finder.token(named: name)
        let info = token.info
        (entry.label, entry.serialNumber, entry.module) = (info.plainLabel, info.serialNumber, token.module.path)
        entry.add(
            "token",
            localized("found in \(info.slotDescription) (serial \(info.serialNumber)), with \(token.module.path)"))
        let named = try NamedToken(name.text, in: finder)
        let certificate = named.stored.certificate
        let subject = certificate.subject.value(of: "CN")?.trimmed ?? "?"
        switch SASTLikeness(certificate) {
        case .full: entry.add("certificate", localized("certificate \(subject), of a Cisco SAST token"))
        case .nameOnly, .none:
            entry.add("certificate", localized("certificate \(subject), not issued by Cisco Manufacturing CA"))
        }
        let now = Int64(time(nil))
        let (start, end) = (Timestamp(certificate.notBefore), Timestamp(certificate.notAfter))
        if now < certificate.notBefore || now > certificate.notAfter {
            // Phones look at the signature and not at the dates; that is unconfirmed for every model.
            entry.add("validity", localized("valid from \(start) to \(end), not now"), "warning")
        } else {
            entry.add("validity", localized("valid to \(end)"))
        }
        let signer = try named.signer(pin)
        let history = try? token.pinHistory()
        entry.add(
            "pin",
            history?.tries.map { localized("the PIN is right (\($0.text))") } ?? localized("the PIN is right"))
        entry.add(
            "key", localized("the private key is there (\(certificate.publicKey.bits) bit)"))
        let message = (0..<64).map { _ in UInt8.random(in: 0...255) }
        _ = try signer.sign(message, digest: .sha1)
        entry.add("signature", localized("a signature over random bytes verifies"))
    }

    /// At which step an error occurs; those before it have an entry.
    private static func step(of error: any Error) -> String {
        guard let error = error as? TokenError else { return "pin" }
        return switch error.code {
        case .moduleNotFound, .moduleNotUsable, .moduleCrashes, .tokenNotFound, .badURI: "token"
        case .certificateNotFound: "certificate"
        case .ambiguous: "token"
        case .keyNotFound: "key"
        case .badSignature, .mechanismMissing: "signature"
        case .tokenPulled, .noAnswer, .failed:
            [.signInit, .sign].contains(error.function) ? "signature" : error.function == .login ? "pin" : "token"
        default: "pin"
        }
    }

    private static func mark(_ result: String) -> String {
        switch result {
        case "ok": localized("ok      ").localized
        case "warning": localized("warning ").localized
        default: localized("failed  ").localized
        }
    }
}

extension TokenTest.Entry {
    fileprivate mutating func add(_ step: String, _ text: LocalizableText, _ result: String = "ok") {
        steps.append(TokenTest.Step(step: step, result: result, text: text.localized))
    }
}
