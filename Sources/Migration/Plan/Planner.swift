import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones
import TrustList
import X509

/// Decides what a requested change needs, whether it fits the cluster, and what it means there. Nothing else depends on
/// the kind of a change: what is run is in the plan's steps.
struct Planner {
    let kind: ChangeKind
    let cluster: String
    let tokens: [ChangePlan.Token]
    /// The tokens' certificates, in the same order.
    let certificates: [Certificate]
    let signer: Int?
    let survey: Survey
    let plan: ChangePlan

    init(_ plan: ChangePlan, _ certificates: [Certificate], _ survey: Survey) {
        (kind, cluster, tokens) = (plan.kind, plan.cluster, plan.tokens)
        signer = plan.tokenSigns ? plan.signer : nil
        (self.plan, self.certificates, self.survey) = (plan, certificates, survey)
    }

    // MARK: The steps

    /// What must pick up a new file, in the order in which it is restarted.
    ///
    /// - Parameter version: of the cluster; nil if it is not known.
    static func services(of version: ClusterVersion?) -> [String] {
        TrustListService.allCases.filter { $0.isRestartedByChanges(of: version) }.map(\.name)
    }

    /// The steps, in order. The first one that phones can see comes after the forecast.
    ///
    /// - Parameters:
    ///   - lost: SHA-1 of the certificates of tokens that leave Phone-SAST-trust.
    ///   - introduction: those with which the new signer is introduced.
    ///   - survey: nil for a plan of a version that copied the servers' records as they were.
    static func steps(
        _ kind: ChangeKind, tokens: [ChangePlan.Token], signer: Int?, lost: [String] = [],
        phones: ChangeRequest.PhoneSettings, introduction: [PlannedStep] = [], on survey: Survey?
    ) -> [PlannedStep] {
        let certificates = tokens.map(\.sha1)
        let signing = signer.map { certificates[$0] }
        var steps = [PlannedStep.backUp]
        if signing != nil {
            // When the file is renewed, the certificates are already there.
            if kind != .updateCertificates { steps.append(.exportCertificates(certificates)) }
            steps.append(.uploadCertificates(certificates, store: TrustStores.phoneSAST))
        }
        steps += [.askTVS(certificates), .forecast] + introduction
        switch kind {
        case .setMixedMode: steps.append(.setSecurityMode(.mixed, keepsFile: signing == nil))
        case .setNonSecureMode: steps.append(.setSecurityMode(.nonSecure, keepsFile: signing == nil))
        case .toTokenless: steps.append(.updateTrustList)
        case .updateCertificates: if signing == nil { steps.append(.updateTrustList) }
        case .replaceToken:
            // CUCM writes what Phone-SAST-trust contains into its own file (docs/cluster-interfaces.md).
            if signing == nil { steps += [.removeCertificates(lost, store: TrustStores.phoneSAST), .updateTrustList] }
        case .toEtoken: break
        }
        if let signing {
            var (base, servers): (PlannedStep.BaseFile, PlannedStep.ServerRecords) =
                switch kind {
                case .toEtoken, .toTokenless: (survey?.present == nil ? .nothing : .before, .renewed)
                case .updateCertificates, .replaceToken: (.before, .renewed)
                case .setMixedMode: (.served, .renewed)
                case .setNonSecureMode: (.served, .emptied)
                }
            if survey == nil, kind != .updateCertificates, servers == .renewed {
                (base, servers) = (kind == .setMixedMode ? .served : .before, .kept)
            }
            let signers: PlannedStep.ClusterSigners = survey?.version.namesClusterSigners == true ? .named : .none
            steps += [
                .buildAndSign(certificate: signing, base: base, servers: servers, signers: signers), .deploy,
            ]
            // Only when no node serves a file any more that the lost one may have signed.
            if kind == .replaceToken { steps.append(.removeCertificates(lost, store: TrustStores.phoneSAST)) }
        }
        steps.append(.restartServices(services(of: survey?.version), order: phones.services))
        if phones.restart {
            steps += [
                .restartPhones(batch: phones.batch, pause: phones.pause, pools: phones.pools),
                .checkPhones(timeout: phones.timeout),
            ]
        }
        return steps
    }

    // MARK: Whether it fits

