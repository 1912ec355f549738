import SmartCards

/// A token that is present.
public struct PresentToken: Sendable {
    public let info: TokenInfo
    /// Path of the PKCS#11 module that reads it.
    public let module: String
    /// The reader that it is in; nil for tokens without a reader, such as SoftHSM's and those on other machines.
    public let reader: Reader?

    /// The names (CN) of its certificates; empty if they cannot be read, or nobody asked for them.
    public let certificateNames: [String]

    /// The same for one token, wherever it is inserted.
    public var identity: [String] { info.identity }
}

extension Reader {
    /// Whether a slot is this reader: modules name a slot as the service names the reader, cut after 64 bytes.
    public func isSlot(_ description: String) -> Bool {
        name == description || (description.utf8.count == 64 && name.hasPrefix(description))
    }
}
