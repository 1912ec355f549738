import Basics
import Messages

/// What is remembered about one token's PIN: how many wrong ones were tried since the last right one, and what the
/// token reported at a login that its flags do not show. Many tokens set none (OpenSC sets none for a CardOS eToken).
/// Contains nothing of any PIN.
///
/// There is one record for a token, whichever module reads it: its name is the serial number in small letters and
/// without leading zeros, because some modules write it in capitals, or pad it.
struct PINRecord: Sendable {
    /// A file with a line for each PIN: the count, and words.
    let path: String
    private let folder: String
    private let name: String
    private let info: TokenInfo
    /// Which of the card's PINs it is about, nil for the only one.
    private let pin: String?
    private let shared: SharedPINCounts?
    private let unusableShare: FileError?

    /// What happened to a PIN that was being changed when the program ended or the token was lost.
    enum UnfinishedChange: String, Sendable {
        /// The token was told to change it: either the new PIN or the old one is valid.
        case asked = "changing"
        /// The same, and one PIN was refused since: if it was the new one, the old one is valid.
        case refused = "changing-refused"
        /// The token failed to change it in a way that most often means that the old PIN was wrong (OpenSC, some cards).
        case doubtful = "changing-failed"
        /// The token has changed it; the login that proves it has not been made.
        case done = "changed"
    }

    /// A line of the file: one PIN.
    struct Entry: Equatable, Sendable {
        /// Wrong PINs since the last right one.
        var count = 0
        /// Whether the token reported at a login that the PIN is locked.
        var isLocked = false
        /// Whether the number of tries that the token itself reports did not go down after a wrong PIN.
        var isUntold = false
        /// Whether it was seen to go down.
        var isTold = false
        var change: UnfinishedChange?
        /// Which of the PINs of a card with several slots, nil for the only one.
        var pin: String?

        var isEmpty: Bool { count == 0 && !isLocked && change == nil }

        var line: String {
            var words = ["\(count)"]
            if isLocked { words.append("locked") }
            if isUntold { words.append("untold") }
            if isTold { words.append("told") }
            if let change { words.append(change.rawValue) }
            if let pin {
                words.append("pin=" + Percent.encode(pin.utf8) { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "%") })
            }
            return words.joined(separator: " ") + "\n"
        }

