import Basics
import Messages

extension Inventory {
    /// The columns of a list of phones; docs/phones.md describes them. Other names used in exports are accepted, too.
    private static let columns: [TableFile.Column] = [
        .init("name", "device name", isRequired: true),
        .init("model", "device type", "product", isRequired: true),
        .init("device pool"),
        .init("group", "cisco unified cm group", "callmanager group"), .init("servers"),
        .init("profile", "device security profile", "security profile"),
        .init("firmware", "phone load name"),
        .init("registered"), .init("address", "ip address"),
    ]

    /// Reads a list of phones.
    ///
    /// - Parameter path: a CSV file whose first line names the columns: name and model, and if known device pool,
    ///   group, servers, profile, firmware, registered, address.
    /// - Throws: `FileError`; ``InventoryError`` with file and line.
    public init(csv path: String, models: PhoneModelTable = .standard) throws {
        try self.init(TableFile(path: path), models: models)
    }

    /// Reads a list of phones from bytes.
    ///
    /// - Parameter file: its name for errors.
    public init(csv bytes: [UInt8], file: String, models: PhoneModelTable = .standard) throws {
        try self.init(TableFile(name: file, bytes: bytes), models: models)
    }

    private init(_ file: TableFile, models: PhoneModelTable) throws {
        var maker = PhoneMaker(models)
        var phones: [Phone] = []
        var isOrdered = true
        var others = 0
        try file.read(Self.columns) { row in
            guard let name = row[0], let model = row[1] else { return }
            guard maker.isPhone(name: name, model: model) else {
                others += 1
                return
            }
            let isRegistered: Bool?
            switch row[7]?.lowercased() {
            case nil, "unknown": isRegistered = nil
            case "yes", "registered": isRegistered = true
            case "no", "unregistered", "none": isRegistered = false
            case let other?:
                throw InventoryError(
                    .badFile,
                    localized(
                        "\(file.name), line \(row.line): \"\(other)\" is not valid in the column \"registered\"; expected: yes, no or nothing"
                    ),
                    next: localized("Correct that line; docs/phones.md describes the file."))
            }
            let servers = (row[4] ?? "").split { $0.isWhitespace || $0 == ";" || $0 == "," }.map(String.init)
            let hasPlace = !servers.isEmpty || [2, 3, 5, 6].contains { row[$0] != nil }
            let phone = Phone(
                name: name, model: maker.model(model), address: row[8], isRegistered: isRegistered,
                place: !hasPlace
                    ? nil
                    : maker.place(
                        pool: row[2] ?? "", group: row[3] ?? "", servers: servers, profile: row[5] ?? "",
                        firmware: row[6]))
            if let last = phones.last, last.name >= name { isOrdered = false }
            phones.append(phone)
        }
        if !isOrdered {
            phones.sort { $0.name < $1.name }
            if let double = zip(phones, phones.dropFirst()).first(where: { $0.name == $1.name }) {
                throw InventoryError(
                    .badFile, localized("\(file.name) names the phone \(double.0.name) twice"),
                    next: localized("Remove one of the lines."))
            }
        }
        let notes =
            others == 0
            ? []
            : [
                localized(
                    "\(file.name): \(others) rows are not telephones (templates, gateway ports), and were skipped.")
            ]
        self.init(phones: phones, notes: notes)
    }

    /// The list as a CSV file that can be read again.
    public var csv: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(phones.count * 128)
        bytes += Self.columns.map { $0.names[0] }.joined(separator: ",").utf8
        bytes.append(0x0A)
        for phone in phones {
            let place = phone.place
            bytes +=
                CSV.line([
                    phone.name, phone.model.name, place?.devicePool ?? "", place?.callManagerGroup ?? "",
                    place?.servers.joined(separator: " ") ?? "", place?.securityProfile ?? "", place?.firmware ?? "",
                    phone.isRegistered.map { $0 ? "yes" : "no" } ?? "", phone.address ?? "",
                ]).utf8
            bytes.append(0x0A)
        }
        return bytes
    }
}
