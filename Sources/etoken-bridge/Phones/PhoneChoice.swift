import ArgumentParser
import Basics
import Messages
import Phones

/// Which phones a command is for.
struct PhoneChoice: ParsableArguments {
    @Flag(help: .localized("All phones of the cluster."))
    var all = false

    @Option(help: .localized("This phone, for example SEPB000B4BA0AEE. May be repeated.", valueName: "name"))
    var phone: [String] = []

    @Option(help: .localized("Phones of this model, for example Cisco 7975. May be repeated.", valueName: "name"))
    var model: [String] = []

    @Option(help: .localized("Phones in this device pool. May be repeated.", valueName: "name"))
    var pool: [String] = []

    @Option(
        help: .localized(
            "Phones whose names are in this file, one per line, before the first comma.", valueName: "file"),
        completion: .file())
    var namesFrom: String?

    var isGiven: Bool { all || isNarrowed }
    var isNarrowed: Bool { !phone.isEmpty || !model.isEmpty || !pool.isEmpty || namesFrom != nil }

    /// The selected phones; all of them if there is no selection. Named phones (--phone, --names-from) are combined;
    /// --model and --pool narrow down the named ones, or all.
    ///
    /// - Parameters:
    ///   - source: where they come from, as in *cluster lab*.
    ///   - restarting: whether they are about to restart; then it is said that none was.
    /// - Throws: a ``Failure`` if something named does not exist, or nothing is left.
    func choose(from phones: [Phone], of source: LocalizableText, restarting: Bool = false) throws -> [Phone] {
        guard isGiven, !phones.isEmpty else { return phones }
        let all = phones.map { Candidate(name: $0.name, model: $0.model.name, pool: $0.place?.devicePool ?? "") }
        return try places(among: all, of: source, restarting).map { phones[$0] }
    }

    private struct Candidate { let name, model, pool: String }

    private func places(
        among candidates: [Candidate], of source: LocalizableText, _ restarting: Bool
    ) throws -> [Int] {
        let named = phone + (try namesFrom.map(Self.names) ?? [])
        let known = named.isEmpty ? [] : Set(candidates.map(\.name))
        let unknown = named.filter { !known.contains($0) }
        guard unknown.isEmpty else {
            let shown = unknown.prefix(5).joined(separator: ", ") + (unknown.count > 5 ? " ..." : "")
            let missing = localized("\(unknown.count) of \(named.count) phones are not in \(source): \(shown).")
            throw Failure(
                Status.notThere, restarting ? localized("\(missing) Nothing was restarted.") : missing,
                next: localized("Correct the names; a phone's name is SEP and its MAC address."))
        }
        try check(model, among: Set(candidates.map(\.model))) { name in
            localized("No phone of \(source) has the model \"\(name)\".")
        }
        try check(pool, among: Set(candidates.map(\.pool))) { name in
            localized("No phone of \(source) is in the device pool \"\(name)\".")
        }
        let names = Set(named)
        let chosen = candidates.indices.filter { index in
            let candidate = candidates[index]
            return (named.isEmpty || names.contains(candidate.name))
                && (model.isEmpty || model.contains { Self.isSame($0, candidate.model) })
                && (pool.isEmpty || pool.contains(candidate.pool))
        }
        guard !chosen.isEmpty else {
            throw Failure(
                Status.notThere,
                localized(
                    "No phone of \(source) matches everything that was specified: phones, models and device pools."),
                next: localized("Omit one of the options."))
        }
        return chosen
    }

    private func check(
        _ wanted: [String], among known: Set<String>, _ missing: (String) -> LocalizableText
    ) throws {
        for name in wanted where !known.contains(where: { Self.isSame(name, $0) }) {
            throw Failure(
                Status.notThere, missing(name),
                next: localized("Available: \(known.filter { !$0.isEmpty }.sorted().joined(separator: ", "))."))
        }
    }

    /// `7975` and `CP-7975` are `Cisco 7975` too.
    private static func isSame(_ given: String, _ name: String) -> Bool {
        given == name || "Cisco \(given)" == name || (given.hasPrefix("CP-") && "Cisco \(given.dropFirst(3))" == name)
    }

    /// The phones' names in a file: one per line, before the first comma.
    ///
    /// - Throws: `FileError`; a ``Failure`` if there is none.
    static func names(from path: String) throws -> [String] {
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        let names = text.split(whereSeparator: \.isNewline).compactMap { line -> String? in
            let name = (line.split(separator: ",", omittingEmptySubsequences: false).first ?? "").filter {
                !$0.isWhitespace && $0 != "\""
            }
            return name.isEmpty || name.hasPrefix("#") || ["name", "devicename"].contains(name.lowercased())
                ? nil : name
        }
        guard !names.isEmpty else {
            throw Failure(
                Status.notThere, localized("\(path) contains no phone name."),
                next: localized("Write one name per line, for example SEPB000B4BA0AEE."))
        }
        return names
    }
}
