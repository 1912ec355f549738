import Foundation
import ServerFixtures
import Testing

/// Whole runs of the program on a token that counts: several at once, killed, without a state folder, and through two
/// modules that write its serial number differently. None locks it.
@Suite(.waiting, .timeLimit(.minutes(20))) struct PINRuns {
    private struct Table {
        let rehearsal: Rehearsal
        let modules: [String]
        private let card: String

        init(tries: Int, _ extra: String = "") throws {
            rehearsal = try Rehearsal(lab: false)
            let folder = rehearsal.folder
            card = folder.write("card", "Cisco123 \(tries) \(tries)\n")
            // A number that no other test has: runs on one token wait for each other, whatever their folders.
            let serial = String(UInt32.random(in: 0x1000_0000..<0xf000_0000), radix: 16)
            modules = ["a.so", "b.so"].map { folder.file($0) }
            for (module, spelled) in zip(modules, [serial, "00000000" + serial.uppercased()]) {
                try ChildProcess.run([
                    "cc", "-shared", "-fPIC", "-o", module, Rehearsal.repository + "/Tests/TokensTests/fake-module.c",
                    "-ldl",
                ])
                set(module, "token FAKE \(spelled) c\ncard \(card)\n" + extra)
            }
        }

        func set(_ module: String, _ rules: String) { rehearsal.folder.write(name(module) + ".rules", rules) }
        func add(_ module: String, _ rule: String) {
            set(module, rehearsal.folder.text(name(module) + ".rules") + rule)
        }
        private func name(_ module: String) -> String { String(module.split(separator: "/").last ?? "") }

        var words: [String] { rehearsal.folder.text("card").split(whereSeparator: \.isWhitespace).map(String.init) }
        var left: Int { Int(words[1]) ?? -1 }

        func arguments(_ pin: String, new: String = "736284", _ module: Int = 0) -> [String] {
            let folder = rehearsal.folder
            let name = UUID().uuidString
            return [
                "token", "change-pin", "FAKE", "--module", modules[module], "--pin-file",
                folder.write("old-" + name, pin + "\n"), "--new-pin-file", folder.write("new-" + name, new + "\n"),
            ]
        }

        func run(_ pin: String, new: String = "736284", _ module: Int = 0, state: String? = nil) throws
            -> Rehearsal.Result
        {
            let program = Programs.path("etoken-bridge")
            let command = state.map { ["XDG_STATE_HOME=\($0)", program] } ?? [program]
            return try rehearsal.run("/usr/bin/env", command + arguments(pin, new: new, module))
        }
    }

    @Test func severalAtOnceTryOneAfterAnother() throws {
        let table = try Table(tries: 3)
        let runs = try (0..<6).map { index in
            try ChildProcess(
                [Programs.path("etoken-bridge")] + table.arguments("Cisco124", index % 2),
                environment: table.rehearsal.variables)
        }
        let statuses = runs.map { $0.wait() }.sorted()
        #expect(table.left == 1)
        #expect(statuses == [3, 3, 4, 4, 4, 4])
    }

    /// Killed before and after the token looked at the PIN, in the login and in the change.
    @Test(arguments: ["C_SetPIN before", "C_SetPIN after", "C_Login before", "C_Login after"])
    func whatIsKilledIsCounted(point: String) throws {
        let table = try Table(tries: 3)
        table.add(table.modules[0], "die \(point)\n")
        let isLogin = point.hasPrefix("C_Login")
        for _ in 1...4 {
            _ = try table.run(isLogin ? table.words[0] : "Cisco124", new: "9\(table.left)62847")
            #expect(table.left >= 1)
        }
        let refused = try table.run("Cisco124")
        #expect(isLogin || refused.status == 4, "\(refused)")
        #expect(table.left >= 1)
    }

    /// The next run says which PIN may hold.
    @Test(arguments: [("C_SetPIN after", "The new PIN may hold already"), ("C_Login before", "the new PIN holds")])
    func aChangeThatWasKilledIsRemembered(point: String, words: String) throws {
        let table = try Table(tries: 15)
        table.add(table.modules[0], "die \(point)\n")
        #expect(try table.run("Cisco123").status > 64)
        #expect(table.words[0] == "736284")
        // Also where no PIN is asked for.
        let module = ["--module", table.modules[1]]
        let program = Programs.path("etoken-bridge")
        #expect(try table.rehearsal.run(program, ["token", "list"] + module).output.contains("change interrupted"))
        let findings = try #require(
            try table.rehearsal.run(program, ["doctor", "--json"] + module).json()["findings"] as? [[String: Any]])
        let finding = try #require(findings.first { $0["code"] as? String == "token-pin-change-unfinished" })
        #expect((finding["text"] as? String)?.contains(words) == true)
        let next = try table.run("736284", new: "Krakow-12", 1)
        #expect(next.status == 0 && next.errors.contains(words), "\(next)")
        #expect(try !table.run("Krakow-12", new: "736284", 1).errors.contains("Warning"))
    }

    /// On a reader with a PIN pad nobody is asked here: it is said before the PIN is entered there.
    @Test func anInterruptedChangeIsSaidBeforeAPINPad() throws {
        let table = try Table(tries: 15)
        table.add(table.modules[0], "die C_SetPIN after\n")
        #expect(try table.run("Cisco123").status > 64)
        let folder = table.rehearsal.folder
        for module in ["a.so", "b.so"] {
            let rules = folder.text(module + ".rules").replacing(" c\n", with: " 10c\n")
            folder.write(module + ".rules", rules.replacing("die C_SetPIN after\n", with: ""))
        }
        let next = try table.run("736284", 1)
        #expect(next.errors.contains("The new PIN may hold already"), "\(next)")
    }

    /// Where the token tells its tries, no state folder is needed; but an interrupted change would be forgotten.
    @Test func aChangeThatCannotBeRememberedIsSaid() throws {
        let table = try Table(tries: 15, "tells object\n")
        let result = try table.run("Cisco123", state: "/proc/nowhere")
        #expect(result.status == 0 && result.errors.contains("nobody would remember it"), "\(result)")
        #expect(try !table.run("736284", new: "Krakow-12").errors.contains("Warning"))
    }

    /// Two accounts of one machine, each with a state folder that the other cannot read.
    @Test(.enabled(if: geteuid() == 0, "another account takes root"))
    func accountsOfOneMachineCountTogether() throws {
        let table = try Table(tries: 15)
        let folder = table.rehearsal.folder
        for name in ["shared", "other"] { try ChildProcess.run(["mkdir", folder.file(name)]) }
        for module in table.modules { table.add(module, "certificate \(try sast(in: folder))\n") }
        for module in ["a.so", "b.so"] {
            for file in [".log", ".threads"] { chmod(folder.write(module + file, ""), 0o666) }
        }
        try ChildProcess.run(["chmod", "-R", "a+rX", folder.path])
        chmod(folder.file("card"), 0o666)
        chmod(folder.file("shared"), 0o1777)
        chown(folder.file("other"), 65534, 65534)
        func run(isOther: Bool, _ pin: String = "Cisco124") throws -> Rehearsal.Result {
            let arguments = table.arguments(pin)
            let account = isOther ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
            for option in ["--pin-file", "--new-pin-file"] {
                let file = arguments[arguments.firstIndex(of: option)! + 1]
                chmod(file, 0o600)
                if isOther { chown(file, 65534, 65534) }
            }
            return try table.rehearsal.run(
                "/usr/bin/env",
                ["ETOKEN_BRIDGE_SHARED=\(folder.file("shared"))"]
                    + (isOther ? ["XDG_STATE_HOME=\(folder.file("other"))", "XDG_CACHE_HOME=/nonexistent"] : [])
                    + account
                    + [Programs.path("etoken-bridge")] + arguments)
        }
        var statuses: [Int32] = []
        for count in 0..<12 { statuses.append(try run(isOther: count % 2 == 1).status) }
        #expect(statuses == Array(repeating: 3, count: 10) + [4, 4])
        #expect(table.left == 5)
        let refused = try run(isOther: true)
        #expect(refused.errors.contains("of them by other users of this machine"), "\(refused)")
        // As it says, once the right PIN has been entered elsewhere.
        let command = try #require(refused.errors.firstRange(of: "sudo rm ")?.upperBound)
        let files = refused.errors[command...].split(whereSeparator: \.isWhitespace)
        for file in files { try ChildProcess.run(["rm", String(file)]) }
        #expect(try run(isOther: true).status == 3)
    }

    /// Cisco's certificate, as far as it can be told: 15 wrong PINs lock the token.
    private func sast(in folder: TemporaryFolder) throws -> String {
        let file = folder.file("sast.der")
        try ChildProcess.run(["openssl", "genrsa", "-out", folder.file("ca.key"), "1024"])
        try ChildProcess.run([
            "openssl", "req", "-x509", "-key", folder.file("ca.key"), "-subj",
            "/O=Cisco Systems/CN=Cisco Manufacturing CA", "-days", "400", "-out", folder.file("ca.pem"),
        ])
        try ChildProcess.run([
            "openssl", "req", "-newkey", "rsa:1024", "-nodes", "-keyout", folder.file("sast.key"), "-subj",
            "/CN=SAST-ADN12345678", "-out", folder.file("sast.csr"),
        ])
        try ChildProcess.run([
            "openssl", "x509", "-req", "-in", folder.file("sast.csr"), "-CA", folder.file("ca.pem"), "-CAkey",
            folder.file("ca.key"), "-set_serial", "1", "-days", "400", "-outform", "DER", "-out", file,
        ])
        chmod(file, 0o644)
        return file
    }

    /// A place to which others can write is not used at all.
    @Test func aStateFolderOfOthersIsNoneEither() throws {
        let table = try Table(tries: 3)
        let result = try table.run("Cisco124", state: "/dev/null")
        #expect(result.status == 1 && result.errors.contains("can be written by other users"), "\(result)")
        #expect(table.left == 3)
    }

    @Test(arguments: ["/proc/nowhere"]) func withoutAStateFolderNoPINIsTried(state: String) throws {
        let table = try Table(tries: 3)
        for _ in 1...3 {
            let result = try table.run("Cisco124", state: state)
            #expect(result.status == 4 && result.errors.contains("could not be counted"), "\(result)")
            #expect(result.errors.contains("XDG_STATE_HOME"))
        }
        #expect(table.left == 3)
        // One that tells how many are left needs no folder, and its last one is not used.
        for module in table.modules { table.add(module, "tells object\n") }
        #expect(try (1...4).map { _ in try table.run("Cisco124", state: state).status } == [3, 3, 4, 4])
        #expect(table.left == 1)
    }

    /// Without HOME, as in a service or with sudo -u, it is where the system's user database says.
    @Test func withoutHOMETheCountIsInTheUsersHome() throws {
        let table = try Table(tries: 3)
        let folder = table.rehearsal.folder
        let home = try #require(getpwuid(geteuid()).map { String(cString: $0.pointee.pw_dir) })
        mkdir(folder.file("home"), 0o700)
        let bind = "mount --bind '\(folder.file("home"))' '\(home)' && exec \"$@\""
        for status: Int32 in [3, 3, 4] {
            let result = try table.rehearsal.run(
                "/usr/bin/env",
                ["unshare", geteuid() == 0 ? "-m" : "-rm", "sh", "-c", bind, "sh", "env", "-u", "HOME"]
                    + ["XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"].flatMap { ["-u", $0] }
                    + [Programs.path("etoken-bridge")] + table.arguments("Cisco124"))
            #expect(result.status == status, "\(result)")
        }
        let counts = try FileManager.default.contentsOfDirectory(
            atPath: folder.file("home/.local/state/etoken-bridge/wrong-pins"))
        #expect(table.left == 1 && !counts.isEmpty, "\(counts)")
    }

    @Test func theTriesThatAreLeftAreShown() throws {
        let table = try Table(tries: 15, "tells object\nmaker SafeNet, Inc.\n")
        _ = try table.run("Cisco124")
        let module = ["--module", table.modules[0]]
        let program = Programs.path("etoken-bridge")
        let list = try table.rehearsal.run(program, ["token", "list"] + module)
        #expect(list.output.contains("14 of 15 tries left"), "\(list)")
        let shown = try table.rehearsal.run(program, ["token", "show", "FAKE", "--json"] + module).json()
        let tries = try #require(shown["tries"] as? [String: Any])
        #expect(tries["left"] as? Int == 14 && tries["most"] as? Int == 15 && tries["from"] as? String == "token")
        #expect(try table.run("Cisco124").errors.contains("14 of 15 tries left"))
    }
}
