import Basics
import Messages
import Phones
import TrustList

// A run of a change goes through these stages. Each is created only by the one before it, and consumed by the next one:
//
//     LockedCluster -> SurveyedChange -> FindingsAgreed -> ForecastAgreed -> PINTaken -> RunningChange -> EndedChange
//
// A run that continues a change goes from OpenChange to ForecastAgreed, because the answers of its first run still
// apply. PlannedChange, for dry runs and saved plans, leads nowhere. PINTaken is also reached with a signature that was
// made elsewhere: not with just any answer, but with a VerifiedAnswer, which only exists verified.

/// A change that is shown or saved, but not run: nothing is locked.
public struct PlannedChange {
    public let change: Change

    /// Reads the cluster. Changes nothing.
    ///
    /// - Throws: ``MigrationError``, or what the cluster's transports throw.
    public init(_ source: ChangeSource, of cluster: any ClusterAccess, state: StateFolder) throws {
        change = try Change(source, of: cluster, state: state)
    }

    /// Reasons for which a run would refuse to start.
    ///
    /// - Parameters:
    ///   - despiteFindings: whether errors of the cluster are accepted.
    ///   - plan: the file in which the change was saved.
    /// - Throws: ``MigrationError`` (`foreign-records`, `outdated-records`, `cluster-has-errors`,
    ///   `phones-would-refuse`).
    public func check(despiteFindings: Bool, savedAs plan: String? = nil) throws {
        try change.checkRecords()
        if !despiteFindings { try change.checkFindings() }
        try change.checkOutputs()
        try change.checkForecast(savedAs: plan)
    }
}

/// Stage 1: no other run on this machine changes the cluster.
public struct LockedCluster: ~Copyable {
    private let lock: ClusterLock
    private let cluster: any ClusterAccess
    private let state: StateFolder

    /// - Throws: ``MigrationError`` (`busy`).
    public init(_ cluster: any ClusterAccess, in state: StateFolder) throws {
        lock = try ClusterLock(cluster.name, in: state)
        self.cluster = cluster
        self.state = state
    }

    /// Reads the cluster, and plans the change or compares with its plan. Changes nothing.
    ///
    /// - Throws: ``MigrationError`` (`world-changed` if the cluster has changed since the plan was made), or what the
    ///   cluster's transports throw.
    public consuming func look(for source: ChangeSource) throws -> SurveyedChange {
        SurveyedChange(lock: lock, change: try Change(source, of: cluster, state: state))
    }
}

/// Stage 2: the cluster was read, and the change is planned.
public struct SurveyedChange: ~Copyable {
    fileprivate let lock: ClusterLock
    public let change: Change

    /// Plans it once more on what was read, because the user has chosen otherwise.
    ///
    /// - Throws: ``MigrationError``, or what the cluster's transports throw.
    public consuming func planned(as request: ChangeRequest) throws -> SurveyedChange {
        SurveyedChange(lock: lock, change: try change.planned(as: request))
    }

    /// - Parameter despiteErrors: whether errors of the cluster are accepted. Records that nobody named, and those that
    ///   are out of date, are no such errors.
    /// - Throws: ``MigrationError`` (`foreign-records`, `outdated-records`, `unproven`, `cluster-has-errors`).
    public consuming func agreeToFindings(despiteErrors: Bool) throws -> FindingsAgreed {
        try change.checkRecords()
        if !despiteErrors { try change.checkFindings() }
        return FindingsAgreed(lock: lock, change: change)
    }
}

/// Stage 3: the cluster has no errors, or they were accepted.
public struct FindingsAgreed: ~Copyable {
    fileprivate let lock: ClusterLock
    public let change: Change

    /// - Throws: ``MigrationError`` (`phones-would-refuse` unless the plan accepts that; `output-exists`).
    public consuming func agreeToForecast() throws -> ForecastAgreed {
        try change.checkOutputs()
        try change.checkForecast()
        return ForecastAgreed(lock: lock, change: change)
    }
}

/// Stage 4: every phone is forecast to accept the new file, or someone agreed to visit those that do not.
public struct ForecastAgreed: ~Copyable {
    fileprivate let lock: ClusterLock
    public let change: Change

    /// Logs in to the signing token, if something is left to sign. That comes before the first change: a wrong PIN must
    /// leave everything as it is.
    ///
    /// A run that began with a signature from elsewhere has it in its journal, and needs no token.
    public consuming func takePIN(_ logIn: () throws -> any TrustListSigner) throws -> PINTaken {
        PINTaken(
            lock: lock, change: change, signer: change.needsToken ? try logIn() : change.answer, answer: nil,
            wasTested: false)
    }

    /// Accepts a signature that was made elsewhere instead. This, too, comes before the first change: it must be the
    /// signature of the file that would be built now.
    ///
    /// - Throws: `AnswerError` (`answer-differs`), ``MigrationError`` (`world-changed`), or the error of a node.
    public consuming func takeSignature(_ answer: VerifiedAnswer) throws -> PINTaken {
        try change.check(answer)
        return PINTaken(
            lock: lock, change: change, signer: AnsweredSigner(answer), answer: answer, wasTested: false)
    }

