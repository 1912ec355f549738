import ArgumentParser
import Messages
import TrustList

struct CtlBuild: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: localized("Build and sign a trust list from certificates and roles."),
        discussion: localized(
            """
            Example, with two tokens and one server:
              etoken-bridge ctl build --output CTLFile.tlv --sign-with SAST-ADN008580ef \\
                --record sast:SAST-ADN0054f509.cer \\
                --record ccm+tftp:pub.pem@cucm-pub/10.48.47.153 \\
                --record sast:SAST-ADN008580ef.cer
            """))

    @Option(help: RecordArgument.help) var record: [RecordArgument] = []
    @Option(help: .localized("ctl-client (IP addresses, no certificate signatures) or tokenless.")) var profile =
        Profile.ctlClient
    @Option(
        help: .localized(
            "A trust list whose spelling of names is reused where it contains the same certificate.", valueName: "file"
        ),
        completion: .file())
    var like: String?
    @Flag(help: .localized("Create an ITLFile.tlv.")) var itl = false
    @Flag(help: .localized("Allow fewer than two tokens.")) var allowFewTokens = false
    @OptionGroup var signing: SigningOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if record.isEmpty { throw ValidationError(localized("Specify the records: --record ROLE:CERTIFICATE@HOST.")) }
    }

    func run() throws {
        try output.check()
        let known = try like.map { try CtlFile($0).list }
        let records = try record.map { try $0.record(profile: profile, reusing: known?.records ?? []) }
        if !allowFewTokens && !itl { try TrustListEditor(records).checkSigners() }
        let list = try signing.sign(
            records, fileName: itl ? "ITLFile.tlv" : "CTLFile.tlv", replacing: known?.header, token: signing.token()
        ) {
            localized(
                "Export its certificate, and add it with --record sast:FILE: etoken-bridge token export \(word: $0.label)"
            )
        }
        try output.write(list, json: common.json)
    }
}

struct CtlSign: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: localized("Re-sign a trust list with its records unchanged."),
        discussion: localized(
            """
            Example:
              etoken-bridge ctl sign CTLFile.tlv \\
                --sign-with SAST-ADN0054f509 --output CTLFile.new.tlv
            """))

    @Argument(help: .localized("The file whose records are signed."), completion: .file()) var file: String
    @OptionGroup var signing: SigningOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        try output.check()
        let old = try CtlFile(file).list
        let list = try signing.sign(
            old.records, fileName: old.header.fileName, replacing: old.header, token: signing.token()
        ) {
            localized(
                "Add it, and sign with it, in one go: etoken-bridge ctl edit \(path: file) --add-token \(word: $0.label) --sign-with \(word: $0.label) --output FILE"
            )
        }
        try output.write(list, json: common.json)
    }
}
