import ArgumentParser
import Basics
import Cluster
import Messages
import Migration
import Tokens
import X509

struct TrustRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: localized("Remove a certificate from a trust store of the cluster."),
        discussion: localized(
            """
            TVS then no longer vouches for it: phones that depend on that refuse trust lists that it signed. The store \
            is read back as proof; if the certificate is not there, nothing is changed.

            Example:
              etoken-bridge trust remove --cluster office \\
                --serial 83:E9:08:00:00:00:55:45:AF:31
              etoken-bridge trust remove --cluster office --name SAST-ADN008580ef.pem
            """))

    @Option(help: .localized("The file's name in the store, as trust list shows it.", valueName: "name"))
    var name: String?

    @Option(
        help: .localized("The certificate's serial number, hexadecimal, with or without colons.", valueName: "number")
    )
    var serial: String?

    @Option(help: .localized("The certificate, PEM or DER.", valueName: "file"), completion: .file())
    var certificate: String?

    @Option(
        help: .localized("The certificate of this token: label, serial number or PKCS#11 URI.", valueName: "token"))
    var token: String?

    @OptionGroup var trust: TrustOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        let ways = [name, serial, certificate, token].compactMap(\.self)
        guard ways.count < 2 else {
            throw ValidationError(localized("Specify only one of --name, --serial, --certificate and --token."))
        }
        guard !ways.isEmpty else {
            throw ValidationError(localized("Specify which one: --name, --serial, --certificate or --token."))
        }
        if let serial, [UInt8](hexNumber: serial) == nil {
            throw ValidationError(localized("--serial \(serial) is not hexadecimal."))
        }
    }

    func run() throws {
        let isWanted = try selection()
        let name = try trust.cluster.name
        let lock = try ClusterLock.forCommand(name)
        defer { withExtendedLifetime(lock) {} }
        let change = try trust.withStores { stores in
            let (present, _) = try stores.list(trust.store)
            let matching = present.filter(isWanted)
            guard !matching.isEmpty else {
                return try stores.remove(from: trust.store, where: isWanted)
            }
            guard matching.count == 1 else {
                throw Failure(
                    Status.notThere,
                    localized(
                        "\(matching.count) certificates of \(trust.store) match: \(matching.map(\.title).joined(separator: ", "))."
                    ),
                    next: localized("Choose one with --name."))
            }
            try confirmation.ask(
                localized("Remove \(matching[0].title) from \(trust.store) of cluster \(name)?"))
            // Only what was confirmed, whatever was added in between.
            let chosen = matching[0]
            let change = try stores.remove(from: trust.store) { listed in
                // Another interface may describe it in another way, or not name it.
                chosen.certificate.map(listed.isSame) ?? (listed.name == chosen.name)
            }
            change.tellPassedOver()
            return change
        }
        if common.json {
            try Terminal.json(TrustChangeDocument(trust.store, [change]))
        } else if change.outcome == .notThere {
            Terminal.note(localized("\(trust.store) does not contain it; nothing was changed."))
        } else {
            let names = change.certificates.map(\.title).joined(separator: ", ")
            Terminal.out(localized("\(names) is no longer in \(trust.store) (via \(change.transport.rawValue))"))
        }
    }

    private func selection() throws -> (TrustedCertificate) -> Bool {
        if let name { return { $0.name == name } }
        if let serial {
            let bytes = Array(([UInt8](hexNumber: serial) ?? []).drop { $0 == 0 })
            return { $0.serialNumber == bytes }
        }
        let wanted =
            if let certificate {
                try readCertificate(certificate)
            } else { try NamedToken(token ?? "", in: module.finder()).stored.certificate }
        return { $0.isSame(as: wanted) }
    }
}
