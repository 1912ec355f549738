import Basics
import Messages
import X509

/// An answer as text that people can type, and that fits into a QR code: Base32 (RFC 4648, section 6) in lines, each with a
/// check of its own, so that a typing error is found where it is.
///
/// What the request already says is left out. Source: docs/offline-signing.md, "The answer as text".
public enum AnswerText {
    /// What it starts with: its format.
    static let mark = "ETB1"
    /// Bytes of a line: 32 characters.
    private static let width = 20
    /// Characters of a line's check.
    private static let checkLength = 2

    /// For people: in lines of groups, the first one being the mark.
    public static func lines(of answer: SigningAnswer) -> [String] {
        [mark]
            + pieces(of: answer).map { piece in
                Array(piece).chunks(of: 4).map { String($0) }.joined(separator: " ")
            }
    }

    /// For a QR code: the same characters without spaces, all of which its alphanumeric mode has (ISO/IEC 18004, 7.4.4).
    public static func line(of answer: SigningAnswer) -> String { mark + pieces(of: answer).joined() }

    /// Reads either form; upper and lower case, spaces and line ends make no difference.
    ///
    /// - Throws: ``AnswerError`` (`answer-unusable`, `answer-differs`).
    static func answer(_ text: String, to received: ReceivedRequest) throws(AnswerError) -> SigningAnswer {
        let letters = text.uppercased().filter { !$0.isWhitespace && $0 != "-" }
        guard letters.hasPrefix(mark) else {
            throw AnswerError(
                .answerUnusable,
                localized("This is not an answer to a signing request: as text, an answer starts with \(mark)."))
        }
        guard letters.utf8.count <= 1 << 14 else {
            throw AnswerError(.answerUnusable, localized("This is not an answer to a signing request: it is too long."))
        }
        let digits = Array(letters.utf8.dropFirst(mark.utf8.count))
        let length = Base32.length(of: width) + checkLength
        var bytes: [UInt8] = []
        for (index, piece) in digits.chunks(of: length).enumerated() {
            guard let part = Base32.bytes(piece.dropLast(checkLength)), !part.isEmpty,
                Array(piece) == Array(self.piece(part, index).utf8)
            else {
                throw AnswerError(
                    .answerUnusable, localized("Line \(index + 1) after \(mark) is not what was shown."))
            }
            bytes += part
        }
        return try decoded(bytes, received)
    }

    private static func pieces(of answer: SigningAnswer) -> [String] {
        encoded(answer).chunks(of: width).enumerated().map { piece(Array($1), $0) }
    }

    /// A line's bytes, and ten bits of a hash of them and of the line's place.
    private static func piece(_ bytes: [UInt8], _ index: Int) -> String {
        let check = Digest.sha256([UInt8(truncatingIfNeeded: index)] + bytes)
        return Base32.text(bytes) + String(Base32.text(check).prefix(checkLength))
    }

    // MARK: Bytes

    /// How many bytes of the request's SHA-256 are in it: enough to notice that the answer belongs to another request.
    private static let shownOfRequest = 8

    private static func encoded(_ answer: SigningAnswer) -> [UInt8] {
        func sized(_ bytes: [UInt8]) -> [UInt8] { [UInt8](bigEndian: UInt16(clamping: bytes.count)) + bytes }
        var bytes = Array(([UInt8](hex: answer.request) ?? []).prefix(shownOfRequest))
        bytes += [UInt8](bigEndian: answer.signed.seconds)
        for part in [Array(answer.signedBy.utf8), Array(answer.version.utf8), answer.signature, answer.seal] {
            bytes += sized(part)
        }
        return bytes
    }

    private static func decoded(_ bytes: [UInt8], _ received: ReceivedRequest) throws(AnswerError) -> SigningAnswer {
        var rest = bytes[...]
        func take(_ count: Int) throws(AnswerError) -> [UInt8] {
            guard rest.count >= count else {
                throw AnswerError(.answerUnusable, localized("The answer ends too early: lines are missing."))
            }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        func takeSized() throws(AnswerError) -> [UInt8] { try take(take(2).bigEndian(as: Int.self)) }
        func takeName() throws(AnswerError) -> String {
            let name = String(decoding: try takeSized(), as: UTF8.self)
            guard SigningAnswer.isName(name) else {
                throw AnswerError(.answerUnusable, localized("The answer contains a name that cannot be one."))
            }
            return name
        }
        let request = try take(shownOfRequest)
        let time = try take(8).bigEndian(as: Int64.self)
        // Only years of four digits can be written.
        guard let last = Timestamp(year: 9999, month: 12, day: 31), (0...last.seconds).contains(time) else {
            throw AnswerError(.answerUnusable, localized("The answer contains a time that cannot be one."))
        }
        let list = received.request.list
        let (signedBy, version) = (try takeName(), try takeName())
        let (signature, seal) = (try takeSized(), try takeSized())
        let answer = SigningAnswer(
            request: received.sha256, message: Digest.sha256(list.message).hex, certificate: list.signer.der,
            signature: signature, signedBy: signedBy, signed: Timestamp(time), version: version, seal: seal)
        guard rest.isEmpty else {
            throw AnswerError(.answerUnusable, localized("The answer continues after its end."))
        }
        guard received.sha256.hasPrefix(request.hex) else {
            throw AnswerError(
                .answerDiffers,
                localized(
                    "The answer is for a file whose SHA-256 starts with \(request.hex); that of this one starts with \(received.sha256)."
                ))
        }
        return answer
    }
}
