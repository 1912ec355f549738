import Basics
import Cluster
import Configuration
import Glibc
import Messages
import Migration
import Operations
import Tokens
import TrustList

/// The questions for what a command line leaves out, depending on the cluster's current state.
struct GuideQuestions {
    enum Answer {
        case option(String, String?)
        case argument(String)
    }

    /// As far as the questions depend on it. Only the publisher and the current file are read.
    struct State {
        let name: String
        let version: ClusterVersion
        let mode: SecurityMode
        /// Nil if the cluster serves none.
        let list: TrustListFile?
        /// Fails if a change is not finished, or if that cannot be determined: then no other one starts.
        let isFree: Result<Void, any Error>

        var tokenSigns: Bool { list?.signerRecord?.isToken == true }
        /// Whether the file names a signer of the cluster's own.
        var namesCluster: Bool { list?.records.contains { $0.role == .sast && !$0.isToken } == true }
    }

    private let chooser: TokenChooser
    private var state: State?
    /// Those of the current file that were named as lost.
    private var lost: [ForeignRecord] = []

    init(_ command: any GuidedCommand) throws {
        chooser = TokenChooser(try command.moduleOptions ?? .standard)
    }

    /// What the user wants to do.
    mutating func procedure(_ client: ClusterClient?) throws -> Procedure {
        let state = try read(client)
        let offered = Procedure.offered(isUnfinished: (try? state.isFree.get()) == nil).filter {
            switch $0 {
            case .setMixedMode: state.mode != .mixed
            case .setNonSecureMode: state.mode == .mixed
            default: true
            }
        }
        let question = Question.choice(
            localized("What is to be done?"), offered.map(Self.choice))
        while true {
            let chosen = offered[try Terminal.require(question)]
            do {
                try Self.check(chosen, state)
                return chosen
            } catch let error as MigrationError {
                Terminal.note(error.text)
                if let next = error.next { Terminal.note(localized("Next: \(next)")) }
            }
        }
    }

    /// What the release cannot do is reported before anyone looks for tokens.
    private static func check(_ procedure: Procedure, _ state: State) throws {
        switch procedure {
        case .toTokenless: try ChangeKind.toTokenless.check(state.version, of: state.name)
        case .setMixedMode, .setNonSecureMode: try ChangeKind.setMixedMode.check(state.version, of: state.name)
        default: break
        }
    }

    mutating func ask(_ need: Procedure.Need, _ client: ClusterClient?) throws -> [Answer] {
        switch need {
        case .procedure: preconditionFailure("asked for first")
        case .mode: return [.argument(try mode())]
        case .release(let example):
            let short = example.split(separator: ".").prefix(2).joined(separator: ".")
            return [
                .option(
                    "--to",
                    try Terminal.require(
                        .text(
                            localized("Which release is it to become? "),
                            hint: localized("Write it like \(short) or \(example).")
                        ) { (try? ChecklistReport.release($0, example: example)) == nil ? nil : $0 }))
            ]
        case .plan:
            let path = try Terminal.require(
                .text(localized("File of the saved plan: "), hint: localized("There is no such file.")) {
                    let path =
                        $0.hasPrefix("~/") ? ((try? HomeFolder.path()) ?? "") + $0.dropFirst() : $0
                    return Files.exists(path) ? path : nil
                })
            return [.argument(Shell.path(path))]
        case .lostTokens:
            let state = try read(client)
            try state.isFree.get()
            return try lostTokens(state)
        case .newTokens: return try newTokens(read(client))
        case .tokens(let use):
            let state = try read(client)
            if use != .compared { try state.isFree.get() }
            return try tokens(use, state)
        }
    }

    private static func choice(_ procedure: Procedure) -> Question<Int>.Choice {
        let name = procedure.words.dropFirst().joined(separator: " ")
        return .init([name, procedure.rawValue], localized("\(procedure.title) (\(name))"))
    }

    private func mode() throws -> String {
        let procedures: [Procedure] = [.setMixedMode, .setNonSecureMode]
        return procedures[
            try Terminal.require(
                .choice(localized("Which mode?"), procedures.map(Self.choice)))
        ].rawValue
    }

    // MARK: Tokens

