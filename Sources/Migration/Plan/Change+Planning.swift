import Basics
import Cluster
import Messages
import Operations
import Phones
import TrustList
import X509

extension Change {
    /// Whether `--introduce always` would have phones take a file first and leave fewer behind, although this plan does not.
    public func couldIntroduce(_ request: ChangeRequest) -> Bool {
        guard introduction == nil, request.introduce == .auto else { return false }
        let plans = try? Plans(request.introducing(.always), on: survey, of: cluster.name)
        return (try? plans?.introducing.map { try Self.leavesFewerBehind($0, survey) }) == true
    }

    /// The plans for a request: without introducing the new signer, and with that, if it is possible.
    struct Plans {
        let direct: ChangePlan
        let introducing: ChangePlan?

        init(_ request: ChangeRequest, on survey: Survey, of cluster: String) throws {
            let replacement = try request.lost.map { try TokenReplacement($0, request, on: survey, of: cluster) }
            let created = TrustListDraft.timestamp(replacing: survey.present?.header, at: request.now)
            let named = replacement?.tokens ?? request.tokens
            let namedSigner = named.isEmpty ? nil : request.signer ?? named.count - 1
            var settings = request.settings
            settings.dropped += replacement?.lost ?? []
            func plan(_ introduction: [PlannedStep]) -> ChangePlan {
                // Going tokenless, tokens are only needed to introduce the cluster's signer.
                let usesTokens = request.kind != .toTokenless || !introduction.isEmpty
                let (tokens, signer) = usesTokens ? (named, namedSigner) : ([], nil)
                let isNewSigner = request.kind != .toTokenless
                return ChangePlan(
                    id: Change.id(of: cluster, request.now), kind: request.kind, cluster: cluster,
                    created: Timestamp(created), tokens: tokens,
                    signer: signer, settings: settings,
                    steps: Planner.steps(
                        request.kind, tokens: isNewSigner ? tokens : [], signer: isNewSigner ? signer : nil,
                        lost: replacement?.lost ?? [], phones: request.phones, introduction: introduction, on: survey),
                    world: survey.world)
            }
            try Planner.checkIntroduction(request, on: survey)
            direct = plan([])
            introducing = Change.introduction(for: request, direct, survey, namedSigner).map(plan)
        }
    }

    /// Whether introducing the signer keeps phones from being left behind: it doubles the restarts.
    static func leavesFewerBehind(_ plan: ChangePlan, _ survey: Survey) throws -> Bool {
        let planner = Planner(plan, try plan.tokens.map { try $0.certificate() }, survey)
        let offered = try planner.offered()
        let (inTurn, forecasts) = forecasts(
            for: offered, introduction: try planner.introduction(offered), survey: survey,
            tvs: .everywhere(.expectedToVouch), introducerTVS: .everywhere(.expectedToVouch))
        return forecasts.map { inTurn.stranded.count < $0.direct.stranded.count } ?? false
    }

    /// The steps with which a requested change could introduce its signer; nil if there are none.
    static func introduction(
        for request: ChangeRequest, _ plan: ChangePlan, _ survey: Survey, _ signer: Int?
    ) -> [PlannedStep]? {
        // What prevents the change itself from being planned is reported with its own plan.
        guard let certificates = try? plan.tokens.map({ try $0.certificate() }),
            let offered = try? Planner(plan, certificates, survey).offered()
        else { return nil }
        return Planner.introductionSteps(
            request.kind, request.introduce, tokens: request.tokens, signer: signer, offered: offered,
            phones: request.phones, on: survey)
    }
}
