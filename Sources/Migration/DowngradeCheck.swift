import Operations
import Basics
import Cluster
import Configuration
import Messages
import Phones
import TrustList
import X509

/// Whether a cluster can go back to a release without `utils ctl`, and what is left to do: a checklist. Changes
/// nothing.
///
/// Below 10.0 only hardware tokens can change the trust list. A cluster that gets there with a file that it signed
/// itself can never change it again, and a phone that does not hold the current file cannot be reached then. Source:
/// docs/operator-guide.md; Cisco technotes 118893 and 213407.
public struct DowngradeCheck: Codable, Sendable {
    public struct Item: Codable, Sendable {
        public enum State: String, Codable, Sendable {
            /// Verified on the cluster, now.
            case proven
            /// Found not to be so.
            case failed
            /// Only a person can check it.
            case byHand = "by-hand"
        }

        /// Stable name: `two-tokens`.
        public let code: String
        public let title: LocalizableText
        public let state: State
        /// What was seen, or what has to be done.
        public let text: LocalizableText
        /// What to do about a failure, a sentence each.
        public let next: [LocalizableText]
    }

    public let cluster, version, target: String
    public let items: [Item]
    /// Phones that would be stranded, by groups.
    public let stranded: [StoredForecast.Group]

    public var isReady: Bool { !items.contains { $0.state == .failed } }

    /// Checks a cluster.
    ///
    /// - Parameters:
    ///   - target: the release to go back to.
    ///   - tokens: the available ones; empty if none was specified.
    ///   - acceptingUnproven: whether what TFTP and HTTP say is accepted of a node that has no way to say what it has.
    /// - Throws: what keeps the cluster from being read at all.
    public init(
        of world: any ClusterAccess, target: ClusterVersion, tokens: [ChangePlan.Token], state: StateFolder,
        acceptingUnproven: Bool = false
    ) throws {
        let present = try world.version()
        // A release that is given in short form stands for all of its builds.
        guard target < present, !present.description.hasPrefix(target.description + ".") else {
            throw MigrationError(
                .notApplicable,
                localized(
                    "\(target) is not older than \(present), which cluster \(world.name) runs: that is not a downgrade."
                ),
                next: localized("Specify an older release, for example --to 9.1."))
        }
        var list = Checklist()
        let survey = try Survey(of: world, backups: state, acceptingUnproven: acceptingUnproven)
        (cluster, version, self.target) = (world.name, survey.version.description, target.description)

        list.byHand(
            "command-line", localized("Changes after the downgrade"),
            target.hasTokenlessTrustList
                ? localized(
                    "\(target) still has utils ctl: the cluster can continue to sign its own trust list, and no tokens are needed for this downgrade."
                )
                : localized(
                    "\(target) has no utils ctl: from then on, only the tokens in the file can change the trust list, with this program or with Cisco's CTL Client."
                )
        )
        let errors = survey.findings.filter { $0.severity == .error }
        list.look(
            "cluster", localized("The nodes are healthy"), errors.isEmpty,
            seen: errors.isEmpty
                ? localized("versions, services and database replication")
                : errors.map(\.text).joined(separator: " "),
            next: localized("For details: etoken-bridge cluster status --cluster \(word: world.name)"))
        let atHand = tokens.map { " " + Shell.option("--token", $0.label) }.joined()
        let setMode = "etoken-bridge cluster set-mode mixed --cluster \(Shell.word(world.name))\(atHand)"
        list.look(
            "mode", localized("The cluster is in mixed mode"), survey.mode == .mixed,
            seen: localized("ClusterSecurityMode is \(survey.mode.name)"),
            next:
                localized(
                    "In non-secure mode phones use no CTL file; if the older release is to be secure, set the mode first: \(setMode)"
                )
        )
        let unfinished = try state.changes(of: world.name).filter { !JournalState($0.records).outcome.isClosed }
            .compactMap { $0.records.first?.plan?.id }
        list.look(
            "no-unfinished-change", localized("No change is unfinished"), unfinished.isEmpty,
            seen: unfinished.isEmpty
                ? localized("no open journal on this machine") : .verbatim(unfinished.joined(separator: ", ")),
            next: localized(
                "Resume it or roll it back: etoken-bridge migrate resume --cluster \(word: world.name), or etoken-bridge migrate rollback --cluster \(word: world.name)"
            ))
        guard let file = survey.present, let bytes = survey.presentBytes else {
            list.look(
                "file", localized("Every node serves the same CTL file"), false, seen: localized("no node serves one"),
                next: .verbatim(setMode))
            (items, stranded) = (list.items, [])
            return
        }
        list.look(
            "file", localized("Every node serves the same CTL file"), true,
            seen:
                localized(
                    "\(survey.world.nodes.joined(separator: ", ")): \(bytes.count) bytes, SHA-1 \(Digest.sha1(bytes).hex); its signature verifies"
                )
        )
        let inFile = file.records.filter(\.isToken)
        try list.lookAtTokens(inFile, file, survey, world, cluster: world.name, atHand: tokens)
        let renewals = try survey.renewals()
        list.look(
            "server-certificates", localized("The file contains the servers' current certificates"), renewals.isEmpty,
            seen: renewals.isEmpty
                ? localized("they match those that the nodes show (show cert own)") : renewals.joined(separator: "; "),
            next: .verbatim(
                "etoken-bridge migrate update-certificates --cluster \(Shell.word(world.name))"
                    + (tokens.isEmpty ? inFile.map { " " + Shell.option("--token", $0.tokenName) }.joined() : atHand)))
        stranded = list.lookAtPhones(survey, file)
        list.addWorkByHand(bytes, cluster: world.name)
        items = list.items
    }
}

