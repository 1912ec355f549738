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
