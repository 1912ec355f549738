import Glibc

/// OpenSSH's sshd on its own address, with `node-cli.py` instead of a shell.
///
/// It runs in a mount namespace where /etc/shadow and /etc/pam.d are private, so that it has an account with a known
/// password and nothing on the machine is touched. This requires root.
public final class OpenSSHServer: Sendable {
    public enum Login: Sendable {
        case password
        case keyboardInteractive
    }

    public let address: String
    public let port: UInt16
    public let user = "root"
    public let password: String
    /// Of its first host key, as printed by `ssh-keygen -l`.
    public let fingerprint: String
    /// Of all its host keys, by type, and the keys as known_hosts has them.
    public let fingerprints: [String: String]
    public let publicKeys: [String: String]
    private let folder = TemporaryFolder()
    private let process: ChildProcess

    public static var isPossible: Bool { geteuid() == 0 }

    /// - Parameters:
    ///   - arguments: for `node-cli.py`; `--old` makes it page always.
    ///   - keys: the types of its host keys.
    public init(
        login: Login = .password, arguments: String = "", algorithms: String = "", keys: [String] = ["rsa"]
    ) throws {
        address = Loopback.address()
        port = try Loopback.port(on: address)
        password = "p \(UInt64.random(in: 0...UInt64.max))é"
        var (fingerprints, publicKeys): ([String: String], [String: String]) = ([:], [:])
        for key in keys {
            let path = folder.file("hostkey-\(key)")
            try ChildProcess.run(
                ["ssh-keygen", "-q", "-t", key, "-N", "", "-f", path] + (key == "rsa" ? ["-b", "2048"] : []))
            fingerprints[key] = String(
                try ChildProcess.run(["ssh-keygen", "-l", "-f", path + ".pub"]).split(separator: " ")[1])
            publicKeys[key] = folder.text("hostkey-\(key).pub").split(separator: " ").prefix(2).joined(separator: " ")
        }
        (self.fingerprints, self.publicKeys) = (fingerprints, publicKeys)
        fingerprint = fingerprints[keys[0]] ?? ""
        folder.write("password", password)
        let hash = try ChildProcess.run(["openssl", "passwd", "-6", "-in", folder.file("password")])
            .filter { !$0.isNewline }
        folder.write("shadow", "root:\(hash):19000:0:99999:7:::\nsshd:!:19000::::::\n")
        folder.write(
            "pam", "auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n")
        let script =
            #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/") + "/node-cli.py"
        let keyFiles = keys.map { [folder] in "HostKey \(folder.file("hostkey-\($0)"))" }.joined(separator: "\n")
        folder.write(
            "sshd_config",
            """
            ListenAddress \(address):\(port)
            \(keyFiles)
            PidFile none
            PermitRootLogin yes
            PubkeyAuthentication no
            PasswordAuthentication \(login == .password ? "yes" : "no")
            KbdInteractiveAuthentication \(login == .password ? "no" : "yes")
            UsePAM \(login == .password ? "no" : "yes")
            PrintMotd no
            PrintLastLog no
            LogLevel VERBOSE
            ForceCommand python3 \(script) \(folder.file("state")) \(arguments)
            \(algorithms)

            """)
        process = try ChildProcess(
            [
                "unshare", "--mount", "sh", "-c",
                """
                set -e
                mount --make-rprivate /
                mount -t tmpfs none /run
                mkdir -p /run/sshd
                chown 0:0 '\(folder.file("shadow"))'
                mount --bind '\(folder.file("shadow"))' /etc/shadow
                mount --bind '\(folder.file("pam"))' /etc/pam.d/sshd
                exec /usr/sbin/sshd -D -e -f '\(folder.file("sshd_config"))'
                """,
            ], output: folder.file("log"))
        do {
            try Loopback.waitForListener(address, port)
        } catch {
            throw ChildProcess.Failure(description: "sshd does not start: \(folder.text("log"))")
        }
    }

    /// What was sent to the command line: `command ...`, `answer ...`, `key ...`, `pem ...` lines.
    public var commands: [String] { folder.text("state").split(separator: "\n").map(String.init) }

    /// What sshd wrote.
    public var log: String { folder.text("log") }
}
