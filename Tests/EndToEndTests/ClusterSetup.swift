import Configuration
import Foundation
import ServerFixtures
import Testing

/// cluster add as for a real cluster: from the publisher's address alone.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ClusterSetup {
    /// Errors in it are reported before anything is asked or read.
    @Test func aNameThatCannotBe() throws {
        let rehearsal = try Rehearsal(lab: false)
        let result = try rehearsal.bridge(
            "cluster", "add", "--publisher", "192.0.2.1", "--user", "a", "--name", "B\u{fc}ro [1]")
        #expect(result.status == 64 && result.errors.contains("--name B\u{fc}ro [1]: a cluster name may contain only"))
    }

    let rehearsal: Rehearsal
    let nodes: [NodeConfiguration]
    let passwordFile: String

    init() throws {
        rehearsal = try Rehearsal()
        nodes = try rehearsal.labConfiguration().nodes
        passwordFile = rehearsal.folder.file("lab/credentials/platform")
    }

    private func keys(of name: String) -> (ssh: String, tls: String, tvs: String?) {
        let node = nodes.first { $0.name == name }
        return (node?.sshHostKey ?? "none", node?.tlsPin ?? "none", node?.tvsPin)
    }

    /// The lab's nodes listen on ports of their own.
    private var settings: [String] {
        nodes.flatMap { node in
            let ports = [
                ("tftp_port", node.tftpPort), ("http_port", node.httpPort), ("https_port", node.httpsPort),
                ("ssh_port", node.sshPort), ("tvs_port", node.tvsPort),
            ]
            let who = node.isPublisher ? "publisher" : node.name
            return ports.flatMap { name, port in port.map { ["--set", "\(who).\(name)=\($0)"] } ?? [] }
        }
    }

    private var arguments: [String] {
        [
            "cluster", "add", "--publisher", nodes[0].address, "--name", "real",
            "--user",
            "administrator", "--legacy-ssh",
        ] + settings
    }

    /// 10.5 and 11.5 need old SSH algorithms, and nothing else that is old.
    @Test func theHintIsTheRightOne() throws {
        let result = try rehearsal.run(
            Programs.path("etoken-bridge"), arguments.filter { $0 != "--legacy-ssh" } + fingerprints(of: all))
        #expect(
            result.status != 0 && result.errors.contains("If it really is CUCM 11.5 or older, add --legacy-ssh"),
            "\(result)")
    }

    /// The cluster says that TVS is activated there: a closed port does not mean that it is not.
    @Test func aClosedTVSPortIsTold() throws {
        try rehearsal.fault(Rehearsal.publisher, "tvs-blocked")
        let added = try add(
            ["--ssh-host-key", keys(of: Rehearsal.publisher).ssh, "--tls-pin", keys(of: Rehearsal.publisher).tls]
                + fingerprints(of: [Rehearsal.subscriber]) + ["--password-file", passwordFile])
        #expect(added.status == 0, "\(added.errors)")
        #expect(
            added.errors.contains(
                "The Trust Verification Service is activated on \(Rehearsal.publisher), but its port cannot be reached"),
            "\(added.errors)")
        #expect(!added.errors.contains("\(Rehearsal.publisher) does not run the Trust"), "\(added.errors)")
    }

    private func fingerprints(of names: [String]) -> [String] {
        names.flatMap { name -> [String] in
            let keys = keys(of: name)
            // Without a name, they are the publisher's.
            let whose = name == Rehearsal.publisher ? "" : "\(name)="
            return ["--ssh-host-key", whose + keys.ssh, "--tls-pin", whose + keys.tls]
                + (keys.tvs.map { ["--tvs-pin", whose + $0] } ?? [])
        }
    }

    private func add(_ extra: [String]) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), arguments + extra)
    }

    private var configuration: String { rehearsal.folder.text("config/etoken-bridge/config.toml") }
    private let all = [Rehearsal.publisher, Rehearsal.subscriber]

    @Test func theNodesAreFoundFromThePublisher() throws {
        let added = try add(fingerprints(of: all) + ["--password-file", passwordFile, "--json"])
        #expect(added.status == 0, "\(added.errors)")
        let document = try #require(JSONSerialization.jsonObject(with: Data(added.output.utf8)) as? [String: Any])
        #expect((document["version"] as? String)?.hasPrefix("10.5") == true)
        let found = try #require(document["nodes"] as? [[String: Any]])
        #expect(found.map { $0["name"] as? String } == all)
        for (found, node) in zip(found, nodes) {
            #expect(found["tlsPin"] as? String == node.tlsPin && found["sshHostKey"] as? String == node.sshHostKey)
            #expect(found["tvsPin"] as? String == node.tvsPin && found["address"] as? String == node.address)
            #expect(found["publisher"] as? Bool == node.isPublisher)
        }
        #expect(added.errors.contains("\(Rehearsal.subscriber) does not run the Trust Verification Service"))
        let password = rehearsal.folder.text("lab/credentials/platform").trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(!configuration.contains(password) && configuration.contains("password_file"))
        // It can be used without changes.
        let fetched = try rehearsal.ctl(["fetch", "--cluster", "real", "-o", rehearsal.folder.file("got.tlv")])
        #expect(fetched.status == 0, "\(fetched.errors)")
        #expect(rehearsal.folder.bytes("got.tlv") == rehearsal.ctlFile(Rehearsal.publisher))
        // Not a second time, unless intended.
        let again = try add(fingerprints(of: all) + ["--password-file", passwordFile])
        #expect(again.status == 1 && again.errors.contains("already"))
        #expect(try add(fingerprints(of: all) + ["--password-file", passwordFile, "--force"]).status == 0)
    }

    @Test func noKeyIsPinnedSilently() throws {
        let before = configuration
        // Without a terminal: refused, before anything but the keys was read.
        let unasked = try add(["--password-file", passwordFile])
        #expect(unasked.status == 7, "\(unasked.errors)")
        let keys = keys(of: Rehearsal.publisher)
        for key in [keys.ssh, keys.tls, try #require(keys.tvs)] { #expect(unasked.errors.contains(key)) }
        // The publisher's are given, the subscriber's are not.
        let half = try add(fingerprints(of: [Rehearsal.publisher]) + ["--password-file", passwordFile])
        #expect(half.status == 7 && half.errors.contains(Rehearsal.subscriber), "\(half.errors)")
        #expect(half.errors.contains(self.keys(of: Rehearsal.subscriber).ssh))
        // Different ones are given.
        let other = try add([
            "--ssh-host-key", "SHA256:" + String(repeating: "A", count: 43), "--tls-pin", TestIdentity.wrongPin,
            "--password-file", passwordFile,
        ])
        #expect(other.status == 7 && other.errors.contains("was not specified"), "\(other.errors)")
        #expect(configuration == before)
    }

    /// Whoever has one node's key must not pass for another node, or for another service.
    @Test func aKeyCountsForOneNodeAndService() throws {
        let before = configuration
        let (publisher, subscriber) = (keys(of: Rehearsal.publisher), keys(of: Rehearsal.subscriber))
        let tvs = try #require(publisher.tvs)
        let all = fingerprints(of: all)
        func replaced(_ old: String, by new: String) -> [String] { all.map { $0 == old ? new : $0 } }
        let cases = [
            // All keys are given, but two nodes' are exchanged.
            all.map { word in
                word.hasSuffix(publisher.ssh)
                    ? subscriber.ssh
                    : word.hasSuffix(subscriber.ssh) ? "\(Rehearsal.subscriber)=\(publisher.ssh)" : word
            },
            all.map { word in
                word.hasSuffix(publisher.tls)
                    ? subscriber.tls
                    : word.hasSuffix(subscriber.tls) ? "\(Rehearsal.subscriber)=\(publisher.tls)" : word
            },
            // The keys of two services of the same node.
            all.map { $0 == publisher.tls ? tvs : $0 == tvs ? publisher.tls : $0 },
            // The subscriber's, without its name.
            replaced("\(Rehearsal.subscriber)=\(subscriber.ssh)", by: subscriber.ssh),
        ]
        for arguments in cases {
            let result = try add(arguments + ["--password-file", passwordFile])
            #expect(result.status == 7 && result.errors.contains("was not specified"), "\(arguments) \(result)")
        }
        #expect(configuration == before)
        // The options that it names are those that it takes.
        let unasked = try add(["--password-file", passwordFile])
        let advice = try #require(unasked.errors.firstRange(of: "specify them: ")?.upperBound)
        let words = unasked.errors[advice...].split(whereSeparator: \.isWhitespace).map(String.init)
        let half = try add(words + ["--password-file", passwordFile])
        #expect(half.status == 7 && half.errors.contains("\(Rehearsal.subscriber) presents"), "\(half)")
        let more = try #require(half.errors.firstRange(of: "specify it, too: ")?.upperBound)
        let rest = half.errors[more...].split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(rest.contains("\(Rehearsal.subscriber)=\(subscriber.ssh)"), "\(rest)")
        #expect(try add(words + rest + ["--password-file", passwordFile]).status == 0)
    }

    @Test func whatIsWrongIsSaidAndNothingIsWritten() throws {
        let before = configuration
        let keys = fingerprints(of: all)
        let wrong = rehearsal.folder.write("wrong", "nonsense\n")
        let password = try add(keys + ["--password-file", wrong])
        #expect(password.status == 7 && password.errors.contains("password"), "\(password.errors)")
        #expect(!password.errors.contains("nonsense"))
        #expect(try add(keys + ["--password-file", passwordFile, "--set", "nobody.ssh_port=1"]).status == 2)
        #expect(try add(keys + ["--set", "publisher.colour=1"]).status == 64)
        #expect(try add(keys + ["--ssh-fingerprint", "SHA256:short"]).status == 64)
        let nobody = try add(keys + ["--password-file", passwordFile, "--set", "publisher.ssh_port=1"])
        #expect(nobody.status == 6, "\(nobody.errors)")
        let none = try add(keys)
        #expect(none.status == 1 && none.errors.contains("password_file"), "\(none.errors)")
        let failing = try add(keys + ["--password-command", "false"])
        #expect(failing.status == 1 && failing.errors.contains("password_command false failed"), "\(failing.errors)")
        try rehearsal.fault(Rehearsal.subscriber, "down")
        let down = try add(keys + ["--password-file", passwordFile])
        #expect(down.status == 0 && down.errors.contains("Warning") && down.errors.contains("not pinned"))
        #expect(configuration != before)
    }

    @Test func aPasswordCommandIsAskedEachTime() throws {
        let added = try add(fingerprints(of: all) + ["--password-command", "cat \(passwordFile)"])
        #expect(added.status == 0, "\(added.errors)")
        #expect(configuration.contains("password_command = [\"cat\", \"\(passwordFile)\"]"))
        let new = rehearsal.folder.write("new.tlv", try #require(rehearsal.ctlFile(Rehearsal.publisher)))
        let deployed = try rehearsal.ctl(["deploy", new, "--cluster", "real", "--yes"])
        #expect(deployed.status == 0, "\(deployed.errors)")
    }

    /// On a terminal: both questions are asked, and the password without echo.
    @Test(arguments: ["yes", "no"]) func onATerminalItAsks(answer: String) throws {
        let before = configuration
        let script = rehearsal.folder.write(
            "add.exp",
            #"""
            set timeout 60
            spawn {*}$argv
            expect_after timeout { exit 99 }
            expect -re {should they be pinned\?\s+Type\s+yes\s+or\s+no: } { send "\#(answer)\r" }
            expect {
                "Password of administrator" { send "[exec head -n1 \#(passwordFile)]\r" }
                eof { exit [lindex [wait] 3] }
            }
            expect -re {should they be pinned\?\s+Type\s+yes\s+or\s+no: } { send "yes\r" }
            expect eof
            exit [lindex [wait] 3]
            """#)
        let result = try rehearsal.run(
            "/usr/bin/expect", ["-f", script, Programs.path("etoken-bridge")] + arguments)
        #expect(result.status == (answer == "yes" ? 0 : 7), "\(result.output)")
        #expect(result.output.contains(self.keys(of: Rehearsal.publisher).ssh))
        #expect((configuration == before) == (answer == "no"))
        let password = rehearsal.folder.text("lab/credentials/platform").trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(!result.output.contains(password) && !configuration.contains(password))
        #expect(!configuration.contains("[clusters.\"real\".platform]\nuser = \"administrator\"\npassword"))
    }
}