    /// Logs in to every token that the change names, so that each is known to be able to sign before anyone agrees to the
    /// change: first to those that do not sign, then to the one that does, which stays logged in to for the change. Its
    /// PIN is not asked for again.
    ///
    /// - Parameter logIn: logs in to a token once, and has it sign something. Called for each, also after a failure.
    /// - Throws: what `logIn` threw first; ``MigrationError`` (`unusable-tokens`).
    public consuming func testTokens(
        _ logIn: (ChangePlan.Token) throws -> any TrustListSigner
    ) throws -> PINTaken {
        var failure: (any Error)?
        var signer: (any TrustListSigner)?
        let signing = change.plan.signer.map { change.plan.tokens[$0] }
        for token in change.plan.tokens.filter({ $0.sha1 != signing?.sha1 }) + [signing].compactMap(\.self) {
            do {
                let tested = try logIn(token)
                guard try tested.certificate == token.certificate() else {
                    throw MigrationError(
                        .unusableTokens,
                        localized("Token \(token.label) contains a different certificate than the plan names."),
                        next: localized("Insert the token that was used for the plan, or create the plan again."))
                }
                signer = tested
            } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        return PINTaken(
            lock: lock, change: change, signer: change.needsToken ? signer : nil, answer: nil, wasTested: true)
    }
}

/// Stage 5: the token is logged in to, or none is needed, also because it has signed elsewhere.
public struct PINTaken: ~Copyable {
    fileprivate let lock: ClusterLock
    public let change: Change
    fileprivate let signer: (any TrustListSigner)?
    fileprivate let answer: VerifiedAnswer?
    fileprivate let wasTested: Bool

    /// Starts the journal, or continues it, and saves the previous files. Nothing is changed on the cluster.
    ///
    /// - Throws: ``MigrationError`` (`unfinished-change`) if another change of the cluster is not finished; what the
    ///   signer throws if it was tested before, and cannot sign any more.
    public consuming func begin(_ author: RunAuthor) throws -> RunningChange {
        // The token may have been removed while the user answered the question.
        if wasTested { try signer?.proveKey() }
        let purpose: JournalRecord.Run.Purpose = change.isContinued ? .resume : .run
        let journal = try change.begin(author.run(purpose), answer: answer)
        return RunningChange(lock: lock, change: change, journal: journal, signer: signer)
    }
}

/// Stage 6: the journal has been started.
public struct RunningChange: ~Copyable {
    fileprivate let lock: ClusterLock
    public let change: Change
    fileprivate let journal: Journal
    fileprivate let signer: (any TrustListSigner)?

    /// Does what is left of the change. A failure before the new file is proven undoes what was done.
    public consuming func run(_ context: RunContext) throws(StepFailure) -> EndedChange {
        var context = context
        context.signer = signer
        defer { withExtendedLifetime(lock) {} }
        try ChangeRunner(change, journal, context).run()
        return EndedChange(change: change)
    }
}

/// The last stage: the change is finished, or rolled back.
public struct EndedChange {
    public let change: Change
}

// MARK: A change that was started

/// The journal of a change, and the lock of its cluster.
public struct OpenChange: ~Copyable {
    private let lock: ClusterLock
    private let journal: Journal
    private let state: StateFolder

    public var plan: ChangePlan { journal.plan }
    public var path: String { journal.path }
    /// Where the last run that had a change record wrote it.
    public var report: String? { journal.records.last { $0.run?.report != nil }?.run?.report }

    /// - Parameter journal: finds the journal's path, once the lock is held.
    /// - Throws: ``MigrationError`` (`busy`, `journal-unusable`), `FileError`.
    public init(of cluster: String, in state: StateFolder, journal: () throws -> String) throws {
        let lock = try ClusterLock(cluster, in: state)
        let opened = try Journal.open(try journal())
        (self.lock, self.journal, self.state) = (lock, opened, state)
    }

    /// Continues it to do what is left. The answers of its first run still apply.
    ///
    /// - Parameter acceptingUnproven: whether to continue although nothing proves the previous file.
    /// - Throws: ``MigrationError`` (`no-change` if nothing is left to do, `world-changed`, `unproven`,
    ///   `foreign-records`), or what the cluster's transports throw.
    public consuming func resume(
        on cluster: any ClusterAccess, acceptingUnproven: Bool = false
    ) throws -> ForecastAgreed {
        try checkResuming()
        let change = try takeUp(on: cluster, acceptingUnproven)
        if change.hasToSign { try change.checkRecords() }
        return ForecastAgreed(lock: lock, change: change)
    }

