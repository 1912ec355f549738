import Foundation
import ServerFixtures
import Testing

/// What programs started by tests inherit from the machine: nothing that differs from one user to the next.
@Suite(.waiting, .timeLimit(.minutes(5))) struct ChildProcessTests {
    @Test func theEnvironmentIsSmall() throws {
        // What may be set here, and would change the behaviour of programs.
        for name in ["https_proxy", "CURL_CA_BUNDLE", "LC_ALL", "BASH_ENV", "PYTHONPATH"] { setenv(name, "/x", 0) }
        let lines = try ChildProcess.run(["env"], environment: ["A=1", "LANG=x", "A=2"]).split(separator: "\n")
        let names = lines.map { String($0.prefix { $0 != "=" }) }
        #expect(Set(names).count == names.count, "\(names)")
        let passedOn: Set = ["ETOKEN_BRIDGE_BIN", "LLVM_PROFILE_FILE", "ASAN_OPTIONS", "TSAN_OPTIONS"]
        #expect(Set(names).subtracting(passedOn) == ["PATH", "HOME", "LANG", "ETOKEN_BRIDGE_SHARED", "A"])
        #expect(lines.contains("A=2") && lines.contains("LANG=x"))
    }

    /// A name that starts with another one is not the same.
    @Test func laterVariablesReplaceEarlierOnes() {
        let environment = ChildProcess.environment(["A=1", "AB=2", "A=3=4", "AB=", "PATH=/bin"])
        #expect(environment.suffix(3) == ["A=3=4", "AB=", "PATH=/bin"])
        #expect(environment.count { $0.hasPrefix("PATH=") } == 1)
    }

    /// As after `nohup`, or in the background of a shell without job control.
    @Test func ignoredSignalsAreHeard() throws {
        let before = signal(SIGUSR1, SIG_IGN)
        defer { signal(SIGUSR1, before) }
        let program = try ChildProcess(["sleep", "60"])
        program.signal(SIGUSR1)
        #expect(program.wait() == 128 + SIGUSR1)
    }

    @Test func aProgramThatFailsIsQuoted() throws {
        let failed = ["sh", "-c", "echo this; echo is why >&2; exit 3"]
        let run = #expect(throws: ChildProcess.Failure.self) { try ChildProcess.run(failed) }
        #expect(run?.description.contains("status 3\nthis\nis why\n") == true)
        let json = #expect(throws: ChildProcess.Failure.self) { try ChildProcess.end(of: failed).json() }
        #expect(json?.description.contains("status 3\nthis\nis why\n") == true)
    }
}