    /// Whether the change fits the cluster.
    ///
    /// - Throws: ``MigrationError``, which says what prevents it.
    func check() throws {
        let setsMode = kind == .setMixedMode || kind == .setNonSecureMode
        let usesCommands = setsMode || signer == nil
        if usesCommands { try kind.check(survey.version, of: cluster) }
        if !setsMode, survey.mode != .mixed {
            throw MigrationError(
                .notMixedMode,
                localized(
                    "Cluster \(cluster) is in non-secure mode (ClusterSecurityMode 0), so its phones use no CTL file."
                ),
                next: localized(
                    "Set the cluster to mixed mode: etoken-bridge cluster set-mode mixed --cluster \(word: cluster)"))
        }
        try checkDropped()
        try checkPools()
        if signer != nil { try checkTokens() }
        if signer == nil, kind == .updateCertificates, survey.present?.signerRecord?.isToken == true {
            throw MigrationError(
                .unusableTokens,
                localized(
                    "A hardware token (\(survey.present?.header.signerName ?? "")) signed the CTL file of cluster \(cluster), so a token has to sign the next one, too."
                ),
                next: localized("Specify the tokens: --token LABEL --token LABEL."))
        }
        if kind == .updateCertificates || kind == .replaceToken { _ = try survey.requirePresent() }
        try checkLost()
    }

    /// Who will sign the new file.
    ///
    /// - Throws: ``MigrationError`` (`present-file-invalid`) if the cluster does not show which certificate it signs
    ///   with.
    func offered() throws -> CandidateSigner {
        try .ofNewFile(
            signedBy: signer.map { certificates[$0] }, present: survey.present, itl: survey.itl,
            version: survey.version, of: cluster)
    }

    /// Whether the tokens that are to leave the file can.
    private func checkDropped() throws {
        guard !plan.settings.dropped.isEmpty else { return }
        guard signer != nil || kind == .replaceToken else {
            throw MigrationError(
                .notApplicable,
                localized("--drop is for a file that a token signs, but no token was specified for this change."),
                next: localized("Specify the tokens that stay: --token LABEL --token LABEL."))
        }
        let going = (survey.present?.records ?? []).filter(plan.settings.drops)
        for record in going {
            let name = record.tokenName
            if certificates.contains(where: { $0.der == record.certificate }) {
                throw MigrationError(
                    .unusableTokens,
                    localized("Token \(name) is specified with --token, so it cannot be dropped."),
                    next: localized("Specify it with one of the two only."))
            }
            if plan.settings.keeps(ForeignRecord(record)) {
                throw MigrationError(
                    .unusableTokens, localized("Token \(name) is specified with --keep and with --drop."),
                    next: localized("Specify it with one of the two only."))
            }
        }
        let setsMode = kind == .setMixedMode || kind == .setNonSecureMode
        let tokens = tokens.map { " " + Shell.option("--token", $0.label) }.joined()
        if setsMode, !going.isEmpty, survey.mode == (kind == .setMixedMode ? .mixed : .nonSecure) {
            throw MigrationError(
                .notApplicable,
                localized(
                    "Cluster \(cluster) is in \(survey.mode.name) mode already: nothing would be done, and \(going.map(\.tokenName).list) would stay in the file."
                ),
                next: localized(
                    "Drop it without setting the mode: etoken-bridge migrate update-certificates --cluster \(word: cluster)\(tokens) \(going.map { Shell.option("--drop", $0.tokenName) }.joined(separator: " "))"
                ))
        }
    }

    /// Whether each device pool whose phones are to be restarted has phones.
    private func checkPools() throws {
        let known = Set(survey.phones.compactMap { $0.phone.place?.devicePool })
        for case .restartPhones(_, _, let pools) in plan.steps {
            for pool in pools where !known.contains(pool) {
                throw MigrationError(
                    .notApplicable,
                    localized("No phone of cluster \(cluster) is in the device pool \"\(pool)\"."),
                    next: localized("Available: \(known.sorted().joined(separator: ", "))."))
            }
        }
    }

    private func checkTokens() throws {
        let labels = tokens.map(\.label).joined(separator: ", ")
        guard Set(certificates).count == tokens.count else {
            throw MigrationError(
                .unusableTokens, localized("The same token was specified twice: \(labels)."),
                next: localized("Specify two different tokens."))
        }
        let present =
            survey.present?.records.filter { $0.isToken && !plan.settings.drops($0) }.compactMap(\.certificate) ?? []
        let keepsPresent = kind == .updateCertificates || kind == .replaceToken
        guard Set(certificates.map(\.der)).union(keepsPresent ? present : []).count >= 2 else {
            throw MigrationError(
                .unusableTokens,
                localized(
                    "\(tokens.count) token was specified; two are required, so that losing one does not lock you out of the cluster."
                ),
                next: kind == .replaceToken
                    ? localized("Specify a second new one: --with LABEL.")
                    : localized("Specify a second one: --token LABEL."))
        }
        for (token, certificate) in zip(tokens, certificates) {
            let key = certificate.publicKey
            guard key.isRSA, ModulusSize(bits: key.bits) != nil else {
                throw MigrationError(
                    .unusableTokens,
                    localized(
                        key.isRSA
                            ? "The certificate on token \(token.label) has a key of \(key.bits) bits; a trust list supports RSA keys of 512, 1024, 2048 and 4096 bits."
                            : "The certificate on token \(token.label) has a key of \(key.bits) bits that is not RSA; a trust list supports RSA keys of 512, 1024, 2048 and 4096 bits."
                    ),
                    next: localized("Use another token."))
            }
        }
    }

