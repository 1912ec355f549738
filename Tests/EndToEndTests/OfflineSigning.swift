import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// A token in a safe: a plan is saved at the cluster, signed on a machine without network, and run with the answer.
@Suite(.waiting, .timeLimit(.minutes(10))) struct OfflineSigning {
    @Test func tokensInASafeTakeOver() throws {
        let safe = try Safe()
        let plan = safe.file("saturday.plan")
        let before = try safe.office.clusterState()
        let planned = try safe.plan("migrate", "to-etoken", to: plan)
        #expect(planned.status == 0, "\(planned)")
        #expect(planned.errors.contains("etoken-bridge migrate sign \(plan)\n"), "\(planned.errors)")
        let accepting = try safe.accepting().joined(separator: " ")
        #expect(
            planned.errors.contains("migrate run \(plan) --signature \(plan).answer \(accepting)\n"),
            "\(planned.errors)")
        // Without its answer it needs a token that is not there.
        let alone = try safe.atTheOffice(
            ["migrate", "run", plan, "--yes", "--output", safe.file("out")] + safe.accepting())
        #expect(alone.status == 2, "\(alone)")

        let signed = try safe.sign(plan)
        #expect(signed.status == 0, "\(signed)")
        for shown in [
            "Cluster lab, CUCM 10.5.2.10000-5, mixed mode: ", "Asked for by ", "SHA-256 of the request: ",
            "Current file: 6720 bytes", "signed by cn=\"SAST-ADN008580ef", "5*  SAST ", "Differences from",
            "\nadded      SAST: cn=\"SAST-ADN0054f509", "Phones: 2 of 3 follow, 1 need a visit, 0 unknown.",
        ] { #expect(signed.errors.contains(shown), "\(shown): \(signed.errors)") }
        #expect(try safe.sign(plan).errors.contains("\(plan).answer already exists and is not overwritten."))
        #expect(try safe.office.clusterState() == before)

        // Certificates that no inserted token shows need their own word, as for every saved plan.
        let unaccepted = try safe.run(plan, nil, [])
        #expect(
            unaccepted.status == 1 && unaccepted.errors.contains("certificates that no inserted token shows"),
            "\(unaccepted)")
        #expect(try safe.office.clusterState() == before)
        let done = try safe.run(plan)
        #expect(done.status == 0, "\(done)")
        let list = try safe.list()
        #expect(list.signerRecord?.tokenLabel == "SAST-ADN008580ef")
        #expect(try list == safe.list(Rehearsal.publisher))
        #expect(try list.isSigned(by: #require(list.signerRecord?.x509)))
        #expect(done.output.contains("Signed on another machine by "), "\(done.output)")
        let page = safe.file("record.html")
        let record = try safe.atTheOffice(["migrate", "status", "--cluster", "lab", "--report", page, "--json"])
        #expect(safe.folder.text("record.html").contains("Signed on another machine by "))
        let signature = try #require(record.json()["signature"] as? [String: Any])
        #expect((signature["plan"] as? String)?.utf8.count == 64, "\(signature)")
        // Never twice, and back as ever.
        #expect(try safe.run(plan).status == 1)
        let back = try safe.atTheOffice(["migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded"])
        #expect(back.status == 0, "\(back)")
        let after = try safe.office.clusterState().filter { !$0.key.hasPrefix("phones/") }
        #expect(after == before.filter { !$0.key.hasPrefix("phones/") })
    }

    /// The cluster creates a file that names the tokens, which phones take first; what follows it was signed before.
    @Test(arguments: ["10.5", "12.5", "15"]) func tokensInASafeAreIntroduced(release: String) throws {
        let safe = try Safe(lab: ["--release", release, "--sast-trust", "all"])
        func files() throws -> [String: [UInt8]] {
            try safe.office.clusterState().filter { !$0.key.hasPrefix("phones/") }
        }
        let (before, plan) = (try files(), safe.file("a.plan"))
        let planned = try safe.plan(
            "migrate", "to-etoken", to: plan, tokens: safe.absent() + ["--introduce", "always"])
        #expect(
            planned.status == 0 && planned.errors.contains("etoken-bridge migrate sign \(plan)\n"), "\(planned.errors)")
        let signed = try safe.sign(plan)
        #expect(
            signed.status == 0
                && signed.errors.contains(
                    "Before this file, phones get one that the cluster creates and that names the tokens (utils ctl update CTLFile)."
                ), "\(signed)")
        let done = try safe.run(plan, nil, safe.accepting() + ["--json"])
        #expect(done.status == 0, "\(done)")
        let introduction = try #require(done.json()["introduction"] as? [String: Any])
        #expect(introduction["state"] as? String == "introduced")
        let forecast = try #require((introduction["forecast"] as? [String: Any])?["with"] as? [String: Any])
        #expect(forecast["visits"] as? Int == 0, "\(forecast)")
        let list = try safe.list()
        #expect(try list.signerRecord?.tokenLabel == Rehearsal.tokens[1] && list == safe.list(Rehearsal.publisher))
        let back = try safe.atTheOffice(["migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded"])
        #expect(back.status == 0, "\(back)")
        #expect(try files() == before)
    }

    /// From tokens to tokens: certificates of servers, and a token that is lost.
    @Test func tokensThatAreInTheFileSignAgain() throws {
        let safe = try Safe()
        let (first, second, third) = (safe.file("a.plan"), safe.file("b.plan"), safe.file("c.plan"))
        #expect(try safe.plan("migrate", "to-etoken", to: first).status == 0)
        #expect(try safe.sign(first).status == 0)
        #expect(try safe.run(first).status == 0)

        let answer = try safe.office.commandLine(Rehearsal.subscriber, "set cert regen CallManager\nyes")
        #expect(answer.contains("Successfully Regenerated"), "\(answer)")
        // On a terminal no token is asked for, either: the certificates say who signs.
        let (shown, screen) = try safe.office.onTerminal(
            ["migrate", "update-certificates", "--cluster", "lab", "--accept-stranded", "--dry-run"] + safe.absent())
        #expect(shown == 0 && !screen.contains("trust list?") && !screen.contains("Insert "), "\(screen)")
        let planned = try safe.plan("migrate", "update-certificates", to: second)
        #expect(planned.status == 0, "\(planned)")
        let signed = try safe.sign(second, "--token", Rehearsal.tokens[1])
        #expect(signed.status == 0 && signed.errors.contains("\nre-keyed   CCM+TFTP: "), "\(signed)")
        let updated = try safe.run(second)
        #expect(updated.status == 0, "\(updated)")
        let pem = safe.folder.text("lab/nodes/\(Rehearsal.subscriber)/keys/CallManager.pem")
        let own = pem.split(separator: "\n").dropFirst().dropLast().joined()
        #expect(
            try safe.list().records.compactMap(\.certificate).contains {
                Data($0).base64EncodedString() == own
            })

        // The token that signed before is lost; the other one signs, and a third replaces the lost one.
        let replaced = try safe.plan(
            "migrate", "replace-token", "--lost", Rehearsal.tokens[1], to: third,
            tokens: safe.absent(["MOCK-1"], option: "--with-certificate"))
        #expect(replaced.status == 0, "\(replaced)")
        #expect(try safe.sign(third).status == 0)
        let accepting = try safe.accepting(["MOCK-1", Rehearsal.tokens[0]])
        // What a saved plan says about who leaves the file does not count.
        let undropped = try safe.run(third, nil, accepting)
        #expect(undropped.status == 1 && undropped.errors.contains(Rehearsal.tokens[1]), "\(undropped)")
        let done = try safe.run(third, nil, accepting + ["--drop", Rehearsal.tokens[1]])
        #expect(done.status == 0, "\(done)")
        let list = try safe.list()
        #expect(list.signerRecord?.tokenLabel == Rehearsal.tokens[0])
        #expect(!list.records.contains { $0.tokenLabel == Rehearsal.tokens[1] })
    }

    /// Besides the fingerprints of a saved plan, the file itself is compared: Tests/MigrationTests.
    @Test func anotherWorldIsNoticedBeforeAnythingChanges() throws {
        let safe = try Safe()
        let plan = safe.file("a.plan")
        #expect(try safe.plan("migrate", "to-etoken", to: plan).status == 0)
        #expect(try safe.sign(plan).status == 0)
        let answer = try safe.office.commandLine(Rehearsal.subscriber, "set cert regen CAPF\nyes")
        let other = try safe.office.commandLine(Rehearsal.publisher, "set cert regen CAPF\nyes")
        #expect((answer + other).contains("Successfully Regenerated"), "\(answer)\(other)")
        let before = try safe.office.clusterState()
        for dry in [["--dry-run"], []] {
            let result = try safe.run(plan, nil, safe.accepting() + ["--despite-findings"] + dry)
            #expect(result.status == 1 && result.errors.contains("has changed since this plan was made"), "\(result)")
        }
        #expect(try safe.office.clusterState() == before)
        let journals = safe.file("state/etoken-bridge/journals")
        #expect((try? FileManager.default.contentsOfDirectory(atPath: journals))?.isEmpty != false)
    }

    @Test func aPlanThatFixesNoFileSaysSo() throws {
        let safe = try Safe()
        let plan = safe.file("mode.plan")
        let planned = try safe.plan("cluster", "set-mode", "non-secure", to: plan)
        #expect(planned.status == 0, "\(planned)")
        #expect(
            planned.errors.contains(
                "It cannot be signed on another machine: the publisher first creates a file for the new mode"),
            "\(planned.errors)")
        let refused = try safe.sign(plan, "--json")
        #expect(try refused.status == 1 && safe.code(refused) == "not-signable", "\(refused)")
        #expect(try safe.code(safe.run(plan, nil, ["--json"])) == "not-signable")
    }

    /// As people do it: the question, and the PIN without echo.
    @Test func thePINIsTypedInTheSafe() throws {
        let safe = try Safe()
        let plan = safe.file("a.plan")
        #expect(try safe.plan("migrate", "to-etoken", to: plan).status == 0)
        let question = "Sign this with token SAST-ADN008580ef? Type yes or no:"
        let (no, _) = try safe.onTheSafesTerminal(["migrate", "sign", plan], [(question, "no")])
        #expect(no == 1 && !FileManager.default.fileExists(atPath: plan + ".answer"))
        let prompt = "PIN of token SAST-ADN008580ef (serial "
        let (wrong, screen) = try safe.onTheSafesTerminal(
            ["migrate", "sign", plan], [(question, "yes"), (prompt, "Cisco124")])
        #expect(wrong == 3 && screen.contains("The PIN is tried once"), "\(screen)")
        #expect(!FileManager.default.fileExists(atPath: plan + ".answer"))
        let (right, after) = try safe.onTheSafesTerminal(
            ["migrate", "sign", plan], [(question, "yes"), (prompt, "Cisco123")])
        #expect(right == 0 && after.contains("a wrong one was entered before"), "\(after)")
        // Another token is not asked for its PIN.
        let other = try safe.sign(plan, "--token", Rehearsal.tokens[0], "--output", safe.file("other"))
        #expect(
            other.status == 1 && other.errors.contains("Token SAST-ADN0054f509 is not the one that is to sign"),
            "\(other)")
        #expect(try safe.run(plan).status == 0)
    }
}

extension Record {
    /// A token's name, as on its label.
    fileprivate var tokenLabel: String? {
        isToken ? x509?.subject.value(of: "CN")?.trimmingCharacters(in: .whitespaces) : nil
    }
}
