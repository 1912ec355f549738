import Messages

/// How to delete the trust list of a phone by hand.
public struct VisitAdvice: Hashable, Sendable {
    /// What has to be used for it.
    enum Way: String, Sendable, CaseIterable {
        /// The menu of a desk phone.
        case menu
        /// A file in a folder of a computer.
        case folder
        /// The menu of a program, which forgets everything.
        case reset
        /// The device's own web page or administration interface.
        case web
        /// The model's administration guide says how.
        case guide
    }

    let way: Way
    /// Menu or folder, as the device shows it; empty for `guide`.
    let place: String
    /// What unlocks the menu, and the key that deletes; empty if there is none.
    let unlock, press: String
    /// The source of this; nil if it is *unconfirmed*.
    public let source: String?

    /// What to do, as a clause without its end.
    public var text: LocalizableText {
        source == nil && way != .guide ? localized("\(action) (unconfirmed)") : action
    }

    private var action: LocalizableText {
        switch way {
        case .menu:
            localized("\(place), unlock with \(unlock) if it is locked, \(press), and restart the phone")
        case .folder:
            localized("it has no keys to press: sign out, delete the CTL file in \(place), and sign in again")
        case .reset: localized("it has no keys to press: sign out, reset it (\(place)), and sign in again")
        case .web: localized("delete the CTL file in \(place), and restart it")
        case .guide: localized("see the model's administration guide for how to delete the trust list, and restart it")
        }
    }
}

/// How trust lists are deleted by hand, by model: phone-visits.csv, next to the table of models.
///
/// docs/phones.md describes the file.
public struct VisitAdviceTable: Sendable {
    struct Entry: Sendable {
        let model: String
        let visit: VisitAdvice
    }

    private let patterns: ModelPatterns<Entry>

    /// The product's own.
    public static let standard: VisitAdviceTable = {
        do {
            return try VisitAdviceTable(TableFile(name: "phone-visits.csv", bytes: PackageResources.phone_visits_csv))
        } catch {
            preconditionFailure("phone-visits.csv: \(error)")
        }
    }()

    private static let columns: [TableFile.Column] = [
        .init("model", isRequired: true), .init("how", isRequired: true), .init("where"), .init("unlock"),
        .init("press"), .init("source"),
    ]

    init(_ file: TableFile) throws {
        var entries: [Entry] = []
        try file.read(Self.columns) { row in
            guard let way = VisitAdvice.Way(rawValue: row[1] ?? ""),
                way == .guide || row[2] != nil, way != .menu || (row[3] != nil && row[4] != nil)
            else {
                throw InventoryError(
                    .badFile, localized("\(file.name), line \(row.line): the row does not say what to do"),
                    next: localized("Correct that line; docs/phones.md describes the file."))
            }
            entries.append(
                Entry(
                    model: row[0] ?? "",
                    visit: VisitAdvice(
                        way: way, place: row[2] ?? "", unlock: row[3] ?? "", press: row[4] ?? "", source: row[5])))
        }
        patterns = ModelPatterns(entries) { $0.model }
    }

    /// What to do for a model.
    ///
    /// - Parameter model: as used by CUCM or a phone: `Cisco 7975`, `CP-7975`, `7975`.
    public func visit(_ model: String) -> VisitAdvice {
        patterns.matches(PhoneModelTable.normal(model)).first?.visit
            ?? VisitAdvice(way: .guide, place: "", unlock: "", press: "", source: nil)
    }

    /// What to do for phones of these models, one sentence for those that are alike.
    ///
    /// - Parameter shown: how many models are named in a sentence; the others are counted.
    public func sentences(_ models: [String], naming shown: Int = 4) -> [LocalizableText] {
        var alike: [(visit: VisitAdvice, models: [String])] = []
        for model in models {
            let visit = visit(model)
            if let place = alike.firstIndex(where: { $0.visit == visit }) {
                if !alike[place].models.contains(model) { alike[place].models.append(model) }
            } else {
                alike.append((visit, [model]))
            }
        }
        return alike.map { visit, models in
            let names = models.prefix(shown).joined(separator: ", ")
            let more = models.count - shown
            return more > 0
                ? localized("\(names) and \(more) more models: \(visit.text).") : localized("\(names): \(visit.text).")
        }
    }
}
