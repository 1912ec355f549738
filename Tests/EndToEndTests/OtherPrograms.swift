import Foundation
import Glibc
import ServerFixtures
import Testing

/// What other programs of this machine can see of a run, and what their files can change about it.
@Suite(.waiting, .timeLimit(.minutes(10))) struct OtherPrograms {
    private let folder = TemporaryFolder()
    init() throws {
        for name in ["config/etoken-bridge", "home/.ssh", "ssh"] {
            try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
        }
    }

    private var environment: [String] {
        ["XDG_CONFIG_HOME=\(folder.file("config"))", "XDG_STATE_HOME=\(folder.file("state"))"]
    }

    /// A cluster of one node.
    private func configure(account: String, address: String = "127.0.0.1", port: UInt16 = 1, hostKey: String? = nil) {
        folder.write(
            "config/etoken-bridge/config.toml",
            """
            [clusters.office]
            version = "12.5.1"
            [clusters.office.platform]
            user = "admin"
            \(account)
            [[clusters.office.nodes]]
            name = "pub"
            publisher = true
            address = "\(address)"
            ssh_port = \(port)
            https_port = \(port)
            tvs = false
            ssh_host_key = "\(hostKey ?? "SHA256:\(String(repeating: "A", count: 43))")"
            tls_pin = "sha256//\(String(repeating: "A", count: 43))="

            """, mode: 0o644)
    }

    /// A program that supplies a password gets its own three files and nothing else: no connection, and not the
    /// descriptor of a PIN.
    @Test func aPasswordCommandInheritsNothing() throws {
        let script = folder.write(
            "script",
            "ls /proc/self/fd >'\(folder.file("open"))'; cat /proc/self/fd/9 >'\(folder.file("stolen"))'; echo geheim")
        configure(account: "password_command = [\"sh\", \"\(script)\"]")
        let pin = folder.write("pin", "My-Secret-PIN\n", mode: 0o600)
        let result = try ChildProcess.end(
            of: ["sh", "-c", "exec \"$0\" trust list --cluster office 9<'\(pin)'", Programs.path("etoken-bridge")],
            environment: environment)
        #expect(result.status != 0 && !result.errors.contains("password_command"), "\(result)")
        // The listing's own descriptor is the last one.
        #expect(folder.text("open").split(separator: "\n") == ["0", "1", "2", "3"], "\(folder.text("open"))")
        #expect(folder.text("stolen").isEmpty)
    }

    /// While a secret is held, other programs of the same user cannot read this one's memory, and a crash leaves none in
    /// a core file. As an ordinary user, because root may do everything.
    @Test func noProgramOfTheSameUserReadsItsMemory() throws {
        let (address, port) = (Loopback.address(), try Loopback.port(on: "127.0.0.1"))
        // It accepts connections, and is silent.
        let silent = try ChildProcess([
            "python3", "-c",
            "import socket, sys, time; s = socket.create_server((sys.argv[1], int(sys.argv[2]))); time.sleep(600)",
            address, "\(port)",
        ])
        defer { _ = silent.id }
        try Loopback.waitForListener(address, port)
        let password = folder.write("password", "geheim", mode: 0o600)
        configure(account: "password_file = \"\(password)\"", address: address, port: port)
        try ChildProcess.run(["chmod", "-R", "a+rX", folder.file("config")])
        try ChildProcess.run(["chmod", "711", folder.path])
        let someone = geteuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
        if geteuid() == 0 { try ChildProcess.run(["chown", "65534", password]) }
        let program = try ChildProcess(
            someone + [Programs.path("etoken-bridge"), "trust", "list", "--cluster", "office"],
            output: folder.file("output"), environment: environment)
        func limits() throws -> String { try ChildProcess.run(["cat", "/proc/\(program.id)/limits"]) }
        func looked() throws -> ChildProcess.Result {
            try ChildProcess.end(of: someone + ["head", "-c", "1", "/proc/\(program.id)/environ"])
        }
        try waitUntil("it holds the password: \(folder.text("output"))") {
            try limits().split(separator: "\n").contains {
                $0.hasPrefix("Max core file size") && $0.split(separator: " ").suffix(3) == ["0", "0", "bytes"]
            }
        }
        let result = try looked()
        #expect(result.status != 0 && result.errors.contains("denied"), "\(result)")
        #expect(program.isRunning)
        // The same user can read another program that holds no secret.
        let other = try ChildProcess(someone + ["sleep", "600"])
        try waitUntil("it runs") {
            try ChildProcess.end(of: someone + ["head", "-c", "1", "/proc/\(other.id)/environ"]).status == 0
        }
    }

    /// libssh reads the user's known_hosts and the machine's, and prefers a key of the type that it finds there. Neither
    /// counts here: plain `ssh`, used once, must not make a pinned key look changed.
    @Test(.enabled(if: OpenSSHServer.isPossible, "sshd needs root for an account of its own"))
    func knownHostsDoNotCount() throws {
        let server = try OpenSSHServer(keys: ["rsa", "ecdsa", "ed25519"])
        // Without the pinned key, the server shows the one that is preferred; that does not depend on known_hosts.
        func shown(knownHosts type: String?) throws -> String {
            let line =
                try type.map { "[\(server.address)]:\(server.port) \(try #require(server.publicKeys[$0]))\n" } ?? ""
            folder.write("home/.ssh/known_hosts", line)
            folder.write("ssh/ssh_known_hosts", line)
            // libssh takes the home folder from the user database.
            folder.write(
                "passwd", "root:x:0:0:root:\(folder.file("home")):/bin/sh\nsshd:x:101:65534::/run/sshd:/bin/false\n")
            let result = try ChildProcess.end(
                of: [
                    "unshare", "--mount", "sh", "-c",
                    """
                    set -e
                    mount --make-rprivate /
                    mount --bind '\(folder.file("passwd"))' /etc/passwd
                    mount --bind '\(folder.file("ssh"))' /etc/ssh
                    exec "$0" doctor --cluster office
                    """, Programs.path("etoken-bridge"),
                ], environment: environment)
            // Lines are wrapped.
            return result.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        configure(account: "password_file = \"/nonexistent\"", address: server.address, port: server.port)
        let usual = try shown(knownHosts: nil)
        let key = try #require(server.fingerprints["ed25519"])
        #expect(usual.contains("The SSH key of pub is \(key)"), "\(usual)")
        for type in ["rsa", "ecdsa"] {
            let text = try shown(knownHosts: type)
            #expect(text.contains("The SSH key of pub is \(key)"), "\(type): \(text)")
        }
        // And the pinned one is found, whatever was seen before.
        for pinned in server.fingerprints.values {
            configure(
                account: "password_file = \"/nonexistent\"", address: server.address, port: server.port, hostKey: pinned
            )
            let text = try shown(knownHosts: "rsa")
            #expect(text.contains("The TLS key of pub") && !text.contains("The SSH key of pub"), "\(text)")
        }
    }

    // MARK: Libraries of before

    /// libcurl before 7.85 does not know the option that restricts schemes by name: it gets the older one. One that knows
    /// neither is not used at all.
    @Test func anOlderLibcurlIsRestrictedToo() throws {
        let library = try ChildProcess.run([
            "sh", "-c", "ldconfig -p | awk '$1 == \"libcurl.so.4\" { print $NF; exit }'",
        ])
        .filter { !$0.isNewline }
        // The real one, under another name, behind one that refuses options.
        var real = try Array(Data(contentsOf: URL(fileURLWithPath: library)))
        let (name, inner) = (Array("libcurl.so.4\0".utf8), Array("libcurX.so.4\0".utf8))
        let found = try #require(real.firstRange(of: name))
        real.replaceSubrange(found, with: inner)
        folder.write("libcurX.so.4", real, mode: 0o755)
        folder.write(
            "old.c",
            """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdarg.h>
            #include <stdio.h>
            #include <stdlib.h>
            int curl_easy_setopt(void *curl, int option, ...) {
              va_list list;
              va_start(list, option);
              void *value = va_arg(list, void *);
              va_end(list);
              if (option == 10318 || option == 10319) return 48;
              if (option == 181 || option == 182) {
                FILE *log = fopen(getenv("OLD_LOG"), "a");
                fprintf(log, "%d %ld\\n", option, (long)value);
                fclose(log);
                if (getenv("OLD_REFUSES")) return 48;
              }
              static int (*real)(void *, int, ...);
              if (!real) real = dlsym(RTLD_NEXT, "curl_easy_setopt");
              return real(curl, option, value);
            }
            """)
        try ChildProcess.run([
            "gcc", "-shared", "-fPIC", "-o", folder.file("libcurl.so.4"), folder.file("old.c"),
            "-Wl,-soname,libcurl.so.4", "-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed", folder.file("libcurX.so.4"),
        ])
        let web = try PythonServer()
        let password = folder.write("password", "geheim", mode: 0o600)
        configure(account: "password_file = \"\(password)\"", address: web.address, port: web.port)
        func run(_ more: String...) throws -> ChildProcess.Result {
            try ChildProcess.end(
                of: [Programs.path("etoken-bridge"), "trust", "list", "--cluster", "office"],
                environment: environment + [
                    "LD_LIBRARY_PATH=\(folder.path)", "OLD_LOG=\(folder.file("log"))",
                ] + more)
        }
        let old = try run()
        // The transfer was tried (the server speaks no TLS), over HTTPS only.
        #expect(old.status != 0 && !old.errors.contains("rejects an option"), "\(old)")
        let options = Set(folder.text("log").split(separator: "\n"))
        #expect(options == ["181 2", "182 2"], "\(options)")
        let refusing = try run("OLD_REFUSES=1")
        #expect(refusing.status != 0 && refusing.errors.contains("rejects an option that is needed"), "\(refusing)")
    }
}
