import Basics
import Foundation
import ServerFixtures
import Testing

@Suite(.waiting, .timeLimit(.minutes(10))) struct LineFileTests {
    private let folder = TemporaryFolder()

    private func lines(_ path: String) throws -> [String] {
        try LineFile.lines(of: path).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func growsByWholeLines() throws {
        let path = folder.write("journal", "one\n")
        let (file, found) = try LineFile.open(path)
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == ["one"])
        try file.append(Array("two\n".utf8))
        try file.sync()
        #expect(try lines(path) == ["one", "two"])
    }

    /// What a crash cut off counts as not written, and the next line does not follow an incomplete one.
    @Test(arguments: ["", "tw", "{\"half\":"]) func aTornLineGoes(rest: String) throws {
        let path = folder.write("journal", "one\n" + rest)
        #expect(try lines(path) == ["one"])
        try LineFile.open(path).file.append(Array("two\n".utf8))
        #expect(folder.text("journal") == "one\ntwo\n")
    }

    /// Of a line that does not fit nothing is left: once there is room again, the next one is whole.
    @Test func aLineThatDoesNotFitIsNotThere() throws {
        let mounted = try ChildProcess.end(of: ["mount", "-t", "tmpfs", "-o", "size=8k", "none", folder.path])
        guard mounted.status == 0 else { return }
        defer { _ = try? ChildProcess.end(of: ["umount", "-l", folder.path]) }
        folder.write("full", String(repeating: "x", count: 4096))
        let path = folder.write("journal", "one\n")
        let (file, _) = try LineFile.open(path)
        let error = #expect(throws: FileError.self) { try file.append([UInt8](repeating: 97, count: 5000)) }
        #expect(error?.code == .noSpace && folder.text("journal") == "one\n")
        try Files.remove(folder.file("full"))
        try file.append(Array("two\n".utf8))
        #expect(try lines(path) == ["one", "two"])
    }

    @Test func isLockedAgainstASecondWriter() throws {
        let path = folder.write("record", "one\n")
        let first = try LineFile.open(path, isExclusive: true)
        let error = #expect(throws: FileError.self) { try LineFile.open(path, isExclusive: true) }
        #expect(error?.code == .locked)
        #expect(try lines(path) == ["one"])
        withExtendedLifetime(first.file) {}
    }

    @Test func aFileThatIsNotThereIsNamed() {
        let error = #expect(throws: FileError.self) { try LineFile.open(folder.file("none")) }
        #expect(error?.code == .notFound)
    }

    @Test func namesAreThoseThatEveryFileSystemTakes() {
        #expect(Files.name("Główny klaster/2") == "G__wny_klaster_2")
        #expect(Files.names(in: folder.file("none")) == [])
        for name in ["b", "a"] { folder.write(name, "") }
        #expect(Files.names(in: folder.path) == ["a", "b"])
    }
}
