import Basics
import Messages
import X509

/// Which journal a record was generated from: anyone who has the journal can prove that it is the same.
public struct JournalSeal: Codable, Sendable, Equatable {
    public let path: String
    /// Of the first ``lines`` lines: a journal only grows.
    public let sha256: String
    public let lines: Int

    /// - Throws: `FileError`.
    init(_ path: String, lines: Int) throws {
        let bytes = try Files.read(path, limit: 1 << 28)
        var (left, end) = (lines, 0)
        while left > 0, let feed = bytes[end...].firstIndex(of: 10) {
            end = feed + 1
            left -= 1
        }
        (self.path, self.lines) = (path, lines)
        sha256 = Digest.sha256(Array(bytes[..<end])).hex
    }

    /// Prints that SHA-256 again.
    var command: String { "head -n \(lines) \(Shell.word(Shell.path(path))) | sha256sum" }
}
