/// What a card vendor offers for its cards on Linux.
public struct MakerSoftware: Hashable, Sendable {
    /// The vendor's name for it.
    public let name: String
    /// The file names of its PKCS#11 module, the current release's first.
    public let modules: [String]

    /// From Thales, who bought SafeNet, who bought Aladdin: all eTokens. Its service SACSrv is not needed for PKCS#11.
    public static let safeNet = MakerSoftware(
        name: "SafeNet Authentication Client",
        modules: [
            "libeToken.so", "libIDPrimePKCS11.so", "libeTPkcs11.so", "libeToken.so.10", "libeToken.so.9",
            "libeToken.so.8",
        ])

    /// The software of all known cards, in the order of the cards.
    public static let all: [MakerSoftware] = KnownCard.all.map(\.software).reduce(into: []) { all, software in
        if !all.contains(software) { all.append(software) }
    }

    /// Whether a module belongs to this software, by its file name, also with the release at the end of it.
    public func owns(module path: String) -> Bool {
        let file = path.split(separator: "/").last ?? ""
        return modules.contains { file == $0 || file.hasPrefix($0 + ".") }
    }
}
