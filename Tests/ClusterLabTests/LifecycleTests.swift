import Basics
import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Testing

@Suite(.waiting, .timeLimit(.minutes(10))) struct LifecycleTests {
    @Test func upStatusDown() async throws {
        try await RunningLab.inDirectory { directory in
            let up = try await RunningLab.cli(["up", directory])
            #expect(up.status == 0, "\(up.errors)")
            let lab = try RunningLab(directory: directory)
            let status = try await lab.status()
            #expect(status.running)
            #expect(status.nodes.map(\.isUp) == [true, true])
            #expect(status.nodes.map(\.ctlLength) == [6720, 6720])
            #expect(status.phones.map(\.model) == ["CP-7975", "CP-8861", "CP-7960"])
            #expect(status.phones.allSatisfy { $0.ctlOutcome == "accepted" && $0.ctlSHA1 == status.nodes[0].ctlSHA1 })
            #expect(status.phones.map { $0.itlSHA1 != nil } == [true, true, false])
            #expect(RunningLab.processes(of: directory).count == 5, "lab, two atftpd, two nginx")

            let again = try await RunningLab.cli(["up", directory])
            #expect(again.status != 0)
            #expect(again.errors.contains("is running"))

            #expect(try await RunningLab.cli(["down", directory]).status == 0)
            #expect(RunningLab.processes(of: directory).isEmpty)
            #expect(try await RunningLab.cli(["status", directory]).output.contains("not running"))
            #expect(try await RunningLab.cli(["down", directory]).output.contains("was not running"))
        }
    }

    @Test func secretsAreTheOwnersOnly() async throws {
        try await RunningLab.with { lab in
            for file in ["cluster.toml", "credentials/platform", "credentials/application"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(lab.directory)/\(file)")
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            }
            let passwords = try ["platform", "application"].map {
                try String(contentsOfFile: "\(lab.directory)/credentials/\($0)", encoding: .utf8)
                    .trimmingCharacters(in: .newlines)
            }
            #expect(Set(passwords).count == 2)
            _ = try await lab.client("osadmin", RunningLab.publisher, "login")
            _ = try await lab.client("osadmin", RunningLab.publisher, "login", "a wrong secret")
            let log = try ChildProcess.end(of: ["grep", "-rlF", "-e", passwords[0], "-e", passwords[1], lab.directory])
            let holders = log.output.split(separator: "\n").filter { !$0.contains("/credentials/") }
            #expect(holders.isEmpty)
            #expect(try ChildProcess.end(of: ["grep", "-rlF", "a wrong secret", lab.directory]).output.isEmpty)
        }
    }

    @Test func aStoppedLabGoesOn() async throws {
        try await RunningLab.inDirectory { directory in
            #expect(try await RunningLab.cli(["up", directory]).status == 0)
            let lab = try RunningLab(directory: directory)
            let first = try await lab.status()
            #expect(try await RunningLab.cli(["down", directory]).status == 0)
            #expect(try await RunningLab.cli(["up", directory, "--release", "12.5"]).errors.contains("release 10.5"))
            let up = try await RunningLab.cli(["up", directory])
            #expect(up.status == 0, "\(up.errors)")
            let second = try await lab.status()
            #expect(second.nodes.map(\.ctlSHA1) == first.nodes.map(\.ctlSHA1))
            #expect(second.phones.map(\.name) == first.phones.map(\.name))
            #expect(second.phones.map(\.ctlOutcome) == ["unchanged", "unchanged", "unchanged"])
            #expect(try await RunningLab.cli(["down", directory]).status == 0)
        }
    }

    @Test func nothingSurvivesAKilledLab() async throws {
        try await RunningLab.inDirectory { directory in
            #expect(try await RunningLab.cli(["up", directory]).status == 0)
            let lab = try RunningLab(directory: directory)
            let process = try await lab.status().process.required("process id")
            kill(process, SIGKILL)
            await waitUntil("all processes have ended") { () async in RunningLab.processes(of: directory).isEmpty }
            let up = try await RunningLab.cli(["up", directory])
            #expect(up.status == 0, "\(up.errors)")
            #expect(try await RunningLab.cli(["down", directory]).status == 0)
        }
    }

    @Test func aFailedStartLeavesNothing() async throws {
        try await RunningLab.inDirectory { directory in
            #expect(try await RunningLab.cli(["up", directory]).status == 0)
            let lab = try RunningLab(directory: directory)
            #expect(try await RunningLab.cli(["down", directory]).status == 0)
            // Something else has taken a port in the meantime.
            let address = try lab.address(RunningLab.subscriber)
            let port = try lab.port(\.sshPort, RunningLab.subscriber)
            let script = """
                import socket, subprocess, sys
                taken = socket.create_server(("\(address)", \(port)))
                result = subprocess.run(sys.argv[1:], capture_output=True, text=True)
                print(result.returncode, result.stderr)
                """
            let up = try ChildProcess.end(of: ["python3", "-c", script, RunningLab.executable, "up", directory])
            #expect(up.output.hasPrefix("1 "), "\(up.output)")
            #expect(up.output.contains("\(address) port \(port)"))
            #expect(RunningLab.processes(of: directory).isEmpty)
        }
    }

    @Test func otherDirectoriesAreLeftAlone() async throws {
        try await RunningLab.inDirectory { directory in
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try Data("x".utf8).write(to: URL(fileURLWithPath: directory + "/thesis.txt"))
            let up = try await RunningLab.cli(["up", directory])
            #expect(up.status != 0)
            #expect(up.errors.contains("not empty"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["thesis.txt"])
            for verb in ["down", "status"] {
                let result = try await RunningLab.cli([verb, directory])
                #expect(result.status != 0)
                #expect(result.errors.contains("no lab"))
            }
        }
    }
}
