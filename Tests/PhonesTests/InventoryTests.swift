import Cluster
import Configuration
import Messages
import Testing

@testable import Phones

/// Lists of phones as CSV.
@Suite(.timeLimit(.minutes(5))) struct InventoryFiles {
    private func read(_ text: String) throws -> Inventory { try Inventory(csv: Array(text.utf8), file: "phones.csv") }

    @Test func columnsInAnyOrderAndOthers() throws {
        let inventory = try read(
            "\u{FEFF}\"Description\",Device Type,Device Name,Device Pool,registered\r\n"
                + "\"Reception, \"\"left\"\"\r\ndesk\",Cisco 7975,SEP000000000002,HQ,no\r\n"
                + "# a remark\r\n\r\n,Cisco 8861,SEP000000000001,,\r\n")
        #expect(inventory.phones.map(\.name) == ["SEP000000000001", "SEP000000000002"])
        #expect(inventory.phones[0].place == nil && inventory.phones[0].isRegistered == nil)
        #expect(inventory.phones[1].place?.devicePool == "HQ" && inventory.phones[1].isRegistered == false)
        #expect(inventory.phones[1].model.securityByDefault == .supported)
    }

    @Test func writtenAndReadAgain() throws {
        let place = PhonePlace(
            devicePool: "HQ, \"Floor 1\"", callManagerGroup: "East", servers: ["a", "b"], securityProfile: "Secure",
            firmware: "sip78xx.11-7-1-17")
        let phones = [
            Phone(
                name: "CSFANNA", model: PhoneModel(name: "Cisco Unified Client Services Framework"), address: nil,
                isRegistered: false),
            Phone(
                name: "SEP000000000001", model: PhoneModel(name: "Cisco 7841"), address: "10.0.0.1", isRegistered: true,
                place: place),
            Phone(
                name: "SEP000000000002", model: PhoneModel(name: "Cisco 7841"), address: nil, isRegistered: nil,
                place: place),
        ]
        let again = try Inventory(csv: Inventory(phones: phones).csv, file: "phones.csv")
        #expect(again.phones == phones)
        #expect(again.phones[1].place === again.phones[2].place)
    }

    @Test func portsAndTemplatesAreNoPhones() throws {
        let inventory = try read(
            """
            name,model
            SEP000000000001,Cisco 7975
            Standard 7975 Template,Cisco 7975
            AALN/S1/SU0/0@gateway,Cisco 7975
            AN0123456789ABC,Analog Phone
            TCTANNA,Cisco Dual Mode for iPhone
            meeting-room.1,Cisco TelePresence SX20
            """)
        #expect(inventory.phones.map(\.name) == ["SEP000000000001", "TCTANNA", "meeting-room.1"])
        #expect(
            inventory.notes.map(\.localized) == [
                "phones.csv: 3 rows are not telephones (templates, gateway ports), and were skipped."
            ])
    }

    @Test(arguments: [
        ("", "phones.csv is empty"),
        ("model\nCisco 7975\n", "line 1: no column is called \"name\"; found: model"),
        ("name,model\nSEP1,\n", "line 2: the row has no model"),
        ("name,model,registered\nSEP1,Cisco 7975,perhaps\n", "line 2: \"perhaps\" is not valid"),
        ("name,model\nSEP1,\"Cisco 7975\n", "line 2: a quote that starts here is never closed"),
        ("name,model\nSEP1,\"Cisco\" 7975\n", "line 2: text follows the closing quote of a field"),
        ("name,model\nSEP1,Cisco 7975\nSEP0,Cisco 7975\nSEP1,Cisco 7975\n", "names the phone SEP1 twice"),
    ])
    func clearErrors(text: String, expected: String) {
        let error = #expect(throws: InventoryError.self) { try read(text) }
        #expect(
            error?.clause.localized.contains("phones.csv") == true
                && error?.clause.localized.contains(expected) == true, "\(error?.clause.localized ?? "")"
        )
        #expect(error?.next?.localized.isEmpty == false)
    }
}

