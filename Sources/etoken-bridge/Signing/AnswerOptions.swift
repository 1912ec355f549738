import ArgumentParser
import Basics
import Messages
import TrustList

/// How an answer leaves the machine with the token, besides its file.
struct AnswerOptions: ParsableArguments {
    @Flag(help: .localized("Also show the answer as a QR code on the terminal (by the program qrencode)."))
    var qr = false

    @Flag(help: .localized("Also show the answer as text that can be typed in: migrate run --signature -"))
    var text = false

    func check() throws { if qr { try QRCode.check() } }

    /// - Parameter descriptor: of the terminal.
    func show(_ answer: SigningAnswer, on descriptor: Int32) throws {
        if qr {
            Terminal.write(bytes: try QRCode.code(of: AnswerText.line(of: answer)), to: descriptor)
        }
        if text { Terminal.write(AnswerText.lines(of: answer).joined(separator: "\n") + "\n", to: descriptor) }
    }
}
