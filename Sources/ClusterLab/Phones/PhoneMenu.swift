/// The menus of a phone's display, as far as they matter for its trust lists.
///
/// Where an item is depends on the model and on the firmware: in the usual firmware of a lab's model as in the sequences
/// that public scripts press, in any other one place further down. *Unconfirmed* for every real firmware.
struct PhoneMenu: Sendable {
    struct Screen: Sendable {
        var title: String
        /// `1 Network`, in their order.
        var items: [String] = []
        /// What the soft keys are called, the first one first.
        var softKeys: [String] = []
    }

    /// What a key has done.
    enum Effect: Sendable {
        case nothing
        case erasesTrustLists
    }

    private enum Place: Sendable, Equatable {
        case home, top, administration, security
        /// A trust list, the keys `**#` that were pressed, and whether the soft keys are the second ones.
        case trustList(unlocking: Int, showsMore: Bool)
    }

    private let isNew: Bool
    /// The soft key that erases on a newer phone.
    private let eraseKey: Int
    /// How far the items have moved.
    private let shift: Int
    private var place = Place.home

    init(model: PhoneModel, firmware: String) {
        isNew = model.isNew
        eraseKey = model.rawValue.hasPrefix("CP-78") ? 2 : 3
        shift = firmware == model.firmware ? 0 : 1
    }

    var isHome: Bool { place == .home }

    /// - Parameter key: `Key:Settings`, `Init:Settings`.
    /// - Returns: nil if there is no such key.
    mutating func press(_ key: String) -> Effect? {
        if key.hasPrefix("Init:") {
            place = .home
            return .nothing
        }
        guard key.hasPrefix("Key:"), Self.keys.contains(String(key.dropFirst(4))) else { return nil }
        let key = key.dropFirst(4)
        if key == (isNew ? "Applications" : "Settings") {
            place = .top
            return .nothing
        }
        let number = key.hasPrefix("KeyPad") ? Int(key.dropFirst(6)) : nil
        switch place {
        case .home: break
        case .top: if number == (isNew ? 5 : 4) + shift { place = .administration }
        case .administration: if number == (isNew ? 4 : 5) { place = .security }
        case .security:
            if number == (isNew ? 4 : 2) { place = .trustList(unlocking: 0, showsMore: false) }
        case .trustList(let unlocking, let showsMore):
            if isNew { return key == "Soft\(eraseKey)" ? leave() : .nothing }
            if key == (unlocking < 2 ? "KeyPadStar" : "KeyPadPound"), unlocking < 3 {
                place = .trustList(unlocking: unlocking + 1, showsMore: false)
            } else if key == "Soft4", unlocking == 3 {
                place = .trustList(unlocking: 3, showsMore: true)
            } else if key == "Soft2", showsMore {
                return leave()
            }
        }
        return .nothing
    }

    private mutating func leave() -> Effect {
        place = .home
        return .erasesTrustLists
    }

    var screen: Screen {
        switch place {
        case .home: Screen(title: "Lab phone", softKeys: ["Redial"])
        case .top:
            Screen(
                title: isNew ? "Applications" : "Settings",
                items: list(isNew ? "Admin settings" : "Security", at: (isNew ? 5 : 4) + shift))
        case .administration:
            Screen(
                title: isNew ? "Admin settings" : "Security",
                items: list(isNew ? "Reset settings" : "Trust list", at: isNew ? 4 : 5))
        case .security:
            Screen(
                title: isNew ? "Reset settings" : "Trust list",
                items: list(isNew ? "Security" : "CTL file", at: isNew ? 4 : 2))
        case .trustList(let unlocking, let showsMore):
            Screen(
                title: isNew ? "Reset security" : unlocking == 3 ? "CTL file unlocked" : "CTL file locked",
                softKeys: isNew
                    ? (1...eraseKey).map { $0 == eraseKey ? "Reset" : "-" }
                    : showsMore ? ["-", "Erase", "-", "More"] : ["Select", "-", "Exit", "More"])
        }
    }

    private func list(_ item: String, at place: Int) -> [String] {
        (1...place).map { "\($0) \($0 == place ? item : "-")" }
    }

    private static let keys: Set<String> = Set(
        (0...9).map { "KeyPad\($0)" } + ["KeyPadStar", "KeyPadPound"] + (1...5).map { "Soft\($0)" }
            + ["Settings", "Applications", "Services", "Directories", "Messages", "NavUp", "NavDwn", "NavLeft"]
            + ["NavRight", "NavSelect", "NavBack"])
}
