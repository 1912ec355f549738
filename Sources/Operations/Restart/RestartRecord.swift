import Basics
import Configuration
import Messages

/// The progress of a ``PhoneRestart`` run, so that another run can continue it: an append-only file with one JSON
/// document per line. The first line contains the phones, each further one what happened to one of them.
public final class RestartRecord {
    private struct Line: RunRecordLine {
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
        let path = try files.create(
            line, of: cluster, at: time, in: self.folder(in: folder), operation: operation)
        return try open(path, operation: operation)
    }

    /// All records of a cluster, the oldest first. Files that cannot be read do not hide the others.
    public static func all(
        of cluster: String, in folder: String
    ) -> (records: [RestartRecord], unreadable: [ClusterError]) {
        let operation = localized("look for an interrupted restart")
        var records: [RestartRecord] = []
        var unreadable: [ClusterError] = []
        for path in files.paths(of: cluster, in: self.folder(in: folder)) {
            do throws(ClusterError) {
                let lines = try files.read(path, operation: operation)
                // An empty one has to be checked before another run, like one that cannot be read.
                guard let first = lines.first else { throw files.foreign(path, operation: operation) }
                if first.cluster == cluster { records.append(RestartRecord(path, lines)) }
            } catch {
                unreadable.append(error)
            }
        }
        return (records.sorted { ($0.begun, $0.path) < ($1.begun, $1.path) }, unreadable)
    }

    /// The latest record of a cluster that was not finished; nil if there is none. To continue it, those that cannot be read
    /// must be checked first.
    public static func unfinished(
        of cluster: String, in folder: String
    ) -> (newest: RestartRecord?, unreadable: [ClusterError]) {
        let (records, unreadable) = all(of: cluster, in: folder)
        return (records.last { !$0.isFinished && !$0.left.isEmpty }, unreadable)
    }

    /// Opens it for writing: it is an error if another process is writing it.
    public func resume() throws(ClusterError) -> RestartRecord {
        try Self.open(path, operation: localized("resume the restart"))
    }

    /// - Parameter lines: at least one.
    private init(_ path: String, _ lines: [Line]) {
        self.path = path
        begun = lines[0].begun ?? Timestamp(0)
        isReset = lines[0].isReset ?? false
        phones = lines[0].phones ?? []
        for line in lines.dropFirst() { apply(line) }
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
        do throws(FileError) { try file?.append(RunRecordFile.encode(line)) } catch {
            throw ClusterError(error, operation: Self.writing)
        }
        apply(line)
    }

    private static var writing: LocalizableText { localized("write the record of the restart") }

    // MARK: The file

    private static func open(_ path: String, operation: LocalizableText) throws(ClusterError) -> RestartRecord {
        let (file, lines) = try files.open(path, operation: operation)
        let record = RestartRecord(path, lines)
        record.file = file
        return record
    }

    private static var files: RunRecordFile<Line> {
        RunRecordFile(
            schema: schema, isForeign: { localized("\($0) is not a restart record") },
            busy: localized("another etoken-bridge is restarting these phones"))
    }

    private static func folder(in state: String) -> String { "\(state)/restarts" }
}
