import Basics
import Messages

/// Who had a document written, when and how.
public struct DocumentAuthor: Codable, Sendable, Equatable {
    public let time: Timestamp
    /// `alice@workstation`, and who became that user with sudo.
    public let who: String
    public let sudoUser: String?
    /// Of etoken-bridge.
    public let version: String
    /// As a shell reads it.
    public let command: String?

    /// "Written 2026-11-29 10:45:03 CET (2026-11-29T09:45:03Z) by root@jump (sudo: alice) with etoken-bridge 1.0."
    public var text: LocalizableText {
        localized("Written \(time.shown) by \(Self.name(who, sudoUser)) with etoken-bridge \(version).")
    }

    /// `root@jump (sudo: alice)`
    static func name(_ who: String, _ sudoUser: String?) -> String { sudoUser.map { "\(who) (sudo: \($0))" } ?? who }
}

extension RunAuthor {
    /// As the author of a document that is written now.
    public var document: DocumentAuthor {
        DocumentAuthor(time: .now, who: who, sudoUser: sudoUser, version: version, command: command)
    }
}
