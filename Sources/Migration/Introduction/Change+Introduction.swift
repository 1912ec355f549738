import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones
import TrustList
import X509

extension Change {
    /// The forecasts besides that of the new file, if a signer is introduced.
    public struct IntroductionForecasts {
        /// Of the file that introduces the signer.
        let introduction: Forecast
        /// Of the new file, if nothing introduces its signer.
        let direct: Forecast
    }

    /// What phones do in the end, and the other forecasts.
    ///
    /// - Parameters:
    ///   - introducerTVS: what TVS servers say about the signer of the file that introduces the other.
    ///   - list: that file, if it exists.
    static func forecasts(
        for offered: CandidateSigner, introduction: PlannedIntroduction?, survey: Survey, tvs: TVSReplies,
        introducerTVS: TVSReplies, list: TrustListFile? = nil
    ) -> (Forecast, IntroductionForecasts?) {
        let direct = forecast(for: offered, survey: survey, tvs: tvs)
        guard let introduction else { return (direct, nil) }
        let signer = list?.candidateSigner ?? introduction.signer
        let (first, second) = Forecast.inTurn(
            survey.phones, introducer: signer, list: list ?? introduction.list, introducerTVS: introducerTVS,
            signer: offered, tvs: tvs, present: survey.present, itls: survey.itlLists, nodes: survey.world.nodes)
        return (second, IntroductionForecasts(introduction: first, direct: direct))
    }

    /// Both ways in numbers; nil if no signer is introduced.
    public var introductionForecast: IntroductionForecast? {
        if let known = known.introductionForecast { return known }
        guard let forecasts = introductionForecasts else { return nil }
        let own = plan.steps.filter { !$0.introduces && $0.id.introduced == nil }.map(\.id)
        let added = plan.steps.map(\.id).filter { !own.contains($0) }
        let seconds = own.reduce(0) { $0 + estimates.seconds($1) }
        let services = survey.services.reduce(0) { $0 + $1.nodes.count }
        let direct = StoredForecast(forecasts.direct)
        return IntroductionForecast(
            with: .init(
                StoredForecast(forecast), rounds: 2, services: services,
                seconds: added.reduce(seconds) { $0 + estimates.seconds($1.introduced ?? $1) }),
            without: .init(direct, rounds: 1, services: services, seconds: seconds),
            introduction: StoredForecast(forecasts.introduction), direct: direct)
    }

    /// How to leave fewer phones behind, if a plan introduces no signer although it could.
    public var introductionAdvice: LocalizableText? {
        guard introduction == nil, !newlyStranded.isEmpty, survey.mode == .mixed,
            survey.version.hasTokenlessTrustList, let present = survey.present, let former = present.signerRecord,
            !present.records.contains(where: { $0.role == .sast && $0.certificate == offered.certificate.der })
        else { return nil }
        if plan.tokenSigns, !former.isToken {
            return localized(
                "With --introduce always, phones are first offered a file that the cluster signs and that names the tokens: then none of those that are registered is left behind. Whether this release creates such a file is checked before any phone is restarted."
            )
        }
        guard !plan.tokenSigns, former.isToken else { return nil }
        return localized(
            "With \(Shell.option("--token", former.tokenName)), that token signs a file first that names the cluster's own signer, which every phone accepts that holds the current one: then none of those is left behind."
        )
    }

    // MARK: How far it is

    /// Whether phones can have one of the change's files: what fails from now on undoes nothing.
    var isCommitted: Bool {
        let known = known
        if plan.commitStep.map(known.done.contains) == true { return true }
        return known.introduction != nil && plan.introducingStep.map(known.done.contains) == true
    }

    /// Whether a step about the file that introduces the signer has nothing to do: because there is no such file, or because
    /// the new one has followed.
    func passed(_ id: StepID) -> StepState? {
        let known = known
        if let why = known.notIntroduced { return .done(localized("no signer was introduced: \(why)")) }
        guard known.introduction != nil, known.done.contains(id), plan.commitStep.map(known.begun.contains) == true
        else { return nil }
        return .done(localized("the new file has followed"))
    }

    func file(_ file: ChangeFile) throws -> [UInt8]? {
        switch file {
        case .introduction: try known.introduction.map(state.backup(sha256:))
        case .new: try newFile()
        }
    }

    // MARK: Going on without

    /// Whether the change may do without the planned introduction: all phones follow anyway, or someone agreed to visit
    /// those that do not; and TVS vouches for every token.
    var mayGoOnDirectly: Bool {
        let known = known
        let isVouchedFor = !plan.tokenSigns || (!known.tvs.isEmpty && known.tvs.allSatisfy(\.vouches))
        return isVouchedFor && (plan.settings.acceptsStranded || newlyStrandedDirectly.isEmpty)
    }

    private var newlyStrandedDirectly: [String] {
        (known.introductionForecast?.needing ?? []).filter { !survey.register.contains($0) }.sorted()
    }

    /// Restores the previous file, and continues without an introduction, or ends the change.
    ///
    /// - Parameter why: a sentence.
    /// - Throws: ``MigrationError`` (`not-introduced`).
    func goOnDirectly(_ why: LocalizableText, isRequired: Bool) throws {
        // No service and no phone has been told about the other file.
        _ = try putBack()
        let left = newlyStrandedDirectly
        guard !isRequired, mayGoOnDirectly else {
            throw MigrationError(
                .notIntroduced,
                localized(
                    "The new signer cannot be introduced: \(why). The previous file is on every node again, and no phone was restarted."
                ),
                next: left.isEmpty
                    ? localized("Run this again with --introduce never.")
                    : localized(
                        left.count,
                        one:
                            "Without an introduction, 1 phone has to be visited. If that is acceptable, run this again with --introduce never --accept-stranded.",
                        other:
                            "Without an introduction, \(left.count) phones have to be visited. If that is acceptable, run this again with --introduce never --accept-stranded."
                    ))
        }
        if let forecasts = introductionForecasts { forecast = forecasts.direct }
        if let direct = known.introductionForecast?.direct { try record(.forecast(direct)) }
        try record(.notIntroduced(why))
    }
}
