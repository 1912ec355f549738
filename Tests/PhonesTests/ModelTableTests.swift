import Messages
import ServerFixtures
import Testing

@testable import Phones

/// The table of models, and the user's overrides.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ModelTableTests {
    private let folder = TemporaryFolder()

    private func table(_ text: String) throws -> PhoneModelTable {
        var table = PhoneModelTable.standard
        try table.add(folder.write("models.csv", text))
        return table
    }

    @Test(arguments: [
        ("Cisco 7975", PhoneModel.SecurityByDefault.supported, PhoneModel.Checksum.md5), ("CP-8861", .supported, .sha1),
        ("7965G", .supported, .md5), ("Cisco Unified IP Phone 7945", .supported, .md5),
        ("CP-7961G-GE", .supported, .md5),
        ("Cisco 7961", .unknown, .md5), ("cisco 7940", .unsupported, .md5), ("Cisco 6921", .unknown, .md5),
        ("Cisco Jabber for Tablet", .unsupported, .sha1), ("Cisco TelePresence EX90", .unknown, .sha1),
        ("Cisco Unified Client Services Framework", .unsupported, .sha1), ("Something new", .unknown, .sha1),
    ])
    func theProductsOwn(name: String, support: PhoneModel.SecurityByDefault, checksum: PhoneModel.Checksum) {
        let model = PhoneModel(name: name)
        #expect(model.name == name && model.securityByDefault == support && model.displayedChecksum == checksum)
        #expect(PhoneModelTable.standard.isPhone(name))
    }

    @Test func everyRowHasASource() {
        #expect(
            PhoneModelTable.standard.entries.allSatisfy {
                $0.source.localized.count > 10 && !$0.source.localized.contains("line")
            })
        #expect(!PhoneModelTable.standard.isPhone("Analog Phone") && !PhoneModelTable.standard.isPhone("CTI Port"))
    }

    @Test func correctionsCountFirst() throws {
        let table = try table(
            "model,security by default,checksum\nCisco 88*,no,\nCisco 8861,yes,MD5\n*Presence*,no,\nDesk thing,not a phone,\n"
        )
        #expect(table.model(named: "CP-8841").securityByDefault == .unsupported)
        // What a correction leaves open comes from the product's own table.
        #expect(table.model(named: "CP-8841").displayedChecksum == .sha1)
        #expect(table.model(named: "Cisco 8861").securityByDefault == .supported)
        #expect(table.model(named: "Cisco 8861").displayedChecksum == .md5)
        #expect(table.model(named: "Cisco TelePresence SX20").securityByDefault == .unsupported)
        #expect(table.model(named: "Cisco 7975").securityByDefault == .supported)
        #expect(!table.isPhone("Desk thing") && table.source(of: "CP-8841").localized.contains("models.csv, line 2"))
    }

    @Test func theReportOfTheCluster() throws {
        let rows = "Product,Protocol,Feature\nCisco 7921,SCCP,Security By Default\nCisco 7940,SCCP,Call Back\n"
        let report = try table(rows + "Cisco 7921,SCCP,Call Back\nAnalog Phone,SCCP,Call Back\n")
        #expect(report.model(named: "Cisco 7921").securityByDefault == .supported)
        #expect(report.model(named: "Cisco 7940").securityByDefault == .unsupported)
        // It covers all products, so what it does not list does not have the feature.
        #expect(report.model(named: "Cisco TelePresence EX90").securityByDefault == .unsupported)
        #expect(!report.isPhone("Analog Phone") && report.model(named: "Cisco 7921").displayedChecksum == .md5)
        // Written and read again, it says the same.
        let saved = folder.write("saved.csv", try PhoneModelTable.entries(of: folder.file("models.csv")).csv)
        var again = PhoneModelTable.standard
        try again.add(saved)
        for name in ["Cisco 7921", "Cisco 7940", "Cisco TelePresence EX90", "Analog Phone"] {
            #expect(
                again.model(named: name) == report.model(named: name) && again.isPhone(name) == report.isPhone(name))
        }
        // For a single product it says nothing about others.
        let one = try table("Product,Feature\nCisco 7921,Security By Default\n")
        #expect(one.model(named: "Cisco TelePresence EX90").securityByDefault == .unknown)
    }

    @Test(arguments: [
        ("model,security by default\nCisco 7975,maybe\n", "line 2: \"maybe\" is not valid in the column"),
        ("model,security by default,checksum\nCisco 7975,yes,CRC\n", "expected: MD5, SHA1 or nothing"),
        ("product,feature\nCisco 7975,Call Back\n", "names no product with the feature"),
        ("phone,colour\nCisco 7975,grey\n", "no column is called \"product\""),
    ])
    func clearErrors(text: String, expected: String) {
        let error = #expect(throws: InventoryError.self) { try table(text) }
        #expect(
            error?.clause.localized.contains(expected) == true
                && error?.clause.localized.contains("models.csv") == true, "\(error?.clause.localized ?? "")"
        )
    }
}
