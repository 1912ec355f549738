import Files
import Messages
import Migration
import Tokens

/// How many wrong PINs in a row this program has tried on each token. Many tokens do not tell (OpenSC shows no flags for
/// a CardOS eToken), and the fifteenth locks one for good. Holds counts, nothing of any PIN.
struct PINHistory {
    /// How many wrong PINs in a row are too many: Cisco's tokens lock themselves after 15.
    static let limit = 10

    private let path: String
    private let info: TokenInfo

    init(_ info: TokenInfo, in state: StateFolder = .standard()) {
        self.info = info
        let name = info.serialNumber.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        path = "\(state.path)/wrong-pins/\(String(name))"
    }

    /// Wrong PINs since the last right one.
    var count: Int {
        guard let bytes = try? Files.read(path, limit: 16) else { return 0 }
        return Int(String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)) ?? 0
    }

    /// Refuses a login that comes close to locking the token.
    func check() throws {
        guard count < Self.limit else {
            throw Failure(
                Status.pinLocked,
                localized(
                    "\(count) wrong PINs in a row were tried on token \(info.plainLabel) with this program; at 15 it locks itself for good, so no other is tried."
                ),
                next: localized(
                    "Use the other token. If you are sure of the PIN, remove \(path), and run the command again."))
        }
    }

    /// Does something that tries a PIN once, and keeps count. As on a card, the try counts before its outcome is known,
    /// so that ending the program hides none.
    ///
    /// - Parameter body: calls what it is given when it has the PIN and is about to try it.
    func counting<Value>(_ body: (_ isAboutToTry: () -> Void) throws -> Value) throws -> Value {
        let before = count
        do {
            let value = try body { store(before + 1) }
            store(0)
            return value
        } catch {
            if (error as? TokenError)?.usedUpPINTry != true { store(before) }
            throw error
        }
    }

    /// A count that cannot be kept is no reason to fail: the token keeps its own.
    private func store(_ count: Int) {
        guard count > 0 else {
            try? Files.remove(path)
            return
        }
        if let slash = path.lastIndex(of: "/") { try? Files.makeFolder(String(path[..<slash])) }
        try? Files.write(Array("\(count)\n".utf8), to: path, permissions: 0o600, replacing: true)
    }
}
