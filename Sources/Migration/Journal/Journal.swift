import Basics
import Cluster
import Configuration
import Messages
import TrustList

/// The journal of one change: an append-only file with one JSON document per line, synced after each.
///
/// What was written before a crash is there afterwards; a line that was cut off by the crash counts as not written.
/// Source: docs/architecture.md, "The journal".
public final class Journal {
    public private(set) var records: [JournalRecord]
    /// What the records say together.
    public private(set) var state: JournalState
    private let file: LineFile
    /// Tests stop a run here, as a crash would.
    var didAppend: (JournalRecord) -> Void = { _ in }

    public var path: String { file.path }

    /// As in the first record.
    public let plan: ChangePlan

    private init(_ file: LineFile, _ plan: ChangePlan, _ records: [JournalRecord]) {
        self.file = file
        self.plan = plan
        self.records = records
        state = JournalState(records)
    }

    /// Starts the journal of a change.
    ///
    /// - Throws: `FileError`; `exists` if a change of this name has one.
    static func create(
        _ plan: ChangePlan, answer: SigningAnswer? = nil, in folder: StateFolder
    ) throws -> Journal {
        try Files.makeFolder(folder.journals)
        let path = folder.journalPath(of: plan.id)
        let first = JournalRecord(number: 1, time: .now, event: .planned, plan: plan, answer: answer)
        // In one piece: a journal without its plan would be useless.
        try Files.write(JSON.line(first, userInfo: .keepingTemplates), to: path, permissions: 0o600, replacing: false)
        return try open(path)
    }

    /// Opens a journal for appending.
    ///
    /// - Throws: `FileError`; ``MigrationError`` (`journal-unusable`).
    public static func open(_ path: String) throws -> Journal {
        let (file, lines) = try LineFile.open(path)
        let (plan, records) = try decode(lines, path)
        return Journal(file, plan, records)
    }

    /// Reads a journal, also one that another process is writing.
    ///
    /// - Throws: as ``open(_:)``.
    public static func read(_ path: String) throws -> [JournalRecord] { try readWithPlan(path).records }

    /// Reads what was added to a journal after its first `count` records.
    ///
    /// - Throws: as ``open(_:)``.
    public static func read(_ path: String, after count: Int) throws -> [JournalRecord] {
        let lines = try LineFile.lines(of: path).dropFirst(count)
        do throws(LineError) { return try LineFile.decode(Array(lines), as: JournalRecord.self) } catch {
            throw unusable(path, localized("line \(count + error.line): \(DecodingFailure.text(error.cause))"))
        }
    }

    static func readWithPlan(_ path: String) throws -> (plan: ChangePlan, records: [JournalRecord]) {
        try decode(try LineFile.lines(of: path), path)
    }

    /// Writes a record and waits until it is on disk.
    func append(
        _ event: JournalRecord.Event, step: StepID? = nil, text: [LocalizableText]? = nil, seconds: Double? = nil,
        fact: JournalRecord.Fact? = nil, run: JournalRecord.Run? = nil
    ) throws {
        try append(
            JournalRecord(
                number: records.count + 1, time: .now, event: event, step: step, text: text, seconds: seconds,
                fact: fact, run: run))
    }

    /// Records that a step, or undoing it, failed.
    func append(_ event: JournalRecord.Event, step: StepID, error: any Error) throws {
        let (code, next): (String, LocalizableText?) =
            switch error {
            case let error as MigrationError: (error.code.rawValue, error.next)
            case let error as ClusterError: (error.code.rawValue, nil)
            case let error as FileError: (error.code.rawValue, nil)
            default: ("failed", nil)
            }
        try append(
            JournalRecord(
                number: records.count + 1, time: .now, event: event, step: step,
                text: [LocalizableText(describing: error)], code: code,
                next: next))
    }

    private func append(_ record: JournalRecord) throws {
        do {
            try file.append(JSON.line(record, userInfo: .keepingTemplates))
            try file.sync()
        } catch let error as FileError { throw Self.unusable(path, error.clause) }
        records.append(record)
        state.apply(record)
        didAppend(record)
    }

    private static func decode(
        _ lines: [ArraySlice<UInt8>], _ path: String
    ) throws -> (plan: ChangePlan, records: [JournalRecord]) {
        let records: [JournalRecord]
        do throws(LineError) { records = try LineFile.decode(lines, as: JournalRecord.self) } catch {
            throw unusable(path, localized("line \(error.line): \(DecodingFailure.text(error.cause))"))
        }
        guard let plan = records.first?.plan, records.enumerated().allSatisfy({ $0.offset + 1 == $0.element.number })
        else {
            throw unusable(path, localized("its records are not in order, or the plan is missing"))
        }
        return (plan, records)
    }

    private static func unusable(_ path: String, _ why: LocalizableText) -> MigrationError {
        MigrationError(
            .journalUnusable, localized("The journal \(path) cannot be used: \(why)."),
            next: localized(
                "Check the disk that holds it. The files from before the change are in the folder backups next to it."))
    }
}
