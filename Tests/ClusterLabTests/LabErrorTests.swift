import ClusterLab
import Glibc
import ServerFixtures
import Testing

/// The lab library's code for each error.
@Suite(.waiting, .timeLimit(.minutes(10))) struct LabErrorTests {
    private let folder = TemporaryFolder()

    private func lab(_ name: String = "lab") -> Lab { Lab(directory: folder.file(name)) }

    private func up(_ lab: Lab, _ options: LabOptions = LabOptions()) throws {
        try lab.up(options, executable: RunningLab.executable)
    }

    private func code(_ body: () throws -> Void) -> LabError.Code? {
        #expect(throws: LabError.self) { try body() }?.code
    }

    @Test func whereThereIsNoLab() throws {
        mkdir(folder.file("lab"), 0o700)
        #expect(code { _ = try lab().status() } == .notALab)
        #expect(code { try lab().down() } == .notALab)
        folder.write("lab/precious", "")
        #expect(code { try up(lab()) } == .directoryNotEmpty)
        #expect(folder.bytes("lab/precious") == [])
    }

    @Test func whatCannotBe() throws {
        #expect(code { try up(lab(), LabOptions(nodes: 1)) } == .badRequest)
        #expect(code { try up(lab(), LabOptions(like: folder.write("like", "no snapshot"))) } == .badRequest)
        // No folder can be created there, and this is not a program.
        #expect(code { try up(Lab(directory: "/proc/lab")) } == .fileFailed)
        #expect(code { try lab().up(executable: "/nowhere/cluster-lab") } == .startFailed)
    }

    @Test func aLabThatRunsAndOneThatDoesNot() throws {
        let running = try RunningLab(in: folder)
        let lab = Lab(directory: running.directory)
        #expect(code { try up(lab) } == .alreadyRunning)
        #expect(code { try lab.remove() } == .alreadyRunning)
        #expect(code { try lab.setFaults([.slow], node: "nobody") } == .badRequest)
        try running.run("down", running.directory)
        #expect(code { try lab.setFaults([.slow], node: RunningLab.publisher) } == .notRunning)
        #expect(code { _ = try lab.phones() } == .notRunning)
        // Another release than it has.
        #expect(code { try up(lab, LabOptions(release: .release12)) } == .badRequest)
        #expect(try !lab.status().running)
    }

    /// Keys that others can read are not used, nor is someone else's folder.
    @Test func aFolderOfKeysIsOnesOwn() throws {
        mkdir(folder.file("keys"), 0o755)
        let error = #expect(throws: LabError.self) { try up(lab(), LabOptions(keys: folder.file("keys"))) }
        #expect(error?.code == .startFailed && error?.message.contains("others may read") == true, "\(error)")
        #expect(Lab(directory: folder.file("lab")).isRunning == false)
    }

    /// Labs that take keys from one folder have the same ones, and none uses a key twice.
    @Test func keysAreTakenOnce() throws {
        mkdir(folder.file("keys"), 0o700)
        let keys = LabOptions(nodes: 3, keys: folder.file("keys"))
        var texts: [Set<String>] = []
        for name in ["a", "b"] {
            let lab = lab(name)
            try up(lab, keys)
            try lab.down()
            let names = try ChildProcess.run(["find", lab.directory, "-name", "*.key", "-o", "-name", "ssh_host_key"])
            let files = names.split(separator: "\n").map(String.init).filter { !$0.contains("ipsec") }
            let own = files.filter { !$0.hasSuffix("TVS.key") || $0.contains(RunningLab.publisher) }
            texts.append(Set(own.map { String(decoding: TemporaryFolder.contents($0) ?? [], as: UTF8.self) }))
            #expect(texts.last?.count == own.count && own.count >= 9, "\(own)")
        }
        #expect(texts[0] == texts[1])
        let modes = try ChildProcess.run(["find", folder.file("keys"), "-type", "f", "-perm", "/077"])
        #expect(modes.isEmpty)
    }
}
