import Basics
import Messages

/// A step failed.
public struct StepFailure: UserError {
    public enum Code: String, Sendable { case stepFailed = "step-failed" }

    public let cluster: String
    /// Nil if a rollback failed or was stopped between steps.
    public let stepID: StepID?
    public let stepTitle: LocalizableText
    public let failure: any Error
    /// What was restored, in order.
    public let undone: [LocalizableText]
    /// What could not be restored, and why. Empty if the cluster is as it was.
    public let notUndone: [LocalizableText]
    /// Whether the failure came after the new file was proven on every node, so that nothing was undone.
    public let isAfterCommit: Bool
    /// Whether that is only the file that introduces the new signer.
    public var isIntroduced = false
    /// What each node serves now, if the cluster is neither as it was nor as it should be.
    public var served: LocalizableText?
}

extension StepFailure {
    public var code: Code { .stepFailed }
    /// That of the failure.
    public var codeName: String { (failure as? any UserError)?.codeName ?? "failed" }
    public var cause: (any Error)? { failure }

    /// Whether nothing failed, but the user, or the system, asked the program to stop.
    public var isInterrupted: Bool { (failure as? MigrationError)?.code == .interrupted }
    /// Whether the cluster is neither as it was nor as it should be.
    public var isHalfDone: Bool { isAfterCommit || stepID == nil || !notUndone.isEmpty }

    /// What happened to the change comes first, and what the nodes serve last.
    public var text: LocalizableText { [happened, served].compactMap(\.self).joined(separator: " ") }

    private var happened: LocalizableText {
        let what = LocalizableText(sentence: failure)
        let lost = notUndone.joined(separator: " ")
        if isAfterCommit, isIntroduced {
            return isInterrupted
                ? localized("The CTL file that introduces the new signer is on every node. \(what)")
                : localized(
                    "The CTL file that introduces the new signer is on every node, but \"\(stepTitle)\" failed. \(what)"
                )
        }
        if isAfterCommit {
            return isInterrupted
                ? localized("The new CTL file is on every node. \(what)")
                : localized("The new CTL file is on every node, but \"\(stepTitle)\" failed. \(what)")
        }
        guard isHalfDone else {
            return isInterrupted
                ? localized("Interrupted before \"\(stepTitle)\"; the cluster is as it was.")
                : localized("\"\(stepTitle)\" failed; the cluster is as it was. \(what)")
        }
        if isInterrupted || notUndone.isEmpty { return what }
        return stepID == nil
            ? localized("Not everything could be restored: \(lost)")
            : localized("\"\(stepTitle)\" failed, and not everything could be restored. \(what) Not restored: \(lost)")
    }

    public var next: LocalizableText? {
        let advice = (failure as? any UserError)?.next
        let resume = "etoken-bridge migrate resume --cluster \(Shell.word(cluster))"
        let rollback = "etoken-bridge migrate rollback --cluster \(Shell.word(cluster))"
        if isAfterCommit {
            let goOn: LocalizableText = localized("Then continue where it stopped: \(resume)")
            return isInterrupted ? .verbatim(resume) : [advice, goOn].compactMap(\.self).joined(separator: " ")
        }
        guard isHalfDone else { return advice }
        return isInterrupted
            ? .verbatim(rollback) : localized("Remove the cause, then continue the rollback: \(rollback)")
    }

    public var details: [LocalizableText] {
        let beneath = (failure as? any UserError).map { [.verbatim($0.code.rawValue)] + $0.details } ?? []
        return beneath + [localized("step \(stepID?.rawValue ?? "rollback")")] + (isAfterCommit ? [] : undone)
    }
}
