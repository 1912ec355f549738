import Basics
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// Somebody on the voice network answers over TFTP and HTTP 6970 in a node's place. He has no password and no key of the
/// cluster; disk, command line and web pages are the node's.
@Suite(.waiting, .timeLimit(.minutes(15))) struct Attackers {
    /// The attacker's key, and what can be built with it.
    private struct Attacker {
        let key: PrivateKey

        init() throws { key = try PrivateKey.generate(bits: 2048) }

        /// The same subject, issuer and serial number as a genuine certificate, and the attacker's own key.
        func twin(of certificate: Certificate) throws -> Certificate {
            try CertificateBuilder(
                subject: certificate.subject, serialNumber: certificate.serialNumber, notBefore: certificate.notBefore,
                notAfter: certificate.notAfter
            ).selfSigned(by: key)
        }

        /// The genuine file with the attacker's twins in the place of the signer and of a server, signed by the attacker.
        ///
        /// - Parameter isThird: whether a token of the attacker's is in it as well.
        func file(like bytes: [UInt8], server: String, adding isThird: Bool = false) throws -> [UInt8] {
            let list = try TrustListFile(decoding: bytes)
            let genuine = try #require(list.signerRecord?.x509)
            let signer = try twin(of: genuine)
            var records = try list.records.map { record in
                guard let certificate = record.x509, certificate == genuine || record.dnsName == server else {
                    return record
                }
                return try Record(
                    certificate: twin(of: certificate), role: #require(record.role), dnsName: record.dnsName ?? "",
                    ipAddress: record.ipAddress ?? [0, 0, 0, 0], names: .cucm,
                    withCertificateSignature: record.certificateSignature != nil)
            }
            if isThird {
                let name = DistinguishedName(["CN": "SAST-ADN00e71111"])
                records.append(
                    try .token(
                        CertificateBuilder(subject: name, serialNumber: [7], notBefore: 0, notAfter: 4_000_000_000)
                            .selfSigned(by: key)))
            }
            return try TrustListDraft(
                fileName: list.header.fileName, timestamp: list.header.timestamp,
                digest: TrustListDraft.digest(replacing: list.header), records: records
            ).signed(by: SoftwareSigner(certificate: signer, key: key)).encoded()
        }
    }

    /// A file of the attacker's, by the name under which it is served.
    private static func write(_ rehearsal: Rehearsal, _ bytes: [UInt8], name: String) throws -> String {
        try FileManager.default.createDirectory(
            atPath: rehearsal.folder.file("spoofed"), withIntermediateDirectories: true)
        return rehearsal.folder.write("spoofed/\(name)", bytes, mode: 0o644)
    }

    private static func spoof(_ rehearsal: Rehearsal, _ bytes: [UInt8], _ fault: String, name: String) throws {
        let file = try write(rehearsal, bytes, name: name)
        for node in [Rehearsal.publisher, Rehearsal.subscriber] { try rehearsal.fault(node, fault, "--file", file) }
    }

    /// Status 7, a finding, no login to the token, and nothing changed.
    private static func expectRefusal(
        _ result: Rehearsal.Result, _ rehearsal: Rehearsal, _ before: [String: [UInt8]]
    ) throws {
        #expect(result.status == 7, "\(result.errors)")
        #expect(result.errors.contains("than it says itself"), "\(result.errors)")
        #expect(result.errors.contains("Next: Restart Cisco Tftp there"), "\(result.errors)")
        #expect(try rehearsal.clusterState() == before)
        let state = rehearsal.folder.file("state/etoken-bridge/journals")
        #expect(((try? FileManager.default.contentsOfDirectory(atPath: state)) ?? []) == [])
    }

    /// A CTL file of the attacker's, with twins that have the names and numbers of the genuine certificates; the new
    /// file is passed on as soon as a node has one, so that reading it back shows nothing.
    @Test(arguments: ["10.5", "12.5"], [false, true])
    func theTokenDoesNotSignHisRecords(release: String, adding: Bool) throws {
        let rehearsal = try Rehearsal(options: ["--release", release])
        let genuine = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        let spoofed = try Attacker().file(like: genuine, server: Rehearsal.subscriber, adding: adding)
        #expect(spoofed != genuine)
        try Self.spoof(rehearsal, spoofed, "spoof-until-written", name: "CTLFile.tlv")
        let before = try rehearsal.clusterState()
        // A wrong PIN would be noticed if it were tried.
        rehearsal.folder.write("wrong", Array("87654321\n".utf8), mode: 0o600)
        let wrong = rehearsal.folder.file("wrong")
        try Self.expectRefusal(rehearsal.migrate(pinFile: wrong), rehearsal, before)
        try Self.expectRefusal(rehearsal.migrate("--accept-unproven", pinFile: wrong), rehearsal, before)
        try Self.expectRefusal(rehearsal.migrate("--despite-findings", pinFile: wrong), rehearsal, before)
        let plan = try rehearsal.migrate("--dry-run", pinFile: wrong)
        #expect(plan.status == 7 && !plan.output.contains("00e71111"), "\(plan)")
        let status = try rehearsal.bridge("cluster", "status", "--cluster", "lab", "--json")
        #expect(status.status != 0 && status.output.contains("file-contradicted"), "\(status.errors)")

        // Once the attacker is gone, the same command succeeds.
        for node in [Rehearsal.publisher, Rehearsal.subscriber] { try rehearsal.fault(node, "none") }
        let done = try rehearsal.migrate()
        #expect(done.status == 0, "\(done.errors)")
        let new = try TrustListFile(decoding: #require(rehearsal.ctlFile(Rehearsal.publisher)))
        #expect(new.records.compactMap(\.certificate).count { $0.count > 0 } == new.records.count)
        let old = try TrustListFile(decoding: genuine).records.compactMap(\.certificate)
        #expect(new.records.filter { !$0.isToken }.allSatisfy { old.contains($0.certificate ?? []) })
    }

    /// On every release the main job and the next most usual change stop before a token is logged in to.
    @Test(arguments: ["8.6", "9.1", "10.5(1)", "10.5", "11.5", "12.5", "14", "15"])
    func noReleaseBelievesHim(release: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", release])
        let genuine = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        let spoofed = try Attacker().file(like: genuine, server: Rehearsal.subscriber)
        try Self.spoof(rehearsal, spoofed, "spoof-files", name: "CTLFile.tlv")
        let before = try rehearsal.clusterState()
        rehearsal.folder.write("wrong", Array("87654321\n".utf8), mode: 0o600)
        try Self.expectRefusal(rehearsal.migrate(pinFile: rehearsal.folder.file("wrong")), rehearsal, before)
        let update = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["migrate", "update-certificates", "--cluster", "lab", "--yes", "--accept-stranded"]
                + Rehearsal.tokens.flatMap { ["--token", $0] } + rehearsal.moduleOptions
                + ["--pin-file", rehearsal.folder.file("wrong")])
        try Self.expectRefusal(update, rehearsal, before)
    }

    /// Every other change that reads what is served, with the attacker at work all the time.
    @Test(arguments: ["11.5", "14"]) func noOtherChangeBelievesHim(release: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", release])
        let genuine = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        let spoofed = try Attacker().file(like: genuine, server: Rehearsal.subscriber)
        try Self.spoof(rehearsal, spoofed, "spoof-files", name: "CTLFile.tlv")
        let before = try rehearsal.clusterState()
        let tokens =
            Rehearsal.tokens.flatMap { ["--token", $0] } + rehearsal.moduleOptions + ["--pin-file", rehearsal.rightPIN]
        let cluster = ["--cluster", "lab", "--yes", "--accept-stranded"]
        for change in [
            ["migrate", "update-certificates"], ["migrate", "update-certificates"] + tokens,
            ["migrate", "to-tokenless"],
            ["cluster", "set-mode", "non-secure"], ["cluster", "set-mode", "non-secure"] + tokens,
        ] {
            let result = try rehearsal.run(
                Programs.path("etoken-bridge"), Array(change.prefix(2)) + cluster + Array(change.dropFirst(2)))
            #expect(result.status == 7, "\(change): \(result.errors)")
            try Self.expectRefusal(result, rehearsal, before)
        }
        rehearsal.folder.write("new.tlv", genuine, mode: 0o644)
        for arguments in [
            ["ctl", "deploy", rehearsal.folder.file("new.tlv"), "--yes"], ["ctl", "delete", "--yes", "--any-mode"],
            ["phones", "forecast", "--file", rehearsal.folder.file("new.tlv")],
            ["migrate", "prepare-downgrade", "--to", "9.1"], ["migrate", "prepare-upgrade", "--to", "16.0"],
        ] {
            let result = try rehearsal.run(Programs.path("etoken-bridge"), arguments + ["--cluster", "lab"])
            #expect(result.status == 7, "\(arguments): \(result.errors)")
            #expect(try rehearsal.clusterState() == before)
        }
    }

    /// A change is under way, and the attacker serves another file: neither resuming nor rolling back accepts it.
    @Test func aRollbackDoesNotTakeHisFile() throws {
        let rehearsal = try Rehearsal()
        let genuine = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        #expect(try rehearsal.migrate().status == 0)
        try Self.spoof(
            rehearsal, try Attacker().file(like: genuine, server: Rehearsal.subscriber), "spoof-files",
            name: "CTLFile.tlv")
        let back = ["migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded"]
        let before = try rehearsal.clusterState()
        let refused = try rehearsal.run(Programs.path("etoken-bridge"), back)
        #expect(refused.status == 7, "\(refused.errors)")
        #expect(try rehearsal.clusterState() == before)
        for node in [Rehearsal.publisher, Rehearsal.subscriber] { try rehearsal.fault(node, "none") }
        let done = try rehearsal.run(Programs.path("etoken-bridge"), back)
        #expect(done.status == 0, "\(done.errors)")
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == genuine)
    }

    /// An ITL file whose signature nobody made: new certificates of servers come from the servers themselves.
    @Test func anITLFileSaysNothingOfCertificates() throws {
        let rehearsal = try Rehearsal()
        #expect(try rehearsal.migrate().status == 0)
        let path = "lab/nodes/\(Rehearsal.subscriber)/tftp/ITLFile.tlv"
        let genuine = try #require(rehearsal.folder.bytes(path))
        var spoofed = try Attacker().file(like: genuine, server: Rehearsal.subscriber)
        let signature = try TrustListFile(decoding: spoofed).header.signature
        let place = try #require(Data(spoofed).range(of: Data(signature)))
        spoofed.replaceSubrange(place, with: [UInt8](repeating: 0, count: signature.count))
        try rehearsal.fault(
            Rehearsal.subscriber, "spoof-files", "--file", Self.write(rehearsal, spoofed, name: "ITLFile.tlv"))
        let before = try rehearsal.clusterState()
        let result = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["migrate", "update-certificates", "--cluster", "lab", "--yes", "--accept-stranded"]
                + Rehearsal.tokens.flatMap { ["--token", $0] } + rehearsal.moduleOptions
                + ["--pin-file", rehearsal.rightPIN])
        #expect(result.status == 7 && result.errors.contains("show itl"), "\(result.errors)")
        #expect(try rehearsal.clusterState() == before)
    }

    /// He answers with text, and a node refuses the new file: what the others get back is what they had.
    @Test func whatIsPutBackIsNotHis() throws {
        let rehearsal = try Rehearsal()
        let genuine = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        #expect(try rehearsal.migrate().status == 0)
        let present = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        #expect(present != genuine)
        rehearsal.folder.write("deployme.tlv", genuine, mode: 0o644)
        let text = Array(String(repeating: "attacker-chosen bytes ", count: 50).utf8)
        let file = try Self.write(rehearsal, text, name: "CTLFile.tlv")
        try rehearsal.fault(Rehearsal.publisher, "spoof-until-written", "--file", file)
        try RunningLab(directory: rehearsal.folder.file("lab")).fault(
            Rehearsal.subscriber, ["disk-full", "spoof-until-written"], options: ["--file", file])
        let result = try rehearsal.ctl([
            "deploy", rehearsal.folder.file("deployme.tlv"), "--cluster", "lab", "--yes", "--allow-missing-servers",
        ])
        #expect(result.status == 7, "\(result.errors)")
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == present)
        #expect(rehearsal.ctlFile(Rehearsal.subscriber) == present)
        // Nor was it saved as if it had been there.
        let saved = try rehearsal.run(
            "/usr/bin/grep", ["-rlF", "--", "attacker-chosen", rehearsal.folder.file("state")])
        #expect(saved.status == 1, "\(saved.output)")
    }

    /// Tokens that the file has and the command does not name are shown, and need a yes or `--keep`.
    @Test func whatNobodyNamedDoesNotEnterTheFile() throws {
        let rehearsal = try Rehearsal()
        #expect(try rehearsal.migrate().status == 0)
        #expect(
            try rehearsal.commandLine(Rehearsal.subscriber, "set cert regen CallManager\nyes").contains("Successfully"))
        let one =
            [
                "migrate", "update-certificates", "--cluster", "lab", "--accept-stranded", "--token",
                Rehearsal.tokens[1],
                "--pin-file", rehearsal.rightPIN, "--phone-timeout", "30",
            ] + rehearsal.moduleOptions
        let before = try rehearsal.clusterState()
        let refused = try rehearsal.run(Programs.path("etoken-bridge"), one + ["--yes", "--json"])
        #expect(refused.status == 1, "\(refused)")
        let error = try #require(refused.json()["error"] as? [String: Any])
        #expect(error["code"] as? String == "foreign-records", "\(refused)")
        #expect("\(error)".contains("--keep"), "\(refused)")
        #expect(try rehearsal.clusterState() == before)
        // On a terminal there is a question for it.
        let (status, screen) = try rehearsal.onTerminal(one, [("Keep it in the new file?", "no")])
        #expect(status == 1 && screen.contains(Rehearsal.tokens[0]) && screen.contains("SHA-1"), "\(screen)")
        #expect(try rehearsal.clusterState() == before)
        let kept = try rehearsal.run(
            Programs.path("etoken-bridge"), one + ["--yes", "--keep", Rehearsal.tokens[0]])
        #expect(kept.status == 0, "\(kept.errors)")
    }
}
