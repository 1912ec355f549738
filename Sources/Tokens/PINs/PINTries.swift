import Messages

/// How many wrong PINs a token accepts before it locks itself, and how that is known.
public struct PINTries: Hashable, Sendable {
    public enum Source: String, Sendable {
        /// The token's own number, from the object in which SafeNet's module shows it.
        case token
        /// The flags of PKCS#11, which show the last try and a locked PIN only.
        case flags
        /// This program's count: tries of other programs and machines are not in it.
        case count
    }

    public let left: Int
    /// The number after a right PIN; nil if it is not known.
    public let most: Int?
    public let source: Source

    /// For people, as part of a sentence.
    public var text: LocalizableText {
        switch (source, most) {
        case (.count, _): localized(left, one: "at most 1 try left", other: "at most \(left) tries left")
        case (_, let most?): localized("\(left) of \(most) tries left")
        case (_, nil): localized(left, one: "1 try left", other: "\(left) tries left")
        }
    }
}

/// Where SafeNet's module shows the tries that are left: an object of the class CKO_HW_FEATURE, readable without a
/// login. Its first byte is the number. Source: other programs that read it; *unconfirmed* with Cisco's tokens
/// (docs/proven.md). If the number does not go down after a wrong PIN, it is no longer trusted.
enum PINTriesObject {
    /// The value of CKA_HW_FEATURE_TYPE.
    static let featureType: UInt = 0x8000_5002
    /// Tries of the user PIN that are left.
    static let userTriesLeft: UInt = 0x8000_1110
    /// Tries of the user PIN after a right one.
    static let userTriesMost: UInt = 0x8000_1112
}
