import ArgumentParser
import Basics
import Messages
import Tokens
import X509

struct TokenList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: localized("List the available tokens."),
        discussion: localized(
            """
            A token or module that cannot be read does not hide the others; it is reported on stderr.

            Example:
              etoken-bridge token list
              etoken-bridge token list --uris
            """))

    @Flag(help: .localized("Print only a PKCS#11 URI for each token; it names that token and no other."))
    var uris = false

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    private struct FailedToken: Encodable { let code, text: String }

    private struct List: Encodable {
        let tokens: [TokenDocument]
        /// Why others could not be read.
        let failures: [FailedToken]
    }

    func run() throws {
        var (readings, failures) = try module.finder().readings()
        var rows: [(token: Token, contents: TokenContents)] = []
        for (token, contents) in readings {
            switch contents {
            case .success(let contents):
                rows.append((token, contents))
                failures += contents.unreadable
            case .failure(let error): failures.append(error)
            }
        }
        let tokens = rows.map(\.token)
        for failure in failures where !rows.isEmpty || common.json {
            Terminal.note(localized("Skipped: \(failure)"))
        }
        let readers = ReaderView.now()
        // If a module did not answer, its tokens are not known: nothing is reported about unreadable ones.
        for note in failures.contains(where: { $0.code == .noAnswer }) ? [] : readers.unread(beside: tokens.map(\.info))
        { Terminal.note(note) }
        if common.json {
            try Terminal.json(
                List(
                    tokens: rows.map { TokenDocument($0.token, $0.contents, in: readers) },
                    failures: failures.map { .init(code: $0.code.rawValue, text: $0.text.localized) }))
            return
        }
        guard !rows.isEmpty else {
            if let failure = failures.first { throw failure }
            Terminal.note(localized("No token found. Insert one, or specify its module with --module."))
            return
        }
        if uris {
            for (token, _) in rows { Terminal.out(token.info.uri) }
            return
        }
        var table = Table(localized("LABEL"), localized("SERIAL"), localized("MODEL"), "PIN", localized("CERTIFICATE"))
        for (token, contents) in rows {
            let remarks = contents.certificates.compactMap { $0.certificate.validityRemark }
            let certificate: any TableCell =
                switch contents.certificates.count {
                case 0: localized("none")
                case 1: Self.cell(contents.certificates[0].certificate.subject.value(of: "CN")?.trimmed ?? "?", remarks)
                default: Self.cell(localized("\(contents.certificates.count) certificates").localized, remarks)
                }
            table.add(
                token.info.plainLabel, token.info.serialNumber, token.info.model,
                PINView(token, contents).text, certificate)
        }
        Terminal.out(table.text)
    }

    /// A certificate's name, and when it ends or ended if that matters.
    private static func cell(_ name: String, _ remarks: [LocalizableText]) -> String {
        ([name] + remarks.map(\.localized)).joined(separator: ", ")
    }
}
