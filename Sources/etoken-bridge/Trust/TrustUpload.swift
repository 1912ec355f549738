import ArgumentParser
import Cluster
import Messages
import Migration
import Tokens
import X509

struct TrustUpload: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload", abstract: localized("Upload certificates to a trust store of the cluster."),
        discussion: localized(
            """
            As Phone-SAST-trust, unless --store says otherwise: TVS then vouches for them as signers of trust lists. \
            The store is read back as proof; if the certificate is already there, nothing is changed.

            Example:
              etoken-bridge trust upload --cluster office \\
                --token SAST-ADN008580ef --token SAST-ADN0054f509
              etoken-bridge trust upload --cluster office \\
                --store CallManager-trust ca.pem
            """))

    @Argument(help: .localized("Certificates, PEM or DER."), completion: .file())
    var files: [String] = []

    @Option(
        help: .localized("Another certificate, PEM or DER. May be repeated.", valueName: "file"),
        completion: .file())
    var certificate: [String] = []

    @Option(
        help: .localized(
            "The certificate of this token: label, serial number or PKCS#11 URI. May be repeated.",
            valueName: "token"))
    var token: [String] = []

    @Option(help: .localized("A note for the certificate, where the cluster stores one.", valueName: "text"))
    var description = ""

    @OptionGroup var trust: TrustOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if files.isEmpty && certificate.isEmpty && token.isEmpty {
            throw ValidationError(localized("Specify a certificate file, or --token TOKEN."))
        }
    }

    func run() throws {
        // Everything is read before anything is changed.
        let finder = try token.isEmpty ? nil : module.finder()
        let certificates =
            try (files + certificate).map { (name: $0, certificate: try readCertificate($0)) }
            + token.compactMap { name in
                try finder.map { (name: name, certificate: try NamedToken(name, in: $0).stored.certificate) }
            }
        let lock = try ClusterLock.forCommand(trust.cluster.name)
        defer { withExtendedLifetime(lock) {} }
        let changes = try trust.withStores { stores in
            try certificates.map { item in
                let change = try stores.upload(item.certificate, to: trust.store, description: description)
                change.tellPassedOver()
                if !common.json {
                    let names = change.certificates.map(\.title).joined(separator: ", ")
                    let via = change.transport.rawValue
                    Terminal.out(
                        localized(
                            change.outcome == .uploaded
                                ? "\(item.name) is now in \(trust.store) as \(names) (via \(via))"
                                : "\(item.name) was already in \(trust.store) as \(names) (via \(via))"))
                }
                return change
            }
        }
        if common.json { try Terminal.json(TrustChangeDocument(trust.store, changes)) }
    }
}
