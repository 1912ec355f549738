import Foundation
import ServerFixtures
import Testing

/// The program in a German locale, which need not be installed: sentences are German, and what programs read is not.
@Suite(.waiting, .timeLimit(.minutes(10))) struct German {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private func run(_ arguments: [String], locale: [String] = ["LANG=de_DE.UTF-8"]) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), arguments, environment: locale)
    }

    private var plan: [String] {
        rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--dry-run", "--accept-stranded"]
    }

    @Test func thePlanIsGerman() throws {
        let result = try run(plan)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("Aktuelle CTL-Datei: 6720 Bytes"))
        #expect(result.output.contains("Plan (nichts wurde geändert):"))
        #expect(result.output.contains("Die Zertifikate der Tokens exportieren"))
        #expect(result.output.contains("sein TVS-Server wird für den Unterzeichner bürgen"))
    }

    @Test func whatProgramsReadIsTheSame() throws {
        struct Plan: Decodable, Equatable {
            struct Step: Decodable, Equatable { let id, effect, state: String }
            struct Group: Decodable, Equatable { let model, holds, outcome, rule: String }
            struct Forecast: Decodable, Equatable { let groups: [Group] }
            let state, kind, securityMode: String
            let steps: [Step]
            let forecast: Forecast
        }
        func read(_ locale: String) throws -> Plan {
            let result = try run(plan + ["--json"], locale: [locale])
            return try JSONDecoder().decode(Plan.self, from: Data(result.output.utf8))
        }
        #expect(try read("LANG=de_DE.UTF-8") == read("LANG=C.UTF-8"))
    }

    @Test func errorsAndHelpAreGerman() throws {
        let missing = try run(["ctl", "show", "/nowhere/CTLFile.tlv"])
        #expect(missing.status == 2)
        #expect(missing.errors.contains("/nowhere/CTLFile.tlv ist nicht lesbar"), "\(missing.errors)")
        #expect(missing.errors.contains("Weiter: "))
        let usage = try run(["phones", "explain"])
        #expect(usage.status == 64)
        #expect(usage.errors.contains("Fehler: Es fehlt das Argument '"), "\(usage.errors)")
        let mode = try run(["cluster", "set-mode", "secure", "--cluster", "lab"])
        #expect(
            mode.errors.contains(
                "Fehler: Der Wert 'secure' ist ungültig für '<mode>'. Möglich sind 'mixed' und 'non-secure'."),
            "\(mode.errors)")
        let help = try run(["migrate", "to-etoken", "--help"])
        #expect(help.status == 0 && help.output.hasPrefix("ÜBERSICHT: Hardware-eTokens"))
        #expect(help.output.contains("Vor der ersten Änderung anhalten"))
    }

    /// ArgumentParser's own sentences.
    @Test(arguments: [
        (["ctl", "show", "a", "--nonsense"], "Unbekannte Option '--nonsense'"),
        (["ctl", "show", "a", "--jsn"], "'. Meinten Sie '--json'?"),
        (["ctl", "show", "a", "b"], "Unerwartetes Argument 'b'"),
        (["phones", "list", "--cluster"], "Es fehlt der Wert für '--cluster"),
    ]) func usageErrorsAreGerman(arguments: [String], words: String) throws {
        let result = try run(arguments)
        #expect(result.status == 64, "\(result.errors)")
        #expect(result.errors.contains("Fehler: ") && result.errors.contains(words), "\(result.errors)")
    }

    /// Words of different lengths, and still columns.
    @Test func columnsFitTheLanguage() throws {
        let file = rehearsal.folder.write("ctl.tlv", try #require(rehearsal.ctlFile(Rehearsal.publisher)))
        let verified = try run(["ctl", "verify", file, "--held", file])
        #expect(verified.status == 0, "\(verified.errors)")
        let lines = verified.output.split(separator: "\n").map(String.init)
        let record = try #require(lines.first { $0.contains("Eintrag 1 (SAST)") })
        let verdict = try #require(lines.first { $0.contains("Telefone ohne") })
        #expect(
            record.components(separatedBy: "Eintrag")[0].count == verdict.components(separatedBy: "Telefone")[0].count,
            "\(verified.output)")
        let planned = try run(["ctl", "deploy", file, "--cluster", "lab", "--dry-run"])
        #expect(planned.output.contains("JETZT (SHA-1)"), "\(planned.output)")
        // A code is the same in every language.
        let failed = try run(["ctl", "show", "/etc/passwd", "--json"])
        #expect(failed.output.contains("\"code\" : \"not-a-trust-list\""), "\(failed.output)")
    }

    /// The words of ArgumentParser too, in every command.
    @Test func allOfTheHelpIsGerman() throws {
        struct Command: Decodable {
            let commandName: String
            let subcommands: [Command]?

            var paths: [[String]] { [[commandName]] + (subcommands ?? []).flatMap(\.paths).map { [commandName] + $0 } }
        }
        struct Dump: Decodable { let command: Command }
        let dump = try run(["--experimental-dump-help"]).output
        let paths = try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command.paths.map { $0.dropFirst() }
        #expect(paths.count > 40)
        for path in paths where path.last != "help" {
            let help = try run(path + ["--help"])
            #expect(help.status == 0 && help.output.hasPrefix("ÜBERSICHT: "), "\(path)")
            for english in ["Show", "USAGE", "OPTIONS", "default", "values", "for detailed help"] {
                #expect(!help.output.contains(english), "\(path): \(english)")
            }
        }
    }

    /// The C locale means no translation, and any language other than these two means English.
    @Test(arguments: [["LANG=de_DE.UTF-8", "LC_ALL=C"], ["LANG=pl_PL.UTF-8"]])
    func otherLocalesAreEnglish(locale: [String]) throws {
        let result = try run(["ctl", "show", "/nowhere/CTLFile.tlv"], locale: locale)
        #expect(result.errors.contains("cannot be read"), "\(result.errors)")
    }
}