/// The items while they are collected.
private struct Checklist {
    typealias Item = DowngradeCheck.Item
    var items: [Item] = []

    mutating func look(
        _ code: String, _ title: LocalizableText, _ isSo: Bool, seen: LocalizableText,
        next: LocalizableText? = nil
    ) {
        items.append(
            Item(
                code: code, title: title, state: isSo ? .proven : .failed, text: seen,
                next: isSo ? [] : [next].compactMap(\.self)))
    }

    mutating func byHand(_ code: String, _ title: LocalizableText, _ text: LocalizableText) {
        items.append(Item(code: code, title: title, state: .byHand, text: text, next: []))
    }

    mutating func lookAtTokens(
        _ inFile: [Record], _ present: TrustListFile, _ survey: Survey, _ world: any ClusterAccess, cluster: String,
        atHand: [ChangePlan.Token]
    ) throws {
        // Without tokens it asks for them.
        let toEtoken =
            "etoken-bridge migrate to-etoken --cluster \(Shell.word(cluster))\(atHand.map { " " + Shell.option("--token", $0.label) }.joined())"
        let noToken: LocalizableText = localized("no token in the file")
        func names(_ records: [Record]) -> LocalizableText {
            records.isEmpty ? noToken : .verbatim(records.map { $0.subjectName ?? "?" }.joined(separator: ", "))
        }
        look(
            "signed-by-token", localized("A hardware token signed the file"), present.signerRecord?.isToken == true,
            seen: localized("signed by \(present.header.signerName)"), next: .verbatim(toEtoken))
        look(
            "two-tokens", localized("The file contains at least two tokens"),
            Set(inFile.compactMap(\.certificate)).count >= 2,
            seen: names(inFile), next: .verbatim(toEtoken))
        let trusted = Set(survey.world.trusted)
        let missing = inFile.filter { !trusted.contains(Digest.sha256($0.certificate ?? []).hex) }
        look(
            "trusted", localized("\(TrustStores.phoneSAST) contains the certificate of every token"),
            missing.isEmpty && !inFile.isEmpty,
            seen: missing.isEmpty ? names(inFile) : localized("missing: \(names(missing))"),
            next: inFile.isEmpty
                ? .verbatim(toEtoken)
                : localized(
                    "Upload it: etoken-bridge trust upload --cluster \(word: cluster)\(missing.map { " " + Shell.option("--token", $0.tokenName) }.joined())"
                ))
        let phone = survey.phones.first { $0.phone.model.securityByDefault == .supported }?.phone
        var silent: [LocalizableText] = []
        var servers: [String] = []
        for signer in inFile.compactMap(CandidateSigner.init(record:)) {
            let replies = world.askTVS(for: signer, as: phone, trusting: survey.itl)
            let others = replies.filter { $0.answer.vouches(for: signer) != true }.map(\.server)
            silent += others.map { localized("\($0) for \(signer.name)") }
            servers += others.filter { !servers.contains($0) }
            if replies.isEmpty { silent.append(localized("no TVS server could be asked")) }
        }
        look(
            "tvs", localized("TVS vouches for every token"), silent.isEmpty && !inFile.isEmpty,
            seen: inFile.isEmpty
                ? noToken
                : silent.isEmpty
                    ? localized("asked about \(names(inFile)), as a phone would")
                    : localized("not: \(silent.joined(separator: ", "))"),
            next: inFile.isEmpty
                ? .verbatim(toEtoken)
                : localized(
                    "Make sure that \(TrustStores.phoneSAST) contains the certificates, then: etoken-bridge cluster restart-services --cluster \(word: cluster) --service tvs\(servers.map { " " + Shell.option("--node", $0) }.joined())"
                ))
        guard !atHand.isEmpty else {
            return byHand(
                "at-hand", localized("The tokens are available"),
                localized(
                    "Have every token in the file ready, with its PIN; to compare them, run this again with --token LABEL for each."
                )
            )
        }
        let held = Set(inFile.compactMap(\.certificate))
        let strangers = try atHand.filter { try !held.contains($0.certificate().der) }
        look(
            "at-hand", localized("The available tokens are those in the file"), strangers.isEmpty && atHand.count >= 2,
            seen: strangers.isEmpty
                ? localized("\(atHand.map(\.label).joined(separator: ", ")), by their certificates")
                : localized(
                    "The Security Token you have inserted does not exist in the CTL File: \(strangers.map(\.label).joined(separator: ", "))"
                ),
            next: .verbatim(toEtoken))
    }

