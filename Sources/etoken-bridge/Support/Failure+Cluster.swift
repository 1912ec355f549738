import Cluster
import Messages
import Migration

extension Failure {
    init(describing error: ClusterError) {
        let node = error.node ?? localized("the node")
        let (status, next): (Int32, String?) =
            switch error.code {
            case .configuration:
                (Status.failed, localized("Correct \(ConfigurationFile.defaultPath), and run the command again."))
            case .file: (Status.notThere, localized("Check the path and its permissions."))
            case .unreachable, .timedOut, .closed:
                (
                    Status.notReachable,
                    localized(
                        "Check that \(node) is up and that its port can be reached from here, then run the command again."
                    )
                )
            case .notTrusted:
                (
                    Status.notTrusted,
                    localized(
                        "Find out why the key of \(node) changed. If the change was meant, enter the new key in \(ConfigurationFile.defaultPath)."
                    )
                )
            case .loginRefused:
                (Status.notTrusted, localized("Check user and password of \(node); nothing was tried a second time."))
            case .busy: (Status.notReachable, localized("Wait some minutes, then run the command again."))
            case .tooManyLogins: (Status.notTrusted, localized("Wait some minutes, then run the command again."))
            case .refused: (Status.failed, localized("Mend what \(node) says, and run the command again."))
            case .notFound: (Status.notThere, nil)
            case .notSupported:
                (Status.failed, localized("This release or node does not offer it; see docs/operator-guide.md."))
            case .unexpectedQuestion, .unexpectedAnswer:
                (
                    Status.failed,
                    localized(
                        "Please report this with the text above, without host names: the answer of this release is not known."
                    )
                )
            case .mismatch: (Status.failed, localized("Restart Cisco Tftp on \(node), and run the command again."))
            }
        let text = "\(error)"
        self.init(
            status, text.prefix(1).uppercased() + text.dropFirst() + ".", next: next,
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
        self.init(status, error.what, next: error.next, causes: [error.code.rawValue])
    }

    /// A step failed: what became of the change comes first.
    init(describing failure: StepFailure) {
        let cause = Failure(describing: failure.cause)
        let causes =
            cause.causes + [localized("step \(failure.stepID)")] + (failure.isAfterCommit ? [] : failure.undone)
        let isInterrupted = cause.status == Status.interrupted
        if failure.isAfterCommit {
            let resume = "etoken-bridge migrate resume --cluster \(failure.cluster)"
            self.init(
                isInterrupted ? Status.interrupted : Status.partlyDone,
                isInterrupted
                    ? localized(
                        "The new CTL file is on every node; it was interrupted before \"\(failure.stepTitle)\".")
                    : localized(
                        "The new CTL file is on every node, but \"\(failure.stepTitle)\" failed. \(cause.what)"),
                next: isInterrupted
                    ? resume
                    : [cause.next, localized("Then go on where it stopped: \(resume)")].compactMap(\.self)
                        .joined(separator: " "),
                causes: causes)
        } else if failure.stepID == "rollback" || !failure.notUndone.isEmpty {
            let rollback = "etoken-bridge migrate rollback --cluster \(failure.cluster)"
            let notUndone = failure.notUndone.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
                .joined(separator: "; ")
            self.init(
                isInterrupted ? Status.interrupted : Status.partlyDone,
                isInterrupted
                    ? cause.what
                    : failure.stepID == "rollback" && !notUndone.isEmpty
                        ? localized("Not everything could be put back: \(notUndone).")
                        : localized(
                            "\"\(failure.stepTitle)\" failed, and not all could be put back. \(cause.what) Not put back: \(notUndone)."
                        ),
                next: isInterrupted ? rollback : localized("Remove the cause, then go on putting back: \(rollback)"),
                causes: causes)
        } else {
            self.init(
                cause.status,
                isInterrupted
                    ? localized("It was interrupted before \"\(failure.stepTitle)\", and the cluster is as it was.")
                    : localized("\"\(failure.stepTitle)\" failed, and the cluster is as it was. \(cause.what)"),
                next: cause.next, causes: causes)
        }
    }
}
