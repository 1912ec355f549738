import ClusterLab
import Foundation
import ServerFixtures
import Testing

/// Folders that someone else could have prepared: what is in them is not used, and no process is stopped because of it.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ForeignFolders {
    /// What `up` says about a change in a lab that was stopped.
    private func refusal(_ directory: String, _ what: String, _ change: () throws -> Void) async throws -> String {
        try change()
        let up = try await RunningLab.cli(["up", directory])
        #expect(up.status != 0, "\(what)")
        #expect(RunningLab.processes(of: directory).isEmpty, "\(what)")
        return up.errors
    }

    private func stopped() async throws -> RunningLab {
        let lab = try RunningLab()
        _ = try await RunningLab.cli(["down", lab.directory])
        return lab
    }

    /// Starts it with something else in its plan, which is refused.
    private func check(_ lab: RunningLab, _ old: String, _ new: String, says text: String = "") async throws {
        let path = "\(lab.directory)/plan.json"
        let plan = try String(contentsOfFile: path, encoding: .utf8)
        #expect(plan.contains(old), "\(old)")
        let said = try await refusal(lab.directory, new) {
            TemporaryFolder.replace(path, Array(plan.replacingOccurrences(of: old, with: new).utf8))
        }
        #expect(
            said.contains("plan.json is not what the lab wrote") && (text.isEmpty || said.contains(text)),
            "\(new): \(said)")
        TemporaryFolder.replace(path, Array(plan.utf8))
    }

    @Test func whatIsInAPlanIsWhatALabWrites() async throws {
        let lab = try await stopped()
        for name in ["a/keys/tomcat.pem;include nodes/a/x.conf;#", "../a", "a b", ".a", "", "a;b", "a\\nb", "a{b}"] {
            try await check(lab, "\"\(RunningLab.publisher)\"", "\"\(name)\"")
        }
        let address = "\"\(try lab.address(RunningLab.publisher))\""
        for other in ["127.0.0.1 ssl;include x.conf;#", "192.0.2.1", "0.0.0.0", "localhost", "::1"] {
            try await check(lab, address, "\"\(other)\"")
        }
        try await check(
            lab, "\"kinds\" : [",
            "\"kinds\" : [{\"model\":\"CP-7841\",\"pool\":\"Default\",\"profile\":\"x\",\"isRegistered\":true,"
                + "\"held\":\"present\",\"count\":9223372036854775807}", says: "more phones")
        #expect(try await RunningLab.cli(["up", lab.directory]).status == 0)
    }

    @Test func aFolderOthersCanWriteToIsNotUsed() async throws {
        let lab = try await stopped()
        let said = try await refusal(lab.directory, "mode") { chmod(lab.directory, 0o777) }
        #expect(said.contains("can be written by other users"), "\(said)")
        chmod(lab.directory, 0o700)
        if geteuid() == 0 {
            let owned = try await refusal(lab.directory, "owner") { chown(lab.directory, 65534, 65534) }
            #expect(owned.contains("belongs to another user"), "\(owned)")
            #expect(try await RunningLab.cli(["down", lab.directory]).status != 0)
            chown(lab.directory, 0, 0)
        }
        // An empty one as well: its owner could exchange what is put there.
        let parent = TemporaryFolder()
        let empty = parent.file("lab")
        mkdir(empty, 0o777)
        chmod(empty, 0o777)
        let up = try await RunningLab.cli(["up", empty])
        #expect(up.status != 0 && up.errors.contains("can be written by other users"), "\(up.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: empty).isEmpty)
    }

    /// An archive can contain links: nginx and the lab would write where they lead.
    @Test func aLinkInALabIsNotFollowed() async throws {
        let lab = try await stopped()
        let parent = TemporaryFolder()
        let victim = parent.write("profile", "mine\n")
        for place in ["nginx/access.log", "lab.log", "run"] {
            let path = "\(lab.directory)/\(place)"
            let said = try await refusal(lab.directory, place) {
                rename(path, parent.file("aside"))
                symlink(victim, path)
            }
            #expect(said.contains("is a link"), "\(place): \(said)")
            unlink(path)
            rename(parent.file("aside"), path)
        }
        #expect(parent.text("profile") == "mine\n")
    }

    /// The process that is stopped is the one that answers, or holds the lock: not any that a file names.
    @Test func aNumberInAFileStopsNothing() async throws {
        let lab = try RunningLab()
        let pid = try String(contentsOfFile: "\(lab.directory)/lab.pid", encoding: .utf8)
        let other = try ChildProcess(["sleep", "600"])
        TemporaryFolder.replace("\(lab.directory)/lab.pid", Array("\(other.id)\n".utf8))
        // The lab does not answer: what is left is the file.
        rename("\(lab.directory)/run/control.sock", "\(lab.directory)/run/gone.sock")
        let refused = try await RunningLab.cli(["down", lab.directory])
        #expect(refused.status != 0 && refused.errors.contains("nothing was stopped"), "\(refused.errors)")
        #expect(kill(other.id, 0) == 0)
        TemporaryFolder.replace("\(lab.directory)/lab.pid", Array(pid.utf8))
        #expect(try await RunningLab.cli(["down", lab.directory]).status == 0)
        // It answers: the file does not count at all.
        _ = try await RunningLab.cli(["up", lab.directory])
        TemporaryFolder.replace("\(lab.directory)/lab.pid", Array("\(other.id)\n".utf8))
        #expect(try await RunningLab.cli(["down", lab.directory]).status == 0)
        #expect(kill(other.id, 0) == 0 && RunningLab.processes(of: lab.directory).isEmpty)
        other.signal(SIGKILL)
        _ = other.wait()
    }

    @Test func aSnapshotWithTooManyPhonesIsRefused() async throws {
        let parent = TemporaryFolder()
        let snapshot = parent.write(
            "office.json",
            """
            {"schema": "etoken-bridge-snapshot/1", "nodes": [{"name": "pub", "address": "192.0.2.1", "publisher": true,
            "tftp": true, "tvs": true, "callManager": true, "certificates": []}], "trust": [],
            "phones": {"groups": [], "pools": [], "kinds": [
            {"model": "Cisco 7841", "pool": "a", "profile": "b", "count": 9223372036854775807},
            {"model": "Cisco 7842", "pool": "a", "profile": "b", "count": 9223372036854775807}]}}
            """)
        let up = try await RunningLab.cli(["up", parent.file("lab"), "--like", snapshot])
        #expect(up.status == 1 && up.errors.contains("more than 100000 phones"), "\(up.status) \(up.errors)")
    }
}
