import Basics
import Glibc

/// What runs under other accounts of this machine, and with other state folders, have counted for one token: it locks
/// after so many wrong PINs, whoever tries them. Each keeps a file of its own in a folder to which all may write, as in
/// /var/tmp, and only reads those of the others; its own record (``PINRecord``) stays where it is.
///
/// Nobody has to trust these files: they can only add to the count of one's own record. A right PIN ends what others counted
/// before, for the one who entered it: that is known by a number that goes up with each change (no clock is needed for that).
struct SharedPINCounts: Sendable {
    private static let start = "etoken-bridge-pin"
    /// Nobody counts further, whatever others write.
    private static let mostChanges = 1 << 40

    private let folder: String
    private let token: String
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
        // Any function will do that tells folders apart.
        let place = state.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        path = "\(folder)/\(Self.start).\(token).\(geteuid()).\(String(place, radix: 16))"
    }

    /// What others have counted since the right PIN was last entered here.
    func others() -> [Other] {
        let files = read()
        let own = files[path] ?? []
        return files.filter { $0.key != path }.sorted { $0.key < $1.key }.flatMap { file, lines in
            lines.filter { line in
                line.entry.count > 0
                    && line.change >= own.first { $0.entry.pin == line.entry.pin }?.right ?? 0
            }.map { Other(path: file, entry: $0.entry) }
        }
    }

    /// Makes sure that nobody else has a file in the place of one's own.
    func checkOwn() throws(FileError) {
        do throws(FileError) { try Files.checkOwn(path) } catch { if error.code != .notFound { throw error } }
    }

    /// Tells others what was counted here.
    ///
    /// - Parameters:
    ///   - entries: all of the own record.
    ///   - pin: which was tried, or is about to be.
    ///   - isRight: whether it was right just now.
    func tell(_ entries: [PINRecord.Entry], about pin: String?, isRight: Bool) throws(FileError) {
        let files = read()
        let last = files.values.joined().map { max($0.change, $0.right) }.max() ?? 0
        let next = min(last + 1, Self.mostChanges)
        let before = files[path] ?? []
        var lines: [Line] = []
        for name in Set(entries.map(\.pin) + before.map(\.entry.pin) + [pin]) {
            let entry = entries.first { $0.pin == name } ?? PINRecord.Entry(pin: name)
            let old = before.first { $0.entry.pin == name }
            let isAbout = name == pin
            let line = Line(
                change: old.map { isAbout || $0.entry != entry ? next : $0.change } ?? next,
                right: isAbout && isRight ? next : old?.right ?? 0, entry: entry)
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
        guard words.count == 3, let change = Int(words[0]), let right = Int(words[1]), change >= 0, right >= 0,
            let entry = PINRecord.Entry(words[2])
        else { return nil }
        return Line(change: min(change, mostChanges), right: min(right, mostChanges), entry: entry)
    }
}
