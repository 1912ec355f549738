import Configuration
import Basics
import Cluster
import Messages
import Migration
import Operations
import X509

/// What happened on every node when a CTL file was deployed or deleted.
struct DeploymentReport: Encodable {
    /// What the file was deployed to.
    enum Place { case node, folder }

    struct Node: Encodable {
        /// One of the two.
        let node, folder: String?
        let state: String
        let beforeSHA1, backup: String?
        let error: ErrorDocument?
    }

    let outcome: String
    let sha1: String?
    let length: Int?
    let nodes: [Node]
    private let place: Place

    private enum CodingKeys: String, CodingKey { case outcome, sha1, length, nodes }

    init(_ deployment: TrustListDeployment, on place: Place) {
        self.place = place
        outcome = deployment.outcome.rawValue
        sha1 = deployment.contents.map { Digest.sha1($0).hex }
        length = deployment.contents?.count
        nodes = deployment.nodes.map { node in
            Node(
                node: place == .node ? node.name : nil, folder: place == .folder ? node.name : nil,
                state: node.state.rawValue, beforeSHA1: node.before.map { Digest.sha1($0).hex }, backup: node.backup,
                error: node.error.map(ErrorDocument.init))
        }
    }

    func text(of deployment: TrustListDeployment) -> String {
        let isPlan = deployment.outcome == .planned
        var table = Table(
            place == .folder ? localized("FOLDER") : localized("NODE"),
            isPlan ? localized("NOW (SHA-1)") : localized("BEFORE (SHA-1)"),
            isPlan ? localized("WOULD BE") : localized("NOW"))
        let isDeletion = deployment.contents == nil
        for node in deployment.nodes {
            let now =
                switch node.state {
                case .untouched where isPlan: isDeletion ? localized("no file") : localized("the new file")
                case .untouched: localized("not touched")
                case .alreadySo: isDeletion ? localized("no file, as before") : localized("the new file, as before")
                case .done: isDeletion ? localized("no file") : localized("the new file")
                case .failed: isPlan ? localized("not known") : localized("failed")
                case .restored: localized("as before")
                case .notRestored: localized("UNCERTAIN")
                }
            let before =
                node.before.map { Digest.sha1($0).hex }
                ?? (node.state == .failed ? "-" : localized("no file").localized)
            table.add(node.name, before, now)
        }
        var sections = [table.text]
        if isPlan, let length, let sha1 {
            sections.append(localized("New file: \(length) bytes, SHA-1 \(sha1)").localized)
        }
        if isPlan { sections.append(localized("Nothing was changed.").localized) }
        let kept = Set(deployment.nodes.compactMap(\.backup)).sorted()
        if !kept.isEmpty {
            sections.append(
                localized("The previous files were saved:").localized + "\n  "
                    + kept.map(\.visible).joined(separator: "\n  "))
        }
        return sections.joined(separator: "\n\n")
    }
}

extension TrustListDeployment.Hooks {
    /// Backups go to the state folder, progress to stderr; Control-C is honoured until the first change.
    ///
    /// - Parameter approve: asks for confirmation, once it is known what every node serves.
    static func standard(
        approve: @escaping (DistributedFile) throws -> Void
    ) throws(FileError) -> TrustListDeployment.Hooks {
        let state = try StateFolder.standard()
        var hooks = TrustListDeployment.Hooks(
            backUp: { try state.backUp($0) }, isInterrupted: { Interruption.hasCome },
            observe: { event in
                switch event {
                case .reading(let count):
                    Terminal.note(
                        localized(
                            count, one: "Reading 1 node ...",
                            other: "Reading \(count) nodes ..."))
                // The report names the backups.
                case .backedUp: break
                case .changing(let nodes):
                    if !nodes.isEmpty { Terminal.note(localized("Changing \(nodes.joined(separator: ", ")) ...")) }
                case .restoring(let nodes):
                    Terminal.note(localized("Restoring \(nodes.joined(separator: ", ")) ..."))
                }
            })
        hooks.approve = {
            try approve($0)
            // Up to here Control-C simply ends the program.
            Interruption.watch()
        }
        return hooks
    }
}

extension TrustListDeployment {
    /// Prints the result, and fails unless every node serves what was requested.
    func report(on place: DeploymentReport.Place = .node, json: Bool) throws {
        let report = DeploymentReport(self, on: place)
        if json { try Terminal.json(report) } else { Terminal.out(report.text(of: self)) }
        if isInterrupted {
            throw Failure(
                Status.interrupted, localized("Interrupted before the first change; every node is as it was."))
        }
        guard outcome != .done else { return }
        guard let failure else { return }
        let isDeletion = contents == nil
        var cause = Failure(describing: failure)
        if failure.code == .mismatch {
            cause = Failure(
                cause.status, cause.what, code: cause.code,
                next:
                    localized(
                        "If \(failure.node ?? "CUCM") keeps files in memory, add --restart-tftp: Cisco Tftp is then restarted there."
                    ),
                causes: cause.causes)
        }
        func names(_ states: NodeState...) -> String {
            nodes.filter { states.contains($0.state) }.map(\.name).joined(separator: ", ")
        }
        switch outcome {
        case .done: return
        case .planned:
            throw Failure(
                cause.status,
                isDeletion
                    ? localized("Nothing would be deleted, because not every node can be read. \(cause.what)")
                    : localized("Nothing would be deployed, because not every node can be read. \(cause.what)"),
                code: cause.code, next: cause.next, causes: cause.causes)
        case .notStarted:
            throw Failure(
                cause.status,
                isDeletion
                    ? localized("Nothing was deleted, and every node is as it was. \(cause.what)")
                    : localized("Nothing was deployed, and every node is as it was. \(cause.what)"),
                code: cause.code, next: cause.next, causes: cause.causes)
        case .undone:
            throw Failure(
                cause.status,
                isDeletion
                    ? localized("The file was not deleted, and every node is as it was. \(cause.what)")
                    : localized("The file was not deployed, and every node is as it was. \(cause.what)"),
                code: cause.code, next: cause.next, causes: cause.causes)
        case .partly:
            let done = names(.done, .alreadySo)
            let places = done.isEmpty ? localized("no node") : LocalizableText.verbatim(done)
            throw Failure(
                done.isEmpty ? cause.status : Status.partlyDone,
                isDeletion
                    ? localized("The file was deleted on \(places), but not on \(names(.failed)). \(cause.what)")
                    : localized("The file was deployed on \(places), but not on \(names(.failed)). \(cause.what)"),
                code: cause.code,
                next: localized("Fix that, and run the same command again: it continues where this one stopped."),
                causes: cause.causes)
        case .notUndone:
            let lost = nodes.filter { $0.state == .notRestored }
            let backups = Set(lost.compactMap(\.backup)).sorted()
            throw Failure(
                Status.partlyDone,
                isDeletion
                    ? localized(
                        "The file was not deleted, and it is not certain that \(names(.notRestored)) still has what it had. \(cause.what)"
                    )
                    : localized(
                        "The file was not deployed, and it is not certain that \(names(.notRestored)) still has what it had. \(cause.what)"
                    ),
                next: backups.isEmpty
                    ? localized("Run the command again when \(names(.notRestored)) is up.")
                    : localized(
                        "When \(names(.notRestored)) is up, upload \(backups.joined(separator: ", ")) there as CTLFile.tlv (OS Administration, Software Upgrades > TFTP File Management)."
                    ),
                causes: lost.compactMap { $0.error?.clause })
        }
    }
}
