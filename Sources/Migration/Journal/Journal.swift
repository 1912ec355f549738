import Files
import FoundationEssentials
import Glibc
import Messages

/// The journal of one change: an append-only file, a JSON document a line, synced after each.
///
/// What was written before a crash is there after it; a line that was cut off by the crash counts as not written.
/// Source: docs/architecture.md, "The journal".
public final class Journal {
    public let path: String
    public private(set) var records: [JournalRecord]
    private let descriptor: Int32
    /// Tests stop a run here, as a crash would.
    var didAppend: (JournalRecord) -> Void = { _ in }

    deinit { close(descriptor) }

    private init(path: String, records: [JournalRecord], descriptor: Int32) {
        self.path = path
        self.records = records
        self.descriptor = descriptor
    }

    /// The plan, as the first record holds it.
    public var plan: ChangePlan {
        guard let plan = records.first?.plan else { preconditionFailure("a journal begins with its plan") }
        return plan
    }

    public var state: JournalState { JournalState(records) }

    /// Begins the journal of a change.
    ///
    /// - Throws: `FileError`; `exists` where a change of this name has one.
    static func create(_ plan: ChangePlan, in folder: StateFolder) throws -> Journal {
        try Files.makeFolder(folder.journals)
        let path = folder.journalPath(of: plan.id)
        let first = JournalRecord(number: 1, time: Int64(time(nil)), event: .planned, plan: plan)
        // In one piece: a journal without its plan would be of no use.
        try Files.write(try line(first), to: path, permissions: 0o600, replacing: false)
        return try open(path)
    }

    /// Opens a journal to go on writing it.
    ///
    /// - Throws: `FileError`; ``MigrationError`` (`journal-unusable`).
    public static func open(_ path: String) throws -> Journal {
        let bytes = try Files.read(path, limit: 1 << 28)
        let (records, length) = try decode(bytes, path: path)
        let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC)
        // What a crash cut off goes, so that the next line does not follow half a one.
        guard descriptor >= 0, ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, 0, SEEK_END) >= 0 else {
            throw unusable(path, localized("it cannot be written to: \(String(cString: strerror(errno)))"))
        }
        return Journal(path: path, records: records, descriptor: descriptor)
    }

    /// Reads a journal, also one that another process is writing.
    public static func read(_ path: String) throws -> [JournalRecord] {
        try decode(try Files.read(path, limit: 1 << 28), path: path).records
    }

    /// Writes a record and waits until it is on the disk.
    func append(
        _ event: JournalRecord.Event, step: String? = nil, text: [String]? = nil, seconds: Double? = nil,
        fact: JournalRecord.Fact? = nil, run: JournalRecord.Run? = nil
    ) throws {
        let record = JournalRecord(
            number: records.count + 1, time: Int64(time(nil)), event: event, step: step, text: text, seconds: seconds,
            plan: nil, fact: fact, run: run)
        var rest = try Self.line(record)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.unusable(path, localized("it cannot be written to: \(String(cString: strerror(errno)))"))
            }
            rest = rest.dropFirst(count)
        }
        guard fdatasync(descriptor) == 0 else {
            throw Self.unusable(path, localized("it cannot be synced: \(String(cString: strerror(errno)))"))
        }
        records.append(record)
        didAppend(record)
    }

    private static func line(_ record: JournalRecord) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(record)) + [10]
    }

    /// The whole lines of a journal, and how many bytes they take.
    private static func decode(
        _ bytes: [UInt8], path: String
    ) throws -> (records: [JournalRecord], length: Int) {
        var records: [JournalRecord] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: 10) {
            do {
                records.append(try JSONDecoder().decode(JournalRecord.self, from: Data(bytes[start..<end])))
            } catch {
                throw unusable(path, localized("line \(records.count + 1): \(DecodingFailure.text(error))"))
            }
            start = end + 1
        }
        guard records.first?.plan != nil, records.enumerated().allSatisfy({ $0.offset + 1 == $0.element.number }) else {
            throw unusable(path, localized("its records are not in order, or the plan is missing"))
        }
        return (records, start)
    }

    private static func unusable(_ path: String, _ why: String) -> MigrationError {
        MigrationError(
            .journalUnusable, localized("The journal \(path) cannot be used: \(why)."),
            next: localized(
                "Check the disk that holds it. The files of before the change are in the folder backups beside it."))
    }
}
