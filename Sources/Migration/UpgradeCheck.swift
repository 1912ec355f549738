import Basics
import Cluster
import Configuration
import Glibc
import Messages
import Operations
import TrustList
import X509

/// Whether the trust lists of a cluster are ready for an upgrade, and what is left to do: a checklist. Changes nothing.
///
/// An upgrade takes the CTL file along as it is. Problems that it leaves behind only show when phones come back:
/// certificates of trust stores that had expired, a signer that was regenerated, a file that names servers' former
/// certificates. Source: docs/operator-guide.md; Cisco's security guides, field notice FN70613, technote 214231.
public struct UpgradeCheck: Sendable {
    public let list: Checklist

    public var items: [Checklist.Item] { list.items }

    /// The stores whose certificates matter to trust lists.
    private static let stores = [TrustStores.phoneSAST, "CallManager-trust"]

    /// Checks a cluster.
    ///
    /// - Parameters:
    ///   - target: the release to upgrade to.
    ///   - acceptingUnproven: whether what TFTP and HTTP say is accepted from a node that has no way to say what it has.
    ///   - now: seconds since 1970.
    /// - Throws: what prevents the cluster from being read at all.
    public init(
        of world: any ClusterAccess, target: ClusterVersion, state: StateFolder, acceptingUnproven: Bool = false,
        now: Int64 = Int64(time(nil))
    ) throws {
        let present = try world.version()
        guard present < target else {
            throw MigrationError(
                .notApplicable,
                localized(
                    "\(target) is not newer than \(present), which cluster \(world.name) runs: that is not an upgrade."),
                next: localized("Specify a newer release, with its build if it is the same one: --to 14.0.1.13900."))
        }
        var list = ChecklistItems(before: .upgrade)
        let survey = try Survey(of: world, backups: state, acceptingUnproven: acceptingUnproven)
        list.lookAtNodes(survey, cluster: world.name)
        try list.lookAtJournals(state, cluster: world.name)
        var stranded: [StoredForecast.Group] = []
        if survey.mode == .nonSecure, survey.present == nil {
            list.look(
                "file", localized("Every node serves the same CTL file"), true,
                seen: localized(
                    "none: in \(survey.mode.name) mode phones have no CTL file, and trust by their ITL file and TVS"))
        } else if let (file, bytes) = list.lookAtFile(survey, next: Self.newFile(survey, world.name)) {
            let tokens = file.records.filter(\.isToken)
            let update =
                "etoken-bridge migrate update-certificates --cluster \(Shell.word(world.name))"
                + (file.signerRecord?.isToken == true
                    ? tokens.map { " " + Shell.option("--token", $0.tokenName) }.joined() : "")
            try list.lookAtSigners(file, survey, world, update: update)
            try list.lookAtServers(survey, next: update)
            list.lookAtRegeneration(file, target, cluster: world.name)
            list.lookAtTokens(file, target, cluster: world.name)
            if survey.mode == .mixed { stranded = list.lookAtPhones(survey, file) }
            list.byHand(
                "compare", localized("The file after the switch"),
                localized(
                    "Keep a copy (etoken-bridge ctl fetch --cluster \(word: world.name) --output CTLFile.tlv). After the switch, run that again on another file, and compare: today's has SHA-1 \(Digest.sha1(bytes).hex). Where it differs, look at it (ctl diff) before phones are restarted."
                ))
        }
        try list.lookAtTrust(Self.stores.flatMap(world.certificates(in:)), target, cluster: world.name, now: now)
        try list.lookAtKeys(survey, world)
        if present.major < 12, target.major >= 12 {
            list.byHand(
                "licence", localized("A licence for utils ctl"),
                localized(
                    "From 12.0 on, utils ctl set-cluster and utils ctl update are refused unless the cluster is registered to a Smart or Virtual Account that allows export-controlled functionality. Register it after the upgrade."
                ))
        }
        list.addBackup()
        if let bytes = survey.presentBytes { list.addSample(bytes) }
        self.list = Checklist(
            before: .upgrade, cluster: world.name, version: survey.version.description, target: target.description,
            items: list.items, stranded: stranded)
    }

