import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones
import TrustList
import X509

extension ClusterVersion {
    /// Whether `utils ctl update CTLFile` is known to write certificates of Phone-SAST-trust into the CTL file as SAST.
    /// *Unconfirmed* for tokens' certificates, and for releases before 12.0: the file that results decides. Source:
    /// docs/phone-acceptance.md, "Introducing a signer".
    var writesTrustedSigners: Bool { major >= 12 }
}

/// The file that a plan has phones take first: who signs it, and what it will contain as far as it matters to phones.
struct PlannedIntroduction {
    let signer: CandidateSigner
    let list: TrustListFile
}

extension Planner {
    /// Nil if the plan introduces no signer.
    ///
    /// - Parameter offered: the signer of the new file.
    func introduction(_ offered: CandidateSigner) throws -> PlannedIntroduction? {
        guard let present = survey.present else { return nil }
        let record: Record?
        var named: [Record] = []
        if let (sha1, _, _, _) = plan.signing(of: .introduction) {
            record = try certificates.first { $0.sha1.hex == sha1 }.map(survey.record(ofToken:))
            named = [survey.clusterSigner()].compactMap(\.self)
        } else if case .introduceByCluster(let command, let wanted, _)? = plan.steps.first(where: \.introduces) {
            record = command == .resetLocalKey ? survey.otherClusterSigner() : survey.clusterSigner()
            named = try certificates.filter { wanted.contains($0.sha1.hex) }.map(survey.record(ofToken:))
            if wanted.isEmpty { named = [survey.clusterSigner()].compactMap(\.self) }
        } else {
            return nil
        }
        guard let signer = record.flatMap(CandidateSigner.init(record:)) else { return nil }
        return PlannedIntroduction(signer: signer, list: present.with(records: present.records + named))
    }

    /// The steps with which a change introduces its signer; nil if it need not or cannot.
    ///
    /// - Parameters:
    ///   - tokens: those that the command names.
    ///   - signer: which of them signs.
    ///   - offered: the signer of the new file.
    static func introductionSteps(
        _ kind: ChangeKind, _ choice: IntroductionChoice, tokens: [ChangePlan.Token], signer: Int?,
        offered: CandidateSigner, phones: ChangeRequest.PhoneSettings, on survey: Survey
    ) -> [PlannedStep]? {
        // Phones that are left out would find the new file without having seen the one that introduces its signer.
        guard choice != .never, phones.restart, phones.pools.isEmpty, survey.mode == .mixed,
            survey.version.hasTokenlessTrustList,
            let present = survey.present, let introducer = present.signerRecord
        else { return nil }
        func names(_ certificate: [UInt8]?) -> Bool {
            present.records.contains { $0.role == .sast && $0.certificate == certificate }
        }
        // Phones that have the current file accept the new one as it is.
        if names(offered.certificate.der) { return nil }
        let first: [PlannedStep]
        switch kind {
        case .toEtoken:
            guard !introducer.isToken, choice == .always || survey.version.writesTrustedSigners else { return nil }
            first = [
                .introduceByCluster(
                    command: .updateTrustList, certificates: tokens.map(\.sha1), isRequired: choice == .always)
            ]
        case .toTokenless:
            guard let signing = signer.map({ tokens[$0] }), names((try? signing.certificate())?.der) else { return nil }
            first = [
                .introducing(
                    .buildAndSign(certificate: signing.sha1, base: .before, servers: .renewed, signers: .named)),
                .introducing(.deploy),
            ]
        case .updateCertificates:
            guard signer == nil, !introducer.isToken, names(survey.otherClusterSigner()?.certificate) else {
                return nil
            }
            first = [
                .introduceByCluster(command: .resetLocalKey, certificates: [], isRequired: choice == .always)
            ]
        default: return nil
        }
        return first + [
            .introducing(.restartServices(services(of: survey.version), order: phones.services)),
            .introducing(.restartPhones(batch: phones.batch, pause: phones.pause)),
            .introducing(.checkPhones(timeout: phones.timeout)),
        ]
    }

    /// Makes sure that a token that introduces the cluster's signer can.
    ///
    /// - Throws: ``MigrationError`` (`unusable-tokens`).
    static func checkIntroduction(_ request: ChangeRequest, on survey: Survey) throws {
        guard request.introduce == .always else { return }
        if !request.phones.restart {
            throw MigrationError(
                .notApplicable,
                localized(
                    "Introducing a signer means that phones first get another file, so they have to be restarted."),
                next: localized("Leave out --no-phone-restart, or use --introduce never."))
        }
        guard request.phones.pools.isEmpty else {
            throw MigrationError(
                .notApplicable,
                localized(
                    "Introducing a signer means that all phones first get another file, and --pool leaves some of them out."
                ),
                next: localized("Leave out --pool, or use --introduce never."))
        }
        if request.kind == .toTokenless, request.tokens.isEmpty, let present = survey.present,
            let token = present.signerRecord, token.isToken,
            !present.records.contains(where: {
                $0.role == .sast && $0.certificate == survey.clusterSigner()?.certificate
            })
        {
            throw MigrationError(
                .unusableTokens,
                localized(
                    "The current CTL file does not name the cluster's own signer, so a token that it names has to sign a file that does."
                ),
                next: localized("Specify the tokens: \(Shell.option("--token", token.tokenName))"))
        }
    }
}

extension Survey {
    /// The other of the cluster's own signers: `utils ctl reset localkey` signs with it.
    func otherClusterSigner() -> Record? {
        let usual = clusterSigner()
        return itl?.records.first {
            $0.role == .sast && $0.certificate != nil && $0.isITLRecovery != usual?.isITLRecovery
        }
    }
}
