import ArgumentParser
import Basics
import Cluster
import Configuration
import Glibc
import Messages
import Migration
import Tokens

/// Leads the user through a command on the terminal, as the CTL Client's wizard did: asks for what the command line leaves
/// out, and runs the command that results, which is shown at the end. Every answer is an option as well.
enum MigrationWizard {
    /// The command line with the answers so far; nil if nothing was asked.
    private(set) nonisolated(unsafe) static var line: CommandWords?
    /// The cluster that was read for the questions; its logins and passwords serve the command, too.
    private(set) nonisolated(unsafe) static var client: ClusterClient?
    /// The tokens that were chosen, by the names that the command line has for them: with one USB port they have been removed
    /// again.
    nonisolated(unsafe) static var tokens: [String: NamedToken] = [:]

    static var isLeading: Bool { line != nil }

    /// Notes an answer.
    static func add(_ option: String, _ value: String? = nil) { line?.add(option, value) }

    /// Printed last on the terminal, however the command ended, so that no answer has to be given twice.
    static func tell() {
        guard let line else { return }
        Terminal.note(localized("All of this as one command:"))
        Terminal.note("  " + line.text)
    }

    /// Whether a command needs answers, and someone is there to give them.
    static func leads(_ command: any GuidedCommand) -> Bool {
        guard Terminal.isInteractive else { return false }
        let isLeftOpen = command.clusterOptions.map { $0.given == nil } == true
        return command.missing.contains(where: \.isRequired) || (isLeftOpen && !asksOnlyForTheRest(command))
    }

    private static func asksOnlyForTheRest(_ command: any GuidedCommand) -> Bool {
        command.isConfirmed || Terminal.printsJSON
    }

    /// Asks for what is missing.
    ///
    /// - Parameter words: the command line.
    /// - Returns: the same with the answers.
    static func lead(_ command: any GuidedCommand, _ words: [String]) throws -> [String] {
        line = CommandWords(words)
        Terminal.note(localized("Control-C quits without changing anything."))
        var questions = try GuideQuestions(command)
        let needs = command.missing.filter { $0.isRequired || !asksOnlyForTheRest(command) }
        if needs.contains(.procedure) {
            let name = try cluster()
            client = try configuredCluster(name)
            let procedure = try questions.procedure(client)
            line = CommandWords(procedure.words)
            if procedure != .run { add("--cluster", name) }
            try ask(procedure.needs, &questions)
        } else {
            if let options = command.clusterOptions {
                let name = try options.given ?? cluster()
                if options.given == nil { add("--cluster", name) }
                client = try configuredCluster(name)
            }
            try ask(needs, &questions)
        }
        return line?.words ?? words
    }

    private static func ask(_ needs: [Procedure.Need], _ questions: inout GuideQuestions) throws {
        for need in needs {
            for answer in try questions.ask(need, client) {
                switch answer {
                case .option(let name, let value): add(name, value)
                // After the names of group and command.
                case .argument(let value): line?.insert(value, behind: 2)
                }
            }
        }
    }

    /// The cluster: the default one, or the one that the user chooses. If there is none yet, it is added first.
    private static func cluster() throws -> String {
        if try ConfigurationFile.load().clusters.isEmpty {
            Terminal.note(localized("There is no cluster in the configuration yet, so one is added first."))
            var add = try ClusterAdd.parse([])
            try add.run()
        }
        return try DefaultCluster.resolve()
    }
}
