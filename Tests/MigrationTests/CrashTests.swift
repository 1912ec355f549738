import Foundation
import Messages
import Testing

@testable import Migration

/// A run that ends without notice, after any record of its journal or any change on the cluster, is continued by
/// another.
@Suite(.timeLimit(.minutes(5))) struct CrashTests {
    /// Runs something on its own thread, which stops for good at a given point: what a crash leaves is what is on disk
    /// and on the cluster then. Nothing is unwound.
    static func runUntilCrash(_ body: @escaping @Sendable (_ crash: @escaping () -> Void) -> Void) -> Bool {
        let ended = DispatchSemaphore(value: 0)
        let isCrashed = Flag()
        let thread = Thread {
            body {
                isCrashed.set()
                ended.signal()
                // Never woken up: the thread, and what it holds, stays.
                DispatchSemaphore(value: 0).wait()
            }
            ended.signal()
        }
        // Hundreds of them stay.
        thread.stackSize = 1 << 19
        thread.start()
        ended.wait()
        return isCrashed.isSet
    }

    private final class Flag: @unchecked Sendable {
        private let lock = NSLock()
        private var value = false
        var isSet: Bool { lock.withLock { value } }
        func set() { lock.withLock { value = true } }
    }

    private enum Way { case run, rollBack }

    /// Runs it, and crashes after the given number of records and changes.
    ///
    /// - Returns: false if it completed first.
    private static func crash(
        after number: Int, _ situation: Situation, _ cluster: MemoryCluster, _ folder: Folder, _ way: Way
    ) -> Bool {
        runUntilCrash { crash in
            var left = number
            func count() {
                if left == 0 { crash() }
                left -= 1
            }
            cluster.onChange = { _ in count() }
            defer { cluster.onChange = { _ in } }
            do {
                let change =
                    try way == .run
                    ? situation.plan(cluster, in: folder) : situation.takeUp(cluster, in: folder)
                change.acceptsStrandedByRollback = true
                try change.begin(.test(way == .run ? .run : .rollback))
                count()
                change.journal?.didAppend = { _ in count() }
                let runner = try change.runner()
                if way == .run { try runner.run() } else { try runner.rollBack() }
            } catch {
                Issue.record("\(situation.testDescription), \(number): \(error)")
            }
        }
    }

    @Test(arguments: Situation.everything) func resumingReachesTheSameEnd(situation: Situation) throws {
        let undisturbed = try situation.cluster()
        try situation.plan(undisturbed, in: Folder()).runAll()
        var points = 0
        while true {
            let (cluster, folder) = (try situation.cluster(), Folder())
            guard Self.crash(after: points, situation, cluster, folder, .run) else { break }
            cluster.onChange = { _ in }
            let change = try situation.takeUp(cluster, in: folder)
            try change.checkWorld()
            let announced = try change.remaining().steps.map(\.id)
            let before = try Journal.read(folder.journal()).count
            try change.runAll(.resume)
            let place: Comment = "\(situation.testDescription), point \(points)"
            let began = try Journal.read(folder.journal(), after: before).filter { $0.event == .began }
            #expect(began.map(\.step) == announced, place)
            #expect(cluster.files == undisturbed.files, place)
            #expect(cluster.store == undisturbed.store && cluster.mode == undisturbed.mode, place)
            #expect(cluster.held == undisturbed.held, place)
            #expect(try Journal.open(folder.journal()).state.outcome == .finished, place)
            points += 1
        }
        #expect(points > 20)
        print("\(situation.testDescription): stopped at \(points) points, and resumed")
    }

    /// The journal dates from before plans had steps.
    @Test(arguments: Situation.all) func journalsOfBeforeAreTakenUp(situation: Situation) throws {
        let before = try situation.cluster()
        let undisturbed = try situation.cluster()
        try situation.plan(undisturbed, in: Folder()).runAll()
        for point in stride(from: 1, to: 40, by: 5) {
            for way in [Way.run, .rollBack] {
                let (cluster, folder) = (try situation.cluster(), Folder())
                guard Self.crash(after: point, situation, cluster, folder, .run) else { return }
                cluster.onChange = { _ in }
                try RecipeTests.ageJournal(folder.journal())
                let place: Comment = "\(situation.testDescription), point \(point)"
                if way == .run {
                    try situation.takeUp(cluster, in: folder).runAll(.resume)
                    #expect(cluster.files == undisturbed.files && cluster.store == undisturbed.store, place)
                    #expect(cluster.held == undisturbed.held && cluster.mode == undisturbed.mode, place)
                } else {
                    try rollBack(situation, cluster, folder)
                    #expect(
                        cluster.files == before.files && cluster.store.isEmpty && cluster.mode == before.mode, place)
                }
            }
        }
    }

    @Test(arguments: Situation.everything) func rollingBackRestoresEverything(situation: Situation)
        throws
    {
        let before = try situation.cluster()
        var points = 0
        while true {
            let (cluster, folder) = (try situation.cluster(), Folder())
            let hasCrashed = Self.crash(after: points, situation, cluster, folder, .run)
            cluster.onChange = { _ in }
            try rollBack(situation, cluster, folder)
            let place: Comment = "\(situation.testDescription), point \(points)"
            #expect(cluster.files == before.files && cluster.mode == before.mode, place)
            #expect(Set(cluster.store) == Set(before.store), place)
            guard hasCrashed else { break }
            points += 1
        }
        #expect(points > 20)
        print("\(situation.testDescription): stopped at \(points) points, and rolled back")
    }

    /// A crash while a finished change is rolled back, and the rollback repeated.
    @Test(arguments: Situation.everything) func rollingBackCanBeInterrupted(situation: Situation)
        throws
    {
        let before = try situation.cluster()
        var points = 0
        while true {
            let (cluster, folder) = (try situation.cluster(), Folder())
            try situation.plan(cluster, in: folder).runAll()
            guard Self.crash(after: points, situation, cluster, folder, .rollBack) else { break }
            cluster.onChange = { _ in }
            try rollBack(situation, cluster, folder)
            let place: Comment = "\(situation.testDescription), point \(points)"
            #expect(cluster.files == before.files && cluster.mode == before.mode, place)
            #expect(Set(cluster.store) == Set(before.store), place)
            // Phones were told again, after everything was restored.
            #expect(cluster.changes.suffix(3) == ["restart SEP1", "restart SEP2", "restart SEP3"], place)
            points += 1
        }
        #expect(points > 10)
        print("\(situation.testDescription): the way back stopped at \(points) points, and gone on with")
    }

    private func rollBack(_ situation: Situation, _ cluster: MemoryCluster, _ folder: Folder) throws {
        let change = try situation.takeUp(cluster, in: folder)
        try change.checkWorld()
        try change.rollBackAll()
        #expect(try Journal.open(folder.journal()).state.outcome == .rolledBack)
    }

    /// A line that a crash cut off counts as not written.
    @Test func aTornLineIsNotThere() throws {
        let (situation, folder) = (Situation.all[0], Folder())
        let cluster = try situation.cluster()
        try situation.plan(cluster, in: folder).runAll()
        let path = try folder.journal()
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let count = try Journal.read(path).count
        let lastLine = try #require(whole.dropLast().lastIndex(of: 10)) + 1
        for length in [lastLine + 1, lastLine + 20, whole.count - 1] {
            try whole.prefix(length).write(to: URL(fileURLWithPath: path))
            #expect(try Journal.read(path).count == count - 1)
            let journal = try Journal.open(path)
            try journal.append(.finished)
            #expect(try Journal.read(path).count == count)
        }
        try Data("{}\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: MigrationError.self) { try Journal.read(path) }
    }

    /// It may belong to an unfinished change, so no other may start next to it; another cluster's does not matter.
    @Test func aJournalThatCannotBeReadStopsANewChange() throws {
        let (situation, folder) = (Situation.all[0], Folder())
        let cluster = try situation.cluster()
        _ = try situation.plan(cluster, in: folder)
        let journals = folder.path + "/state/journals"
        try FileManager.default.createDirectory(atPath: journals, withIntermediateDirectories: true)
        for name in ["memory-2-20261123T170405Z", "memory-20261123T170405Z"] {
            try Data("no journal\n".utf8).write(to: URL(fileURLWithPath: "\(journals)/\(name).jsonl"))
            if name.hasPrefix("memory-2-") {
                _ = try situation.plan(cluster, in: folder)
            } else {
                let error = #expect(throws: MigrationError.self) { try situation.plan(cluster, in: folder) }
                #expect(error?.code == .journalUnusable && error?.text.localized.contains(name) == true)
            }
        }
    }

    @Test func oneRunAtATime() throws {
        let folder = Folder()
        let lock = try ClusterLock("memory", in: folder.state)
        let error = #expect(throws: MigrationError.self) { try ClusterLock("memory", in: folder.state) }
        #expect(error?.code == .busy && error?.text.localized.contains("\(getpid())") == true)
        _ = try ClusterLock("another", in: folder.state)
        withExtendedLifetime(lock) {}
    }

    /// `migrate status` in a monitoring loop: a run that starts at that moment is not refused.
    @Test func lookingTakesNoLock() async throws {
        let folder = Folder()
        _ = try ClusterLock("memory", in: folder.state)
        let (state, stop) = (folder.state, Flag())
        let looking = Task.detached { while !stop.isSet { _ = try? RunInProgress(of: "memory", in: state) } }
        for _ in 0..<2000 { withExtendedLifetime(try ClusterLock("memory", in: state)) {} }
        stop.set()
        await looking.value
    }
}
