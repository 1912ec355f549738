import Basics
import Glibc
import Messages
import TrustList

/// An answer from the machine with the token, as the user hands it over.
enum AnswerFile {
    /// More than any answer needs.
    private static let limit = 1 << 16

    /// Reads an answer, and verifies it.
    ///
    /// - Parameter path: `-` for the standard input.
    /// - Throws: `AnswerError`; ``Failure`` if the file cannot be read.
    static func verified(_ path: String, to received: ReceivedRequest) throws -> VerifiedAnswer {
        try VerifiedAnswer(SigningAnswer(reading: read(path), to: received), to: received)
    }

    private static func read(_ path: String) throws -> [UInt8] {
        if path == "-" { return typed() }
        do throws(FileError) { return try Files.read(path, limit: limit) } catch {
            throw Failure(
                reading: error,
                next: localized("Specify the answer that was written where the token is, or - to type it in."))
        }
    }

    /// On a terminal to an empty line, so that questions can follow; otherwise to the end.
    private static func typed() -> [UInt8] {
        let isTyped = isatty(STDIN_FILENO) == 1
        if isTyped { Terminal.note(localized("Type, paste or scan the answer, and end it with an empty line.")) }
        var text = ""
        while text.utf8.count <= limit, let line = readLine(strippingNewline: false) {
            if isTyped, line.trimmed.isEmpty, !text.trimmed.isEmpty { break }
            text += line
        }
        return Array(text.utf8)
    }
}
