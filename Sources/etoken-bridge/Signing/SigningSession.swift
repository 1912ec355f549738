import Basics
import Messages
import Migration
import Tokens
import TrustList
import Version
import X509

/// The machine with the token: a request is shown, agreed to, signed, and answered. Nothing here needs a network.
struct SigningSession {
    let view: SigningView
    let module: ModuleOptions
    let pin: PINOptions
    let confirmation: ConfirmationOptions
    let options: AnswerOptions

    private struct Written: Encodable {
        let file, request, message, certificateSHA1, signedBy: String
        let signed: Timestamp
        /// As it can be typed in.
        let text: String
    }

    /// - Parameters:
    ///   - name: the token, by label, serial number or PKCS#11 URI; nil for the one that contains the certificate.
    ///   - output: where the answer goes.
    ///   - replacing: whether a file there may be replaced.
    func answer(token name: String?, to output: String, replacing: Bool = false, json: Bool) throws {
        if !replacing, Files.exists(output) { throw Failure(overwriting: output) }
        try options.check()
        let received = view.received
        Terminal.note(view.text)
        let token = try self.token(name, received.request.list.signer)
        try confirmation.ask(localized("Sign this with token \(token.label)?"))
        let answer = try SigningAnswer(
            to: received, by: token.signer(pin), author: RunAuthor.current.who, at: .now, version: Version.current)
        try Files.write(JSON.document(answer), to: output, permissions: 0o644, replacing: replacing)
        if json {
            try Terminal.json(
                Written(
                    file: output, request: answer.request, message: answer.message,
                    certificateSHA1: received.request.list.signer.sha1.hex, signedBy: answer.signedBy,
                    signed: answer.signed, text: AnswerText.line(of: answer)))
            try options.show(answer, on: 2)
        } else {
            Terminal.out(localized("The answer is in \(output), signed by \(token.label) for \(answer.signedBy)."))
            try options.show(answer, on: Terminal.results)
        }
    }

    private func token(_ name: String?, _ certificate: Certificate) throws -> NamedToken {
        let wanted = localized(
            "\(certificate.subject.rendered(.cucm)) (serial number \(certificate.serialNumber.colonHex), SHA-1 \(certificate.sha1.hex))"
        )
        guard let name else {
            if let token = try NamedToken(holding: certificate, in: module.finder()) { return token }
            throw Failure(
                Status.notThere, localized("No inserted token contains the certificate that is to sign: \(wanted)."),
                next: localized("Insert it, and run the command again."))
        }
        let named = try NamedToken.all([name], module)[0]
        guard let stored = try named.token.certificates().first(where: { $0.certificate == certificate }) else {
            throw Failure(
                Status.failed, localized("Token \(named.label) is not the one that is to sign: \(wanted)."),
                next: localized("Insert that one, or have the request made for this one."))
        }
        return NamedToken(token: named.token, stored: stored)
    }
}
