import Foundation
import ServerFixtures
import Testing

/// Modules that end the program, print, hang or are damaged, next to one that works; and names of tokens that are all
/// called the same.
@Suite(.waiting, .timeLimit(.minutes(20))) struct ModulesInTheField {
    private let rehearsal: Rehearsal
    private let good: String
    private let serial = String(UInt32.random(in: 0x1000_0000..<0xf000_0000), radix: 16)

    init() throws {
        rehearsal = try Rehearsal(lab: false)
        good = rehearsal.folder.file("good.so")
        try ChildProcess.run([
            "cc", "-shared", "-fPIC", "-o", good, Rehearsal.repository + "/Tests/TokensTests/fake-module.c", "-ldl",
        ])
        rehearsal.folder.write(
            "good.so.rules",
            "token GOOD \(serial) c\nmechanism 1 2800\ncertificate \(try certificate("SAST-ADN\(serial)"))\n")
    }

    private func certificate(_ name: String, key: String = "key.pem") throws -> String {
        let file = rehearsal.folder.file(name + ".der")
        try ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", rehearsal.folder.file(key), "-out",
            file, "-outform", "DER", "-subj", "/CN=\(name)", "-days", "30",
        ])
        return file
    }

    /// A module whose functions do what the text says, and nothing else.
    private func bad(_ what: String, in function: String, name: String = "bad.so") throws -> String {
        let bodies = ["initialize", "slots", "finalize", "load"].map { $0 == function ? what : "" }
        let source = rehearsal.folder.write(
            "bad.c",
            """
            #include <p11-kit-1/p11-kit/pkcs11.h>
            #include <assert.h>
            #include <signal.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <sys/wait.h>
            #include <unistd.h>
            static CK_FUNCTION_LIST list;
            __attribute__((unused)) static void fault(void) { *(volatile int *)0 = 1; }
            __attribute__((constructor)) static void load(void) { \(bodies[3]) }
            static CK_RV initialize(void *arguments) { \(bodies[0]) return CKR_OK; }
            static CK_RV slots(CK_BBOOL p, CK_SLOT_ID *s, CK_ULONG *n) { \(bodies[1]) *n = 0; return CKR_OK; }
            static CK_RV finalize(void *reserved) { \(bodies[2]) return CKR_OK; }
            CK_RV C_GetFunctionList(CK_FUNCTION_LIST **l) {
              list.version.major = 2; list.C_Initialize = initialize; list.C_GetSlotList = slots; list.C_Finalize = finalize;
              *l = &list; return CKR_OK; }
            """)
        let module = rehearsal.folder.file(name)
        try ChildProcess.run(["cc", "-shared", "-fPIC", "-Wl,-z,nodelete", "-o", module, source])
        return module
    }

    /// A module with a token, one of whose functions ends the program.
    private func failing(_ function: String, _ how: String) throws -> String {
        let module = rehearsal.folder.file("failing.so")
        try ChildProcess.run(["cp", good, module])
        let own = String(UInt32.random(in: 0x1000_0000..<0xf000_0000), radix: 16)
        rehearsal.folder.write(
            "failing.so.rules",
            "token FAILING \(own) c\nmechanism 1 2800\ncertificate \(try certificate("SAST-ADN\(own)"))\n"
                + "fail \(function) \(how)\n")
        return module
    }

    private func run(_ arguments: [String], _ modules: [String]) throws -> Rehearsal.Result {
        try rehearsal.run(
            Programs.path("etoken-bridge"), arguments + modules.flatMap { ["--module", $0] })
    }

    @Test(arguments: [
        ("abort();", "initialize", "signal 6"), ("raise(SIGSEGV);", "initialize", "signal 11"),
        ("exit(3);", "initialize", "exit with status 3"), ("exit(0);", "slots", "exit with status 0"),
        ("raise(SIGSEGV);", "slots", "signal 11"), ("raise(SIGSEGV);", "finalize", "signal 11"),
        ("raise(SIGBUS);", "load", "signal 7"),
    ])
    func aModuleThatEndsTheProgramIsNamedAndTheOthersGoOn(what: String, function: String, how: String) throws {
        let modules = [try bad(what, in: function), good]
        let list = try run(["token", "list"], modules)
        #expect(list.status == 0 && list.output.contains("GOOD"), "\(list)")
        #expect(list.errors.contains(modules[0]) && list.errors.contains(how), "\(list)")
        let shown = try run(["token", "show", "GOOD"], modules)
        #expect(shown.status == 0, "\(shown)")
        let doctor = try run(["doctor", "--json"], modules)
        let findings = try #require(try doctor.json()["findings"] as? [[String: Any]])
        let finding = try #require(findings.first { $0["code"] as? String == "module-crashes" })
        #expect((finding["text"] as? String)?.contains(how) == true)
        let alone = try run(["token", "list"], [modules[0]])
        #expect(alone.status == 1 && alone.errors.contains(how), "\(alone)")
    }

    /// What was seen is remembered as long as the file is the same.
    @Test func aModuleIsTriedOnce() throws {
        let marker = rehearsal.folder.file("tried")
        let module = try bad("FILE *f = fopen(\"\(marker)\", \"a\"); fputs(\"x\", f); fclose(f);", in: "initialize")
        for _ in 1...3 { #expect(try run(["token", "list"], [module]).status == 0) }
        // One child, and three runs.
        #expect(rehearsal.folder.text("tried") == "xxxx")
        try ChildProcess.run(["touch", "-d", "2020-01-01", module])
        #expect(try run(["token", "list"], [module]).status == 0)
        #expect(rehearsal.folder.text("tried") == "xxxxxx")
    }

    /// What the child did not see: it fails with a token in the reader. The program says which module it was, and from then on
    /// the others go on.
    @Test(
        arguments: ["C_GetTokenInfo", "C_OpenSession", "C_FindObjectsInit", "C_CloseSession"],
        ["fault", "abort", "exit"])
    func aModuleThatFailsWithATokenIsNamed(function: String, how: String) throws {
        let modules = [try failing(function, how), good]
        let what = how == "exit" ? "a call of exit with status 3" : how == "abort" ? "signal 6" : "signal 11"
        let first = try run(["token", "list"], modules)
        #expect(first.status == 1, "\(first)")
        #expect(
            first.errors.contains("The PKCS#11 module \(modules[0]) ended this program (\(what))."), "\(first)")
        #expect(first.errors.contains("Next: ") && !first.errors.contains("PIN attempt"))
        let second = try run(["token", "list"], modules)
        #expect(second.status == 0 && second.output.contains("GOOD"), "\(second)")
        #expect(second.errors.contains(modules[0]) && second.errors.contains(what), "\(second)")
    }

    /// doctor asks each module for everything in a child of its own.
    @Test(arguments: ["C_GetTokenInfo", "C_FindObjectsInit"], ["fault", "exit"])
    func doctorBearsAModuleThatFailsWithAToken(function: String, how: String) throws {
        let modules = [try failing(function, how), good]
        let findings = try #require(
            try run(["doctor", "--json"], modules).json()["findings"] as? [[String: Any]])
        let finding = try #require(findings.first { $0["code"] as? String == "module-crashes" })
        #expect((finding["text"] as? String)?.contains(modules[0]) == true)
        #expect(findings.contains { $0["code"] as? String == "token-ready" })
    }

    @Test(arguments: ["fault", "exit"]) func aModuleThatFailsAtALoginSaysThatATryCounts(how: String) throws {
        let module = try failing("C_Login", how)
        let pin = rehearsal.folder.write("pin", "Cisco123\n")
        for _ in 1...2 {
            let test = try run(["token", "test", "FAILING", "--pin-file", pin], [module])
            #expect(test.status == 1 && test.errors.contains("\(module) ended this program ("), "\(test)")
            #expect(test.errors.contains("A PIN attempt counts as used."))
        }
        // It may have been the token, which someone pulled: the module is used again, as long as tries are left.
        #expect(try run(["token", "test", "FAILING", "--pin-file", pin], [module]).status == 4)
    }

    /// Something that it needs is gone, and its own file is as it was.
    @Test func aModuleThatFailsLaterIsNamed() throws {
        let flag = rehearsal.folder.file("flag")
        let modules = [try bad("if (access(\"\(flag)\", F_OK) == 0) abort();", in: "initialize"), good]
        #expect(try run(["token", "list"], modules).status == 0)
        rehearsal.folder.write("flag", "")
        let list = try run(["token", "list"], modules)
        #expect(list.status == 1 && list.errors.contains("\(modules[0]) ended this program (signal 6)."), "\(list)")
        #expect(try run(["token", "list"], modules).output.contains("GOOD"))
        unlink(flag)
        // doctor tries it again, and then it is used.
        let findings = try #require(
            try run(["doctor", "--json"], modules).json()["findings"] as? [[String: Any]])
        #expect(!findings.contains { $0["code"] as? String == "module-crashes" })
        #expect(try !run(["token", "list"], modules).errors.contains(modules[0]))
    }

    /// The dynamic linker finds it in its own folders.
    @Test func aModuleWithoutAPathIsTriedToo() throws {
        _ = try bad("fault();", in: "initialize", name: "libfaulty.so")
        let list = try rehearsal.run(
            Programs.path("etoken-bridge"), ["token", "list", "--module", "libfaulty.so", "--module", good],
            environment: ["LD_LIBRARY_PATH=\(rehearsal.folder.path)"])
        #expect(list.status == 0 && list.output.contains("GOOD"), "\(list)")
        #expect(list.errors.contains("libfaulty.so") && list.errors.contains("signal 11"), "\(list)")
    }

    /// The result is written by then.
    @Test func whatFailsAtTheEndChangesNothing() throws {
        let modules = [try bad("atexit(fault);", in: "initialize"), good]
        let list = try run(["token", "list", "--json"], modules)
        #expect(list.status == 0 && list.errors.isEmpty, "\(list)")
        #expect((try list.json()["tokens"] as? [Any])?.count == 1)
    }

    /// A helper that the module starts, as some do: how it ends says nothing of the module.
    @Test(arguments: ["exit(0);", "abort();"]) func aChildOfAModuleMayEnd(how: String) throws {
        let modules = [
            try bad("pid_t p = fork(); if (p == 0) { \(how) } else { waitpid(p, NULL, 0); }", in: "initialize"), good,
        ]
        for _ in 1...3 {
            let list = try run(["token", "list"], modules)
            #expect(list.status == 0 && list.output.contains("GOOD") && list.errors.isEmpty, "\(list)")
        }
    }

    /// A number that a child of the program itself ends with.
    @Test(arguments: [0, 77]) func noStatusOfExitIsASurvivor(status: Int) throws {
        let list = try run(["token", "list"], [try bad("exit(\(status));", in: "slots"), good])
        #expect(list.status == 0 && list.errors.contains("a call of exit"), "\(list)")
    }

    @Test func aModuleThatPrintsSpoilsNoResult() throws {
        let module = try bad("puts(\"hello on stdout\"); fflush(stdout);", in: "initialize")
        let list = try run(["token", "list", "--json"], [module, good])
        #expect(try list.json()["tokens"] != nil)
        #expect(!list.output.contains("hello") && list.errors.contains("hello on stdout"))
        let exported = try run(["token", "export", "GOOD", "--output", "-"], [module, good])
        #expect(exported.output.hasPrefix("-----BEGIN CERTIFICATE-----"), "\(exported)")
    }

    @Test func aModuleThatIsCutShortIsNotLoaded() throws {
        let whole = try FileManager.default.attributesOfItem(atPath: good)[.size] as? Int ?? 0
        let short = rehearsal.folder.file("short.so")
        try ChildProcess.run(["cp", good, short])
        try ChildProcess.run(["truncate", "-s", "\(whole / 3)", short])
        let list = try run(["token", "list"], [short, good])
        #expect(list.status == 0 && list.output.contains("GOOD") && list.errors.contains("is damaged"), "\(list)")
        let findings = try #require(
            try run(["doctor", "--json"], [short, good]).json()["findings"] as? [[String: Any]])
        #expect(findings.contains { $0["code"] as? String == "module-not-a-library" })
    }

    // MARK: - Names

    @Test func tokensThatAreAllCalledTheSame() throws {
        let second = rehearsal.folder.file("second.so")
        try ChildProcess.run(["cp", good, second])
        let names = ["SAST-ADN\(serial)", "SAST-ADN00aabbcc"]
        for (module, number, name) in [("good", serial, names[0]), ("second", "00aabbcc", names[1])] {
            rehearsal.folder.write(
                module + ".so.rules",
                "token eToken \(number) c\nmechanism 1 2800\nmaker SafeNet, Inc.\ncertificate \(try certificate(name))\n"
            )
        }
        let modules = [good, second]
        for name in [
            names[1], names[1].uppercased(), "00aabbcc", "00AABBCC", "aabbcc", "0000000000aabbcc",
            "pkcs11:serial=00AABBCC",
        ] {
            let shown = try run(["token", "show", name], modules)
            #expect(shown.status == 0 && shown.output.contains("00aabbcc"), "\(name): \(shown)")
        }
        // A single one is exported under the name that tells it apart, too.
        for name in names {
            let file = rehearsal.folder.file(name + ".pem")
            let exported = try run(["token", "export", name, "--output", rehearsal.folder.path], modules)
            #expect(exported.status == 0 && exported.output.hasPrefix(file), "\(exported)")
        }
        // One PIN is tried once, whatever the token is called.
        let pin = rehearsal.folder.write("pin", "Cisco124\n")
        let twice = try run(
            ["token", "test"] + ["00aabbcc", "pkcs11:serial=00AABBCC"].map { "\($0)" } + ["--pin-file", pin], modules)
        #expect(twice.status == 64, "\(twice)")
        let uris = ["pkcs11:serial=00aabbcc?pin-source=file:\(pin)", "pkcs11:serial=AABBCC?pin-source=file:\(pin)"]
        let same = try run(["token", "test"] + uris, modules)
        #expect(same.status == 64 && same.errors.contains("no PIN attempt was used"), "\(same)")
        #expect(!rehearsal.folder.text("second.so.log").contains("C_Login"))
        let ambiguous = try run(["token", "show", "eToken"], modules)
        #expect(ambiguous.status == 2 && ambiguous.errors.contains("Specify one by its serial number."), "\(ambiguous)")
        let missing = try run(["token", "show", "nobody"], modules)
        #expect(missing.errors.contains("eToken (serial \(serial), \(names[0]))"), "\(missing)")
        // Files are named after what differs.
        let folder = rehearsal.folder.file("out")
        try ChildProcess.run(["mkdir", folder])
        #expect(try run(["token", "export", "--all", "--output", folder + "/"], modules).status == 0)
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder)) == Set(names.map { $0 + ".pem" }))
    }

    // MARK: - Names that are pasted, waited for, or over

    private func show(_ module: String, _ number: String, _ certificate: String, label: String = "eToken") {
        rehearsal.folder.write(
            module + ".so.rules",
            "token \(label) \(number) c\nmechanism 1 2800\nmaker SafeNet, Inc.\ncertificate \(certificate)\n")
    }

    @Test func tokensAreWaitedForByAllTheirNames() throws {
        let second = rehearsal.folder.file("second.so")
        try ChildProcess.run(["cp", good, second])
        show("good", serial, try certificate("SAST-ADN\(serial)"))
        let name = "SAST-ADNddccbbaa"
        let file = try certificate(name)
        show("second", "00aabbcc", file)
        let modules = [good, second]
        for names in [
            [name], [name.lowercased()], ["AABBCC"], ["pkcs11:token=eToken;serial=00aabbcc"], [name, serial],
        ] {
            let seen = try run(["token", "wait", "--timeout", "0", "--json"] + names, modules)
            #expect(seen.status == 0, "\(names): \(seen)")
            let tokens = try #require(try seen.json()["tokens"] as? [[String: Any]])
            #expect(
                tokens.map { $0["serialNumber"] as? String }
                    == (names.count == 1 ? ["00aabbcc"] : ["00aabbcc", serial]))
        }
        #expect(try run(["token", "wait", "SAST-ADN00000001", "--timeout", "0"], modules).status == 2)
        // Inserted while it is waited for: no smart card service tells.
        rehearsal.folder.write("second.so.rules", "mechanism 1 2800\n")
        let waiting = try ChildProcess(
            [Programs.path("etoken-bridge"), "token", "wait", name, "--timeout", "60"]
                + modules.flatMap { ["--module", $0] },
            output: rehearsal.folder.file("waited"), errors: "/dev/null", environment: rehearsal.variables)
        waitUntil("it looks") { rehearsal.folder.text("second.so.log").contains("C_GetSlotList") }
        show("second", "00aabbcc", file)
        #expect(waiting.wait() == 0)
        #expect(rehearsal.folder.text("waited").contains("eToken (serial 00aabbcc)"))
    }

    /// Someone called each token by the name of the other one's certificate: no PIN is tried on the wrong one.
    @Test func aLabelThatIsAnotherTokensCertificateMeansBoth() throws {
        let second = rehearsal.folder.file("second.so")
        try ChildProcess.run(["cp", good, second])
        let names = ["SAST-ADN\(serial)", "SAST-ADN00aabbcc"]
        show("good", serial, try certificate(names[0]), label: names[1])
        show("second", "00aabbcc", try certificate(names[1]), label: names[0])
        for name in names + [names[0].lowercased()] {
            let shown = try run(["token", "show", name], [good, second])
            #expect(shown.status == 2 && shown.errors.contains("2 tokens are called"), "\(shown)")
        }
        // A label that is the other one's serial number: the serial number tells nothing apart.
        show("good", serial, try certificate(names[0]), label: "00aabbcc")
        show("second", "00aabbcc", try certificate(names[1]))
        let shown = try run(["token", "show", "00aabbcc"], [good, second])
        #expect(shown.status == 2 && shown.errors.contains("by a PKCS#11 URI: \"pkcs11:token="), "\(shown)")
        let uri = try #require(shown.errors.split(separator: "\"").first { $0.hasPrefix("pkcs11:") })
        #expect(try run(["token", "show", String(uri)], [good, second]).status == 0)
    }

    /// Names on a token are shown, and never obeyed by a terminal.
    @Test func aHostileNameOnATokenIsShown() throws {
        let folder = rehearsal.folder
        let name = "SAST-\u{1b}]0;pwned\u{7}\u{202e}fdp"
        show("good", serial, try certificate(name, key: "k"), label: "-dash;x")
        for arguments in [["token", "list"], ["token", "show", serial], ["doctor"]] {
            let result = try run(arguments, [good])
            #expect(result.output.contains("-dash;x"), "\(result)")
            #expect(
                !(result.output + result.errors).unicodeScalars.contains {
                    "\u{1b}\u{7}\u{202e}".unicodeScalars.contains($0)
                })
        }
        // What is advised can be pasted.
        let expired = try run(
            [
                "ctl", "build", "--output", folder.file("a.tlv"), "--sign-with", serial, "--allow-few-tokens",
                "--record",
                "sast:\(try certificate("SAST-OTHER"))",
            ], [good])
        #expect(expired.errors.contains("--record sast:FILE"), "\(expired)")
    }

    /// Some cards have certificates in pairs of one id.
    @Test func certificatesOfOneIDAreBothExported() throws {
        let folder = rehearsal.folder.file("out")
        try ChildProcess.run(["mkdir", folder])
        rehearsal.folder.write(
            "good.so.rules",
            "token GOOD \(serial) c\ncertificate \(try certificate("A"))\ncertificate \(try certificate("B"))\n")
        #expect(try run(["token", "export", "GOOD", "--all", "--output", folder], [good]).status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    }

    /// An output that cannot be written is refused before the PIN is tried.
    @Test(.enabled(if: geteuid() == 0, "another account takes root"))
    func anOutputThatCannotBeWrittenCostsNoTry() throws {
        let folder = rehearsal.folder
        try ChildProcess.run(["mkdir", folder.file("readonly"), folder.file("other")])
        let record = try certificate("SAST-ADN\(serial)")
        let pin = folder.write("pin", "Cisco124\n")
        for file in ["good.so.log", "good.so.threads"] { chmod(folder.write(file, ""), 0o666) }
        try ChildProcess.run(["chmod", "-R", "a+rX", folder.path])
        chmod(pin, 0o600)
        try ChildProcess.run(["chown", "65534:65534", pin, folder.file("other")])
        let result = try rehearsal.run(
            "/usr/bin/env",
            [
                "XDG_STATE_HOME=\(folder.file("other"))", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                Programs.path("etoken-bridge"), "ctl", "build", "--output", folder.file("readonly/a.tlv"),
                "--sign-with",
                serial, "--allow-few-tokens", "--record", "sast:\(record)", "--pin-file", pin, "--module", good,
            ])
        #expect(result.status == 1 && result.errors.contains("readonly/a.tlv"), "\(result)")
        #expect(!folder.text("good.so.log").contains("C_Login"))
    }

    @Test func whatIsPrintedCanBePasted() throws {
        let second = rehearsal.folder.file("second.so")
        try ChildProcess.run(["cp", good, second])
        show("good", serial, try certificate("SAST-ADN\(serial)"))
        show("second", "00aabbcc", try certificate("SAST-ADN00aabbcc"), label: "e;Token%3B")
        let modules = [good, second]
        let list = try run(["token", "list", "--uris"], modules)
        let uris = list.output.split(separator: "\n").map(String.init)
        #expect(list.status == 0 && uris.count == 2, "\(list)")
        for (uri, number) in zip(uris, [serial, "00aabbcc"]) {
            let shown = try run(["token", "show", uri], modules)
            #expect(shown.output.contains("Serial        \(number)\n"), "\(shown)")
            #expect(shown.output.contains("URI           \(uri)\n"), "\(shown)")
        }
    }

    @Test func anExpiredCertificateIsSaid() throws {
        let folder = rehearsal.folder
        try ChildProcess.run([
            "openssl", "req", "-newkey", "rsa:1024", "-nodes", "-keyout", folder.file("k"), "-out", folder.file("r"),
            "-subj", "/CN=SAST-ADN\(serial)",
        ])
        for (days, word, validity) in [("-1", "expired ", "expired"), ("30", "ends ", "valid")] {
            try ChildProcess.run([
                "openssl", "x509", "-req", "-in", folder.file("r"), "-signkey", folder.file("k"), "-out",
                folder.file("old.der"), "-outform", "DER", "-days", days,
            ])
            show("good", serial, folder.file("old.der"))
            let list = try run(["token", "list"], [good])
            #expect(list.output.contains("SAST-ADN\(serial), \(word)20"), "\(list)")
            let isOver = validity == "expired"
            #expect(try run(["token", "show", serial], [good]).output.contains("Z, expired\n") == isOver)
            let json = try run(["token", "show", serial, "--json"], [good]).json()
            let entry = try #require((json["certificates"] as? [[String: Any]])?.first)
            #expect(entry["validity"] as? String == validity)
            let doctor = try run(["doctor", "--json"], [good]).json()
            let findings = try #require(doctor["findings"] as? [[String: Any]])
            #expect(findings.contains { $0["code"] as? String == "token-certificate-expired" } == isOver)
            #expect(findings.contains { $0["code"] as? String == "token-certificate-ends" } != isOver)
            // It still signs, and says so before the PIN.
            let test = try run(["token", "test", serial, "--pin-file", folder.write("pin", "Cisco123\n")], [good])
            #expect(
                test.errors.contains("Warning: the certificate on token eToken is valid from ") == isOver, "\(test)")
        }
    }

    /// CKF_USER_PIN_TO_BE_CHANGED.
    @Test func aPINThatMustBeChangedIsShown() throws {
        rehearsal.folder.write("good.so.rules", "token GOOD \(serial) 8000c\n")
        #expect(try run(["token", "list"], [good]).output.contains("ready, must be changed"))
        let shown = try run(["token", "show", "GOOD", "--json"], [good]).json()
        #expect(shown["pinMustBeChanged"] as? Bool == true)
        let findings = try #require(
            try run(["doctor", "--json"], [good]).json()["findings"] as? [[String: Any]])
        #expect(findings.contains { $0["code"] as? String == "token-pin-to-be-changed" }, "\(findings)")
    }

    /// What a test says of the PIN and of dates; a key that is missing does not hide that the PIN was right.
    @Test func aTestSaysAllThatItSaw() throws {
        let pin = rehearsal.folder.write("pin", "Cisco123\n")
        rehearsal.folder.write(
            "good.so.rules",
            "token GOOD \(serial) 8000c\nmechanism 1 2800\ncertificate \(try certificate("SAST-ADN\(serial)"))\nnokey\n"
        )
        let test = try run(["token", "test", "GOOD", "--pin-file", pin, "--json"], [good])
        let entry = try #require((try test.json()["tokens"] as? [[String: Any]])?.first)
        let steps = try #require(entry["steps"] as? [[String: Any]])
        #expect(
            steps.map { "\($0["step"] ?? "") \($0["result"] ?? "")" } == [
                "token ok", "certificate ok", "validity warning", "pin warning", "key failed",
            ], "\(test)")
    }

    /// One token that cannot be read keeps no other from being exported.
    @Test func whatCannotBeReadIsSkipped() throws {
        let second = rehearsal.folder.file("second.so")
        try ChildProcess.run(["cp", good, second])
        show("second", "00aabbcc", rehearsal.folder.write("garbage.der", "garbage"), label: "BROKEN")
        let folder = rehearsal.folder.file("out")
        try ChildProcess.run(["mkdir", folder])
        let all = try run(["token", "export", "--all", "--output", folder], [second, good])
        #expect(all.status == 0 && all.errors.contains("A certificate on token BROKEN"), "\(all)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["GOOD.pem"])
        let alone = try run(["token", "export", "BROKEN", "--all", "--output", folder], [second, good])
        #expect(alone.status == 2 && alone.errors.contains("cannot be read"), "\(alone)")
    }

    @Test func aModuleInThisFolderIsSaidToBeThere() throws {
        let program = Programs.path("etoken-bridge")
        func list(_ module: String) throws -> Rehearsal.Result {
            try rehearsal.run(
                "/bin/sh", ["-c", "cd '\(rehearsal.folder.path)' && '\(program)' token list --module \(module)"])
        }
        let bare = try list("good.so")
        #expect(bare.status == 1 && bare.errors.contains("specify --module ./good.so"), "\(bare)")
        #expect(try list("./good.so").status == 0)
    }

    /// Nothing is tried for a file that could not be written.
    @Test func theOutputsFolderIsLookedAtBeforeThePIN() throws {
        let pin = rehearsal.folder.write("pin", "Cisco124\n")
        let result = try run(
            [
                "ctl", "build", "--output", "/nonexistent/x/a.tlv", "--sign-with", "GOOD", "--pin-file", pin,
                "--record", "sast:/nonexistent/a.pem",
            ], [good])
        #expect(result.status == 2 && result.errors.contains("The folder /nonexistent/x does not exist."), "\(result)")
        #expect(!rehearsal.folder.text("good.so.log").contains("C_Login"))
    }

    // MARK: - token test

    @Test func aTokenIsTestedBeforeTheWindow() throws {
        let tokens = rehearsal.moduleOptions
        let uris = Rehearsal.tokens.map { Rehearsal.uri($0, pinFile: rehearsal.rightPIN) }
        let good = try rehearsal.run(Programs.path("etoken-bridge"), ["token", "test"] + uris + tokens)
        #expect(good.status == 0 && good.output.contains("2 of 2 tokens can sign."), "\(good)")
        let bad = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["token", "test", "nobody", uris[1], "--json"] + tokens)
        #expect(bad.status == 2, "\(bad)")
        let entries = try #require(try bad.json()["tokens"] as? [[String: Any]])
        func steps(_ entry: Int) -> [String] {
            (entries[entry]["steps"] as? [[String: String]] ?? []).map { "\($0["step"] ?? "") \($0["result"] ?? "")" }
        }
        #expect(steps(0) == ["token failed"])
        #expect(
            steps(1) == ["token ok", "certificate ok", "validity ok", "pin ok", "key ok", "signature ok"], "\(bad)")
        let wrong = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["token", "test", Rehearsal.tokens[0], "--pin-file", rehearsal.folder.write("wrong", "Cisco124\n")] + tokens
        )
        #expect(wrong.status == 3 && wrong.output.contains("0 of 1 tokens can sign."), "\(wrong)")
    }

    /// A PIN of one token costs no other one a try, nor does an empty descriptor that has been read already.
    @Test func onePINIsForOneToken() throws {
        let test = ["token", "test"] + Rehearsal.tokens + rehearsal.moduleOptions
        for option in ["--pin-file", "--pin-fd"] {
            let result = try rehearsal.run(
                Programs.path("etoken-bridge"), test + [option, option == "--pin-fd" ? "0" : rehearsal.rightPIN],
                input: "Cisco123\n")
            #expect(
                result.status == 64 && result.errors.contains("\(option) contains the PIN of one token, and 2"),
                "\(result)")
        }
    }
}