    private func tokens(_ use: Procedure.TokenUse, _ state: State) throws -> [Answer] {
        switch use {
        case .signing: break
        case .signingAsBefore:
            guard state.tokenSigns else { return [] }
            sayWhichAreInFile(state)
        case .signingIfWanted:
            try ChangeKind.setMixedMode.check(state.version, of: state.name)
            guard
                Terminal.confirm(
                    localized("Are hardware tokens to sign the new file?"), standard: state.tokenSigns)
            else { return [] }
        case .introducing:
            try ChangeKind.toTokenless.check(state.version, of: state.name)
            // Where the file names it already, phones know the new signer.
            guard state.tokenSigns, !state.namesCluster else { return [] }
            sayWhichAreInFile(state)
            guard
                Terminal.confirm(
                    localized(
                        "The current file does not name the cluster's own signer. Is a token of the file to sign one first that does, so that phones without TVS can follow?"
                    ), standard: true)
            else { return [] }
            return try names(chooser.tokens(least: 1, question: localized("Use this token?")), "--token")
        case .compared:
            guard Terminal.confirm(localized("Compare your tokens with those in the file?"), standard: true) else {
                return []
            }
            return try names(chooser.tokens(least: 1, question: localized("Compare this token?")), "--token")
        }
        Terminal.note(
            localized(
                "The trust list needs at least two security tokens, so that losing one does not lock you out of the cluster."
            ))
        let chosen = try chooser.tokens(least: 2, question: localized("Add this token to the trust list?"))
        var answers = names(chosen, "--token")
        let labels = NamedToken.names(of: chosen)
        let signer = try Terminal.require(
            .choice(localized("Which token signs?"), labels.map { .init($0) }, standard: labels.count - 1))
        if signer != labels.count - 1 { answers.append(.option("--sign-with", labels[signer])) }
        Terminal.note(localized("\(labels[signer]) will sign."))
        return answers
    }

    private func sayWhichAreInFile(_ state: State) {
        guard let list = state.list else { return }
        let names = ForeignRecord.tokens(in: list).map(\.name).joined(separator: ", ")
        Terminal.note(localized("Tokens in the current file: \(names)"))
    }

    private func names(_ chosen: [NamedToken], _ option: String) -> [Answer] {
        zip(NamedToken.names(of: chosen), chosen).map { name, token in
            MigrationWizard.tokens[name] = token
            return .option(option, name)
        }
    }

    private mutating func lostTokens(_ state: State) throws -> [Answer] {
        var left = state.list.map(ForeignRecord.tokens) ?? []
        guard !left.isEmpty else {
            throw Failure(
                Status.failed,
                localized(
                    "The current CTL file names no token; it is signed by \(state.list?.header.signerName ?? "?")."),
                next: localized("To have tokens sign it: etoken-bridge migrate to-etoken --cluster \(word: state.name)")
            )
        }
        let areDistinct = Set(left.map(\.name)).count == left.count
        repeat {
            let question = Question.choice(
                localized("Which token is lost?"),
                left.map { .init([$0.name, $0.serialNumber, $0.sha1].compactMap(\.self), $0.text) })
            lost.append(left.remove(at: try Terminal.require(question)))
        } while !left.isEmpty && Terminal.confirm(localized("Is another token lost as well?"), standard: false)
        return lost.map { .option("--lost", areDistinct ? $0.name : $0.sha1 ?? $0.name) }
    }

    private func newTokens(_ state: State) throws -> [Answer] {
        let inFile = state.list.map { $0.records.filter(\.isToken).compactMap(\.certificate) } ?? []
        let remaining = inFile.count - lost.count
        if remaining == 1 {
            Terminal.note(localized("Only one token remains in the file, and two are required, so a new one is added."))
        } else {
            let question =
                remaining == 0
                ? localized("No token remains in the file. Are there two new ones? Otherwise the cluster signs itself.")
                : localized("Is there a new token to take its place?")
            guard Terminal.confirm(question, standard: remaining == 0 ? nil : true) else { return [] }
        }
        let chosen = try chooser.tokens(
            least: max(1, 2 - remaining), question: localized("Add this token to the trust list?"),
            except: inFile.map { Array($0) })
        return names(chosen, "--with")
    }

    // MARK: The cluster

    /// Reads what is to be changed, before any question about it.
    private mutating func read(_ client: ClusterClient?) throws -> State {
        if let state { return state }
        guard let client else { preconditionFailure("the cluster is known before its state is asked for") }
        let live = try LiveCluster(client)
        Terminal.note(localized("Reading cluster \(live.name) ..."))
        let file = try PresentTrustLists(of: live.trustLists).file
        let present =
            file.map { localized("Current CTL file: \($0.bytes.count) bytes, signed by \($0.list.header.signerName)") }
            ?? localized("Current CTL file: none")
        let read = State(
            name: live.name, version: try live.version(), mode: try live.securityMode(), list: file?.list,
            isFree: Result { try Change.checkUnfinished(live.name, .standard()) })
        Terminal.note(localized("Cluster \(read.name), CUCM \(read.version), \(read.mode.name) mode"))
        Terminal.note(present)
        state = read
        return read
    }
}
