import Basics
import Glibc

/// What runs under other accounts of this machine, and with other state folders, have counted for one token: it locks
/// after so many wrong PINs, whoever tries them. Each keeps a file of its own in a folder to which all may write, as in
/// /var/tmp, and only reads those of the others; its own record (``PINRecord``) stays where it is.
///
/// Nobody has to trust these files: they can only add to the count of one's own record, and whoever may use the token could
/// lock it anyway. A right PIN starts the count again for all, which is known by a number that goes up with each change
/// (no clock is needed for that).
struct SharedPINCounts: Sendable {
    private static let start = "etoken-bridge-pin"
    /// What is larger was not counted by anyone.
    private static let mostChanges = 1 << 40

    private let folder: String
    private let token: String
    private let owner: String
    /// This account's and state folder's own file.
    let path: String

    /// A line of a file: one PIN.
    struct Line: Equatable, Sendable {
        /// The change that made the count what it is.
        var change: Int
        /// The change that was the last right PIN; 0 if there was none.
        var right: Int
        var entry: PINRecord.Entry
    }

    /// Someone else's wrong PINs.
    struct Other: Equatable, Sendable {
        let path: String
        let entry: PINRecord.Entry
    }

    /// Nil if there is no such folder here: one of root's or the user's own, in which nobody can replace the file of another.
    ///
    /// - Parameters:
    ///   - token: its name for files.
    ///   - state: the folder of the user's own record.
    init?(in folder: String?, token: String, state: String) {
        var status = stat()
        guard let folder, stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
            status.st_uid == 0 || status.st_uid == geteuid(),
            status.st_mode & (S_IWOTH | S_IWGRP) == 0 || status.st_mode & S_ISVTX != 0
        else { return nil }
        self.folder = folder
        self.token = token
        owner = "\(geteuid())"
        // Any function will do that tells folders apart.
        let place = state.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        path = "\(folder)/\(Self.start).\(token).\(owner).\(String(place, radix: 16))"
    }

    /// What others have counted since the last right PIN.
    func others() -> [Other] {
        let files = read()
        return files.filter { $0.key != path }.sorted { $0.key < $1.key }.flatMap { file, lines in
            lines.filter { line in
                line.entry.count > 0 && line.change >= Self.lastRight(of: line.entry.pin, in: files)
            }.map { Other(path: file, entry: $0.entry) }
        }
    }

    /// Tells others what was counted here.
    ///
    /// - Parameters:
    ///   - entries: all of the own record.
    ///   - right: the PIN that was right just now, if one was.
    func tell(_ entries: [PINRecord.Entry], right: PINRecord.Entry?) throws(FileError) {
        let files = read()
        let next = (files.values.joined().map { max($0.change, $0.right) }.max() ?? 0) + 1
        let before = files[path] ?? []
        var lines: [Line] = []
        for pin in Set(entries.map(\.pin) + before.map(\.entry.pin) + [right?.pin]) {
            let entry = entries.first { $0.pin == pin } ?? PINRecord.Entry(pin: pin)
            let old = before.first { $0.entry.pin == pin }
            let isRight = right.map { $0.pin == pin } ?? false
            let line = Line(
                change: old?.entry == entry ? old?.change ?? next : next, right: isRight ? next : old?.right ?? 0,
                entry: entry)
            // A right PIN matters as long as someone else counts wrong ones.
            if entry.count > 0 || entry.isLocked || line.right > 0 && files.contains(where: { $0.key != path }) {
                lines.append(line)
            }
        }
        guard lines != before else { return }
        guard !lines.isEmpty else { return try Files.remove(path) }
        let text = lines.sorted { ($0.entry.pin ?? "") < ($1.entry.pin ?? "") }
            .map { "\($0.change) \($0.right) \($0.entry.line)" }.joined()
        try Files.write(Array(text.utf8), to: path, permissions: 0o644, replacing: true)
    }

    /// Whether a failure means that nothing can be shared on this machine, and not merely now.
    static func isNotPossible(_ error: FileError) -> Bool { [.permission, .notFound].contains(error.code) }

    private static func lastRight(of pin: String?, in files: [String: [Line]]) -> Int {
        files.values.joined().filter { $0.entry.pin == pin }.map(\.right).max() ?? 0
    }

    /// The lines of all files about the token, by path.
    private func read() -> [String: [Line]] {
        var files: [String: [Line]] = [:]
        for name in Files.names(in: folder) where name.hasPrefix("\(Self.start).\(token).") {
            let parts = name.split(separator: ".")
            guard parts.count == 4, let uid = UInt32(parts[2]),
                let text = Files.textOfOther("\(folder)/\(name)", owner: uid, limit: 4096)
            else { continue }
            files["\(folder)/\(name)"] = text.split(whereSeparator: \.isNewline).compactMap(Self.line)
        }
        return files
    }

    /// Nil if it is none: someone else may have written it.
    private static func line(_ text: Substring) -> Line? {
        let words = text.split(separator: " ", maxSplits: 2)
        guard words.count == 3, let change = Int(words[0]), let right = Int(words[1]),
            (0...mostChanges).contains(change), (0...mostChanges).contains(right),
            let entry = PINRecord.Entry(words[2])
        else { return nil }
        return Line(change: change, right: right, entry: entry)
    }
}