    /// Whether the cluster already is in the state that the change would bring about.
    ///
    /// - Parameter changes: how the records would change.
    func isAlreadySo(_ offered: CandidateSigner, _ changes: [LocalizableText]) -> Bool {
        guard let present = survey.present else { return false }
        let sast = Set(present.records.filter { $0.role == .sast }.compactMap(\.certificate))
        let signing = present.signerRecord?.certificate
        let tokensAreThere =
            Set(certificates.map(\.der)).isSubset(of: sast)
            && signing.map { der in certificates.contains { $0.der == der } } == true
        switch kind {
        case .toEtoken: return tokensAreThere && changes.isEmpty
        case .toTokenless:
            // What Phone-SAST-trust contains comes back with every update.
            return signing == offered.certificate.der
                && !present.records.contains { $0.isToken && !isTrusted($0) }
        case .updateCertificates: return changes.isEmpty
        // A lost token is one that the current file names.
        case .replaceToken: return false
        case .setMixedMode: return survey.mode == .mixed && (signer == nil || tokensAreThere)
        case .setNonSecureMode: return survey.mode == .nonSecure && (signer == nil || tokensAreThere)
        }
    }

    private func isTrusted(_ record: Record) -> Bool {
        record.x509.map { !TrustedCertificate.fingerprints(of: $0).isDisjoint(with: survey.world.trusted) } ?? false
    }

    // MARK: What it means

    /// Who signed, who will, and what that means for phones; nil if the signer stays, or if changing it is the purpose.
    func signerChange(to offered: CandidateSigner) -> LocalizableText? {
        guard kind == .updateCertificates, let present = survey.present,
            let old = present.signerRecord.flatMap(CandidateSigner.init(record:)),
            old.certificate != offered.certificate
        else { return nil }
        func name(_ signer: CandidateSigner) -> LocalizableText {
            let certificate = signer.certificate
            return localized(
                "\(certificate.commonName ?? signer.name) (serial number \(certificate.serialNumber.colonHex))")
        }
        let isKnown = present.records.contains { $0.role == .sast && $0.certificate == offered.certificate.der }
        return isKnown
            ? localized(
                "The signer changes from \(name(old)) to \(name(offered)), which is in the current file: phones that hold the current file accept the new one. Phones that hold an older file may not."
            )
            : localized(
                "The signer changes from \(name(old)) to \(name(offered)), which is not in the current file: only phones whose ITL file or TVS vouches for it accept the new one."
            )
    }

    /// Doubts about the change on this cluster. Source: Cisco technote 214231.
    var warnings: [StatusFinding] {
        guard signer != nil, survey.version.mayBe(atLeast: .withoutTokens) else { return [] }
        return [
            StatusFinding(
                code: .tokensNotSupported, severity: .warning,
                text: localized(
                    "A hardware token is to sign the CTL file, and from 14 SU3 on Cisco CTL Provider no longer supports tokens. Whether CUCM leaves such a file as it is has been seen nowhere yet."
                ),
                next: [
                    localized(
                        "Keep a copy, and compare after each restart and upgrade: etoken-bridge ctl fetch --cluster \(word: cluster) --output CTLFile.tlv"
                    )
                ])
        ]
    }

    /// Secure JTAPI and TSP clients check a new file against the signers in the file that they hold, and do not ask
    /// TVS. Source: docs/phone-acceptance.md. *Unconfirmed*: that deleting the file helps.
    func clientAdvice(_ offered: CandidateSigner) -> LocalizableText? {
        guard survey.mode == .mixed, let present = survey.present,
            !present.records.contains(where: { $0.role == .sast && $0.certificate == offered.certificate.der })
        else { return nil }
        return localized(
            "Secure JTAPI and TSP clients hold a CTL file, too, and are not in the forecast: they refuse the new file, because its signer is not in the current one, and they do not ask TVS. Delete the CTL file on each of them, and have it fetched again."
        )
    }

    /// How the records change, as far as that can be known beforehand; empty if they do not.
    ///
    /// - Parameter world: the cluster.
    func recordChanges(on world: any ClusterAccess) throws -> [LocalizableText] {
        guard let new = NewRecords(plan, certificates, survey, of: world) else {
            // The cluster writes its file itself.
            return kind == .updateCertificates ? try survey.renewals() : []
        }
        let base: TrustListFile?
        switch new.base {
        case .before: base = try survey.requirePresent().list
        case .nothing: base = nil
        // The publisher creates it later.
        case .served: return []
        }
        return RecordChanges.lines(from: survey.present?.records ?? [], to: try new.records(from: base))
    }
}
