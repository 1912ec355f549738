import Basics
import Foundation
import ServerFixtures
import Testing

@Suite(.waiting, .timeLimit(.minutes(10))) struct FileLockTests {
    private let folder = TemporaryFolder()

    @Test func isHeldByOne() throws {
        let path = folder.file("lock")
        #expect(!FileLock.isHeld(path))
        var lock: FileLock? = try FileLock(path, note: "first")
        let error = #expect(throws: FileError.self) { try FileLock(path, note: "second") }
        #expect(error?.code == .locked && error?.operation == .lock)
        // Checking takes nothing, however often.
        for _ in 0..<3 { #expect(FileLock.isHeld(path)) }
        #expect(folder.text("lock") == "first")
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(!FileLock.isHeld(path))
        withExtendedLifetime(try FileLock(path)) { #expect(FileLock.isHeld(path)) }
    }

    /// A child that inherits the descriptor, such as one that another thread starts at that moment, keeps no lock.
    @Test func isGoneWithItsOwner() throws {
        let path = folder.file("lock")
        var lock: FileLock? = try FileLock(path)
        let copies = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            .filter { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path }
            .map { dup(Int32($0) ?? -1) }
        #expect(copies.count == 1)
        defer { for copy in copies { close(copy) } }
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(!FileLock.isHeld(path))
    }

    @Test func aFolderThatIsNotThereIsNamed() {
        let error = #expect(throws: FileError.self) { try FileLock(folder.file("none/lock")) }
        #expect(error?.code == .notFound)
    }
}
