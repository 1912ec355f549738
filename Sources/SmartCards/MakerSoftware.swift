/// What a card vendor offers for them on Linux.
public struct MakerSoftware: Hashable, Sendable {
    /// The vendor's name for it.
    public let name: String
    /// The file names of its PKCS#11 module, the current release's first.
    public let modules: [String]
    /// The systemd service that must run for it, or nil.
    public let service: String?

    /// From Thales, who bought SafeNet, who bought Aladdin: all eTokens.
    public static let safeNet = MakerSoftware(
        name: "SafeNet Authentication Client", modules: ["libeToken.so", "libeTPkcs11.so"], service: "SACSrv")

    /// The software of all known cards, in the order of the cards.
    public static let all: [MakerSoftware] = KnownCard.all.map(\.software).reduce(into: []) { all, software in
        if !all.contains(software) { all.append(software) }
    }

    /// Whether a module belongs to this software, by its file name.
    public func owns(module path: String) -> Bool { modules.contains { path.hasSuffix("/" + $0) } }
}
