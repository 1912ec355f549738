import Basics
import Foundation
import Messages
import Phones
import Testing
import X509

@testable import Migration

/// The change record for auditors and change boards: who, what for, what is left to do, and on how much paper.
@Suite(.timeLimit(.minutes(5))) struct ChangeRecordPageTests {
    private let folder = Folder()
    private let situation = Situation.all[0]

    private func plan(_ settings: ChangePlan.Settings) throws -> Change {
        try Change(
            .new(
                ChangeRequest(
                    .toEtoken, tokens: Situation.tokens, signer: 1, settings: settings, phones: .init(timeout: 0),
                    now: 1_800_000_000)), of: situation.cluster(), state: folder.state)
    }

    @Test func ticketAndAuthorStayWithTheChange() throws {
        let change = try plan(
            .init(acceptsStranded: true, output: folder.path + "/out", ticket: "CHG0042", approver: "Jane <CAB>"))
        let path = folder.path + "/plan"
        try change.plan.write(to: path)
        let read = try ChangePlan.read(path)
        #expect(read == change.plan && read.settings.ticket == "CHG0042")
        // What would turn a line around, or is too long, comes from no option.
        for bad in ["", "CHG\u{202E}", String(repeating: "9", count: 129)] {
            #expect(!ChangePlan.isReference(bad))
            let text = try Files.text(path).replacing("CHG0042", with: bad)
            try Files.write(Array(text.utf8), to: path + ".bad", replacing: true)
            #expect(throws: MigrationError.self) { try ChangePlan.read(path + ".bad") }
        }

        var author = RunAuthor(who: "root@jump", version: "9.9")
        (author.sudoUser, author.command) = ("alice", "etoken-bridge migrate to-etoken --ticket CHG0042")
        try change.begin(author.run(.run))
        try change.runner().run()
        var record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.ticket == "CHG0042" && record.approver == "Jane <CAB>")
        #expect(record.runs.first?.sudoUser == "alice" && record.runs.first?.command == author.command)
        record.writtenBy = author.document
        let html = record.html
        for needle in [
            "CHG0042", "Jane &lt;CAB&gt; (as entered, not checked)", "root@jump (sudo: alice)",
            "etoken-bridge migrate to-etoken --ticket CHG0042",
        ] { #expect(html.contains(needle), "\(needle)") }
    }

    /// A change started without a ticket, or with another one: that of each later run is noted, and none is lost.
    @Test func everyRunMayHaveATicketOfItsOwn() throws {
        let change = try plan(
            .init(acceptsStranded: true, output: folder.path + "/out", ticket: "CHG0042", approver: "Jane"))
        try change.runAll()
        var author = RunAuthor(who: "root@jump", version: "9.9")
        (author.ticket, author.approver) = ("CHG0043", "Joe <CAB>")
        _ = try OpenChange(of: situation.cluster().name, in: folder.state) { try folder.journal() }
            .rollBack(on: change.cluster).agreeToForecast(acceptingStranded: true).begin(author).run(RunContext())
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.state == .rolledBack && record.ticket == "CHG0042" && record.approver == "Jane")
        #expect(record.runs.map(\.ticket) == [nil, "CHG0043"] && record.runs.last?.approver == "Joe <CAB>")
        let tickets = record.tickets.map { "\($0.label.localized): \($0.text.localized)" }
        #expect(tickets.first == "Ticket: CHG0042, approved by Jane (as entered, not checked)")
        #expect(
            tickets.count == 2 && tickets[1].hasPrefix("Ticket of migrate rollback, ")
                && tickets[1].hasSuffix(": CHG0043, approved by Joe <CAB> (as entered, not checked)"), "\(tickets)")
        #expect(record.html.contains("CHG0043, approved by Joe &lt;CAB&gt; (as entered, not checked)"))
    }

    /// The ticket under which a change was abandoned, too, and who abandoned it.
    @Test func whoAbandonsAChangeIsNoted() throws {
        let change = try plan(.init(acceptsStranded: true, output: folder.path + "/out"))
        try change.begin(RunAuthor(who: "root@jump", version: "9.9").run(.run))
        var author = RunAuthor(who: "alice@jump", version: "9.9")
        author.ticket = "CHG0044"
        try OpenChange(of: situation.cluster().name, in: folder.state) { try folder.journal() }.abandon(author)
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.state == .abandoned && record.ticket == nil)
        #expect(
            record.runs.map(\.who) == ["root@jump", "alice@jump"] && record.tickets.map(\.text.localized) == ["CHG0044"]
        )
    }

    @Test func theJournalIsNamedByItsHash() throws {
        try plan(.init(acceptsStranded: true, output: folder.path + "/out")).runAll()
        let path = try folder.journal()
        let seal = try #require(try ChangeRecord(journal: path, backups: folder.state).journal)
        let bytes = try Files.read(path)
        #expect(seal.sha256 == Digest.sha256(bytes).hex && seal.lines == bytes.count { $0 == 10 })
        // Later lines do not change what was there, and one that is being written does not count.
        try Files.write(bytes + Array("{\"number\"".utf8), to: path, replacing: true)
        #expect(try ChangeRecord(journal: path, backups: folder.state).journal == seal)
        #expect(try JournalSeal(path, lines: seal.lines) == seal)
        #expect(try JournalSeal(path, lines: seal.lines - 1) != seal)
    }

    @Test func whatIsLeftComesFirst() throws {
        let change = try plan(.init(acceptsStranded: true, output: folder.path + "/out"))
        let planned = try ChangeRecord(change)
        #expect(planned.leftToDo.map(\.code) == [.visit] && planned.leftToDo.first?.phones == 1)
        #expect(planned.html.contains("Left to do by hand after the change") && planned.journal == nil)
        try change.runAll()
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.leftToDo.map(\.code) == [.visit], "\(record.leftToDo)")
        #expect(record.leftToDo.first?.text.localized == "1 phone needs a visit: 1 refused, 0 unknown.")
        let html = record.html
        #expect(html.contains("Done; 1 phone is left"))
        let left = try #require(html.range(of: "<h2>Left to do</h2>"))
        for later in ["In short", "Forecast", "Steps", "Who, where and when"] {
            let heading = try #require(html.range(of: "<h2>\(later)</h2>"), "\(later)")
            #expect(left.lowerBound < heading.lowerBound)
        }
        // Every table has a head that is repeated, or headings in its rows; every heading says what it is a heading of.
        let heads = html.components(separatedBy: "<th").dropFirst().filter { !$0.hasPrefix("ead") }
        #expect(!heads.isEmpty && heads.allSatisfy { $0.hasPrefix(" scope=") })
        let tables = html.components(separatedBy: "<table").dropFirst()
        #expect(tables.allSatisfy { $0.contains("<thead") || $0.hasPrefix(" class=\"facts\"") })
        // Pictures say in words what they show.
        #expect(html.components(separatedBy: "<svg").dropFirst().allSatisfy { $0.contains("aria-label=\"") })
        #expect(!html.contains("href=") && !html.contains("<script"))
    }

    /// Anybody can answer for a phone: its page says that it has the new file, which the forecast says it refuses.
    @Test func aPageTakesNoPhoneOffTheList() throws {
        let cluster = try situation.cluster()
        cluster.onLook = { _ in cluster.held["SEP3"] = cluster.files["pub"]?["CTLFile.tlv"] }
        try situation.plan(cluster, in: folder).runAll()
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.phones.contains { $0.result == .newFile && $0.phones.contains("SEP3") }, "\(record.phones)")
        #expect(record.leftToDo.map(\.code) == [.visit] && record.phonesLeft().map(\.phone) == ["SEP3"])
    }

    @Test func aChangeThatIsBackLeavesNothing() throws {
        let cluster = try situation.cluster()
        let change = try situation.plan(cluster, in: folder)
        try change.runAll()
        let back = try Change(
            continuing: Journal.open(folder.journal()), of: cluster, state: folder.state)
        try back.rollBackAll()
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.state == .rolledBack && record.leftToDo.isEmpty && record.phoneList == nil)
        #expect(!record.html.contains("<h2>Left to do</h2>"))
    }

    // MARK: Many phones

    /// As many phones as asked for, in 13 models and 15 pools: in each pool, some models refuse, and some are unknown.
    private func journal(of phones: Int) throws -> String {
        try plan(.init(acceptsStranded: true, output: folder.path + "/out")).runAll()
        let path = try folder.journal()
        var groups: [StoredForecast.Group] = []
        let each = phones / (13 * 15)
        for pool in 0..<15 {
            for model in 0..<13 {
                let outcome: Verdict.Outcome = model < 2 ? .refused : model == 2 ? .unknown : .accepted
                let names = (0..<each).map { number in
                    "SEP\(String(1_000_000 + (pool * 13 + model) * each + number))00000"
                }
                groups.append(
                    StoredForecast.Group(
                        model: "Cisco \(7900 + model)", pool: "Pool \(pool)", before: .verbatim("old file"),
                        holds: .presentFile, heldChecksum: nil, assumed: true, outcome: outcome,
                        rule: .otherKey, reason: .verbatim("reason \(model)"), phones: names))
            }
        }
        let missing = (groups.last?.phones ?? []).prefix(60)
        let records = try Journal.read(path).map { record in
            var record = record
            switch record.fact {
            case .forecast: record.fact = .forecast(StoredForecast(groups: groups))
            case .registered:
                record.fact = .registered(
                    groups.map { .init(pool: $0.pool, model: $0.model, node: "pub", phones: $0.phones) })
            case .registeredAfter: record.fact = .registeredAfter(missing: Array(missing), nodes: ["pub": phones])
            default: break
            }
            return record
        }
        let lines = try records.flatMap { try JSON.line($0, userInfo: .keepingTemplates) }
        try Files.write(lines, to: path, permissions: 0o600, replacing: true)
        return path
    }

    @Test func manyPhonesFitOnFewPages() throws {
        let record = try ChangeRecord(journal: journal(of: 39_000), backups: folder.state)
        let each = 200
        #expect(record.forecast.count == 39_000 && record.registrations?.missing.count == 60)
        #expect(record.leftToDo.map(\.phones) == [3 * 15 * each, 60])
        let html = record.html(lists: "record.csv")
        // A piece of markup in a string would be shown as one.
        #expect(!html.contains("HTML(") && !html.contains("&lt;"))
        // Ten pages of text have more.
        #expect(html.utf8.count < 60_000, "\(html.utf8.count)")
        #expect(html.contains("record.csv") && html.contains("Pool 14") && html.contains("more rows are not shown"))
        let first = try #require(record.forecast.groups.first?.phones.first)
        #expect(!html.contains(first))
        // All that are left are in the list next to it, and no others.
        let list = String(decoding: try #require(record.phoneList), as: UTF8.self).split(separator: "\n")
        #expect(list.count == 1 + 3 * 15 * each + 60)
        #expect(list.first?.hasPrefix("name,model,pool,") == true)
        #expect(list.contains { $0.hasPrefix("\(first),Cisco 7900,Pool 0,") })
        #expect(list.count { $0.contains(",no,") } == 60)
        // Few phones need no list of their own.
        let other = Folder()
        try situation.plan(situation.cluster(), in: other).runAll()
        let few = try ChangeRecord(journal: other.journal(), backups: other.state)
        #expect(few.phoneList == nil && few.html.contains("SEP3"))
    }
}