    /// - Throws: ``MigrationError`` (`no-change`) if nothing is left to do.
    public func checkResuming() throws {
        switch journal.state.outcome {
        case .unfinished: break
        case .rollingBack:
            throw MigrationError(
                .noChange, localized("The change \(plan.id) is being rolled back."),
                next: .verbatim(
                    "etoken-bridge migrate rollback --cluster \(Shell.word(plan.cluster)) --change \(Shell.word(plan.id))"
                ))
        case .finished, .rolledBack, .abandoned: throw MigrationError.closed(journal)
        }
    }

    /// Continues it to restore everything, and forecasts what phones will do then.
    ///
    /// - Throws: as ``resume(on:)``.
    public consuming func rollBack(
        on cluster: any ClusterAccess, acceptingUnproven: Bool = false
    ) throws -> SurveyedRollback {
        try checkRollback()
        let change = try takeUp(on: cluster, acceptingUnproven)
        return SurveyedRollback(lock: lock, change: change, forecast: change.forecastOfRollback())
    }

    /// - Throws: ``MigrationError`` (`no-change`) if nothing is left to restore.
    public func checkRollback() throws {
        switch journal.state.outcome {
        case .unfinished, .rollingBack, .finished: break
        case .rolledBack, .abandoned: throw MigrationError.closed(journal)
        }
    }

    /// - Throws: ``MigrationError`` (`no-change`) if it is finished.
    public func checkAbandoning() throws {
        if journal.state.outcome.isClosed { throw MigrationError.closed(journal) }
    }

    /// Closes the change and leaves everything as it is.
    ///
    /// - Throws: as ``checkAbandoning()``.
    public consuming func abandon(_ author: RunAuthor) throws {
        try checkAbandoning()
        try journal.append(.abandoned, run: author.run(.rollback))
    }

    /// Only on a cluster that has not changed otherwise since.
    private func takeUp(on cluster: any ClusterAccess, _ acceptingUnproven: Bool) throws -> Change {
        let change = try Change(continuing: journal, of: cluster, state: state)
        try change.checkWorld(acceptingUnproven: acceptingUnproven)
        return change
    }
}

/// Rollback, stage 2: the cluster was read. Stage 1 is ``OpenChange``.
public struct SurveyedRollback: ~Copyable {
    fileprivate let lock: ClusterLock
    public let change: Change
    private let forecast: Forecast?

    fileprivate init(lock: ClusterLock, change: Change, forecast: Forecast?) {
        self.lock = lock
        self.change = change
        self.forecast = forecast
    }

    /// What it would do.
    public func plan() throws -> RollbackPlan { try change.planRollback(forecast) }

    /// - Throws: ``MigrationError`` (`phones-would-refuse`) if phones that accepted the new file would not accept the
    ///   previous one.
    public func checkForecast(acceptingStranded: Bool) throws {
        try Change.checkRollback(forecast, acceptingStranded: acceptingStranded)
    }

    /// - Throws: as ``checkForecast(acceptingStranded:)``.
    public consuming func agreeToForecast(acceptingStranded: Bool) throws -> RollbackAgreed {
        try checkForecast(acceptingStranded: acceptingStranded)
        change.acceptsStrandedByRollback = acceptingStranded
        return RollbackAgreed(lock: lock, change: change, forecast: forecast)
    }
}

/// Rollback, stage 3: phones are forecast to accept the previous file, or someone agreed to visit those that do not.
public struct RollbackAgreed: ~Copyable {
    fileprivate let lock: ClusterLock
    public let change: Change
    fileprivate let forecast: Forecast?

    /// Records in the journal that the rollback starts.
    public consuming func begin(_ author: RunAuthor) throws -> RunningRollback {
        let journal = try change.begin(author.run(.rollback))
        if let forecast { try change.record(.forecastOfRollback(StoredForecast(forecast))) }
        return RunningRollback(lock: lock, change: change, journal: journal)
    }
}

/// Rollback, stage 4.
public struct RunningRollback: ~Copyable {
    fileprivate let lock: ClusterLock
    public let change: Change
    fileprivate let journal: Journal

    /// Undoes the change, whatever its state.
    public consuming func run(_ context: RunContext) throws(StepFailure) -> EndedChange {
        defer { withExtendedLifetime(lock) {} }
        try ChangeRunner(change, journal, context).rollBack()
        return EndedChange(change: change)
    }
}

extension MigrationError {
    /// The change is finished.
    static func closed(_ journal: Journal) -> MigrationError {
        let plan = journal.plan
        let what =
            switch journal.state.outcome {
            case .rolledBack: localized("The change \(plan.id) was rolled back already.")
            case .abandoned: localized("The change \(plan.id) was abandoned.")
            case .finished, .unfinished, .rollingBack: localized("The change \(plan.id) is finished.")
            }
        return MigrationError(
            .noChange, what,
            next: localized(
                "See what it did: etoken-bridge migrate status --cluster \(word: plan.cluster) --change \(word: plan.id)"
            ))
    }
}
