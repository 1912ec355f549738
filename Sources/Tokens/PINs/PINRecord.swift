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

    private var words: [Substring] { (try? read()) ?? [] }

    private func read() throws(FileError) -> [Substring] {
        do throws(FileError) {
            let bytes = try Files.read(path, limit: 64)
            return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        } catch {
            if error.code == .notFound { return [] }
            throw error
        }
    }

    /// More would be more than any token allows.
    private static let most = 1000

    /// Wrong PINs since the last right one. A file with something else in it is one that was damaged: as many as can be.
    var count: Int {
        guard let first = words.first else { return 0 }
        return Int(first).map { min(max($0, 0), Self.most) } ?? Self.most
    }

    /// Whether the token reported at a login that its PIN is locked, unless its flags have shown otherwise since.
    var isLocked: Bool { flags == .ready && words.contains("locked") }

    /// The state of the PIN: by the token's flags or, if they show nothing, by what it reported at a login.
    var state: PINState { isLocked ? .locked : flags }

    /// Whether the token itself says how many wrong PINs were tried. Flags that show nothing may mean that none was, or
    /// that the token does not tell: then only this record knows.
    private var isToldByToken: Bool { flags != .ready }

    /// Makes sure that a count can be read and kept, by reading and writing one.
    ///
    /// - Throws: `FileError`; never for a token that tells.
    func check() throws(FileError) {
        do throws(FileError) {
            _ = try read()
            let probe = "\(path).probe"
            try write("0", to: probe)
            try Files.remove(probe)
        } catch {
            if !isToldByToken { throw error }
        }
    }

    /// - Throws: `FileError` if the count cannot be kept; never for a token that tells.
    func store(_ count: Int, isLocked: Bool = false) throws(FileError) {
        do throws(FileError) {
            guard count > 0 else { return try Files.remove(path) }
            try write(isLocked ? "\(count) locked" : "\(count)", to: path)
        } catch {
            if !isToldByToken { throw error }
        }
    }

    private func write(_ text: String, to path: String) throws(FileError) {
        if let slash = path.lastIndex(of: "/") { try Files.makeFolder(String(path[..<slash])) }
        try Files.write(Array("\(text)\n".utf8), to: path, permissions: 0o600, replacing: true)
    }
}
