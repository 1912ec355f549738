import Configuration
import Foundation
import ServerFixtures
import Testing
import X509

/// What no public source settles about CUCM may be one way or another: the lab does it in both, and the program has to get
/// on with each (docs/lab.md, "Manners").
@Suite(.waiting, .timeLimit(.minutes(30))) struct Manners {
    /// `tools/deep manners` tries many.
    private static let count = ProcessInfo.processInfo.environment["ETOKEN_BRIDGE_MANNERS"].flatMap { Int($0) } ?? 4
    private static let releases = ["11.5", "15", "10.5", "14", "9.1", "12.5", "8.6", "10.5(1)"]
    private static let seeds = (0..<count).map { index in
        (UInt64.random(in: 0...999_999), releases[index % releases.count])
    }

    /// The main job and the way back, on a lab of random manners.
    @Test(arguments: seeds) func theWholeChange(seed: UInt64, release: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", release, "--manners", "\(seed)"])
        try thereAndBack(rehearsal, "--release \(release) --manners \(seed)")
    }

    /// Those that were never seen together, one after another.
    @Test(arguments: [
        "prompt-twice,names-full,certificate-openssl,service-blanks,web-other-words,list-small-pages,no-download",
        "prompt-on-enter,prompt-count,dns-warning,certificate-blocks,names-address,web-warning-words,web-redirects",
    ])
    func theWholeChangeOf(manners: String) throws {
        try thereAndBack(Rehearsal(options: ["--release", "10.5", "--manners", manners]), manners)
    }

    private func thereAndBack(_ rehearsal: Rehearsal, _ what: String) throws {
        func files() throws -> [String: [UInt8]] {
            try rehearsal.clusterState().filter { !$0.key.hasPrefix("phones/") }
        }
        let before = try files()
        let status = try rehearsal.bridge("cluster", "status", "--cluster", "lab")
        #expect(status.status == 0, "\(what): \(status.errors)")
        let there = try rehearsal.run(
            Programs.path("etoken-bridge"),
            rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--accept-stranded"]
                + rehearsal.keepingTokens())
        #expect(there.status == 0, "\(what): \(there.errors)")
        let new = rehearsal.folder.bytes("out/CTLFile.tlv")
        #expect(new != nil && rehearsal.ctlFile(Rehearsal.publisher) == new, "\(what)")
        #expect(try files().keys.count { $0.hasPrefix("trust-store/Phone-SAST-trust/") } == 2, "\(what)")
        let back = try rehearsal.bridge("migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded")
        #expect(back.status == 0, "\(what): \(back.errors)")
        let isBack = try files() == before
        #expect(isBack, "\(what)")
    }

    /// Each interface to the trust stores in each manner that concerns it.
    @Test(arguments: [
        ("11.5", "ssh", "certificate-openssl,import-regenerated,delete-asks,certificate-bare"),
        ("11.5", "ssh", "import-plain-names,trust-pem,certificate-blocks"),
        ("11.5", "web", "web-other-words,web-redirects,list-small-pages,no-download"),
        ("11.5", "web", "web-warning-words,list-at-once"), ("14", "rest", "rest-plain-names,rest-messages"),
        ("15", "ssh", "password-offered"), ("15", "ssh", "prompt-late"),
        ("10.5", "ssh", "dns-warning,prompt-twice"), ("10.5", "web", "no-download"),
    ])
    func aCertificateComesAndGoes(release: String, way: String, manners: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", release, "--manners", manners])
        #expect(
            try rehearsal.token("export", "SAST-ADN008580ef", "--output", rehearsal.folder.path).status == 0)
        let pem = rehearsal.folder.file("SAST-ADN008580ef.pem")
        func trust(_ arguments: String...) throws -> Rehearsal.Result {
            try rehearsal.run(
                Programs.path("etoken-bridge"), ["trust"] + arguments + ["--cluster", "lab", "--via", way])
        }
        let before = try rehearsal.clusterState()
        let uploaded = try trust("upload", pem)
        #expect(uploaded.status == 0 && uploaded.output.contains("is now in"), "\(uploaded.errors)")
        if way == "web" {
            // Once, also where the page answers with a redirect.
            let log = rehearsal.folder.text("lab/lab.log")
            #expect(log.components(separatedBy: "certificate Phone-SAST-trust/").count == 2, "\(log)")
        }
        let listed = try trust("list")
        #expect(listed.output.contains("83:E9:08:00:00:00:55:45:AF:31"), "\(listed)")
        let removed = try trust("remove", "--certificate", pem, "--yes")
        #expect(removed.status == 0 && removed.output.contains("is no longer in"), "\(removed.errors)")
        #expect(try rehearsal.clusterState() == before)
    }

    /// REST lists certificates without their names there, so that it cannot delete them: another interface does.
    @Test func aWrappedListIsRead() throws {
        let rehearsal = try Rehearsal(options: ["--release", "14", "--manners", "rest-wrapped"])
        try thereAndBack(rehearsal, "rest-wrapped")
        for token in Rehearsal.tokens {
            let uploaded = try rehearsal.run(
                Programs.path("etoken-bridge"),
                ["trust", "upload", "--cluster", "lab", "--token", token] + rehearsal.moduleOptions)
            #expect(uploaded.status == 0, "\(uploaded.errors)")
        }
        let removed = try rehearsal.bridge(
            "trust", "remove", "--cluster", "lab", "--serial", "83E9080000005545AF31", "--yes")
        #expect(removed.status == 0 && removed.output.contains("(via web)"), "\(removed)")
        let left = try rehearsal.clusterState().keys.filter { $0.hasPrefix("trust-store/Phone-SAST-trust/") }
        #expect(left.count == 1, "\(left)")
    }

    /// Broken replication is seen whatever the database calls the nodes.
    @Test(arguments: ["names-full", "names-address", "names-capital"])
    func brokenReplicationIsSeen(manner: String) throws {
        let rehearsal = try Rehearsal(options: ["--manners", manner])
        try rehearsal.fault(Rehearsal.subscriber, "replication")
        let status = try rehearsal.bridge("cluster", "status", "--cluster", "lab")
        #expect(status.status == 8 && status.errors.contains("(4) Setup Failed"), "\(status.errors)")
    }

    /// AXL's limits, its memory, its sessions, and columns that are left out.
    @Test func phonesAreListedWhateverAXLDoes() throws {
        let rehearsal = try Rehearsal(options: [
            "--release", "11.5", "--phones", "300", "--manners", "axl-small,axl-sessions,axl-no-null",
        ])
        let list = try rehearsal.bridge("phones", "list", "--cluster", "lab", "--json")
        #expect(list.status == 0, "\(list.errors)")
        #expect(try list.json()["phones"] as? Int == 300, "\(list.output)")
    }

    /// Without the Real-time Information Service there is still a list; and 8.x has the service elsewhere.
    @Test func phonesAreListedWithoutRIS() throws {
        let rehearsal = try Rehearsal()
        try rehearsal.fault(Rehearsal.publisher, "no-ris")
        let list = try rehearsal.bridge("phones", "list", "--cluster", "lab")
        #expect(list.status == 0 && list.output.hasPrefix("3 phones"), "\(list)")
        #expect((list.output + list.errors).contains("Registration and addresses are not known"), "\(list)")
        let old = try Rehearsal(options: ["--release", "8.6"])
        let found = try old.bridge("phones", "list", "--cluster", "lab")
        #expect(found.status == 0 && found.output.hasPrefix("3 phones, 3 registered"), "\(found)")
    }

    /// A configuration older than the cluster.
    @Test func aStaleVersionIsToldAndDoesNoHarm() throws {
        let rehearsal = try Rehearsal(options: ["--release", "15"])
        try rehearsal.replaceInConfiguration("version", with: "11.5.1.12900-21")
        let list = try rehearsal.bridge("phones", "list", "--cluster", "lab")
        #expect(list.status == 0, "\(list.errors)")
        let doctor = try rehearsal.bridge("doctor", "--cluster", "lab")
        // The terminal wraps it.
        let words = doctor.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("but the configuration says 11.5.1.12900-21"), "\(words)")
    }

    /// The Trust Verification Service runs, and its port is closed to us: said before anything changes.
    @Test func aClosedTVSPortIsAFinding() throws {
        let rehearsal = try Rehearsal()
        try rehearsal.fault(Rehearsal.publisher, "tvs-blocked")
        let status = try rehearsal.bridge("cluster", "status", "--cluster", "lab")
        #expect(status.status == 8 && status.errors.contains("port cannot be reached from here"), "\(status.errors)")
        let before = try rehearsal.clusterState()
        let dry = try rehearsal.migrate("--dry-run")
        #expect(
            (dry.output + dry.errors).contains("port cannot be reached from here"), "\(dry.output) \(dry.errors)")
        let run = try rehearsal.migrate()
        #expect(run.status != 0)
        #expect(try rehearsal.clusterState() == before)
    }

    @Test func noLicenceForExport() throws {
        let rehearsal = try Rehearsal(options: ["--release", "12.5"])
        try rehearsal.fault(Rehearsal.publisher, "no-licence")
        let result = try rehearsal.bridge(
            "cluster", "set-mode", "non-secure", "--cluster", "lab", "--yes", "--accept-stranded")
        #expect(result.status != 0 && result.errors.contains("export-controlled functionality"), "\(result.errors)")
    }

    /// Every node has its own ITL file: a single file cannot hold them, and that is said.
    @Test func severalITLFilesNeedAFolder() throws {
        let rehearsal = try Rehearsal()
        let file = try rehearsal.ctl(["fetch", "--cluster", "lab", "--itl", "-o", rehearsal.folder.file("itl.tlv")])
        #expect(file.status == 8 && file.errors.contains("every node has its own ITLFile.tlv"), "\(file.errors)")
        let folder = try rehearsal.ctl(["fetch", "--cluster", "lab", "--itl", "-o", rehearsal.folder.file("lists/")])
        #expect(folder.status == 0, "\(folder.errors)")
    }
}
