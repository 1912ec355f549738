import Configuration
import Foundation
import ServerFixtures
import Testing
import X509

/// trust upload, list and remove, over every interface of a release.
@Suite(.waiting, .timeLimit(.minutes(10))) struct TrustStoreCommands {
    private static let token = "SAST-ADN008580ef"
    private static let releases = ["8.6", "9.1", "10.5", "12.5", "14", "15"]
    private static let ways: [(String, String)] = releases.flatMap { release in
        (["web", "ssh"] + (["14", "15"].contains(release) ? ["rest"] : [])).map { (release, $0) }
    }

    private let folder = TemporaryFolder()

    private func trust(_ rehearsal: Rehearsal, _ arguments: String...) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), ["trust"] + arguments + ["--cluster", "lab"])
    }

    private func uploadToken(_ rehearsal: Rehearsal, _ extra: String...) throws -> Rehearsal.Result {
        try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["trust", "upload", "--cluster", "lab", "--token", Self.token] + rehearsal.moduleOptions + extra)
    }

    /// The contents of the lab's trust stores.
    private func stores(_ rehearsal: Rehearsal) throws -> [String: Data] {
        let root = rehearsal.folder.file("lab/trust-store")
        var files: [String: Data] = [:]
        for case let name as String in FileManager.default.enumerator(atPath: root) ?? .init()
        where name.hasSuffix(".pem") {
            files[name] = try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(name)"))
        }
        return files
    }

    private func publisher(_ rehearsal: Rehearsal) throws -> String {
        try #require(rehearsal.labConfiguration().publisher?.name)
    }

    @Test(arguments: ways)
    func aCertificateComesAndGoes(release: String, way: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", release])
        let before = try stores(rehearsal)
        let uploaded = try uploadToken(rehearsal, "--via", way, "--json")
        #expect(uploaded.status == 0, "\(uploaded.errors)")
        #expect(
            uploaded.output.contains("\"outcome\" : \"uploaded\"") && uploaded.output.contains("\"via\" : \"\(way)\""))
        let after = try stores(rehearsal)
        #expect(after.count == before.count + 1)
        #expect(after.keys.contains { $0.hasPrefix("Phone-SAST-trust/") })

        // Again: nothing changes.
        let again = try uploadToken(rehearsal, "--via", way)
        #expect(again.status == 0 && again.output.contains("was already in Phone-SAST-trust"), "\(again.errors)")
        let counted = try uploadToken(rehearsal, "--via", way, "--json")
        #expect(counted.status == 0 && counted.output.contains("\"outcome\" : \"already-there\""), "\(counted.errors)")
        #expect(try stores(rehearsal) == after)

        // Every interface lists it, and no other store does.
        for (_, other) in Self.ways where Self.ways.contains(where: { $0 == (release, other) }) {
            let list = try trust(rehearsal, "list", "--via", other)
            #expect(
                list.status == 0 && list.output.contains("83:E9:08:00:00:00:55:45:AF:31"), "\(other): \(list.errors)")
        }
        let elsewhere = try trust(rehearsal, "list", "--via", way, "--store", "CallManager-trust")
        #expect(elsewhere.status == 0 && !elsewhere.output.contains("83:E9:08"), "\(elsewhere.errors)")

        // Without --yes nothing is removed here, because there is no terminal.
        let serial = ["--serial", "83E9080000005545AF31"]
        #expect(try trust(rehearsal, "remove", serial[0], serial[1], "--via", way).status == 64)
        #expect(try stores(rehearsal) == after)
        let removed = try trust(rehearsal, "remove", serial[0], serial[1], "--via", way, "--yes")
        #expect(removed.status == 0 && removed.output.contains("is no longer in Phone-SAST-trust"), "\(removed.errors)")
        #expect(try stores(rehearsal) == before)
        let gone = try trust(rehearsal, "remove", serial[0], serial[1], "--via", way, "--yes")
        #expect(gone.status == 0 && gone.errors.contains("does not contain it"))
        #expect(try stores(rehearsal) == before)
    }

    @Test(arguments: [("10.5", "web"), ("14", "rest"), ("12.5", "web")])
    func theBestWayIsTaken(release: String, way: String) throws {
        let result = try uploadToken(Rehearsal(options: ["--release", release]))
        #expect(result.status == 0 && result.output.contains("(via \(way))"), "\(result.errors)")
    }

    /// If REST does not accept the store, the next interface does, and that is reported.
    @Test func certificatesAreNamedByOptionToo() throws {
        let rehearsal = try Rehearsal()
        #expect(try rehearsal.token("export", Self.token, "--output", rehearsal.folder.path).status == 0)
        let pem = rehearsal.folder.file("\(Self.token).pem")
        #expect(try trust(rehearsal, "upload", "--certificate", pem).status == 0)
        let two = try trust(rehearsal, "remove", "--certificate", pem, "--token", Self.token, "--yes")
        #expect(two.status == 64 && two.errors.contains("Specify only one of"), "\(two.errors)")
        let none = try trust(rehearsal, "remove", "--yes")
        #expect(none.status == 64 && none.errors.contains("Specify which one"), "\(none.errors)")
        #expect(try trust(rehearsal, "remove", "--certificate", pem, "--yes").status == 0)
    }

    @Test func aRefusalByRESTIsMended() throws {
        let rehearsal = try Rehearsal(options: ["--release", "14"])
        try rehearsal.fault(publisher(rehearsal), "rest-refusal")
        let result = try uploadToken(rehearsal)
        #expect(result.status == 0 && result.output.contains("(via web)"), "\(result.errors)")
        #expect(result.errors.contains("Another interface was used"))
        let refused = try trust(rehearsal, "list", "--via", "rest")
        #expect(refused.status == 1, "\(refused.errors)")
    }

    @Test func anOldReleaseHasNoREST() throws {
        let result = try uploadToken(Rehearsal(options: ["--release", "10.5"]), "--via", "rest")
        #expect(result.status == 1 && result.errors.contains("no certificate REST interface"), "\(result.errors)")
    }

    /// A changed key ends it with status 7, over every interface, and no other one is tried.
    @Test(arguments: [("rest", "tls-key"), ("web", "tls-key"), ("ssh", "ssh-key"), ("", "tls-key")])
    func aChangedKeyEndsIt(way: String, fault: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", "14"])
        let before = try stores(rehearsal)
        try rehearsal.fault(publisher(rehearsal), fault)
        let result =
            try way.isEmpty ? uploadToken(rehearsal) : uploadToken(rehearsal, "--via", way)
        #expect(result.status == 7, "\(result.errors)")
        #expect(try stores(rehearsal) == before)
    }

    /// A refused login ends it: the same password is not tried over another interface.
    @Test(arguments: ["", "rest", "web", "ssh"])
    func aRefusedLoginEndsIt(way: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", "14"])
        let before = try stores(rehearsal)
        try rehearsal.fault(publisher(rehearsal), "login-refused")
        let result =
            try way.isEmpty ? uploadToken(rehearsal) : uploadToken(rehearsal, "--via", way)
        #expect(result.status == 7, "\(result.errors)")
        #expect(try stores(rehearsal) == before)
    }

    @Test(arguments: ["rest", "web", "ssh"])
    func whatTheNodeCannotStoreIsSaid(way: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", "14"])
        let before = try stores(rehearsal)
        let node = try publisher(rehearsal)
        try rehearsal.fault(node, "disk-full")
        let full = try uploadToken(rehearsal, "--via", way)
        #expect(full.status == 1 && full.errors.contains(node), "\(full.errors)")
        #expect(full.errors.contains("space"), "\(full.errors)")
        #expect(try stores(rehearsal) == before)
        try rehearsal.fault(node, "none")
        let mended = try uploadToken(rehearsal, "--via", way)
        #expect(mended.status == 0, "\(mended.errors)")
    }

    /// The certificate was stored, but the response never came: the store is read.
    @Test(arguments: ["rest", "web", "ssh"])
    func aLostAnswerIsFoundOut(way: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", "14"])
        try rehearsal.fault(publisher(rehearsal), "cut-answer")
        let result = try uploadToken(rehearsal, "--via", way)
        #expect(result.status == 0 && result.output.contains("is now in Phone-SAST-trust"), "\(result.errors)")
        try rehearsal.fault(publisher(rehearsal), "none")
        let list = try trust(rehearsal, "list", "--via", way)
        #expect(list.output.contains("83:E9:08:00:00:00:55:45:AF:31"))
    }

    /// The password is in no argument list and in no output.
    @Test func thePasswordIsNowhere() throws {
        let rehearsal = try Rehearsal(options: ["--release", "14"])
        let bytes = try #require(rehearsal.folder.bytes("lab/credentials/platform"))
        let password = String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
        #expect(password.count >= 8)
        for way in ["rest", "web", "ssh"] {
            // Checks all processes while the command runs.
            let watched = try rehearsal.run(
                "/bin/bash",
                [
                    "-c",
                    """
                    out=$1; shift
                    "$@" >"$out" 2>&1 & program=$!
                    while kill -0 "$program" 2>/dev/null; do
                        cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'
                    done
                    wait "$program"
                    """, "-", folder.file("out"), Programs.path("etoken-bridge"), "trust", "upload", "--cluster", "lab",
                    "--verbose", "--via", way, "--token", Self.token,
                ] + rehearsal.moduleOptions)
            #expect(watched.status == 0, "\(folder.text("out"))")
            #expect(watched.output.contains("--via"), "the command itself was seen")
            #expect(!watched.output.contains(password) && !folder.text("out").contains(password))
        }
        #expect(!rehearsal.folder.text("lab/lab.log").contains(password))
    }
}