    /// - Returns: the phones that would be stranded: those that hold something else, and would not accept the current
    ///   file.
    mutating func lookAtPhones(_ survey: Survey, _ present: TrustListFile) -> [StoredForecast.Group] {
        guard let signer = present.signerRecord.flatMap(CandidateSigner.init(record:)) else { return [] }
        // After the downgrade nothing vouches for a new signer on a model without Security by Default: only what a
        // phone holds counts. The same goes for the others as long as no TVS server has been asked.
        let forecast = StoredForecast(Change.forecast(for: signer, survey: survey, tvs: .everywhere(.notAsked)))
        let stranded = forecast.stranded
        look(
            "phones", localized("Every phone holds a file that names the signer"), stranded.isEmpty,
            seen: stranded.isEmpty
                ? localized("\(forecast.count) phones")
                : stranded.map { localized("\($0.phones.count) of \($0.model): \($0.reason)") }.joined(separator: "; "),
            next:
                localized(
                    "Make sure that these phones register and accept the current file before the downgrade, or visit them. \(Change.visitAdvice(models: stranded.map(\.model)) ?? .verbatim(""))"
                )
        )
        return stranded
    }

    mutating func addWorkByHand(_ bytes: [UInt8], cluster: String) {
        byHand(
            "backup", localized("A backup of the cluster"),
            localized("Create one with the Disaster Recovery System before switching versions."))
        byHand(
            "inactive", localized("The inactive version"),
            localized(
                "The inactive partition does not contain today's changes. After the switch, check what every node serves (etoken-bridge ctl fetch --cluster \(word: cluster)), and compare it with today's file (SHA-1 \(Digest.sha1(bytes).hex)). Where it differs, deploy today's file: etoken-bridge ctl deploy FILE --cluster \(word: cluster)"
            )
        )
        byHand(
            "rollback-parameter", localized("\"Prepare Cluster for Rollback to pre 8.0\""),
            localized(
                "This enterprise parameter blanks the ITL file on the phones, not the CTL file: it does not help a cluster in mixed mode."
            )
        )
        byHand(
            "sample", localized("A phone of each model"),
            localized(
                "Compare the checksum under Settings > Security Configuration > Trust List > CTL File with MD5 \(Digest.md5(bytes).hex) or SHA-1 \(Digest.sha1(bytes).hex), before and after."
            )
        )
    }
}

