import Foundation
import ServerFixtures
import Testing
import TrustList

/// phones forecast and phones check on the lab: the forecast matches what the lab's phones then do.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Forecasts {
    let rehearsal: Rehearsal
    static let models = ["Cisco 7960", "Cisco 7975", "Cisco 8861"]

    init() throws { rehearsal = try Rehearsal() }

    private func phones(_ arguments: String...) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), ["phones"] + arguments + ["--cluster", "lab"])
    }

    /// A file with these tokens' certificates, signed by the first; the rest is from the cluster's current file.
    private func file(_ name: String, tokens: [String] = Rehearsal.tokens) throws -> String {
        for token in tokens where rehearsal.folder.bytes("\(token).pem") == nil {
            #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
        }
        let path = rehearsal.folder.file(name)
        let built = try rehearsal.ctl(
            ["build", "--output", path, "--allow-few-tokens"]
                + tokens.flatMap { ["--record", "sast:\(rehearsal.folder.file("\($0).pem"))"] }
                + rehearsal.signing(tokens[0]))
        #expect(built.status == 0, "\(built.errors)")
        return path
    }

    /// Outcomes by model.
    private func outcomes(_ path: String, status: Int32) throws -> [String: String] {
        let result = try phones("forecast", "--file", path, "--json")
        #expect(result.status == status, "\(result.errors)")
        let document = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        let groups = try #require(document?["groups"] as? [[String: Any]])
        return Dictionary(
            uniqueKeysWithValues: try groups.map {
                (try #require($0["model"] as? String), "\(try #require($0["outcome"])) \(try #require($0["rule"]))")
            })
    }

    private func expected(_ values: String...) -> [String: String] {
        Dictionary(uniqueKeysWithValues: zip(Self.models, values))
    }

    /// What the lab's phones hold, once they have all restarted: new (true) or not.
    private func taken(_ path: String) throws -> [String: Bool] {
        #expect(try phones("restart", "--all", "--yes").status == 0)
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
        let lab = rehearsal.folder.file("lab")
        try waitUntil("the phones have started") {
            let status = try rehearsal.run(Programs.path("cluster-lab"), ["status", lab, "--json"])
            let document = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
            return document?["restarting"] as? Int == 0
        }
        usleep(500_000)
        let names = try FileManager.default.contentsOfDirectory(atPath: lab + "/phones").filter { $0.hasPrefix("SEP") }
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                (name, rehearsal.folder.bytes("lab/phones/\(name)/CTLFile.tlv") == bytes)
            })
    }

    /// Advised commands work when pasted.
    @Test func whatIsAdvisedCanBePasted() throws {
        let path = try file("new.tlv")
        let foreign = try phones("forecast", "--file", path)
        #expect(
            foreign.status == 9 && foreign.errors.hasSuffix("etoken-bridge ctl show \(path)\n"), "\(foreign.errors)")
        #expect(!foreign.errors.contains("delete the trust list"))
        let held = try phones("check", "--file", path)
        #expect(held.status == 8, "\(held.errors)")
        let restart = try #require(held.errors.components(separatedBy: "Restart them: etoken-bridge ").last)
        let words = restart.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(words.count(where: { $0 == "--phone" }) == 3, "\(restart)")
        let pasted = try rehearsal.run(Programs.path("etoken-bridge"), words + ["--yes"])
        #expect(pasted.status == 0, "\(pasted.errors)")
    }

    /// Tokenless to eToken, without and with the upload as Phone-SAST-trust, and what the phones actually do.
    @Test func theUploadDecides() throws {
        let path = try file("new.tlv")
        #expect(
            try outcomes(path, status: 9)
                == expected("refused 4-no-security-by-default", "refused 4-not-vouched", "refused 4-not-vouched"))
        for token in Rehearsal.tokens {
            let pem = rehearsal.folder.file("\(token).pem")
            let upload = try rehearsal.bridge("trust", "upload", pem, "--cluster", "lab")
            #expect(upload.status == 0, "\(upload.errors)")
        }
        #expect(
            try outcomes(path, status: 9)
                == expected(
                    "refused 4-no-security-by-default", "accepted 3-vouched-by-tvs", "accepted 3-vouched-by-tvs"))
        let deployed = try rehearsal.bridge(
            "ctl", "deploy", path, "--cluster", "lab", "--yes", "--allow-missing-servers")
        #expect(deployed.status == 0, "\(deployed.errors)")
        #expect(try taken(path).values.count(where: { $0 }) == 2)
        let check = try phones("check")
        #expect(check.status == 8 && check.output.contains("Cisco 7960"), "\(check.output)\(check.errors)")

        // And back to the cluster's own file, whose signer is in the publisher's ITL file; in the subscriber's it is a server,
        // and TVS says the same as long as the token's file is there.
        let own = rehearsal.folder.file("own.tlv")
        let backups = try FileManager.default.contentsOfDirectory(
            atPath: rehearsal.folder.file("state/etoken-bridge/backups"))
        let old = try #require(
            backups.map { "state/etoken-bridge/backups/\($0)" }.first {
                (try? TrustListFile(decoding: rehearsal.folder.bytes($0) ?? []).isITL) == false
            })
        rehearsal.folder.write("own.tlv", try #require(rehearsal.folder.bytes(old)))
        let after = try outcomes(own, status: 9)
        #expect(
            // The 7960 still holds it, says its page; that is no reason to count on it.
            after
                == expected("refused 4-no-security-by-default", "unknown itl-differs", "unknown itl-differs"))
    }

    /// Anyone on the network can answer in a phone's place, and say that it holds no CTL file: the guard against
    /// stranded phones stays.
    @Test func aPageCannotSwitchTheGuardOff() throws {
        let path = try file("new.tlv")
        let lab = rehearsal.folder.file("lab")
        let phones = try FileManager.default.contentsOfDirectory(atPath: lab + "/phones").filter { $0.hasPrefix("SEP") }
        #expect(phones.count == 3)
        // The lab's phones display what is in their folders; the cluster does not notice.
        for phone in phones { try FileManager.default.removeItem(atPath: "\(lab)/phones/\(phone)/CTLFile.tlv") }
        let check = try self.phones("check")
        #expect(check.status == 8 && check.output.contains("ITS PAGE SAYS"), "\(check.output)\(check.errors)")
        #expect(check.errors.contains("3 say that they hold a different file or none"), "\(check.errors)")
        #expect(
            try outcomes(path, status: 9)
                == expected("refused 4-no-security-by-default", "refused 4-not-vouched", "refused 4-not-vouched"))
        let plan = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["migrate", "to-etoken", "--cluster", "lab", "--dry-run"] + rehearsal.moduleOptions
                + Rehearsal.tokens.flatMap { ["--token", $0] })
        #expect(plan.status == 9, "\(plan.output)\(plan.errors)")
        #expect(plan.errors.contains("Cisco 7960"), "\(plan.errors)")
    }

    /// TVS is down: nobody vouches, and the reason is given.
    @Test func withoutTVS() throws {
        let path = try file("new.tlv")
        let service = "Cisco Trust Verification Service"
        try rehearsal.commandLine(Rehearsal.publisher, "utils service stop \(service)")
        let result = try phones("forecast", "--file", path)
        #expect(
            result.status == 9 && result.output.contains("TVS on \(Rehearsal.publisher): no answer"), "\(result.output)"
        )
        #expect(result.output.contains("0 accept it"))
    }

    /// Tokens sign; then one is lost, and then both.
    @Test func lostTokens() throws {
        #expect(try rehearsal.migrate().status == 0)
        // The other one signs: it is in the file that the phones hold. (The 7960 still has the tokenless file.)
        let other = try file("other.tlv", tokens: [Rehearsal.tokens[0]])
        #expect(
            try outcomes(other, status: 9)
                == expected(
                    "refused 4-no-security-by-default", "accepted 2-signer-in-held-ctl", "accepted 2-signer-in-held-ctl"
                ))
        // Both are lost, and so are their certificates in the trust store; no phone knows a new token.
        let folder = TemporaryFolder()
        let stranger = folder.file("new")
        try ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", stranger + ".key", "-out",
            stranger + ".pem", "-subj", "/CN=SAST-ADN00ffffff/OU=IPCBU/O=Cisco Systems", "-days", "100",
        ])
        let built = try rehearsal.ctl([
            "build", "--output", folder.file("lost.tlv"), "--allow-few-tokens", "--record", "sast:\(stranger).pem",
            "--key", stranger + ".key",
        ])
        #expect(built.status == 0, "\(built.errors)")
        #expect(
            try outcomes(folder.file("lost.tlv"), status: 9)
                == expected("refused 4-no-security-by-default", "refused 4-not-vouched", "refused 4-not-vouched"))
    }

    /// Names and addresses of servers may change: what counts is the signer.
    @Test func aChangeOfDNSName() throws {
        let fetched = rehearsal.folder.file("now.tlv")
        #expect(try rehearsal.ctl(["fetch", "--cluster", "lab", "--output", fetched]).status == 0)
        #expect(
            try outcomes(fetched, status: 0)
                == expected(
                    "accepted 2-signer-in-held-ctl", "accepted 2-signer-in-held-ctl", "accepted 2-signer-in-held-ctl"))
    }

    @Test func badFilesAreRefused() throws {
        var bytes = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        bytes[bytes.count - 50] ^= 1
        let path = rehearsal.folder.write("flipped.tlv", bytes)
        let result = try phones("forecast", "--file", path)
        #expect(result.status == 5 && result.errors.contains(path), "\(result.errors)")
        #expect(try phones("forecast", "--file", rehearsal.folder.file("nowhere.tlv")).status == 2)
        #expect(try phones("forecast", "--file", path, "--ask-phones", "-1").status == 64)
    }

    /// A subscriber's CallManager certificate is regenerated: it is noticed, and the file is regenerated by whoever
    /// signed it.
    @Test(arguments: [false, true]) func aRegeneratedCertificate(byTokens: Bool) throws {
        if byTokens { #expect(try rehearsal.migrate().status == 0) }
        let tokens =
            byTokens
            ? rehearsal.moduleOptions + Rehearsal.tokens.flatMap { ["--token", $0] } + [
                "--pin-file", rehearsal.rightPIN,
            ]
            : []
        func update(_ more: String...) throws -> Rehearsal.Result {
            try rehearsal.run(
                Programs.path("etoken-bridge"),
                ["migrate", "update-certificates", "--cluster", "lab", "--yes", "--accept-stranded"] + tokens + more)
        }
        let nothing = try update()
        #expect(nothing.status == 0 && nothing.output.contains("nothing to do"), "\(nothing.errors)")
        let answer = try rehearsal.commandLine(Rehearsal.subscriber, "set cert regen CallManager\nyes")
        #expect(answer.contains("Successfully Regenerated"), "\(answer)")
        let before = try #require(rehearsal.ctlFile(Rehearsal.subscriber))
        let plan = try update("--dry-run")
        #expect(plan.status == 0 || byTokens, "\(plan.errors)")
        let change =
            byTokens
            ? "~ CCM+TFTP \(Rehearsal.subscriber): serial number "
            : "\(Rehearsal.subscriber): the CallManager certificate changes from SHA-1"
        #expect(plan.output.contains("\n\(change)"), "\(plan.output)")
        if byTokens {
            // One of them is enough; the other stays.
            let one = try rehearsal.bridge(
                "migrate", "update-certificates", "--cluster", "lab", "--dry-run", "--module", rehearsal.module,
                "--token",
                Rehearsal.tokens[0])
            #expect(
                one.output.contains(
                    "New CTL file: tokens SAST-ADN008580ef and SAST-ADN0054f509, signed by SAST-ADN0054f509\n"),
                "\(one.output)\(one.errors)")
            #expect(one.output.contains("The signer changes from SAST-ADN008580ef (serial number"), "\(one.output)")
        }
        #expect(rehearsal.ctlFile(Rehearsal.subscriber) == before)
        let done = try update()
        #expect(done.status == 0, "\(done.errors)")
        let list = try TrustListFile(decoding: #require(rehearsal.ctlFile(Rehearsal.subscriber)))
        #expect(list.signerRecord?.isToken == byTokens)
        let new = try #require(rehearsal.folder.bytes("lab/nodes/\(Rehearsal.subscriber)/keys/CallManager.pem"))
        let expected = String(decoding: new, as: UTF8.self).split(separator: "\n").dropFirst().dropLast().joined()
        let held = list.records.compactMap(\.certificate).map { Data($0).base64EncodedString() }
        #expect(held.contains(expected))
        let again = try update()
        #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again.output)")
    }
}
