import X509
import TrustList
import Basics
import Cluster
import Configuration
import Messages
import Migration
import Operations
import Tokens

/// Guides the user through a change on the terminal, as the CTL Client's wizard did: every answer has an option as
/// well.
enum MigrationWizard {
    private static func require(_ option: String) throws {
        guard Terminal.isInteractive else {
            throw Failure(
                Status.usage, localized("There is no terminal to prompt on."),
                next: localized("Specify \(option); see --help."))
        }
    }

    /// The cluster: the only one of the configuration, or the one that the user chooses.
    static func cluster() throws -> String {
        let clusters = try ConfigurationFile.load().clusters.map(\.name)
        guard let first = clusters.first else {
            throw Failure(
                Status.notThere, localized("There is no cluster in \(ConfigurationFile.defaultPath)."),
                next: localized("Add one: etoken-bridge cluster add"))
        }
        if let name = try DefaultCluster.ifAny() { return name }
        if clusters.count == 1 { return first }
        try require("--cluster NAME")
        for (index, name) in clusters.enumerated() { Terminal.note("\(index + 1). \(name)") }
        Terminal.write(localized("Which cluster (1 to \(clusters.count))? ").localized, to: 2)
        guard let answer = readLine().flatMap({ Int($0.trimmed) }), (1...clusters.count).contains(answer) else {
            throw Failure(Status.failed, localized("No cluster was chosen; nothing was changed."))
        }
        return clusters[answer - 1]
    }

    /// What is to be changed, before any question about it. Only the publisher and the current file are read.
    static func show(_ cluster: ClusterClient) throws {
        try require("--token LABEL --token LABEL")
        let live = try LiveCluster(cluster)
        try Change.checkUnfinished(live.name, .standard())
        Terminal.note(localized("Reading cluster \(live.name) ..."))
        let file = try PresentTrustLists(of: live.trustLists).file
        let present =
            file.map { localized("Current CTL file: \($0.bytes.count) bytes, signed by \($0.list.header.signerName)") }
            ?? localized("Current CTL file: none")
        Terminal.note(
            [
                localized("Cluster \(live.name), CUCM \(try live.version()), \(try live.securityMode().name) mode"),
                present,
            ].joined(separator: "\n"))
    }

    /// The tokens, one after another: at least two. The last one signs.
    static func tokens(_ module: ModuleOptions) throws -> [NamedToken] {
        try require("--token LABEL --token LABEL")
        Terminal.note(
            localized(
                "The trust list needs at least two security tokens, so that losing one does not lock you out of the cluster. Control-C quits without changing anything."
            ))
        let prompt = try InsertionPrompt(module)
        var chosen: [NamedToken] = []
        // Those that were declined; the one that has waited longest is offered again.
        var declined: [PresentToken] = []
        while true {
            let present = try prompt.token(nil, InsertionPrompt.ordinal(chosen.count), declined: declined.first)
            prompt.count(present.info)
            declined.removeAll { $0.info.serialNumber == present.info.serialNumber }
            let token = try NamedToken(present.info.serialNumber, in: module.finder())
            describe(token)
            guard Terminal.confirm(localized("Add this token to the trust list?")) else {
                declined.append(present)
                continue
            }
            chosen.append(token)
            if chosen.count >= 2, !Terminal.confirm(localized("Add another token?")) { break }
        }
        Terminal.note(localized("\(chosen.last?.label ?? "") will sign."))
        return chosen
    }

    /// What the CTL Client showed of a token before it was added.
    private static func describe(_ token: NamedToken) {
        let certificate = token.stored.certificate
        Terminal.note(
            localized(
                """
                  Token:   \(token.label) (serial \(token.token.info.serialNumber))
                  Subject: \(certificate.subject.rendered(.token))
                  Issuer:  \(certificate.issuer.rendered(.token))
                  Serial:  \(certificate.serialNumber.colonHex)
                  Valid:   \(Timestamp(certificate.notBefore)) to \(Timestamp(certificate.notAfter))
                """))
    }
}
