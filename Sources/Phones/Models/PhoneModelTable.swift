import Basics
import Cluster
import Configuration
import Messages

/// What is known about phone models: the product's own table (phone-models.csv), overridden by the user's.
///
/// docs/phones.md describes the files.
public struct PhoneModelTable: Sendable {
    /// What one source says about some models. What it leaves open is nil.
    public struct Entry: Sendable, Hashable {
        /// A model's name; `*` stands for any text.
        public let model: String
        public let securityByDefault: PhoneModel.SecurityByDefault?
        public let checksum: PhoneModel.Checksum?
        /// False for what CUCM counts as a phone but is not: a gateway port, for example.
        public let isPhone: Bool?
        /// Its origin.
        public let source: LocalizableText

        public init(
            model: String, securityByDefault: PhoneModel.SecurityByDefault?, checksum: PhoneModel.Checksum?,
            isPhone: Bool?, source: LocalizableText
        ) {
            self.model = model
            self.securityByDefault = securityByDefault
            self.checksum = checksum
            self.isPhone = isPhone
            self.source = source
        }
    }

    /// Later ones take precedence over earlier ones.
    private var layers: [ModelPatterns<Entry>] = []

    /// The product's own.
    public static let standard: PhoneModelTable = {
        do {
            let file = TableFile(name: "phone-models.csv", bytes: PackageResources.phone_models_csv)
            return PhoneModelTable(entries: try PhoneModelFile(file).entries)
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    init(entries: [Entry]) { layers = [Self.layer(entries)] }

    /// The product's own table, the user's corrections, and a file.
    ///
    /// - Parameter path: a table like phone-models.csv, or CUCM's own Phone Feature List as CSV; nil for none.
    /// - Throws: `FileError`; ``InventoryError`` with file and line.
    public static func configured(adding path: String? = nil) throws -> PhoneModelTable {
        var table = standard
        if Files.exists(usersPath) { try table.add(usersPath) }
        if let path { try table.add(path) }
        return table
    }

    /// The user's corrections: `phone-models.csv` next to the configuration.
    public static var usersPath: String { ConfigurationFile.path(beside: "phone-models.csv") }

    /// Adds the entries of a file with precedence over what is known.
    public mutating func add(_ path: String) throws { layers.append(Self.layer(try Self.entries(of: path))) }

    /// What a file says: a table like phone-models.csv, or CUCM's own Phone Feature List.
    public static func entries(of path: String) throws -> [Entry] {
        try PhoneModelFile(try TableFile(path: path)).entries
    }

    /// All entries: those that take precedence come first.
    public var entries: [Entry] { layers.reversed().flatMap(\.entries) }

    /// What is known about a model.
    ///
    /// - Parameter name: as used by CUCM or a phone: `Cisco 7975`, `CP-7975`, `7975`.
    public func model(named name: String) -> PhoneModel {
        let found = matches(name)
        return PhoneModel(
            name: name,
            securityByDefault: found.lazy.compactMap(\.securityByDefault).first ?? .unknown,
            displayedChecksum: found.lazy.compactMap(\.checksum).first ?? .sha1)
    }

    /// Whether devices of this model hold trust lists at all; gateway ports and the like do not.
    public func isPhone(_ name: String) -> Bool { matches(name).lazy.compactMap(\.isPhone).first ?? true }

    /// The source for whether the model supports Security by Default.
    public func source(of name: String) -> LocalizableText {
        matches(name).first { $0.securityByDefault != nil || $0.isPhone == false }?.source ?? .verbatim("")
    }

    private static func layer(_ entries: [Entry]) -> ModelPatterns<Entry> {
        ModelPatterns(entries) { $0.model }
    }

    private func matches(_ name: String) -> [Entry] {
        let name = Self.normal(name)
        return layers.reversed().flatMap { $0.matches(name) }
    }

    /// A name in the form used for comparison: `CP-8861`, `8861` and `Cisco IP Phone 8861` are `cisco 8861`.
    static func normal(_ name: String) -> String {
        var text = name.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for prefix in ["cp-", "cisco unified ip phone ", "cisco ip phone "] where text.hasPrefix(prefix) {
            text = "cisco " + text.dropFirst(prefix.count)
        }
        return text.first?.isNumber == true ? "cisco " + text : text
    }
}
