import ArgumentParser
import Basics
import Messages
import TrustList

struct CtlSign: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: localized("Re-sign a trust list with its records unchanged."),
        discussion: localized(
            """
            For a token on a machine without network: --request, here and in ctl build and ctl edit, writes what is to be \
            signed into a file instead. There, ctl sign shows it, asks, and writes the answer; here, --signature makes the \
            trust list of both. Exit status 5: the answer is not one to this request, or its signature does not verify.

            Example:
              etoken-bridge ctl sign CTLFile.tlv \\
                --sign-with SAST-ADN0054f509 --output CTLFile.new.tlv
              etoken-bridge ctl sign CTLFile.tlv --request \\
                --token-certificate SAST-ADN0054f509.cer --output request
              etoken-bridge ctl sign request --sign-with SAST-ADN0054f509 --output answer
              etoken-bridge ctl sign request --signature answer --output CTLFile.new.tlv
            """))

    @Argument(help: .localized("The file whose records are signed, or the request."), completion: .file())
    var file: String

    @Option(
        help: .localized(
            "The answer to the request; - for one that is typed, pasted or scanned in.", valueName: "answer"),
        completion: .file())
    var signature: String?

    @OptionGroup var signing: SigningOptions
    @OptionGroup var answer: AnswerOptions
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard signature == nil else {
            if signing.isGiven {
                throw ValidationError(localized("--signature says who signed; nobody signs once more."))
            }
            return
        }
        try signing.check()
    }

    func run() throws {
        try output.check()
        let bytes = try CtlFile.read(file, limit: 1 << 23)
        if RequestFile.isOne(bytes) { return try run(RequestFile.received(bytes)) }
        let old = try CtlFile(file, bytes)
        guard signature == nil else {
            throw Failure(
                Status.usage, localized("\(file) is a trust list; --signature is for a request."),
                next: localized(
                    "Create one: etoken-bridge ctl sign \(path: file) --request --token-certificate FILE --output REQUEST"
                ))
        }
        try signing.sign(
            old.list.records, fileName: old.list.header.fileName, replacing: old, token: signing.token(), to: output,
            json: common.json
        ) {
            localized(
                "Add it, and sign with it, in one go: etoken-bridge ctl edit \(path: file) --add-token \(word: $0.label) --sign-with \(word: $0.label) --output FILE"
            )
        }
    }

    private func run(_ received: ReceivedRequest) throws {
        if let signature {
            return try output.write(AnswerFile.verified(signature, to: received).list, json: common.json)
        }
        guard let token = signing.signWith else {
            throw Failure(
                Status.usage, localized("\(file) is a request; a token signs it."),
                next: localized("Specify the token: --sign-with TOKEN"))
        }
        try SigningSession(
            view: SigningView(received: received), module: signing.module, pin: signing.pin,
            confirmation: confirmation, options: answer
        ).answer(token: token, to: output.output, replacing: output.force, json: common.json)
    }
}
