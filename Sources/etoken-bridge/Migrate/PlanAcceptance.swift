import ArgumentParser
import Basics
import Messages
import Migration
import Tokens

/// What the user accepts of a saved plan, besides the change itself.
struct PlanAcceptance: ParsableArguments {
    @Option(
        help: .localized(
            """
            A certificate of the plan, by its SHA-1, that belongs into the trust list although its token is not \
            inserted. May be repeated.
            """, valueName: "sha1"))
    var acceptAbsentToken: [String] = []

    @Option(
        name: .shortAndLong,
        help: .localized("Where to write certificates and files, instead of where the plan says.", valueName: "folder"),
        completion: .directory)
    var output: String?

    /// The plan's certificates, compared with those of every inserted token.
    ///
    /// - Throws: `MigrationError` (`unusable-tokens`) if a token contains something other than what the plan says.
    func tokens(of plan: ChangePlan, _ module: ModuleOptions, isDryRun: Bool) throws -> PlanTokens {
        guard !plan.tokens.isEmpty else { return try PlanTokens(of: plan, inserted: []) }
        var inserted: [PlanTokens.Inserted] = []
        do {
            // Not all of them, if one cannot be read: then its certificate counts as not seen.
            for token in try module.finder().scan().tokens {
                guard let stored = try? token.certificates() else { continue }
                inserted.append(.init(label: token.info.plainLabel, certificates: stored.map(\.certificate)))
            }
        } catch let error as TokenError where error.code == .moduleNotFound {
            // A dry run works without tokens; a run that has to sign fails later, and says so.
            if Terminal.isVerbose { Terminal.note(error.text) }
        }
        let tokens = try PlanTokens(of: plan, inserted: inserted)
        if isDryRun, !tokens.missing(accepted: acceptAbsentToken).isEmpty {
            Terminal.note(
                localized(
                    "No inserted token shows these certificates of the plan: \(tokens.absent.map(\.text).joined(separator: "; "))."
                ))
        }
        return tokens
    }

    /// Asks about each certificate that no inserted token shows, and about a folder that the plan chose.
    ///
    /// - Throws: `MigrationError` (`unusable-tokens`); ``Failure``.
    func agree(to plan: ChangePlan, _ tokens: PlanTokens, state: StateFolder, asks: Bool) throws {
        let asks = asks && Terminal.isInteractive
        var accepted = acceptAbsentToken
        if asks {
            for absent in tokens.missing(accepted: accepted) {
                guard
                    Terminal.confirm(
                        localized(
                            "No inserted token shows the certificate of \(absent.text). Is it to be trusted nevertheless?"
                        ))
                else { throw Failure.notConfirmed() }
                accepted.append(absent.sha1)
            }
        }
        try tokens.check(accepted: accepted)
        let folder = plan.settings.output
        guard output == nil, !Self.isInside(folder, state.path), !Self.isInside(folder, ".") else { return }
        guard asks else {
            throw Failure(
                Status.failed,
                localized("The plan writes its files into \(folder), outside the state folder and the current folder."),
                next: localized("If that is right, specify the folder: --output FOLDER."))
        }
        guard Terminal.confirm(localized("The plan writes its files into \(folder). Is that right?")) else {
            throw Failure.notConfirmed()
        }
    }

    /// Whether a folder, which need not exist, is another one or below it.
    private static func isInside(_ path: String, _ folder: String) -> Bool {
        guard !path.split(separator: "/").contains("..") else { return false }
        // The part that exists decides: a link may lead elsewhere.
        var start = path
        var rest = ""
        while !Files.exists(start), let slash = start.lastIndex(of: "/"), slash > start.startIndex {
            rest = start[slash...] + rest
            start = String(start[..<slash])
        }
        let place = Files.absolute(start) + rest
        let base = Files.absolute(folder)
        return place == base || place.hasPrefix(base + "/")
    }
}
