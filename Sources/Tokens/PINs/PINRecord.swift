import Basics

/// What is remembered about one token's PIN: how many wrong ones were tried since the last right one, and whether the
/// token reported that it is locked. Many tokens do not report it (OpenSC sets no flags for a CardOS eToken). Contains
/// nothing of any PIN.
struct PINRecord: Sendable {
    /// A file with the count, and the word `locked`.
    let path: String
    private let flags: PINState

    init(_ info: TokenInfo, in folder: String) {
        flags = info.pin
        let name = info.serialNumber.isEmpty ? info.plainLabel : info.serialNumber
        let plain = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        path = "\(folder)/\(String(plain))"
    }

    private var words: [Substring] {
        guard let bytes = try? Files.read(path, limit: 64) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    }

    /// Wrong PINs since the last right one.
    var count: Int { words.first.flatMap { Int($0) } ?? 0 }

    /// Whether the token reported at a login that its PIN is locked, unless its flags have shown otherwise since.
    var isLocked: Bool { flags == .ready && words.contains("locked") }

    /// The state of the PIN: by the token's flags or, if they show nothing, by what it reported at a login.
    var state: PINState { isLocked ? .locked : flags }

    /// A record that cannot be kept is no reason to fail: the token keeps its own count.
    func store(_ count: Int, isLocked: Bool = false) {
        guard count > 0 else {
            try? Files.remove(path)
            return
        }
        if let slash = path.lastIndex(of: "/") { try? Files.makeFolder(String(path[..<slash])) }
        let text = isLocked ? "\(count) locked\n" : "\(count)\n"
        try? Files.write(Array(text.utf8), to: path, permissions: 0o600, replacing: true)
    }
}
