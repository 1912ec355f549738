import Basics
import Configuration
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// The complete main job, on each release that the lab imitates, and on the largest lab.
@Suite(.waiting, .timeLimit(.minutes(10))) struct EveryRelease {
    @Test(arguments: ["8.6", "9.1", "10.5(1)", "10.5", "11.5", "12.5", "14", "15"]) func theWholeChange(release: String)
        throws
    {
        let rehearsal = try Rehearsal(options: ["--release", release])
        let before = try files(of: rehearsal)
        try change(rehearsal, nodes: 2)
        if !["8.6", "9.1"].contains(release) {
            // What the cluster itself will sign with: TVS is asked about that certificate.
            let own = try rehearsal.bridge(
                "migrate", "to-tokenless", "--cluster", "lab", "--dry-run", "--accept-stranded")
            let signer =
                ["12.5", "14", "15"].contains(release)
                ? "CN=ITLRECOVERY_\(Rehearsal.publisher)." : "CN=\(Rehearsal.publisher);"
            #expect(own.output.contains("send QUERY_CERT for \(signer)"), "\(own.output)\(own.errors)")
        }
        let back = try rehearsal.bridge(
            "migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded")
        #expect(back.status == 0, "\(back.errors)")
        let isBack = try files(of: rehearsal) == before
        #expect(isBack)
    }

    @Test func theWholeChangeOfThirtyNodes() throws {
        try change(Rehearsal(options: ["--nodes", "30"]), nodes: 30)
    }

    /// What the nodes hold, without the phones.
    private func files(of rehearsal: Rehearsal) throws -> [String: [UInt8]] {
        try rehearsal.clusterState().filter { !$0.key.hasPrefix("phones/") }
    }

    /// To tokens; what is there then is read from the lab's own disks.
    private func change(_ rehearsal: Rehearsal, nodes count: Int) throws {
        let lab = try rehearsal.labConfiguration()
        #expect(lab.nodes.count == count)
        let before = try files(of: rehearsal)
        let kept = try rehearsal.keepingTokens()
        if !kept.isEmpty {
            let refused = try rehearsal.migrate("--json")
            #expect(refused.status == 1 && refused.errors.contains("--keep"), "\(refused.errors)")
            #expect(try files(of: rehearsal) == before)
        }
        let result = try rehearsal.run(
            Programs.path("etoken-bridge"),
            rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--accept-stranded", "--json"] + kept)
        #expect(result.status == 0, "\(result.errors)")
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
        #expect(document["state"] as? String == "finished")

        let after = try files(of: rehearsal)
        let new = try #require(rehearsal.folder.bytes("out/CTLFile.tlv"))
        for node in lab.nodes {
            let expected = node.servesTFTP ? new : before["nodes/\(node.name)/tftp/CTLFile.tlv"]
            let isSo = rehearsal.ctlFile(node.name) == expected
            #expect(isSo, "\(node.name)")
        }
        let list = try TrustListFile(decoding: new)
        let signer = try #require(list.signerRecord?.x509)
        #expect(try list.signerRecord?.isToken == true && list.isSigned(by: signer))
        let stored = try after.filter { $0.key.hasPrefix("trust-store/") && before[$0.key] == nil }.map {
            try Certificate(pem: String(decoding: $0.value, as: UTF8.self))
        }
        #expect(stored.count == 2 && stored.contains(signer))
    }
}
