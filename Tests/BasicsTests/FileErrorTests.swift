import Basics
import Glibc
import ServerFixtures
import Testing

/// The names of the system's refusals.
@Suite(.waiting, .timeLimit(.minutes(5))) struct FileErrorTests {
    private let folder = TemporaryFolder()

    private func code(_ body: () throws -> Void) -> FileError.Code? {
        #expect(throws: FileError.self) { try body() }?.code
    }

    /// Kernel folders, in which no files can be created.
    @Test(.enabled(if: access("/sys/kernel", F_OK) == 0)) func whatMayNotBeWritten() throws {
        #expect(code { try Files.write([1], to: "/sys/kernel/etoken-bridge-test", replacing: false) } == .permission)
    }

    @Test func whatIsNotThereOrTooLong() throws {
        #expect(code { _ = try Files.read(folder.file("nothing")) } == .notFound)
        #expect(code { _ = try Files.read(folder.write("long", "12345"), limit: 4) } == .tooLarge)
    }
}
