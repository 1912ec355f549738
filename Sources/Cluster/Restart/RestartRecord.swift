import Files
import FoundationEssentials
import Glibc
import Messages

/// What a run of ``PhoneRestart`` has done, so that another one can go on with it: an append-only file, a JSON document a
/// line. The first line holds the phones, each further one what became of one of them.
public final class RestartRecord {
    private struct Line: Codable {
        var schema: String?
        var cluster: String?
        /// Seconds since 1970.
        var begun: Int64?
        var isReset: Bool?
        var phones: [String]?

        var told: String?
        var refused: String?
        var reason: String?
        var finished: Int64?
    }

    private static let schema = "etoken-bridge-restart/1"

    public let path: String
    /// When it began, in seconds since 1970.
    public let begun: Int64
    /// Whether the phones are reset, not restarted.
    public let isReset: Bool
    /// All phones of the run, in their order.
    public let phones: [String]
    public private(set) var told: Set<String> = []
    public private(set) var refused: Set<String> = []
    public private(set) var isFinished = false
    private var descriptor: Int32 = -1

    /// Those that have not been told, the refused ones again.
    public var left: [String] { phones.filter { !told.contains($0) } }

    deinit { if descriptor >= 0 { close(descriptor) } }

    // MARK: Beginning and finding

    /// Begins a record.
    ///
    /// - Parameters:
    ///   - folder: the program's state folder.
    ///   - time: now, in seconds since 1970.
    /// - Throws: `file`.
    public static func begin(
        cluster: String, phones: [String], isReset: Bool, in folder: String, at time: Int64
    ) throws(ClusterError) -> RestartRecord {
        let operation = localized("begin a record of the restart")
        let line = Line(schema: schema, cluster: cluster, begun: time, isReset: isReset, phones: phones)
        let stem = "\(self.folder(in: folder))/\(fileName(cluster))-\(time)"
        var path = stem + ".jsonl"
        var number = 0
        while Files.exists(path) {
            number += 1
            path = "\(stem)-\(number).jsonl"
        }
        do throws(FileError) {
            try Files.makeFolder(self.folder(in: folder))
            try Files.write(encode(line), to: path, permissions: 0o600, replacing: false)
        } catch {
            throw ClusterError(error, operation: operation)
        }
        return try open(path, operation: operation)
    }

    /// The newest record of a cluster that was not finished; nil where there is none.
    public static func unfinished(of cluster: String, in folder: String) throws(ClusterError) -> RestartRecord? {
        let operation = localized("look for a restart that was stopped")
        let prefix = fileName(cluster) + "-"
        let paths = names(in: self.folder(in: folder)).filter { $0.hasPrefix(prefix) && $0.hasSuffix(".jsonl") }
            .map { "\(self.folder(in: folder))/\($0)" }
        var newest: RestartRecord?
        for path in paths {
            let (first, lines, _) = try read(path, operation: operation)
            guard first.cluster == cluster else { continue }
            let record = RestartRecord(path, first, lines)
            if record.isFinished || record.left.isEmpty { continue }
            if record.begun >= newest?.begun ?? 0 { newest = record }
        }
        return newest
    }

    /// Opens it for writing: another process that writes it is an error.
    public func resume() throws(ClusterError) -> RestartRecord {
        try Self.open(path, operation: localized("resume the restart"))
    }

    private init(_ path: String, _ first: Line, _ lines: [Line]) {
        self.path = path
        begun = first.begun ?? 0
        isReset = first.isReset ?? false
        phones = first.phones ?? []
        for line in lines { apply(line) }
    }

    private func apply(_ line: Line) {
        if let name = line.told {
            told.insert(name)
            refused.remove(name)
        }
        if let name = line.refused { refused.insert(name) }
        if line.finished != nil { isFinished = true }
    }

    // MARK: Writing

    /// Notes that a phone was told. It survives the end of this process at once, and that of the machine after ``sync()``.
    public func note(told phone: String) throws(ClusterError) { try append(Line(told: phone)) }

    public func note(refused phone: String, reason: String) throws(ClusterError) {
        try append(Line(refused: phone, reason: reason))
    }

    /// Notes that nothing is left to do.
    public func finish(at time: Int64) throws(ClusterError) {
        try append(Line(finished: time))
        try sync()
    }

    /// Returns when everything that was noted is on the disk.
    public func sync() throws(ClusterError) {
        guard fdatasync(descriptor) == 0 else { throw failure("sync") }
    }

    private func append(_ line: Line) throws(ClusterError) {
        var rest = Self.encode(line)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("write")
            }
            rest = rest.dropFirst(count)
        }
        apply(line)
    }

    private func failure(_ what: String) -> ClusterError {
        ClusterError(
            .file, operation: localized("\(what) the record of the restart"),
            message: "\(path): \(String(cString: strerror(errno)))")
    }

    // MARK: The file

    private static func open(_ path: String, operation: String) throws(ClusterError) -> RestartRecord {
        let descriptor = Glibc.open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        func failed(_ what: String) -> ClusterError {
            ClusterError(.file, operation: operation, message: "\(path): \(what)")
        }
        guard descriptor >= 0 else { throw failed(String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw failed(localized("another etoken-bridge is restarting these phones"))
        }
        do throws(ClusterError) {
            let (first, lines, length) = try read(path, operation: operation)
            // A line that a crash cut off goes, so that the next one does not follow half a one.
            guard ftruncate(descriptor, off_t(length)) == 0 else { throw failed(String(cString: strerror(errno))) }
            let record = RestartRecord(path, first, lines)
            record.descriptor = descriptor
            return record
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// The first line, the others, and the length of what is whole.
    private static func read(_ path: String, operation: String) throws(ClusterError) -> (Line, [Line], Int) {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try Files.read(path, limit: 1 << 28) } catch {
            throw ClusterError(error, operation: operation)
        }
        let length = (bytes.lastIndex(of: 10) ?? -1) + 1
        let decoder = JSONDecoder()
        var lines: [Line] = []
        for text in bytes[..<length].split(separator: 10) {
            guard let line = try? decoder.decode(Line.self, from: Data(text)) else { continue }
            lines.append(line)
        }
        guard let first = lines.first, first.schema == schema else {
            throw ClusterError(
                .file, operation: operation, message: localized("\(path) is no record of a restart"), expected: schema,
                found: lines.first?.schema)
        }
        return (first, Array(lines.dropFirst()), length)
    }

    private static func encode(_ line: Line) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(line) else { preconditionFailure("a line is plain text and numbers") }
        return Array(data) + [10]
    }

    private static func folder(in state: String) -> String { "\(state)/restarts" }

    private static func fileName(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" })
    }

    private static func names(in folder: String) -> [String] {
        guard let folder = opendir(folder) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
                })
        }
        return names.sorted()
    }
}
