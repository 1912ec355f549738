import Foundation
import ServerFixtures
import Testing

/// A change leaves many phones behind, and the forecast of the next one knows what they hold: every phone of the lab then does
/// what it says.
@Suite(.waiting, .timeLimit(.minutes(60))) struct ForecastsAfterStranding {
    /// `tools/deep forecasts` tries 40,000.
    private static let count = ProcessInfo.processInfo.environment["ETOKEN_BRIDGE_PHONES"].flatMap { Int($0) } ?? 400

    let rehearsal: Rehearsal

    init() throws {
        rehearsal = try Rehearsal(options: ["--phones", "\(Self.count)", "--nodes", "4", "--manners", "tvs-reads-late"])
    }

    private struct Document: Decodable {
        struct Forecast: Decodable {
            struct Group: Decodable {
                let outcome: String
                let holds: String
                let rule: String
                let phones: [String]
            }

            let groups: [Group]

            func names(_ outcome: String) -> Set<String> {
                Set(groups.filter { $0.outcome == outcome }.flatMap(\.phones))
            }
        }

        struct File: Decodable { let sha1: String }

        let forecast: Forecast
        let after: File?
    }

    /// Of the lab.
    private struct Status: Decodable {
        struct Phone: Decodable { let starts: Int }

        let phones: [Phone]
        /// How many of the others have not restarted yet.
        let restarting: Int
    }

    /// What the lab's phones hold once they have restarted: SHA-1 of their CTL file, by name.
    ///
    /// - Parameter everyone: whether those in drawers, of which nothing is returned otherwise, are plugged in.
    private func restart(everyone: Bool = false) throws -> [String: String] {
        let lab = rehearsal.folder.file("lab")
        let program = Programs.path("cluster-lab")
        func status() throws -> Status {
            try JSONDecoder().decode(
                Status.self, from: Data(rehearsal.run(program, ["status", lab, "--json"]).output.utf8))
        }
        let before = try status().phones.map(\.starts)
        let restarted = try rehearsal.run(program, ["phones", lab, "--restart"] + (everyone ? ["--everyone"] : []))
        #expect(restarted.status == 0, "\(restarted.errors)")
        try waitUntil("all phones have restarted", within: 600) {
            let status = try status()
            return status.restarting == 0 && zip(before, status.phones).allSatisfy { $0 < $1.starts }
        }
        var held: [String: String] = [:]
        for line in try rehearsal.run(program, ["phones", lab]).output.split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            if !cells[4].isEmpty { held[String(cells[0])] = String(cells[6]) }
        }
        return held
    }

    private func run(_ arguments: [String]) throws -> Document {
        let result = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["migrate"] + arguments
                + [
                    "--cluster", "lab", "--json", "--yes", "--accept-stranded", "--no-phone-restart",
                ])
        #expect(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode(Document.self, from: Data(result.output.utf8))
    }

    private var tokens: [String] {
        rehearsal.moduleOptions + ["--pin-file", rehearsal.rightPIN] + Rehearsal.tokens.flatMap { ["--token", $0] }
    }

    /// The forecast against what the phones then hold: a phone that accepts has the new file, a phone that refuses has
    /// another one.
    private func compare(_ document: Document, _ held: [String: String]) throws {
        let new = try #require(document.after?.sha1)
        let groups = document.forecast.groups
        #expect(groups.reduce(0) { $0 + $1.phones.count } == Self.count && held.count > Self.count * 9 / 10)
        for group in groups where group.outcome != "unknown" {
            let surprised = group.phones.filter { name in
                held[name].map { ($0 == new) != (group.outcome == "accepted") } ?? false
            }
            #expect(surprised.isEmpty, "\(group.rule), \(surprised.count): \(surprised.prefix(3))")
        }
        // Those in drawers, and models that are in no table.
        #expect(document.forecast.names("unknown").count < Self.count / 10)
    }

    /// The second change is signed by the same tokens, or by the cluster again, which those left behind still know.
    @Test(arguments: [true, false]) func eachDoesWhatTheForecastSaid(byTokens: Bool) throws {
        let first = try run(["to-etoken", "--output", rehearsal.folder.file("first")] + tokens)
        // The change restarts no phone, so what they hold is known only once the program has restarted them.
        let told = try rehearsal.bridge(
            "phones", "restart", "--cluster", "lab", "--all", "--batch", "\(Self.count)", "--pause", "0", "--yes")
        #expect(told.status == 0, "\(told.errors)")
        try compare(first, restart())
        let stranded = first.forecast.names("refused")
        #expect(stranded.count > Self.count / 30, "\(stranded.count)")
        // No page answers: that they hold an older file is known from the change alone.
        if byTokens { _ = try rehearsal.commandLine(Rehearsal.subscriber, "set cert regen CallManager\nyes") }
        let second = try run(
            [byTokens ? "update-certificates" : "to-tokenless", "--output", rehearsal.folder.file("second")]
                + (byTokens ? tokens : []))
        let older = Set(second.forecast.groups.filter { $0.holds == "older-file" }.flatMap(\.phones))
        #expect(stranded.subtracting(older).isEmpty)
        let held = try restart(everyone: true)
        try compare(second, held)
        // They cannot ask TVS about a token, and know the cluster's signer.
        let still = stranded.intersection(second.forecast.names("refused"))
        #expect(still == (byTokens ? stranded : []), "\(still.count)")
        let left: [String: Any] = try rehearsal.bridge("phones", "stranded", "--cluster", "lab", "--json").json()
        let listed = try #require(left["phones"] as? [[String: Any]]).compactMap { $0["phone"] as? String }
        // Whoever holds another file is on the list.
        let others = held.filter { $0.value != second.after?.sha1 }.map(\.key)
        #expect(Set(others).isSubset(of: listed), "\(others.count)")
    }
}
