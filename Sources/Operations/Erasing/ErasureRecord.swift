import Basics
import Configuration
import Messages

/// The progress of a ``TrustListErasure``, so that a crash loses nothing: an append-only file with one JSON document per
/// line. The first line contains the phones, each further one what happened to one of them. That a phone's keys are
/// about to be pressed is on disk before they are.
public final class ErasureRecord {
    /// What became of a phone.
    public enum State: String, Codable, Sendable {
        /// Its keys were about to be pressed; whether they all were is not known.
        case pressing
        /// All keys were pressed.
        case pressed
        /// It came back: registered, and its page shows the cluster's file.
        case returned
        /// It did not come back in time.
        case missing
        /// Nothing was erased: it was busy, or did not answer.
        case skipped
    }

    public struct Entry: Sendable, Hashable {
        public let phone: String
        public var state: State
        public var time: Timestamp
        /// Of the phone, as it was when its keys were pressed.
        public var model: String?
        public var firmware: String?
        public var reason: LocalizableText?
    }

    private struct Line: RunRecordLine {
        var schema: String?
        var cluster: String?
        var phones: [String]?
        /// SHA-1 of the CTL file that the cluster served.
        var ctl: String?

        var phone: String?
        var state: State?
        var model: String?
        var firmware: String?
        var keys: [String]?
        var reason: LocalizableText?
        var finished: Bool?
        var time: Timestamp
    }

    private static let schema = "etoken-bridge-erasure/1"

    public let path: String
    public let begun: Timestamp
    /// All phones of the run.
    public let phones: [String]
    /// What happened so far.
    public private(set) var entries: [String: Entry] = [:]
    public private(set) var isFinished = false
    /// Nil while it is only read.
    private var file: LineFile?

    /// Those that have not come back, in their order.
    public var left: [String] { phones.filter { entries[$0]?.state != .returned } }

    // MARK: Beginning and finding

    /// - Parameters:
    ///   - ctl: SHA-1 of the CTL file that the cluster serves.
    ///   - folder: the program's state folder.
    /// - Throws: `file`.
    public static func begin(
        cluster: String, phones: [String], ctl: String, in folder: String, at time: Timestamp
    ) throws(ClusterError) -> ErasureRecord {
        let line = Line(schema: schema, cluster: cluster, phones: phones, ctl: ctl, time: time)
        return try open(
            files.create(line, of: cluster, at: time, in: self.folder(in: folder), operation: writing))
    }

    /// All records of a cluster, the oldest first.
    ///
    /// - Throws: `file` if one cannot be read: it may say what a phone holds.
    public static func all(of cluster: String, in folder: String) throws(ClusterError) -> [ErasureRecord] {
        var records: [ErasureRecord] = []
        for path in files.paths(of: cluster, in: self.folder(in: folder)) {
            let lines = try files.read(path, operation: reading)
            if lines.first?.cluster == cluster { records.append(ErasureRecord(path, lines)) }
        }
        return records.sorted { ($0.begun, $0.path) < ($1.begun, $1.path) }
    }

    /// The latest one that can be continued.
    public static func unfinished(of cluster: String, in folder: String) throws(ClusterError) -> ErasureRecord? {
        try all(of: cluster, in: folder).last { !$0.isFinished && !$0.left.isEmpty }
    }

    /// Opens it for writing: it is an error if another process is writing it.
    public func resume() throws(ClusterError) -> ErasureRecord { try Self.open(path) }

    /// - Parameter lines: at least one.
    private init(_ path: String, _ lines: [Line]) {
        self.path = path
        begun = lines[0].time
        phones = lines[0].phones ?? []
        for line in lines.dropFirst() { apply(line) }
    }

    private func apply(_ line: Line) {
        if line.finished == true { isFinished = true }
        guard let phone = line.phone, let state = line.state else { return }
        var entry = entries[phone] ?? Entry(phone: phone, state: state, time: line.time)
        (entry.state, entry.time, entry.reason) = (state, line.time, line.reason)
        entry.model = line.model ?? entry.model
        entry.firmware = line.firmware ?? entry.firmware
        entries[phone] = entry
    }

    // MARK: Writing

    /// Returns when it is on disk.
    ///
    /// - Parameters:
    ///   - sequence: with ``State/pressing``, what is going to be pressed.
    ///   - reason: why it was skipped, or is missing.
    public func note(
        _ phone: String, _ state: State, model: String? = nil, firmware: String? = nil, keys: [String]? = nil,
        reason: LocalizableText? = nil, at time: Timestamp = .now
    ) throws(ClusterError) {
        try append(
            Line(
                phone: phone, state: state, model: model, firmware: firmware, keys: keys, reason: reason, time: time))
    }

    /// Records that nothing is left for another run to do.
    public func finish(at time: Timestamp = .now) throws(ClusterError) { try append(Line(finished: true, time: time)) }

    private func append(_ line: Line) throws(ClusterError) {
        do throws(FileError) {
            try file?.append(RunRecordFile.encode(line))
            try file?.sync()
        } catch {
            throw ClusterError(error, operation: Self.writing)
        }
        apply(line)
    }

    private static var writing: LocalizableText { localized("write the record of the erasure") }
    private static var reading: LocalizableText { localized("read the record of an erasure") }

    // MARK: The file

    private static func open(_ path: String) throws(ClusterError) -> ErasureRecord {
        let (file, lines) = try files.open(path, operation: writing)
        let record = ErasureRecord(path, lines)
        record.file = file
        return record
    }

    private static var files: RunRecordFile<Line> {
        RunRecordFile(
            schema: schema, isForeign: { localized("\($0) is not the record of an erasure") },
            busy: localized("another etoken-bridge is erasing trust lists of these phones"))
    }

    private static func folder(in state: String) -> String { "\(state)/erasures" }
}
