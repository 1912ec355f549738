import Tokens
import ArgumentParser
import Basics
import Messages
import TrustList

struct CtlEdit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: localized("Add, remove or empty records of a trust list, and sign it again."),
        discussion: localized(
            """
            Refuses to leave fewer than two tokens, or no record that may sign.

            Example:
              etoken-bridge ctl edit CTLFile.tlv --add-token SAST-ADN00112233 --remove 1 \\
                --sign-with SAST-ADN008580ef --output CTLFile.new.tlv
              etoken-bridge ctl edit CTLFile.tlv --add firewall:asa.pem@asa/10.48.47.1 \\
                --sign-with SAST-ADN008580ef --output CTLFile.new.tlv
            """))

    @Argument(help: .localized("The file to start from; it is not modified."), completion: .file()) var file: String
    @Option(help: RecordArgument.help) var add: [RecordArgument] = []
    @Option(
        help: .localized(
            "A token whose certificate is added: label, serial number or PKCS#11 URI. May be repeated.",
            valueName: "token"))
    var addToken: [String] = []
    @Option(
        help: .localized(
            "A record to remove: its number, its serial number (83:E9:..), or its subject as ctl show prints it.",
            valueName: "record"))
    var remove: [String] = []
    @Flag(help: .localized("Empty the CCM+TFTP records, as for a cluster in non-secure mode.")) var nonSecure = false
    @Flag(help: .localized("Allow fewer than two tokens.")) var allowFewTokens = false
    @OptionGroup var signing: SigningOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if add.isEmpty && addToken.isEmpty && remove.isEmpty && !nonSecure {
            throw ValidationError(localized("Specify what to change: --add, --add-token, --remove or --non-secure."))
        }
    }

    func run() throws {
        try output.check()
        let old = try CtlFile(file).list
        // New records get the profile of the existing ones.
        let profile: Profile = old.records.contains { $0.certificateSignature != nil } ? .tokenless : .ctlClient
        var editor = TrustListEditor(old.records)
        do {
            try editor.remove(remove.map(Self.selector))
        } catch {
            throw Failure(
                Status.notThere, localized("\(file): \(error.reason)."),
                next: localized("See the records: etoken-bridge ctl show \(path: file)"))
        }
        for argument in add { editor.add(try argument.record(profile: profile, reusing: old.records)) }
        let finder = addToken.isEmpty ? nil : try signing.module.finder()
        for name in addToken {
            guard let finder else { continue }
            editor.add(try .token(NamedToken(name, in: finder).stored.certificate))
        }
        if nonSecure { try editor.makeNonSecure() }
        if !allowFewTokens { try editor.checkSigners() }
        let list = try signing.sign(
            editor.records, fileName: old.header.fileName, replacing: old.header, token: signing.token()
        ) { localized("Add it as well: --add-token \(word: $0.label)") }
        try output.write(list, json: common.json)
    }

    private static func selector(_ text: String) -> TrustListEditor.Selector {
        if let number = Int(text) { return .number(number) }
        let pairs = text.split(separator: ":", omittingEmptySubsequences: false)
        guard pairs.count > 1, pairs.allSatisfy({ $0.utf8.count == 2 }), let bytes = [UInt8](hex: pairs.joined()) else {
            return .subject(text)
        }
        return .serialNumber(bytes)
    }
}
