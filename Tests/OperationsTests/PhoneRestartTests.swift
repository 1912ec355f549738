import Basics
import Configuration
import Messages
import ServerFixtures
import Testing

@testable import Operations

/// The engine of `phones restart`, and the record that it leaves.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PhoneRestartTests {
    private let phones = (1...7).map { "SEP00000000000\($0)" }
    private let quick = PhoneRestart.Settings(batch: 3, pause: 0, patience: 0)

    private func error(_ code: ClusterError.Code) -> ClusterError {
        ClusterError(code, operation: .verbatim("restart"), message: .verbatim("no"))
    }

    @Test func allInBatches() {
        var asked: [String] = []
        var batches: [Int] = []
        let outcome = PhoneRestart(phones, settings: quick).run(
            observe: { if case .batch(let done) = $0 { batches.append(done) } }, restart: { asked.append($0) })
        #expect(asked == phones && outcome.told == phones && outcome.left.isEmpty && outcome.failure == nil)
        #expect(batches == [3, 6, 7])
        #expect(PhoneRestart(phones, settings: .init(batch: 3, pause: 5)).pauses == 10)
        #expect(PhoneRestart(Array(phones.prefix(3)), settings: .init(batch: 3, pause: 5)).pauses == 0)
    }

    @Test func aRefusedPhoneIsPassedOverAndAnUnreachableNodeEndsIt() {
        let outcome = PhoneRestart(phones, settings: quick).run { (phone) throws(ClusterError) in
            if phone == phones[1] { throw error(.refused) }
            if phone == phones[4] { throw error(.unreachable) }
        }
        #expect(outcome.told == [phones[0], phones[2], phones[3]])
        #expect(outcome.refused.map(\.phone) == [phones[1]])
        #expect(outcome.left == Array(phones[4...]))
        #expect(outcome.failure?.code == .unreachable)
    }

    @Test func anInterruptionLeavesTheRest() {
        var asked = 0
        let outcome = PhoneRestart(phones, settings: .init(batch: 2, pause: 3600)).run(
            isInterrupted: { asked >= 4 }, observe: { if case .batch = $0 { asked = 4 } }, restart: { _ in asked += 1 })
        #expect(outcome.told == Array(phones.prefix(2)) && outcome.left == Array(phones.dropFirst(2)))
        #expect(outcome.failure == nil)
    }

    @Test func aBusyServerIsAskedAgain() {
        var asked: [String] = []
        var waits: [Double] = []
        let outcome = PhoneRestart([phones[0], phones[1]], settings: .init(batch: 9, pause: 0, patience: 1)).run(
            observe: { if case .waiting(let seconds) = $0 { waits.append(seconds) } },
            restart: { (phone) throws(ClusterError) in
                asked.append(phone)
                if asked.count == 1 { throw error(.busy) }
            })
        #expect(asked == [phones[0], phones[0], phones[1]] && outcome.told == [phones[0], phones[1]])
        #expect(waits == [1])
        let refused = PhoneRestart(phones, settings: quick).run { (_) throws(ClusterError) in throw error(.busy) }
        #expect(refused.failure?.code == .busy && refused.left == phones)
    }

    @Test func whatCannotBeNotedEndsIt() {
        let outcome = PhoneRestart(phones, settings: quick).run(
            observe: { (event) throws(ClusterError) in
                if case .told(phones[2]) = event { throw error(.file) }
            }, restart: { _ in })
        #expect(outcome.told == Array(phones.prefix(3)) && outcome.left.count == 4)
        #expect(outcome.failure?.code == .file)
    }

    // MARK: The record

    @Test func aRecordTellsALaterRunWhatIsLeft() throws {
        let folder = TemporaryFolder()
        #expect(RestartRecord.unfinished(of: "office", in: folder.path).newest == nil)
        var path = ""
        do {
            let record = try RestartRecord.begin(
                cluster: "office", phones: phones, isReset: true, in: folder.path, at: Timestamp(1000))
            path = record.path
            try record.note(told: phones[0])
            try record.note(refused: phones[1], reason: .verbatim("not found"))
            try record.note(told: phones[2])
            try record.sync()
            // While it is being written, no other run continues it.
            let other = try #require(RestartRecord.unfinished(of: "office", in: folder.path).newest)
            #expect(throws: ClusterError.self) { try other.resume() }
        }
        let found = try #require(RestartRecord.unfinished(of: "office", in: folder.path).newest)
        #expect(found.left == [phones[1]] + phones[3...] && found.isReset && found.begun == Timestamp(1000))
        #expect(found.refused == [phones[1]])
        #expect(RestartRecord.unfinished(of: "other", in: folder.path).newest == nil)

        // A crash in the middle of a line.
        let bytes = try #require(TemporaryFolder.contents(path))
        for cut in stride(from: bytes.count, to: bytes.count - 30, by: -1) {
            TemporaryFolder.replace(path, Array(bytes.prefix(cut)))
            let record = try #require(RestartRecord.unfinished(of: "office", in: folder.path).newest).resume()
            #expect(record.left.count == (cut == bytes.count ? 5 : 6))
            try record.note(told: phones[6])
            let again = try #require(RestartRecord.unfinished(of: "office", in: folder.path).newest)
            #expect(again.told.contains(phones[6]) && again.told.contains(phones[0]))
        }
        let last = try #require(RestartRecord.unfinished(of: "office", in: folder.path).newest).resume()
        for phone in last.left { try last.note(told: phone) }
        try last.finish(at: Timestamp(2000))
        #expect(RestartRecord.unfinished(of: "office", in: folder.path).newest == nil)
    }

    @Test func somethingElseIsNoRecord() throws {
        let folder = TemporaryFolder()
        let record = try RestartRecord.begin(
            cluster: "office", phones: phones, isReset: false, in: folder.path, at: Timestamp(1000))
        TemporaryFolder.replace(record.path, Array("{\"schema\":\"other\"}\n".utf8))
        let (newest, unreadable) = RestartRecord.unfinished(of: "office", in: folder.path)
        #expect(newest == nil && unreadable.count == 1)
        #expect(unreadable.first?.code == .file && "\(unreadable)".contains(record.path))
    }

    /// A lost line might belong to a phone that has to be told again. Other records are still found.
    @Test func aBadLineIsRefusedAndHidesNoOtherRecord() throws {
        let folder = TemporaryFolder()
        func begin(_ time: Int64) throws -> RestartRecord {
            try RestartRecord.begin(
                cluster: "office", phones: phones, isReset: false, in: folder.path, at: Timestamp(time))
        }
        var path = ""
        do {
            let record = try begin(2000)
            path = record.path
            for phone in phones.dropLast() { try record.note(told: phone) }
            try record.note(refused: phones[0], reason: .verbatim("busy"))
        }
        let lines = try #require(TemporaryFolder.contents(path)).split(separator: 10)
        for number in 1..<lines.count {
            var broken = lines.map(Array.init)
            broken[number][0] = UInt8(ascii: "x")
            TemporaryFolder.replace(path, Array(broken.joined(separator: [10])) + [10])
            let (newest, unreadable) = RestartRecord.unfinished(of: "office", in: folder.path)
            #expect(newest == nil && unreadable.count == 1)
            #expect(
                unreadable.first?.message.localized.hasPrefix("line \(number + 1) of \(path) cannot be read") == true)
        }
        let other = try begin(1000)
        let (newest, unreadable) = RestartRecord.unfinished(of: "office", in: folder.path)
        #expect(newest?.path == other.path && unreadable.count == 1)
    }
}
