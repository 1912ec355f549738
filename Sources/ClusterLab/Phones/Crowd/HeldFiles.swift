import Basics
import TrustList
import X509

/// The trust lists that phones hold, each once.
struct HeldFiles: Sendable {
    struct File: Sendable {
        let bytes: [UInt8]
        let sha1: String
        /// Nil if the bytes are not a trust list.
        let list: TrustListFile?

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            sha1 = Digest.sha1(bytes).hex
            list = try? TrustListFile(decoding: bytes)
        }
    }

    private(set) var all: [File] = []

    /// Number 0 is no file.
    subscript(_ number: UInt16) -> File? { number == 0 ? nil : all[Int(number) - 1] }

    mutating func add(_ file: File) -> UInt16 {
        if let index = all.firstIndex(where: { $0.sha1 == file.sha1 }) { return UInt16(index + 1) }
        // Every change of the cluster's files adds one; a lab sees a few hundred.
        guard all.count < Int(UInt16.max) else { return 0 }
        all.append(file)
        return UInt16(all.count)
    }

    mutating func add(_ bytes: [UInt8]?) -> UInt16 { bytes.map { add(File($0)) } ?? 0 }
}

/// The outcomes for the files at phones' starts, each once.
struct CrowdOutcomes: Sendable {
    private(set) var all: [CrowdOutcome] = []
    private var numbers: [CrowdOutcome: UInt16] = [:]

    subscript(_ number: UInt16) -> CrowdOutcome? { number == 0 ? nil : all[Int(number) - 1] }

    mutating func add(_ outcome: CrowdOutcome) -> UInt16 {
        if let number = numbers[outcome] { return number }
        guard all.count < Int(UInt16.max) else { return 0 }
        all.append(outcome)
        numbers[outcome] = UInt16(all.count)
        return UInt16(all.count)
    }
}

/// The file in which a lab keeps its many phones while it is down: a line of JSON with the tables, then a line of
/// numbers for each run of identical phones.
enum CrowdRecord {
    private struct Tables: Codable {
        var files: [String]
        var outcomes: [CrowdOutcome]
    }

    static func text(_ state: PhoneCrowd.State) -> String {
        let tables = Tables(files: state.files.all.map(\.sha1), outcomes: state.outcomes.all)
        var text = String(decoding: JSON.encode(tables, compact: true), as: UTF8.self)
        var last: String?
        var count = 0
        func flush() { if let last { text += "\(count) \(last)\n" } }
        for phone in state.phones {
            let line =
                "\(phone.kind) \(phone.ctl) \(phone.itl) \(phone.ctlOutcome) \(phone.itlOutcome) \(phone.starts) "
                + "\(phone.registeredAt) \(phone.lastStart)"
            if line != last {
                flush()
                (last, count) = (line, 0)
            }
            count += 1
        }
        flush()
        return text
    }

    static func state(_ text: String, file: (String) -> [UInt8]?) -> PhoneCrowd.State? {
        let lines = text.split(separator: "\n")
        guard let first = lines.first, let tables = try? JSON.decode(Tables.self, from: Array(first.utf8)) else {
            return nil
        }
        var state = PhoneCrowd.State()
        for name in tables.files {
            guard let bytes = file(name) else { return nil }
            _ = state.files.add(bytes)
        }
        for outcome in tables.outcomes { _ = state.outcomes.add(outcome) }
        for line in lines.dropFirst() {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 9, numbers.allSatisfy({ $0 >= -1 }),
                numbers[2] <= tables.files.count, numbers[3] <= tables.files.count,
                numbers[4] <= tables.outcomes.count, numbers[5] <= tables.outcomes.count
            else { return nil }
            var phone = CrowdPhone(kind: UInt16(clamping: numbers[1]))
            phone.ctl = UInt16(clamping: numbers[2])
            phone.itl = UInt16(clamping: numbers[3])
            phone.ctlOutcome = UInt16(clamping: numbers[4])
            phone.itlOutcome = UInt16(clamping: numbers[5])
            phone.starts = UInt16(clamping: numbers[6])
            phone.registeredAt = Int8(clamping: numbers[7])
            phone.lastStart = UInt32(clamping: numbers[8])
            state.phones += repeatElement(phone, count: numbers[0])
        }
        return state
    }
}
