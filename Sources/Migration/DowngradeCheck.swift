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
public struct DowngradeCheck: Sendable {
    public typealias Item = Checklist.Item

    public let list: Checklist

    public var items: [Item] { list.items }

    /// Checks a cluster.
    ///
    /// - Parameters:
    ///   - target: the release to go back to.
    ///   - tokens: the available ones; empty if none was specified.
    ///   - acceptingUnproven: whether what TFTP and HTTP say is accepted from a node that has no way to say what it has.
    /// - Throws: what prevents the cluster from being read at all.
    public init(
        of world: any ClusterAccess, target: ClusterVersion, tokens: [ChangePlan.Token], state: StateFolder,
        acceptingUnproven: Bool = false
    ) throws {
        let present = try world.version()
        // A release that is specified in short form stands for all of its builds.
        guard target < present, !present.description.hasPrefix(target.description + ".") else {
            throw MigrationError(
                .notApplicable,
                localized(
                    "\(target) is not older than \(present), which cluster \(world.name) runs: that is not a downgrade."
                ),
                next: localized("Specify an older release, for example --to 9.1."))
        }
        var list = ChecklistItems(before: .downgrade)
        let survey = try Survey(of: world, backups: state, acceptingUnproven: acceptingUnproven)

        func complete(_ items: [Item], _ stranded: [StoredForecast.Group] = []) -> Checklist {
            Checklist(
                before: .downgrade, cluster: world.name, version: survey.version.description,
                target: target.description, items: items, stranded: stranded)
        }
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
        list.lookAtNodes(survey, cluster: world.name)
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
        try list.lookAtJournals(state, cluster: world.name)
        guard let (file, bytes) = list.lookAtFile(survey, next: .verbatim(setMode)) else {
            self.list = complete(list.items)
            return
        }
        let inFile = file.records.filter(\.isToken)
        try list.lookAtTokens(inFile, file, survey, world, cluster: world.name, atHand: tokens)
        try list.lookAtServers(
            survey,
            next: "etoken-bridge migrate update-certificates --cluster \(Shell.word(world.name))"
                + (tokens.isEmpty ? inFile.map { " " + Shell.option("--token", $0.tokenName) }.joined() : atHand))
        let stranded = list.lookAtPhones(survey, file)
        list.addWorkByHand(bytes, cluster: world.name)
        self.list = complete(list.items, stranded)
    }
}

extension ChecklistItems {
    fileprivate mutating func lookAtTokens(
        _ inFile: [Record], _ present: TrustListFile, _ survey: Survey, _ world: any ClusterAccess, cluster: String,
        atHand: [ChangePlan.Token]
    ) throws {
        // Without tokens, the command asks for them.
        let toEtoken =
            "etoken-bridge migrate to-etoken --cluster \(Shell.word(cluster))\(atHand.map { " " + Shell.option("--token", $0.label) }.joined())"
        let noToken: LocalizableText = localized("no token in the file")
        func names(_ records: [Record]) -> LocalizableText {
            records.isEmpty ? noToken : .verbatim(records.map(\.tokenName).joined(separator: ", "))
        }
        let signer = present.signerRecord.flatMap { $0.isToken ? $0.tokenName : nil } ?? present.header.signerName
        look(
            "signed-by-token", localized("A hardware token signed the file"), present.signerRecord?.isToken == true,
            seen: localized("signed by \(signer)"), next: .verbatim(toEtoken))
        look(
            "two-tokens", localized("The file contains at least two tokens"),
            Set(inFile.compactMap(\.certificate)).count >= 2,
            seen: names(inFile), next: .verbatim(toEtoken))
        let trusted = Set(survey.world.trusted)
        // Some interfaces only describe what a store contains.
        let missing = inFile.filter { record in
            record.x509.map { TrustedCertificate.fingerprints(of: $0).isDisjoint(with: trusted) } ?? true
        }
        look(
            "trusted", localized("\(TrustStores.phoneSAST) contains the certificate of every token"),
            missing.isEmpty && !inFile.isEmpty,
            seen: missing.isEmpty ? names(inFile) : localized("missing: \(names(missing))"),
            next: inFile.isEmpty
                ? .verbatim(toEtoken)
                : localized(
                    "Upload it: etoken-bridge trust upload --cluster \(word: cluster)\(missing.map { " " + Shell.option("--token", $0.tokenName) }.joined())"
                ))
        var silent: [LocalizableText] = []
        var servers: [String] = []
        for signer in inFile.compactMap(CandidateSigner.init(record:)) {
            let replies = world.askTVS(
                for: signer, asOneOf: survey.phones.lazy.map(\.phone), trusting: survey.itl)
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

    fileprivate mutating func addWorkByHand(_ bytes: [UInt8], cluster: String) {
        addBackup()
        byHand(
            "inactive", localized("The inactive version"),
            localized(
                "The inactive partition does not contain today's changes. After the switch, check what every node serves (etoken-bridge ctl fetch --cluster \(word: cluster) --output CTLFile.tlv), and compare it with today's file (SHA-1 \(Digest.sha1(bytes).hex)). Where it differs, deploy today's file: etoken-bridge ctl deploy FILE --cluster \(word: cluster)"
            )
        )
        byHand(
            "rollback-parameter", localized("\"Prepare Cluster for Rollback to pre 8.0\""),
            localized(
                "This enterprise parameter blanks the ITL file on the phones, not the CTL file: it does not help a cluster in mixed mode."
            )
        )
        addSample(bytes)
    }
}

extension Survey {
    /// Certificates of servers, and the cluster's own signers, that differ from those in the current file, one sentence
    /// each.
    func renewals() throws -> [LocalizableText] {
        let records = present?.records ?? []
        return try records.compactMap { try renewed($0)?.sentence } + renewedSigners(records)
    }

    private func renewedSigners(_ records: [Record]) throws -> [LocalizableText] {
        try ClusterSigner.units.flatMap { unit -> [LocalizableText] in
            guard let (signer, own) = try signer(unit, in: records) else { return [] }
            return signer.former.map { former in
                localized(
                    "the cluster's own signer \(unit) changes from SHA-1 \(former) to \(own.value.sha1.hex) (\(own.proof.text))"
                )
            }
        }
    }

    /// Whether one of the cluster's own signers is in a file, and with which certificate; nil if the publisher's current
    /// certificate is not known.
    func signer(
        _ unit: String, in records: [Record]
    ) throws -> (signer: ClusterSigner, own: Authenticated<Certificate>)? {
        guard case .success(let own) = try servers.certificate(unit, of: servers.publisher) else { return nil }
        return (
            ClusterSigner(
                unit, in: records.compactMap(ClusterSigner.Entry.init), subject: own.value.subject.rendered(.cucm),
                sha1: own.value.sha1.hex), own
        )
    }
}
