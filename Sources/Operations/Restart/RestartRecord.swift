import Basics
import Configuration
import Messages

/// The progress of a ``PhoneRestart`` run, so that another run can continue it: an append-only file with one JSON
/// document per line. The first line contains the phones, each further one what happened to one of them.
public final class RestartRecord {
    private struct Line: Codable {
        var schema: String?
        var cluster: String?
        var begun: Timestamp?
        var isReset: Bool?
        var phones: [String]?

        var told: String?
        var refused: String?
        var reason: LocalizableText?
        var finished: Timestamp?
    }

    private static let schema = "etoken-bridge-restart/1"

    public let path: String
    /// When it started.
    public let begun: Timestamp
    /// Whether the phones are reset, not restarted.
    public let isReset: Bool
    /// All phones of the run, in their order.
    public let phones: [String]
    public private(set) var told: Set<String> = []
    public private(set) var refused: Set<String> = []
    public private(set) var isFinished = false
    /// Nil while it is only read.
    private var file: LineFile?

    /// Those that have not been told yet; the refused ones again.
    public var left: [String] { phones.filter { !told.contains($0) } }

    // MARK: Beginning and finding

    /// Begins a record.
    ///
    /// - Parameters:
    ///   - folder: the program's state folder.
    ///   - time: now.
    /// - Throws: `file`.
    public static func begin(
        cluster: String, phones: [String], isReset: Bool, in folder: String, at time: Timestamp
    ) throws(ClusterError) -> RestartRecord {
        let operation = localized("start a record of the restart")
        let line = Line(schema: schema, cluster: cluster, begun: time, isReset: isReset, phones: phones)
        let stem = "\(self.folder(in: folder))/\(Files.name(cluster))-\(time.seconds)"
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

    /// The latest record of a cluster that was not finished; nil if there is none. Files that cannot be read do not
    /// hide the others; to continue the latest one, they must be checked first.
    public static func unfinished(
        of cluster: String, in folder: String
    ) -> (newest: RestartRecord?, unreadable: [ClusterError]) {
        let operation = localized("look for an interrupted restart")
        let prefix = Files.name(cluster) + "-"
        let paths = Files.names(in: self.folder(in: folder)).filter { $0.hasPrefix(prefix) && $0.hasSuffix(".jsonl") }
            .map { "\(self.folder(in: folder))/\($0)" }
        var newest: RestartRecord?
        var unreadable: [ClusterError] = []
        for path in paths {
            do throws(ClusterError) {
                let (first, lines) = try read(path, operation: operation)
                guard first.cluster == cluster else { continue }
                let record = RestartRecord(path, first, lines)
                if record.isFinished || record.left.isEmpty { continue }
                if newest.map({ record.begun >= $0.begun }) ?? true { newest = record }
            } catch {
                unreadable.append(error)
            }
        }
        return (newest, unreadable)
    }

    /// Opens it for writing: it is an error if another process is writing it.
    public func resume() throws(ClusterError) -> RestartRecord {
        try Self.open(path, operation: localized("resume the restart"))
    }

    private init(_ path: String, _ first: Line, _ lines: [Line]) {
        self.path = path
        begun = first.begun ?? Timestamp(0)
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

    /// Records that a phone was told. It survives the end of this process at once, and that of the machine after
    /// ``sync()``.
    public func note(told phone: String) throws(ClusterError) { try append(Line(told: phone)) }

    public func note(refused phone: String, reason: LocalizableText) throws(ClusterError) {
        try append(Line(refused: phone, reason: reason))
    }

    /// Records that nothing is left to do.
    public func finish(at time: Timestamp) throws(ClusterError) {
        try append(Line(finished: time))
        try sync()
    }

    /// Returns when everything recorded is on disk.
    public func sync() throws(ClusterError) {
        do throws(FileError) { try file?.sync() } catch { throw ClusterError(error, operation: Self.writing) }
    }

    private func append(_ line: Line) throws(ClusterError) {
        do throws(FileError) { try file?.append(Self.encode(line)) } catch {
            throw ClusterError(error, operation: Self.writing)
        }
        apply(line)
    }

    private static var writing: LocalizableText { localized("write the record of the restart") }

    // MARK: The file

    private static func open(_ path: String, operation: LocalizableText) throws(ClusterError) -> RestartRecord {
        let opened: (file: LineFile, lines: [ArraySlice<UInt8>])
        do throws(FileError) { opened = try LineFile.open(path, isExclusive: true) } catch {
            throw error.code == .locked
                ? ClusterError(
                    .file, operation: operation,
                    message: localized("another etoken-bridge is restarting these phones"), cause: error)
                : ClusterError(error, operation: operation)
        }
        let (first, rest) = try decode(opened.lines, path, operation: operation)
        let record = RestartRecord(path, first, rest)
        record.file = opened.file
        return record
    }

    /// The first line, and the others.
    private static func read(_ path: String, operation: LocalizableText) throws(ClusterError) -> (Line, [Line]) {
        let lines: [ArraySlice<UInt8>]
        do throws(FileError) { lines = try LineFile.lines(of: path) } catch {
            throw ClusterError(error, operation: operation)
        }
        return try decode(lines, path, operation: operation)
    }

    private static func decode(
        _ lines: [ArraySlice<UInt8>], _ path: String, operation: LocalizableText
    ) throws(ClusterError) -> (Line, [Line]) {
        let decoded: [Line]
        do throws(LineError) { decoded = try LineFile.decode(lines, as: Line.self) } catch {
            throw ClusterError(
                .file, operation: operation,
                message: localized(
                    "line \(error.line) of \(path) cannot be read: \(DecodingFailure.text(error.cause))"),
                cause: error.cause)
        }
        guard let first = decoded.first, first.schema == schema else {
            throw ClusterError(
                .file, operation: operation, message: localized("\(path) is not a restart record"), expected: schema,
                found: decoded.first?.schema)
        }
        return (first, Array(decoded.dropFirst()))
    }

    private static func encode(_ line: Line) -> [UInt8] {
        guard let bytes = try? JSON.line(line, userInfo: .keepingTemplates) else {
            preconditionFailure("a line is plain text and numbers")
        }
        return bytes
    }

    private static func folder(in state: String) -> String { "\(state)/restarts" }
}
