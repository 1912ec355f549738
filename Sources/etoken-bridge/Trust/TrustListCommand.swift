import ArgumentParser
import Basics
import Cluster
import Messages
import X509

struct TrustListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: localized("List the certificates of a trust store of the cluster."),
        discussion: localized(
            """
            Example:
              etoken-bridge trust list --cluster office
              etoken-bridge trust list --cluster office --store CallManager-trust --json
            """))

    @OptionGroup var trust: TrustOptions
    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        let store, via: String
        let certificates: [TrustedCertificateDocument]
    }

    func run() throws {
        let (certificates, transport) = try trust.withStores { try $0.list(trust.store) }
        if common.json {
            try Terminal.json(
                Report(
                    store: trust.store, via: transport.rawValue,
                    certificates: certificates.map(TrustedCertificateDocument.init)))
            return
        }
        guard !certificates.isEmpty else {
            Terminal.note(localized("\(trust.store) contains no certificate."))
            return
        }
        for listed in certificates {
            let document = TrustedCertificateDocument(listed)
            let notTold = localized("not reported by this interface").localized
            Terminal.out(
                localized(
                    """
                    \(listed.title)
                      Subject  \(document.subject ?? notTold)
                      Issuer   \(document.issuer ?? notTold)
                      Serial   \(listed.serialNumber.colonHex)
                      Until    \(document.notAfter?.description ?? notTold)
                      SHA-1    \(document.sha1 ?? notTold)
                    """))
        }
    }
}
