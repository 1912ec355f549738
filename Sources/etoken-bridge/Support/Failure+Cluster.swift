import Cluster
import Messages
import Migration

extension Failure {
    init(describing error: ClusterError) {
        let status =
            switch error.code {
            case .file, .notFound: Status.notThere
            case .unreachable, .timedOut, .closed, .busy: Status.notReachable
            case .notTrusted, .loginRefused, .tooManyLogins: Status.notTrusted
            case .configuration, .refused, .notSupported, .noCommonAlgorithm, .unexpectedQuestion, .unexpectedAnswer,
                .mismatch:
                Status.failed
            }
        self.init(
            status, error.sentence, code: error.code.rawValue, next: error.advice,
            causes: [error.code.rawValue] + (error.cause.map { ["\($0)"] } ?? []))
    }

    init(describing error: MigrationError) {
        let status =
            switch error.code {
            case .phonesWouldRefuse: Status.phonesWouldRefuse
            case .presentFileInvalid: Status.verificationFailed
            case .phonesDiffer: Status.partlyDone
            case .interrupted: Status.interrupted
            case .noChange: Status.notThere
            case .notMixedMode, .inconsistentFiles, .unusableTokens, .readBackDiffers, .notVouched, .notApplicable,
                .worldChanged, .busy, .unfinishedChange, .planUnusable, .journalUnusable:
                Status.failed
            }
        self.init(
            status, error.what, code: error.code.rawValue, next: error.next, causes: [error.code.rawValue])
    }

    /// A step failed: what became of the change comes first.
    init(describing failure: StepFailure) {
        let cause = Failure(describing: failure.cause)
        var causes = cause.causes
        causes.append(localized("step \(failure.stepID)"))
        if failure.isAfterCommit {
            self.init(
                Status.partlyDone,
                localized("The new CTL file is on every node, but \"\(failure.stepTitle)\" failed. \(cause.what)"),
                code: cause.code,
                next: (cause.next.map { $0 + " " } ?? "")
                    + localized("Then go on where it stopped: etoken-bridge migrate resume."),
                causes: causes)
        } else if failure.notUndone.isEmpty {
            self.init(
                cause.status, localized("\"\(failure.stepTitle)\" failed, and the cluster is as it was. \(cause.what)"),
                code: cause.code, next: cause.next, causes: causes + failure.undone)
        } else {
            self.init(
                Status.partlyDone,
                localized(
                    "\"\(failure.stepTitle)\" failed, and not all could be put back. \(cause.what) Not put back: \(failure.notUndone.joined(separator: "; "))."
                ),
                code: cause.code, next: cause.next, causes: causes + failure.undone)
        }
    }
}
