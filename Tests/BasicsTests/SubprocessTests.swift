import Basics
import Glibc
import ServerFixtures
import Testing

@Suite(.waiting, .timeLimit(.minutes(10))) struct SubprocessTests {
    private let folder = TemporaryFolder()

    private func run(_ script: String, environment: [String: String]? = nil, third: Int32? = nil) throws -> String {
        let process = try Subprocess(
            ["sh", "-c", script], environment: environment, input: .null, output: .file(folder.file("out")),
            errors: nil, third: third)
        #expect(process.wait() == .status(0))
        return folder.text("out")
    }

    @Test func tellsHowItEnded() throws {
        #expect(try Subprocess(["sh", "-c", "exit 7"]).wait() == .status(7))
        let killed = try Subprocess(["sh", "-c", "kill -9 $$"]).wait()
        #expect(killed == .signal(SIGKILL) && killed.status == 137)
    }

    @Test func aProgramThatIsNotThereIsNoProcess() {
        let error = #expect(throws: SystemError.self) { try Subprocess(["/nowhere/at-all"]) }
        #expect(error == SystemError(ENOENT) && error?.description == "No such file or directory")
        #expect(throws: SystemError(ENOENT)) { try Subprocess([]) }
    }

    @Test func getsTheEnvironmentThatItIsGiven() throws {
        #expect(try run("echo $A; echo ${HOME-none}", environment: ["A": "1 2"]) == "1 2\nnone\n")
    }

    @Test func inheritsNoDescriptorButTheThird() throws {
        // One that the system would pass on.
        let open = dup(2)
        defer { close(open) }
        #expect(fcntl(open, F_GETFD) == 0)
        // The listing's own descriptor is the highest one.
        let listing = "ls /proc/self/fd | tr '\\n' ' '"
        #expect(try run(listing) == "0 1 2 3 ")
        folder.write("out", "")
        #expect(try run("test -e /proc/self/fd/3 && " + listing, third: open) == "0 1 2 3 4 ")
    }

    /// Whatever this process, or the thread that starts it, blocks and ignores.
    @Test func hearsSignals() throws {
        let started = BlockingTask { () throws(SystemError) in try Subprocess(["sh", "-c", "kill -TERM $$; sleep 60"]) }
        #expect(try started.result()?.get().wait() == .signal(SIGTERM))
        signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, SIG_DFL) }
        #expect(try Subprocess(["sh", "-c", "kill -USR2 $$"]).wait() == .signal(SIGUSR2))
    }

    @Test func leadsItsOwnSession() throws {
        let process = try Subprocess(
            ["sh", "-c", "cut -d ' ' -f 6 /proc/self/stat; echo $$"], output: .file(folder.file("out")),
            isDetached: true)
        process.wait()
        let numbers = folder.text("out").split(separator: "\n")
        #expect(numbers.count == 2 && numbers.first == numbers.last)
    }

    @Test func aFilterMakesOtherBytesOfSome() throws {
        // More than any pipe holds, in both directions.
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        let (output, ending) = try Subprocess.filter(bytes, through: ["tr", "a", "b"])
        #expect(output == [UInt8](repeating: UInt8(ascii: "b"), count: 1 << 20) && ending == .status(0))
        // One that reads nothing ends this program as little as one that says too much.
        #expect(try Subprocess.filter(bytes, through: ["false"]).ending == .status(1))
        let long = try Subprocess.filter([], through: ["yes"], limit: 1000)
        #expect(long.output == nil && long.ending == .signal(SIGPIPE))
        #expect(throws: SystemError(ENOENT)) { try Subprocess.filter(bytes, through: ["/nowhere/at-all"]) }
    }
}
