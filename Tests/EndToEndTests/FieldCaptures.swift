import Basics
import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// `tools/deep captures` tries all.
private let isDeep = ProcessInfo.processInfo.environment["ETOKEN_BRIDGE_DEEP"] != nil

/// Captures of labs: nothing of the lab's names is in them, they are understood as live, and a lab like them does the same
/// (docs/capture.md).
@Suite(.waiting, .timeLimit(.minutes(isDeep ? 180 : 15))) struct FieldCaptures {
    private func capture(_ rehearsal: Rehearsal, _ cluster: String, _ file: String, _ more: String...) throws
        -> [String: Any]
    {
        let result = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["capture", "--cluster", cluster, "-o", rehearsal.folder.file(file), "--yes", "--json"] + more)
        #expect(result.status == 0, "\(result.errors)")
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
        #expect(document["differing"] as? [Int] == [], "\(result.errors)")
        return document
    }

    /// Everything that is in the file, as one text in small letters.
    private func contents(_ rehearsal: Rehearsal, _ file: String) throws -> [UInt8] {
        try Archive(file: rehearsal.folder.file(file)).entries.flatMap { Array($0.name.utf8) + $0.bytes }
    }

    /// Releases, and manners that can be seen while reading.
    @Test(arguments: [
        ("10.5", ""), ("8.6", "names-full,service-blanks"),
        ("11.5", "prompt-twice,certificate-blocks,trust-pem,names-address,list-at-once,axl-no-null"),
        ("15", "prompt-count,certificate-openssl,names-capital,list-small-pages,no-download,rest-wrapped"),
        ("14", "prompt-on-enter,certificate-bare,dns-warning,rest-plain-names,rest-messages,axl-sessions"),
    ])
    func nothingOfTheLabIsInIt(release: String, manners: String) throws {
        let seen = try capture(ofRelease: release, manners)
        #expect(seen == Set(manners.split(separator: ",").map(String.init)))
    }

    /// Each release with each manner: as many as go together, and each alone.
    @Test(
        .enabled(if: isDeep), arguments: [Manner.covering, [[]] + Manner.allCases.map { [$0] }].flatMap(\.self),
        LabRelease.allCases)
    func ofEveryReleaseWithEveryManner(manners: [Manner], release: LabRelease) throws {
        let names = manners.map(\.rawValue)
        // Some cannot be seen while reading, and some releases do not have what they are about.
        let seen = try capture(ofRelease: release.rawValue, names.joined(separator: ","))
        #expect(seen.isSubset(of: names), "\(release.rawValue) \(names)")
    }

    /// Takes a capture, looks for the lab's names and secrets in it, and checks it.
    ///
    /// - Returns: the manners that were seen.
    private func capture(ofRelease release: String, _ manners: String) throws -> Set<String> {
        let options = ["--release", release] + (manners.isEmpty ? [] : ["--manners", manners])
        let rehearsal = try Rehearsal(options: options)
        let lab = try rehearsal.labConfiguration()
        let phones = try FileManager.default.contentsOfDirectory(atPath: rehearsal.folder.file("lab/phones"))
            .filter { $0.hasPrefix("SEP") }
        let before = try rehearsal.clusterState()
        let taken = try capture(
            rehearsal, "lab", "c.tar.gz", "--phone", #require(phones.first), "--token", Rehearsal.tokens[0], "--module",
            rehearsal.module)
        #expect(try rehearsal.clusterState() == before)
        let sources = try #require(taken["sources"] as? [[String: Any]])
        #expect(sources.count == 10, "\(sources)")
        #expect(sources.allSatisfy { $0["notUnderstood"] as? Int == 0 }, "\(sources)")

        let bytes = try contents(rehearsal, "c.tar.gz")
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        var secrets = lab.nodes.flatMap { [$0.name, $0.address] } + phones + phones.map { String($0.dropFirst(3)) }
        secrets += phones.map { name in
            let digits = Array(name.dropFirst(3))
            return stride(from: 0, to: digits.count, by: 2).map { String(digits[$0...($0 + 1)]) }.joined(separator: ":")
        }
        for account in ["platform", "application", "phones"] {
            let password = rehearsal.folder.text("lab/credentials/\(account)").trimmingCharacters(in: .newlines)
            if !password.isEmpty { secrets.append(password) }
        }
        secrets += Rehearsal.tokens.map { String($0.dropFirst("SAST-ADN".count)) }
        for secret in secrets { #expect(!text.contains(secret.lowercased()), "\(secret)") }
        // No key, number or checksum of the lab's certificates.
        let list = try TrustListFile(decoding: #require(rehearsal.ctlFile(Rehearsal.publisher)))
        for certificate in list.records.compactMap(\.x509) {
            #expect(bytes.firstRange(of: certificate.publicKey.rawKey.dropFirst(12).prefix(60)) == nil)
            #expect(bytes.firstRange(of: certificate.serialNumber) == nil)
            for number in [certificate.sha1.hex, certificate.serialNumber.hex] { #expect(!text.contains(number)) }
            let line = certificate.pem.split(separator: "\n")[5].lowercased()
            #expect(!text.contains(line))
        }

        let check = try rehearsal.bridge("capture", "check", rehearsal.folder.file("c.tar.gz"))
        #expect(check.status == 0, "\(check)")
        return Set(try #require(taken["manners"] as? [String]))
    }

    /// A lab like a capture has the release, the mode and the manners that were seen.
    @Test func aLabLikeACapture() throws {
        let manners = "prompt-count,certificate-openssl,names-capital,list-small-pages,rest-wrapped"
        let rehearsal = try Rehearsal(options: ["--release", "14", "--manners", manners])
        let first = try capture(rehearsal, "lab", "first.tar.gz")
        let folder = rehearsal.folder.file("copy")
        let up = try rehearsal.run(
            Programs.path("cluster-lab"), ["up", folder, "--like", rehearsal.folder.file("first.tar.gz")])
        defer { _ = try? rehearsal.run(Programs.path("cluster-lab"), ["down", folder]) }
        try #require(up.status == 0, "\(up.errors)\(rehearsal.folder.text("copy/lab.log"))")
        #expect(try rehearsal.bridge("cluster", "add", "--lab", folder, "--name", "copy").status == 0)
        let second = try capture(rehearsal, "copy", "second.tar.gz")
        #expect(first["manners"] as? [String] == second["manners"] as? [String])
        #expect(first["version"] as? String == second["version"] as? String)
        // The same questions, answered in the same way.
        func answers(_ document: [String: Any]) -> [String: Int] {
            Dictionary(
                uniqueKeysWithValues: (document["sources"] as? [[String: Any]] ?? []).map {
                    ("\($0["source"] ?? "")", $0["notUnderstood"] as? Int ?? -1)
                })
        }
        #expect(answers(first) == answers(second))
    }

    @Test func nothingIsWrittenWithoutAYes() throws {
        let rehearsal = try Rehearsal()
        let path = rehearsal.folder.file("c.tar.gz")
        let silent = try rehearsal.bridge("capture", "--cluster", "lab", "-o", path)
        #expect(silent.status == 64 && !FileManager.default.fileExists(atPath: path), "\(silent)")
        let (status, seen) = try rehearsal.onTerminal(
            ["capture", "--cluster", "lab", "-o", path], [("Type yes or no", "no\n")])
        #expect(status == 1 && seen.contains("SOURCE") && !FileManager.default.fileExists(atPath: path), "\(seen)")
        let (written, _) = try rehearsal.onTerminal(
            ["capture", "--cluster", "lab", "-o", path], [("Type yes or no", "yes\n")])
        #expect(written == 0 && FileManager.default.fileExists(atPath: path))
        let twice = try rehearsal.bridge("capture", "--cluster", "lab", "-o", path, "--yes")
        #expect(twice.status == 1 && twice.errors.contains("already exists"), "\(twice)")
    }

    @Test func aTokenAlone() throws {
        let rehearsal = try Rehearsal(lab: false)
        let path = rehearsal.folder.file("t.tar.gz")
        let taken = try rehearsal.bridge(
            "capture", "--token", Rehearsal.tokens[0], "--module", rehearsal.module, "-o", path, "--yes")
        #expect(taken.status == 0, "\(taken.errors)")
        let text = String(decoding: try contents(rehearsal, "t.tar.gz"), as: UTF8.self)
        #expect(text.contains("SAST-ADN") && !text.contains(Rehearsal.tokens[0].dropFirst("SAST-ADN".count)))
        #expect(text.contains("CERTIFICATE") && text.contains("manufacturer"))
        #expect(try rehearsal.bridge("capture", "check", path).status == 0)
        #expect(try rehearsal.bridge("capture", "-o", path, "--yes").status == 64)
        let noGzip = try rehearsal.run(
            Programs.path("etoken-bridge"), ["capture", "check", path, "--json"], environment: ["PATH=/nonexistent"])
        #expect(noGzip.status == 1 && noGzip.output.contains("\"no-gzip\""), "\(noGzip)")
    }
}