        init?(_ line: Substring) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let first = words.first, let count = Int(first), count >= 0 else { return nil }
            // A number that large can only mean: no more tries.
            self.count = min(count, 1_000_000)
            for word in words.dropFirst() {
                if word == "locked" {
                    isLocked = true
                } else if word == "untold" {
                    isUntold = true
                } else if word == "told" {
                    isTold = true
                } else if let change = UnfinishedChange(rawValue: String(word)) {
                    self.change = change
                } else if word.hasPrefix("pin="), Percent.isWhole(word.utf8) {
                    pin = String(decoding: Percent.decode(word.dropFirst(4).utf8), as: UTF8.self)
                } else {
                    return nil
                }
            }
        }

        init(pin: String?) { self.pin = pin }
    }

    /// All lines: those of the PINs of one card.
    struct Contents: Equatable, Sendable {
        fileprivate var entries: [Entry] = []
        fileprivate let pin: String?
        /// What was counted under other accounts.
        fileprivate(set) var others: [SharedPINCounts.Other] = []

        /// The line of the PIN that this is about.
        var own: Entry {
            get { entries.first { $0.pin == pin } ?? Entry(pin: pin) }
            set {
                entries.removeAll { $0.pin == pin }
                if !newValue.isEmpty { entries.append(newValue) }
            }
        }

        /// Wrong PINs, whichever of the card's PINs was meant, and whoever tried them: that they are separate on the card is not
        /// known.
        var count: Int { entries.reduce(0) { $0 + $1.count } + countOfOthers }

        var countOfOthers: Int { others.reduce(0) { $0 + $1.entry.count } }

        /// Whether others say that the token reported to them that the PIN is locked: enough to try none, and no more, as
        /// anyone may have written it.
        var isLockedForOthers: Bool { others.contains { $0.entry.isLocked && $0.entry.pin == pin } }
    }

    /// - Parameter isForOperations: whether it is about the PIN that a key wants for each signature
    ///   (CKA_ALWAYS_AUTHENTICATE): a card may have a separate one for that, with tries of its own.
    init(_ info: TokenInfo, in ledger: PINLedger, isForOperations: Bool = false) {
        self.info = info
        folder = ledger.folder
        name =
            info.serialNumber.isEmpty ? Self.sanitized(info.plainLabel) : Self.sanitized(info.normalizedSerialNumber)
        path = "\(folder)/\(name)"
        pin = isForOperations ? "\(info.pinName ?? "")/operation" : info.pinName
        shared = SharedPINCounts(in: ledger.shared, token: name, state: folder)
        unusableShare =
            shared == nil
            ? ledger.shared.flatMap { Files.isFolder($0) ? FileError(.write, $0, .writableByOthers) : nil } : nil
    }

    private static func sanitized(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    /// Also used as the name of the lock.
    var lockName: String { name }

    /// Records of the same token under names of earlier releases: the serial number as the module wrote it.
    private var others: [String] {
        guard !info.serialNumber.isEmpty else { return [] }
        return Files.names(in: folder, hidden: false).filter {
            $0 != name && TokenInfo.normalized(serialNumber: $0) == name
        }.map { "\(folder)/\($0)" }
    }

    /// - Throws: ``TokenError`` (`pin-history-unusable`) if there is a record and it cannot be read.
    func read() throws(TokenError) -> Contents {
        var contents = Contents(pin: pin)
        contents.others = shared?.others() ?? []
        for file in [path] + others {
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try Files.read(file, limit: 4096)
            } catch {
                if error.code == .notFound { continue }
                throw unusable(error.clause, next: localized("Check the file and its permissions."))
            }
            let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            for line in lines {
                guard let entry = Entry(line) else { throw notARecord(file) }
                guard let index = contents.entries.firstIndex(where: { $0.pin == entry.pin }) else {
                    contents.entries.append(entry)
                    continue
                }
                contents.entries[index].count += entry.count
                contents.entries[index].isLocked = contents.entries[index].isLocked || entry.isLocked
                contents.entries[index].isUntold = contents.entries[index].isUntold || entry.isUntold
                contents.entries[index].isTold = contents.entries[index].isTold || entry.isTold
                contents.entries[index].change = contents.entries[index].change ?? entry.change
            }
            guard !lines.isEmpty else { throw notARecord(file) }
        }
        return contents
    }

    private func notARecord(_ file: String) -> TokenError {
        unusable(
            localized("\(file) does not contain the number of wrong PINs"),
            next: localized("If you know that no wrong PIN was tried since the last right one: rm \(path: file)"))
    }

    private func unusable(_ reason: LocalizableText, next: LocalizableText) -> TokenError {
        TokenError(
            .pinHistoryUnusable, info.plainLabel,
            localized(
                "It is not known how many wrong PINs were tried on token \(info.plainLabel): \(reason). No PIN is tried."
            ),
            next: next)
    }

    /// Writes the record to disk. Those under other names are removed after that: if the program is killed in between,
    /// they count twice, not never.
    ///
    /// - Parameter isRight: whether the PIN was right just now.
    func store(_ contents: Contents, isRight: Bool = false) throws(FileError) {
        do throws(FileError) {
            try shared?.tell(contents.entries, about: pin, isRight: isRight)
        } catch {
            guard SharedPINCounts.isNotPossible(error) else { throw error }
        }
        if contents.entries.isEmpty {
            try Files.remove(path)
        } else {
            try Files.makeFolder(folder)
            let text = contents.entries.map(\.line).joined()
            try Files.write(Array(text.utf8), to: path, permissions: 0o600, replacing: true)
        }
        for file in others { try Files.remove(file) }
    }

    /// Whether a record can be written now: tried with a file next to it, which needs as much as the record does.
    func probe() throws(FileError) {
        try Files.makeFolder(folder)
        try Files.probe("\(folder)/.\(name)")
        do throws(FileError) { if let shared { try Files.probe(shared.path) } } catch {
            guard SharedPINCounts.isNotPossible(error) else { throw error }
        }
    }

    /// Why others do not learn of wrong PINs, though there is a folder for that.
    var sharingFailure: FileError? {
        guard let shared else { return unusableShare }
        do throws(FileError) {
            try shared.checkOwn()
            try Files.probe(shared.path)
        } catch { return error }
        return nil
    }

    // MARK: - For showing it

    /// What is there, and nothing if it cannot be read: to show it, never to decide about a login.
    var shown: Contents { (try? read()) ?? Contents(pin: pin) }

    /// The state of the PIN: by the token's flags or, if they show nothing, by what it reported at a login.
    var state: PINState { info.pin == .ready && shown.own.isLocked ? .locked : info.pin }
}
