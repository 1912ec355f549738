import ArgumentParser
import Basics
import Cluster
import Configuration
import Messages
import Tokens
import TrustList
import X509

struct TVSQuery: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: localized("Ask the Trust Verification Service about a certificate, as a phone would."),
        discussion: localized(
            """
            With a certificate or a token, both messages are sent: VERIFY, and QUERY_CERT with the names as trust \
            lists spell them, in both spellings. With --signer-of, the request of a phone that is offered FILE. Every \
            server of the cluster that runs the service is asked, over TLS with its pinned key; nodes with legacy_tls \
            = true over TLS 1.0 where they support nothing better.

            Exit status 5 when a server does not vouch for the certificate, 8 when some servers do not answer.

            Example:
              etoken-bridge tvs query --cluster office --token SAST-ADN008580ef
              etoken-bridge tvs query --cluster office \\
                --issuer 'cn=Cisco Manufacturing CA;o=Cisco Systems' \\
                --serial 83E9080000005545AF31
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(help: .localized("Only this node. May be repeated.", valueName: "name"))
    var node: [String] = []

    @Option(help: .localized("A certificate, PEM or DER.", valueName: "file"), completion: .file())
    var certificate: String?

    @Option(
        help: .localized("The certificate of this token: label, serial number or PKCS#11 URI.", valueName: "token"))
    var token: String?

    @Option(
        help: .localized("The signer of this trust list, as its header names it.", valueName: "file"),
        completion: .file())
    var signerOf: String?

    @Option(help: .localized("The issuer's name, spelled as in a trust list; with --serial.", valueName: "name"))
    var issuer: String?

    @Option(
        help: .localized("The certificate's serial number, hexadecimal, with or without colons.", valueName: "number")
    )
    var serial: String?

    @Option(help: .localized("With --issuer: the subject's name, if known.", valueName: "name"))
    var subject = ""

    @Option(name: .customLong("as"), help: .localized("The device to ask as.", valueName: "device"))
    var device = TVSClient.defaultDeviceName

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        let ways = [certificate, token, signerOf, issuer].compactMap(\.self)
        guard ways.count < 2 else {
            throw ValidationError(
                localized("Specify only one of --certificate, --token, --signer-of, and --issuer with --serial."))
        }
        guard ways.count == 1, (issuer == nil) == (serial == nil) else {
            throw ValidationError(
                localized(
                    "Specify what to ask about: --certificate FILE, --token TOKEN, --signer-of FILE, or --issuer and --serial."
                ))
        }
        if let serial, [UInt8](hexNumber: serial) == nil {
            throw ValidationError(localized("--serial \(serial) is not hexadecimal."))
        }
        guard !device.isEmpty, device.utf8.count <= 128, device.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ValidationError(localized("--as needs a name such as \(TVSClient.defaultDeviceName)."))
        }
    }

    func run() throws {
        let (inquiry, wanted) = try inquiry()
        let cluster = try cluster.configured()
        let servers =
            try node.isEmpty
            ? cluster.configuration.nodes.filter { $0.tvsPort != nil } : cluster.nodes(named: node)
        guard !servers.isEmpty else {
            throw Failure(
                Status.notThere,
                localized("No node of cluster \(cluster.configuration.name) is configured to run the service."),
                next: localized("Set tvs_port and tvs_pin of a node in the configuration."))
        }
        let report = TVSReport(inquiry.ask(servers, deviceName: device), wanted: wanted)
        if common.json { try Terminal.json(report) } else { Terminal.out(report.text) }
        let upload =
            token.map { Shell.option("--token", $0) } ?? certificate.map { Shell.word(Shell.path($0)) } ?? "FILE"
        try report.check(subject: subject(wanted), upload: upload, cluster: cluster.configuration.name)
    }

    /// What was asked about, for messages.
    private func subject(_ wanted: Certificate?) -> String {
        if let wanted {
            return localized(
                "the certificate of \(wanted.subject.rendered(.cucm)), serial \(wanted.serialNumber.colonHex)"
            ).localized
        }
        if let signerOf { return localized("the signer of \(signerOf)").localized }
        return localized(
            "the certificate of \(issuer ?? "") with serial \(([UInt8](hexNumber: serial ?? "") ?? []).colonHex)"
        )
        .localized
    }

    private func inquiry() throws -> (TVSInquiry, Certificate?) {
        if let certificate {
            let certificate = try readCertificate(certificate)
            return (TVSInquiry(certificate: certificate), certificate)
        }
        if let token {
            let certificate = try NamedToken(token, in: module.finder()).stored.certificate
            return (TVSInquiry(certificate: certificate), certificate)
        }
        if let signerOf {
            let list = try CtlFile(signerOf).list
            return (TVSInquiry(signerOf: list), list.signerRecord?.x509)
        }
        let question = TVSInquiry.Question.query(
            subject: subject, issuer: issuer ?? "", serialNumber: [UInt8](hexNumber: serial ?? "") ?? [])
        return (TVSInquiry(questions: [question]), nil)
    }
}
