import Foundation
import ServerFixtures
import Testing
import TrustList

/// Plans that are saved, the change record, the checklist before a downgrade, and the guide on a terminal.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Plans {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private var tokens: [String] {
        rehearsal.moduleOptions + Rehearsal.tokens.flatMap { ["--token", $0] }
    }

    private func migrate(_ arguments: [String]) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), ["migrate"] + arguments)
    }

    @Test func aSavedPlanRunsLaterButNotOnAnotherWorld() throws {
        let plan = rehearsal.folder.file("saturday.plan")
        let before = try rehearsal.clusterState()
        let saved = try migrate(["to-etoken", "--cluster", "lab", "--accept-stranded", "--plan", plan] + tokens)
        #expect(saved.status == 0, "\(saved.errors)")
        #expect(saved.output.contains("Plan (nothing has been changed)"))
        #expect(try rehearsal.clusterState() == before)
        let twice = try migrate(["to-etoken", "--cluster", "lab", "--plan", plan] + tokens)
        #expect(twice.status == 1 && twice.errors.contains("\(plan) already exists and is not overwritten."))
        // The record would be in the plan's file.
        let both = try migrate(
            ["to-etoken", "--cluster", "lab", "--plan", rehearsal.folder.file("x.json"), "--report"]
                + [rehearsal.folder.file("x.html")] + tokens)
        #expect(both.status == 64 && both.errors.contains("need different files"), "\(both.errors)")
        // If phones would refuse, the advice is to run the plan.
        let other = rehearsal.folder.file("sunday.plan")
        let stranding = try migrate(["to-etoken", "--cluster", "lab", "--plan", other] + tokens)
        #expect(stranding.status == 9, "\(stranding.errors)")
        #expect(stranding.errors.contains("etoken-bridge migrate run \(other) --accept-stranded\n"))

        // Someone uploads a certificate in the meantime.
        let exported = try rehearsal.token("export", Rehearsal.tokens[0], "--output", rehearsal.folder.path)
        #expect(exported.status == 0)
        let pem = rehearsal.folder.file("\(Rehearsal.tokens[0]).pem")
        try rehearsal.importTrust(pem)
        let run = ["run", plan, "--yes", "--pin-file", rehearsal.rightPIN] + rehearsal.moduleOptions
        let changed = try migrate(run)
        #expect(changed.status == 1 && changed.errors.contains("has changed since this plan was made"))
        #expect(changed.errors.contains("the number of certificates in Phone-SAST-trust was 0 and is now 1"))
        let removed = try rehearsal.bridge(
            "trust", "remove", "--serial", "3CF927000000AFA2DA45", "--cluster", "lab", "--yes")
        #expect(removed.status == 0, "\(removed.errors)")

        let done = try migrate(run)
        #expect(done.status == 0, "\(done.errors)")
        #expect(
            try TrustListFile(decoding: #require(rehearsal.ctlFile(Rehearsal.publisher))).signerRecord?.isToken == true)
        // And never twice.
        #expect(try migrate(run).status == 1)
    }

    /// The record: a self-contained page, and the same as JSON, without secrets.
    @Test func theChangeRecordStandsAlone() throws {
        let base = rehearsal.folder.file("record")
        let result = try rehearsal.migrate("--report", base + ".html")
        #expect(result.status == 0, "\(result.errors)")
        let html = rehearsal.folder.text("record.html")
        for needle in [
            "src=", "href=", "url(", "@import", "http:", "https:", "<script", "<link", "<iframe", "&lt;", "HTML(",
        ] {
            #expect(!html.contains(needle), "\(needle)")
        }
        for needle in [
            "Done; 1 phone is left", "SAST-ADN008580ef", "1 refuses it", "<svg", "Left to do", "Restart the phones",
            "signature verifies",
            "Cisco 7960: 1 refused",
        ] { #expect(html.contains(needle), "\(needle)") }
        // Close enough to XHTML for a strict parser, except for the doctype and the void elements.
        let check = "import sys, html.parser\n" + Self.balance
        let balanced = try ChildProcess.end(of: ["python3", "-c", check, base + ".html"])
        #expect(balanced.status == 0, "\(balanced.errors)\(balanced.output)")
        let json = try #require(
            JSONSerialization.jsonObject(with: Data(rehearsal.folder.bytes("record.json") ?? [])) as? [String: Any])
        #expect((json["steps"] as? [[String: Any]])?.count == 10)
        let passwords = ["platform", "application"].map {
            rehearsal.folder.text("lab/credentials/\($0)").trimmingCharacters(in: .whitespacesAndNewlines)
        }
        for secret in ["Cisco123"] + passwords {
            #expect(!html.contains(secret) && !rehearsal.folder.text("record.json").contains(secret))
        }
        // The same from the journal, later.
        let again = try migrate(["status", "--cluster", "lab", "--report", rehearsal.folder.file("again.html")])
        #expect(again.status == 0)
        #expect(rehearsal.folder.text("again.html").contains("Restart the phones"))
    }

    private static let balance = """
        class P(html.parser.HTMLParser):
            stack = []
            def handle_starttag(self, tag, attrs):
                if tag not in ('meta', 'br'): self.stack.append(tag)
            def handle_endtag(self, tag):
                assert self.stack and self.stack.pop() == tag, (tag, self.stack, self.getpos())
        p = P(); p.feed(open(sys.argv[1]).read()); p.close()
        assert not p.stack, p.stack
        """

    @Test func theChecklistBeforeADowngrade() throws {
        let check = ["prepare-downgrade", "--cluster", "lab", "--to", "9.1"]
        let before = try rehearsal.clusterState()
        let tokenless = try migrate(check)
        #expect(tokenless.status == 5 && tokenless.output.contains("\nfailed   A hardware token signed the file\n"))
        // Four points fail because there is no token, and one command helps with all of them.
        #expect(tokenless.output.components(separatedBy: "Next: etoken-bridge migrate to-etoken ").count == 4 + 1)
        #expect(!tokenless.output.contains("asked for"), "\(tokenless.output)")
        #expect(tokenless.output.contains("Next: etoken-bridge migrate to-etoken --cluster lab\n"))
        let advice = tokenless.output.split(separator: "\n").filter { $0.contains("Next: ") }
        #expect(!advice.contains { $0.contains("LABEL") }, "\(advice)")
        #expect(try migrate(["prepare-downgrade", "--cluster", "lab", "--to", "nine"]).status == 64)
        for release in ["12.0", "10.5", "10.5.2.10000-5"] {
            let newer = try migrate(["prepare-downgrade", "--cluster", "lab", "--to", release])
            #expect(newer.status == 1 && newer.output.isEmpty, "\(newer.output)")
            #expect(newer.errors.contains("\(release) is not older than 10.5.2.10000-5"), "\(newer.errors)")
        }
        #expect(try rehearsal.clusterState() == before)
        #expect(try rehearsal.migrate().status == 0)
        let page = rehearsal.folder.file("down.html")
        let ready = try migrate(check + tokens + ["--report", page])
        // The 7960 holds the old file, and cannot be reached without a visit.
        #expect(ready.status == 9 && ready.output.contains("1 × Cisco 7960"), "\(ready.output)\(ready.errors)")
        #expect(ready.output.components(separatedBy: "\nfailed ").count == 1 + 1, "\(ready.output)")
        let twice = try migrate(check + ["--report", page])
        #expect(twice.status == 1 && twice.errors.contains("\(page) already exists and is not overwritten."))
        #expect(rehearsal.folder.text("down.html").contains("Downgrade of cluster lab from"))
        #expect(rehearsal.folder.text("down.json").contains("by-hand"))
    }

    /// Without arguments, on a terminal: the cluster is found, the tokens are asked for and shown, and a final
    /// confirmation is requested.
    @Test func theGuideLeadsThrough() throws {
        let program = try Program(
            [
                "migrate", "to-etoken", "--module", rehearsal.module, "--phone-timeout", "30", "--pin-file",
                rehearsal.rightPIN, "--accept-stranded", "--output", rehearsal.folder.file("out"),
            ],
            environment: rehearsal.tokenEnvironment + [
                "XDG_CONFIG_HOME=\(rehearsal.folder.file("config"))",
                "XDG_STATE_HOME=\(rehearsal.folder.file("state"))",
            ], onTerminal: true)
        try program.expect("the first token") { $0.contains { $0.hasPrefix("Add this token to the trust list?") } }
        #expect(program.output.contains("Issuer:  cn=Cisco Manufacturing CA;o=Cisco Systems"))
        #expect(program.lines.contains("Reading cluster lab ..."))
        #expect(program.output.contains("Current CTL file: 6720 bytes"))
        // The first one is declined by mistake, and then accepted.
        func asked(_ count: Int) throws {
            try program.expect("question \(count)") { lines in
                lines.count { $0.hasPrefix("Add this token to the trust list?") } == count
            }
        }
        program.type("n\n")
        try asked(2)
        program.type(" YES \n")
        try program.expect("an offer") { $0.contains { $0.hasPrefix("Press Return to be asked about token") } }
        program.type("\n")
        try asked(3)
        program.type("y\n")
        try program.expect("another") { $0.contains { $0.contains("Add another token?") } }
        // Another one is asked for, but there is none.
        program.type("yes\n")
        try program.expect("a way out") { $0.contains("Type no if there is no other one.") }
        program.type("\n")
        try program.expect("the signer") { $0.contains { $0.contains("Which token signs?") } }
        program.type("SAST-ADN\n3\n\n")
        try program.expect("the way") { $0.contains { $0.contains("is not known to create one. Try it?") } }
        program.type("\n")
        try program.expect("phones") { $0.contains { $0.contains("Restart the 3 phones at the end") } }
        program.type("\n")
        try program.expect("the question") { $0.contains { $0.contains("Change cluster lab now? Type yes or no:") } }
        // The plan has its steps.
        #expect(program.output.contains("Plan (nothing has been changed):"))
        #expect(program.output.contains("in 3 rounds, the nodes of a round at once"))
        #expect(program.output.contains("Restart the phones"))
        program.type("yes\n")
        #expect(program.status() == 0, "\(program.output)")
        #expect(
            try TrustListFile(decoding: #require(rehearsal.ctlFile(Rehearsal.publisher))).signerRecord?.isToken == true)
    }

    @Test func nothingToGoOnWithIsSaid() throws {
        for verb in ["resume", "rollback", "status"] {
            let result = try migrate([verb, "--cluster", "lab"])
            #expect(
                result.status == 2
                    && result.errors.contains("No change of cluster lab has been started on this machine."))
            #expect(result.errors.contains("etoken-bridge migrate to-etoken --cluster lab\n"))
        }
        let unasked = try migrate(["to-tokenless", "--cluster", "lab"])
        #expect(unasked.status == 0 && unasked.output.contains("nothing to do"))
        let certificates = try migrate(["update-certificates", "--cluster", "lab"])
        #expect(certificates.status == 0 && certificates.output.contains("match those of the nodes."))
        #expect(try migrate(["to-etoken"]).status == 64)
        let bad = rehearsal.folder.write("bad.plan", "{}")
        let refused = try migrate(["run", bad])
        #expect(refused.status == 1 && refused.errors.contains("\(bad) is not a plan that this version can run"))
    }
}