    private static func newFile(_ survey: Survey, _ cluster: String) -> LocalizableText {
        .verbatim(
            "etoken-bridge migrate \(survey.version.hasTokenlessTrustList ? "to-tokenless" : "to-etoken") --cluster \(Shell.word(cluster))"
        )
    }
}

extension ChecklistItems {
    /// Whether the cluster's own signers in the file are those that the publisher has now.
    fileprivate mutating func lookAtSigners(
        _ file: TrustListFile, _ survey: Survey, _ world: any ClusterAccess, update: String
    ) throws {
        let title = localized("The file names the cluster's current signers")
        let own = file.records.filter { $0.role == .sast && !$0.isToken && $0.certificate != nil }
        var (same, unknown, stale): ([LocalizableText], [LocalizableText], [LocalizableText]) = ([], [], [])
        var next: [LocalizableText] = []
        for unit in ClusterSigner.units where own.contains(where: { $0.isITLRecovery == (unit == "ITLRecovery") }) {
            guard let (signer, current) = try survey.signer(unit, in: own) else {
                if case .failure(let missing) = try survey.servers.certificate(unit, of: world.publisher) {
                    unknown.append(localized("the \(unit) certificate is not known: \(missing.why)"))
                }
                continue
            }
            if signer.isPresent {
                same.append(localized("\(unit) (SHA-1 \(current.value.sha1.hex))"))
                continue
            }
            stale.append(
                localized(
                    "it has a former \(unit) certificate; \(world.publisher) uses another one now (SHA-1 \(current.value.sha1.hex))"
                ))
            next += ClusterSigner.advice(
                on: unit, isByToken: file.signerRecord?.isToken == true, update: .verbatim(update))
        }
        if stale.isEmpty, !unknown.isEmpty {
            return byHand(
                "signers", title,
                localized(
                    "\(unknown.joined(separator: "; ")). Compare it with show cert own on \(world.publisher)."))
        }
        look(
            "signers", title, stale.isEmpty,
            seen: !stale.isEmpty
                ? stale.joined(separator: "; ")
                : own.isEmpty ? localized("it names tokens only") : same.joined(separator: ", "),
            next: next.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
    }

    /// Cisco field notice FN70613.
    fileprivate mutating func lookAtRegeneration(_ file: TrustListFile, _ target: ClusterVersion, cluster: String) {
        let title = localized("The upgrade keeps the certificate that signs")
        if file.signerRecord?.isToken == true {
            return look("itlrecovery", title, true, seen: localized("a token signed the file"))
        }
        guard target.mayRegenerateITLRecovery else {
            return look(
                "itlrecovery", title, true,
                seen: localized(
                    "field notice FN70613 is about upgrades to 12.5 before SU3, and not about \(target)"))
        }
        byHand(
            "itlrecovery", title,
            localized(
                "A refresh upgrade to 12.5 before SU3 regenerates ITLRecovery and leaves the former one in the CTL file (Cisco field notice FN70613, bug CSCvv13565). Upgrade to SU3 or later instead; or look right after the switch: etoken-bridge cluster status --cluster \(word: cluster). If it reports certificate-not-in-file: \(ClusterStatus.localKeyAdvice.joined(separator: " "))"
            ))
    }

    fileprivate mutating func lookAtTokens(_ file: TrustListFile, _ target: ClusterVersion, cluster: String) {
        let title = localized("The new release supports the signer")
        guard file.signerRecord?.isToken == true else {
            return look("tokens", title, true, seen: localized("signed by \(file.header.signerName)"))
        }
        guard target.mayBe(atLeast: .withoutTokens) else {
            return look("tokens", title, true, seen: localized("\(target) supports tokens"))
        }
        byHand(
            "tokens", title,
            localized(
                "A hardware token signed the CTL file, and from 14 SU3 on Cisco CTL Provider no longer supports tokens. Whether CUCM leaves such a file as it is has been seen nowhere yet: compare it after the switch. Or let the cluster sign before the upgrade: etoken-bridge migrate to-tokenless --cluster \(word: cluster)"
            ))
    }

    /// Certificates that an upgrade drops because they have expired.
    fileprivate mutating func lookAtTrust(
        _ trusted: [TrustedCertificate], _ target: ClusterVersion, cluster: String, now: Int64
    ) throws {
        let title = localized("The trust stores contain no expired certificate")
        let dated = trusted.compactMap { entry in
            entry.certificate.map { (entry, $0, Timestamp($0.notAfter)) }
        }
        let expired = dated.filter { $0.2.seconds < now }.map { entry, certificate, end in
            localized(
                "\(entry.name.isEmpty ? certificate.subject.value(of: "CN") ?? certificate.serialNumber.hex : entry.name) in \(entry.store) expired on \(end.day)"
            )
        }
        let see = localized("To see them: etoken-bridge trust list --cluster \(word: cluster)")
        if !expired.isEmpty, target.mayDropExpiredTrust {
            return look(
                "trust-expired", title, false, seen: expired.joined(separator: "; "),
                next: localized(
                    "Upgrades to 12.5(1)SU6, 14SU2 and later drop expired trust certificates. If nothing needs one, delete it before the upgrade; else upload a certificate that is valid. \(see)"
                ))
        }
        let undated = trusted.count - dated.count
        if undated > 0 {
            return byHand(
                "trust-expired", title,
                localized(
                    undated,
                    one:
                        "The interface does not show how long one of the certificates is valid. Look at it before the upgrade: \(see)",
                    other:
                        "The interface does not show how long \(undated) of the certificates are valid. Look at them before the upgrade: \(see)"
                ))
        }
        look(
            "trust-expired", title, true,
            seen: expired.isEmpty
                ? localized(trusted.count, one: "1 certificate", other: "\(trusted.count) certificates")
                : localized("\(expired.joined(separator: "; ")); an upgrade to \(target) keeps them"))
    }

    /// Whether CallManager and ITLRecovery can sign trust lists.
    fileprivate mutating func lookAtKeys(_ survey: Survey, _ world: any ClusterAccess) throws {
        let title = localized("The nodes' keys can sign trust lists")
        var (good, bad, unknown): ([LocalizableText], [LocalizableText], [LocalizableText]) = ([], [], [])
        for node in Set(world.nodes + [world.publisher]).sorted() {
            // ITLRecovery came with 10.5(2), and only the publisher signs with it.
            for unit in ["CallManager"] + (node == world.publisher ? ["ITLRecovery"] : []) {
                switch try survey.servers.certificate(unit, of: node) {
                case .failure(let missing):
                    if unit == "CallManager" { unknown.append(localized("\(unit) of \(node): \(missing.why)")) }
                case .success(let own):
                    let key = own.value.publicKey
                    let text = localized(
                        key.isRSA ? "\(unit) of \(node): RSA of \(key.bits) bits" : "\(unit) of \(node): no RSA key")
                    if key.isRSA, ModulusSize(bits: key.bits) != nil { good.append(text) } else { bad.append(text) }
                }
            }
        }
        if bad.isEmpty, !unknown.isEmpty {
            return byHand(
                "keys", title,
                localized(
                    "Not known: \(unknown.joined(separator: "; ")). Compare them with show cert own on the nodes."))
        }
        look(
            "keys", title, bad.isEmpty, seen: (bad.isEmpty ? good : bad).joined(separator: "; "),
            next: localized(
                "RSA keys of 512, 1024, 2048 and 4096 bits can sign a trust list. Regenerate the certificate with another key length in OS Administration (Security > Certificate Management), and update the file."
            ))
    }
}
