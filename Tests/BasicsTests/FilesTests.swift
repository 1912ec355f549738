import Basics
import Glibc
import ServerFixtures
import Testing

@Suite(.timeLimit(.minutes(5))) struct FilesTests {
    private let folder = TemporaryFolder()

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func aFileIsReplacedAsAWhole() throws {
        let path = folder.file("file")
        try Files.write([1, 2], to: path, permissions: 0o640, replacing: false)
        #expect(try Files.read(path) == [1, 2] && mode(path) == 0o640)
        let stamp = Files.stamp(path)
        let error = #expect(throws: FileError.self) { try Files.write([3], to: path, replacing: false) }
        #expect(error?.code == .exists)
        #expect(try Files.read(path) == [1, 2] && Files.stamp(path) == stamp)
        try Files.write([3], to: path, replacing: true)
        #expect(try Files.read(path) == [3] && mode(path) == 0o600 && Files.stamp(path) != stamp)
        // Nothing is left next to it.
        #expect(Files.names(in: folder.path) == ["file"])
    }

    @Test func isWrittenInAScratchFolderFirst() throws {
        let (served, scratch) = (folder.file("served"), folder.file("scratch"))
        for path in [served, scratch] { try Files.makeFolder(path) }
        try Files.write([1], to: served + "/file", replacing: true, scratch: scratch)
        #expect(try Files.read(served + "/file") == [1])
        #expect(Files.names(in: scratch) == [] && Files.names(in: served) == ["file"])
        // Only there: that the scratch folder is missing is an error.
        #expect(throws: FileError.self) {
            try Files.write([1], to: served + "/file", replacing: true, scratch: folder.file("none"))
        }
    }

    @Test func aLongFileIsRefused() throws {
        let path = folder.write("file", "12345")
        #expect(try Files.text(path) == "12345" && Files.read(path, limit: 5).count == 5)
        let error = #expect(throws: FileError.self) { try Files.read(path, limit: 4) }
        #expect(error?.code == .tooLarge && error?.path == path && error?.operation == .read)
    }

    @Test func foldersAreMadeAndRemovedWithAllThatIsInThem() throws {
        let path = folder.file("a/b/c")
        try Files.makeFolder(path)
        try Files.makeFolder(path)
        #expect(Files.isFolder(path) && mode(path) == 0o700)
        folder.write("outside", "")
        try Files.write([], to: path + "/.hidden", replacing: true)
        #expect(symlink(folder.file("outside"), path + "/link") == 0)
        #expect(Files.names(in: path) == [".hidden", "link"] && Files.names(in: path, hidden: false) == ["link"])
        chmod(path, 0o500)
        try Files.removeTree(folder.file("a"))
        #expect(Files.names(in: folder.path) == ["outside"])
        try Files.removeTree(folder.file("a"))
        try Files.remove(folder.file("none"))
        let error = #expect(throws: FileError.self) { try Files.makeFolder(folder.file("outside/below")) }
        #expect(error?.operation == .create && error?.code == .notFound)
    }

    @Test func pathsBecomeAbsolute() {
        #expect(Files.absolute("/none/at/all") == "/none/at/all")
        #expect(Files.absolute("none-at-all").hasSuffix("/none-at-all") && Files.absolute("none").hasPrefix("/"))
        #expect(Files.absolute(folder.path + "/../" + "none").hasSuffix("/../none"))
    }
}
