import Foundation
import ServerFixtures
import Testing

/// What may be wrong with a PKCS#11 module.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Modules {
    private let folder = TemporaryFolder()

    private func diagnose(_ module: String, _ extra: String...) throws -> Diagnosis {
        try Diagnosis(
            ["--module", module] + extra, environment: ["PCSCLITE_CSOCK_NAME=\(folder.file("no-service"))"])
    }

    /// A library that consists of C text.
    private func library(_ name: String, _ text: String, _ options: [String] = []) throws -> String {
        let source = folder.write(name + ".c", text)
        try ChildProcess.run(["gcc", "-shared", "-fPIC", "-o", folder.file(name), source] + options)
        return folder.file(name)
    }

    @Test func missingFile() throws {
        let path = folder.file("nowhere.so")
        let finding = try #require(try diagnose(path)["module-missing"])
        #expect(finding.text == "Module \(path) cannot be read: No such file or directory.")
    }

    @Test(arguments: ["not a library\n", "", "\u{7f}ELF"])
    func notALibrary(text: String) throws {
        let path = folder.write("module.so", text)
        #expect(try diagnose(path)["module-not-a-library"]?.text.contains(path) == true)
    }

    /// A real library whose header specifies another processor.
    @Test(arguments: [(UInt8(40), UInt8(1), "32-bit ARM"), (243, 2, "64-bit RISC-V"), (3, 1, "32-bit x86 (i386)")])
    func wrongArchitecture(machine: UInt8, elfClass: UInt8, name: String) throws {
        let good = try library("good.so", "int nothing;")
        var bytes = try #require(folder.bytes("good.so"))
        (bytes[4], bytes[18], bytes[19]) = (elfClass, machine, 0)
        let path = folder.write("foreign.so", bytes)
        let finding = try #require(try diagnose(path)["module-wrong-architecture"])
        #expect(finding.text.contains("(\(name))"))
        #expect(try diagnose(good)["module-wrong-architecture"] == nil)
    }

    @Test func missingLibrary() throws {
        let needed = try library("libneeded.so.7", "int needed(void) { return 0; }", ["-Wl,-soname,libneeded.so.7"])
        let path = try library(
            "module.so", "int needed(void); int C_GetFunctionList(void) { return needed(); }", [needed])
        unlink(needed)
        let finding = try #require(try diagnose(path)["module-library-missing"])
        #expect(finding.text.contains("it needs libneeded.so.7, which is not installed"))
        #expect(finding.next.contains("ldd \(path) | grep 'not found'"))
    }

    @Test func noModuleAtAll() throws {
        let path = try library("plain.so", "int nothing;")
        #expect(try diagnose(path)["module-unusable"]?.text.contains("no C_GetFunctionList") == true)
    }

    /// CKR_OK, and no list.
    @Test func noFunctionList() throws {
        let path = try library(
            "empty.so",
            "#include <p11-kit-1/p11-kit/pkcs11.h>\nCK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) { *list = 0; return CKR_OK; }"
        )
        #expect(try diagnose(path)["module-unusable"]?.text.hasSuffix("provides no function list.") == true)
    }

    /// Its device is missing, say; 0x30 is CKR_DEVICE_ERROR.
    @Test func doesNotStart() throws {
        let path = try library(
            "failing.so",
            """
            #include <p11-kit-1/p11-kit/pkcs11.h>
            static CK_RV initialize(void *arguments) { return CKR_DEVICE_ERROR; }
            static CK_FUNCTION_LIST functions = {.version = {2, 40}, .C_Initialize = initialize};
            CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) { *list = &functions; return CKR_OK; }
            """)
        let finding = try #require(try diagnose(path)["module-unusable"])
        #expect(finding.text.contains("cannot be initialised"))
    }

    /// One that a package registered, and that nobody asked for, prevents no token from working if another module does.
    @Test func oneThatIsNotNeededIsAWarning() throws {
        let path = try library("plain.so", "int nothing;")
        mkdir(folder.file("registry"), 0o755)
        folder.write("registry/plain.module", "module: \(path)\n")
        let bind = "mount --bind \(folder.file("registry")) /usr/share/p11-kit/modules && exec \"$@\""
        let diagnosis = try Diagnosis(
            environment: ["PCSCLITE_CSOCK_NAME=\(folder.file("no-service"))"],
            wrapper: (geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-rm"]) + ["sh", "-c", bind, "sh"])
        #expect(diagnosis["module-loads"] != nil)
        #expect(diagnosis["module-unusable"]?.severity == "warning")
        #expect(try diagnose(path)["module-unusable"]?.severity == "problem")
    }

    /// Also if its file is gone, or damaged; and what p11-kit's registry says besides.
    @Test func theRegistryOfP11Kit() throws {
        mkdir(folder.file("registry"), 0o755)
        folder.write("registry/gone.module", "module: /nonexistent/gone.so\n")
        folder.write("registry/torn.module", "module: \(folder.write("torn.so", "no library"))\n")
        folder.write("registry/eToken.conf", "module: /usr/lib/softhsm/libsofthsm2.so\n")
        folder.write("registry/far.module", "remote: unix:path=/run/p11-kit\n")
        let bind = "mount --bind \(folder.file("registry")) /usr/share/p11-kit/modules && exec \"$@\""
        let diagnosis = try Diagnosis(
            environment: ["PCSCLITE_CSOCK_NAME=\(folder.file("no-service"))"],
            wrapper: (geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-rm"]) + ["sh", "-c", bind, "sh"])
        #expect(diagnosis["module-missing"]?.severity == "warning")
        #expect(diagnosis["module-not-a-library"]?.severity == "warning")
        #expect(diagnosis["module-entry-name"]?.text.contains("eToken.conf") == true)
        #expect(diagnosis["module-entry-unused"]?.text.contains("far.module") == true)
        // Read all the same, as p11-kit does.
        #expect(diagnosis.findings.contains { $0.text.contains("libsofthsm2.so") && $0.code == "module-loads" })
    }

    /// SoftHSM as Debian installs it: its folder is open to one group only.
    @Test(.enabled(if: geteuid() == 0, "another account takes root"))
    func aModuleForAGroup() throws {
        mkdir(folder.file("home"), 0o700)
        chown(folder.file("home"), 65534, 65534)
        chmod(folder.path, 0o711)
        let diagnosis = try Diagnosis(
            environment: [
                "PCSCLITE_CSOCK_NAME=\(folder.file("no-service"))", "HOME=\(folder.file("home"))",
                "XDG_STATE_HOME=\(folder.file("home"))", "XDG_CONFIG_HOME=\(folder.file("home"))",
                "SOFTHSM2_CONF=/etc/softhsm/softhsm2.conf",
            ],
            wrapper: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        let finding = try #require(diagnosis.findings.first { $0.text.contains("libsofthsm2.so") })
        #expect(
            finding.severity == "warning"
                && finding.next == [
                    "If tokens of SoftHSM are needed, add yourself to its group: sudo adduser $USER softhsm"
                ], "\(finding)")
        #expect(!diagnosis.problems.contains { $0.hasPrefix("module-") })
    }

    /// The dynamic linker does not look in the current folder.
    @Test func aFileWithoutItsPath() throws {
        _ = try library("libhere-\(getpid()).so", "int nothing;")
        let diagnosis = try Diagnosis(
            ["--module", "libhere-\(getpid()).so"], wrapper: ["env", "-C", folder.path])
        let finding = try #require(diagnosis["module-unusable"])
        #expect(
            finding.next == ["For the file in this folder specify --module ./libhere-\(getpid()).so."], "\(finding)")
    }

    @Test func hangs() throws {
        let path = try library(
            "hanging.so",
            """
            #include <p11-kit-1/p11-kit/pkcs11.h>
            #include <unistd.h>
            CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) { for (;;) pause(); }
            """)
        #expect(try diagnose(path, "--token-timeout", "1")["module-hangs"] != nil)
    }

    /// A machine without modules: the registries are empty, and OpenSC's library is removed from a copy of its folder.
    @Test func noneInstalled() throws {
        let empty = folder.file("empty")
        mkdir(empty, 0o755)
        mkdir(folder.file("layers"), 0o755)
        let folders = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib").map { "/usr/lib/\($0)" }
        let home = try #require(folders.first { FileManager.default.fileExists(atPath: $0 + "/opensc-pkcs11.so") })
        let hide = """
            set -e
            mount --bind \(empty) /usr/share/p11-kit/modules
            [ ! -d /etc/pkcs11/modules ] || mount --bind \(empty) /etc/pkcs11/modules
            mount -t tmpfs none \(folder.file("layers"))
            cd \(folder.file("layers"))
            mkdir upper work
            mount -t overlay -o lowerdir=\(home),upperdir=upper,workdir=work none \(home)
            rm \(home)/opensc-pkcs11.so
            exec "$@"
            """
        let diagnosis = try Diagnosis(
            environment: ["PCSCLITE_CSOCK_NAME=\(folder.file("no-service"))"],
            wrapper: (geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-rm"]) + ["sh", "-c", hide, "sh"])
        #expect(
            diagnosis["no-module"]?.next.last == "For tokens of the standard layout: sudo apt install opensc-pkcs11")
        #expect(!diagnosis.findings.contains { $0.code.hasPrefix("module-") })
    }
}
