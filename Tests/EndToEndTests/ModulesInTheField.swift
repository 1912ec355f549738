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
    private func bad(_ what: String, in function: String) throws -> String {
        let bodies = ["initialize", "slots", "finalize", "load"].map { $0 == function ? what : "" }
        let source = rehearsal.folder.write(
            "bad.c",
            """
            #include <p11-kit-1/p11-kit/pkcs11.h>
            #include <assert.h>
            #include <signal.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <unistd.h>
            static CK_FUNCTION_LIST list;
            __attribute__((constructor)) static void load(void) { \(bodies[3]) }
            static CK_RV initialize(void *arguments) { \(bodies[0]) return CKR_OK; }
            static CK_RV slots(CK_BBOOL p, CK_SLOT_ID *s, CK_ULONG *n) { \(bodies[1]) *n = 0; return CKR_OK; }
            static CK_RV finalize(void *reserved) { \(bodies[2]) return CKR_OK; }
            CK_RV C_GetFunctionList(CK_FUNCTION_LIST **l) {
              list.version.major = 2; list.C_Initialize = initialize; list.C_GetSlotList = slots; list.C_Finalize = finalize;
              *l = &list; return CKR_OK; }
            """)
        let module = rehearsal.folder.file("bad.so")
        try ChildProcess.run(["cc", "-shared", "-fPIC", "-o", module, source])
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

    // MARK: - token test

    @Test func aTokenIsTestedBeforeTheWindow() throws {
        let tokens = rehearsal.moduleOptions
        let pin = ["--pin-file", rehearsal.rightPIN]
        let good = try rehearsal.run(
            Programs.path("etoken-bridge"), ["token", "test"] + Rehearsal.tokens + pin + tokens)
        #expect(good.status == 0 && good.output.contains("2 of 2 tokens can sign."), "\(good)")
        let bad = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["token", "test", "nobody", Rehearsal.tokens[1], "--json"] + pin + tokens)
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
}
