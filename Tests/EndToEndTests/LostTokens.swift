import Basics
import Configuration
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// A token that is lost leaves the trust list, and none that nobody dropped does.
@Suite(.waiting, .timeLimit(.minutes(10))) struct LostTokens {
    /// The tokens in the file of a node, by the SHA-1 of their certificates; the program shows each of them.
    private func tokens(_ rehearsal: Rehearsal, of node: String = Rehearsal.subscriber) throws -> Set<String> {
        let result = try rehearsal.ctl(["show", rehearsal.folder.file("lab/nodes/\(node)/tftp/CTLFile.tlv"), "--json"])
        #expect(result.status == 0, "\(result.errors)")
        let bytes = try #require(rehearsal.ctlFile(node))
        let sums = try TrustListFile(decoding: bytes).records.filter(\.isToken).compactMap { $0.x509?.sha1.hex }
        for sum in sums { #expect(result.output.contains(sum)) }
        return Set(sums)
    }

    /// The lab's two tokens of 9.1 belong to nobody here: one stays for now, then it is lost as well. The new ones have
    /// the same names.
    @Test func oneAfterTheOther() throws {
        let rehearsal = try Rehearsal(options: ["--release", "9.1"])
        let old = try tokens(rehearsal).sorted()
        #expect(old.count == 2)
        let before = try rehearsal.clusterState()

        let refused = try rehearsal.migrate("--keep", old[0], "--json")
        #expect(refused.status == 1 && refused.errors.contains("--drop \(old[1])"), "\(refused.errors)")
        #expect(try rehearsal.clusterState() == before)

        // A saved plan does not decide it: the person who runs it has to say so again.
        let plan = rehearsal.folder.file("drop.plan")
        let saved = try rehearsal.migrate("--keep", old[0], "--drop", old[1], "--plan", plan)
        #expect(saved.status == 0 && saved.output.contains("still accepts files that this token signs"), "\(saved)")
        let run =
            ["migrate", "run", plan, "--pin-file", rehearsal.rightPIN, "--output", rehearsal.folder.file("out")]
            + ["--keep", old[0]] + rehearsal.moduleOptions
        let unsaid = try rehearsal.run(Programs.path("etoken-bridge"), run + ["--yes"])
        #expect(unsaid.status == 1 && unsaid.errors.contains("--drop \(old[1])"), "\(unsaid)")
        #expect(try rehearsal.clusterState() == before)
        let (stopped, said) = try rehearsal.onTerminal(run, [("Keep it in the new file?", "stop")])
        #expect(stopped == 1 && said.contains(old[1]), "\(said)")
        #expect(try rehearsal.clusterState() == before)
        let (status, screen) = try rehearsal.onTerminal(
            run, [("Keep it in the new file?", "leave out"), ("Change cluster lab now?", "yes")])
        #expect(status == 0 && screen.contains("Leaves the file: token"), "\(screen)")
        let three = try tokens(rehearsal)
        #expect(three.count == 3 && three.contains(old[0]) && !three.contains(old[1]))
        let new = three.subtracting(old)

        // The signer stays: every phone that holds its file accepts the next one. What the cluster serves is the same
        // on every node.
        let again = try rehearsal.migrate("--drop", old[0], accepting: false)
        #expect(again.status == 0 && again.output.contains(old[0]), "\(again)")
        for node in [Rehearsal.publisher, Rehearsal.subscriber] {
            #expect(try tokens(rehearsal, of: node) == new)
            let file = try TrustListFile(decoding: #require(rehearsal.ctlFile(node)))
            let signer = try #require(file.signerRecord)
            #expect(try signer.isToken && file.isSigned(by: #require(signer.x509)))
        }
        let both = try rehearsal.migrate("--drop", #require(new.first))
        #expect(both.status != 0 && both.errors.contains("cannot be dropped"), "\(both.errors)")
    }
}
