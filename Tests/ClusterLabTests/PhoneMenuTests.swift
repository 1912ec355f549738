import Testing

@testable import ClusterLab

/// The menus of the lab's phones: the keys of public scripts erase in the usual firmware, and in no other.
@Suite(.timeLimit(.minutes(5))) struct PhoneMenuTests {
    private static let old =
        "Init:Settings Key:Settings Key:KeyPad4 Key:KeyPad5 Key:KeyPad2 Key:KeyPadStar Key:KeyPadStar Key:KeyPadPound "
        + "Key:Soft4 Key:Soft2"
    private static let new = "Key:Applications Key:KeyPad5 Key:KeyPad4 Key:KeyPad4 Key:Soft"

    private func erases(_ model: PhoneModel, _ keys: String, firmware: String? = nil) -> Bool {
        var menu = PhoneMenu(model: model, firmware: firmware ?? model.firmware)
        return keys.split(separator: " ").contains { key in
            if case .erasesTrustLists? = menu.press(String(key)) { true } else { false }
        }
    }

    @Test func theKeysOfTheModelErase() {
        #expect(erases(.cp7975, Self.old) && erases(.cp7960, Self.old))
        #expect(erases(.cp8861, Self.new + "3") && erases(PhoneModel(named: "CP-7841"), Self.new + "2"))
    }

    @Test func nothingElseDoes() {
        #expect(!erases(.cp8861, Self.new + "2") && !erases(.cp8861, Self.old) && !erases(.cp7975, Self.new + "3"))
        #expect(!erases(.cp8861, Self.new + "3", firmware: "sip88xx.12-5-1"))
        #expect(!erases(.cp7975, Self.old, firmware: "SCCP75.9-4-2"))
        // Locked, the soft keys of the list do nothing.
        #expect(!erases(.cp7975, Self.old.replacing(" Key:KeyPadPound", with: "")))
        var menu = PhoneMenu(model: .cp8861, firmware: PhoneModel.cp8861.firmware)
        #expect(menu.press("Dial:911") == nil && menu.press("Key:Soft9") == nil && menu.isHome)
    }

    @Test func theDisplayIsAPicture() {
        var menu = PhoneMenu(model: .cp8861, firmware: PhoneModel.cp8861.firmware)
        let home = PhoneDisplay.bitmap(of: menu.screen)
        _ = menu.press("Key:Applications")
        let top = PhoneDisplay.bitmap(of: menu.screen)
        #expect(home != top && top.starts(with: Array("BM".utf8)))
        #expect(Int(top[2]) | Int(top[3]) << 8 == top.count)
    }
}
