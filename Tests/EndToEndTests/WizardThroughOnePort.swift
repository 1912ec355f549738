import ServerFixtures
import Testing
import TrustList

/// The guide on a cluster of release 12.5 with a 7960, through one USB port, with every mistake that can be made on the way:
/// words that are no answer, a token that is removed while its PIN is typed, and a wrong PIN.
@Suite(.waiting, .timeLimit(.minutes(10))) struct WizardThroughOnePort {
    /// What is on the screen before each answer.
    struct Words: Sendable {
        let locale, isWhat, isNoAnswer, add, second, another, signs, introduce, restart, visit, change, pin: String
        let again, signing, pinAgain, command: String

        static let english = Words(
            locale: "C.UTF-8", isWhat: "What is to be done?", isNoAnswer: "That matches none of them",
            add: "Add this token to the trust list?", second: "Insert the second security token",
            another: "Add another token?", signs: "Which token signs?", introduce: "Should phones first get a file",
            restart: "Restart the 3 phones", visit: "1 of 3 phones needs a visit.", change: "Change cluster lab now?",
            pin: "PIN of token", again: "Insert it again, and continue?", signing: "Insert the signing security token",
            pinAgain: "Enter the PIN again?", command: "All of this as one command:")
        static let german = Words(
            locale: "de_DE.UTF-8", isWhat: "Was ist zu tun?", isNoAnswer: "Das ist nichts davon",
            add: "Dieses Token in die Vertrauensliste aufnehmen?", second: "Stecken Sie das zweite Security Token",
            another: "Noch ein Token aufnehmen?", signs: "Welches Token unterzeichnet?",
            introduce: "Sollen die Telefone vorher eine Datei", restart: "Die 3 Telefone am Ende",
            visit: "1 von 3 Telefonen braucht einen Besuch.", change: "Cluster lab jetzt ändern?", pin: "PIN von Token",
            again: "Wieder einstecken und weitermachen?", signing: "Stecken Sie das signierende Security Token",
            pinAgain: "Die PIN noch einmal eingeben?", command: "Das Ganze als ein Befehl:")
    }

    /// A run on a terminal of some size, with an introduction, or with a 7960 that is left behind.
    struct Way: Sendable, CustomTestStringConvertible {
        let words: Words
        let columns, lines: Int
        let introduces: Bool

        static let all = [Words.english, .german].flatMap { words in
            [
                Way(words: words, columns: 80, lines: 24, introduces: true),
                Way(words: words, columns: 120, lines: 40, introduces: false),
            ]
        }

        var testDescription: String { "\(words.locale), \(columns)x\(lines), introduces: \(introduces)" }
    }

    private typealias Step = [Rehearsal.StepPart]

    private func steps(_ way: Way, _ tokens: VirtualTokens) -> [Step] {
        let words = way.words
        func answer(_ question: String, _ typed: String) -> Step { [.text(question), .text(typed)] }
        func order(_ token: Int, _ order: String) -> Rehearsal.StepPart { .command(tokens.command(token, [order])) }
        let choices: [Step] =
            way.introduces
            ? [answer(words.introduce, "")]
            : [answer(words.introduce, "n"), answer(words.restart, ""), answer(words.visit, "y")]
        return [
            answer(words.isWhat, "frobnicate"), answer(words.isNoAnswer, "to-etoken"), answer(words.add, "?"),
            answer(words.add, "y"), [.text(words.second), .nothing, order(0, "pull"), order(1, "insert")],
            answer(words.add, "y"), answer(words.another, ""), answer(words.signs, "3"), answer(words.isNoAnswer, ""),
        ] + choices + [
            answer(words.change, "yes"), [.text(words.pin), .text("Cisco123"), order(1, "pull")],
            answer(words.again, "y"), [.text(words.signing), .nothing, order(1, "insert")],
            answer(words.pin, "Cisco124"), answer(words.pinAgain, "y"), answer(words.pin, "Cisco123"),
        ]
    }

    @Test(arguments: Way.all) func everyMistakeIsForgiven(way: Way) throws {
        let tokens = try VirtualTokens()
        let rehearsal = try Rehearsal(cards: tokens, lab: true, options: ["--release", "12.5"])
        try rehearsal.useModule()
        try tokens.tell(1, "pull")
        let (status, screen) = try rehearsal.onTerminal(
            ["migrate"], script: steps(way, tokens), columns: way.columns, lines: way.lines,
            environment: ["LC_ALL=\(way.words.locale)"])
        #expect(status == 0, "\(screen)")
        let list = try TrustListFile(decoding: #require(rehearsal.ctlFile(Rehearsal.publisher)))
        #expect(list.header.signerName.contains(VirtualTokens.labels[1]))
        // One try was wrong, and the right one after it brought it back; a token that is away gets none.
        let card = try tokens.status(1)
        #expect(try card.tries == 15 && card.verifications == 2 && tokens.status(0).verifications == 0, "\(card)")
        // The record has the command that really ran.
        let command =
            "etoken-bridge migrate to-etoken --cluster lab --token \(VirtualTokens.labels[0]) --token "
            + VirtualTokens.labels[1] + (way.introduces ? "" : " --introduce never --accept-stranded")
        let shown = screen.split(whereSeparator: \.isNewline)
        #expect(shown.suffix(2).map(String.init) == [way.words.command, "  \(command)"], "\(screen)")
        let record = try rehearsal.bridge("migrate", "status", "--cluster", "lab", "--json").json()
        #expect((record["runs"] as? [[String: Any]])?.map { $0["command"] as? String } == [command])
        #expect((record["introduction"] != nil) == way.introduces)
        for line in shown where line.count > way.columns {
            // A command is copied as it is; what someone types comes behind the question.
            #expect(line.contains("etoken-bridge ") || !line.drop { $0 == " " }.contains(" "), "\(line)")
        }
    }
}