/// Phones from a database that returns what is specified here.
@Suite(.timeLimit(.minutes(5))) struct InventoryDatabases {
    private static let tables: [String: SQLTable] = [
        "from typeclass": .init(columns: ["enum"], rows: [["7"]]),
        "from typemodel": .init(
            columns: ["enum", "name"], rows: [["437", "Cisco 7975"], ["30027", "Analog Phone"]]),
        "from securityprofile": .init(columns: ["pkid", "name"], rows: [["s1", "Secure"]]),
        "from callmanagergroup order": .init(columns: ["pkid", "name"], rows: [["g1", "East"]]),
        "from callmanagergroupmember": .init(
            columns: ["fkcallmanagergroup", "priority", "name"],
            rows: [["g1", "10", "10.0.0.3"], ["g1", "0", "pub.example.com"], ["g1", "2", "other"]]),
        "from devicepool": .init(columns: ["pkid", "name", "fkcallmanagergroup"], rows: [["p1", "HQ", "g1"]]),
    ]
    private static let nodes = [
        NodeConfiguration(name: "pub", isPublisher: true, address: "10.0.0.1"),
        NodeConfiguration(name: "sub", address: "10.0.0.3"),
    ]

    private func reader(_ devices: [[String]], changed: [String: SQLTable] = [:]) -> InventoryReader {
        let database = InventoryDatabase(node: "pub") { (text, skip, first) throws(ClusterError) in
            if let table = changed.first(where: { text.contains($0.key) })?.value { return table }
            if text.contains("count(*)") { return SQLTable(columns: ["number"], rows: [["\(devices.count)"]]) }
            if text.contains("from device ") {
                #expect(text.contains("tkclass = 7") && (first ?? .max) < 2000)
                return SQLTable(
                    columns: ["name", "tkmodel", "fkdevicepool", "fksecurityprofile", "load"],
                    rows: Array(devices.dropFirst(skip).prefix(first ?? .max)))
            }
            let table = Self.tables.first { text.contains($0.key) }!.value
            return SQLTable(columns: table.columns, rows: Array(table.rows.dropFirst(skip).prefix(first ?? .max)))
        }
        return InventoryReader(database: database, nodes: Self.nodes, models: .standard)
    }

    private func name(_ number: Int) -> String { "SEP" + String(String(number + 1 << 40, radix: 16).suffix(12)) }

    @Test func pageByPage() throws {
        var reader = reader((1...2500).map { [name($0), "437", "p1", "s1", "NULL"] })
        var asked: [Int] = []
        var progress: [Int] = []
        try reader.read(
            states: { (phones) throws(ClusterError) in
                asked.append(phones.count)
                return phones.dropFirst().map {
                    RegisteredPhone(
                        name: $0.name, node: "sub", address: "10.1.0.1", model: 437, status: "Registered",
                        firmware: "load-1")
                }
            }, progress: { count, _ in progress.append(count) })
        #expect(asked == [1000, 1000, 500] && progress == [1000, 2000, 2500])
        #expect(reader.phones.map(\.name) == (1...2500).map(name))
        // One of each page is not known to the service, and keeps no firmware.
        #expect(reader.phones.count { $0.isRegistered == false && $0.place?.firmware == nil } == 3)
        #expect(reader.phones[1].address == "10.1.0.1" && reader.phones[1].place?.firmware == "load-1")
        #expect(reader.phones[1].place === reader.phones[2499].place)
        // By priority as a number, with the names used in the configuration.
        #expect(reader.phones[0].place?.servers == ["pub", "other", "sub"])
        #expect(
            reader.phones[0].place?.callManagerGroup == "East" && reader.phones[0].place?.securityProfile == "Secure")
    }

    @Test func registeredSomewhereIsRegistered() throws {
        var reader = reader([[name(1), "437", "p1", "s1", ""]])
        try reader.read(
            states: { (phones) throws(ClusterError) in
                ["Registered", "UnRegistered"].map {
                    RegisteredPhone(name: phones.first!.name, node: "n", address: nil, model: nil, status: $0)
                }
            }, progress: { _, _ in })
        #expect(reader.phones[0].isRegistered == true)
    }

    @Test func whatIsNoPhoneAndWhatComesTwice() throws {
        var reader = reader([
            ["b", "437", "NULL", "NULL", "NULL"], ["AN0123456789ABC", "30027", "p1", "s1", ""],
            ["a", "437", "p1", "s1", ""],
            ["7975 Template", "437", "p1", "s1", ""], ["a", "437", "p1", "s1", ""], ["b", "437", "p1", "s1", ""],
        ])
        try reader.read(states: nil) { _, _ in }
        #expect(reader.phones.map(\.name) == ["a", "b"] && reader.others == 2)
        #expect(reader.phones[0].isRegistered == nil)
    }

    @Test(arguments: [
        ("from typeclass", SQLTable(columns: ["enum"], rows: [])),
        ("from typeclass", SQLTable(columns: ["enum"], rows: [["many"]])),
        ("from typemodel", SQLTable(columns: ["number", "text"], rows: [["437", "Cisco 7975"]])),
        ("from typemodel", SQLTable(columns: ["enum", "name"], rows: [["1", "Cisco 7960"]])),
        (
            "from callmanagergroupmember",
            SQLTable(columns: ["fkcallmanagergroup", "priority", "name"], rows: [["g1", "x", "n"]])
        ),
        ("count(*)", SQLTable(columns: ["number", "text"], rows: [["1", "2"]])),
    ])
    func answersThatDoNotParseAreShown(query: String, answer: SQLTable) {
        var reader = reader([[name(1), "437", "p1", "s1", ""]], changed: [query: answer])
        let error = #expect(throws: InventoryError.self) { try reader.read(states: nil) { _, _ in } }
        #expect(error?.code == .unexpectedAnswer)
        #expect(
            error?.clause.localized.contains("found: ") == true && error?.clause.localized.contains("pub") == true,
            "\(error?.clause.localized ?? "")")
    }

    @Test func waitsAsLongAsTheServerSaysAndNotForEver() throws {
        let busy = { (after: Double?) in
            ClusterError(.busy, operation: .verbatim("ask"), message: .verbatim("too busy"), retryAfter: after)
        }
        var slept: [Double] = []
        var left = 3
        func ask(_ question: () throws(ClusterError) -> Int) throws(ClusterError) -> Int {
            try BusyServer.ask(note: { _, _ in }, sleep: { slept.append($0) }, question)
        }
        let answer = try ask { () throws(ClusterError) -> Int in
            left -= 1
            if left > 0 { throw busy(left == 2 ? 7 : nil) }
            return 42
        }
        #expect(answer == 42 && slept == [7, 2])
        slept = []
        #expect(throws: ClusterError.self) { try ask { () throws(ClusterError) -> Int in throw busy(nil) } }
        #expect(slept.reduce(0, +) <= BusyServer.limit && slept.count > 5)
        slept = []
        #expect(throws: ClusterError.self) {
            try ask { () throws(ClusterError) -> Int in
                throw ClusterError(.loginRefused, operation: .verbatim("ask"), message: .verbatim("no"))
            }
        }
        #expect(slept.isEmpty)
    }

    /// A number that a node answers is not taken for a length, and one that never ends is not waited for.
    @Test(arguments: ["1000000000000", "9223372036854775807"])
    func aCountIsOnlyANumber(_ count: String) throws {
        let some = (1...3).map { [name($0), "437", "p1", "s1", "NULL"] }
        var few = reader(some, changed: ["count(*)": .init(columns: ["number"], rows: [[count]])])
        try few.read(states: nil) { _, _ in }
        #expect(few.phones.count == 3)
        let row = ["p1", "HQ", "g1"]
        var endless = reader(
            some,
            changed: [
                "from devicepool": .init(
                    columns: ["pkid", "name", "fkcallmanagergroup"], rows: Array(repeating: row, count: 100_000))
            ])
        let error = #expect(throws: InventoryError.self) { try endless.read(states: nil) { _, _ in } }
        #expect(error?.text.localized.contains("more than 1000000 rows") == true)
    }

    /// Commas, or one field, without end: refused at once, whatever the size of the file.
    @Test func aTableHasNotMoreFieldsThanTables() {
        let start = ContinuousClock.now
        for bytes in [
            [UInt8](repeating: 0x2C, count: 1 << 20),
            Array("name,model\n".utf8) + [UInt8](repeating: 0x2C, count: 1 << 20),
            [UInt8](repeating: 0x61, count: 2 << 20),
            Array("name,model\n".utf8) + [UInt8](repeating: 0x61, count: 2 << 20),
        ] {
            let error = #expect(throws: InventoryError.self) { try Inventory(csv: bytes, file: "phones.csv") }
            #expect(error?.code == .badFile)
        }
        #expect(ContinuousClock.now - start < .seconds(30))
    }
}
