import ArgumentParser
import Cluster
import Messages
import Migration
import Tokens
import X509

struct MigrateReplaceToken: GuidedCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace-token",
        abstract: localized("Remove a lost token from the trust list, and replace it with a new one."),
        discussion: localized(
            """
            A token that remains in the file signs the new one, so that every phone accepts it. If all of them are lost, \
            two new ones sign, and phones follow only where TVS vouches for them; without --with, the cluster signs \
            itself (CUCM 10.0 and later). The plan says which way it goes, why, and what each phone will do.

            The new token's certificate is uploaded as Phone-SAST-trust, and that of the lost one is removed from there. \
            The plan, the record and the end say how many phones still hold a file that names the lost token.

            Exit status 9: phones would refuse the new file, and nothing that they can see was changed.

            Example:
              etoken-bridge migrate replace-token --cluster lab --dry-run \\
                --lost SAST-ADN0054f509 --with SAST-ADN00999999
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(
        help: .localized(
            "The lost token: its name, serial number or SHA-1 in the current file. May be repeated.",
            valueName: "name"))
    var lost: [String] = []

    @Option(
        help: .localized(
            "The new token: label, serial number or PKCS#11 URI. May be repeated.", valueName: "token"))
    var with: [String] = []

    @Option(
        help: .localized(
            "The certificate of a new token that is not inserted, PEM or DER, as token export writes it. May be repeated.",
            valueName: "file"),
        completion: .file())
    var withCertificate: [String] = []

    @Option(
        help: .localized(
            "Which of the remaining tokens signs: its name, serial number or SHA-1 in the current file; default: one that is inserted.",
            valueName: "name"))
    var signWith: String?

    @OptionGroup var options: ChangeOptions
    @OptionGroup var test: TokenTestOption
    @OptionGroup var module: ModuleOptions
    @OptionGroup var pin: PINOptions

    func validate() throws {
        guard !lost.isEmpty || Terminal.isInteractive else {
            throw ValidationError(localized("Specify the lost token: --lost NAME."))
        }
    }

    func run() throws {
        let cluster = try cluster.configured()
        defer { cluster.close() }
        try ChangeSession(cluster: cluster, options: options.run, module: module, pin: pin)
            .replace(
                lost, with: with, absent: withCertificate.map(ChangePlan.Token.init(certificate:)), signer: signWith,
                options, testsTokens: test.testTokens)
    }

    var missing: [Procedure.Need] {
        guard lost.isEmpty else { return [] }
        return with.isEmpty && withCertificate.isEmpty ? Procedure.replaceToken.needs : [.lostTokens]
    }
    var clusterOptions: ClusterOptions? { cluster }
    var moduleOptions: ModuleOptions? { module }
    var isConfirmed: Bool { options.run.yes }
}

extension NamedToken {
    /// The inserted tokens, each once for every certificate that it contains; empty if there is no module.
    static func inserted(_ module: ModuleOptions) throws -> [ChangePlan.Token] {
        do {
            return try module.finder().scan().tokens.flatMap { token in
                // One that cannot be read is not needed here: it is searched for again before it signs.
                ((try? token.certificates()) ?? []).map {
                    ChangePlan.Token(label: token.info.plainLabel, certificate: $0.certificate)
                }
            }
        } catch let error as TokenError where error.code == .moduleNotFound {
            // A remaining token signs only in a run.
            if Terminal.isVerbose { Terminal.note(error.text) }
            return []
        }
    }

    /// The inserted token that contains a certificate; nil if there is none.
    init?(holding certificate: Certificate, in finder: TokenFinder) throws {
        for token in try finder.scan().tokens {
            guard let stored = try? token.certificates().first(where: { $0.certificate == certificate }) else {
                continue
            }
            self.init(token: token, uri: nil, stored: stored)
            return
        }
        return nil
    }
}
