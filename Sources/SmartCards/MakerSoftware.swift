/// What the maker of cards has for them on Linux.
public struct MakerSoftware: Hashable, Sendable {
    /// As the maker calls it.
    public let name: String
    /// The file names of its PKCS#11 module, the present release's first.
    public let modules: [String]
    /// The systemd service that has to run for it, or nil.
    public let service: String?

    /// Of Thales, who bought SafeNet, who bought Aladdin: all eTokens.
    public static let safeNet = MakerSoftware(
        name: "SafeNet Authentication Client", modules: ["libeToken.so", "libeTPkcs11.so"], service: "SACSrv")

    /// That of all known cards, in the order of the cards.
    public static let all: [MakerSoftware] = KnownCard.all.map(\.software).reduce(into: []) { all, software in
        if !all.contains(software) { all.append(software) }
    }

    /// Whether a module is this software's, by its file name.
    public func owns(module path: String) -> Bool { modules.contains { path.hasSuffix("/" + $0) } }
}
