import Basics
import Cluster
import Messages
import Operations
import Phones
import TrustList
import X509

/// TVS reads the CTL file of its node by itself, whenever that is modified, and vouches for the signers that it names. The
/// forecast expects this of a file that the cluster writes, and of the previous file that a rollback restores. It is made again
/// when the file is there, with what TVS says then, before any service or phone is told.
///
/// Source: docs/phone-acceptance.md, "TVS reads the file".
extension Change {
    /// Asks TVS as the cluster's phones would.
    func askTVS(about signer: CandidateSigner) -> [TVSReply] {
        cluster.askTVS(for: signer, asOneOf: survey.phones.lazy.map(\.phone), trusting: survey.itl)
    }

    /// The signer of the next file that the cluster writes itself; nil if a token signs what comes next.
    private var signerOfClusterFile: CandidateSigner? {
        let known = known
        if let introduction, known.introduction == nil, known.notIntroduced == nil {
            return introducesByCluster ? introduction.signer : nil
        }
        return plan.tokenSigns || known.newFile != nil ? nil : offered
    }

    private var introducesByCluster: Bool { plan.steps.contains { $0.id == .introduceByCluster } }

    /// Makes the forecasts with what TVS servers have said.
    ///
    /// - Parameters:
    ///   - list: the file that introduces the signer, once it exists.
    ///   - signer: who signed the new file, once that exists; nil for whom the plan expects.
    func forecastAgain(introduction list: TrustListFile? = nil, signer: CandidateSigner? = nil) {
        let known = known
        let introduction = known.notIntroduced == nil ? introduction : nil
        (forecast, introductionForecasts) = Self.forecasts(
            for: signer ?? offered, introduction: introduction, survey: survey,
            tvs: expected(tvsReplies, of: offered, isWritten: plan.tokenSigns || signer != nil || known.newFile != nil),
            introducerTVS: expected(
                introducerReplies, of: introduction?.signer,
                isWritten: !introducesByCluster || list != nil || known.introduction != nil),
            list: list)
    }

    /// - Parameter isWritten: whether the file is there, or will be uploaded; then what TVS says counts as it is.
    private func expected(_ replies: [TVSReply], of signer: CandidateSigner?, isWritten: Bool) -> TVSReplies {
        guard !isWritten, let signer else { return TVSReplies(replies) }
        return TVSReplies(replies.map { havingRead($0, of: signer) })
    }

    /// What a server says of a signer once it has read a file that names that one. The commands write the file where it is
    /// served.
    private func havingRead(_ reply: TVSReply, of signer: CandidateSigner) -> TVSReply {
        guard cluster.nodes.contains(reply.server) else { return reply }
        return TVSReply(server: reply.server, answer: reply.answer.havingRead(aFileNaming: signer))
    }

    /// Waits until TVS has read the file that the cluster has just written, whichever of its certificates signed it.
    ///
    /// - Throws: as ``awaitTVS(about:_:)``.
    func awaitTVS(_ context: RunContext) throws {
        guard let expected = signerOfClusterFile else { return }
        try awaitTVS(about: (try? fileOfCluster())?.candidateSigner ?? expected, context)
    }

    /// The file that every node serves, if the cluster signed it and it is not the previous one; nil for any other.
    func fileOfCluster() throws -> TrustListFile? {
        let accepts = plan.settings.acceptsUnproven
        guard
            let file = try? cluster.trustLists.readWitnessed(.ctl).contents(acceptingUnproven: accepts),
            let bytes = file.value, bytes != survey.presentBytes
        else { return nil }
        let list = try TrustListFile(decoding: bytes)
        return try isSignedByCluster(list) ? list : nil
    }

    /// Waits until TVS has read a file that is on every node and names this signer. Where it does not, it is restarted.
    ///
    /// - Throws: ``MigrationError`` (`interrupted`), or what the restart throws.
    private func awaitTVS(about signer: CandidateSigner, _ context: RunContext) throws {
        var backoff = Backoff(first: 0.5, longest: 10, limit: cluster.tvsReadingTime)
        while true {
            let unread = askTVS(about: signer)
                .filter { havingRead($0, of: signer).answer == .expectedToRead }.map(\.server)
            if unread.isEmpty { return }
            guard let pause = backoff.pause() else {
                for node in unread { try cluster.restart(service: ClusterService.trustVerification, on: node) }
                return
            }
            context.progress(localized("waiting until TVS on \(unread.list) has read the file"))
            guard interruptibleSleep(pause, isInterrupted: context.isInterrupted) else {
                throw interrupted(localized("The wait for TVS to read the file was interrupted."))
            }
        }
    }

    /// Asks TVS about the signer of the file that introduces the other, which is on every node now.
    func askAgain(introducer list: TrustListFile) {
        if let signer = list.candidateSigner { introducerReplies = askTVS(about: signer) }
    }

    /// Forecasts again what phones do, with the new file on every node, by who really signed it and by what TVS says now.
    ///
    /// - Throws: ``MigrationError`` (`phones-would-refuse`).
    func forecastWritten(by signer: CandidateSigner) throws {
        tvsReplies = askTVS(about: signer)
        let introduced = try file(.introduction).map { try TrustListFile(decoding: $0) }
        if let introduced { askAgain(introducer: introduced) }
        forecastAgain(introduction: introduced, signer: signer)
        try record(.tvs(tvsReplies.map { .init($0, for: signer) }))
        try record(.forecast(StoredForecast(forecast)))
        try checkForecast()
    }

    // MARK: Back

    /// Who signed the previous file; nil if there was none.
    var formerSigner: CandidateSigner? { survey.present?.signerRecord.flatMap(CandidateSigner.init(record:)) }

    /// What TVS will say of the previous file's signer once that file is back on every node.
    func repliesOnceBack(_ signer: CandidateSigner) -> [TVSReply] {
        askTVS(about: signer).map { reply in
            // What the change removed comes back with it, before phones are told.
            reply.answer == .doesNotKnow && known.removed.contains(Digest.sha256(signer.certificate.der).hex)
                ? TVSReply(server: reply.server, answer: .expectedToVouch) : havingRead(reply, of: signer)
        }
    }

    /// With the previous file back on every node, makes sure that phones do with it what was forecast.
    ///
    /// - Throws: ``MigrationError`` (`phones-would-refuse`, `interrupted`).
    func forecastBack(_ context: RunContext) throws {
        guard let signer = formerSigner else { return }
        try awaitTVS(about: signer, context)
        let forecast = Self.forecast(for: signer, survey: survey, tvs: TVSReplies(askTVS(about: signer)))
        try record(.forecastOfRollback(StoredForecast(forecast)))
        try Self.checkRollback(forecast, acceptingStranded: acceptsStrandedByRollback)
    }
}