extension Survey {
    /// Certificates of servers, and the cluster's own signers, that differ from those in the current file, one sentence
    /// each.
    func renewals() throws -> [LocalizableText] {
        try (present?.records ?? []).compactMap { try renewed($0)?.sentence ?? renewedSigner($0) }
    }

    /// Of a signer of the cluster's own: an upgrade may have regenerated ITLRecovery and left the file as it was (Cisco
    /// field notice FN70613). Signers of other clusters are left alone.
    private func renewedSigner(_ record: Record) throws -> LocalizableText? {
        guard record.role == .sast, !record.isToken, let held = record.x509 else { return nil }
        let unit = record.isITLRecovery ? "ITLRecovery" : "CallManager"
        guard case .success(let own) = try servers.certificate(unit, of: servers.publisher),
            own.value.subject == held.subject, own.value != held
        else { return nil }
        return localized(
            "the cluster's own signer \(unit) changes from SHA-1 \(held.sha1.hex) to \(own.value.sha1.hex) (\(own.proof.text))"
        )
    }
}

// MARK: - The checklist on paper

extension DowngradeCheck {
    /// The checklist as a web page, with boxes to tick for what is left to do by hand.
    public var html: String {
        let rows = items.map { item -> HTML in
            let box: HTML =
                switch item.state {
                case .proven: "&#10003; \(localized("proven"))"
                case .failed: "&#10007; \(localized("failed"))"
                case .byHand: "&#9744; \(localized("by hand"))"
                }
            let next: HTML = HTML(item.next.map { "<br><b>\(localized("Next: "))</b>\($0)" })
            return
                "<tr class=\"\(item.state == .failed ? "failed" : "")\"><td><b>\(item.title)</b><br>\(item.text)\(next)</td><td class=\"word\">\(box)</td></tr>"
        }
        let groups = stranded.map { group in
            "<tr><td>\(group.model)</td><td>\(group.phones.count)</td><td>\(group.reason)</td><td>\(group.phones.prefix(200).joined(separator: " "))</td></tr>"
                as HTML
        }
        let stranded: HTML =
            groups.isEmpty
            ? ""
            : """
            <section><h2>\(localized("Phones that would be stranded"))</h2><table><tr><th>\(localized("Model"))</th><th>\(localized("Phones"))</th>
            <th>\(localized("Because"))</th><th>\(localized("Names"))</th></tr>\(groups)</table></section>
            """
        let verdict = localized(isReady ? "Ready, except for what has to be done by hand" : "Not ready")
        return HTMLPage.page(
            title: localized("Downgrade of \(cluster)"),
            """
            <header>
            <p class="state \(isReady ? "finished" : "unfinished")">\(verdict)</p>
            <h1>\(localized("Downgrade of cluster \(cluster) from \(version) to \(target)"))</h1>
            </header>
            <section><h2>\(localized("Checklist"))</h2>
            <table><tr><th>\(localized("What"))</th><th>\(localized("State"))</th></tr>\(rows)</table></section>
            \(stranded)
            """)
    }
}
