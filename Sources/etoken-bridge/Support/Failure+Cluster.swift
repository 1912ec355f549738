import Cluster
import Configuration
import Messages
import Migration

extension Failure {
    init(describing error: MigrationError) {
        let status =
            switch error.code {
            case .phonesWouldRefuse: Status.phonesWouldRefuse
            case .presentFileInvalid: Status.verificationFailed
            case .phonesDiffer, .clusterHasErrors: Status.partlyDone
            case .interrupted: Status.interrupted
            case .noChange: Status.notThere
            case .notMixedMode, .inconsistentFiles, .unusableTokens, .readBackDiffers, .notVouched, .notApplicable,
                .worldChanged, .busy, .unfinishedChange, .planUnusable, .journalUnusable:
                Status.failed
            }
        self.init(
            status, .verbatim(error.what), code: error.code.rawValue, next: .verbatim(error.next),
            causes: [.verbatim(error.code.rawValue)])
    }

    /// A step failed: what became of the change comes first.
    init(describing failure: StepFailure) {
        let cause = Failure(describing: failure.cause)
        let isInterrupted = cause.status == Status.interrupted
        let title = failure.stepTitle
        let status: Int32
        let what: LocalizableText
        let next: LocalizableText?
        if failure.isAfterCommit {
            let resume = "etoken-bridge migrate resume --cluster \(failure.cluster)"
            status = isInterrupted ? Status.interrupted : Status.partlyDone
            what =
                isInterrupted
                ? localized("The new CTL file is on every node; it was interrupted before \"\(title)\".")
                : localized("The new CTL file is on every node, but \"\(title)\" failed. \(cause.what)")
            let goOn: LocalizableText = localized("Then go on where it stopped: \(resume)")
            next = isInterrupted ? .verbatim(resume) : [cause.next, goOn].compactMap(\.self).joined(separator: " ")
        } else if failure.stepID == "rollback" || !failure.notUndone.isEmpty {
            let rollback = "etoken-bridge migrate rollback --cluster \(failure.cluster)"
            let notUndone = failure.notUndone.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
                .joined(separator: "; ")
            status = isInterrupted ? Status.interrupted : Status.partlyDone
            if isInterrupted || notUndone.isEmpty {
                what = cause.what
            } else if failure.stepID == "rollback" {
                what = localized("Not everything could be put back: \(notUndone).")
            } else {
                what = localized(
                    "\"\(title)\" failed, and not all could be put back. \(cause.what) Not put back: \(notUndone).")
            }
            next =
                isInterrupted
                ? .verbatim(rollback) : localized("Remove the cause, then go on putting back: \(rollback)")
        } else {
            status = cause.status
            what =
                isInterrupted
                ? localized("It was interrupted before \"\(title)\", and the cluster is as it was.")
                : localized("\"\(title)\" failed, and the cluster is as it was. \(cause.what)")
            next = cause.next
        }
        self.init(
            status, what, code: cause.code, next: next,
            causes: cause.causes + [localized("step \(failure.stepID)")]
                + (failure.isAfterCommit ? [] : failure.undone.map { .verbatim($0) })
        )
    }
}
