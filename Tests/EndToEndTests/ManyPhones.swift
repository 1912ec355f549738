import Foundation
import ServerFixtures
import Testing

/// The forecast for many phones in several pools, against what each of them then does.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ManyPhones {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal(options: ["--phones", "1000", "--nodes", "4"]) }

    /// Rows of a CSV file by the column called name. Only the last column may contain commas.
    private func rows(_ text: String) -> [String: [String: String]] {
        let lines = text.split(whereSeparator: \.isNewline)
        let header = lines[0].split(separator: ",").map(String.init)
        return Dictionary(
            uniqueKeysWithValues: lines.dropFirst().map { line in
                let cells = line.split(separator: ",", maxSplits: header.count - 1, omittingEmptySubsequences: false)
                return (String(cells[0]), Dictionary(uniqueKeysWithValues: zip(header, cells.map(String.init))))
            })
    }

    /// Every phone restarts, including those in a drawer, and is done.
    private func restartAll() throws -> [String: [String: String]] {
        let lab = rehearsal.folder.file("lab")
        let restarted = try rehearsal.run(
            Programs.path("cluster-lab"), ["phones", lab, "--restart", "--everyone"])
        #expect(restarted.status == 0, "\(restarted.errors)")
        var phones: [String: [String: String]] = [:]
        try waitUntil("all phones are registered") {
            phones = rows(try rehearsal.run(Programs.path("cluster-lab"), ["phones", lab]).output)
            return phones.values.allSatisfy { $0["registered"]?.isEmpty == false }
        }
        return phones
    }

    @Test(arguments: [0, 2, 3]) func eachDoesWhatTheForecastSaid(stopped: Int) throws {
        // Each pool's CallManager group starts with a different node, so that with some services down some pools have
        // none.
        let nodes = [Rehearsal.publisher] + (1...3).map { "cucm-1051-a-sub\($0)" }
        for node in nodes.prefix(stopped) {
            _ = try rehearsal.commandLine(node, "utils service stop Cisco Trust Verification Service")
        }
        for token in Rehearsal.tokens {
            let uploaded = try rehearsal.run(
                Programs.path("etoken-bridge"),
                ["trust", "upload", "--cluster", "lab", "--token", token] + rehearsal.moduleOptions)
            #expect(uploaded.status == 0, "\(uploaded.errors)")
        }
        let new = rehearsal.folder.file("new.tlv")
        let made = try rehearsal.ctl(
            ["edit", rehearsal.folder.file("lab/nodes/\(Rehearsal.publisher)/tftp/CTLFile.tlv"), "--output", new]
                + Rehearsal.tokens.flatMap { ["--add-token", $0] } + rehearsal.signing(Rehearsal.tokens[1]))
        #expect(made.status == 0, "\(made.errors)")

        let csv = rehearsal.folder.file("forecast.csv")
        let forecast = try rehearsal.bridge("phones", "forecast", "--cluster", "lab", "--file", new, "--csv", csv)
        #expect(forecast.status == 9, "\(forecast.errors)")
        let expected = rows(rehearsal.folder.text("forecast.csv"))
        #expect(expected.count == 1000)

        let deployed = try rehearsal.bridge("ctl", "deploy", new, "--cluster", "lab", "--yes")
        #expect(deployed.status == 0, "\(deployed.errors)")
        let phones = try restartAll()
        #expect(phones.count == 1000)
        var counts: [String: Int] = [:]
        var surprises: [String] = []
        for (name, phone) in phones {
            let said = expected[name]?["outcome"] ?? "nothing"
            counts[said, default: 0] += 1
            // For a phone that is not registered, or a model that is in no table, the outcome is not known beforehand.
            if said != "unknown", said != phone["outcome"] { surprises.append("\(name): \(said), \(phone)") }
        }
        #expect(surprises.isEmpty, "\(surprises.count): \(surprises.prefix(3))")
        let (accepted, refused) = (counts["accepted", default: 0], counts["refused", default: 0])
        #expect(counts["unknown", default: 0] < 100)
        // Three stopped services are all that the pools with half of the phones can ask.
        switch stopped {
        case 3: #expect(accepted > 200 && refused > 400)
        default: #expect(accepted > 800 && refused > 50)
        }
    }
}
