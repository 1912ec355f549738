import Basics
import Messages

/// The keys that erase the trust lists of a phone, and for which phones they do.
public struct EraseSequence: Sendable, Hashable {
    /// A model's name; `*` stands for any text.
    public let model: String
    /// What its firmware is called, with `*` for any text; nil if the source does not say, and nothing is pressed then.
    public let firmware: String?
    /// In their order, `Key:Settings`; the last one erases.
    public let keys: [String]
    /// The source of the sequence.
    public let source: LocalizableText

    /// How many keys a phone takes in one request. Source: Cisco, Unified IP Phone Services Application Development Notes.
    public static let keysInRequest = 3

    /// The keys in requests, all but the last key; and that one.
    public var requests: (leading: [[String]], erasing: String) {
        (keys.dropLast().chunks(of: Self.keysInRequest).map(Array.init), keys[keys.count - 1])
    }

    /// `Settings` is `Key:Settings`. Nil for what is not a key: no other command can reach a phone.
    static func key(_ word: String) -> String? {
        if initial.contains(word) { return word }
        let name = word.hasPrefix("Key:") ? String(word.dropFirst(4)) : word
        return names.contains(name) ? "Key:\(name)" : nil
    }

    private static let initial: Set = [
        "Init:Settings", "Init:Services", "Init:Directories", "Init:Messages", "Init:Applications",
    ]

    private static let names: Set<String> = Set(
        (0...9).map { "KeyPad\($0)" } + ["KeyPadStar", "KeyPadPound"] + (1...5).map { "Soft\($0)" } + [
            "Settings", "Applications", "Services", "Directories", "Messages", "NavUp", "NavDwn", "NavLeft",
            "NavRight", "NavSelect", "NavBack",
        ])
}
