import Foundation
import ServerFixtures
import Testing

/// Every kind of bad input: one clear sentence, the documented status, and everything left as it was.
@Suite(.waiting, .timeLimit(.minutes(10))) struct BadInput {
    private func expectUnchanged(
        _ rehearsal: Rehearsal, status: Int32, says texts: String..., by action: () throws -> Rehearsal.Result
    ) throws {
        let before = try rehearsal.clusterState()
        let result = try action()
        #expect(result.status == status, "\(result.errors)")
        let sentences = result.errors.split(separator: "\n").filter { $0.hasPrefix("etoken-bridge: ") }
        #expect(sentences.count == 1, "\(result.errors)")
        for text in texts { #expect(result.errors.contains(text), "\(result.errors)") }
        #expect(try rehearsal.clusterState() == before)
    }

    // MARK: - Files

    @Test func badFilesAreRefusedByShowAndVerify() throws {
        let rehearsal = try Rehearsal()
        let good = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        var flipped = good
        flipped[good.count - 300] ^= 4
        let cases: [(String, [UInt8], Bool)] = [
            ("truncated", Array(good.dropLast(100)), true), ("empty", [], true), ("flipped", flipped, false),
            ("text", Array("hello".utf8), true),
        ]
        for (name, bytes, isRefusedByShow) in cases {
            let path = rehearsal.folder.write(name + ".tlv", bytes)
            let verify = try rehearsal.bridge("ctl", "verify", path)
            #expect(verify.status == 5, "\(name)")
            #expect(verify.errors.contains(path))
            #expect(try rehearsal.bridge("ctl", "show", path).status == (isRefusedByShow ? 5 : 0), "\(name)")
        }
        #expect(try rehearsal.bridge("ctl", "verify", rehearsal.folder.file("nowhere.tlv")).status == 2)
    }

    @Test func aClusterThatServesABadFileIsNotTouched() throws {
        let rehearsal = try Rehearsal()
        let good = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        var flipped = good
        flipped[good.count - 300] ^= 4
        rehearsal.replaceCTLFile(Array(good.dropLast(100)))
        try expectUnchanged(rehearsal, status: 5, says: "not a complete trust list") { try rehearsal.migrate() }
        rehearsal.replaceCTLFile(flipped)
        try expectUnchanged(rehearsal, status: 5, says: "does not verify") { try rehearsal.migrate() }
        rehearsal.replaceCTLFile([])
        // The node says that it has none.
        try expectUnchanged(rehearsal, status: 7, says: "than it says itself") { try rehearsal.migrate() }
        rehearsal.replaceCTLFile(good)
        rehearsal.folder.write("lab/nodes/\(Rehearsal.subscriber)/tftp/CTLFile.tlv", flipped, mode: 0o644)
        try expectUnchanged(rehearsal, status: 1, says: "Nodes serve different CTL files", Rehearsal.subscriber) {
            try rehearsal.migrate()
        }
    }

    // MARK: - Tokens

    @Test func aWrongPINIsTriedOnce() throws {
        let rehearsal = try Rehearsal()
        let wrong = rehearsal.folder.write("wrong-pin", "12345678\n")
        try expectUnchanged(rehearsal, status: 3, says: "SAST-ADN008580ef", "the PIN is wrong", "One PIN attempt") {
            try rehearsal.migrate(pinFile: wrong)
        }
        let list = try rehearsal.token("list")
        #expect(list.output.contains("wrong PIN given"))
        // The right PIN is still accepted, with a warning first.
        let right = try rehearsal.migrate()
        #expect(right.status == 0)
        #expect(right.errors.contains("1 wrong PIN was tried on token SAST-ADN008580ef"))
    }

    @Test func anExportedFileIsReplacedOnlyIfToldSo() throws {
        let rehearsal = try Rehearsal(lab: false)
        let path = rehearsal.folder.write("a.pem", "precious\n")
        let refused = try rehearsal.token("export", "SAST-ADN008580ef", "--output", path)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("\(path) already exists and is not overwritten."))
        #expect(refused.errors.contains("use --force"))
        #expect(rehearsal.folder.text("a.pem") == "precious\n")
        #expect(try rehearsal.token("export", "SAST-ADN008580ef", "--output", path, "--force").status == 0)
        #expect(rehearsal.folder.text("a.pem").hasPrefix("-----BEGIN CERTIFICATE-----"))
    }

    @Test func tokensThatCannotBeUsedAreNamed() throws {
        let rehearsal = try Rehearsal(secondCertificate: true)
        try expectUnchanged(rehearsal, status: 2, says: "No token is called \"SAST-ADN00000000\"", "SAST-ADN008580ef") {
            try rehearsal.migrate(tokens: ["SAST-ADN00000000", "SAST-ADN008580ef"])
        }
        try expectUnchanged(rehearsal, status: 2, says: "contains 2 certificates where one was expected", "id=%01") {
            try rehearsal.migrate()
        }
        try expectUnchanged(rehearsal, status: 1, says: "two are required") {
            try rehearsal.migrate(tokens: ["SAST-ADN008580ef"])
        }
        try expectUnchanged(rehearsal, status: 1, says: "The same token was specified twice") {
            try rehearsal.migrate(tokens: ["SAST-ADN008580ef", "SAST-ADN008580ef"])
        }
        // With the URI that the message proposes, it works.
        let result = try rehearsal.migrate(tokens: ["pkcs11:token=SAST-ADN0054f509;id=%01", "SAST-ADN008580ef"])
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func pinFilesThatOthersCanReadAreRefused() throws {
        let rehearsal = try Rehearsal()
        let open = rehearsal.folder.write("open-pin", "Cisco123\n", mode: 0o644)
        try expectUnchanged(rehearsal, status: 2, says: "chmod 600") { try rehearsal.migrate(pinFile: open) }
    }

    // MARK: - Cluster

    @Test func aNodeThatIsDownIsNamed() throws {
        let rehearsal = try Rehearsal()
        try rehearsal.fault(Rehearsal.subscriber, "down")
        try expectUnchanged(rehearsal, status: 6, says: Rehearsal.subscriber) { try rehearsal.migrate() }
        try rehearsal.fault(Rehearsal.subscriber, "none")
        try rehearsal.fault(Rehearsal.publisher, "down")
        try expectUnchanged(rehearsal, status: 6, says: Rehearsal.publisher) { try rehearsal.migrate() }
    }

    /// The publisher already has the new file when the subscriber's disk turns out to be full: it must get the old one
    /// back.
    @Test func aFullDiskOnOneNodeUndoesTheOther() throws {
        let rehearsal = try Rehearsal()
        try rehearsal.fault(Rehearsal.subscriber, "disk-full")
        try expectUnchanged(
            rehearsal, status: 1, says: Rehearsal.subscriber, "the cluster is as it was",
            "restored the previous file on \(Rehearsal.publisher)"
        ) { try rehearsal.migrate() }
        try rehearsal.fault(Rehearsal.subscriber, "none")
        #expect(try rehearsal.migrate().status == 0)
    }

    /// A full disk on this machine, while the signed file is written: the uploaded certificates are removed again.
    @Test func aFullDiskHereLeavesTheClusterAsItWas() throws {
        let rehearsal = try Rehearsal()
        let small = rehearsal.folder.file("small")
        try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
        let command =
            "mount -t tmpfs -o size=20k none \(small) && exec \(Programs.path("etoken-bridge")) \"$@\""
        try expectUnchanged(rehearsal, status: 1, says: "No space left on device") {
            try rehearsal.run(
                "/usr/bin/unshare",
                ["-rm", "/bin/sh", "-c", command, "sh"] + rehearsal.migrationArguments(output: small) + [
                    "--accept-stranded", "--despite-findings",
                ])
        }
    }

    /// The disk of the journal and the backups is full, at any point: the cluster is as it was, or is restored once
    /// there is room.
    @Test func aFullDiskUnderTheJournal() throws {
        let rehearsal = try Rehearsal()
        let old = try rehearsal.clusterState()
        let state = rehearsal.folder.file("state")
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let command = """
            mount -t tmpfs -o size=$1k none '\(state)' || exit 99
            shift
            "$@"
            status=$?
            [ $status = 8 ] || exit $status
            mount -o remount,size=1m '\(state)'
            '\(Programs.path("etoken-bridge"))' migrate rollback --cluster lab --yes --accept-stranded && exit 108
            """
        var statuses: [Int32] = []
        for size in stride(from: 4, through: 128, by: 4) where statuses.last != 0 {
            let result = try rehearsal.run(
                "/usr/bin/unshare",
                ["-rm", "/bin/sh", "-c", command, "sh", "\(size)", Programs.path("etoken-bridge")]
                    + rehearsal.migrationArguments(output: rehearsal.folder.file("out-\(size)")) + [
                        "--accept-stranded", "--despite-findings",
                    ])
            statuses.append(result.status)
            if result.status == 0 { break }
            // 4: wrong PINs could not be counted, so none is tried.
            #expect([1, 4, 108].contains(result.status), "\(size) kB: \(result)")
            #expect(result.errors.contains("No space left on device"), "\(size) kB: \(result)")
            #expect(try rehearsal.clusterState() == old, "\(size) kB: \(result)")
        }
        #expect(statuses.last == 0 && statuses.contains(1), "\(statuses)")
    }

    /// Nothing can be saved there: nothing is started.
    @Test func aStateFolderThatCannotBeWritten() throws {
        let rehearsal = try Rehearsal()
        let state = rehearsal.folder.file("state")
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let command = "mount -t tmpfs -o ro none '\(state)' && exec \"$0\" \"$@\""
        try expectUnchanged(rehearsal, status: 1, says: state, "Read-only file system") {
            try rehearsal.run(
                "/usr/bin/unshare",
                ["-rm", "/bin/sh", "-c", command, Programs.path("etoken-bridge")]
                    + rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--accept-stranded"])
        }
    }

    @Test(arguments: ["tls_pin", "ssh_host_key"])
    func anUnknownKeyEndsItBeforeAnythingIsSent(key: String) throws {
        let rehearsal = try Rehearsal()
        let wrong =
            key == "tls_pin"
            ? "sha256//" + String(repeating: "A", count: 43) + "=" : "SHA256:" + String(repeating: "A", count: 43)
        try rehearsal.replaceInConfiguration(key, with: wrong)
        try expectUnchanged(rehearsal, status: 7, says: "cucm-1051-a-pub", "key") { try rehearsal.migrate() }
    }

    @Test func aTVSKeyThatPhonesWouldNotTrustStopsTheChange() throws {
        let rehearsal = try Rehearsal()
        try rehearsal.replaceInConfiguration("tvs_pin", with: "sha256//" + String(repeating: "A", count: 43) + "=")
        try expectUnchanged(rehearsal, status: 1, says: "the cluster is as it was", "not in the ITL file") {
            try rehearsal.migrate()
        }
    }

    @Test func aWrongPasswordIsALoginThatIsRefused() throws {
        let rehearsal = try Rehearsal()
        try rehearsal.replaceInConfiguration(
            "password_file", with: rehearsal.folder.write("wrong-password", "nonsense\n"))
        try expectUnchanged(rehearsal, status: 7, says: Rehearsal.publisher) { try rehearsal.migrate() }
    }
}
