import Configuration
import Foundation
import ServerFixtures
import Testing
import X509

/// Names that try to rewrite the screen: in certificates, files and arguments.
@Suite(.waiting, .timeLimit(.minutes(10))) struct HostileNames {
    /// What a terminal obeys, or what turns the direction of text around.
    private func hidden(in text: String, but kept: String = "\n") -> [String] {
        text.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: !kept.unicodeScalars.contains(scalar)
            default: false
            }
        }.map { "U+" + String($0.value, radix: 16) }
    }

    private let name = "a\u{1B}[2J\u{1B}[H\u{7}b\u{9B}31m\u{202E}c\u{2066}\u{AD}\ne"
    private let shown = #"a\u{1B}[2J\u{1B}[H\u{7}b\u{9B}31m\u{202E}c\u{2066}\u{AD}\u{A}e"#

    private func identity(_ name: String, in folder: TemporaryFolder) throws -> (certificate: String, key: String) {
        let made = try TestIdentity(in: folder, name: "own", host: "127.0.0.1")
        let key = try PrivateKey(pem: folder.text("own.key"))
        let now = Int64(Date().timeIntervalSince1970)
        let certificate = try CertificateBuilder(
            subject: DistinguishedName(["CN": name]), serialNumber: [1], notBefore: now - 60, notAfter: now + 86_400
        ).selfSigned(by: key)
        return (folder.write("evil.pem", certificate.pem), made.keyFile)
    }

    // MARK: - First contact

    /// A TVS certificate whose name holds the genuine node's keys: all of them are in one line, and cut.
    @Test func aNameCannotShowKeys() throws {
        let rehearsal = try Rehearsal(options: ["--release", "12.5"])
        let node = try #require(try rehearsal.labConfiguration().nodes.first)
        // The shortest of all fingerprints; libcrypto makes no common name of more than 64 characters.
        let fake = String(repeating: "0123456789", count: 4)
        let evil = try identity("\u{1B}[2J\u{1B}[H\nSSH host key  \(fake)", in: rehearsal.folder)
        let server = try PythonServer(
            script: "tls-echo.py", arguments: [evil.certificate, evil.key], address: node.address)
        let settings = [
            "https_port": node.httpsPort, "ssh_port": node.sshPort, "tvs_port": server.port,
        ].flatMap { ["--set", "publisher.\($0)=\($1)"] }
        let (status, screen) = try rehearsal.onTerminal(
            ["cluster", "add", "--publisher", node.address, "--name", "real", "--user", "administrator"] + settings,
            [("should they be pinned? Type yes or no: ", "no")])
        #expect(status == 7, "\(screen)")
        #expect(hidden(in: screen, but: "\r\n") == [], "\(screen)")
        let lines = screen.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        let keys = try #require(lines.firstIndex { $0.hasPrefix("SSH host key") }, "\(screen)")
        #expect(lines[keys].hasSuffix(try #require(node.sshHostKey)))
        #expect(lines.filter { $0.hasPrefix("SSH host key") }.count == 1, "\(screen)")
        let names = try #require(lines.firstIndex { $0.contains("which proves nothing") }, "\(screen)")
        #expect(
            keys < names && lines[names...].contains { $0.hasPrefix("TVS key       \"\\u{1B}[2J\\u{1B}[H\\u{A}SSH") })
        // No room for a fingerprint in it.
        #expect(!screen.contains(fake), "\(screen)")
    }

    // MARK: - Files

    @Test func filesAndArguments() throws {
        let rehearsal = try Rehearsal(lab: false)
        let evil = try identity(name, in: rehearsal.folder).certificate
        for token in Rehearsal.tokens {
            #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
        }
        func build(_ output: String, _ records: [String]) throws -> String {
            let path = rehearsal.folder.file(output)
            let built = try rehearsal.ctl(
                ["build", "--output", path]
                    + (records + Rehearsal.tokens.map { "sast:\(rehearsal.folder.file("\($0).pem"))" })
                    .flatMap { ["--record", $0] } + rehearsal.signing(Rehearsal.tokens[1]))
            #expect(built.status == 0, "\(built)")
            return path
        }
        let old = try build("old.tlv", [])
        let new = try build("new\u{202E}\u{1B}.tlv", ["sast:\(evil)"])
        let runs: [[String]] = [
            ["ctl", "show", new], ["ctl", "verify", new], ["ctl", "diff", old, new], ["ctl", "diff", new, old],
            ["ctl", "show", "nowhere" + name], ["ctl", "edit", new, "--remove", "99", "--output", "x"],
            ["--\(name)"], ["ctl", name], ["ctl", "show", old, name], ["cluster", "status", "--cluster", name],
            ["token", "show", name, "--module", rehearsal.module],
            ["trust", "list", "--cluster", "x", "--store", name],
        ]
        var seen = 0
        for arguments in runs {
            for locale in ["LANG=C.UTF-8", "LANG=de_DE.UTF-8"] {
                let result = try rehearsal.run(Programs.path("etoken-bridge"), arguments, environment: [locale])
                #expect(hidden(in: result.output + result.errors) == [], "\(arguments) \(result)")
                if (result.output + result.errors).contains(#"\u{1B}"#) { seen += 1 }
            }
            let json = try rehearsal.run(Programs.path("etoken-bridge"), arguments + ["--json"])
            #expect(hidden(in: json.output + json.errors) == [], "\(arguments) \(json)")
        }
        #expect(seen >= 16, "\(seen)")
        let table = try rehearsal.bridge("ctl", "show", new)
        #expect(table.output.contains("cn=\(shown)"), "\(table.output)")
        // As CUCM prints it, with its tabs, but none of others.
        let cucm = try rehearsal.bridge("ctl", "show", new, "--format", "cucm")
        #expect(cucm.status == 0 && hidden(in: cucm.output, but: "\n\t") == [])
        #expect(cucm.output.contains("cn=\(shown)"), "\(cucm.output)")
        // For programs, the name is what it is.
        let document = try rehearsal.bridge("ctl", "show", new, "--json").json()
        let records = try #require(document["records"] as? [[String: Any]])
        #expect(records.contains { $0["subject"] as? String == "cn=\(name)" }, "\(records)")
    }

    @Test func theOtherPrograms() throws {
        let rehearsal = try Rehearsal(lab: false)
        for (program, arguments) in [
            ("cluster-lab", ["status", rehearsal.folder.file(name)]), ("cluster-lab", ["--\(name)"]),
            ("cluster-lab", ["fault", "/nowhere", "x", name]), ("cluster-lab", ["up", "--like", name, "x"]),
            ("virtual-token", ["tell", rehearsal.folder.file(name), "status"]), ("virtual-token", [name]),
        ] {
            let result = try rehearsal.run(Programs.path(program), arguments)
            #expect(hidden(in: result.output + result.errors) == [], "\(arguments) \(result)")
            #expect((result.output + result.errors).contains(#"\u{9B}"#), "\(arguments) \(result)")
        }
        for program in ["cluster-lab", "virtual-token", "etoken-bridge"] {
            let script = try rehearsal.run(Programs.path(program), ["--generate-completion-script", "bash"])
            #expect(script.status == 0 && script.output.contains("complete -"))
            let help = try rehearsal.run(Programs.path(program), ["--help"])
            #expect(help.status == 0 && help.output.hasPrefix("OVERVIEW: ") && help.errors.isEmpty)
            #expect(try rehearsal.run(Programs.path(program), ["--nonsense"]).status == 64)
        }
    }

    // MARK: - Advice

    /// What "Next:" proposes is run by a shell: the arguments are those names, and nothing else happens.
    @Test(arguments: ["x;touch PWN #", "$(touch PWN)", "it's \"so\"", "two\nlines", "-dash", "Büro Köln", "a\u{202E}b"])
    func adviceCanBePasted(name: String) throws {
        let rehearsal = try Rehearsal(lab: false)
        let folder = rehearsal.folder
        for token in Rehearsal.tokens {
            #expect(try rehearsal.token("export", token, "--output", folder.path).status == 0)
        }
        let file = folder.file("good.tlv")
        let built = try rehearsal.ctl(
            ["build", "--output", file]
                + Rehearsal.tokens.flatMap { ["--record", "sast:\(folder.file("\($0).pem"))"] }
                + rehearsal.signing(Rehearsal.tokens[1]))
        #expect(built.status == 0, "\(built)")
        try FileManager.default.createDirectory(atPath: folder.file("bin"), withIntermediateDirectories: true)
        folder.write(
            "bin/etoken-bridge",
            "#!/bin/sh\nfor word in \"$@\"; do printf '%s\\0' \"$word\"; done >'\(folder.file("got"))'\n",
            mode: 0o700)
        // With a signature that is not right, so that there is advice.
        var bytes = try #require(folder.bytes("good.tlv"))
        bytes[300] ^= 1
        folder.write(name, bytes)
        let result = try rehearsal.run(
            "/bin/sh",
            [
                "-c", "cd \"$0\" && exec \"$@\"", folder.path, Programs.path("etoken-bridge"), "phones", "forecast",
                "--cluster", "none", "--file=\(name)",
            ])
        #expect(result.status == 5, "\(result)")
        let advice = try #require(result.errors.split(separator: "\n").first { $0.hasPrefix("Next: ") })
        let command = try #require(advice.firstRange(of: "etoken-bridge ").map { advice[$0.lowerBound...] })
        let ran = try rehearsal.run(
            "/bin/sh", ["-c", "cd '\(folder.path)' && PATH='\(folder.file("bin"))':$PATH && \(command)"])
        #expect(ran.status == 0, "\(command) \(ran)")
        let words = folder.text("got").split(separator: "\0").map(String.init)
        #expect(words == ["ctl", "verify", name.hasPrefix("-") ? "./\(name)" : name], "\(command)")
        #expect(!FileManager.default.fileExists(atPath: folder.file("PWN")))
    }

    // MARK: - Tables for spreadsheets

    @Test func tablesAreTextAndAreNotOverwritten() throws {
        let rehearsal = try Rehearsal(lab: false)
        let pools = ["=cmd|'/C calc'!A0", "@SUM(1)", "+1", "-2", "'=3", "a;=4", "\u{1B}[2J", "say \"x\", y"]
        let rows = pools.enumerated().map { index, pool in
            "SEP00112233440\(index),Cisco 7975,\"\(pool.replacingOccurrences(of: "\"", with: "\"\""))\""
        }
        // As some other program writes them.
        let source = rehearsal.folder.write("in.csv", "name,model,device pool\n" + rows.joined(separator: "\n") + "\n")
        let path = rehearsal.folder.file("out.csv")
        func list(_ from: String, _ extra: String...) throws -> Rehearsal.Result {
            try rehearsal.run(
                Programs.path("etoken-bridge"), ["phones", "list", "--phones-from", from, "--phones", "--json"] + extra)
        }
        func read(_ result: Rehearsal.Result) throws -> [String?] {
            try #require(result.json()["list"] as? [[String: Any]]).map { $0["pool"] as? String }
        }
        let first = try list(source, "--csv", path)
        #expect(first.status == 0, "\(first)")
        let text = rehearsal.folder.text("out.csv")
        #expect(hidden(in: text) == [])
        for line in text.split(separator: "\n").dropFirst() {
            let pool = line.split(separator: ",", maxSplits: 3)[2].drop { $0 == "\"" }
            #expect(pool.first.map { !"=+-@".contains($0) } == true, "\(line)")
        }
        // Read again, the names are those that were read first; one apostrophe before a formula is the spreadsheet's.
        #expect(try read(list(path)) == read(first))
        #expect(try read(first) == pools.map { $0 == "'=3" ? "=3" : $0 })

        let refused = try list(source, "--csv", path)
        #expect(refused.status == 1 && refused.errors.contains("already exists and is not overwritten"), "\(refused)")
        #expect(refused.errors.contains("--force"))
        #expect(rehearsal.folder.text("out.csv") == text)
        #expect(try list(source, "--csv", path, "--force").status == 0)
        let forecast = try rehearsal.bridge(
            "phones", "forecast", "--cluster", "nowhere", "--file", "x.tlv", "--csv", path)
        #expect(forecast.status == 1 && forecast.errors.contains("is not overwritten"), "\(forecast)")
    }
}
