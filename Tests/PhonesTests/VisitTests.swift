import Cluster
import Configuration
import Messages
import Testing

@testable import Phones

/// What someone does on a phone, by model.
@Suite(.timeLimit(.minutes(5))) struct Visits {
    private func text(_ model: String) -> String { VisitAdviceTable.standard.visit(model).text.localized }

    @Test(arguments: [
        ("Cisco 7960", "Settings > Security Configuration > Trust List, unlock with **#"),
        ("CP-7975G", "Settings > Security Configuration > Trust List, unlock with **#"),
        ("Cisco 7841", "Applications > Admin settings > Reset settings > Security, "),
        ("Cisco 8861", "Applications > Admin settings > Reset settings > Security settings, "),
        ("Cisco 8821", "Settings > Admin settings > "), ("Cisco 6921", "Reset Settings > Security, "),
        ("Cisco 6901", "administration guide"), ("Cisco 7925", "administration guide"),
        ("Cisco 8945", "Administrator Settings > "), ("Cisco 9971", "Administrator Settings > "),
        ("Cisco Unified Client Services Framework", "delete the CTL file in %APPDATA%\\Cisco"),
        ("Cisco Dual Mode for iPhone", "Help > Reset Jabber"),
        ("Cisco TelePresence SX20", "administration interface"), ("Somebody's 4711", "administration guide"),
    ])
    func everyFamilyHasItsOwn(model: String, expected: String) {
        #expect(text(model).contains(expected), "\(text(model))")
    }

    /// What has no source is not presented as if it had one.
    @Test func whatHasNoSourceIsKnown() {
        let visit = VisitAdviceTable.standard.visit
        #expect(["Cisco 7975", "Cisco 7841", "Cisco 8861", "Cisco 8821"].allSatisfy { visit($0).source != nil })
        #expect(["Cisco 6921", "Cisco 9971", "Cisco 8945"].allSatisfy { visit($0).source == nil })
        #expect(text("Cisco 9971").contains("unconfirmed") && !text("Cisco 8861").contains("unconfirmed"))
    }

    @Test func alikeModelsShareASentence() {
        let sentences = VisitAdviceTable.standard.sentences(
            ["Cisco 8861", "Cisco 7960", "Cisco 8841", "Cisco 8861"] + (1...5).map { "Cisco 88\($0)9" }
        ).map(\.localized)
        #expect(sentences.count == 2)
        #expect(sentences[0].hasPrefix("Cisco 8861, Cisco 8841, Cisco 8819, Cisco 8829 and 3 more models: "))
        #expect(sentences[1].hasPrefix("Cisco 7960: ") && VisitAdviceTable.standard.sentences([]).isEmpty)
    }

    @Test(arguments: ["Cisco 1,walk,there,,,", "Cisco 1,menu,Settings,,Erase,", "Cisco 1,folder,,,,"])
    func aRowThatSaysNothingIsAnError(row: String) {
        let file = TableFile(name: "visits.csv", bytes: Array("model,how,where,unlock,press,source\n\(row)\n".utf8))
        let error = #expect(throws: InventoryError.self) { try VisitAdviceTable(file) }
        #expect(error?.clause.localized.contains("visits.csv, line 2") == true)
    }
}

/// What a worklist says about a phone, from a database that returns what is specified here.
@Suite(.timeLimit(.minutes(5))) struct PhoneDetailQueries {
    /// The queries that were asked, and the rows for the names in them.
    private final class Asked {
        var queries: [String] = []
    }

    private func database(_ asked: Asked, columns: [String] = PhoneDetails.columns) -> InventoryDatabase {
        InventoryDatabase(node: "pub") { (text, skip, first) throws(ClusterError) in
            if text.contains("from typeclass") { return SQLTable(columns: ["enum"], rows: [["1"]]) }
            asked.queries.append(text)
            let names = text.split(separator: "'").filter { $0.hasPrefix("SEP") }.map(String.init)
            let rows = names.map { name in columns.map { $0 == "name" ? name : $0 == "userid" ? "NULL" : "\($0) 1" } }
            return SQLTable(columns: columns, rows: Array(rows.dropFirst(skip).prefix(first ?? .max)))
        }
    }

    @Test func onlyTheseNamesInParts() throws {
        let asked = Asked()
        var progress: [Int] = []
        let details = try PhoneDetails.read((1...250).map { "SEP\($0)" }, from: database(asked), at: 100) {
            progress.append($0)
        }
        #expect(details.count == 250 && asked.queries.count == 3 && progress == [100, 200, 250])
        let one = try #require(details["SEP7"])
        #expect(one.location == "location 1" && one.owner.isEmpty && one.number == "dnorpattern 1")
        #expect(one.address == nil && one.isRegistered == nil)
        // A line of a terminal is no longer.
        #expect(asked.queries.allSatisfy { $0.utf8.count < 4000 && $0.contains("d.tkclass = 1") })
    }

    /// Over AXL a column that is NULL in all rows may be missing.
    @Test func missingColumnsAreEmpty() throws {
        let details = try PhoneDetails.read(
            ["SEP1"], from: database(Asked(), columns: ["name", "description"]), at: 100)
        #expect(details["SEP1"]?.description == "description 1" && details["SEP1"]?.location == "")
        #expect(throws: InventoryError.self) {
            try PhoneDetails.read(["SEP1"], from: database(Asked(), columns: ["description"]), at: 100)
        }
    }

    /// Names come from journals and files.
    @Test func onlyNamesGetIntoAQuery() throws {
        let asked = Asked()
        let details = try PhoneDetails.read(
            ["SEP1", "SEP2'; drop table device; --", "SEP3 x"], from: database(asked), at: 100)
        #expect(Array(details.keys) == ["SEP1"] && asked.queries.count == 1)
        #expect(asked.queries[0].contains("in ('SEP1')"))
    }
}
