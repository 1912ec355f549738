import Basics
import Glibc
import Messages
import ServerFixtures
import Testing

/// Files that someone else could have prepared.
@Suite(.waiting, .timeLimit(.minutes(5))) struct OwnFilesTests {
    private let folder = TemporaryFolder()

    @Test func aLockFollowsNoLink() throws {
        let important = folder.write("important", "keep this\n")
        let path = folder.file("lock")
        symlink(important, path)
        let error = #expect(throws: FileError.self) { try FileLock(path, note: "7357") }
        #expect(error?.doubt == .link && error?.code == .notOurs)
        #expect(folder.text("important") == "keep this\n" && !FileLock.isHeld(path))
        // One that does not exist is not created where the link leads.
        unlink(path)
        symlink(folder.file("new"), path)
        #expect(throws: FileError.self) { try FileLock(path, note: "7357") }
        #expect(folder.bytes("new") == nil)
    }

    @Test func linesAreNotCutOffBehindALink() throws {
        let important = folder.write("important", "whole\nnot finished")
        symlink(important, folder.file("journal"))
        #expect(throws: FileError.self) { try LineFile.open(folder.file("journal")) }
        #expect(folder.text("important") == "whole\nnot finished")
    }

    @Test func whatOthersCanWriteIsNotUsed() throws {
        let path = folder.write("journal", "whole\nnot finished")
        for mode: mode_t in [0o620, 0o602, 0o666] {
            chmod(path, mode)
            let error = #expect(throws: FileError.self) { try LineFile.open(path) }
            #expect(error?.doubt == .writableByOthers && error?.next != nil)
            #expect(throws: FileError.self) { try FileLock(path, note: "1") }
        }
        #expect(folder.text("journal") == "whole\nnot finished")
        mkfifo(folder.file("pipe"), 0o600)
        #expect(throws: FileError.self) { try FileLock(folder.file("pipe"), note: "1") }
        guard geteuid() == 0 else { return }
        chmod(path, 0o600)
        chown(path, 65534, 65534)
        let error = #expect(throws: FileError.self) { try LineFile.open(path) }
        #expect(error?.doubt == .otherOwner)
    }

    @Test func aFolderIsOursAllTheWay() throws {
        let path = folder.file("a/b")
        try Files.makeFolder(path)
        try Files.checkOwnFolder(path)
        try Files.checkOwnFolder(path + "/not/there/yet")
        chmod(path, 0o770)
        #expect(throws: FileError.self) { try Files.checkOwnFolder(path) }
        chmod(path, 0o700)
        // Who can write above it can put another in its place; not in a folder like /tmp.
        chmod(folder.file("a"), 0o777)
        #expect(throws: FileError.self) { try Files.checkOwnFolder(path) }
        #expect(throws: FileError.self) { try Files.checkOwnFolder(path + "/not/there/yet") }
        chmod(folder.file("a"), 0o1777)
        try Files.checkOwnFolder(path)
        symlink(path, folder.file("link"))
        let error = #expect(throws: FileError.self) { try Files.checkOwnFolder(folder.file("link")) }
        #expect(error?.doubt == .link)
    }
}
