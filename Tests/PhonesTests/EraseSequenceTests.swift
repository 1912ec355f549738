import Messages
import ServerFixtures
import Testing

@testable import Phones

/// The tables of keys that erase trust lists.
@Suite(.waiting, .timeLimit(.minutes(10))) struct EraseSequenceTests {
    private let folder = TemporaryFolder()

    private func table(_ text: String) throws -> EraseSequenceTable {
        var table = EraseSequenceTable.standard
        try table.add(folder.write("sequences.csv", text))
        return table
    }

    @Test func theProductsOwnPressesOnlyForTheFirmwareOfItsSource() throws {
        let table = EraseSequenceTable.standard
        guard case .keys(let sequence) = table.answer(model: "CP-7841", firmware: "sip78xx.12-1-1SR1-4") else {
            Issue.record("no keys for a 7841 with 12.1")
            return
        }
        #expect(sequence.requests.leading == [["Key:Applications", "Key:KeyPad5", "Key:KeyPad4"], ["Key:KeyPad4"]])
        #expect(sequence.requests.erasing == "Key:Soft2")
        #expect(table.answer(model: "Cisco 7841", firmware: "sip78xx.12-5-1SR3-74") == .otherFirmware)
        #expect(
            table.answer(model: "Cisco 7921", firmware: "CP7921G-1.4.7") == table.answer(model: "7975", firmware: "x"))
        for model in ["Cisco 7975", "Cisco 8861"] {
            guard case .firmwareNotStated = table.answer(model: model, firmware: "sip88xx.12-1-1") else {
                Issue.record("\(model) would be pressed")
                continue
            }
        }
        #expect(table.answer(model: "Cisco 6911", firmware: "SCCP6911.9-3-1") == .noSequence)
    }

    @Test func oneOfTheUserCountsFirst() throws {
        let table = try table(
            """
            source,keys,firmware,model
            tried at my desk,Applications KeyPad6 KeyPad4 KeyPad4 Soft3,sip88xx.12-5*,Cisco 88*
            the same,Applications KeyPad6 Soft1,sip88xx.12-5*,Cisco 8861
            Anna,Init:Settings KeyPad1,sip78xx.12-1*,7841

            """)
        func keys(_ model: String, _ firmware: String) -> [String]? {
            if case .keys(let found) = table.answer(model: model, firmware: firmware) { found.keys } else { nil }
        }
        #expect(keys("CP-8861", "SIP88XX.12-5-1")?.last == "Key:Soft1")
        #expect(keys("CP-8841", "sip88xx.12-5-1")?.last == "Key:Soft3")
        #expect(keys("CP-8841", "sip88xx.12-6-1") == nil)
        #expect(keys("Cisco 7841", "sip78xx.12-1-1") == ["Init:Settings", "Key:KeyPad1"])
        #expect(keys("Cisco 7821", "sip78xx.12-1-1")?.count == 5)
    }

    @Test(arguments: [
        ("model,keys\nCisco 8861,Settings Soft1\n", "source"),
        ("model,firmwear,keys,source\nCisco 8861,x,Settings Soft1,me\n", "firmwear"),
        ("model,firmware,keys,source\nCisco 8861,*,Settings Soft1,me\n", "line 2"),
        ("model,firmware,keys,source\nCisco 8861,sip88xx*,Settings Soft9,me\n", "Soft9"),
        ("model,firmware,keys,source\nCisco 8861,sip88xx*,Settings Dial:911,me\n", "Dial:911"),
        ("model,firmware,keys,source\nCisco 8861,sip88xx*,Soft1,me\n", "2 to 30"),
        ("model,firmware,keys,source\nCisco 8861,sip88xx*,Settings Soft1,\n", "source"),
        ("", "empty"),
    ])
    func isReadStrictly(text: String, named: String) throws {
        let error = #expect(throws: InventoryError.self) { try table(text) }
        #expect(error?.text.localized.contains(named) == true, "\(error?.text.localized ?? "")")
        #expect(error?.next != nil)
    }
}
